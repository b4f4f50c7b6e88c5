//! How servers live and die.

use std::time::Duration;

use super::stage::{HOUR, Stage, job, jobs, succeeded};
use crate::state::State;
use crate::storage::{
    Heartbeat, JobId, Lease, Outcome, Rescued, ServerAnnouncement, ServerId, ServerOrder, Settled,
    SharedStorage,
};

pub async fn an_announced_server_is_listed(storage: SharedStorage) {
    let announcement = ServerAnnouncement {
        id: ServerId::random(),
        name: "web-1:4711".to_owned(),
        queues: vec!["mail".to_owned(), "default".to_owned()],
        kinds: vec!["send".to_owned(), "receive".to_owned()],
        workers: 7,
    };

    let announced = storage.announce(&announcement).await;

    announced.expect("the server is announced");
    let servers = storage.servers().await.expect("servers are listed");
    assert_eq!(servers.len(), 1);
    assert_eq!(servers[0].id, announcement.id);
    assert_eq!(servers[0].name, "web-1:4711");
    assert_eq!(servers[0].queues, announcement.queues);
    assert_eq!(servers[0].kinds, announcement.kinds);
    assert_eq!(servers[0].workers, 7);
    assert_eq!(servers[0].processing, 0);
    assert!(servers[0].heartbeat_at >= servers[0].started_at);
}

pub async fn a_server_is_told_to_be_quiet_and_to_work_again(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let other = stage.server().await;

    let quiet = Some(ServerOrder::Quiet);
    assert!(ordered(&storage, server, quiet).await);
    assert!(
        !ordered(&storage, server, quiet).await,
        "it is quiet already"
    );

    assert_eq!(heartbeat(&storage, server, &[]).await, told(quiet));
    assert_eq!(heartbeat(&storage, other, &[]).await, told(None));
    let servers = storage.servers().await.expect("servers are listed");
    let listed = servers.iter().find(|listed| listed.id == server);
    assert_eq!(listed.and_then(|listed| listed.order), quiet);
    assert!(ordered(&storage, server, None).await);
    assert_eq!(heartbeat(&storage, server, &[]).await, told(None));
}

pub async fn a_server_that_is_told_to_stop_stays_so(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;

    let stop = Some(ServerOrder::Stop);
    assert!(ordered(&storage, server, stop).await);

    assert!(!ordered(&storage, server, None).await);
    assert!(!ordered(&storage, server, Some(ServerOrder::Quiet)).await);
    assert_eq!(heartbeat(&storage, server, &[]).await, told(stop));
    assert!(!ordered(&storage, ServerId::random(), stop).await);
}

async fn ordered(storage: &SharedStorage, server: ServerId, order: Option<ServerOrder>) -> bool {
    let changed = storage.order_server(server, order).await;
    changed.expect("servers can be told")
}

fn told(order: Option<ServerOrder>) -> Heartbeat {
    Heartbeat::Alive {
        lost: Vec::new(),
        order,
    }
}

pub async fn a_heartbeat_tells_which_leases_are_lost(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs(3)).await;
    let leases: Vec<Lease> = leases(&stage, server).await;
    let unknown = Lease {
        job: JobId::random(),
        epoch: 1,
    };
    let later = Lease {
        epoch: leases[2].epoch + 1,
        ..leases[2]
    };
    stage.accepted(leases[1], succeeded()).await;

    let asked = [leases[0], leases[1], leases[2], unknown, later];
    let mut lost = match heartbeat(&storage, server, &asked).await {
        Heartbeat::Alive { lost, .. } => lost,
        Heartbeat::Gone => panic!("the server is known"),
    };

    let mut expected = [leases[1], unknown, later];
    lost.sort_unstable_by_key(|lease| (lease.job, lease.epoch));
    expected.sort_unstable_by_key(|lease| (lease.job, lease.epoch));
    assert_eq!(lost, expected);
}

pub async fn an_unknown_server_is_gone(storage: SharedStorage) {
    let unknown = ServerId::random();

    assert_eq!(heartbeat(&storage, unknown, &[]).await, Heartbeat::Gone);
}

pub async fn a_dead_server_is_forgotten_and_its_jobs_run_again(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (dead, waiting) = (stage.server().await, job());
    stage.enqueue_all(&jobs(2)).await;
    let leases = leases(&stage, dead).await;
    stage.enqueue(waiting.clone()).await;

    let mut rescued = rescue(&storage).await;

    rescued.jobs.sort_unstable();
    let expected = Rescued {
        servers: vec![dead],
        jobs: leases.iter().map(|lease| lease.job).collect(),
    };
    assert_eq!(rescued, expected);
    assert_eq!(storage.servers().await.expect("servers are listed"), []);
    let summary = stage.details(leases[0].job).await.summary;
    assert_eq!(summary.state, State::Enqueued);
    assert_eq!(summary.server, None);
    assert_eq!(summary.abandoned, 1);
    assert_eq!(summary.attempts, 0);
    assert!(summary.reason.is_some());
    assert_eq!(stage.details(waiting.id).await.summary.abandoned, 0);
}

pub async fn every_death_after_the_first_counts_against_a_run_that_had_begun(
    storage: SharedStorage,
) {
    let stage = Stage::of(&storage);
    stage.enqueue(job()).await;

    for abandoned in 0..4 {
        let server = stage.server().await;
        let claimed = stage.claim_one(server).await;
        let begun = storage.begin(claimed.lease).await;

        assert_eq!(begun.expect("it is noted"), Settled::Accepted);
        assert_eq!(claimed.abandoned, abandoned);
        assert_eq!(claimed.attempt, 1);
        rescue(&storage).await;
    }
}

pub async fn a_job_that_was_held_only_is_blamed_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let id = stage.enqueue(job()).await;

    for _ in 0..2 {
        let server = stage.server().await;
        stage.claim_one(server).await;
        rescue(&storage).await;
        assert_eq!(stage.details(id).await.summary.abandoned, 1);
    }
    let server = stage.server().await;
    let lease = stage.claim_one(server).await.lease;
    let begun = storage.begin(lease).await.expect("it is noted");
    assert_eq!(begun, Settled::Accepted);
    let handed_back = Outcome::Returned {
        reason: "Handed back".to_owned(),
    };
    stage.accepted(lease, handed_back).await;
    let server = stage.server().await;
    stage.claim_one(server).await;
    rescue(&storage).await;

    assert_eq!(stage.details(id).await.summary.abandoned, 1);
}

pub async fn a_run_whose_lease_is_lost_cannot_begin(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    rescue(&storage).await;

    let begun = storage.begin(lease).await;

    assert_eq!(begun.expect("it is answered"), Settled::Stale);
}

pub async fn a_rescued_server_learns_that_it_is_gone(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    rescue(&storage).await;

    assert_eq!(heartbeat(&storage, server, &[]).await, Heartbeat::Gone);
    assert_eq!(storage.servers().await.expect("servers are listed"), []);
}

pub async fn a_rescued_server_claims_nothing_more(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    rescue(&storage).await;
    let id = stage.enqueue(job()).await;

    assert_eq!(stage.claim(server, 10).await, []);
    assert_eq!(stage.state(id).await, State::Enqueued);
}

pub async fn a_living_server_is_not_rescued(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;

    let rescued = storage.rescue(HOUR).await.expect("servers are looked at");

    assert_eq!(rescued, Rescued::default());
    assert_eq!(stage.state(lease.job).await, State::Processing);
    stage.accepted(lease, succeeded()).await;
}

pub async fn finished_jobs_of_a_dead_server_stay_finished(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    stage.accepted(lease, succeeded()).await;

    let rescued = rescue(&storage).await;

    assert_eq!(rescued.servers.len(), 1);
    assert_eq!(rescued.jobs, []);
    assert_eq!(stage.state(lease.job).await, State::Succeeded);
}

pub async fn a_retired_server_gives_back_its_jobs_without_blame(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let id = stage.enqueue(job()).await;
    let lease = stage.claim_one(server).await.lease;

    storage.retire(server).await.expect("the server retires");

    let summary = stage.details(id).await.summary;
    assert_eq!(summary.state, State::Enqueued);
    assert_eq!(summary.abandoned, 0);
    assert_eq!(summary.attempts, 0);
    assert!(summary.reason.is_some());
    let again = stage.server().await;
    assert!(stage.claim_one(again).await.lease.epoch > lease.epoch);
}

pub async fn a_retired_server_is_forgotten(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue(job()).await;

    storage.retire(server).await.expect("the server retires");

    assert_eq!(heartbeat(&storage, server, &[]).await, Heartbeat::Gone);
    assert_eq!(storage.servers().await.expect("servers are listed"), []);
    assert_eq!(stage.claim(server, 10).await, []);
    assert_eq!(rescue(&storage).await, Rescued::default());
}

pub async fn retiring_twice_is_harmless(storage: SharedStorage) {
    let server = Stage::of(&storage).server().await;

    for server in [server, server, ServerId::random()] {
        let retired = storage.retire(server).await;
        retired.expect("retiring needs nobody to be there");
    }
}

pub async fn a_claim_whose_answer_was_lost_is_given_back(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let other = stage.held_job().await;
    stage.enqueue_all(&jobs(3)).await;
    let leases = leases(&stage, server).await;
    let known = &leases[1..2];

    let given_back = storage.give_back_except(server, known).await;

    assert_eq!(given_back.expect("jobs are given back"), 2);
    assert_eq!(stage.state(leases[1].job).await, State::Processing);
    assert_eq!(stage.state(other.job).await, State::Processing);
    for lost in [leases[0], leases[2]] {
        let summary = stage.details(lost.job).await.summary;
        assert_eq!(summary.state, State::Enqueued);
        assert_eq!(summary.attempts, 0);
        assert_eq!(summary.abandoned, 0);
        assert!(summary.reason.is_some());
    }
    let alive = told(None);
    assert_eq!(heartbeat(&storage, server, known).await, alive);
}

pub async fn two_rescuers_take_each_job_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs(100)).await;
    let leases = leases(&stage, server).await;

    let rescuers = [0, 1].map(|_| {
        let storage = storage.clone();
        tokio::spawn(async move { rescue(&storage).await.jobs.len() })
    });
    let mut rescued = 0;
    for rescuer in rescuers {
        rescued += rescuer.await.expect("a rescuer ends well");
    }
    rescued += rescue(&storage).await.jobs.len();

    assert_eq!(rescued, 100);
    assert_eq!(stage.details(leases[42].job).await.summary.abandoned, 1);
}

async fn leases(stage: &Stage, server: ServerId) -> Vec<Lease> {
    let claimed = stage.claim(server, 1000).await;
    claimed.iter().map(|job| job.lease).collect()
}

async fn heartbeat(storage: &SharedStorage, server: ServerId, leases: &[Lease]) -> Heartbeat {
    let heartbeat = storage.heartbeat(server, leases).await;
    heartbeat.expect("the heartbeat is answered")
}

async fn rescue(storage: &SharedStorage) -> Rescued {
    let rescued = storage.rescue(Duration::ZERO).await;
    rescued.expect("the dead are rescued")
}

//! How many jobs may run at the same time or begin within a period.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::stage::{HOUR, Stage, job, jobs, outcomes, retry, succeeded};
use crate::new_job::NewJob;
use crate::state::State;
use crate::storage::{Claim, Claimed, Command, Limit, Limited, Outcome, ServerId, SharedStorage};

pub async fn a_queue_runs_no_more_at_once_than_its_limit(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (server, other) = (stage.server().await, stage.server().await);
    stage.enqueue_all(&jobs(10)).await;
    let mail = stage.enqueue(job().in_queue("mail")).await;
    limit(&storage, &queue("default"), Limit::at_once(3)).await;

    let claimed = stage.claim(server, 10).await;

    assert_eq!(claimed.len(), 3);
    assert_eq!(stage.claim(server, 10).await, []);
    assert_eq!(stage.claim(other, 10).await, []);
    let others = stage.claim_of(server, &["mail"], &["send"], 10).await;
    assert_eq!(others[0].lease.job, mail);
    stage.accepted(claimed[1].lease, succeeded()).await;
    assert_eq!(stage.claim(other, 10).await.len(), 1);
}

pub async fn a_key_without_a_limit_runs_one_job_at_a_time(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&keyed("account/1", 3)).await;
    stage.enqueue_all(&keyed("account/2", 1)).await;

    let claimed = stage.claim(server, 10).await;

    assert_eq!(claimed.len(), 2);
    assert_eq!(stage.claim(server, 10).await, []);
}

pub async fn each_key_of_a_group_has_the_limit_for_itself(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    limit(&storage, &key("exports"), Limit::at_once(2)).await;
    stage.enqueue_all(&keyed("exports/a", 5)).await;
    stage.enqueue_all(&keyed("exports/b/c", 5)).await;
    stage.enqueue_all(&keyed("exports", 5)).await;

    let claimed = stage.claim(server, 20).await;

    assert_eq!(claimed.len(), 6);
}

pub async fn a_limit_of_its_own_goes_before_the_groups(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    limit(&storage, &key("exports"), Limit::at_once(1)).await;
    limit(&storage, &key("exports/a"), Limit::at_once(4)).await;
    stage.enqueue_all(&keyed("exports/a", 5)).await;

    assert_eq!(stage.claim(server, 20).await.len(), 4);
}

pub async fn a_key_counts_over_all_queues(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue(with_key(job(), "a")).await;
    stage.enqueue(with_key(job().in_queue("mail"), "a")).await;

    let claimed = stage
        .claim_of(server, &["default", "mail"], &["send"], 10)
        .await;

    assert_eq!(claimed.len(), 1);
}

pub async fn a_full_key_does_not_stand_in_the_way(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&keyed("a", 50)).await;
    let plain = stage.enqueue(job()).await;
    let other = stage.enqueue(with_key(job(), "b")).await;
    stage.claim_one(server).await;

    let claimed = stage.claim(server, 10).await;

    let ids: Vec<_> = claimed.iter().map(|job| job.lease.job).collect();
    assert_eq!(ids, [plain, other]);
}

pub async fn a_claim_says_that_jobs_are_held_back(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue(job()).await;
    assert!(!claim(&storage, server).await.is_held_back);

    stage.enqueue_all(&keyed("a", 2)).await;
    claim(&storage, server).await;

    let claimed = claim(&storage, server).await;
    assert_eq!(claimed.jobs, []);
    assert!(claimed.is_held_back);
    assert_eq!(claimed.again_in, None);
}

pub async fn every_end_of_a_run_frees_its_place(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&keyed("a", 6)).await;
    limit(&storage, &queue("default"), Limit::at_once(1)).await;

    for outcome in outcomes() {
        let claimed = stage.claim_one(server).await;
        assert_eq!(stage.claim(server, 10).await, []);
        stage.accepted(claimed.lease, outcome).await;
    }

    assert_eq!(stage.claim(server, 10).await.len(), 1);
}

pub async fn a_requeue_and_a_deletion_free_a_place(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&keyed("a", 3)).await;

    for command in [Command::Requeue, Command::Delete] {
        let claimed = stage.claim_one(server).await;
        assert_eq!(stage.claim(server, 10).await, []);
        stage.command(claimed.lease.job, command).await;
    }

    assert_eq!(stage.claim(server, 10).await.len(), 1);
}

pub async fn the_death_of_a_server_frees_its_places(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let dead = stage.server().await;
    stage.enqueue_all(&keyed("a", 2)).await;
    limit(&storage, &queue("default"), Limit::at_once(1)).await;
    stage.claim_one(dead).await;

    let rescued = storage.rescue(Duration::ZERO).await;

    assert_eq!(rescued.expect("it is rescued").jobs.len(), 1);
    let server = stage.server().await;
    assert_eq!(stage.claim(server, 10).await.len(), 1);
}

pub async fn a_retired_server_frees_its_places(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (retiring, server) = (stage.server().await, stage.server().await);
    stage.enqueue_all(&keyed("a", 2)).await;
    stage.claim_one(retiring).await;

    storage.retire(retiring).await.expect("it retires");

    assert_eq!(stage.claim(server, 10).await.len(), 1);
}

pub async fn a_job_keeps_its_key_for_life(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let later = with_key(job().after(Duration::ZERO), "a");
    let id = stage.enqueue(later).await;
    stage.enqueue_due().await;
    let first = stage.claim_one(server).await;
    stage
        .accepted(first.lease, retry("rain", Duration::ZERO))
        .await;
    stage.enqueue_due().await;
    let second = stage.claim_one(server).await;
    stage.accepted(second.lease, succeeded()).await;
    stage.command(id, Command::Requeue).await;
    stage.enqueue_all(&keyed("a", 1)).await;

    assert_eq!(stage.claim(server, 10).await.len(), 1);

    let delayed = stage.enqueue(with_key(job().after(HOUR), "a")).await;
    stage.command(delayed, Command::Delete).await;
    stage.command(delayed, Command::Requeue).await;
    assert_eq!(stage.claim(server, 10).await, []);
}

pub async fn running_jobs_count_when_their_queue_is_limited(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs(5)).await;
    let running = stage.claim(server, 2).await;

    limit(&storage, &queue("default"), Limit::at_once(2)).await;

    assert_eq!(stage.claim(server, 10).await, []);
    stage.accepted(running[0].lease, succeeded()).await;
    assert_eq!(stage.claim(server, 10).await.len(), 1);
}

pub async fn a_changed_limit_counts_from_the_next_claim_on(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs(9)).await;
    limit(&storage, &queue("default"), Limit::at_once(3)).await;
    let claimed = stage.claim(server, 10).await;

    limit(&storage, &queue("default"), Limit::at_once(1)).await;
    stage.accepted(claimed[0].lease, succeeded()).await;
    assert_eq!(stage.claim(server, 10).await, []);

    limit(&storage, &queue("default"), Limit::at_once(4)).await;
    assert_eq!(stage.claim(server, 10).await.len(), 2);
}

pub async fn a_removed_limit_holds_nothing_back(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs(5)).await;
    limit(&storage, &queue("default"), Limit::at_once(1)).await;
    stage.claim_one(server).await;

    let removed = storage.remove_limit(&queue("default")).await;

    assert!(removed.expect("the limit is removed"));
    assert_eq!(stage.claim(server, 10).await.len(), 4);
    let again = storage.remove_limit(&queue("default")).await;
    assert!(!again.expect("there is nothing to remove"));
}

pub async fn limits_are_listed(storage: SharedStorage) {
    let rated = Limit::at_once(5).and_per(HOUR, 100);
    limit(&storage, &key("exports"), Limit::per(HOUR, 7)).await;
    limit(&storage, &queue("mail"), Limit::at_once(1)).await;
    limit(&storage, &queue("mail"), rated).await;

    let limits = storage.limits().await.expect("limits are listed");

    let expected = [
        (queue("mail"), rated),
        (key("exports"), Limit::per(HOUR, 7)),
    ];
    assert_eq!(limits, expected);
    let queues = storage.queues().await.expect("queues are listed");
    assert_eq!(queues.len(), 1);
    assert_eq!(queues[0].name, "mail");
    assert_eq!(queues[0].limit, Some(rated));
}

pub async fn many_servers_never_exceed_a_limit(storage: SharedStorage) {
    const AT_ONCE: u32 = 3;
    let stage = Stage::of(&storage);
    limit(&storage, &queue("default"), Limit::at_once(AT_ONCE)).await;
    limit(&storage, &key("a"), Limit::at_once(2)).await;
    let mixed: Vec<NewJob> = keyed("a", 60).into_iter().chain(jobs(60)).collect();
    stage.enqueue_all(&mixed).await;

    let running = Arc::new(AtomicU32::new(0));
    let left = Arc::new(AtomicUsize::new(mixed.len()));
    let mut workers = JoinSet::new();
    for _ in 0..4 {
        let server = stage.server().await;
        let (storage, running, left) = (storage.clone(), running.clone(), left.clone());
        workers.spawn(async move {
            let stage = Stage::of(&storage);
            while left.load(Ordering::SeqCst) > 0 {
                for job in stage.claim(server, 5).await {
                    let beside = running.fetch_add(1, Ordering::SeqCst);
                    assert!(beside < AT_ONCE, "{beside} ran beside it");
                    tokio::task::yield_now().await;
                    running.fetch_sub(1, Ordering::SeqCst);
                    stage.accepted(job.lease, succeeded()).await;
                    left.fetch_sub(1, Ordering::SeqCst);
                }
                tokio::task::yield_now().await;
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.expect("no limit was exceeded");
    }

    let counts = storage.counts().await.expect("jobs are counted");
    assert_eq!(counts.succeeded, 120);
}

pub async fn a_rate_gives_no_more_than_it_allows(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let (server, other) = (stage.server().await, stage.server().await);
    stage.enqueue_all(&jobs(10)).await;
    limit(&storage, &queue("default"), Limit::per(HOUR, 4)).await;

    let first = stage.claim(server, 3).await;
    for job in &first {
        assert!(job.is_rated);
        stage.accepted(job.lease, succeeded()).await;
    }
    let second = stage.claim(other, 10).await;

    assert_eq!((first.len(), second.len()), (3, 1));
    let reason = "Handed back".to_owned();
    let returned = Outcome::Returned { reason };
    stage.accepted(second[0].lease, returned).await;
    let held_back = claim(&storage, server).await;
    assert_eq!(held_back.jobs, []);
    let opens_in = held_back.again_in.expect("the rate opens some time");
    assert!(opens_in > HOUR / 2 && opens_in < 2 * HOUR, "{opens_in:?}");
}

pub async fn a_rate_opens_again_after_its_period(storage: SharedStorage) {
    let period = Duration::from_millis(200);
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs(4)).await;
    limit(&storage, &queue("default"), Limit::per(period, 2)).await;

    let before = Instant::now();
    let first = stage.claim(server, 10).await;
    let mut second = Vec::new();
    // The places open one after the other, as they were taken.
    while second.len() < 2 {
        second.extend(stage.claim(server, 10).await);
    }

    assert_eq!(first.len(), 2);
    assert!(before.elapsed() >= period, "{:?}", before.elapsed());
    assert_eq!(second.len(), 2);
}

pub async fn a_key_can_have_a_rate(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    limit(&storage, &key("mails"), Limit::per(HOUR, 2)).await;
    stage.enqueue_all(&keyed("mails/ada", 5)).await;
    stage.enqueue_all(&keyed("mails/grace", 1)).await;
    stage.enqueue(job()).await;

    let claimed = stage.claim(server, 10).await;

    assert_eq!(claimed.len(), 4);
    assert_eq!(claimed.iter().filter(|job| job.is_rated).count(), 3);
    let held_back = claim(&storage, server).await;
    assert!(held_back.is_held_back && held_back.again_in.is_some());
    assert_eq!(stage.state(claimed[0].lease.job).await, State::Processing);
}

async fn claim(storage: &SharedStorage, server: ServerId) -> Claimed {
    let claim = Claim {
        server,
        queues: vec!["default".to_owned()],
        kinds: vec!["send".into()],
        limit: 10,
    };
    storage.claim(&claim).await.expect("jobs are claimed")
}

async fn limit(storage: &SharedStorage, of: &Limited, limit: Limit) {
    let set = storage.set_limit(of, limit).await;
    set.expect("the limit is set");
}

fn queue(name: &str) -> Limited {
    Limited::Queue(name.to_owned())
}

fn key(name: &str) -> Limited {
    Limited::Key(name.to_owned())
}

fn with_key(job: NewJob, key: &str) -> NewJob {
    job.limited_by(key).expect("the key fits")
}

fn keyed(key: &str, count: usize) -> Vec<NewJob> {
    jobs(count)
        .into_iter()
        .map(|job| with_key(job, key))
        .collect()
}

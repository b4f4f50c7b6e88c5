//! PostgreSQL ends every session when one of its processes is killed, and says that it was never
//! away. Who lives is not to be taken for dead because its lock is free.

use std::time::Duration;

use job_engine::NewJob;
use job_engine::storage::{
    Claim, JobId, Rescued, ServerAnnouncement, ServerId, SharedStorage, StorageError,
};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use crate::cluster::Cluster;
use crate::entry::Entry;
use crate::place::Place;

const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn a_living_server_is_left_alone_after_the_database_has_recovered_from_a_crash() {
    let here = runtime();
    let cluster = here.block_on(Cluster::start());
    let place = here.block_on(Place::postgres(&cluster.url()));
    let (storage, me) = here.block_on(announced(&place));
    // A runtime that nobody drives is a process that is too slow to take its lock again.
    let elsewhere = runtime();
    let (slow, held) = elsewhere.block_on(holder_of_a_job(&place));

    here.block_on(cluster.kill_a_session());

    let rescued = here.block_on(rescue(&storage));
    assert_eq!(rescued, Rescued::default());

    here.block_on(until_pulses_are(&place, 1));
    elsewhere.block_on(until_pulses_are(&place, 2));
    drop((slow, elsewhere));
    here.block_on(until_a_peer_dies(&storage, me));
    let rescued = here.block_on(rescue(&storage));
    assert_eq!(rescued.jobs, [held]);
}

fn runtime() -> Runtime {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime starts")
}

async fn announced(place: &Place) -> (SharedStorage, ServerId) {
    let storage = place.storage().await.expect("the database answers");
    let id = ServerId::random();
    let server = ServerAnnouncement {
        id,
        name: id.to_string(),
        queues: vec!["default".to_owned()],
        kinds: Vec::new(),
        workers: 1,
    };
    storage.announce(&server).await.expect("it is announced");
    (storage, id)
}

async fn holder_of_a_job(place: &Place) -> (SharedStorage, JobId) {
    let (storage, server) = announced(place).await;
    let job = NewJob::of(&Entry::plain()).expect("it is JSON");
    storage.enqueue(&[job]).await.expect("it is stored");
    let claim = Claim {
        server,
        queues: vec!["default".to_owned()],
        kinds: vec!["entry".into()],
        limit: 1,
    };
    let claimed = storage.claim(&claim).await.expect("the database answers");
    (storage, claimed.jobs[0].lease.job)
}

/// As often as the database is still away.
async fn rescue(storage: &SharedStorage) -> Rescued {
    let rescued = async {
        loop {
            match storage.rescue(PATIENCE).await {
                Ok(rescued) => return rescued,
                Err(StorageError::Unavailable(_)) => sleep(Duration::from_millis(20)).await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    timeout(PATIENCE, rescued).await.expect("it recovers")
}

async fn until_a_peer_dies(storage: &SharedStorage, me: ServerId) {
    let died = timeout(PATIENCE, storage.peer_died(me)).await;
    died.expect("the lock that was taken again is watched");
}

async fn until_pulses_are(place: &Place, expected: i64) {
    // With connections of the runtime that waits: nobody may drive the other one.
    let place = Place::at(place.address());
    let taken = async {
        while place.pulses().await.ok() != Some(expected) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let taken = timeout(PATIENCE, taken).await;
    taken.expect("who lives takes its lock again");
}

use std::{collections::HashSet, time::Duration};

use futures_util::future::join_all;
use signalr_hub::HubOptions;
use tokio::time::timeout;

use crate::{test_client::TestClient, test_hub::TestHub};

const CROWD: usize = 200;
const SECONDS: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_clients_come_back_at_once_after_all_were_cut_off() {
    let mut hub = TestHub::start(HubOptions::default());
    let crowd = arrive(&mut hub).await;
    let before: HashSet<_> = hub.context.local_connections().into_iter().collect();

    drop(crowd);
    let mut crowd = timeout(SECONDS, arrive(&mut hub)).await.unwrap();

    hub.context
        .clients()
        .all()
        .send("Told", ("welcome back",))
        .await
        .unwrap();
    let told = join_all(crowd.iter_mut().map(TestClient::told));
    let told = timeout(SECONDS, told).await.unwrap();
    assert_eq!(told.len(), CROWD);
    timeout(SECONDS, hub.no_more_than(CROWD)).await.unwrap();
    let after: HashSet<_> = hub.context.local_connections().into_iter().collect();
    assert_eq!(after.len(), CROWD);
    assert!(after.is_disjoint(&before));
}

/// Everyone negotiates and connects at the same time.
async fn arrive(hub: &mut TestHub) -> Vec<TestClient> {
    let crowd = join_all((0..CROWD).map(async |_| {
        let path = hub.negotiate().await;
        hub.connect_to(&path).await
    }))
    .await;
    let mut arrived = 0;
    while arrived < CROWD {
        arrived += usize::from(hub.event().await == "connected");
    }
    crowd
}

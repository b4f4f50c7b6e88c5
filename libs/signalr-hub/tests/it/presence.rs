//! Asking who is connected. What holds over several servers is in `several_servers`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde_json::json;
use signalr_hub::{
    HubOptions,
    backplane::{Backplane, BackplaneError, InProcessBackplane},
};
use tokio::time::Instant;

use crate::test_hub::{TestHub, with_users};

const BEAT: Duration = Duration::from_secs(3);

/// The way of one server to the others. A server whose cable is cut is as good as dead.
struct Cable {
    net: Arc<InProcessBackplane>,
    is_cut: AtomicBool,
}

#[async_trait]
impl Backplane for Cable {
    async fn publish(&self, envelope: Bytes) -> Result<(), BackplaneError> {
        if self.is_cut.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.net.publish(envelope).await
    }

    async fn subscribe(&self) -> Result<BoxStream<'static, Bytes>, BackplaneError> {
        self.net.subscribe().await
    }
}

impl Cable {
    fn to(net: &Arc<InProcessBackplane>) -> Arc<Self> {
        Arc::new(Self {
            net: Arc::clone(net),
            is_cut: AtomicBool::new(false),
        })
    }

    fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
    }
}

fn server(cable: &Arc<Cable>) -> TestHub {
    TestHub::start(HubOptions {
        backplane: Some(cable.clone()),
        ..with_users()
    })
}

#[tokio::test]
async fn a_server_that_is_alone_knows_at_once() {
    let hub = TestHub::start(with_users());
    let mut ann = hub.connect_as("ann").await;
    ann.call("Join", json!(["red"])).await;
    let presence = hub.context.presence();

    assert_eq!(presence.everyone().count().await.unwrap(), 1);
    assert_eq!(presence.in_group("red").list(5).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_connections_of_a_server_that_died_are_gone_after_three_beats() {
    let net = Arc::new(InProcessBackplane::default());
    let (here, there) = (Cable::to(&net), Cable::to(&net));
    let (living, dying) = (server(&here), server(&there));
    let _bob = dying.connect_as("bob").await;
    let presence = living.context.presence();
    assert_eq!(presence.of_user("bob").count().await.unwrap(), 1);
    let death = Instant::now();

    there.cut();

    assert_eq!(presence.of_user("bob").count().await.unwrap(), 0);
    assert!(death.elapsed() <= BEAT * 4, "{:?}", death.elapsed());
    let once_known = Instant::now();
    assert_eq!(presence.of_user("bob").count().await.unwrap(), 0);
    assert_eq!(once_known.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_goodbye_is_not_waited_for() {
    let net = Arc::new(InProcessBackplane::default());
    let (here, there) = (Cable::to(&net), Cable::to(&net));
    let (staying, leaving) = (server(&here), server(&there));
    let _bob = leaving.connect_as("bob").await;
    let presence = staying.context.presence();
    assert_eq!(presence.of_user("bob").count().await.unwrap(), 1);

    leaving.context.stop().await;
    there.cut();
    let gone = Instant::now();

    assert_eq!(presence.of_user("bob").count().await.unwrap(), 0);
    assert!(gone.elapsed() < BEAT, "{:?}", gone.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_just_started_waits_until_it_knows_the_others() {
    let net = Arc::new(InProcessBackplane::default());
    let old = server(&Cable::to(&net));
    let _bob = old.connect_as("bob").await;

    let new = server(&Cable::to(&net));

    let seen = new.context.presence().of_user("bob").count().await;
    assert_eq!(seen.unwrap(), 1);
}

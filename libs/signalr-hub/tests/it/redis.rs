//! Servers joined by Redis. Each test has a Redis of its own.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use signalr_hub::{
    backplane::{Backplane, RedisBackplane, RedisLimits, conformance::Pair},
    backplane_conformance,
};
use tokio::time::timeout;

use crate::{redis_server::RedisServer, several_servers::several_servers};

const SOON: Duration = Duration::from_secs(20);

backplane_conformance!(pair().await);
several_servers!(pair().await);

async fn pair() -> (Pair, RedisServer) {
    let redis = RedisServer::start();
    let (here, there) = (join(&redis).await, join(&redis).await);
    ((Arc::new(here), Arc::new(there)), redis)
}

async fn join(redis: &RedisServer) -> RedisBackplane {
    let joined = RedisBackplane::join(&redis.url(), "test", RedisLimits::default()).await;
    joined.unwrap()
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_when_redis_is_killed_and_comes_back() {
    let mut redis = RedisServer::start();
    let (here, there) = (join(&redis).await, join(&redis).await);
    let mut heard = there.subscribe().await.unwrap();

    for number in 0..30 {
        if number % 10 == 5 {
            redis.kill();
            let publishing = here.publish(number_envelope(number));
            let restarting = async {
                tokio::task::yield_now().await;
                redis.start_again();
            };
            tokio::join!(publishing, restarting).0.unwrap();
        } else {
            here.publish(number_envelope(number)).await.unwrap();
        }
    }

    for number in 0..30 {
        assert_eq!(next(&mut heard).await, number_envelope(number));
    }
}

#[tokio::test]
async fn what_was_published_while_a_server_could_not_listen_reaches_it_later() {
    let mut redis = RedisServer::start();
    let (here, there) = (join(&redis).await, join(&redis).await);
    let mut heard = there.subscribe().await.unwrap();
    here.publish(number_envelope(0)).await.unwrap();
    assert_eq!(next(&mut heard).await, number_envelope(0));

    redis.kill();
    redis.start_again();
    // Nobody polls the listener meanwhile.
    for number in 1..1_500 {
        here.publish(number_envelope(number)).await.unwrap();
    }

    for number in 1..1_500 {
        assert_eq!(next(&mut heard).await, number_envelope(number));
    }
}

#[tokio::test]
async fn a_redis_that_forgot_everything_is_used_again() {
    let mut redis = RedisServer::start();
    let (here, there) = (join(&redis).await, join(&redis).await);
    let mut heard = there.subscribe().await.unwrap();
    here.publish(number_envelope(0)).await.unwrap();
    assert_eq!(next(&mut heard).await, number_envelope(0));

    redis.forget();

    here.publish(number_envelope(1)).await.unwrap();
    assert_eq!(next(&mut heard).await, number_envelope(1));
}

#[tokio::test]
async fn publishing_fails_when_redis_does_not_come_back() {
    let mut redis = RedisServer::start();
    let here = join(&redis).await;

    redis.kill();
    let published = here.publish(number_envelope(0));

    assert!(timeout(SOON, published).await.unwrap().is_err());
}

#[tokio::test]
async fn hubs_that_share_a_redis_do_not_hear_each_other() {
    let redis = RedisServer::start();
    let (here, there) = (join(&redis).await, join(&redis).await);
    let other_hub = RedisBackplane::join(&redis.url(), "other", RedisLimits::default())
        .await
        .unwrap();
    let mut heard = there.subscribe().await.unwrap();

    other_hub.publish(number_envelope(1)).await.unwrap();
    here.publish(number_envelope(2)).await.unwrap();

    assert_eq!(next(&mut heard).await, number_envelope(2));
}

#[tokio::test]
async fn no_more_is_kept_than_the_limits_say() {
    let redis = RedisServer::start();
    let limits = RedisLimits {
        envelopes: 100,
        ..RedisLimits::default()
    };
    let here = RedisBackplane::join(&redis.url(), "test", limits)
        .await
        .unwrap();

    for number in 0..1_000 {
        here.publish(number_envelope(number)).await.unwrap();
    }

    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let kept: u32 = redis::cmd("XLEN")
        .arg("signalr:{test}:envelopes")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert!((100..400).contains(&kept), "{kept}");
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_reported_at_once() {
    let mut redis = RedisServer::start();
    redis.kill();

    let joined = RedisBackplane::join(&redis.url(), "test", RedisLimits::default()).await;

    assert!(joined.is_err());
}

fn number_envelope(number: u32) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

async fn next(heard: &mut (impl Stream<Item = Bytes> + Unpin)) -> Bytes {
    timeout(SOON, heard.next())
        .await
        .expect("an envelope comes soon")
        .expect("the stream goes on")
}

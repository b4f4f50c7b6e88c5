//! Several servers of one hub in one process.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use tokio::sync::mpsc;

use super::{Backplane, BackplaneError};

/// Envelopes that may wait for one server; then publishing waits.
const CAPACITY: usize = 1_024;

/// Joins servers that live in one process: for tests, and for a hub that is offered under two paths.
#[derive(Debug, Default)]
pub struct InProcessBackplane {
    subscribers: Mutex<Vec<mpsc::Sender<Bytes>>>,
}

#[async_trait]
impl Backplane for InProcessBackplane {
    async fn publish(&self, envelope: Bytes) -> Result<(), BackplaneError> {
        for subscriber in self.subscribers() {
            // One that has gone away is no failure of the others.
            let _ = subscriber.send(envelope.clone()).await;
        }
        Ok(())
    }

    async fn subscribe(&self) -> Result<BoxStream<'static, Bytes>, BackplaneError> {
        let (sender, mut receiver) = mpsc::channel(CAPACITY);
        self.subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(sender);
        Ok(futures_util::stream::poll_fn(move |context| receiver.poll_recv(context)).boxed())
    }
}

impl InProcessBackplane {
    fn subscribers(&self) -> Vec<mpsc::Sender<Bytes>> {
        let mut subscribers = self
            .subscribers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|subscriber| !subscriber.is_closed());
        subscribers.clone()
    }
}

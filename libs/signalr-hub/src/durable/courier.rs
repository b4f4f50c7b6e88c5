//! Brings a user's messages to one connection, and its acknowledgements to the inbox.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{Inbox, InboxError, NumberedMessage};
use crate::{
    connections::Client, core::Core, outbox::Outgoing, protocol::EncodeError, turns::Turns,
};

/// Messages read at once.
const BATCH: usize = 100;
/// Before the first message is sent, it is not known where to begin.
const NOT_BEGUN: u64 = u64::MAX;

/// How far a connection has come with its user's messages.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// The number of the last message the connection was given.
    sent: AtomicU64,
    /// The highest number it has answered.
    answered: AtomicU64,
    /// The highest number that the inbox knows to be answered.
    stored: AtomicU64,
    turns: Turns,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            sent: AtomicU64::new(NOT_BEGUN),
            answered: AtomicU64::default(),
            stored: AtomicU64::default(),
            turns: Turns::default(),
        }
    }
}

impl Delivery {
    /// The number of the last message the connection was given; none if it was not served yet.
    pub(super) fn sent(&self) -> Option<u64> {
        let sent = self.sent.load(Ordering::Acquire);
        (sent != NOT_BEGUN).then_some(sent)
    }
}

impl Core {
    /// Sends a client what waits for its user, in the background.
    pub(crate) fn deliver_to(&self, client: &Arc<Client>) {
        let (Some(inbox), Some(user)) = (&self.options.inbox, &client.user_id) else {
            return;
        };
        if !client.delivery.turns.begin() {
            return;
        }
        let courier = Courier {
            inbox: Arc::clone(inbox),
            client: Arc::clone(client),
            user: Arc::clone(user),
        };
        self.couriers.spawn(courier.go());
    }

    /// A client has answered a message; what it was never sent, it cannot have.
    pub(crate) fn acknowledged(&self, client: &Arc<Client>, number: u64) {
        if client.delivery.sent().is_some_and(|sent| number <= sent) {
            let answered = &client.delivery.answered;
            answered.fetch_max(number, Ordering::AcqRel);
            self.deliver_to(client);
        }
    }
}

struct Courier {
    inbox: Arc<dyn Inbox>,
    client: Arc<Client>,
    user: Arc<str>,
}

impl Courier {
    /// Goes until nobody has called it again. A round that fails is made up for by the next review.
    async fn go(self) {
        loop {
            if let Err(error) = self.make_round().await {
                tracing::warn!(%error, user = %self.user, "durable messages have to wait");
            }
            if self.client.delivery.turns.end() {
                return;
            }
        }
    }

    async fn make_round(&self) -> Result<(), CourierError> {
        self.store_answers().await?;
        let mut sent = match self.client.delivery.sent() {
            Some(sent) => sent,
            None => self.inbox.acknowledged(&self.user).await?,
        };
        loop {
            let batch = self.inbox.after(&self.user, sent, BATCH).await?;
            for message in &batch {
                if self.client.connection.aborted.is_cancelled() {
                    return Ok(());
                }
                self.send(message).await?;
                sent = message.number;
            }
            self.client.delivery.sent.store(sent, Ordering::Release);
            self.store_answers().await?;
            if batch.len() < BATCH {
                return Ok(());
            }
        }
    }

    async fn send(&self, message: &NumberedMessage) -> Result<(), EncodeError> {
        let call = Outgoing::answer(message.write(self.client.protocol)?);
        // Before it is sent: the answer may be quicker than the next line.
        let delivery = &self.client.delivery;
        delivery.sent.store(message.number, Ordering::Release);
        self.client.connection.outbox.push_when_room(call).await;
        Ok(())
    }

    async fn store_answers(&self) -> Result<(), InboxError> {
        let delivery = &self.client.delivery;
        let answered = delivery.answered.load(Ordering::Acquire);
        if answered > delivery.stored.load(Ordering::Acquire) {
            self.inbox.acknowledge(&self.user, answered).await?;
            delivery.stored.store(answered, Ordering::Release);
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
enum CourierError {
    #[error(transparent)]
    Inbox(#[from] InboxError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

//! What other servers of the hub say, and what this one does about it.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use tokio::sync::mpsc;

use super::Core;
use crate::backplane::{Backplane, Command, Envelope};

/// Time between attempts to listen to a backplane that cannot be reached.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);
/// Answers to other servers that may wait to be published; then they get none.
pub(super) const REPLIES: usize = 1_024;

/// Does what other servers say, for as long as this one lives.
pub(super) async fn listen(core: Weak<Core>, backplane: Arc<dyn Backplane>) {
    loop {
        let mut envelopes = subscribe(&*backplane).await;
        let Some(ready) = core.upgrade() else { return };
        let _ = ready.listening.set(());
        drop(ready);

        while let Some(envelope) = envelopes.next().await {
            let Some(core) = core.upgrade() else { return };
            match Envelope::from_bytes(&envelope) {
                Ok(envelope) => core.obey(envelope),
                Err(error) => tracing::error!(%error, "an envelope cannot be read"),
            }
        }
        tracing::error!("the backplane was closed; listening again");
    }
}

async fn subscribe(backplane: &dyn Backplane) -> BoxStream<'static, Bytes> {
    loop {
        match backplane.subscribe().await {
            Ok(envelopes) => return envelopes,
            Err(error) => tracing::error!(%error, "cannot listen to the backplane"),
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

/// Publishes what this server answers.
pub(super) async fn publish_replies(core: Weak<Core>, mut waiting: mpsc::Receiver<Command>) {
    while let Some(reply) = waiting.recv().await {
        let Some(core) = core.upgrade() else { return };
        if let Err(error) = core.publish(reply).await {
            tracing::warn!(%error, "another server gets no answer");
        }
    }
}

impl Core {
    /// Publishes an answer in the background: whoever listens must not wait.
    fn reply(&self, command: Command) {
        let replies = self.replies.get();
        if replies.is_some_and(|replies| replies.try_send(command).is_err()) {
            tracing::warn!("too many answers to other servers wait; one is not given");
        }
    }

    fn obey(&self, envelope: Envelope) {
        if *envelope.from == *self.name {
            return;
        }
        self.servers.heard(&envelope.from);
        match envelope.command {
            Command::Send {
                target,
                except,
                parcel,
            } => self.connections.deliver(&target, &except, &parcel),
            Command::JoinGroup { connection, group } => {
                self.connections.join_group(&connection, &group);
            }
            Command::LeaveGroup { connection, group } => {
                self.connections.leave_group(&connection, &group);
            }
            Command::Revoke { target } => self.stop_here(&target),
            Command::Ask {
                connection,
                question,
                parcel,
            } => self.ask_for(envelope.from, &connection, question, &parcel),
            Command::Answer {
                to,
                question,
                result,
            } if *to == *self.name => self.questions.answer_here(&question, result),
            Command::Deliver { user } => self.deliver_here(&user),
            Command::Hello => self.reply(Command::Alive),
            Command::Goodbye => self.servers.left(&envelope.from),
            Command::Look { question, look } => self.reply(Command::Seen {
                to: envelope.from,
                question,
                sighting: self.look_here(&look),
            }),
            Command::Seen {
                to,
                question,
                sighting,
            } if *to == *self.name => self.lookouts.add(&question, envelope.from, sighting),
            Command::Answer { .. } | Command::Seen { .. } | Command::Alive => {}
        }
    }
}

//! One server of a hub: what its sessions and its handles share.

mod listener;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, OnceLock, atomic::Ordering},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::{SetOnce, mpsc},
    time::{Instant, timeout},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use self::listener::{REPLIES, listen, publish_replies};
use crate::{
    arguments::{ClientArguments, Encoding},
    backplane::{BackplaneError, Command, Envelope, Parcel, Target},
    connection::{Connection, random_id},
    connections::Connections,
    durable::review,
    endpoint::Application,
    error::SendError,
    filter::Next,
    hub::{AnyHub, Hub, HubWithMethods},
    inbox::Stop,
    options::HubOptions,
    outbox::Outgoing,
    presence::Lookouts,
    protocol::{EncodeError, Protocol},
    questions::Questions,
    servers::{Servers, beat},
    session,
};

/// Time for acknowledgements to be stored when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Core {
    pub(crate) hub: Box<dyn AnyHub>,
    pub(crate) options: HubOptions,
    pub(crate) connections: Connections,
    pub(crate) questions: Questions,
    pub(crate) lookouts: Lookouts,
    /// The other servers.
    pub(crate) servers: Servers,
    /// Bring durable messages to clients.
    pub(crate) couriers: TaskTracker,
    pub(crate) started: Instant,
    replies: OnceLock<mpsc::Sender<Command>>,
    /// This server, among those that share the hub.
    name: Arc<str>,
    /// Set once no envelope can be missed any more; sessions wait for it.
    listening: SetOnce<()>,
    watches: TaskTracker,
    ended: CancellationToken,
    _when_dropped: DropGuard,
}

impl Application for Core {
    fn serve(self: Arc<Self>, connection: Arc<Connection>) -> BoxFuture<'static, ()> {
        Box::pin(session::run(self, connection))
    }

    fn tick(&self, connection: &Connection) {
        let pulse = &connection.pulse;
        let now = connection.clock.now();

        let is_handling = pulse.is_handling.load(Ordering::Relaxed);
        if !is_handling && pulse.heard.is_older_than(self.options.client_timeout, now) {
            connection.stop(Stop::ClientTimeout);
        }
        if let Some(resume) = connection.resume.get()
            && let Some(confirmation) = resume.confirmation()
        {
            connection.send(Outgoing::control(confirmation));
        }
        if pulse
            .pinged
            .is_older_than(self.options.keep_alive_interval, now)
        {
            pulse.pinged.mark(now);
            if let Some(ping) = pulse.ping.get()
                && connection.outbox.is_empty()
            {
                connection.send(Outgoing::control(ping.clone()));
            }
        }
    }
}

impl Core {
    pub(crate) fn prepare<H: Hub>(hub: H, options: HubOptions) -> Self {
        let ended = CancellationToken::new();
        Self {
            hub: Box::new(HubWithMethods::prepare(hub)),
            options,
            connections: Connections::default(),
            questions: Questions::default(),
            lookouts: Lookouts::default(),
            servers: Servers::default(),
            couriers: TaskTracker::new(),
            started: Instant::now(),
            replies: OnceLock::new(),
            name: random_id(),
            listening: SetOnce::new(),
            watches: TaskTracker::new(),
            _when_dropped: ended.clone().drop_guard(),
            ended,
        }
    }

    /// Starts what runs beside the sessions, until the server is stopped or dropped.
    pub(crate) fn start_watches(self: &Arc<Self>) {
        let weak = || Arc::downgrade(self);
        if self.options.inbox.is_some() {
            self.watch(review(weak(), self.options.inbox_review));
        }
        let Some(backplane) = self.options.backplane.clone() else {
            let _ = self.listening.set(());
            return;
        };
        let (replies, waiting) = mpsc::channel(REPLIES);
        let _ = self.replies.set(replies);
        self.watch(listen(weak(), backplane));
        self.watch(publish_replies(weak(), waiting));
        self.watch(beat(weak(), self.options.server_beat));
    }

    fn watch(&self, task: impl Future<Output = ()> + Send + 'static) {
        let ended = self.ended.clone();
        self.watches.spawn(ended.run_until_cancelled_owned(task));
    }

    /// Waits until this server hears what others send.
    pub(crate) async fn is_listening(&self) {
        self.listening.wait().await;
    }

    /// Writes a call of a client method in each protocol clients may speak.
    pub(crate) fn write(
        &self,
        id: Option<&str>,
        method: &str,
        key: Option<&str>,
        arguments: &impl ClientArguments,
    ) -> Result<Parcel, EncodeError> {
        let write = |protocol: Protocol| {
            let arguments = arguments.encode(Encoding(protocol))?;
            Ok::<_, EncodeError>(protocol.invocation(id, method, &arguments))
        };
        Ok(Parcel {
            subject: subject(method, key),
            json: write(Protocol::Json)?,
            message_pack: if self.options.message_pack {
                Some(write(Protocol::MessagePack)?)
            } else {
                None
            },
        })
    }

    /// Sends to everyone meant, here and on all other servers. An error means that nobody was told.
    pub(crate) async fn send(
        &self,
        target: Target,
        except: Vec<String>,
        parcel: Parcel,
    ) -> Result<(), SendError> {
        if !self.is_all_here(&target) {
            let command = Command::Send {
                target: target.clone(),
                except: except.clone(),
                parcel: parcel.clone(),
            };
            self.publish(command).await?;
        }
        self.connections.deliver(&target, &except, &parcel);
        Ok(())
    }

    pub(crate) async fn join_group(&self, connection: &str, group: &str) -> Result<(), SendError> {
        if self.connections.join_group(connection, group) {
            return Ok(());
        }
        let command = Command::JoinGroup {
            connection: connection.to_owned(),
            group: group.to_owned(),
        };
        Ok(self.publish(command).await?)
    }

    pub(crate) async fn leave_group(&self, connection: &str, group: &str) -> Result<(), SendError> {
        if self.connections.leave_group(connection, group) {
            return Ok(());
        }
        let command = Command::LeaveGroup {
            connection: connection.to_owned(),
            group: group.to_owned(),
        };
        Ok(self.publish(command).await?)
    }

    /// Ends the connections meant, on all servers. Those of this server end even on an error.
    pub(crate) async fn revoke(&self, target: Target) -> Result<(), SendError> {
        self.stop_here(&target);
        Ok(self.publish(Command::Revoke { target }).await?)
    }

    /// Brings a user what waits in the inbox, here and on all other servers.
    pub(crate) async fn deliver(&self, user: &str) -> Result<(), SendError> {
        self.deliver_here(user);
        let user = user.to_owned();
        Ok(self.publish(Command::Deliver { user }).await?)
    }

    /// What runs around the hub, and the hub.
    pub(crate) fn filtered_hub(&self) -> Next<'_> {
        Next::first(&self.options.filters, &*self.hub)
    }

    /// Ends what does not end with the connections.
    pub(crate) async fn stop(&self) {
        self.couriers.close();
        let all = timeout(STOP_TIMEOUT, self.couriers.wait()).await;
        if all.is_err() {
            tracing::warn!("some acknowledgements were not stored when the hub stopped");
        }
        if let Err(error) = self.publish(Command::Goodbye).await {
            tracing::debug!(%error, "the other servers do not know that this one stops");
        }
        self.ended.cancel();
        self.watches.close();
        self.watches.wait().await;
    }

    /// Tells all other servers, if there may be any.
    pub(crate) async fn publish(&self, command: Command) -> Result<(), BackplaneError> {
        let Some(backplane) = &self.options.backplane else {
            return Ok(());
        };
        let envelope = Envelope {
            from: self.name.to_string(),
            command,
        };
        backplane.publish(envelope.to_bytes()?).await
    }

    pub(crate) fn has_backplane(&self) -> bool {
        self.options.backplane.is_some()
    }

    fn is_all_here(&self, target: &Target) -> bool {
        match target {
            _ if !self.has_backplane() => true,
            Target::Connections(ids) => ids.iter().all(|id| self.connections.find(id).is_some()),
            _ => false,
        }
    }

    fn stop_here(&self, target: &Target) {
        self.connections
            .for_each(target, |client| client.connection.stop(Stop::Revoked));
    }

    fn deliver_here(&self, user: &str) {
        for client in self.connections.of_user(user) {
            self.deliver_to(&client);
        }
    }
}

fn subject(method: &str, key: Option<&str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    (method, key).hash(&mut hasher);
    hasher.finish()
}

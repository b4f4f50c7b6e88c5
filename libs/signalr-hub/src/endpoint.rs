//! All connections made at one path, whatever is spoken over them, and the heartbeat that watches them.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::MissedTickBehavior;
use tokio_util::task::TaskTracker;

use crate::{
    clock::Clock,
    connect_request::ConnectRequest,
    connection::Connection,
    inbox::{InputEnd, Stop},
    options::ConnectionOptions,
    owner::Identity,
};

const HEARTBEAT: Duration = Duration::from_secs(1);
/// Time for all connections to be told that the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// What happens on a connection.
pub(crate) trait Application: Send + Sync + 'static {
    /// Reads its inbox and fills its outbox until it is over.
    fn serve(self: Arc<Self>, connection: Arc<Connection>) -> BoxFuture<'static, ()>;

    /// Called every second.
    fn tick(&self, connection: &Connection);
}

pub(crate) struct Endpoint {
    pub(crate) options: ConnectionOptions,
    pub(crate) clock: Clock,
    application: Arc<dyn Application>,
    /// By their secret tokens.
    connections: Mutex<HashMap<Arc<str>, Arc<Connection>>>,
    /// Sessions and sockets.
    tasks: TaskTracker,
}

impl Endpoint {
    pub(crate) fn start(
        application: Arc<dyn Application>,
        options: ConnectionOptions,
    ) -> Arc<Self> {
        let endpoint = Arc::new(Self {
            options,
            clock: Clock::start(),
            application,
            connections: Mutex::default(),
            tasks: TaskTracker::new(),
        });
        tokio::spawn(beat(Arc::downgrade(&endpoint)));
        endpoint
    }

    /// Makes a connection; none once the endpoint is stopping.
    pub(crate) fn open(&self, identity: Identity, names: Names) -> Option<Arc<Connection>> {
        if self.tasks.is_closed() {
            return None;
        }
        let connection = Connection::open(identity, self.clock, &self.options);
        let connection = Arc::new(match names {
            Names::IdAndToken => connection,
            Names::OneForBoth => connection.with_one_name(),
        });
        connection.set_active(false);
        self.lock()
            .insert(Arc::clone(&connection.token), Arc::clone(&connection));
        Some(connection)
    }

    pub(crate) fn find(&self, token: &str) -> Option<Arc<Connection>> {
        self.lock().get(token).cloned()
    }

    pub(crate) fn remove(&self, connection: &Connection) {
        self.lock().remove(&connection.token);
    }

    /// Starts the session of a connection at its first request.
    pub(crate) fn begin(&self, connection: &Arc<Connection>, request: ConnectRequest) {
        if !connection.begin(request) {
            return;
        }
        let session = Arc::clone(&self.application).serve(Arc::clone(connection));
        let connection = Arc::clone(connection);
        self.tasks.spawn(async move {
            // The panic hook has reported it; the others must not notice.
            match AssertUnwindSafe(session).catch_unwind().await {
                Ok(()) => connection.finish(),
                Err(_) => connection.fail(),
            }
        });
    }

    /// Runs the task that moves bytes of a connection.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// Ends all connections and lets no other in; returns when they are gone, or after five seconds.
    pub(crate) async fn stop(&self) {
        self.tasks.close();
        for connection in self.all() {
            connection.stop(Stop::Shutdown);
            if connection.request().is_none() {
                connection.finish();
            }
        }
        if tokio::time::timeout(STOP_TIMEOUT, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("connections were still open when the hub stopped");
            self.all()
                .iter()
                .for_each(|connection| connection.severed.notify_one());
        }
        self.lock().clear();
    }

    fn tick(&self) {
        for connection in self.all() {
            self.watch(&connection);
            self.application.tick(&connection);
        }
    }

    fn watch(&self, connection: &Connection) {
        let now = self.clock.now();
        let pulse = &connection.pulse;

        if pulse.sending.is_older_than(self.options.send_timeout, now) {
            self.let_go(connection);
        }
        if self.options.close_on_expiry && connection.is_expired() {
            connection.stop(Stop::Expired);
        }
        if pulse
            .inactive
            .is_older_than(self.options.disconnect_timeout, now)
        {
            connection.end_input(InputEnd::Lost("the client did not come back".to_owned()));
            self.remove(connection);
            if connection.request().is_none() {
                connection.finish();
            }
        }
    }

    /// Ends a send that is stuck, and the connection unless its client may come back on another socket.
    fn let_go(&self, connection: &Connection) {
        connection.pulse.sending.clear();
        connection.severed.notify_one();
        if !connection.can_resume() {
            connection.stop(Stop::TooSlow);
            // An answer that nobody reads would keep it for as long as the client pleases.
            self.remove(connection);
        }
    }

    fn all(&self) -> Vec<Arc<Connection>> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Connection>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a connection's public id and its secret token are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    IdAndToken,
    OneForBoth,
}

async fn beat(endpoint: Weak<Endpoint>) {
    let mut interval = tokio::time::interval(HEARTBEAT);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        match endpoint.upgrade() {
            Some(endpoint) => endpoint.tick(),
            None => return,
        }
    }
}

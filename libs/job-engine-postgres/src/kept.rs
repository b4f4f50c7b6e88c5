use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{Connection, Executor, PgConnection, PgPool, Postgres};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

/// A connection that was used this recently is taken to be alive without asking.
pub(crate) const TRUSTED_FOR: Duration = Duration::from_millis(50);

/// How long a new connection may take, or the answer whether an old one is alive.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A connection for what is done for every job.
///
/// A pool asks each connection that comes back whether it is still there, and lends the one that has
/// rested longest. Here it is lent without either: the next statement meets a session that has just
/// done the same.
#[derive(Debug)]
pub(crate) struct Kept {
    /// For who comes while it is lent.
    pool: PgPool,
    /// Nobody ever waits for it.
    place: Arc<Mutex<Option<Resting>>>,
    /// Makes a session out of a connection that was not made by the pool.
    session: &'static str,
}

#[derive(Debug)]
pub(crate) struct Resting {
    connection: Box<PgConnection>,
    /// When it was used last; never, if it has not begun its session.
    since: Option<Instant>,
}

/// A connection for one use. It is closed unless it is [kept](Self::keep) in the end, so also when the
/// use is cancelled.
#[derive(Debug)]
pub(crate) enum Lent {
    Kept {
        place: OwnedMutexGuard<Option<Resting>>,
        connection: Box<PgConnection>,
    },
    Pooled(PoolConnection<Postgres>),
}

impl Kept {
    pub(crate) fn of(pool: &PgPool) -> Self {
        Self {
            pool: pool.clone(),
            place: Arc::default(),
            session: "",
        }
    }

    /// With a connection that is open already, and what begins its session.
    pub(crate) fn with(self, connection: PgConnection, session: &'static str) -> Self {
        let resting = Resting {
            connection: Box::new(connection),
            since: None,
        };
        Self {
            place: Arc::new(Mutex::new(Some(resting))),
            session,
            ..self
        }
    }

    pub(crate) async fn lend(&self) -> sqlx::Result<Lent> {
        let Ok(mut place) = Arc::clone(&self.place).try_lock_owned() else {
            return self.pool.acquire().await.map(Lent::Pooled);
        };
        let connection = match self.awake(place.take()).await {
            Some(connection) => connection,
            None => Box::new(self.pool.acquire().await?.detach()),
        };
        Ok(Lent::Kept { place, connection })
    }

    /// If it is alive.
    async fn awake(&self, resting: Option<Resting>) -> Option<Box<PgConnection>> {
        let Resting {
            mut connection,
            since,
        } = resting?;
        let asked = match since {
            None => timeout(PATIENCE, connection.execute(self.session))
                .await
                .map(|begun| begun.is_ok()),
            Some(used) if used.elapsed() > TRUSTED_FOR => timeout(PATIENCE, connection.ping())
                .await
                .map(|answer| answer.is_ok()),
            Some(_) => Ok(true),
        };
        asked.unwrap_or(false).then_some(connection)
    }
}

impl Lent {
    pub(crate) fn keep(self) {
        if let Self::Kept {
            mut place,
            connection,
        } = self
        {
            *place = Some(Resting {
                connection,
                since: Some(Instant::now()),
            });
        }
    }

    /// After a use that may have failed, which may have been the caller's fault alone.
    pub(crate) async fn keep_after<T, E>(mut self, answer: &Result<T, E>) {
        if answer.is_ok() || matches!(timeout(PATIENCE, self.ping()).await, Ok(Ok(()))) {
            self.keep();
        }
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Self::Kept { connection, .. } => connection,
            Self::Pooled(connection) => connection,
        }
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Kept { connection, .. } => connection,
            Self::Pooled(connection) => connection,
        }
    }
}

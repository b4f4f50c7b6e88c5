//! A connection that is held open for what it holds: a lock or a LISTEN.

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool};

use crate::kept::PATIENCE;

/// The server notices within seconds when this machine is gone.
const SESSION: &str = "set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 1;
  set tcp_keepalives_count = 3; set tcp_user_timeout = 5000;
  set idle_session_timeout = 0";

/// Lets a session that waits for a lock notice that its client is gone. PostgreSQL knows how on Linux
/// alone, and without it such a session ends a little later.
const WATCH_CLIENT: &str = "set client_connection_check_interval = 250";

/// What the engine's connections are made with.
pub(crate) fn engine_options(pool: &PgPool) -> PgConnectOptions {
    let options = pool.connect_options().as_ref().clone();
    options.application_name("job-engine")
}

/// A connection for the engine to the database of this pool, with no setting of its own. Waits for a
/// server that is just starting.
pub(crate) async fn bare(pool: &PgPool) -> sqlx::Result<PgConnection> {
    let alone = PgPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .connect_with(engine_options(pool))
        .await?;
    Ok(alone.acquire().await?.detach())
}

/// Opens a connection to the same database that tells when it is lost: `try_recv` answers `None`
/// or an error then.
pub(crate) async fn open(engine: &PgPool) -> sqlx::Result<PgListener> {
    let mut session = connect(engine).await?;
    session.execute(SESSION).await?;
    watch_client(&mut session).await;
    Ok(session)
}

/// The same in one round trip, with a statement that does not wait. The client is watched
/// [later](watch_client).
pub(crate) async fn open_with(engine: &PgPool, statement: &str) -> sqlx::Result<PgListener> {
    let mut session = connect(engine).await?;
    session
        .execute(AssertSqlSafe(format!("{SESSION}; {statement}")))
        .await?;
    Ok(session)
}

pub(crate) async fn watch_client(session: &mut PgListener) {
    let _ = session.execute(WATCH_CLIENT).await;
}

async fn connect(engine: &PgPool) -> sqlx::Result<PgListener> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .acquire_timeout(PATIENCE)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_with(engine.connect_options().as_ref().clone())
        .await?;

    let mut session = PgListener::connect_with(&pool).await?;
    session.eager_reconnect(false);
    Ok(session)
}

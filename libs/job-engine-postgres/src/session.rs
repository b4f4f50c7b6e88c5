//! A connection that is held open for what it holds: a lock or a LISTEN.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{Executor, PgPool};

/// Opens a connection to the same database that tells when it is lost: `try_recv` answers `None`
/// or an error then. The server notices within seconds when this machine is gone.
pub(crate) async fn open(engine: &PgPool) -> sqlx::Result<PgListener> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(10))
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_with(engine.connect_options().as_ref().clone())
        .await?;

    let mut session = PgListener::connect_with(&pool).await?;
    session.eager_reconnect(false);
    session
        .execute(
            "set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 1;
             set tcp_keepalives_count = 3; set tcp_user_timeout = 5000;
             set idle_session_timeout = 0",
        )
        .await?;
    // Lets a session that waits for a lock notice that its client is gone. PostgreSQL knows how on
    // Linux alone, and without it such a session ends a little later.
    let _ = session
        .execute("set client_connection_check_interval = 250")
        .await;
    Ok(session)
}

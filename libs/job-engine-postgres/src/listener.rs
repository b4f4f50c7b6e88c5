use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio_util::task::AbortOnDropHandle;

use crate::announcing::{Bell, CHANNEL};
use crate::session;

const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// Hears from other processes what happened, on a connection of its own.
#[derive(Debug)]
pub(crate) struct Listener {
    _task: AbortOnDropHandle<()>,
}

impl Listener {
    pub(crate) fn start(engine: &PgPool, bell: Arc<Bell>) -> Self {
        let task = tokio::spawn(listen(engine.clone(), bell));
        Self {
            _task: AbortOnDropHandle::new(task),
        }
    }
}

/// Until it is aborted; a lost connection is made anew, and workers poll meanwhile.
async fn listen(engine: PgPool, bell: Arc<Bell>) {
    let mut delay = FIRST_DELAY;
    loop {
        match hear(&engine, &bell, &mut delay).await {
            Ok(()) => tracing::debug!("the connection that listens for news was lost"),
            Err(error) => tracing::debug!(%error, "cannot listen for news; workers poll"),
        }
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(LONGEST_DELAY);
    }
}

/// Returns when the connection is lost.
async fn hear(engine: &PgPool, bell: &Bell, delay: &mut Duration) -> sqlx::Result<()> {
    let mut session: PgListener = session::open(engine).await?;
    session.listen(CHANNEL).await?;
    *delay = FIRST_DELAY;
    bell.ring_for_all();

    while let Some(notification) = session.try_recv().await? {
        bell.heard(notification.payload());
    }
    Ok(())
}

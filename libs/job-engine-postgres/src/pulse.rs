//! How others see within milliseconds that a process died: it holds a session advisory lock, and
//! PostgreSQL releases that together with the connection.

use std::time::Duration;

use job_engine::storage::{ServerAnnouncement, ServerId};
use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, Executor, PgPool, Row};
use tokio_util::task::AbortOnDropHandle;

use crate::kept::Kept;
use crate::line::Note;
use crate::{claiming, servers, session};

/// How many locks are watched, and whether one of them is free. Locks that were taken under an
/// earlier start of PostgreSQL say nothing. Each server watches the two that follow it.
const PEERS: &str = "
select count(*), coalesce(bool_or(pg_try_advisory_xact_lock_shared(key)), false)
from (
  select key from job_engine.pulses
  where server <> $1 and taken_under = pg_postmaster_start_time()
  order by server < $1, server
  limit 2
) peers";

/// Says again that a free lock means death from now on.
const TAKEN: &str = "
insert into job_engine.pulses (server, key, taken_under)
select id, $2, pg_postmaster_start_time() from job_engine.servers where id = $1
on conflict (server) do update set key = excluded.key, taken_under = excluded.taken_under";

/// How often a peer's lock is tried. Waiting inside of `pg_advisory_lock` would be quicker by some
/// milliseconds, but its snapshot would keep vacuum from the whole database while it waits.
const WATCH_INTERVAL: Duration = Duration::from_millis(25);

/// How often one looks for peers when there are none, or when the database does not answer.
const SEARCH_INTERVAL: Duration = Duration::from_secs(1);

const FIRST_DELAY: Duration = Duration::from_millis(2);
const LONGEST_DELAY: Duration = Duration::from_secs(1);

/// The lock of one server, held until this is dropped or the process dies.
#[derive(Debug)]
pub(crate) struct Pulse {
    _holder: AbortOnDropHandle<()>,
}

/// Announces a server by the session that holds its lock, and answers what is noted of its queues;
/// `None` when it cannot have a pulse here, and is to be announced without.
pub(crate) async fn announce(
    engine: &PgPool,
    claims: &Kept,
    server: &ServerAnnouncement,
) -> Option<(Pulse, Vec<Note>)> {
    match announce_locked(engine, claims, server).await {
        Ok(Some((session, notes))) => {
            let holder = tokio::spawn(hold(engine.clone(), server.id, session));
            let pulse = Pulse {
                _holder: AbortOnDropHandle::new(holder),
            };
            Some((pulse, notes))
        }
        Ok(None) => {
            tracing::warn!(
                "session advisory locks do not work here; a dead server is noticed by its missing heartbeats alone"
            );
            None
        }
        Err(error) => {
            tracing::warn!(%error, "the server starts without a pulse; heartbeats alone count");
            None
        }
    }
}

/// `None` when the lock is not seen from another connection. That one is readied for the first claim
/// while the lock is being taken.
async fn announce_locked(
    engine: &PgPool,
    claims: &Kept,
    server: &ServerAnnouncement,
) -> sqlx::Result<Option<(PgListener, Vec<Note>)>> {
    let key = key(server.id);
    // Nobody else has this key, so the lock is free.
    let lock = format!("select pg_advisory_lock({key})");
    let locked = session::open_with(engine, &lock);
    let (session, other) = tokio::join!(locked, claiming::ready(claims));
    let (mut session, mut other) = (session?, other?);
    let is_free = format!("select pg_try_advisory_xact_lock_shared({key})");
    let free: bool = other.fetch_one(AssertSqlSafe(is_free)).await?.try_get(0)?;
    other.keep();
    if free {
        return Ok(None);
    }
    let notes = servers::announce(&mut session, server, Some(key)).await?;
    Ok(Some((session, notes)))
}

/// Returns when the lock of some other server is free.
pub(crate) async fn peer_died(engine: &PgPool, me: ServerId) {
    loop {
        let peers: sqlx::Result<(i64, bool)> =
            sqlx::query_as(PEERS).bind(me.0).fetch_one(engine).await;
        match peers {
            Ok((_, true)) => return,
            Ok((0, false)) => tokio::time::sleep(SEARCH_INTERVAL).await,
            Ok((_, false)) => tokio::time::sleep(WATCH_INTERVAL).await,
            Err(error) => {
                tracing::debug!(%error, "cannot watch the other servers");
                tokio::time::sleep(SEARCH_INTERVAL).await;
            }
        }
    }
}

/// The random half of the id.
fn key(server: ServerId) -> i64 {
    let (_, random) = server.0.as_u64_pair();
    i64::from_be_bytes(random.to_be_bytes())
}

/// A session that has the server's lock.
async fn lock(engine: &PgPool, server: ServerId) -> sqlx::Result<PgListener> {
    let mut session = session::open(engine).await?;
    sqlx::query("select pg_advisory_lock($1)")
        .bind(key(server))
        .execute(&mut session)
        .await?;
    Ok(session)
}

async fn tell(session: &mut PgListener, server: ServerId) -> sqlx::Result<()> {
    sqlx::query(TAKEN)
        .bind(server.0)
        .bind(key(server))
        .execute(session)
        .await?;
    Ok(())
}

/// Until it is aborted: takes the lock again whenever its connection is lost.
async fn hold(engine: PgPool, server: ServerId, mut session: PgListener) {
    session::watch_client(&mut session).await;
    loop {
        while let Ok(Some(_)) = session.try_recv().await {}
        tracing::debug!(%server, "the connection that holds the pulse was lost");
        session = lock_again(&engine, server).await;
    }
}

async fn lock_again(engine: &PgPool, server: ServerId) -> PgListener {
    let mut delay = FIRST_DELAY;
    loop {
        match try_lock_again(engine, server).await {
            Ok(session) => return session,
            Err(error) => tracing::debug!(%server, %error, "the pulse is not back yet"),
        }
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(LONGEST_DELAY);
    }
}

async fn try_lock_again(engine: &PgPool, server: ServerId) -> sqlx::Result<PgListener> {
    let mut session = lock(engine, server).await?;
    tell(&mut session, server).await?;
    Ok(session)
}

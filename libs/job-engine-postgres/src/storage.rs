use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use job_engine::storage::expiry::Sweeps;
use job_engine::storage::{
    Act, Claim, Claimed, Command, Commanded, DueJobs, Heartbeat, JobId, Lease, Outcome, Rescued,
    RunNotes, ServerAnnouncement, ServerId, ServerOrder, Settled, Settlement, SlowAnswer, StandBy,
    Storage, StorageError, UnknownKind,
};
use job_engine::{Duplicate, NewJob, Retention};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgPool};
use tokio::sync::Notify;

use crate::announcing::{Announcer, Bell};
use crate::commanding::Done;
use crate::convert::unavailable;
use crate::intake::Intake;
use crate::kept::{Kept, PATIENCE, TRUSTED_FOR};
use crate::line::Lines;
use crate::listener::Listener;
use crate::live::Live;
use crate::pulse::Pulse;
use crate::schedule::Schedule;
use crate::standing::Standing;
use crate::turns::Turns;
use crate::{
    beginning, claiming, commanding, expiry, following, noting, pulse, scheduling, schema, servers,
    session, settling,
};

/// Connections that the engine keeps for itself, beside the application's pool and those for
/// enqueuing, claims and results: heartbeats never wait for a slow page.
const ENGINE_CONNECTIONS: u32 = 3;

/// How often servers look for lost leases where nobody can tell them.
const UNTOLD_INTERVAL: Duration = Duration::from_millis(500);

/// The engine's statements find their rows by index however wrong the planner's statistics are: a
/// queue is empty at one moment and holds a million jobs at the next. They are planned once, for
/// planning an insert takes longer than doing it.
const SESSION: &str = "
set jit = off; set enable_seqscan = off; set enable_bitmapscan = off;
set enable_hashjoin = off; set enable_mergejoin = off;
set plan_cache_mode = force_generic_plan;
set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 1;
set tcp_keepalives_count = 5";

/// Jobs in the schema `job_engine` of a PostgreSQL database, version 14 or later.
///
/// Beside the given pool it opens up to six connections of its own for the engine's work, one
/// that listens once a server waits for jobs, and one per announced server that holds its pulse.
/// To be made inside of a tokio runtime.
#[derive(Debug)]
pub struct PostgresStorage {
    /// The application's: for questions that may be slow.
    pub(crate) pool: PgPool,
    /// The engine's own.
    pub(crate) engine: PgPool,
    pub(crate) live: Live,
    intake: Intake,
    claims: Kept,
    results: Kept,
    lines: Arc<Lines>,
    schedule: Schedule,
    announcer: Arc<Announcer>,
    listener: OnceLock<Listener>,
    /// Whether it may keep sessions: for a pulse, and to listen.
    keeps_sessions: bool,
    pub(crate) recurring_changed: Notify,
    pub(crate) operation_begun: Notify,
    pulses: Mutex<HashMap<ServerId, Pulse>>,
    turns: Arc<Turns>,
    standing: Arc<Standing>,
    sweeps: Sweeps,
    pub(crate) unknown_kinds: SlowAnswer<Duration, Vec<UnknownKind>>,
}

impl PostgresStorage {
    /// Connects to the database at this URL, with a pool of at most five connections for the
    /// dashboard's questions.
    pub async fn connect(url: &str) -> Result<Self, StorageError> {
        let options: PgConnectOptions = url.parse().map_err(unavailable)?;
        let pool = PgPoolOptions::new()
            .max_connections(5)
            .connect_lazy_with(options);
        // One of the engine's own shows whether the database answers: a server needs it next.
        let connection = session::bare(&pool).await.map_err(unavailable)?;
        let mut storage = Self::with_sessions(pool);
        storage.claims = storage.claims.with(connection, SESSION);
        Ok(storage)
    }

    /// Uses the application's database; fails when that does not answer.
    pub async fn new(pool: PgPool) -> Result<Self, StorageError> {
        // By the application's pool: the engine's own stays unused until it is known of which kind
        // it is.
        sqlx::query("select 1")
            .execute(&pool)
            .await
            .map_err(unavailable)?;
        Ok(Self::with_sessions(pool))
    }

    fn with_sessions(pool: PgPool) -> Self {
        let engine = engine_pool().after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(SESSION).await?;
                Ok(())
            })
        });
        Self::with_engine(pool, engine, true)
    }

    /// Needs no session of its own and changes none: for a pooler that gives each transaction another
    /// session (pgbouncer in transaction mode), and for servers that know PostgreSQL's statements but
    /// not its advisory locks or `LISTEN`. To be called before anything else.
    ///
    /// Workers poll then, a running job learns within a second or so that it was taken away, a
    /// process that died is noticed by its missing heartbeats alone, and the planner decides by its
    /// statistics how the engine's statements find their rows.
    pub fn without_sessions(self) -> Self {
        let engine = engine_pool();
        Self::with_engine(self.pool, engine, false)
    }

    fn with_engine(pool: PgPool, engine: PgPoolOptions, keeps_sessions: bool) -> Self {
        let engine = engine.connect_lazy_with(session::engine_options(&pool));
        let announcer = Arc::new(Announcer::start(&engine));
        let (lines, turns) = (Arc::default(), Arc::default());
        let standing = Arc::new(Standing::with(&lines, &turns));
        Self {
            live: Live::default(),
            intake: Intake::start(&engine, &announcer, &standing),
            claims: Kept::of(&engine),
            results: Kept::of(&engine),
            lines,
            schedule: Schedule::default(),
            announcer,
            listener: OnceLock::new(),
            keeps_sessions,
            recurring_changed: Notify::new(),
            operation_begun: Notify::new(),
            pulses: Mutex::default(),
            turns,
            standing,
            sweeps: Sweeps::default(),
            unknown_kinds: SlowAnswer::default(),
            pool,
            engine,
        }
    }

    /// Brings the schema `job_engine` up to date; several processes may do it at once.
    ///
    /// Fails with [`StorageError::Corrupt`] when the schema is newer than this program.
    pub async fn migrate(&self) -> Result<(), StorageError> {
        schema::migrate(&self.engine).await
    }

    /// Wakes the recurrer of this process; those of others look by themselves.
    pub(crate) fn announce_recurring(&self) {
        self.recurring_changed.notify_waiters();
        // For who is between two waits just now.
        self.recurring_changed.notify_one();
    }

    pub(crate) fn announce_jobs(&self) {
        self.announcer.enqueued();
    }

    /// The bell that rings for what happens in this process and in others.
    fn listen(&self) -> Arc<Bell> {
        let bell = self.announcer.bell();
        if self.keeps_sessions {
            self.listener
                .get_or_init(|| Listener::start(&self.engine, bell.clone()));
        }
        bell
    }

    /// Tells workers what a command has done to several jobs.
    pub(crate) fn announce_done(&self, done: Done) {
        if done.some_were_held {
            self.announcer.revoked();
        }
        if done.jobs > 0 {
            self.announcer.enqueued();
        }
    }

    /// Tells those who wait of what has ended. What fails here is done by the next scheduler that
    /// looks for due jobs.
    pub(crate) async fn spread_news(&self) {
        match following::spread_news(&self.engine).await {
            Ok(true) => self.announcer.enqueued(),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "jobs that wait for others wait a little longer"),
        }
    }

    fn pulses(&self) -> std::sync::MutexGuard<'_, HashMap<ServerId, Pulse>> {
        self.pulses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn engine_pool() -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(ENGINE_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .max_lifetime(None)
}

#[async_trait]
impl Storage for PostgresStorage {
    async fn enqueue(&self, jobs: &[NewJob]) -> Result<Vec<Duplicate>, StorageError> {
        let duplicates = self.intake.enqueue(jobs).await?;
        if !jobs.iter().all(NewJob::is_plain) {
            self.spread_news().await;
        }
        Ok(duplicates)
    }

    async fn claim(&self, claim: &Claim) -> Result<Claimed, StorageError> {
        let mut connection = self.claims.lend().await.map_err(unavailable)?;
        let claimed = claiming::claim(&mut connection, &self.lines, &self.turns, claim).await?;
        connection.keep();
        Ok(claimed)
    }

    async fn begin(&self, lease: Lease) -> Result<Settled, StorageError> {
        beginning::begin(&self.engine, lease).await
    }

    async fn note(&self, notes: &[RunNotes]) -> Result<Vec<Settled>, StorageError> {
        noting::note(&self.engine, notes).await
    }

    async fn settle(&self, settlements: &[Settlement]) -> Result<Vec<Settled>, StorageError> {
        let settling::Recorded { settled, are_news } =
            settling::settle(&self.engine, &self.results, settlements).await?;
        if are_news {
            self.spread_news().await;
        }
        if settlements
            .iter()
            .any(|settlement| matches!(settlement.outcome, Outcome::Returned { .. }))
        {
            self.announcer.enqueued();
        }
        Ok(settled)
    }

    async fn enqueue_due(&self, limit: usize) -> Result<DueJobs, StorageError> {
        self.spread_news().await;
        let due = scheduling::enqueue_due(&self.engine, &self.schedule, limit).await?;
        if due.enqueued > 0 {
            self.announcer.enqueued();
        }
        Ok(due)
    }

    async fn command(
        &self,
        job: JobId,
        command: Command,
        reason: &str,
    ) -> Result<Commanded, StorageError> {
        self.act(&Act {
            job,
            seen: None,
            command,
            reason: reason.to_owned(),
            deed: None,
        })
        .await
    }

    async fn act(&self, act: &Act) -> Result<Commanded, StorageError> {
        let answer = commanding::command(&self.engine, act).await?;
        if answer.was_held {
            self.announcer.revoked();
        }
        if answer.commanded == Commanded::Done {
            self.spread_news().await;
        }
        if answer.commanded == Commanded::Done && act.command != Command::Delete {
            self.announcer.enqueued();
        }
        Ok(answer.commanded)
    }

    async fn remove_expired(
        &self,
        retention: Retention,
        limit: usize,
    ) -> Result<usize, StorageError> {
        expiry::remove_expired(&self.engine, &self.sweeps, retention, limit).await
    }

    async fn set_retentions(
        &self,
        kinds: &[(String, Option<Retention>)],
    ) -> Result<(), StorageError> {
        expiry::set_retentions(&self.engine, kinds).await
    }

    async fn announce(&self, server: &ServerAnnouncement) -> Result<(), StorageError> {
        let with_pulse = if self.keeps_sessions {
            pulse::announce(&self.engine, &self.claims, server).await
        } else {
            None
        };
        let notes = match with_pulse {
            Some((pulse, notes)) => {
                self.pulses().insert(server.id, pulse);
                notes
            }
            None => servers::announce(&self.engine, server, None)
                .await
                .map_err(unavailable)?,
        };
        self.lines.resume(server.id, notes);
        Ok(())
    }

    async fn order_server(
        &self,
        server: ServerId,
        order: Option<ServerOrder>,
    ) -> Result<bool, StorageError> {
        servers::order(&self.engine, server, order).await
    }

    async fn heartbeat(
        &self,
        server: ServerId,
        leases: &[Lease],
    ) -> Result<Heartbeat, StorageError> {
        let answer = servers::heartbeat(&self.engine, server, leases).await?;
        if answer == Heartbeat::Gone {
            self.pulses().remove(&server);
            self.lines.forget(server);
        }
        Ok(answer)
    }

    async fn retire(&self, server: ServerId) -> Result<(), StorageError> {
        let given_back = servers::retire(&self.pool, server).await?;
        self.pulses().remove(&server);
        self.lines.forget(server);
        if given_back > 0 {
            self.announcer.enqueued();
        }
        Ok(())
    }

    async fn give_back_except(
        &self,
        server: ServerId,
        held: &[Lease],
    ) -> Result<usize, StorageError> {
        let given_back = servers::give_back_except(&self.pool, server, held).await?;
        if given_back > 0 {
            self.announcer.enqueued();
        }
        Ok(given_back)
    }

    async fn rescue(&self, timeout: Duration) -> Result<Rescued, StorageError> {
        let rescued = servers::rescue(&self.pool, timeout).await?;
        if !rescued.servers.is_empty() {
            self.announcer.revoked();
        }
        if !rescued.jobs.is_empty() {
            self.announcer.enqueued();
        }
        Ok(rescued)
    }

    async fn peer_died(&self, me: ServerId) {
        if !self.keeps_sessions {
            return std::future::pending().await;
        }
        pulse::peer_died(&self.engine, me).await;
    }

    async fn leases_revoked(&self, seen: u64) -> u64 {
        let bell = self.listen();
        let rung = bell.rung_for_holders(seen);
        if self.keeps_sessions {
            return rung.await;
        }
        // Others cannot tell, so it may always be.
        let news = tokio::time::timeout(UNTOLD_INTERVAL, rung).await;
        news.unwrap_or_else(|_| seen.wrapping_add(1))
    }

    async fn job_enqueued(&self, seen: u64) -> u64 {
        self.listen().rung(seen).await
    }

    fn announce_enqueued(&self) {
        self.announcer.enqueued();
    }

    fn stand_by(&self, server: &Arc<dyn StandBy>) {
        self.standing.add(server);
    }
}

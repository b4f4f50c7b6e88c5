//! One life of a server under one id: from its announcement until it stops or is taken for dead.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::filters::{Filter, Filters};
use crate::meters::Meters;
use crate::processes::back_off::BackOff;
use crate::processes::cleaner::Cleaner;
use crate::processes::heartbeat::{Health, Heart};
use crate::processes::listener::Listener;
use crate::processes::operator::Operator;
use crate::processes::recurrer::Recurrer;
use crate::processes::rescuer::Rescuer;
use crate::processes::scheduler::Scheduler;
use crate::processes::scribe::{Notepads, Scribe};
use crate::processes::worker::claimer::Claimer;
use crate::processes::worker::leases::Leases;
use crate::processes::worker::local_queue::LocalQueue;
use crate::processes::worker::runner::Runner;
use crate::processes::worker::trial::Dock;
use crate::processes::worker::{self, LAST_CHANCE, settler};
use crate::processes::{self, CALL_LIMIT, run_after};
use crate::registry::Registry;
use crate::server_options::ServerOptions;
use crate::session::Session;
use crate::storage::{
    Outcome, ServerAnnouncement, ServerId, Settlement, SharedStorage, StorageError,
};
use crate::tally::TallySheet;

/// How long a stopping server tries to record what its jobs came to.
const FAREWELL: Duration = Duration::from_secs(10);

/// What broke may break again at once.
const AFTER_BREAKING: Duration = Duration::from_secs(1);

/// What all lives of a server have in common.
pub(crate) struct Crew<C> {
    pub(crate) storage: SharedStorage,
    pub(crate) registry: Arc<Registry<C>>,
    pub(crate) context: Arc<C>,
    pub(crate) options: Arc<ServerOptions>,
    pub(crate) filters: Vec<Arc<dyn Filter>>,
    pub(crate) tally: Arc<TallySheet>,
}

enum End {
    Stopped,
    Gone,
    Broken,
}

/// Lives one session after the other until the server is told to stop.
pub(crate) async fn supervise<C: Send + Sync + 'static>(
    crew: Crew<C>,
    first: ServerId,
    stopping: CancellationToken,
) {
    let mut server = first;
    loop {
        match crew.live(server, &stopping).await {
            End::Stopped => return,
            End::Gone => tracing::warn!(%server, "this job server was taken for dead"),
            End::Broken => tokio::time::sleep(AFTER_BREAKING).await,
        }
        // Gives back what it holds, and ends a pulse that nobody listens to any more.
        retire(&crew.storage, server).await;
        server = tokio::select! {
            () = stopping.cancelled() => return,
            server = crew.announce_again() => server,
        };
        tracing::info!(%server, "this job server goes on under another id");
    }
}

impl<C: Send + Sync + 'static> Crew<C> {
    /// Makes the server known under an id of its own.
    pub(crate) async fn announce(&self) -> Result<ServerId, StorageError> {
        let announcement = ServerAnnouncement {
            id: ServerId::random(),
            name: self.options.name.clone(),
            queues: self.options.queues.clone(),
            kinds: self.registry.names(),
            workers: self.options.workers,
        };
        let announced = self.storage.announce(&announcement);
        processes::within(CALL_LIMIT, announced).await?;
        Ok(announcement.id)
    }

    async fn announce_again(&self) -> ServerId {
        let mut back_off = BackOff::default();
        loop {
            match self.announce().await {
                Ok(server) => return server,
                Err(error) => tracing::warn!(%error, "a job server cannot announce itself"),
            }
            tokio::time::sleep(back_off.next_delay()).await;
        }
    }

    async fn live(&self, server: ServerId, stopping: &CancellationToken) -> End {
        let session = Arc::new(self.session(server, stopping));
        let mut life = Life::begin(self, &session);

        tokio::select! {
            () = stopping.cancelled() => {
                life.stop(&session).await;
                End::Stopped
            }
            () = session.gone.cancelled() => {
                life.abandon(&session).await;
                End::Gone
            }
            () = life.breaks() => {
                life.abandon(&session).await;
                End::Broken
            }
        }
    }

    fn session(&self, server: ServerId, stopping: &CancellationToken) -> Session {
        Session {
            server,
            since: Instant::now(),
            storage: self.storage.clone(),
            options: self.options.clone(),
            tally: self.tally.clone(),
            queue: LocalQueue::with_workers(self.options.workers),
            leases: Leases::default(),
            dock: Dock::default(),
            filters: Filters::of(&self.filters),
            meters: Meters::of(self.registry.names()),
            notepads: Notepads::default(),
            health: Health::begin(),
            enqueued: Notify::new(),
            held_back: AtomicBool::new(false),
            scheduled: Notify::new(),
            quiet: AtomicBool::new(false),
            looked: CancellationToken::new(),
            stopping: stopping.clone(),
            gone: CancellationToken::new(),
        }
    }
}

/// The tasks of a session.
struct Life {
    /// Ends `seekers`.
    seeking: CancellationToken,
    /// Those who look for work and look after others.
    seekers: JoinSet<()>,
    workers: JoinSet<()>,
    heart: AbortOnDropHandle<()>,
    scribe: AbortOnDropHandle<()>,
    settler: AbortOnDropHandle<()>,
    settlements: mpsc::Sender<Settlement>,
}

impl Life {
    fn begin<C: Send + Sync + 'static>(crew: &Crew<C>, session: &Arc<Session>) -> Self {
        let seeking = CancellationToken::new();
        let (settlements, inbox) = mpsc::channel(settler::INBOX);

        let mut seekers = JoinSet::new();
        let claimer = Claimer::of(session, crew.registry.known(), settlements.clone());
        seekers.spawn(processes::run(claimer, seeking.clone()));
        // The first jobs do not wait for connections and answers of these.
        let (looked, ends) = (&session.looked, &seeking);
        seekers.spawn(run_after(looked, Listener::of(session), ends));
        seekers.spawn(run_after(looked, Scheduler::of(session), ends));
        let recurrer = Recurrer::of(session, crew.registry.names());
        seekers.spawn(run_after(looked, recurrer, ends));
        seekers.spawn(run_after(looked, Rescuer::of(session), ends));
        let cleaner = Cleaner::of(session, crew.registry.retentions());
        seekers.spawn(run_after(looked, cleaner, ends));
        seekers.spawn(run_after(looked, Operator::of(session), ends));

        let runner = Arc::new(Runner {
            session: session.clone(),
            registry: crew.registry.clone(),
            context: crew.context.clone(),
        });
        let mut workers = JoinSet::new();
        for _ in 0..session.options.workers {
            workers.spawn(worker::work(runner.clone(), settlements.clone()));
        }

        // The heart beats until the very end: while jobs have their grace, they must not be rescued.
        // It has been announced just now, so the first beat does not come in the way of the first claim.
        let beats = Heart::of(session);
        let first_beat = timeout(
            session.options.heartbeat_interval,
            session.looked.clone().cancelled_owned(),
        );
        let heart = async {
            let _ = first_beat.await;
            processes::run(beats, CancellationToken::new()).await;
        };
        let scribe = processes::run(Scribe::of(session), CancellationToken::new());
        Self {
            seeking,
            seekers,
            workers,
            heart: AbortOnDropHandle::new(tokio::spawn(heart)),
            scribe: AbortOnDropHandle::new(tokio::spawn(scribe)),
            settler: AbortOnDropHandle::new(tokio::spawn(settler::settle(session.clone(), inbox))),
            settlements,
        }
    }

    /// Returns when a task ends that should not: it has panicked.
    async fn breaks(&mut self) {
        let what = tokio::select! {
            Some(Err(error)) = self.seekers.join_next() => error,
            Some(Err(error)) = self.workers.join_next() => error,
            Err(error) = &mut self.heart => error,
            Err(error) = &mut self.scribe => error,
            Err(error) = &mut self.settler => error,
            else => std::future::pending().await,
        };
        tracing::error!(error = %what, "a part of a job server broke; it starts anew");
    }

    async fn stop(mut self, session: &Session) {
        let deadline = Instant::now() + session.options.grace;
        self.seeking.cancel();
        session.queue.close();
        // No job is claimed after this, except by a call that is under way.
        finish_until(&mut self.seekers, deadline).await;
        self.hand_back_waiting(session);

        finish_until(&mut self.workers, deadline).await;
        session.leases.stop_all();
        finish_until(&mut self.workers, Instant::now() + 2 * LAST_CHANCE).await;
        self.hand_back_waiting(session);

        self.workers.abort_all();
        self.seekers.abort_all();
        drop(self.settlements);
        drop((self.workers, self.seekers));
        if timeout(FAREWELL, self.settler).await.is_err() {
            tracing::warn!("the outcome of some jobs could not be recorded; they will run again");
        }
        drop((self.heart, self.scribe));
        retire(&session.storage, session.server).await;
    }

    /// Stops everything without recording anything: others have the jobs.
    async fn abandon(mut self, session: &Session) {
        session.queue.close();
        session.leases.lose_all();
        finish_until(&mut self.workers, Instant::now() + 2 * LAST_CHANCE).await;
        // A job that blocks its thread cannot be stopped, so this wait has an end as well.
        let _ = timeout(LAST_CHANCE, self.workers.shutdown()).await;
    }

    fn hand_back_waiting(&self, session: &Session) {
        for job in session.queue.drain() {
            let lease = job.claimed.lease;
            if session.leases.end(lease) {
                let reason = worker::SERVER_STOPS.to_owned();
                let outcome = Outcome::Returned { reason };
                // When the inbox is full, the server gives the job back as it retires.
                let _ = self.settlements.try_send(Settlement::new(lease, outcome));
            }
        }
    }
}

async fn finish_until(tasks: &mut JoinSet<()>, deadline: Instant) {
    let all = async { while tasks.join_next().await.is_some() {} };
    let _ = timeout_at(deadline, all).await;
}

/// Takes the server out of the storage; others give its jobs back if this does not work.
async fn retire(storage: &SharedStorage, server: ServerId) {
    let mut back_off = BackOff::default();
    for _ in 0..3 {
        match processes::within(FAREWELL, storage.retire(server)).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%server, %error, "a job server could not retire"),
        }
        tokio::time::sleep(back_off.next_delay()).await;
    }
}

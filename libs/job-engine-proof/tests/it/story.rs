//! What all stories have in common: work, damage, calm, and the reckoning.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use job_engine::Client;
use job_engine::storage::SharedStorage;
use job_engine_proof::{Found, Ledger, Violation, check};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::clients;
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::crash_point::CrashPoint;
use crate::crew::Crew;
use crate::disk::Disk;
use crate::limits;
use crate::place::Place;
use crate::planted::Planted;
use crate::recurring;
use crate::settings::{self, Order};
use crate::worker;

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_mins(1);

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL of a worker.
    Kill,
    /// SIGTERM of a worker.
    End,
    /// SIGSTOP of a worker, for a moment or for longer than it may be silent.
    Stop,
    /// Connections are ended by the database.
    EndConnections,
    /// The database is restarted without a word.
    Restart,
    /// One process of the database is killed, upon which it ends all others and recovers.
    KillSession,
    /// A worker is killed before or after a statement of the engine.
    Crash(CrashPoint),
    /// Answers of the database are lost, each with its connection.
    LoseAnswers,
    /// A worker's connections lead nowhere for a while.
    CutOff,
    /// There is no room on the database's disk for a while.
    FillDisk,
    /// The clock is set, ahead or back.
    SetClock,
}

pub(crate) struct Story {
    pub(crate) place: Place,
    pub(crate) faults: Vec<Fault>,
    pub(crate) planted: Planted,
    pub(crate) length: Duration,
    /// So many transactions are acknowledged before it ends, however slow the machine is.
    pub(crate) answers: u64,
    /// How long nothing may become less of what is left to do, once all is calm.
    pub(crate) patience: Duration,
    pub(crate) cluster: Option<Cluster>,
    /// Where the database is, if it may be full.
    pub(crate) disk: Option<Disk>,
    /// Whether the workers' applications need their pools for themselves most of the time.
    pub(crate) crowded: bool,
}

impl Story {
    pub(crate) fn about(place: Place, faults: &[Fault]) -> Self {
        Self {
            place,
            faults: faults.to_vec(),
            planted: Planted::Nothing,
            length: settings::length(),
            answers: 60,
            patience: Duration::from_mins(1),
            cluster: None,
            disk: None,
            crowded: false,
        }
    }

    /// Whether the way to the database is part of the story.
    fn needs_proxies(&self) -> bool {
        let on_the_way =
            |fault: &Fault| matches!(fault, Fault::Crash(_) | Fault::LoseAnswers | Fault::CutOff);
        self.place.is_postgres() && self.faults.iter().any(on_the_way)
    }

    /// What is wrong in the end.
    pub(crate) async fn tell(self) -> Vec<Violation> {
        let seed = settings::seed();
        let effects = tempfile::tempdir().expect("a folder is made");
        let through_proxies = self.needs_proxies();
        let place = Arc::new(self.place);
        let order = Order {
            place: place.address().to_owned(),
            effects: effects.path().to_owned(),
            planted: self.planted,
            crowded: self.crowded,
            clock: 0,
        };

        let client = Client::new(worker::storage(&place).await);
        let mut ledger = Ledger::default();
        limits::set(&client, &mut ledger, self.planted).await;
        if self.planted == Planted::Nothing {
            ledger.recurring = recurring::start(&client).await;
        }
        let mut crew = Crew::hire(order, 3, through_proxies).await;
        let until = Instant::now() + self.length;
        let enough = CancellationToken::new();
        let (count, acknowledged) = watch::channel(0);
        let enqueuing = clients::start(&place, self.planted, seed, &enough, &count);
        let mut damage = Damage {
            chance: StdRng::seed_from_u64(seed),
            faults: self.faults,
            happened: 0,
            cluster: self.cluster,
            disk: self.disk,
            clock: Clock::default(),
            acknowledged,
        };
        while Instant::now() < until || damage.is_incomplete(self.answers) {
            damage.happens(&mut crew, &place).await;
        }
        enough.cancel();
        ledger.intents = enqueuing.join_all().await.concat();
        crew.calm_down().await;
        damage.clock.catch_up(&mut crew, &place).await;
        recurring::stop(&client, &ledger.recurring).await;

        let storage = client.storage();
        work_off(storage, &mut crew, self.patience).await;
        ledger.cut_off = crew.dismiss().await;
        let found = Found::read(&**storage).await.expect("the storage answers");
        reckon(effects.path(), ledger, &found)
    }
}

/// Ends when all is done, or nothing has been done for too long; a busy machine is no fault.
async fn work_off(storage: &SharedStorage, crew: &mut Crew, patience: Duration) {
    let mut least = u64::MAX;
    let mut since = Instant::now();
    while since.elapsed() < patience {
        match clients::unfinished(storage).await {
            Some(0) => return,
            Some(fewer) if fewer < least => (least, since) = (fewer, Instant::now()),
            _ => {}
        }
        crew.recover().await;
        sleep(Duration::from_millis(100)).await;
    }
}

fn reckon(effects: &Path, mut ledger: Ledger, found: &Found) -> Vec<Violation> {
    ledger.read_handlers(effects).expect("the ledger is read");
    let (intents, runs, jobs) = (ledger.intents.len(), ledger.runs.len(), found.jobs.len());
    println!("{intents} transactions, {jobs} jobs, {runs} runs");
    assert!(jobs > 0, "nothing was stored, so nothing is shown");
    check(&ledger, found)
}

struct Damage {
    chance: StdRng,
    /// Each comes once in this order, and then at random.
    faults: Vec<Fault>,
    happened: usize,
    cluster: Option<Cluster>,
    disk: Option<Disk>,
    clock: Clock,
    /// How many transactions were acknowledged so far.
    acknowledged: watch::Receiver<u64>,
}

impl Damage {
    fn cluster(&self) -> &Cluster {
        self.cluster.as_ref().expect("the story has a server")
    }

    /// Each client may just have got an answer from before.
    async fn clients_are_answered_again(&mut self) {
        let before = *self.acknowledged.borrow();
        let again = self
            .acknowledged
            .wait_for(|now| *now > before + clients::CLIENTS);
        let again = timeout(PATIENCE, again).await;
        again
            .expect("the clients get answers again")
            .expect("they still ask");
    }

    fn is_incomplete(&self, answers: u64) -> bool {
        self.happened < self.faults.len() || *self.acknowledged.borrow() < answers
    }

    /// After a while.
    async fn happens(&mut self, crew: &mut Crew, place: &Place) {
        let pause = self.chance.random_range(50..400);
        sleep(Duration::from_millis(pause)).await;
        crew.recover().await;
        if self.faults.is_empty() {
            return;
        }

        let any = self.chance.random_range(0..self.faults.len());
        let fault = *self.faults.get(self.happened).unwrap_or(&self.faults[any]);
        self.happened += 1;
        let victim = self.chance.random_range(0..crew.len());
        match fault {
            Fault::Kill => crew.kill(victim).await,
            Fault::End => crew.end(victim).await,
            Fault::Stop => {
                let millis = match self.chance.random_range(0..4) {
                    0 => 6000,
                    _ => self.chance.random_range(50..1000),
                };
                crew.stop(victim, Duration::from_millis(millis)).await;
            }
            Fault::EndConnections => {
                crew.excuse_all();
                place.end_connections().await;
            }
            Fault::Restart => {
                crew.excuse_all();
                self.cluster().restart_at_once().await;
                crew.excuse_all();
                self.clients_are_answered_again().await;
            }
            Fault::KillSession => {
                crew.excuse_all();
                self.cluster().kill_a_session().await;
                crew.excuse_all();
                self.clients_are_answered_again().await;
            }
            Fault::FillDisk => {
                let disk = self.disk.as_ref().expect("the story has a disk");
                let millis = self.chance.random_range(200..2000);
                disk.fill();
                sleep(Duration::from_millis(millis)).await;
                disk.make_room();
                self.clients_are_answered_again().await;
            }
            Fault::SetClock => self.clock.set(&mut self.chance, crew, place).await,
            Fault::Crash(point) => crew.trap(victim, point).await,
            Fault::LoseAnswers => {
                let count = self.chance.random_range(1..20);
                crew.lose_answers(victim, count);
            }
            Fault::CutOff => {
                let millis = self.chance.random_range(100..2000);
                crew.cut_off(victim, Duration::from_millis(millis)).await;
            }
        }
    }
}

//! What all stories have in common: work, damage, calm, and the reckoning.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use job_engine_proof::{Found, Ledger, Violation, check};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, sleep};

use crate::clients;
use crate::cluster::Cluster;
use crate::crew::Crew;
use crate::place::Place;
use crate::planted::Planted;
use crate::settings::{self, Order};
use crate::worker;

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
}

pub(crate) struct Story {
    pub(crate) place: Place,
    pub(crate) faults: Vec<Fault>,
    pub(crate) planted: Planted,
    pub(crate) length: Duration,
    /// How long the workers may take to do what is left, once all is calm.
    pub(crate) patience: Duration,
    pub(crate) cluster: Option<Cluster>,
}

impl Story {
    pub(crate) fn about(place: Place, faults: &[Fault]) -> Self {
        Self {
            place,
            faults: faults.to_vec(),
            planted: Planted::Nothing,
            length: settings::length(),
            patience: Duration::from_mins(1),
            cluster: None,
        }
    }

    /// What is wrong in the end.
    pub(crate) async fn tell(self) -> Vec<Violation> {
        let seed = settings::seed();
        let effects = tempfile::tempdir().expect("a folder is made");
        let place = Arc::new(self.place);
        let order = Order {
            place: place.address().to_owned(),
            effects: effects.path().to_owned(),
            planted: self.planted,
        };

        let mut crew = Crew::hire(order, 3).await;
        let until = Instant::now() + self.length;
        let enqueuing = clients::start(&place, self.planted, seed, until);
        let mut damage = Damage {
            chance: StdRng::seed_from_u64(seed),
            faults: self.faults,
            cluster: self.cluster,
        };
        while Instant::now() < until {
            damage.happens(&mut crew, &place).await;
        }
        let intents = enqueuing.join_all().await.concat();
        crew.calm_down().await;

        let storage = worker::storage(&place).await;
        let deadline = Instant::now() + self.patience;
        while !clients::is_worked_off(&storage).await && Instant::now() < deadline {
            crew.recover().await;
            sleep(Duration::from_millis(100)).await;
        }
        let cut_off = crew.dismiss().await;
        let found = Found::read(&*storage).await.expect("the storage answers");
        reckon(
            effects.path(),
            Ledger {
                intents,
                cut_off,
                ..Ledger::default()
            },
            &found,
        )
    }
}

fn reckon(effects: &Path, mut ledger: Ledger, found: &Found) -> Vec<Violation> {
    ledger.read_runs(effects).expect("the ledger is read");
    let (intents, runs, jobs) = (ledger.intents.len(), ledger.runs.len(), found.jobs.len());
    println!("{intents} transactions, {jobs} jobs, {runs} runs");
    assert!(jobs > 0, "nothing was stored, so nothing is shown");
    check(&ledger, found)
}

struct Damage {
    chance: StdRng,
    faults: Vec<Fault>,
    cluster: Option<Cluster>,
}

impl Damage {
    /// After a while.
    async fn happens(&mut self, crew: &mut Crew, place: &Place) {
        let pause = self.chance.random_range(50..400);
        sleep(Duration::from_millis(pause)).await;
        crew.recover().await;
        if self.faults.is_empty() {
            return;
        }

        let fault = self.faults[self.chance.random_range(0..self.faults.len())];
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
                let cluster = self.cluster.as_ref().expect("the story has a server");
                cluster.restart_at_once().await;
                crew.excuse_all();
            }
        }
    }
}

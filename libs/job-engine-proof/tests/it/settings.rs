//! What the environment says.

use std::path::PathBuf;
use std::time::Duration;

use crate::place::Place;
use crate::planted::Planted;

/// How long a story's faults go on by default.
const SHORT: Duration = Duration::from_secs(3);

/// What a worker process is told to do.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Where the jobs are.
    pub(crate) place: String,
    /// Where to write down what the handlers do.
    pub(crate) effects: PathBuf,
    pub(crate) planted: Planted,
    /// Whether the application needs its pool for itself most of the time.
    pub(crate) crowded: bool,
    /// How far the machine's clock is from the true time, in seconds.
    pub(crate) clock: i64,
}

/// The variable that tells a process where the jobs are.
pub(crate) const PLACE: &str = "PROOF_PLACE";

impl Order {
    const EFFECTS: &str = "PROOF_EFFECTS";
    const PLANTED: &str = "PROOF_PLANTED";
    const CROWDED: &str = "PROOF_CROWDED";
    const CLOCK: &str = "PROOF_CLOCK";

    pub(crate) fn of_the_environment() -> Self {
        let value = |name| variable(name).expect("the process is started by a story");
        Self {
            place: value(PLACE),
            effects: PathBuf::from(value(Self::EFFECTS)),
            planted: Planted::named(&value(Self::PLANTED)),
            crowded: value(Self::CROWDED) == "true",
            clock: value(Self::CLOCK).parse().expect("it is a number"),
        }
    }

    pub(crate) fn variables(&self) -> [(&'static str, String); 5] {
        let effects = self.effects.to_str().expect("the path is UTF-8");
        [
            (PLACE, self.place.clone()),
            (Self::EFFECTS, effects.to_owned()),
            (Self::PLANTED, self.planted.name()),
            (Self::CROWDED, self.crowded.to_string()),
            (Self::CLOCK, self.clock.to_string()),
        ]
    }
}

/// Where a process that a test has started finds the jobs.
pub(crate) fn place() -> Place {
    Place::at(&variable(PLACE).expect("the process is started by a test"))
}

/// The address of a PostgreSQL cluster in which databases may be made.
pub(crate) fn postgres() -> String {
    variable("DIQUIS_TEST_POSTGRES_URL").expect(
        "no DIQUIS_TEST_POSTGRES_URL: run `scripts/with-postgres cargo test -p job-engine-proof`",
    )
}

/// `SEED`, or one that nobody has seen.
pub(crate) fn seed() -> u64 {
    let given = variable("SEED").map(|seed| seed.parse().expect("SEED is a number"));
    let seed = given.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    println!("SEED={seed}");
    seed
}

pub(crate) fn length() -> Duration {
    let given = variable("CHAOS_SECONDS");
    let given = given.map(|text| text.parse().expect("CHAOS_SECONDS is a number"));
    given.map_or(SHORT, Duration::from_secs)
}

/// How many random histories are compared.
pub(crate) fn cases() -> u32 {
    match variable("CHAOS_SECONDS") {
        Some(_) => 200,
        None => 8,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's settings are in the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

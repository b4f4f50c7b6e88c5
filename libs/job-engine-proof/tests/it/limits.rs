//! Queues in which few jobs may run at once, or begin within a second.

use std::time::Duration;

use job_engine::storage::Limit;
use job_engine::{Client, NewJob};
use job_engine_proof::Ledger;
use rand::{Rng, RngExt};

use crate::planted::Planted;

/// Two at once, as the queue's limit says.
const NARROW: &str = "narrow";

/// All its jobs have one key, of which one job runs at once.
const KEYED: &str = "keyed";

/// So many jobs may begin within the period.
const PACED: &str = "paced";
const PACE: u32 = 8;
const PERIOD: Duration = Duration::from_secs(1);
/// However slowly a machine begins jobs, it exceeds this if nobody heeds it.
const LONG_PERIOD: Duration = Duration::from_hours(1);

/// So many jobs at once are far more than may run or begin, on a busy machine as well.
pub(crate) const MANY: usize = 60;

pub(crate) const QUEUES: [&str; 4] = ["default", NARROW, KEYED, PACED];

/// Tells the ledger of them.
pub(crate) async fn set(client: &Client, ledger: &mut Ledger, planted: Planted) {
    let period = match planted {
        Planted::IgnoresLimits => LONG_PERIOD,
        _ => PERIOD,
    };
    let two = Limit::at_once(2);
    client.queues().limit(NARROW, two).await.expect("it is set");
    let pace = Limit::per(period, PACE);
    client.queues().limit(PACED, pace).await.expect("it is set");
    ledger.limits = vec![(NARROW.to_owned(), 2), (KEYED.to_owned(), 1)];
    ledger.rates = vec![(PACED.to_owned(), PACE as usize, period)];
}

/// Puts three of twenty into a queue with a limit; all of them where the story is about limits.
pub(crate) fn perhaps(job: NewJob, planted: Planted, chance: &mut impl Rng) -> NewJob {
    let kinds = match planted {
        Planted::IgnoresLimits => 3,
        _ => 20,
    };
    match chance.random_range(0..kinds) {
        0 => job.in_queue(NARROW),
        1 => {
            let job = job.in_queue(KEYED).limited_by("account/7");
            job.expect("the key is short")
        }
        2 => job.in_queue(PACED),
        _ => job,
    }
}

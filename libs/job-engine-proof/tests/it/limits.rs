//! Queues in which few jobs may run at once.

use job_engine::storage::Limit;
use job_engine::{Client, NewJob};
use rand::{Rng, RngExt};

use crate::planted::Planted;

/// Two at once, as the queue's limit says.
const NARROW: &str = "narrow";

/// All its jobs have one key, of which one job runs at once.
const KEYED: &str = "keyed";

pub(crate) const QUEUES: [&str; 3] = ["default", NARROW, KEYED];

/// Answers what the ledger is to know of them.
pub(crate) async fn set(client: &Client) -> Vec<(String, usize)> {
    let two = Limit::at_once(2);
    client.queues().limit(NARROW, two).await.expect("it is set");
    vec![(NARROW.to_owned(), 2), (KEYED.to_owned(), 1)]
}

/// Puts one of ten into a queue with a limit; half of them where the story is about limits.
pub(crate) fn perhaps(job: NewJob, planted: Planted, chance: &mut impl Rng) -> NewJob {
    let kinds = match planted {
        Planted::IgnoresLimits => 4,
        _ => 20,
    };
    match chance.random_range(0..kinds) {
        0 => job.in_queue(NARROW),
        1 => {
            let job = job.in_queue(KEYED).limited_by("account/7");
            job.expect("the key is short")
        }
        _ => job,
    }
}

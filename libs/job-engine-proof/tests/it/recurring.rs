//! A job that every server wants to create at the same moments.

use std::time::Duration;

use job_engine::Client;
use job_engine::recurring::{MissedRuns, RecurringJob, Schedule};
use tokio::time::{sleep, timeout};

use crate::entry::Entry;

const ID: &str = "tick";
const INTERVAL: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_mins(1);

/// Answers what the ledger is to know of it.
pub(crate) async fn start(client: &Client) -> Vec<(String, Duration)> {
    let schedule = Schedule::every(INTERVAL).expect("an interval of a second is one");
    let tick = RecurringJob::new(ID, &Entry::plain(), schedule).expect("it is JSON");
    let tick = tick.missed_runs(MissedRuns::Strict);
    let added = client.recurring().add_or_update(&tick).await;
    added.expect("the storage answers");
    vec![(ID.to_owned(), INTERVAL)]
}

/// No more occurrences.
pub(crate) async fn stop(client: &Client, recurring: &[(String, Duration)]) {
    for (id, _) in recurring {
        let paused = async {
            while client
                .recurring()
                .pause(id, "The story ends")
                .await
                .is_err()
            {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, paused)
            .await
            .expect("the storage is back");
    }
}

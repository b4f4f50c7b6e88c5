use job_engine::recurring::{Overlap, RecurringJob, Schedule};
use job_engine::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::App;

/// Forgets sessions that expired and links that cannot be used any more: also of those who never
/// come back, so that nothing is kept of them for longer than it serves.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ForgetExpired {}

impl ForgetExpired {
    /// Every night, when the fewest people are there.
    pub fn every_night() -> RecurringJob {
        let nightly = Schedule::cron("17 3 * * *").expect("it is a schedule");
        let job = RecurringJob::new("forget-expired", &Self {}, nightly);
        job.expect("it is JSON").overlap(Overlap::Skip)
    }
}

impl Job for ForgetExpired {
    const NAME: &'static str = "forget_expired";
    type Context = App;

    async fn run(&self, app: &App, attempt: &Attempt) -> Result<(), JobError> {
        let now = app.clock.now();
        let mut transaction = app.catalog.begin().await?;
        let sessions = transaction.sessions().remove_all_expired(now).await?;
        let links = transaction.one_time_links().remove_spent(now).await?;
        transaction.commit().await?;

        let said = format!("Expired sessions forgotten: {sessions}; spent links: {links}");
        attempt.notepad.log(said);
        Ok(())
    }
}

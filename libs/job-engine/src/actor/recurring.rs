use super::{ActError, Actor, given_reason};
use crate::recurring::{RecurringJobs, Schedule};
use crate::storage::JobId;

impl Actor {
    /// Runs a recurring job now; the schedule goes on as if nothing had happened. Answers the job
    /// that was created.
    pub async fn run_recurring(&self, id: &str) -> Result<JobId, ActError> {
        let reason = format!("Run by {}", self.signature);
        let created = self.recurring("run", id, None).run_now(id, &reason).await?;
        created.ok_or_else(|| unknown(id))
    }

    /// Creates no jobs any more until it is resumed.
    pub async fn pause_recurring(&self, id: &str, why: &str) -> Result<(), ActError> {
        let why = given_reason(why)?;
        let by = format!("Paused by {}", self.signature);
        let reason = match &why {
            Some(why) => format!("{by}: {why}"),
            None => by,
        };
        let recurring = self.recurring("pause", id, why);
        there_is(recurring.pause(id, &reason).await?, id)
    }

    /// Goes on with the next occurrence.
    pub async fn resume_recurring(&self, id: &str) -> Result<(), ActError> {
        let recurring = self.recurring("resume", id, None);
        there_is(recurring.resume(id).await?, id)
    }

    /// Gives it another schedule, from now on.
    pub async fn reschedule(&self, id: &str, schedule: &Schedule) -> Result<(), ActError> {
        let to = format!("to {} in {}", schedule.text(), schedule.time_zone());
        let recurring = self.recurring("reschedule", id, Some(to));
        there_is(recurring.reschedule(id, schedule).await?, id)
    }

    /// Takes it out, with its history. Jobs that it has created stay.
    pub async fn remove_recurring(&self, id: &str) -> Result<(), ActError> {
        let recurring = self.recurring("remove", id, None);
        there_is(recurring.remove(id).await?, id)
    }

    fn recurring(&self, action: &str, id: &str, reason: Option<String>) -> RecurringJobs {
        let mut deed = self.deed(format!("{action} recurring job"), id);
        deed.reason = reason;
        RecurringJobs::of(self.storage.clone()).written_down(deed)
    }
}

fn there_is(it: bool, id: &str) -> Result<(), ActError> {
    if it { Ok(()) } else { Err(unknown(id)) }
}

fn unknown(id: &str) -> ActError {
    ActError::NotFound(format!("There is no recurring job “{id}”."))
}

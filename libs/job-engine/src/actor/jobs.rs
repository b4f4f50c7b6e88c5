use jiff::Timestamp;
use serde::de::IgnoredAny;

use super::{ActError, Actor, LARGE_DELETION, given_reason, name, needed_reason};
use crate::new_job::NewJob;
use crate::redaction::Redactions;
use crate::storage::{
    Act, Command, Commanded, JobId, JobQuery, NewOperation, OperationId, Order, StorageError,
};

/// What of a copied job is to be different.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copy {
    /// JSON text; `None` takes the arguments of the job that is copied.
    pub arguments: Option<String>,
    /// `None` takes the queue of the job that is copied.
    pub queue: Option<String>,
}

impl Actor {
    /// Commands one job. `seen` is when the job that they saw had come into its state: one that has
    /// changed since is left as it is; `None` takes it as it is now.
    pub async fn command(
        &self,
        job: JobId,
        seen: Option<Timestamp>,
        command: Command,
        why: &str,
    ) -> Result<Commanded, ActError> {
        let why = given_reason(why)?;
        let mut deed = self.deed(command.name(), job.to_string());
        deed.jobs = 1;
        deed.reason.clone_from(&why);
        let act = Act {
            job,
            seen,
            command,
            reason: self.reason(command, why.as_deref()),
            deed: Some(deed),
        };

        let commanded = self.storage.act(&act).await?;
        tracing::info!(actor = %self.name, action = command.name(), %job, ?commanded, "acted on a job");
        Ok(commanded)
    }

    /// Commands all jobs that a query finds, in the background. `words` are the query as a person
    /// wrote it; empty for every job. Nothing begins when more jobs match than are `expected`, but
    /// for a hundredth that may have come meanwhile; with `None` only a [`LARGE_DELETION`] does not.
    pub async fn begin_operation(
        &self,
        command: Command,
        query: JobQuery,
        words: &str,
        why: &str,
        expected: Option<u64>,
    ) -> Result<OperationId, ActError> {
        let why = needed_reason(why)?;
        let total = self.storage.count(&query, u64::MAX).await?;
        if is_too_many(total, command, expected) {
            return Err(ActError::TooMany(total));
        }
        let new = NewOperation {
            id: OperationId::random(),
            command,
            query,
            words: words.to_owned(),
            actor: self.name.clone(),
            reason: self.reason(command, Some(&why)),
            total,
        };

        let target = if words.is_empty() { "every job" } else { words };
        let mut deed = self.deed(command.name(), target);
        deed.jobs = total;
        deed.reason = Some(why);
        let id = new.id;
        self.order(&Order::BeginOperation(new), &deed).await?;
        Ok(id)
    }

    /// Ends an operation where it is. Answers whether it was still running.
    pub async fn stop_operation(&self, id: OperationId) -> Result<bool, StorageError> {
        let deed = self.deed("stop operation", id.to_string());
        self.order(&Order::StopOperation(id), &deed).await
    }

    /// Enqueues a job like another one. Arguments that were shown with hidden values, as
    /// `redactions` hide them, get these values back.
    pub async fn enqueue_copy(
        &self,
        of: JobId,
        copy: &Copy,
        redactions: &Redactions,
    ) -> Result<JobId, ActError> {
        let original = self.storage.job(of).await?;
        let original = original.ok_or_else(|| ActError::NotFound(unknown(of)))?;
        let original = original.summary;
        let arguments = match &copy.arguments {
            None => original.arguments,
            Some(edited) => {
                let edited = json(edited)?;
                let restored = redactions.restore(&original.kind, edited, &original.arguments);
                restored.map_err(|error| not_json(&error.to_string()))?
            }
        };
        let queue = name(copy.queue.as_ref().unwrap_or(&original.queue))?;
        let new = NewJob {
            priority: original.priority,
            tenant: original.tenant,
            tags: original.tags,
            ..NewJob::of_kind(&original.kind, arguments).in_queue(queue)
        };

        let id = new.id;
        let mut deed = self.deed("enqueue a copy", id.to_string());
        deed.jobs = 1;
        deed.reason = Some(format!("a copy of {of}"));
        self.order(&Order::Enqueue(new), &deed).await?;
        Ok(id)
    }

    /// What the histories of jobs say.
    fn reason(&self, command: Command, why: Option<&str>) -> String {
        let done = match command {
            Command::Requeue => "Requeued",
            Command::TriggerNow => "Triggered",
            Command::Delete => "Deleted",
        };
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        format!("{done} by {}{why}", self.signature)
    }
}

fn is_too_many(total: u64, command: Command, expected: Option<u64>) -> bool {
    match expected {
        Some(expected) => total > expected.saturating_add(expected / 100),
        None => command == Command::Delete && total > LARGE_DELETION,
    }
}

fn unknown(job: JobId) -> String {
    format!(
        "There is no job with the id {job}. Jobs that succeeded or were deleted are removed when their \
         retention has passed."
    )
}

fn json(text: &str) -> Result<&str, ActError> {
    let text = text.trim();
    let problem = match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) if text.len() <= NewJob::MAX_ARGUMENTS_BYTES => return Ok(text),
        Ok(_) => "they are longer than 256 KiB".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(not_json(&problem))
}

fn not_json(problem: &str) -> ActError {
    ActError::Unfit(format!(
        "The arguments are no JSON that a job may have: {problem}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_deletion_is_too_much_for_who_does_not_say_how_large() {
        for (total, command, expected, is_refused) in [
            (LARGE_DELETION, Command::Delete, None, false),
            (LARGE_DELETION + 1, Command::Delete, None, true),
            (LARGE_DELETION + 1, Command::Requeue, None, false),
            (20_000, Command::Delete, Some(20_000), false),
            (20_200, Command::Delete, Some(20_000), false),
            (20_201, Command::Delete, Some(20_000), true),
            (7, Command::Requeue, Some(6), true),
            (u64::MAX, Command::Delete, Some(u64::MAX), false),
        ] {
            let is_it = is_too_many(total, command, expected);
            assert_eq!(is_it, is_refused, "{total} {command:?} {expected:?}");
        }
    }
}

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Process;
use crate::meters;
use crate::recurring::plan::{Plan, plan, postponed};
use crate::session::Session;
use crate::storage::{Advance, Advanced, Command, DueRecord, StorageError};

/// How many recurring jobs it looks at in one pass.
const BATCH: usize = 100;

/// How many entries of their histories are written in one transaction, and more by those of one
/// recurring job.
const MOST_ENTRIES: usize = 1000;

/// Recurring jobs that are due but were moved on by another server are not looked at sooner.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

/// Creates the jobs of recurring ones whose time has come.
pub(crate) struct Recurrer {
    session: Arc<Session>,
    /// What this server can run.
    kinds: Vec<String>,
}

impl Recurrer {
    pub(crate) fn of(session: &Arc<Session>, kinds: Vec<String>) -> Self {
        Self {
            session: session.clone(),
            kinds,
        }
    }

    /// Whoever is late changes nothing: the plan knows the revision on which it was made.
    async fn carry_out(&self, plans: Vec<Plan>) -> Result<(), StorageError> {
        if plans.is_empty() {
            return Ok(());
        }
        for plan in &plans {
            for job in &plan.replaced {
                let reason = format!("Replaced by the next run of `{}`", plan.advance.id);
                let storage = &self.session.storage;
                storage.command(*job, Command::Delete, &reason).await?;
            }
        }

        let advances: Vec<Advance> = plans.into_iter().map(|plan| plan.advance).collect();
        if self.advance(&advances).await.is_ok() {
            return Ok(());
        }
        // The storage is away, or one of them is refused: that must not stop the others.
        for advance in advances {
            self.advance_alone(advance).await?;
        }
        Ok(())
    }

    async fn advance(&self, advances: &[Advance]) -> Result<(), StorageError> {
        let storage = &self.session.storage;
        let outcomes = storage.advance_recurring(advances).await?;
        for (advance, outcome) in advances.iter().zip(outcomes) {
            let Advanced::Done(duplicates) = outcome else {
                continue;
            };
            say(advance);
            let jobs = advance.runs.iter().filter_map(|run| run.job.as_ref());
            meters::count_enqueued(jobs, &duplicates);
            if !advance.runs.is_empty() {
                self.session.enqueued.notify_one();
            }
        }
        Ok(())
    }

    /// What is refused is said on the recurring job; a storage that is away cannot even do that.
    async fn advance_alone(&self, advance: Advance) -> Result<(), StorageError> {
        let (id, revision) = (advance.id.clone(), advance.revision);
        let Err(refusal) = self.advance(&[advance]).await else {
            return Ok(());
        };
        let storage = &self.session.storage;
        let now = storage.time().await?;
        match storage.recurring_job(&id).await? {
            Some(record) if record.revision == revision => {
                self.advance(&[postponed(&record, now, &refusal)]).await
            }
            _ => Ok(()),
        }
    }

    fn plan(&self, due: &DueRecord, now: jiff::Timestamp) -> Plan {
        let is_known = self.kinds.contains(&due.record.kind);
        let stranger = (!is_known).then_some(self.session.options.name.as_str());
        plan(due, now, stranger)
    }
}

fn entries(plans: &[Plan]) -> usize {
    plans.iter().map(|plan| plan.advance.runs.len()).sum()
}

fn say(advance: &Advance) {
    let id = advance.id.as_str();
    if let Some(error) = &advance.error {
        tracing::error!(recurring_job = id, error, "a recurring job is not well");
    } else {
        tracing::debug!(recurring_job = id, "a recurring job has moved on");
    }
}

#[async_trait]
impl Process for Recurrer {
    const NAME: &'static str = "recurrer";

    async fn pass(&mut self) -> Result<Duration, StorageError> {
        let storage = &self.session.storage;
        let found = storage.due_recurring(&self.kinds, BATCH).await?;
        let mut plans = Vec::new();
        for due in &found.due {
            plans.push(self.plan(due, found.now));
            if entries(&plans) >= MOST_ENTRIES {
                self.carry_out(mem::take(&mut plans)).await?;
            }
        }
        self.carry_out(plans).await?;

        if !found.due.is_empty() {
            // Their next occurrences are not among those that were looked at.
            return Ok(SHORTEST_WAIT);
        }
        let poll_interval = self.session.options.poll_interval;
        let next_in = found.next_in.unwrap_or(poll_interval);
        Ok(next_in.min(poll_interval).max(SHORTEST_WAIT))
    }

    async fn woken(&self) {
        self.session.storage.recurring_changed().await;
    }
}

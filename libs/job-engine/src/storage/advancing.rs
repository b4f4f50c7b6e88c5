//! What the plans of recurring jobs come to when they are carried out, told alike by every storage.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{Advance, Advanced, JobId, NewRun};
use crate::new_job::NewJob;
use crate::unique::Duplicate;

/// An entry for the history of a recurring job.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The recurring job's id.
    pub recurring_job: &'a str,
    /// Its number in the history.
    pub number: i64,
    /// What is written down.
    pub run: Cow<'a, NewRun>,
}

/// What plans put down together: their jobs are stored all at once or not at all.
#[derive(Debug)]
pub struct Entries<'a> {
    plans: &'a [Advance],
    firsts: HashMap<String, i64>,
    kept: Vec<Entry<'a>>,
}

impl<'a> Entries<'a> {
    /// Those of the plans whose records move on; `firsts` has the number of each one's first new
    /// entry, by the recurring job's id.
    pub fn of(plans: &'a [Advance], firsts: HashMap<String, i64>) -> Self {
        let moved = plans
            .iter()
            .filter_map(|plan| Some((plan, *firsts.get(&plan.id)?)));
        let entries = moved.flat_map(|(plan, first)| {
            plan.runs.iter().zip(first..).map(|(run, number)| Entry {
                recurring_job: &plan.id,
                number,
                run: Cow::Borrowed(run),
            })
        });
        Self {
            kept: entries.collect(),
            plans,
            firsts,
        }
    }

    /// The jobs of all of them.
    pub fn jobs(&self) -> impl Iterator<Item = &NewJob> {
        self.iter().filter_map(|entry| entry.run.job.as_ref())
    }

    /// Leaves those out whose jobs are stored already, or have an entry before.
    pub fn leave_out(&mut self, mut stored: HashSet<JobId>) {
        self.kept.retain(|entry| {
            let job = entry.run.job.as_ref();
            job.is_none_or(|job| stored.insert(job.id))
        });
    }

    /// Says of those whose jobs were not stored who has their keys.
    pub fn skip(&mut self, duplicates: &[Duplicate]) {
        let holders: HashMap<JobId, JobId> = duplicates.iter().map(|it| (it.job, it.of)).collect();
        for entry in &mut self.kept {
            let job = entry.run.job.as_ref();
            if let Some(holder) = job.and_then(|job| holders.get(&job.id)) {
                entry.run = Cow::Owned(entry.run.skipped_for(*holder));
            }
        }
    }

    /// Each, in the order of the plans.
    pub fn iter(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.kept.iter()
    }

    /// What comes of each plan, in their order.
    pub fn outcomes(&self, duplicates: &[Duplicate]) -> Vec<Advanced> {
        let outcome = |plan: &Advance| {
            if self.firsts.contains_key(&plan.id) {
                return Advanced::Done(duplicates_of(plan, duplicates));
            }
            Advanced::Stale
        };
        self.plans.iter().map(outcome).collect()
    }
}

fn duplicates_of(plan: &Advance, duplicates: &[Duplicate]) -> Vec<Duplicate> {
    let jobs = || plan.runs.iter().filter_map(|run| run.job.as_ref());
    let is_its_own = |duplicate: &&Duplicate| jobs().any(|job| job.id == duplicate.job);
    duplicates.iter().filter(is_its_own).copied().collect()
}

//! Finding what has expired among millions of jobs that are kept, a bounded stretch at a time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::retention::Retention;
use crate::state::State;

/// How many stretches one sweep looks at: it removes few jobs where most are kept for longer.
const MOST_STRETCHES: usize = 100;

/// In microseconds: a job may be recorded a little after the time at which it says it ended.
const LATENESS: i64 = 60_000_000;

/// What a clock that was set back hid is found then.
const BEGIN_ANEW_AFTER: Duration = Duration::from_hours(24);

/// Jobs that are kept equally long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// How they ended.
    pub state: State,
    /// Their kinds; with `others` every kind but these.
    pub kinds: Vec<String>,
    /// Whether it is about all kinds but `kinds`.
    pub others: bool,
    /// How long after their end they are kept.
    pub retention: Duration,
}

/// A place among the jobs of a state, in the order in which they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// In microseconds since the Unix epoch.
    pub ended_at: i64,
    /// Among those that ended at that time, in the order of their ids.
    pub job: Uuid,
}

/// At most `limit` jobs in the state of the rule that ended after a place: those to which the rule
/// applies and whose time has passed are to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Whom it is about.
    pub rule: Rule,
    /// Where it begins: after this one.
    pub after: Place,
    /// How many jobs are looked at.
    pub limit: usize,
}

/// What became of a [`Stretch`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Swept {
    /// How many jobs of the state were looked at, of other kinds as well.
    pub looked_at: usize,
    /// How many of them were removed.
    pub removed: usize,
    /// The last one that was looked at.
    pub last: Option<Place>,
}

/// How far a storage has removed what expired, rule by rule, so that no job which is kept is looked
/// at again and again.
#[derive(Debug)]
pub struct Sweeps {
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    since: Instant,
    rules: Vec<(Rule, Place)>,
}

/// One sweep: look at the [`next`](Self::next) stretch and tell what [`was_swept`](Self::was_swept)
/// until there is none.
#[derive(Debug)]
pub struct Sweep<'a> {
    sweeps: &'a Sweeps,
    rules: Vec<(Rule, Place)>,
    /// The rule that is looked at.
    at: usize,
    stretches: usize,
    limit: usize,
    removed: usize,
}

impl Default for Sweeps {
    fn default() -> Self {
        Self {
            progress: Mutex::new(Progress {
                since: Instant::now(),
                rules: Vec::new(),
            }),
        }
    }
}

impl Sweeps {
    /// Begins to remove at most `limit` jobs; `own` are the kinds that are not kept as all others.
    pub fn begin(
        &self,
        general: Retention,
        own: &[(String, Retention)],
        limit: usize,
    ) -> Sweep<'_> {
        let rules = rules(general, own);
        let mut progress = self.progress();
        let is_known = progress.rules.iter().map(|(rule, _)| rule).eq(&rules);
        if !is_known || progress.since.elapsed() > BEGIN_ANEW_AFTER {
            let begin = |rule| (rule, Place::default());
            *progress = Progress {
                since: Instant::now(),
                rules: rules.into_iter().map(begin).collect(),
            };
        }
        Sweep {
            sweeps: self,
            rules: progress.rules.clone(),
            at: 0,
            stretches: 0,
            limit,
            removed: 0,
        }
    }

    fn is_at(&self, rule: &Rule, place: Place) {
        let mut progress = self.progress();
        let found = progress.rules.iter_mut().find(|(known, _)| known == rule);
        if let Some((_, known)) = found {
            *known = place;
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sweep<'_> {
    /// What to look at now; `None` when the limit is reached or enough was looked at.
    pub fn next(&self) -> Option<Stretch> {
        let (rule, after) = self.rules.get(self.at)?;
        let limit = self.limit - self.removed;
        (limit > 0 && self.stretches < MOST_STRETCHES).then(|| Stretch {
            rule: rule.clone(),
            after: *after,
            limit,
        })
    }

    /// Takes note of what became of the stretch.
    pub fn was_swept(&mut self, stretch: &Stretch, swept: Swept) {
        self.stretches += 1;
        self.removed += swept.removed;
        let Some(last) = swept.last else {
            self.at += 1;
            return;
        };
        let is_end = swept.looked_at < stretch.limit;
        let place = if is_end { last.earlier(LATENESS) } else { last };
        self.rules[self.at].1 = place;
        self.sweeps.is_at(&stretch.rule, place);
        self.at += usize::from(is_end);
    }

    /// How many jobs were removed.
    pub fn removed(&self) -> usize {
        self.removed
    }
}

impl Place {
    fn earlier(self, micros: i64) -> Self {
        Self {
            ended_at: self.ended_at.saturating_sub(micros),
            job: Uuid::nil(),
        }
    }
}

fn rules(general: Retention, own: &[(String, Retention)]) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (state, time) in [
        (State::Succeeded, general.succeeded),
        (State::Deleted, general.deleted),
    ] {
        rules.push(Rule {
            state,
            kinds: own.iter().map(|(kind, _)| kind.clone()).collect(),
            others: true,
            retention: time,
        });
    }
    for (kind, retention) in own {
        for (state, time) in [
            (State::Succeeded, retention.succeeded),
            (State::Deleted, retention.deleted),
        ] {
            rules.push(Rule {
                state,
                kinds: vec![kind.clone()],
                others: false,
                retention: time,
            });
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Retention = Retention::of(Duration::from_hours(1));

    fn place(second: i64) -> Place {
        Place {
            ended_at: second * 1_000_000,
            job: Uuid::max(),
        }
    }

    fn swept(looked_at: usize, removed: usize, last: Option<Place>) -> Swept {
        Swept {
            looked_at,
            removed,
            last,
        }
    }

    #[test]
    fn jobs_that_are_kept_are_not_looked_at_by_the_next_sweep() {
        let sweeps = Sweeps::default();
        let mut first = sweeps.begin(HOUR, &[], 10);
        let stretch = first.next().expect("a sweep begins");
        first.was_swept(&stretch, swept(10, 0, Some(place(1000))));

        let next = sweeps.begin(HOUR, &[], 10).next();

        assert_eq!(next.map(|stretch| stretch.after), Some(place(1000)));
    }

    #[test]
    fn who_is_recorded_late_is_found_by_the_next_sweep() {
        let sweeps = Sweeps::default();
        let mut first = sweeps.begin(HOUR, &[], 10);
        let stretch = first.next().expect("a sweep begins");
        first.was_swept(&stretch, swept(3, 3, Some(place(1000))));

        let next = sweeps.begin(HOUR, &[], 10).next();

        let after = next.map(|stretch| stretch.after.ended_at);
        assert_eq!(after, Some(place(940).ended_at));
    }

    #[test]
    fn another_retention_looks_at_all_jobs_again() {
        let sweeps = Sweeps::default();
        let mut first = sweeps.begin(HOUR, &[], 10);
        let stretch = first.next().expect("a sweep begins");
        first.was_swept(&stretch, swept(10, 0, Some(place(1000))));
        let day = Retention::of(Duration::from_hours(24));

        let next = sweeps.begin(HOUR, &[("send".to_owned(), day)], 10).next();

        assert_eq!(next.map(|stretch| stretch.after), Some(Place::default()));
    }

    #[test]
    fn a_sweep_among_kept_jobs_has_an_end() {
        let sweeps = Sweeps::default();
        let mut sweep = sweeps.begin(HOUR, &[], 10);
        let mut second = 0;

        while let Some(stretch) = sweep.next() {
            second += 1;
            sweep.was_swept(&stretch, swept(10, 0, Some(place(second))));
        }

        assert_eq!(second, 100);
    }

    #[test]
    fn a_sweep_removes_no_more_than_its_limit() {
        let sweeps = Sweeps::default();
        let mut sweep = sweeps.begin(HOUR, &[], 10);
        let stretch = sweep.next().expect("a sweep begins");
        sweep.was_swept(&stretch, swept(10, 7, Some(place(1))));
        let stretch = sweep.next().expect("three are left");
        assert_eq!(stretch.limit, 3);

        sweep.was_swept(&stretch, swept(3, 3, Some(place(2))));

        assert_eq!(sweep.next(), None);
        assert_eq!(sweep.removed(), 10);
    }
}

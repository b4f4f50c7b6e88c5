use std::collections::BTreeMap;
use std::time::Duration;

use super::JobSummary;
use crate::state::State;

/// How the jobs of a kind have fared lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSummary {
    /// By the name under which the jobs are stored.
    pub kind: String,
    /// How many came to a good end.
    pub succeeded: u64,
    /// Given up.
    pub failed: u64,
    /// Half of those that succeeded were done within this time.
    pub half_within: Option<Duration>,
    /// 95 of 100 of those that succeeded were done within this time.
    pub most_within: Option<Duration>,
}

impl KindSummary {
    /// The kinds of these jobs, by name. Jobs that have neither succeeded nor failed do not count.
    pub(super) fn of(jobs: Vec<JobSummary>) -> Vec<Self> {
        let mut kinds: BTreeMap<String, Ended> = BTreeMap::new();
        for job in jobs {
            kinds
                .entry(job.kind)
                .or_default()
                .add(job.state, job.duration);
        }
        let summary = |(kind, mut ended): (String, Ended)| {
            ended.durations.sort_unstable();
            Self {
                kind,
                succeeded: ended.succeeded,
                failed: ended.failed,
                half_within: ended.within(50),
                most_within: ended.within(95),
            }
        };
        kinds.into_iter().map(summary).collect()
    }
}

#[derive(Debug, Default)]
struct Ended {
    succeeded: u64,
    failed: u64,
    /// Of those that succeeded, the shortest first once they are sorted.
    durations: Vec<Duration>,
}

impl Ended {
    fn add(&mut self, state: State, duration: Option<Duration>) {
        match state {
            State::Succeeded => {
                self.succeeded += 1;
                self.durations.extend(duration);
            }
            State::Failed => self.failed += 1,
            _ => {}
        }
    }

    /// The time within which so many percent were done.
    fn within(&self, percent: usize) -> Option<Duration> {
        let place = (self.durations.len() * percent).div_ceil(100);
        self.durations.get(place.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let within = |milliseconds: Vec<u64>, percent| {
            let durations = milliseconds.into_iter().map(Duration::from_millis);
            let ended = Ended {
                durations: durations.collect(),
                ..Ended::default()
            };
            ended.within(percent).map(|time| time.as_millis())
        };

        assert_eq!(within((1..=100).collect(), 50), Some(50));
        assert_eq!(within((1..=100).collect(), 95), Some(95));
        assert_eq!(within(vec![7], 95), Some(7));
        assert_eq!(within(Vec::new(), 95), None);
    }
}

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{JobId, StorageError};
use crate::words;

/// So long after its claim a job under a rate may begin; later it is handed back. Storages count it
/// towards the rate for as much longer than the period, so that claiming ahead never breaks a rate.
pub const LATEST_START: Duration = Duration::from_millis(100);

/// What holds jobs back, said by people or by the application and honoured by every server at its
/// next claim. Jobs that are held back stay `Enqueued`.
#[async_trait]
pub trait Limits: Send + Sync {
    /// Stops a queue: nothing is claimed from it until it is resumed; what runs goes on. A queue
    /// that is paused already keeps its time and gets the new name and reason.
    async fn pause_queue(&self, queue: &str, by: &str, reason: &str) -> Result<(), StorageError>;

    /// Lets a queue go on, and wakes waiting workers. Answers whether it was paused.
    async fn resume_queue(&self, queue: &str) -> Result<bool, StorageError>;

    /// Limits a queue, a key or a group of keys, in place of an earlier limit. Jobs of the queue
    /// that run already count.
    async fn set_limit(&self, of: &Limited, limit: Limit) -> Result<(), StorageError>;

    /// Takes a limit away. Answers whether there was one.
    async fn remove_limit(&self, of: &Limited) -> Result<bool, StorageError>;

    /// What holds a waiting job back: nothing unless it is `Enqueued`.
    async fn hold_ups(&self, job: JobId) -> Result<HoldUps, StorageError>;

    /// The kinds of waiting jobs that no living server knows, by name. A server lives when its last
    /// heartbeat is younger than `alive_within`. It reads all that waits; where that takes long, the
    /// answer may be half a minute old.
    async fn unknown_kinds(&self, alive_within: Duration)
    -> Result<Vec<UnknownKind>, StorageError>;

    /// Every limit that was set, queues first, by name.
    async fn limits(&self) -> Result<Vec<(Limited, Limit)>, StorageError>;
}

/// Why a queue stands still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Who paused it.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// What the storage knows of why a job waits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoldUps {
    /// Its queue stands still.
    pub pause: Option<Pause>,
    /// The limits under which it runs, used up or not: its queue's, then its key's.
    pub limits: Vec<UsedLimit>,
}

/// A limit, and how much of it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedLimit {
    /// A queue, or the job's own key whatever name the limit was set under.
    pub of: Limited,
    /// What is allowed.
    pub limit: Limit,
    /// What is left of it.
    pub room: Room,
    /// Jobs that count as running, the one that was claimed first in front; ten at most.
    pub held_by: Vec<JobId>,
}

/// Jobs wait that nobody can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKind {
    /// By the name under which the jobs are stored.
    pub kind: String,
    /// How many wait.
    pub jobs: u64,
    /// Since when the oldest one waits.
    pub waiting_since: Timestamp,
}

/// What a limit is for. A limit holds over all servers together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Limited {
    /// The jobs of this queue.
    Queue(String),
    /// The jobs with this [key](crate::NewJob::limit_key). A name without a slash is a group as
    /// well: each key that begins with it and a slash has the same limit for itself.
    Key(String),
}

/// How many jobs may run at the same time, and how many may begin within a period. Each part counts
/// only when it is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limit {
    /// How many may run at the same time.
    pub at_once: Option<u32>,
    /// How many may begin within a period.
    pub rate: Option<Rate>,
}

/// In no span of time that is as long as `period`, by the storage's clock, do more than `jobs`
/// begin: a sliding window. They may begin all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// 1 to 10,000.
    pub jobs: u32,
    /// 100 ms to 24 hours.
    pub period: Duration,
}

/// The limit makes no sense; the text says why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnfitLimit(&'static str);

/// A claim that a storage counts towards a limit.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// Whether its lease is valid still.
    pub is_held: bool,
    /// How long ago it was made.
    pub age: Duration,
}

/// What a limit leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// How many more may be claimed now.
    pub free: usize,
    /// When there is no room because of the rate: in how long there is some.
    pub opens_in: Option<Duration>,
}

impl Limited {
    /// The queue's name, if it is a queue.
    pub const fn queue(&self) -> Option<&String> {
        match self {
            Self::Queue(name) => Some(name),
            Self::Key(_) => None,
        }
    }

    /// The group of keys that this key belongs to: what stands before its first slash.
    pub fn group_of(key: &str) -> &str {
        key.split('/').next().unwrap_or(key)
    }
}

impl Limit {
    /// The most that a limit may allow, and so the most slots that a storage looks through.
    pub const MOST: u32 = 10_000;

    /// The longest period of a rate.
    pub const LONGEST_PERIOD: Duration = Duration::from_hours(24);

    /// What holds for a key when neither it nor its group has a limit: one job at a time.
    pub const OF_A_KEY: Self = Self::at_once(1);

    /// So many jobs at the same time.
    pub const fn at_once(jobs: u32) -> Self {
        Self {
            at_once: Some(jobs),
            rate: None,
        }
    }

    /// So many jobs may begin within this period.
    pub const fn per(period: Duration, jobs: u32) -> Self {
        Self {
            at_once: None,
            rate: Some(Rate { jobs, period }),
        }
    }

    /// And no more than so many may begin within this period.
    pub const fn and_per(mut self, period: Duration, jobs: u32) -> Self {
        self.rate = Some(Rate { jobs, period });
        self
    }

    /// Refuses a limit that allows nothing, everything, or more than [`MOST`](Self::MOST).
    pub fn check(&self) -> Result<(), UnfitLimit> {
        let rate = self.rate.map(|rate| rate.jobs);
        if self.at_once.is_none() && rate.is_none() {
            return Err(UnfitLimit(
                "a limit limits nothing; say how many jobs may run at once, or how many per period",
            ));
        }
        let is_odd = |jobs: &u32| *jobs == 0 || *jobs > Self::MOST;
        if self.at_once.iter().chain(rate.iter()).any(is_odd) {
            return Err(UnfitLimit(
                "a limit allows 1 to 10000 jobs; pause the queue to allow none, give a shorter period for more",
            ));
        }
        let is_unfit =
            |rate: Rate| rate.period < LATEST_START || rate.period > Self::LONGEST_PERIOD;
        if self.rate.is_some_and(is_unfit) {
            return Err(UnfitLimit("a rate's period is 100 ms to 24 hours"));
        }
        Ok(())
    }

    /// What it leaves beside the claims that were made under it.
    pub fn room(&self, slots: &[Slot]) -> Room {
        let held = slots.iter().filter(|slot| slot.is_held).count();
        let free_now = self.at_once.map(|most| left(most, held));
        let Some(rate) = self.rate else {
            return Room {
                free: free_now.unwrap_or(usize::MAX),
                opens_in: None,
            };
        };

        let window = rate.period + LATEST_START;
        let mut ages: Vec<Duration> = slots.iter().map(|slot| slot.age).collect();
        ages.retain(|age| *age < window);
        ages.sort_unstable();
        let free = left(rate.jobs, ages.len());
        let last = (rate.jobs as usize).saturating_sub(1);
        Room {
            free: free.min(free_now.unwrap_or(usize::MAX)),
            opens_in: ages.get(last).map(|age| window.saturating_sub(*age)),
        }
    }
}

/// `2 at once, 10 a minute`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at_once = self
            .at_once
            .map(|jobs| format!("{} at once", words::number(jobs.into())));
        let rate = self.rate.map(|rate| rate.to_string());
        let parts: Vec<String> = [at_once, rate].into_iter().flatten().collect();
        f.write_str(&parts.join(", "))
    }
}

/// `10 a minute`, or `10 per 90 s`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let jobs = words::number(self.jobs.into());
        match self.period.as_millis() {
            1_000 => write!(f, "{jobs} a second"),
            60_000 => write!(f, "{jobs} a minute"),
            3_600_000 => write!(f, "{jobs} an hour"),
            86_400_000 => write!(f, "{jobs} a day"),
            _ => write!(f, "{jobs} per {}", words::length(self.period)),
        }
    }
}

fn left(most: u32, taken: usize) -> usize {
    (most as usize).saturating_sub(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn slot(is_held: bool, age_millis: u64) -> Slot {
        Slot {
            is_held,
            age: Duration::from_millis(age_millis),
        }
    }

    #[test]
    fn a_slot_is_free_when_its_lease_has_ended() {
        let limit = Limit::at_once(2);

        let room = limit.room(&[slot(true, 5), slot(false, 5), slot(false, 5)]);

        assert_eq!((room.free, room.opens_in), (1, None));
    }

    #[test]
    fn a_rate_opens_when_its_oldest_claim_leaves_the_window() {
        let limit = Limit::per(SECOND, 2);

        assert_eq!(limit.room(&[slot(false, 900)]).free, 1);
        assert_eq!(limit.room(&[slot(false, 900), slot(true, 1100)]).free, 1);
        let full = limit.room(&[slot(false, 900), slot(true, 300)]);
        assert_eq!(full.free, 0);
        assert_eq!(full.opens_in, Some(Duration::from_millis(200)));
    }

    #[test]
    fn the_narrower_part_counts() {
        let limit = Limit::at_once(3).and_per(SECOND, 2);

        assert_eq!(limit.room(&[]).free, 2);
        assert_eq!(limit.room(&[slot(true, 5000), slot(true, 5000)]).free, 1);
    }

    #[test]
    fn a_limit_is_told_in_words() {
        for (limit, text) in [
            (Limit::at_once(2), "2 at once"),
            (Limit::per(Duration::from_mins(1), 1200), "1,200 a minute"),
            (
                Limit::at_once(1).and_per(Duration::from_hours(1), 5),
                "1 at once, 5 an hour",
            ),
            (Limit::per(Duration::from_millis(1500), 3), "3 per 1.5 s"),
        ] {
            assert_eq!(limit.to_string(), text);
        }
    }

    #[test]
    fn odd_limits_are_refused() {
        let odd = [
            Limit::default(),
            Limit::at_once(0),
            Limit::at_once(Limit::MOST + 1),
            Limit::per(SECOND, 0),
            Limit::per(Duration::ZERO, 1),
            Limit::per(Duration::from_hours(25), 1),
        ];

        for limit in odd {
            assert!(limit.check().is_err(), "{limit:?}");
        }
        assert_eq!(Limit::at_once(1).and_per(SECOND, 5).check(), Ok(()));
    }
}

use std::fmt;
use std::str::FromStr;

/// What becomes of occurrences at whose time no server ran. The words are Hangfire's.
///
/// An occurrence is missed when it is more than a minute late, or when a later one is due already.
/// Occurrences during a pause are not missed: they were not wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MissedRuns {
    /// One run makes up for all of them.
    #[default]
    Relaxed,
    /// Each one is made up for, the oldest first: of the latest
    /// [`MOST_CAUGHT_UP`](Self::MOST_CAUGHT_UP).
    Strict,
    /// None is made up for.
    Ignorable,
}

/// What to do when an occurrence is due and a run of the same recurring job still lives: waits,
/// runs or is about to be retried.
///
/// A run that a person asked for counts as one that lives; it is itself started in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Overlap {
    /// Both run.
    #[default]
    Allow,
    /// The new occurrence is left out, which its history says.
    Skip,
    /// The earlier run is deleted, and told to stop if it runs.
    Replace,
}

/// A policy of a stored recurring job is not one of those that this program knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no policy for {what}; there are {known}")]
pub struct UnknownPolicy {
    what: &'static str,
    text: String,
    known: &'static str,
}

impl MissedRuns {
    /// As many are made up for at most.
    pub const MOST_CAUGHT_UP: usize = 1000;

    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Relaxed, Self::Strict, Self::Ignorable];

    /// The name that storages keep and dashboards show.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relaxed => "Relaxed",
            Self::Strict => "Strict",
            Self::Ignorable => "Ignorable",
        }
    }
}

impl Overlap {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Skip, Self::Replace];

    /// The name that storages keep and dashboards show.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Skip => "Skip",
            Self::Replace => "Replace",
        }
    }
}

impl fmt::Display for MissedRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for MissedRuns {
    type Err = UnknownPolicy;

    /// Reads a [`MissedRuns::name`].
    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        let found = Self::ALL.into_iter().find(|policy| policy.name() == text);
        found.ok_or_else(|| UnknownPolicy {
            what: "missed runs",
            text: text.to_owned(),
            known: "Relaxed, Strict and Ignorable",
        })
    }
}

impl FromStr for Overlap {
    type Err = UnknownPolicy;

    /// Reads an [`Overlap::name`].
    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        let found = Self::ALL.into_iter().find(|policy| policy.name() == text);
        found.ok_or_else(|| UnknownPolicy {
            what: "overlapping runs",
            text: text.to_owned(),
            known: "Allow, Skip and Replace",
        })
    }
}

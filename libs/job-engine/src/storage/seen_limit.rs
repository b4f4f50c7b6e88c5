use std::time::Duration;

use super::{Limit, Rate};

/// How it is written that there was no limit.
const NONE: &str = "none";

/// The limit that somebody saw when they ordered another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SeenLimit {
    /// They did not look. The default: whatever is in force gives way.
    #[default]
    Unseen,
    /// There was none.
    Unlimited,
    /// This one was in force.
    Limited(Limit),
}

impl SeenLimit {
    /// Whether what they saw is in force still.
    pub fn is_still(self, now: Option<Limit>) -> bool {
        match self {
            Self::Unseen => true,
            Self::Unlimited => now.is_none(),
            Self::Limited(seen) => now == Some(seen),
        }
    }

    /// A limit, or that there is none, as forms and addresses say it.
    pub fn version_of(limit: Option<Limit>) -> String {
        let Some(limit) = limit else {
            return NONE.to_owned();
        };
        // A limit allows one job at least, so 0 stands for a part that it has not.
        let at_once = limit.at_once.unwrap_or_default();
        let rate = limit.rate.map(|rate| (rate.jobs, rate.period.as_millis()));
        let (jobs, period) = rate.unwrap_or_default();
        format!("{at_once}~{jobs}~{period}")
    }

    /// Reads a [version](Self::version_of). `None` when it is nothing of the kind.
    pub fn parse(text: &str) -> Option<Self> {
        if text == NONE {
            return Some(Self::Unlimited);
        }
        let mut parts = text.split('~');
        let mut next = || parts.next()?.parse::<u64>().ok();
        let (at_once, jobs, period) = (next()?, next()?, next()?);
        let given = |jobs| u32::try_from(jobs).ok().filter(|jobs| *jobs > 0);
        let limit = Limit {
            at_once: given(at_once),
            rate: given(jobs).map(|jobs| Rate {
                jobs,
                period: Duration::from_millis(period),
            }),
        };
        parts.next().is_none().then_some(Self::Limited(limit))
    }
}

impl From<Option<Limit>> for SeenLimit {
    fn from(seen: Option<Limit>) -> Self {
        seen.map_or(Self::Unlimited, Self::Limited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_reads_back_from_its_version() {
        let at_once = Limit::at_once(3);
        let rate = Limit::per(Duration::from_secs(90), 5);
        let both = Limit {
            at_once: Some(1),
            ..rate
        };
        for limit in [Some(at_once), Some(rate), Some(both), None] {
            let version = SeenLimit::version_of(limit);
            assert_eq!(SeenLimit::parse(&version), Some(limit.into()), "{version}");
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", "1", "1~2", "1~2~3~4", "a~b~c"] {
            assert_eq!(SeenLimit::parse(text), None, "{text}");
        }
    }
}

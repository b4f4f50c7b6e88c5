use jiff::Timestamp;
use job_engine::JobId;

/// A job as a form names it, and the change after which the page showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) job: JobId,
    /// `None` when the form does not say: then the job is taken as it is.
    pub(crate) changed_at: Option<Timestamp>,
}

impl Seen {
    /// How a form writes it: the id, then the change after `~` in nanoseconds.
    pub(crate) fn to_field(self) -> String {
        match self.changed_at {
            Some(changed_at) => format!("{}~{}", self.job, changed_at.as_nanosecond()),
            None => self.job.to_string(),
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (id, change) = match text.split_once('~') {
            Some((id, change)) => (id, Some(change)),
            None => (text, None),
        };
        let changed_at = match change {
            Some(change) => Some(Timestamp::from_nanosecond(change.parse().ok()?).ok()?),
            None => None,
        };

        Some(Self {
            job: JobId(id.parse().ok()?),
            changed_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seen_job_reads_back_from_its_form() {
        let job = JobId::random();
        let changed_at =
            Timestamp::from_nanosecond(1_795_246_800_123_456_789).expect("the time is in range");

        for changed_at in [Some(changed_at), None] {
            let seen = Seen { job, changed_at };
            assert_eq!(Seen::parse(&seen.to_field()), Some(seen));
        }
    }

    #[test]
    fn what_is_no_seen_job_is_refused() {
        let id = JobId::random();
        for text in ["", "1", "~", &format!("{id}~"), &format!("{id}~soon")] {
            assert_eq!(Seen::parse(text), None, "{text}");
        }
    }
}

use jiff::Timestamp;
use uuid::{Builder, Variant};

use crate::storage::JobId;

/// Of the UUIDs that say by themselves what they are made of.
const CUSTOM_VERSION: usize = 8;

impl JobId {
    /// The id of the job of an occurrence. It is made of the recurring job and the time, so that
    /// every storage refuses a second job of the same occurrence, whoever makes it.
    ///
    /// A UUID of version 8 that begins with the occurrence's time in milliseconds, as one of
    /// version 7 begins with the time of its making: both sort by time.
    pub(crate) fn of_occurrence(recurring_job: &str, at: Timestamp) -> Self {
        let millis = u128::try_from(at.as_millisecond()).unwrap_or_default();
        let bytes = (millis << 80) | u128::from(fnv(recurring_job));
        Self(Builder::from_custom_bytes(bytes.to_be_bytes()).into_uuid())
    }

    /// The time for which a recurring job made this job; `None` for every other one.
    pub fn occurrence(self) -> Option<Timestamp> {
        let is_ours =
            self.0.get_version_num() == CUSTOM_VERSION && self.0.get_variant() == Variant::RFC4122;
        if !is_ours {
            return None;
        }
        let millis = i64::try_from(self.0.as_u128() >> 80).ok()?;
        Timestamp::from_millisecond(millis).ok()
    }
}

/// The FNV-1a hash of 64 bits, the same on every machine and in every version.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-11-26T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn an_occurrence_has_one_id() {
        let id = JobId::of_occurrence("nightly", noon());

        assert_eq!(id, JobId::of_occurrence("nightly", noon()));
        assert_ne!(id, JobId::of_occurrence("weekly", noon()));
        let later = noon() + jiff::SignedDuration::from_secs(1);
        assert_ne!(id, JobId::of_occurrence("nightly", later));
    }

    #[test]
    fn the_id_tells_the_time_of_its_occurrence() {
        assert_eq!(
            JobId::of_occurrence("nightly", noon()).occurrence(),
            Some(noon())
        );
        assert_eq!(JobId::random().occurrence(), None);
    }

    #[test]
    fn the_id_is_the_same_for_ever() {
        let id = JobId::of_occurrence("nightly", noon());

        assert_eq!(id.to_string(), "01a217ba-1200-8000-be30-8d7680db5f8a");
    }

    #[test]
    fn ids_sort_by_time_among_others() {
        let earlier = JobId::of_occurrence("z", noon());

        assert!(earlier < JobId::of_occurrence("a", noon() + jiff::SignedDuration::from_secs(1)));
        let now = JobId::random();
        let in_a_day = Timestamp::now() + jiff::SignedDuration::from_hours(24);
        assert!(now < JobId::of_occurrence("a", in_a_day));
    }
}

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::config::Rate;
use crate::error::ApiError;

/// Lets each key do something so many times per so long: at once, or spread out.
///
/// It keeps one moment per key: when all that the key has used will be regained.
#[derive(Debug)]
pub struct RateLimit<K> {
    rate: Option<Rate>,
    regained: Mutex<HashMap<K, Instant>>,
}

/// More clients at once than this, and the ones that used least are forgotten.
const MAX_KEYS: usize = 20_000;

impl<K: Hash + Eq + Clone> RateLimit<K> {
    /// `None` lets everything pass.
    pub fn new(rate: Option<Rate>) -> Self {
        Self {
            rate,
            regained: Mutex::default(),
        }
    }

    /// Uses one up, or says how long to wait.
    pub fn take(&self, key: &K) -> Result<(), ApiError> {
        self.take_at(key, Instant::now())
            .map_err(|retry_after| ApiError::TooMany { retry_after })
    }

    /// Whether one is left, without using it up.
    pub fn look(&self, key: &K) -> Result<(), ApiError> {
        self.look_at(key, Instant::now())
            .map_err(|retry_after| ApiError::TooMany { retry_after })
    }

    fn take_at(&self, key: &K, now: Instant) -> Result<(), Duration> {
        let Some(rate) = self.rate else {
            return Ok(());
        };
        let mut keys = self.regained.lock().expect("no panic while it is held");
        let regained = with_one_more(rate, keys.get(key), now)?;

        if keys.len() >= MAX_KEYS {
            forget_some(&mut keys, now);
        }
        keys.insert(key.clone(), regained);
        Ok(())
    }

    fn look_at(&self, key: &K, now: Instant) -> Result<(), Duration> {
        let Some(rate) = self.rate else {
            return Ok(());
        };
        let keys = self.regained.lock().expect("no panic while it is held");
        with_one_more(rate, keys.get(key), now).map(|_| ())
    }
}

/// When everything would be regained if one more were used; how long to wait if none is left.
fn with_one_more(
    rate: Rate,
    regained: Option<&Instant>,
    now: Instant,
) -> Result<Instant, Duration> {
    let interval = rate.per / rate.count.get();
    let used_until = regained.map_or(now, |regained| now.max(*regained));
    let regained = used_until + interval;
    match (regained - now).checked_sub(rate.per) {
        None | Some(Duration::ZERO) => Ok(regained),
        Some(wait) => Err(wait),
    }
}

fn forget_some<K: Hash + Eq + Clone>(keys: &mut HashMap<K, Instant>, now: Instant) {
    keys.retain(|_, regained| *regained > now);
    if keys.len() < MAX_KEYS {
        return;
    }
    let mut moments: Vec<Instant> = keys.values().copied().collect();
    let (_, median, _) = moments.select_nth_unstable(MAX_KEYS / 2);
    let median = *median;
    keys.retain(|_, regained| *regained > median);
}

/// Who counts as one client: an IPv4 address, or the network that one IPv6 customer gets.
pub fn client_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn three_per_minute() -> RateLimit<&'static str> {
        RateLimit::new(Some(Rate {
            count: NonZeroU32::new(3).expect("not zero"),
            per: Duration::from_mins(1),
        }))
    }

    #[test]
    fn a_burst_passes_and_then_each_interval_lets_one_more_through() {
        let limit = three_per_minute();
        let start = Instant::now();

        for _ in 0..3 {
            assert_eq!(limit.take_at(&"ada", start), Ok(()));
        }
        assert_eq!(limit.take_at(&"ada", start), Err(Duration::from_secs(20)));
        assert_eq!(
            limit.take_at(&"ada", start + Duration::from_secs(20)),
            Ok(())
        );
        assert!(
            limit
                .take_at(&"ada", start + Duration::from_secs(20))
                .is_err()
        );
    }

    #[test]
    fn one_key_does_not_use_up_what_another_has() {
        let limit = three_per_minute();
        let start = Instant::now();

        while limit.take_at(&"ada", start).is_ok() {}

        assert_eq!(limit.take_at(&"grace", start), Ok(()));
    }

    #[test]
    fn looking_uses_nothing_up() {
        let limit = three_per_minute();
        let start = Instant::now();

        for _ in 0..10 {
            assert!(limit.look_at(&"ada", start).is_ok());
        }
    }

    #[test]
    fn memory_stays_bounded_under_a_flood_of_keys() {
        let limit = RateLimit::new(Some(Rate {
            count: NonZeroU32::MIN,
            per: Duration::from_hours(1),
        }));
        let start = Instant::now();

        for key in 0..3 * MAX_KEYS {
            let now = start + Duration::from_micros(key as u64);
            assert_eq!(limit.take_at(&key, now), Ok(()));
        }

        assert!(limit.regained.lock().expect("not poisoned").len() <= MAX_KEYS);
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_client() {
        let key = |address: &str| client_key(address.parse().expect("an address"));

        assert_eq!(key("2001:db8::1"), key("2001:db8::ffff:2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}

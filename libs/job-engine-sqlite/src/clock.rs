use jiff::Timestamp;

/// The storage's time: the clock of this machine, as all processes on one file share it. In
/// microseconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    let now = Timestamp::now().as_microsecond();
    #[cfg(feature = "testing")]
    let now = now + testing::ahead();
    now
}

/// For tests.
#[cfg(feature = "testing")]
pub mod testing {
    use std::sync::atomic::{AtomicI64, Ordering};

    use jiff::SignedDuration;

    static AHEAD: AtomicI64 = AtomicI64::new(0);

    /// Makes this process believe that the machine's clock was set, so far from the true time. It
    /// holds for every storage, as there is one clock.
    pub fn set_clock(ahead: SignedDuration) {
        let micros = i64::try_from(ahead.as_micros()).unwrap_or_default();
        AHEAD.store(micros, Ordering::SeqCst);
    }

    pub(super) fn ahead() -> i64 {
        AHEAD.load(Ordering::SeqCst)
    }
}

use jiff::Timestamp;

/// The storage's time: the clock of this machine, as all processes on one file share it. In
/// microseconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    let now = Timestamp::now().as_microsecond();
    #[cfg(feature = "testing")]
    let now = now + crate::testing::ahead();
    now
}

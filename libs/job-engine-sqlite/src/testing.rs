//! For tests: what happens to the machine and to the process.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::SignedDuration;

static AHEAD: AtomicI64 = AtomicI64::new(0);

static ON_COMMIT: OnceLock<fn(Moment)> = OnceLock::new();

/// A place between two others at which a process may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// All of a transaction is written, and nothing of it counts yet.
    BeforeCommit,
    /// It counts, and nobody in this process knows.
    AfterCommit,
}

/// Makes this process believe that the machine's clock was set, so far from the true time. It
/// holds for every storage, as there is one clock.
pub fn set_clock(ahead: SignedDuration) {
    let micros = i64::try_from(ahead.as_micros()).unwrap_or_default();
    AHEAD.store(micros, Ordering::SeqCst);
}

/// Calls this around each transaction of the engine in this process. The first one stays.
pub fn on_commit(call: fn(Moment)) {
    ON_COMMIT.get_or_init(|| call);
}

pub(crate) fn ahead() -> i64 {
    AHEAD.load(Ordering::SeqCst)
}

pub(crate) fn comes_to(moment: Moment) {
    if let Some(call) = ON_COMMIT.get() {
        call(moment);
    }
}

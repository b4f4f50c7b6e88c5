//! A trap within a worker: on SQLite its statements are no bytes that somebody else could watch.

use std::process::{self, Command};
use std::sync::{Mutex, MutexGuard, PoisonError};

use job_engine_sqlite::testing::{self, on_commit};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::crash_point::{CrashPoint, Moment};

static TRAP: Mutex<Trap> = Mutex::new(Trap {
    point: None,
    has_come: false,
});

struct Trap {
    point: Option<CrashPoint>,
    /// Whether the statement was run; the transaction that commits next is its own.
    has_come: bool,
}

/// From now on the process kills itself where it is told to.
pub(crate) fn open() {
    on_commit(commits);
    tracing::subscriber::set_global_default(Watch).expect("nobody else listens");
}

pub(crate) fn set(point: CrashPoint) {
    trap().point = Some(point);
}

fn trap() -> MutexGuard<'static, Trap> {
    TRAP.lock().unwrap_or_else(PoisonError::into_inner)
}

fn commits(moment: testing::Moment) {
    let trap = trap();
    let is_it = match moment {
        testing::Moment::BeforeCommit => Moment::Before,
        testing::Moment::AfterCommit => Moment::After,
    };
    if trap.has_come && trap.point.is_some_and(|point| point.moment == is_it) {
        // It does not come back from this.
        let _ = Command::new("kill")
            .args(["-s", "KILL", &process::id().to_string()])
            .status();
    }
}

/// Sees the statements that the driver tells of.
struct Watch;

impl Subscriber for Watch {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Statement);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Statement;

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        let mut trap = trap();
        let is_it = |point: CrashPoint| point.statement.is_in_sqlite(value);
        if field.name() == "db.statement" && trap.point.is_some_and(is_it) {
            trap.has_come = true;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

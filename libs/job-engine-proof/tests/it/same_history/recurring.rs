//! Recurring jobs: what may happen to them, and what the storages say of it.

use std::fmt::Write;

use jiff::Timestamp;
use job_engine::NewJob;
use job_engine::storage::{
    Advance, Advanced, NewRun, RecurringQuery, RecurringRecord, RunCause, SharedStorage,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;

use super::script::Script;
use super::steps::{Waiting, waiting};

const IDS: [&str; 2] = ["nightly", "weekly"];

/// So many seconds after the beginning of time; no storage's clock is there any more.
const PAST: i64 = 1_000_000;

/// No storage's clock is there yet: the year 2100.
const FUTURE: i64 = 4_102_444_800;

/// A call, before it is known which jobs there are.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Save(Setting),
    Advance {
        id: usize,
        look_at: Look,
        is_stale: bool,
        runs: Vec<Run>,
    },
    Due(usize),
    Remove(usize),
}

/// How a record is stored.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    id: usize,
    look_at: Look,
    overlap: &'static str,
    kind: &'static str,
    is_stale: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    Never,
    Past(u16),
    Later(u16),
}

/// An entry for a history.
#[derive(Debug, Clone)]
pub(super) struct Run {
    cause: RunCause,
    job: Option<Created>,
    spans: bool,
}

#[derive(Debug, Clone)]
enum Created {
    New(Waiting),
    /// One that is stored already, if there are any.
    Stored(Index),
}

/// A call with its arguments. Which revision the record has, each storage knows.
#[derive(Debug, Clone)]
pub(super) enum Call {
    Save(Box<RecurringRecord>, Knows),
    Advance(Advance, Knows),
    Due(usize),
    Remove(&'static str),
}

/// Whether the caller knows of the latest change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Knows {
    TheLatest,
    AnotherOne,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let id = || 0..IDS.len();
    let stale = || proptest::bool::weighted(0.1);
    let setting = (id(), look(), overlap(), kind(), stale());
    let setting = setting.prop_map(|(id, look_at, overlap, kind, is_stale)| Setting {
        id,
        look_at,
        overlap,
        kind,
        is_stale,
    });
    let advance = (id(), look(), stale(), vec(run(), 0..3));
    let advance = advance.prop_map(|(id, look_at, is_stale, runs)| Step::Advance {
        id,
        look_at,
        is_stale,
        runs,
    });
    prop_oneof![
        3 => setting.prop_map(Step::Save),
        4 => advance,
        2 => (0_usize..3).prop_map(Step::Due),
        1 => id().prop_map(Step::Remove),
    ]
}

fn look() -> impl Strategy<Value = Look> {
    prop_oneof![
        1 => Just(Look::Never),
        3 => any::<u16>().prop_map(Look::Past),
        1 => any::<u16>().prop_map(Look::Later),
    ]
}

fn overlap() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("Allow"), Just("Skip"), Just("Replace")]
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("entry"), 1 => Just("strange")]
}

fn run() -> impl Strategy<Value = Run> {
    let cause = prop::sample::select(&RunCause::ALL);
    let job = prop_oneof![
        3 => waiting().prop_map(Created::New),
        1 => any::<Index>().prop_map(Created::Stored),
    ];
    (cause, option::of(job), any::<bool>()).prop_map(|(cause, job, spans)| Run {
        cause,
        job,
        spans,
    })
}

impl Step {
    pub(super) fn call(self, script: &mut Script) -> Call {
        match self {
            Self::Save(setting) => {
                Call::Save(Box::new(record(&setting)), Knows::but(setting.is_stale))
            }
            Self::Advance {
                id,
                look_at,
                is_stale,
                runs,
            } => {
                let advance = Advance {
                    id: IDS[id].to_owned(),
                    revision: 0,
                    next_at: look_at.time(),
                    look_at: look_at.time(),
                    error: None,
                    runs: runs.into_iter().map(|run| run.told(script)).collect(),
                };
                Call::Advance(advance, Knows::but(is_stale))
            }
            Self::Due(limit) => Call::Due(limit),
            Self::Remove(id) => Call::Remove(IDS[id]),
        }
    }
}

impl Knows {
    fn but(is_stale: bool) -> Self {
        if is_stale {
            Self::AnotherOne
        } else {
            Self::TheLatest
        }
    }

    async fn revision(self, storage: &SharedStorage, id: &str) -> i64 {
        let stored = storage.recurring_job(id).await.expect("it answers");
        stored.map_or(0, |record| record.revision) + i64::from(self == Self::AnotherOne)
    }
}

impl Look {
    fn time(self) -> Option<Timestamp> {
        let seconds = match self {
            Self::Never => return None,
            Self::Past(seconds) => PAST + i64::from(seconds),
            Self::Later(seconds) => FUTURE + i64::from(seconds),
        };
        Some(at(seconds))
    }
}

impl Run {
    fn told(self, script: &mut Script) -> NewRun {
        let job = self.job.and_then(|job| job.of(script));
        NewRun {
            at: at(PAST),
            until: self.spans.then(|| at(PAST + 60)),
            cause: self.cause,
            job,
            note: self.spans.then(|| "By chance".to_owned()),
        }
    }
}

impl Created {
    fn of(self, script: &mut Script) -> Option<NewJob> {
        match self {
            Self::New(waiting) => {
                let job = script.job(&waiting);
                script.jobs.push(job.clone());
                Some(job)
            }
            Self::Stored(_) if script.jobs.is_empty() => None,
            Self::Stored(job) => Some(job.get(&script.jobs).clone()),
        }
    }
}

fn record(setting: &Setting) -> RecurringRecord {
    RecurringRecord {
        id: IDS[setting.id].to_owned(),
        revision: 0,
        kind: setting.kind.to_owned(),
        job: "{}".to_owned(),
        schedule: "@every 1h".to_owned(),
        time_zone: "UTC".to_owned(),
        code_schedule: "@every 1h".to_owned(),
        code_time_zone: "UTC".to_owned(),
        missed_runs: "Strict".to_owned(),
        overlap: setting.overlap.to_owned(),
        next_at: setting.look_at.time(),
        look_at: setting.look_at.time(),
        paused_at: None,
        paused_because: None,
        error: None,
        runs: 0,
        created_at: at(PAST),
        changed_at: at(PAST),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("it is a time")
}

/// In words without times of the storage.
pub(super) async fn answer(storage: &SharedStorage, call: &Call) -> String {
    match call {
        Call::Save(record, knows) => {
            let revision = knows.revision(storage, &record.id).await;
            let record = RecurringRecord {
                revision,
                ..(**record).clone()
            };
            let saved = storage.save_recurring(&record).await;
            format!("{revision} saved: {}", saved.expect("it answers"))
        }
        Call::Advance(advance, knows) => {
            let revision = knows.revision(storage, &advance.id).await;
            let advance = Advance {
                revision,
                ..advance.clone()
            };
            let advanced = storage.advance_recurring(&[advance]).await;
            // A job may wait for one that was never stored, which is an error of its own.
            let mut advanced = advanced.ok();
            if let Some([Advanced::Done(duplicates)]) = advanced.as_deref_mut() {
                duplicates.sort_unstable_by_key(|duplicate| duplicate.job);
            }
            format!("{revision} advanced: {advanced:?}")
        }
        Call::Due(limit) => due(storage, *limit).await,
        Call::Remove(id) => {
            let removed = storage.remove_recurring(id).await;
            format!("removed: {}", removed.expect("it answers"))
        }
    }
}

async fn due(storage: &SharedStorage, limit: usize) -> String {
    let found = storage.due_recurring(&["entry".to_owned()], limit).await;
    let found = found.expect("it answers");
    let mut words = format!("more: {}", found.next_in.is_some());
    for mut due in found.due {
        due.living.sort_unstable();
        write!(words, ", {} {:?}", due.record.id, due.living).expect("text grows");
    }
    words
}

/// The records and their histories.
pub(super) async fn remains(storage: &SharedStorage) -> String {
    let mut text = String::new();
    let page = storage.recurring_jobs(&RecurringQuery::default()).await;
    for summary in page.expect("it answers").jobs {
        let record = summary.record;
        writeln!(
            text,
            "{} {} {} {} {:?} {:?} {}",
            record.id,
            record.revision,
            record.kind,
            record.overlap,
            record.next_at,
            record.look_at,
            record.runs
        )
        .expect("text grows");
    }
    for id in IDS {
        let runs = storage.recurring_runs(id, None, 1000).await;
        for run in runs.expect("it answers") {
            writeln!(
                text,
                "{id} {} {} {:?} {:?} {:?} {:?} {:?} {:?}",
                run.number,
                run.at,
                run.until,
                run.cause,
                run.note,
                run.job,
                run.state,
                run.duration
            )
            .expect("text grows");
        }
    }
    text
}

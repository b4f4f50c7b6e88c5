//! What to do about a recurring job that is due.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::policies::{MissedRuns, Overlap};
use super::schedule::Schedule;
use super::{Definition, Unreadable};
use crate::new_job::NewJob;
use crate::storage::{Advance, DueRecord, JobId, NewRun, RecurringRecord, RunCause};

/// An occurrence that is later than this was missed.
const MISSED_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// What cannot be read is tried again after this long, by a server that may be able to.
const TRY_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// How far to look back for the latest missed occurrences, at first.
const FIRST_LOOK_BACK: Duration = Duration::from_hours(1);

/// A step of a recurring job, and the jobs that are to be deleted before it.
#[derive(Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) advance: Advance,
    pub(crate) replaced: Vec<JobId>,
}

/// Decides about a record that is due. `stranger` says who decides, if the job's kind is not known
/// there.
pub(crate) fn plan(due: &DueRecord, now: Timestamp, stranger: Option<&str>) -> Plan {
    let record = &due.record;
    let definition = match Definition::read(record) {
        Ok(definition) => definition,
        Err(error) => {
            return Plan {
                advance: postponed(record, now, &error),
                replaced: Vec::new(),
            };
        }
    };

    let runs = runs(due, &definition, now);
    let creates = runs.iter().any(|run| run.job.is_some());
    let replaces = creates && definition.overlap == Overlap::Replace;
    let next_at = definition.schedule.next_after(now);
    let error = match next_at {
        None => Some(format!("`{}` has no further occurrence", record.schedule)),
        Some(_) => stranger.map(|server| unknown_kind(&record.kind, server)),
    };
    Plan {
        advance: Advance {
            id: record.id.clone(),
            revision: record.revision,
            next_at,
            look_at: next_at,
            error,
            runs,
        },
        replaced: if replaces {
            due.living.clone()
        } else {
            Vec::new()
        },
    }
}

/// The time of the next occurrence as it is to be stored, or what is wrong. For a record that is new,
/// resumed or has a new schedule.
pub(crate) fn start(record: &mut RecurringRecord, now: Timestamp) {
    let schedule = record.schedule();
    record.next_at = schedule
        .as_ref()
        .ok()
        .and_then(|schedule| schedule.next_after(now));
    record.look_at = match &schedule {
        Ok(_) => record.next_at,
        Err(_) => Some(now + TRY_AGAIN),
    };
    record.error = schedule.err().map(|error| error.to_string());
}

/// A run that a person asks for; the schedule stays as it is.
pub(crate) fn run_now(
    record: &RecurringRecord,
    now: Timestamp,
    note: &str,
) -> Result<(Advance, JobId), Unreadable> {
    let id = JobId::random();
    let template: NewJob = serde_json::from_str(&record.job)?;
    let advance = Advance {
        id: record.id.clone(),
        revision: record.revision,
        next_at: record.next_at,
        look_at: record.look_at,
        error: record.error.clone(),
        runs: vec![NewRun {
            at: now,
            until: None,
            cause: RunCause::RunNow,
            job: Some(NewJob { id, ..template }),
            note: Some(note.to_owned()),
        }],
    };
    Ok((advance, id))
}

/// Nothing is lost: the occurrences that are due stay due, and are caught up with when what is wrong
/// has been put right, or a server looks that is not troubled by it.
pub(crate) fn postponed(
    record: &RecurringRecord,
    now: Timestamp,
    error: &impl fmt::Display,
) -> Advance {
    Advance {
        id: record.id.clone(),
        revision: record.revision,
        next_at: record.next_at,
        look_at: Some(now + TRY_AGAIN),
        error: Some(error.to_string()),
        runs: Vec::new(),
    }
}

fn unknown_kind(kind: &str, server: &str) -> String {
    format!(
        "no running server knows jobs of the kind `{kind}`; {server} has enqueued it all the same, and it waits for one that does"
    )
}

/// The entries that the occurrences up to now leave in the history, oldest first.
fn runs(due: &DueRecord, definition: &Definition, now: Timestamp) -> Vec<NewRun> {
    // Without a time it has just become readable, and starts from now; with one that is still to
    // come it was looked at for another reason.
    let Some(first) = due.record.next_at.filter(|next_at| *next_at <= now) else {
        return Vec::new();
    };
    let most = most_created(definition);
    let mut wanted = latest(&definition.schedule, first, now, most + 1);
    let mut last_missed = None;
    if wanted.len() > most {
        last_missed = Some(wanted.remove(0));
    }
    if definition.missed_runs == MissedRuns::Ignorable && wanted.iter().all(|at| is_late(*at, now))
    {
        last_missed = wanted.pop();
    }

    let missed = last_missed.map(|last| left_out(RunCause::Missed, first, last));
    let is_held = definition.overlap == Overlap::Skip && !due.living.is_empty();
    let created = wanted.into_iter().map(|at| {
        if is_held {
            return left_out(RunCause::Skipped, at, at);
        }
        created(&due.record.id, &definition.job, at, now)
    });
    missed.into_iter().chain(created).collect()
}

/// Runs that must not live side by side cannot be made up for all at once.
fn most_created(definition: &Definition) -> usize {
    match (definition.missed_runs, definition.overlap) {
        (MissedRuns::Strict, Overlap::Allow) => MissedRuns::MOST_CAUGHT_UP,
        _ => 1,
    }
}

/// The latest occurrences from `first` until now, the oldest first. Looks back further and further,
/// for after months there may be millions.
fn latest(schedule: &Schedule, first: Timestamp, now: Timestamp, most: usize) -> Vec<Timestamp> {
    let mut back = FIRST_LOOK_BACK;
    loop {
        let from = now.checked_sub(back).unwrap_or(first);
        let start = (from <= first).then_some(first);
        let upcoming = schedule.upcoming(start.unwrap_or(from));
        let mut found: Vec<Timestamp> = start
            .into_iter()
            .chain(upcoming.take_while(|at| *at <= now))
            .collect();
        if found.len() >= most || start.is_some() {
            return found.split_off(found.len().saturating_sub(most));
        }
        back *= 10;
    }
}

fn is_late(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) > MISSED_AFTER
}

fn created(recurring_job: &str, template: &NewJob, at: Timestamp, now: Timestamp) -> NewRun {
    let job = NewJob {
        id: JobId::of_occurrence(recurring_job, at),
        ..template.clone()
    };
    NewRun {
        at,
        until: None,
        cause: if is_late(at, now) {
            RunCause::CaughtUp
        } else {
            RunCause::Due
        },
        job: Some(job),
        note: None,
    }
}

fn left_out(cause: RunCause, first: Timestamp, last: Timestamp) -> NewRun {
    NewRun {
        at: first,
        until: (last != first).then_some(last),
        cause,
        job: None,
        note: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A job that was due at this time, every day at 12:00 UTC.
    fn daily_since(next_at: &str) -> DueRecord {
        due("0 12 * * *", next_at)
    }

    fn due(schedule: &str, next_at: &str) -> DueRecord {
        let job = NewJob::of_kind("send", "{}");
        let record = RecurringRecord {
            id: "daily".to_owned(),
            revision: 7,
            kind: job.kind.clone(),
            job: serde_json::to_string(&job).unwrap(),
            schedule: schedule.to_owned(),
            time_zone: "UTC".to_owned(),
            code_schedule: schedule.to_owned(),
            code_time_zone: "UTC".to_owned(),
            missed_runs: "Relaxed".to_owned(),
            overlap: "Allow".to_owned(),
            next_at: Some(time(next_at)),
            look_at: Some(time(next_at)),
            paused_at: None,
            paused_because: None,
            error: None,
            runs: 0,
            created_at: time("2026-01-01T00:00:00Z"),
            changed_at: time("2026-01-01T00:00:00Z"),
        };
        DueRecord {
            record,
            living: Vec::new(),
        }
    }

    /// The history's new entries, each as its cause and times.
    fn entries(plan: &Plan) -> Vec<String> {
        let entry = |run: &NewRun| match run.until {
            Some(until) => format!("{} {} until {until}", run.cause.name(), run.at),
            None => format!("{} {}", run.cause.name(), run.at),
        };
        plan.advance.runs.iter().map(entry).collect()
    }

    #[test]
    fn an_occurrence_in_time_is_created_and_the_next_one_awaited() {
        let due = daily_since("2026-11-26T12:00:00Z");

        let plan = plan(&due, time("2026-11-26T12:00:00.2Z"), None);

        assert_eq!(entries(&plan), ["Due 2026-11-26T12:00:00Z"]);
        let next_at = Some(time("2026-11-27T12:00:00Z"));
        assert_eq!(
            (plan.advance.next_at, plan.advance.look_at),
            (next_at, next_at)
        );
        assert_eq!(plan.advance.revision, 7);
        let job = plan.advance.runs[0].job.as_ref().unwrap();
        assert_eq!(job.id.occurrence(), Some(time("2026-11-26T12:00:00Z")));
        assert_eq!(job.kind, "send");
    }

    #[test]
    fn an_occurrence_is_not_created_before_its_time() {
        let due = daily_since("2026-11-26T12:00:00Z");

        let plan = plan(&due, time("2026-11-26T11:59:59Z"), None);

        assert!(plan.advance.runs.is_empty());
        assert_eq!(plan.advance.next_at, due.record.next_at);
    }

    #[test]
    fn relaxed_one_run_makes_up_for_all_that_were_missed() {
        let due = daily_since("2026-11-23T12:00:00Z");

        let plan = plan(&due, time("2026-11-26T13:00:00Z"), None);

        let expected = [
            "Missed 2026-11-23T12:00:00Z until 2026-11-25T12:00:00Z",
            "CaughtUp 2026-11-26T12:00:00Z",
        ];
        assert_eq!(entries(&plan), expected);
    }

    #[test]
    fn strict_every_missed_run_is_made_up_for() {
        let mut due = daily_since("2026-11-24T12:00:00Z");
        "Strict".clone_into(&mut due.record.missed_runs);

        let plan = plan(&due, time("2026-11-26T12:00:10Z"), None);

        let expected = [
            "CaughtUp 2026-11-24T12:00:00Z",
            "CaughtUp 2026-11-25T12:00:00Z",
            "Due 2026-11-26T12:00:00Z",
        ];
        assert_eq!(entries(&plan), expected);
    }

    #[test]
    fn strict_has_a_bound_however_long_nobody_was_there() {
        let mut due = due("* * * * * *", "2025-11-26T12:00:00Z");
        "Strict".clone_into(&mut due.record.missed_runs);

        let plan = plan(&due, time("2026-11-26T12:00:00Z"), None);

        let entries = entries(&plan);
        assert_eq!(entries.len(), MissedRuns::MOST_CAUGHT_UP + 1);
        assert_eq!(
            entries[0],
            "Missed 2025-11-26T12:00:00Z until 2026-11-26T11:43:20Z"
        );
        assert_eq!(entries[1], "CaughtUp 2026-11-26T11:43:21Z");
        assert_eq!(entries[1000], "Due 2026-11-26T12:00:00Z");
    }

    #[test]
    fn ignorable_what_was_missed_is_only_noted() {
        let mut due = daily_since("2026-11-24T12:00:00Z");
        "Ignorable".clone_into(&mut due.record.missed_runs);

        let late = plan(&due, time("2026-11-26T12:01:01Z"), None);
        let in_time = plan(&due, time("2026-11-26T12:01:00Z"), None);

        let all = ["Missed 2026-11-24T12:00:00Z until 2026-11-26T12:00:00Z"];
        assert_eq!(entries(&late), all);
        let expected = [
            "Missed 2026-11-24T12:00:00Z until 2026-11-25T12:00:00Z",
            "Due 2026-11-26T12:00:00Z",
        ];
        assert_eq!(entries(&in_time), expected);
    }

    #[test]
    fn skip_leaves_an_occurrence_out_while_an_earlier_run_lives() {
        let mut due = daily_since("2026-11-26T12:00:00Z");
        "Skip".clone_into(&mut due.record.overlap);
        due.living = vec![JobId::random()];

        let plan = plan(&due, time("2026-11-26T12:00:00Z"), None);

        assert_eq!(entries(&plan), ["Skipped 2026-11-26T12:00:00Z"]);
        assert_eq!(plan.advance.runs[0].job, None);
        assert!(plan.replaced.is_empty());
    }

    #[test]
    fn replace_deletes_the_earlier_runs_that_live() {
        let mut due = daily_since("2026-11-26T12:00:00Z");
        "Replace".clone_into(&mut due.record.overlap);
        due.living = vec![JobId::random()];

        let plan = plan(&due, time("2026-11-26T12:00:00Z"), None);

        assert_eq!(entries(&plan), ["Due 2026-11-26T12:00:00Z"]);
        assert_eq!(plan.replaced, due.living);
    }

    #[test]
    fn what_cannot_be_read_is_said_and_loses_no_occurrence() {
        let mut unreadable = vec![daily_since("2026-11-26T12:00:00Z"); 5];
        "Mars/Base".clone_into(&mut unreadable[0].record.time_zone);
        "at noon".clone_into(&mut unreadable[1].record.schedule);
        "Perhaps".clone_into(&mut unreadable[2].record.overlap);
        "Never".clone_into(&mut unreadable[3].record.missed_runs);
        "{}".clone_into(&mut unreadable[4].record.job);

        for due in unreadable {
            let plan = plan(&due, time("2026-11-26T12:00:00Z"), None);

            assert!(plan.advance.error.is_some());
            assert!(plan.advance.runs.is_empty());
            assert_eq!(plan.advance.next_at, due.record.next_at);
            assert_eq!(plan.advance.look_at, Some(time("2026-11-26T12:01:00Z")));
        }
    }

    #[test]
    fn a_kind_that_nobody_knows_is_said_and_its_job_waits() {
        let due = daily_since("2026-11-26T12:00:00Z");

        let plan = plan(&due, time("2026-11-26T12:00:10Z"), Some("web-1"));

        let error = plan.advance.error.as_deref().unwrap();
        assert!(
            error.starts_with("no running server knows jobs of the kind `send`"),
            "{error}"
        );
        assert!(plan.advance.runs[0].job.is_some());
    }
}

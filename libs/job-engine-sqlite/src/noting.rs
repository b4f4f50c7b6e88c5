//! What jobs say about themselves while they run.

use std::collections::HashSet;

use job_engine::storage::{JobId, Lease, LogLine, Progress, RunNotes, Settled, StorageError};
use serde_json::{Value, json};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;

use crate::claimed::lease;
use crate::clock::now;
use crate::convert::{column, count, id_json, micros, rows, text, timestamp, unavailable};
use crate::writer::Writer;

/// `$1` is a JSON array of `[id, epoch, done, total]`.
const PROGRESS: &str = "
update job_engine_jobs as job
set done = coalesce(s.value ->> 2, done), total = coalesce(s.value ->> 3, total)
from json_each($1) as s
where job.id = unhex(s.value ->> 0) and job.epoch = s.value ->> 1 and job.state = 'Processing'
returning id, epoch";

/// `$1` is a JSON array of `[id, epoch, number, at, text]`.
const LINES: &str = "
insert into job_engine_log (job, number, at, text)
select job.id, s.value ->> 2, s.value ->> 3, s.value ->> 4
from json_each($1) as s
cross join job_engine_jobs as job
where job.id = unhex(s.value ->> 0) and job.epoch = s.value ->> 1 and job.state = 'Processing'
on conflict do nothing";

const HOW_FAR: &str = "
select done, total from job_engine_jobs where id = $1 and total is not null";

const LOG: &str = "
select number, at, text from job_engine_log where job = $1 and number > $2 order by number limit $3";

pub(crate) async fn note(
    writer: &Writer,
    notes: &[RunNotes],
) -> Result<Vec<Settled>, StorageError> {
    let mut write = writer.quick().await?;
    sqlx::query(LINES)
        .bind(lines(notes, now()).to_string())
        .execute(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    let held = sqlx::query(PROGRESS)
        .bind(notes.iter().map(how_far).collect::<Value>().to_string())
        .fetch_all(&mut *write.transaction)
        .await
        .map_err(unavailable)?;
    write.commit().await?;

    let held = held.iter().map(lease).collect::<Result<HashSet<_>, _>>()?;
    let answer = |notes: &RunNotes| {
        if held.contains(&notes.lease) {
            Settled::Accepted
        } else {
            Settled::Stale
        }
    };
    Ok(notes.iter().map(answer).collect())
}

pub(crate) async fn progress(
    pool: &SqlitePool,
    job: JobId,
) -> Result<Option<Progress>, StorageError> {
    let row = sqlx::query(HOW_FAR)
        .bind(job.0)
        .fetch_optional(pool)
        .await
        .map_err(unavailable)?;
    let progress = |row: SqliteRow| {
        Ok(Progress {
            done: count(column(&row, "done")?),
            total: count(column(&row, "total")?),
        })
    };
    row.map(progress).transpose()
}

pub(crate) async fn log(
    pool: &SqlitePool,
    job: JobId,
    after: u64,
    limit: usize,
) -> Result<Vec<LogLine>, StorageError> {
    let lines = sqlx::query(LOG)
        .bind(job.0)
        .bind(number(after))
        .bind(rows(limit))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    lines.iter().map(line).collect()
}

fn how_far(notes: &RunNotes) -> Value {
    let Lease { job, epoch } = notes.lease;
    let done = notes.progress.map(|now| number(now.done));
    let total = notes.progress.map(|now| number(now.total));
    json!([id_json(job.0), epoch, done, total])
}

fn lines(notes: &[RunNotes], now: i64) -> Value {
    let lines = notes.iter().flat_map(|notes| {
        let Lease { job, epoch } = notes.lease;
        notes.lines.iter().map(move |line| {
            let at = now - micros(line.age);
            json!([
                id_json(job.0),
                epoch,
                number(line.number),
                at,
                text(&line.text)
            ])
        })
    });
    lines.collect()
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn line(row: &SqliteRow) -> Result<LogLine, StorageError> {
    Ok(LogLine {
        number: count(column(row, "number")?),
        at: timestamp(column(row, "at")?)?,
        text: column(row, "text")?,
    })
}

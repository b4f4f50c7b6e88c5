//! What jobs say about themselves while they run.

use std::collections::HashSet;

use job_engine::storage::{JobId, Lease, LogLine, Progress, RunNotes, Settled, StorageError};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::convert::{column, count, delay_micros, rows, text, timestamp, unavailable};

/// The leases are locked, so that nothing is noted about a job that is taken away meanwhile.
const NOTE: &str = "
with held as (
  select r.id, r.epoch, s.done, s.total
  from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) as s (id, epoch, done, total)
  join job_engine.ready r on r.id = s.id and r.epoch = s.epoch
  where r.server is not null
  for key share of r
), progress as (
  insert into job_engine.progress (job, done, total)
  select id, done, total from held where total is not null
  on conflict (job) do update set done = excluded.done, total = excluded.total
), lines as (
  insert into job_engine.log (job, number, at, text)
  select held.id, s.number, clock_timestamp() - s.age * interval '1 microsecond', s.text
  from unnest($5::uuid[], $6::bigint[], $7::bigint[], $8::text[]) as s (id, number, age, text)
  join held on held.id = s.id
  on conflict do nothing
)
select id, epoch from held";

const PROGRESS: &str = "select done, total from job_engine.progress where job = $1";

/// The time in microseconds.
const LOG: &str = "
select number, (extract(epoch from at) * 1000000)::bigint as at, text
from job_engine.log
where job = $1 and number > $2
order by number
limit $3";

pub(crate) async fn note(pool: &PgPool, notes: &[RunNotes]) -> Result<Vec<Settled>, StorageError> {
    let columns = Columns::of(notes);
    let held = sqlx::query(NOTE)
        .bind(columns.jobs)
        .bind(columns.epochs)
        .bind(columns.done)
        .bind(columns.totals)
        .bind(columns.speakers)
        .bind(columns.numbers)
        .bind(columns.ages)
        .bind(columns.texts)
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    let held: sqlx::Result<HashSet<Lease>> = held.iter().map(lease).collect();
    let held = held.map_err(unavailable)?;

    let answer = |notes: &RunNotes| {
        if held.contains(&notes.lease) {
            Settled::Accepted
        } else {
            Settled::Stale
        }
    };
    Ok(notes.iter().map(answer).collect())
}

pub(crate) async fn progress(pool: &PgPool, job: JobId) -> Result<Option<Progress>, StorageError> {
    let row = sqlx::query(PROGRESS)
        .bind(job.0)
        .fetch_optional(pool)
        .await
        .map_err(unavailable)?;
    let progress = |row: PgRow| {
        Ok(Progress {
            done: count(column(&row, "done")?),
            total: count(column(&row, "total")?),
        })
    };
    row.map(progress).transpose()
}

pub(crate) async fn log(
    pool: &PgPool,
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

/// Notes column by column.
#[derive(Default)]
struct Columns {
    jobs: Vec<Uuid>,
    epochs: Vec<i64>,
    done: Vec<Option<i64>>,
    totals: Vec<Option<i64>>,
    speakers: Vec<Uuid>,
    numbers: Vec<i64>,
    ages: Vec<i64>,
    texts: Vec<String>,
}

impl Columns {
    fn of(notes: &[RunNotes]) -> Self {
        let mut columns = Self::default();
        for notes in notes {
            let Lease { job, epoch } = notes.lease;
            columns.jobs.push(job.0);
            columns.epochs.push(epoch);
            columns
                .done
                .push(notes.progress.map(|now| number(now.done)));
            columns
                .totals
                .push(notes.progress.map(|now| number(now.total)));
            for line in &notes.lines {
                columns.speakers.push(job.0);
                columns.numbers.push(number(line.number));
                columns.ages.push(delay_micros(line.age));
                columns.texts.push(text(&line.text));
            }
        }
        columns
    }
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn lease(row: &PgRow) -> sqlx::Result<Lease> {
    Ok(Lease {
        job: JobId(row.try_get(0)?),
        epoch: row.try_get(1)?,
    })
}

fn line(row: &PgRow) -> Result<LogLine, StorageError> {
    Ok(LogLine {
        number: count(column(row, "number")?),
        at: timestamp(column(row, "at")?)?,
        text: column(row, "text")?,
    })
}

use jiff::Timestamp;
use job_engine::storage::{
    RecurringPage, RecurringQuery, RecurringRecord, RecurringSummary, StorageError,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use super::history;
use crate::clock::now;
use crate::convert::{column, rows, text, timestamp, unavailable};

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 1000;

const FIND: &str = "select * from job_engine_recurring where id = $1";

const LIST: &str = "
select * from job_engine_recurring
where ($1 is null or id > $1) and ($2 is null or instr(id, $2) > 0 or instr(kind, $2) > 0)
order by id
limit $3";

const INSERT: &str = "
insert into job_engine_recurring
  (id, revision, kind, job, schedule, time_zone, code_schedule, code_time_zone, missed_runs, overlap,
   next_at, look_at, paused_at, paused_because, error, runs, created_at, changed_at)
values ($1, $2 + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16, $16)
on conflict do nothing";

const UPDATE: &str = "
update job_engine_recurring
set revision = revision + 1, kind = $3, job = $4, schedule = $5, time_zone = $6, code_schedule = $7,
  code_time_zone = $8, missed_runs = $9, overlap = $10, next_at = $11, look_at = $12,
  paused_at = $13, paused_because = $14, error = $15, changed_at = $16
where id = $1 and revision = $2";

const REMOVE_HISTORY: &str = "delete from job_engine_recurring_runs where recurring_job = $1";

const REMOVE: &str = "delete from job_engine_recurring where id = $1";

pub(crate) async fn save(
    connection: &mut SqliteConnection,
    record: &RecurringRecord,
) -> Result<bool, StorageError> {
    let statement = if record.revision == 0 { INSERT } else { UPDATE };
    let saved = sqlx::query(statement)
        .bind(&record.id)
        .bind(record.revision)
        .bind(&record.kind)
        .bind(text(&record.job))
        .bind(&record.schedule)
        .bind(&record.time_zone)
        .bind(&record.code_schedule)
        .bind(&record.code_time_zone)
        .bind(&record.missed_runs)
        .bind(&record.overlap)
        .bind(record.next_at.map(Timestamp::as_microsecond))
        .bind(record.look_at.map(Timestamp::as_microsecond))
        .bind(record.paused_at.map(Timestamp::as_microsecond))
        .bind(record.paused_because.as_deref().map(text))
        .bind(record.error.as_deref().map(text))
        .bind(now())
        .execute(connection)
        .await
        .map_err(unavailable)?;
    Ok(saved.rows_affected() == 1)
}

pub(crate) async fn remove(
    connection: &mut SqliteConnection,
    id: &str,
) -> Result<bool, StorageError> {
    let mut removed = 0;
    for statement in [REMOVE_HISTORY, REMOVE] {
        removed = sqlx::query(statement)
            .bind(id)
            .execute(&mut *connection)
            .await
            .map_err(unavailable)?
            .rows_affected();
    }
    Ok(removed == 1)
}

pub(super) async fn find(
    pool: &SqlitePool,
    id: &str,
) -> Result<Option<RecurringRecord>, StorageError> {
    let found = sqlx::query(FIND).bind(id).fetch_optional(pool).await;
    found.map_err(unavailable)?.as_ref().map(record).transpose()
}

pub(super) async fn list(
    pool: &SqlitePool,
    query: &RecurringQuery,
) -> Result<RecurringPage, StorageError> {
    let limit = match query.limit {
        0 => DEFAULT_LIMIT,
        limit => limit.min(MAX_LIMIT),
    };
    let found = sqlx::query(LIST)
        .bind(&query.after)
        .bind(query.containing.as_deref().map(text))
        .bind(rows(limit + 1))
        .fetch_all(pool)
        .await
        .map_err(unavailable)?;
    let more = found.len() > limit;
    let records: Vec<RecurringRecord> = found
        .iter()
        .take(limit)
        .map(record)
        .collect::<Result<_, _>>()?;

    let mut last = history::last_runs(pool, &records).await?;
    let next = records
        .last()
        .filter(|_| more)
        .map(|record| record.id.clone());
    let summary = |record: RecurringRecord| RecurringSummary {
        last: last.remove(&record.id),
        record,
    };
    Ok(RecurringPage {
        jobs: records.into_iter().map(summary).collect(),
        next,
    })
}

pub(super) fn record(row: &SqliteRow) -> Result<RecurringRecord, StorageError> {
    let time = |name: &str| -> Result<Option<Timestamp>, StorageError> {
        let micros: Option<i64> = column(row, name)?;
        micros.map(timestamp).transpose()
    };
    Ok(RecurringRecord {
        id: column(row, "id")?,
        revision: column(row, "revision")?,
        kind: column(row, "kind")?,
        job: column(row, "job")?,
        schedule: column(row, "schedule")?,
        time_zone: column(row, "time_zone")?,
        code_schedule: column(row, "code_schedule")?,
        code_time_zone: column(row, "code_time_zone")?,
        missed_runs: column(row, "missed_runs")?,
        overlap: column(row, "overlap")?,
        next_at: time("next_at")?,
        look_at: time("look_at")?,
        paused_at: time("paused_at")?,
        paused_because: column(row, "paused_because")?,
        error: column(row, "error")?,
        runs: column(row, "runs")?,
        created_at: timestamp(column(row, "created_at")?)?,
        changed_at: timestamp(column(row, "changed_at")?)?,
    })
}

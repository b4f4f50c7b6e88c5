//! Many jobs at once: `COPY` is PostgreSQL's quickest way in.

use job_engine::NewJob;
use job_engine::storage::StorageError;
use sqlx::{Connection, PgConnection, PgPool};
use uuid::Uuid;

use crate::convert::{later_version, unavailable};
use crate::enqueuing::all_inserted;
use crate::kept::{Kept, Lent};
use crate::rows::range;

/// Notes which jobs are copied together, as the index of the newest jobs knows none of them. Tells
/// whether there are jobs with ids between theirs: ids that were made together lie together, so mostly
/// there are none.
const NOTE: &str = "
insert into job_engine.copies (at, number, lowest, highest) values (now(), $1, $2, $3)
returning exists (select from job_engine.ready where id between $2 and $3)
  or exists (select from job_engine.waiting where id between $2 and $3)
  or exists (select from job_engine.finished where id between $2 and $3)";

const IS_KNOWN: &str = "
select exists (
  select from unnest($1::uuid[]) as j (id) join job_engine.ready using (id)
  union all select from unnest($1::uuid[]) as j (id) join job_engine.waiting using (id)
  union all select from unnest($1::uuid[]) as j (id) join job_engine.finished using (id)
)";

/// They are made and enqueued at the time of the transaction, by default.
const COPY: &str = "
copy job_engine.ready
  (id, kind, queue, priority, arguments, tenant, tags, version, trace, limit_key, copied)
from stdin (format binary)";

const COLUMNS: i16 = 11;

/// Of which nothing waits any more. The jobs that were made last are mostly done last.
const FORGET: &str = "
delete from job_engine.copies c
where (
  select r.id from job_engine.ready r
  where r.id between c.lowest and c.highest
    and r.copied = c.number and r.stages = 0 and r.enqueued_at = c.at
  order by r.id desc
  limit 1
) is null";

/// Ids of jobs that are copied together were made within a minute: those of their copy are looked for
/// between the lowest and the highest.
const SPAN: u128 = 60_000;

/// Bytes of one job beside its texts, about.
const JOB_BYTES: usize = 130;

/// `text`, as PostgreSQL numbers its types.
const TEXT: i32 = 25;

/// Whether the ids of the jobs lie together, so that they can be copied.
pub(crate) fn lie_together(jobs: &[NewJob]) -> bool {
    let ids = || jobs.iter().map(|job| job.id.0.as_u128());
    let milliseconds = |id: u128| id >> 80;
    let first = ids().min().map_or(0, milliseconds);
    let last = ids().max().map_or(0, milliseconds);
    last - first <= SPAN
}

/// Stores plain jobs that may run now, all or none. Who stops waiting does not take them back: a copy
/// that ended in the middle would leave the connection in disorder.
pub(crate) async fn copy(kept: &Kept, jobs: &[NewJob]) -> Result<(), StorageError> {
    let connection = kept.lend().await.map_err(unavailable)?;
    let ids: Vec<Uuid> = jobs.iter().map(|job| job.id.0).collect();
    let rows = rows(jobs, number(range(&ids).0));
    let copying = tokio::spawn(copy_rows(connection, ids, rows));
    let copied = copying.await.map_err(StorageError::unavailable)?;
    all_inserted(jobs.len(), copied.map_err(unavailable)?)
}

/// How many were stored: none if one of them was before.
async fn copy_rows(mut connection: Lent, ids: Vec<Uuid>, rows: Vec<u8>) -> sqlx::Result<u64> {
    let mut transaction = connection.begin().await?;
    let (lowest, highest) = range(&ids);
    let may_be_known: bool = sqlx::query_scalar(NOTE)
        .bind(number(lowest))
        .bind(lowest)
        .bind(highest)
        .fetch_one(&mut *transaction)
        .await?;
    if may_be_known && is_known(&mut transaction, ids).await? {
        return Ok(0);
    }

    let mut copy = transaction.copy_in_raw(COPY).await?;
    copy.send(rows).await?;
    let copied = copy.finish().await?;
    transaction.commit().await?;
    connection.keep();
    Ok(copied)
}

async fn is_known(connection: &mut PgConnection, ids: Vec<Uuid>) -> sqlx::Result<bool> {
    sqlx::query_scalar(IS_KNOWN)
        .bind(ids)
        .fetch_one(connection)
        .await
}

/// Tells copies apart that begin at the same time. The end of an id is made by chance.
fn number(lowest: Uuid) -> i32 {
    let [.., a, b, c, d] = lowest.into_bytes();
    i32::from_be_bytes([a, b, c, d])
}

/// Forgets which jobs were copied together where none of them waits.
pub(crate) async fn forget(pool: &PgPool) -> Result<(), StorageError> {
    sqlx::query(FORGET)
        .execute(pool)
        .await
        .map_err(unavailable)?;
    Ok(())
}

fn rows(jobs: &[NewJob], copy: i32) -> Vec<u8> {
    let mut rows = Rows(Vec::with_capacity(jobs.len() * JOB_BYTES));
    rows.0.extend(b"PGCOPY\n\xff\r\n\0");
    // No flags, and nothing more in the header.
    rows.0.extend([0; 8]);
    for job in jobs {
        rows.add(job, copy);
    }
    rows.0.extend((-1_i16).to_be_bytes());
    rows.0
}

/// As `COPY` reads them.
struct Rows(Vec<u8>);

impl Rows {
    fn add(&mut self, job: &NewJob, copy: i32) {
        self.0.extend(COLUMNS.to_be_bytes());
        self.field(job.id.0.as_bytes());
        self.field(job.kind.as_bytes());
        self.field(job.queue.as_bytes());
        self.field(&job.priority.to_be_bytes());
        self.field(job.arguments.as_bytes());
        self.text_or_null(job.tenant.as_deref());
        self.tags(&job.tags);
        match later_version(job.version) {
            Some(version) => self.field(&version.to_be_bytes()),
            None => self.null(),
        }
        self.text_or_null(job.trace.as_deref());
        self.text_or_null(job.limit_key.as_deref());
        self.field(&copy.to_be_bytes());
    }

    fn field(&mut self, bytes: &[u8]) {
        self.0.extend(length(bytes.len()));
        self.0.extend(bytes);
    }

    fn null(&mut self) {
        self.0.extend((-1_i32).to_be_bytes());
    }

    fn text_or_null(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.field(text.as_bytes()),
            None => self.null(),
        }
    }

    /// An array in one dimension, which begins at 1 and holds no null.
    fn tags(&mut self, tags: &[String]) {
        if tags.is_empty() {
            return self.null();
        }
        let elements: usize = tags.iter().map(|tag| 4 + tag.len()).sum();
        self.0.extend(length(5 * 4 + elements));
        let header = [1_i32.to_be_bytes(), [0; 4], TEXT.to_be_bytes()];
        self.0.extend(header.as_flattened());
        self.0.extend(length(tags.len()));
        self.0.extend(1_i32.to_be_bytes());
        for tag in tags {
            self.field(tag.as_bytes());
        }
    }
}

/// Longer fields than PostgreSQL takes are refused by it, never cut.
fn length(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).unwrap_or(i32::MAX).to_be_bytes()
}

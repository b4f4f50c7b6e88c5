//! Many jobs at once: `COPY` is PostgreSQL's quickest way in.

use job_engine::NewJob;
use job_engine::storage::StorageError;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::convert::{later_version, unavailable};
use crate::enqueuing::{all_inserted, known_id, range};
use crate::kept::Kept;

/// Whether there are jobs with ids between these. Ids that were made together lie together, so mostly
/// there are none.
const MAY_BE_KNOWN: &str = "
select exists (select from job_engine.ready where id between $1 and $2)
  or exists (select from job_engine.waiting where id between $1 and $2)
  or exists (select from job_engine.finished where id between $1 and $2)";

const IS_KNOWN: &str = "
select exists (
  select from unnest($1::uuid[]) as j (id) join job_engine.ready using (id)
  union all select from unnest($1::uuid[]) as j (id) join job_engine.waiting using (id)
  union all select from unnest($1::uuid[]) as j (id) join job_engine.finished using (id)
)";

/// When they were made and enqueued is the time of this statement, by default.
const COPY: &str = "
copy job_engine.ready
  (id, kind, queue, priority, arguments, tenant, tags, version, trace, limit_key)
from stdin (format binary)";

const COLUMNS: i16 = 10;

/// Bytes of one job beside its texts, about.
const JOB_BYTES: usize = 130;

/// `text`, as PostgreSQL numbers its types.
const TEXT: i32 = 25;

/// Stores plain jobs that may run now, all or none. Who stops waiting does not take them back: a copy
/// that ended in the middle would leave the connection in disorder.
pub(crate) async fn copy(kept: &Kept, jobs: &[NewJob]) -> Result<(), StorageError> {
    let mut connection = kept.lend().await.map_err(unavailable)?;
    let rows = rows(jobs);
    if is_known(&mut connection, jobs).await.map_err(unavailable)? {
        connection.keep();
        return Err(known_id());
    }

    let copying = tokio::spawn(async move {
        let mut copy = connection.copy_in_raw(COPY).await?;
        copy.send(rows).await?;
        let copied = copy.finish().await?;
        connection.keep();
        Ok(copied)
    });
    let copied = copying.await.map_err(StorageError::unavailable)?;
    all_inserted(jobs.len(), copied.map_err(unavailable)?)
}

async fn is_known(connection: &mut PgConnection, jobs: &[NewJob]) -> sqlx::Result<bool> {
    let ids: Vec<Uuid> = jobs.iter().map(|job| job.id.0).collect();
    let (lowest, highest) = range(&ids);
    let may_be: bool = sqlx::query_scalar(MAY_BE_KNOWN)
        .bind(lowest)
        .bind(highest)
        .fetch_one(&mut *connection)
        .await?;
    if !may_be {
        return Ok(false);
    }
    sqlx::query_scalar(IS_KNOWN)
        .bind(ids)
        .fetch_one(connection)
        .await
}

fn rows(jobs: &[NewJob]) -> Vec<u8> {
    let mut rows = Rows(Vec::with_capacity(jobs.len() * JOB_BYTES));
    rows.0.extend(b"PGCOPY\n\xff\r\n\0");
    // No flags, and nothing more in the header.
    rows.0.extend([0; 8]);
    for job in jobs {
        rows.add(job);
    }
    rows.0.extend((-1_i16).to_be_bytes());
    rows.0
}

/// As `COPY` reads them.
struct Rows(Vec<u8>);

impl Rows {
    fn add(&mut self, job: &NewJob) {
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

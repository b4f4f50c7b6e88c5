//! The versions of the tables.

use job_engine::storage::StorageError;
use sqlx::SqliteConnection;

use crate::convert::unavailable;
use crate::writer::Writer;

/// The file number n is version n. A released file is never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_jobs.sql"),
    include_str!("../migrations/0002_tenants_and_tags.sql"),
    include_str!("../migrations/0003_pauses.sql"),
    include_str!("../migrations/0004_recurring.sql"),
    include_str!("../migrations/0005_revocations.sql"),
    include_str!("../migrations/0006_search.sql"),
    include_str!("../migrations/0007_begun.sql"),
    include_str!("../migrations/0008_notes.sql"),
    include_str!("../migrations/0009_limits.sql"),
    include_str!("../migrations/0010_statistics.sql"),
    include_str!("../migrations/0011_operations.sql"),
    include_str!("../migrations/0012_continuations.sql"),
    include_str!("../migrations/0013_known_kinds.sql"),
    include_str!("../migrations/0014_orders.sql"),
    include_str!("../migrations/0015_retention.sql"),
    include_str!("../migrations/0016_lists.sql"),
    include_str!("../migrations/0017_families.sql"),
    include_str!("../migrations/0018_traces.sql"),
    include_str!("../migrations/0019_batches.sql"),
    include_str!("../migrations/0020_history.sql"),
    include_str!("../migrations/0021_failed_groups.sql"),
    include_str!("../migrations/0022_marks.sql"),
];

/// Only one process migrates at a time, as only one writes; the others find everything done.
pub(crate) async fn migrate(writer: &Writer) -> Result<(), StorageError> {
    let mut write = writer.durable().await?;
    let present = version(&mut write.transaction).await.map_err(unavailable)?;
    let known = MIGRATIONS.len();
    if present > known {
        return Err(StorageError::Corrupt(format!(
            "the tables job_engine_* have version {present} and this program knows {known} versions: start a newer program"
        )));
    }

    for (index, migration) in MIGRATIONS.iter().enumerate().skip(present) {
        apply(&mut write.transaction, index + 1, migration)
            .await
            .map_err(unavailable)?;
    }
    write.commit().await
}

async fn version(connection: &mut SqliteConnection) -> sqlx::Result<usize> {
    sqlx::raw_sql(
        "create table if not exists job_engine_migrations (
           version integer primary key,
           applied_at text not null default current_timestamp
         ) strict",
    )
    .execute(&mut *connection)
    .await?;
    let version: i64 =
        sqlx::query_scalar("select coalesce(max(version), 0) from job_engine_migrations")
            .fetch_one(connection)
            .await?;
    Ok(usize::try_from(version).unwrap_or_default())
}

async fn apply(
    connection: &mut SqliteConnection,
    version: usize,
    migration: &'static str,
) -> sqlx::Result<()> {
    sqlx::raw_sql(migration).execute(&mut *connection).await?;
    sqlx::query("insert into job_engine_migrations (version) values (?)")
        .bind(i64::try_from(version).expect("there are few versions"))
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    /// As version 20 stored a job that failed and the group of its error.
    const FAILED_JOB: &str = "
insert into job_engine_jobs
  (id, state, priority, kind, queue, created_at, changed_at, ended_at, arguments, error)
values (x'01', 'Failed', 0, 'send', 'default', 1, 2, 2, '{}', '{\"group\":\"g\",\"message\":\"busy\"}');
insert into job_engine_error_groups (kind, error_group, jobs, failures, first_at, last_at, error)
values ('send', 'g', 1, 1, 2, 2, '{}')";

    const REQUEUE: &str = "update job_engine_jobs set state = 'Enqueued', ended_at = null";

    #[tokio::test]
    async fn jobs_that_failed_under_version_20_stay_in_their_group() {
        let scratch = Scratch::create();
        let writer = scratch.writer().await;
        let mut write = writer.durable().await.expect("it is our turn");
        let connection = &mut *write.transaction;
        version(connection).await.expect("there is room");
        for (index, migration) in MIGRATIONS.iter().take(20).enumerate() {
            let applied = apply(connection, index + 1, migration).await;
            applied.expect("it was released");
        }
        sqlx::raw_sql(FAILED_JOB)
            .execute(connection)
            .await
            .expect("it fits");
        write.commit().await.expect("there is room");

        migrate(&writer).await.expect("it is migrated");

        let mut write = writer.durable().await.expect("it is our turn");
        let connection = &mut *write.transaction;
        let group: Option<String> = sqlx::query_scalar("select error_group from job_engine_jobs")
            .fetch_one(&mut *connection)
            .await
            .expect("it is there");
        assert_eq!(group.as_deref(), Some("g"));
        sqlx::query(REQUEUE)
            .execute(&mut *connection)
            .await
            .expect("it is requeued");
        let left: i64 = sqlx::query_scalar("select jobs from job_engine_error_groups")
            .fetch_one(connection)
            .await
            .expect("it is counted");
        assert_eq!(left, 0);
    }
}

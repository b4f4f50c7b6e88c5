//! The versions of the schema `job_engine`.

use job_engine::storage::StorageError;
use sqlx::{PgConnection, PgPool};

use crate::convert::unavailable;
use crate::transaction::begin;

/// The file number n is version n. A released file is never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_jobs.sql"),
    include_str!("../migrations/0002_enqueue.sql"),
    include_str!("../migrations/0003_tenants_and_tags.sql"),
    include_str!("../migrations/0004_pauses.sql"),
    include_str!("../migrations/0005_recurring.sql"),
    include_str!("../migrations/0006_search.sql"),
    include_str!("../migrations/0007_begun.sql"),
    include_str!("../migrations/0008_notes.sql"),
    include_str!("../migrations/0009_limits.sql"),
    include_str!("../migrations/0010_statistics.sql"),
    include_str!("../migrations/0011_operations.sql"),
    include_str!("../migrations/0012_continuations.sql"),
    include_str!("../migrations/0013_known_kinds.sql"),
    include_str!("../migrations/0014_pulses.sql"),
    include_str!("../migrations/0015_orders.sql"),
    include_str!("../migrations/0016_retention.sql"),
    include_str!("../migrations/0017_enqueue_keys.sql"),
    include_str!("../migrations/0018_turns.sql"),
    include_str!("../migrations/0019_clock.sql"),
    include_str!("../migrations/0020_newest.sql"),
    include_str!("../migrations/0021_families.sql"),
    include_str!("../migrations/0022_traces.sql"),
    include_str!("../migrations/0023_error_groups.sql"),
    include_str!("../migrations/0024_batches.sql"),
    include_str!("../migrations/0025_lines.sql"),
    include_str!("../migrations/0026_shared_keys.sql"),
    include_str!("../migrations/0027_tenants.sql"),
    include_str!("../migrations/0028_times.sql"),
    include_str!("../migrations/0029_copies.sql"),
    include_str!("../migrations/0030_marks.sql"),
    include_str!("../migrations/0031_short_groups.sql"),
];

/// The key of the advisory lock under which migrations run: "job_engi" in ASCII.
const LOCK: i64 = 0x6a6f_625f_656e_6769;

pub(crate) async fn migrate(pool: &PgPool) -> Result<(), StorageError> {
    let mut transaction = begin(pool).await.map_err(unavailable)?;
    lock(&mut transaction).await.map_err(unavailable)?;
    let present = version(&mut transaction).await.map_err(unavailable)?;
    let known = MIGRATIONS.len();
    if present > known {
        return Err(StorageError::Corrupt(format!(
            "the schema job_engine has version {present} and this program knows {known} versions: start a newer program"
        )));
    }

    for (index, migration) in MIGRATIONS.iter().enumerate().skip(present) {
        apply(&mut transaction, index + 1, migration)
            .await
            .map_err(unavailable)?;
    }
    transaction.commit().await.map_err(unavailable)
}

/// Only one process migrates at a time; the others find everything done.
async fn lock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(connection)
        .await?;
    Ok(())
}

async fn version(connection: &mut PgConnection) -> sqlx::Result<usize> {
    sqlx::raw_sql(
        "set local client_min_messages = warning;
         create schema if not exists job_engine;
         create table if not exists job_engine.migrations (
           version integer primary key,
           applied_at timestamptz not null default now()
         )",
    )
    .execute(&mut *connection)
    .await?;
    let version: i32 =
        sqlx::query_scalar("select coalesce(max(version), 0) from job_engine.migrations")
            .fetch_one(connection)
            .await?;
    Ok(usize::try_from(version).unwrap_or_default())
}

async fn apply(
    connection: &mut PgConnection,
    version: usize,
    migration: &'static str,
) -> sqlx::Result<()> {
    sqlx::raw_sql(migration).execute(&mut *connection).await?;
    sqlx::query("insert into job_engine.migrations (version) values ($1)")
        .bind(i32::try_from(version).expect("there are few versions"))
        .execute(connection)
        .await?;
    Ok(())
}

use super::Link;
use super::error::DatabaseError;
use super::statement::sql;

/// One version of a schema. A released one is never changed.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    pub postgres: &'static str,
    pub sqlite: &'static str,
}

/// The versions of a schema, the first one first.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    pub migrations: &'static [Migration],
    /// Under which only one process migrates at a time.
    pub lock: i64,
}

impl Schema {
    pub fn version(&self) -> u32 {
        u32::try_from(self.migrations.len()).expect("there are few versions")
    }

    /// Brings the tables up to date. In a transaction of the caller's that excludes others (SQLite:
    /// begun with `BEGIN IMMEDIATE`; here PostgreSQL takes its lock).
    pub async fn migrate(&self, mut link: Link<'_>) -> Result<(), DatabaseError> {
        lock(link.reborrow(), self.lock).await?;
        let present = present_version(link.reborrow()).await?;
        if present > self.version() {
            return Err(too_new(present, self.version()));
        }

        for (version, migration) in (1_u32..).zip(self.migrations).skip(present as usize) {
            run(link.reborrow(), migration).await?;
            sql("INSERT INTO migrations (version) VALUES ($1)")
                .bind(version)
                .execute(link.reborrow())
                .await?;
        }
        Ok(())
    }
}

async fn lock(link: Link<'_>, key: i64) -> Result<(), DatabaseError> {
    if let Link::Postgres(connection) = link {
        sql("SELECT pg_advisory_xact_lock($1)")
            .bind(key)
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn present_version(mut link: Link<'_>) -> Result<u32, DatabaseError> {
    run(
        link.reborrow(),
        &Migration {
            postgres: "SET LOCAL client_min_messages = warning;
                CREATE TABLE IF NOT EXISTS migrations (
                    version bigint PRIMARY KEY,
                    applied_at timestamptz NOT NULL DEFAULT now()
                )",
            sqlite: "CREATE TABLE IF NOT EXISTS migrations (
                    version INTEGER PRIMARY KEY,
                    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
                ) STRICT",
        },
    )
    .await?;
    sql("SELECT COALESCE(MAX(version), 0) AS version FROM migrations")
        .only(link)
        .await?
        .count("version")
}

async fn run(link: Link<'_>, migration: &Migration) -> Result<(), DatabaseError> {
    match link {
        Link::Postgres(connection) => {
            sqlx::raw_sql(migration.postgres)
                .execute(connection)
                .await?;
        }
        Link::Sqlite(connection) => {
            sqlx::raw_sql(migration.sqlite).execute(connection).await?;
        }
    }
    Ok(())
}

fn too_new(present: u32, known: u32) -> DatabaseError {
    let message = format!(
        "the database has version {present} and this program knows {known}: start a newer program"
    );
    DatabaseError(sqlx::Error::Configuration(message.into()))
}

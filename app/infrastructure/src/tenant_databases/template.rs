//! The database that tenants' databases are copied from: to copy one costs half as much as to run
//! all migrations.

use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};

use super::connections::{Connections, run};
use super::contents::TENANT;
use super::database_name::DatabaseName;
use crate::database::{DatabaseError, Link, sql};

/// Makes the template of this version of the tables unless it is there.
///
/// It grows under another name, so that a template with the right name is complete. Each catalogue
/// has its own, so that the lock, which holds within the catalogue's database, is enough.
pub async fn ensure(connections: &Connections) -> Result<DatabaseName, DatabaseError> {
    let mut catalog = connections.to_catalog().await?;
    let connection = &mut catalog.connection;
    sql("SELECT pg_advisory_lock($1)")
        .bind(TENANT.lock)
        .execute(&mut *connection)
        .await?;

    let fingerprint = fingerprint(connection).await?;
    let name = DatabaseName::of_template(fingerprint);
    if !exists(connection, &name).await? {
        build(connections, connection, fingerprint, &name).await?;
    }
    // Ends the lock as well.
    catalog.connection.close().await?;
    Ok(name)
}

async fn build(
    connections: &Connections,
    catalog: &mut PgConnection,
    fingerprint: u128,
    name: &DatabaseName,
) -> Result<(), DatabaseError> {
    let unfinished = DatabaseName::of_unfinished_template(fingerprint);
    run(
        catalog,
        format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)"),
    )
    .await?;
    run(
        catalog,
        format!("CREATE DATABASE {unfinished} TEMPLATE template0"),
    )
    .await?;
    run(
        catalog,
        format!("REVOKE ALL ON DATABASE {unfinished} FROM PUBLIC"),
    )
    .await?;
    migrate(connections, &unfinished).await?;

    // A template that someone is connected to cannot be copied.
    run(
        catalog,
        format!("ALTER DATABASE {unfinished} ALLOW_CONNECTIONS false"),
    )
    .await?;
    run(
        catalog,
        format!("ALTER DATABASE {unfinished} RENAME TO {name}"),
    )
    .await
}

async fn migrate(connections: &Connections, name: &DatabaseName) -> Result<(), DatabaseError> {
    let mut open = connections.to(name).await?;
    let mut transaction = open.connection.begin().await?;
    TENANT.migrate(Link::Postgres(&mut transaction)).await?;
    transaction.commit().await?;
    open.connection.close().await?;
    Ok(())
}

/// Another one for each catalogue and for each version of the tables.
async fn fingerprint(connection: &mut PgConnection) -> Result<u128, DatabaseError> {
    let catalog = sql("SELECT current_database()::text AS name")
        .only(&mut *connection)
        .await?
        .text("name")?;
    let mut hash = Sha256::new();
    hash.update(catalog);
    for migration in TENANT.migrations {
        hash.update([0]);
        hash.update(migration.postgres);
    }
    let hash = hash.finalize();
    let bytes: [u8; 16] = hash[..16].try_into().expect("the hash has 32 bytes");
    Ok(u128::from_be_bytes(bytes))
}

async fn exists(connection: &mut PgConnection, name: &DatabaseName) -> Result<bool, DatabaseError> {
    let row = sql("SELECT 1 AS one FROM pg_database WHERE datname = $1")
        .bind(name.as_str())
        .first(connection)
        .await?;
    Ok(row.is_some())
}

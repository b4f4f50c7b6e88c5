//! The tenants' own databases: a database each in PostgreSQL, a file each with SQLite.

mod connections;
mod contents;
mod database_name;
mod postgres;
mod sqlite;
mod template;

pub use database_name::DatabaseName;
pub use postgres::PostgresTenantDatabases;
pub use sqlite::SqliteTenantDatabases;

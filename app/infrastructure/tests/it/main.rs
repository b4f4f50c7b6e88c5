//! Every test of the ports runs on SQLite and on PostgreSQL.

mod stage;

mod connecting;
mod notifications;
mod postgres_only;
mod provisioning;
mod sessions;
mod smtp;
mod sqlite_only;
mod tenant_databases;
mod tenants;
mod users;

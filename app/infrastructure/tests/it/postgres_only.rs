use infrastructure::connect;
use infrastructure::tenant_databases::DatabaseName;
use sqlx::Connection;
use uuid::Uuid;

use crate::stage::{Stage, execute};

/// The names of databases that look like this.
async fn databases(stage: &Stage, pattern: &str) -> Vec<String> {
    let names = sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname LIKE $1");
    names
        .bind(pattern)
        .fetch_all(stage.postgres_pool())
        .await
        .expect("listed")
}

/// A role of its own that can do nothing but use the catalogue; its URL.
async fn plain_role(stage: &Stage) -> (String, String) {
    let database = stage.postgres_database();
    let role = format!("plain_{}", Uuid::now_v7().simple());
    execute(
        &database.url,
        format!("CREATE ROLE {role} LOGIN PASSWORD 'secret-of-{role}'"),
    )
    .await;
    execute(
        &database.url,
        format!("ALTER DATABASE {} OWNER TO {role}", database.name),
    )
    .await;
    execute(
        &database.url,
        format!("GRANT ALL ON SCHEMA public TO {role}"),
    )
    .await;
    let (_, host) = database.url.split_once('@').expect("a user in the URL");
    (format!("postgres://{role}:secret-of-{role}@{host}"), role)
}

#[tokio::test]
async fn a_tenants_database_is_closed_to_everyone_else() {
    let stage = Stage::postgres().await;
    let tenant = stage.tenant("acme").await;
    stage
        .adapters
        .tenant_databases
        .create(tenant.id)
        .await
        .expect("created");
    let (url, _) = plain_role(&stage).await;
    let (base, _) = url.rsplit_once('/').expect("a database in the URL");
    let name = DatabaseName::of_tenant(tenant.id);

    let refused = sqlx::PgConnection::connect(&format!("{base}/{}", name.as_str())).await;

    let message = refused.expect_err("must be refused").to_string();
    assert!(
        message.contains("permission denied for database"),
        "{message}"
    );
    stage.end().await;
}

#[tokio::test]
async fn a_role_that_may_not_create_databases_learns_so_and_nothing_else() {
    let stage = Stage::postgres().await;
    let (url, role) = plain_role(&stage).await;
    // Its own catalogue, because the tables of this one belong to someone else.
    let name = format!("plain_{}", Uuid::now_v7().simple());
    execute(
        &stage.postgres_database().server_url,
        format!("CREATE DATABASE {name} OWNER {role}"),
    )
    .await;
    let (base, _) = url.rsplit_once('/').expect("a database in the URL");
    let settings = infrastructure::Settings {
        database_url: Some(format!("{base}/{name}")),
        ..stage.settings()
    };
    let adapters = connect(&settings).await.expect("opens");
    let tenant = stage.tenant("acme").await;

    let refused = adapters.tenant_databases.create(tenant.id).await;

    let message = refused.expect_err("must be refused").to_string();
    assert_eq!(message, "permission denied to create database");
    adapters.close().await;
    execute(
        &stage.postgres_database().server_url,
        format!("DROP DATABASE {name} WITH (FORCE)"),
    )
    .await;
    stage.end().await;
}

#[tokio::test]
async fn a_template_that_was_left_unfinished_is_made_anew() {
    let stage = Stage::postgres().await;
    let tenant = stage.tenant("acme").await;
    let before = databases(&stage, "template\\_%").await;
    stage
        .adapters
        .tenant_databases
        .create(tenant.id)
        .await
        .expect("created");
    let mut made = databases(&stage, "template\\_%").await;
    made.retain(|name| !before.contains(name));
    let template = made.pop().expect("a template was made");
    let unfinished = template.replace("template_", "unfinished_");
    let url = &stage.postgres_database().server_url;
    execute(url, format!("DROP DATABASE {template}")).await;
    execute(url, format!("CREATE DATABASE {unfinished}")).await;

    let restarted = connect(&stage.settings()).await.expect("opens");
    let other = stage.tenant("other").await;
    restarted
        .tenant_databases
        .create(other.id)
        .await
        .expect("created");
    let opened = restarted.tenant_databases.open(other.id).await;
    let mut database = opened.expect("opened");
    database.migrate().await.expect("migrated");
    database.close().await;

    assert_eq!(databases(&stage, &template).await.len(), 1);
    assert_eq!(databases(&stage, &unfinished).await.len(), 0);
    restarted.close().await;
    stage.end().await;
}

#[tokio::test]
async fn without_its_template_a_database_is_made_all_the_same() {
    let stage = Stage::postgres().await;
    let first = stage.tenant("first").await;
    let second = stage.tenant("second").await;
    let before = databases(&stage, "template\\_%").await;
    let tenant_databases = &stage.adapters.tenant_databases;
    tenant_databases.create(first.id).await.expect("created");
    let mut made = databases(&stage, "template\\_%").await;
    made.retain(|name| !before.contains(name));
    let template = made.pop().expect("a template was made");
    let url = &stage.postgres_database().server_url;
    execute(url, format!("DROP DATABASE {template}")).await;

    tenant_databases.create(second.id).await.expect("created");
    let mut database = tenant_databases.open(second.id).await.expect("opened");
    database.migrate().await.expect("migrated");
    database.seed(&second).await.expect("seeded");
    database.close().await;

    stage.end().await;
}

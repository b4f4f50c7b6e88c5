use std::fs;

use domain::Origin;
use infrastructure::Pool;
use infrastructure::tenant_databases::DatabaseName;
use sqlx::Executor;

use crate::stage::{Stage, tenant};

#[tokio::test]
async fn a_folder_where_the_file_belongs_is_an_error_that_says_nothing_of_paths() {
    let stage = Stage::sqlite().await;
    let tenant = stage.tenant("acme").await;
    let name = format!("{}.db", DatabaseName::of_tenant(tenant.id).as_str());
    let path = stage.folder.path().join("data/tenants").join(name);
    fs::create_dir_all(&path).expect("made");

    let refused = stage.adapters.tenant_databases.create(tenant.id).await;

    let message = refused.expect_err("must fail").to_string();
    assert_eq!(message, "unable to open database file");

    fs::remove_dir(&path).expect("removed");
    let repaired = stage.adapters.tenant_databases.create(tenant.id).await;
    repaired.expect("created");
    stage.end().await;
}

#[tokio::test]
async fn a_file_that_a_process_left_behind_half_made_is_completed() {
    let stage = Stage::sqlite().await;
    let tenant = stage.tenant("acme").await;
    let name = format!("{}.db", DatabaseName::of_tenant(tenant.id).as_str());
    let path = stage.folder.path().join("data/tenants").join(name);
    fs::write(&path, "").expect("written");

    let databases = &stage.adapters.tenant_databases;
    databases.create(tenant.id).await.expect("taken as it is");
    let mut database = databases.open(tenant.id).await.expect("opened");
    database.migrate().await.expect("completed");
    database.seed(&tenant).await.expect("seeded");
    database.close().await;

    stage.end().await;
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_in_the_data_folder_is_nobody_elses_business() {
    use std::os::unix::fs::PermissionsExt;

    let stage = Stage::sqlite().await;

    let folder = fs::metadata(stage.folder.path().join("data")).expect("there");

    assert_eq!(folder.permissions().mode() & 0o777, 0o700);
    stage.end().await;
}

#[tokio::test]
async fn after_the_disk_was_full_tenants_can_be_stored_again() {
    let stage = Stage::sqlite().await;
    let Pool::Sqlite(pool, _) = &stage.adapters.pool else {
        panic!("this stage is on SQLite")
    };
    // SQLite ends the whole transaction, as it does when the disk is full.
    let full = "CREATE TRIGGER full BEFORE INSERT ON tenants
        BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END";
    pool.execute(full).await.expect("made");

    for _ in 0..pool.options().get_max_connections() {
        let mut transaction = stage.begin().await;
        let refused = transaction
            .tenants()
            .add(&tenant("acme", Origin::SignUp))
            .await;
        refused.expect_err("must fail");
    }
    pool.execute("DROP TRIGGER full").await.expect("dropped");

    stage.tenant("acme").await;
    stage.end().await;
}

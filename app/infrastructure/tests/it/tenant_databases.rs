use application::ports::{TenantHome, TenantOwner};
use domain::{Tenant, UserId};

use crate::stage::{Stage, on_both};

fn owner(email: &str) -> TenantOwner {
    TenantOwner {
        user_id: UserId::random(),
        email: email.parse().expect("an address"),
        display_name: "Ada".to_owned(),
    }
}

async fn make(stage: &Stage, tenant: &Tenant, owner: &TenantOwner) {
    let databases = &stage.adapters.tenant_databases;
    databases.create(tenant.id).await.expect("created");
    let mut database = databases.open(tenant.id).await.expect("opened");
    database.migrate().await.expect("migrated");
    database.seed(tenant).await.expect("seeded");
    database.create_owner(owner).await.expect("owned");
    database.close().await;
}

async fn home(stage: &Stage, tenant: &Tenant) -> TenantHome {
    let databases = &stage.adapters.tenant_databases;
    let mut database = databases.open(tenant.id).await.expect("opened");
    let home = database.read_home().await.expect("read");
    database.close().await;
    home
}

on_both! {
    async fn a_tenant_has_a_database_with_roles_settings_and_an_owner(stage: &Stage) {
        let tenant = stage.tenant("acme").await;
        let ada = owner("ada@acme.example");

        make(stage, &tenant, &ada).await;

        let home = home(stage, &tenant).await;
        assert_eq!(home.owner, ada);
        let roles: Vec<_> = home.roles.iter().map(|role| role.name.as_str()).collect();
        assert_eq!(roles, ["Owner", "Administrator", "Member", "Guest"]);
        let setting = |key| home.settings.iter().find(|it| it.key == key).map(|it| &it.value);
        assert_eq!(setting("organization.name"), Some(&"The acme company".to_owned()));
        assert!(home.database.name.starts_with("t_"));
    }

    async fn what_is_done_again_changes_nothing(stage: &Stage) {
        let tenant = stage.tenant("acme").await;
        let ada = owner("ada@acme.example");
        make(stage, &tenant, &ada).await;
        let before = home(stage, &tenant).await;

        make(stage, &tenant, &owner("eve@acme.example")).await;

        let after = home(stage, &tenant).await;
        assert_eq!(after, before);
    }

    async fn each_tenant_has_its_own(stage: &Stage) {
        let (acme, other) = (stage.tenant("acme").await, stage.tenant("other").await);
        let (ada, eve) = (owner("ada@acme.example"), owner("eve@other.example"));

        tokio::join!(make(stage, &acme, &ada), make(stage, &other, &eve));

        assert_eq!(home(stage, &acme).await.owner, ada);
        assert_eq!(home(stage, &other).await.owner, eve);
    }

    async fn a_database_that_two_make_at_once_is_made_once(stage: &Stage) {
        let tenant = stage.tenant("acme").await;
        let databases = &stage.adapters.tenant_databases;

        let (one, other) = tokio::join!(databases.create(tenant.id), databases.create(tenant.id));
        one.expect("created");
        other.expect("created");
        let mut here = databases.open(tenant.id).await.expect("opened");
        let mut there = databases.open(tenant.id).await.expect("opened");
        let (one, other) = tokio::join!(here.migrate(), there.migrate());

        one.expect("migrated");
        other.expect("migrated");
    }

    async fn a_database_that_is_not_there_cannot_be_filled(stage: &Stage) {
        let tenant = stage.tenant("acme").await;
        let databases = &stage.adapters.tenant_databases;

        let refused = databases.open(tenant.id).await;

        assert!(refused.is_err());
    }
}

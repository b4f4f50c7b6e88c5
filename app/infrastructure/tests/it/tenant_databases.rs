use application::ports::TenantOwner;
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
    databases.migrate(tenant.id).await.expect("migrated");
    databases.seed(tenant).await.expect("seeded");
    databases
        .create_owner(tenant.id, owner)
        .await
        .expect("owned");
}

on_both! {
    async fn a_tenant_has_a_database_with_roles_settings_and_an_owner(stage: &Stage) {
        let tenant = stage.tenant("acme").await;
        let ada = owner("ada@acme.example");

        make(stage, &tenant, &ada).await;

        let home = stage.adapters.tenant_databases.read_home(tenant.id).await.expect("read");
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
        let before = stage.adapters.tenant_databases.read_home(tenant.id).await.expect("read");

        make(stage, &tenant, &owner("eve@acme.example")).await;

        let after = stage.adapters.tenant_databases.read_home(tenant.id).await.expect("read");
        assert_eq!(after, before);
    }

    async fn each_tenant_has_its_own(stage: &Stage) {
        let (acme, other) = (stage.tenant("acme").await, stage.tenant("other").await);
        let (ada, eve) = (owner("ada@acme.example"), owner("eve@other.example"));

        tokio::join!(make(stage, &acme, &ada), make(stage, &other, &eve));

        let databases = &stage.adapters.tenant_databases;
        assert_eq!(databases.read_home(acme.id).await.expect("read").owner, ada);
        assert_eq!(databases.read_home(other.id).await.expect("read").owner, eve);
    }

    async fn a_database_that_two_make_at_once_is_made_once(stage: &Stage) {
        let tenant = stage.tenant("acme").await;
        let databases = &stage.adapters.tenant_databases;

        let (one, other) = tokio::join!(databases.create(tenant.id), databases.create(tenant.id));
        one.expect("created");
        other.expect("created");
        let (one, other) = tokio::join!(databases.migrate(tenant.id), databases.migrate(tenant.id));

        one.expect("migrated");
        other.expect("migrated");
    }

    async fn a_database_that_is_not_there_cannot_be_filled(stage: &Stage) {
        let tenant = stage.tenant("acme").await;
        let databases = &stage.adapters.tenant_databases;

        let refused = databases.migrate(tenant.id).await;

        assert!(refused.is_err());
    }
}

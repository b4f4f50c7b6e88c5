use application::jobs::ProvisionTenant;
use application::tenants::{RegisterTenant, RegisterTenantError, check_slug, register_tenant};
use application::testing::FakeApp;
use domain::{Origin, Status};
use job_engine::{Job, JobId};

fn acme() -> RegisterTenant {
    RegisterTenant {
        name: "Acme".to_owned(),
        slug: None,
        admin_email: "ada@acme.example".to_owned(),
        request_key: None,
    }
}

#[tokio::test]
async fn a_tenant_waits_with_exactly_one_job() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;

    let tenant = register_tenant(&fake.app, admin.id, acme())
        .await
        .expect("registered");

    assert_eq!(tenant.status, Status::Pending);
    assert_eq!(tenant.slug.as_str(), "acme");
    assert_eq!(tenant.requested_by(), Some(admin.id));
    assert_eq!(fake.enqueued(ProvisionTenant::NAME), [JobId(tenant.job_id)]);
    assert_eq!(fake.stored().tenants, [tenant]);
}

#[tokio::test]
async fn a_slug_that_is_taken_starts_no_job() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    register_tenant(&fake.app, admin.id, acme())
        .await
        .expect("registered");

    let refused = register_tenant(&fake.app, admin.id, acme()).await;

    assert!(matches!(refused, Err(RegisterTenantError::SlugTaken)));
    assert_eq!(fake.enqueued(ProvisionTenant::NAME).len(), 1);
    assert_eq!(fake.stored().tenants.len(), 1);
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once_and_starts_no_job() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let request = RegisterTenant {
        name: "A".to_owned(),
        slug: Some("No Slug".to_owned()),
        admin_email: "nobody".to_owned(),
        request_key: None,
    };

    let refused = register_tenant(&fake.app, admin.id, request).await;

    let Err(RegisterTenantError::Invalid(fields)) = refused else {
        panic!("must be refused as invalid");
    };
    let names: Vec<_> = fields.0.iter().map(|field| field.name).collect();
    assert_eq!(names, ["name", "adminEmail", "slug"]);
    assert_eq!(fake.stored().jobs.len(), 0);
    assert_eq!(fake.stored().tenants.len(), 0);
}

#[tokio::test]
async fn a_request_that_is_repeated_leads_to_the_same_tenant() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let request = || RegisterTenant {
        request_key: Some("key-1".parse().expect("a key")),
        ..acme()
    };

    let first = register_tenant(&fake.app, admin.id, request())
        .await
        .expect("registered");
    let again = register_tenant(&fake.app, admin.id, request())
        .await
        .expect("the same");

    assert_eq!(first.id, again.id);
    assert_eq!(fake.enqueued(ProvisionTenant::NAME).len(), 1);
    assert!(matches!(first.origin, Origin::Admin { .. }));
}

#[tokio::test]
async fn a_key_that_belongs_to_another_request_is_refused() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    let key = "key-1".parse().ok();
    let first = RegisterTenant {
        request_key: key.clone(),
        ..acme()
    };
    register_tenant(&fake.app, admin.id, first)
        .await
        .expect("registered");

    let other = RegisterTenant {
        name: "Other".to_owned(),
        request_key: key,
        ..acme()
    };
    let refused = register_tenant(&fake.app, admin.id, other).await;

    assert!(matches!(
        refused,
        Err(RegisterTenantError::RequestKeyReused)
    ));
    assert_eq!(fake.enqueued(ProvisionTenant::NAME).len(), 1);
}

#[tokio::test]
async fn a_slug_is_free_until_someone_has_it() {
    let fake = FakeApp::default();
    let admin = fake.super_admin().await;
    assert!(check_slug(&fake.app, "acme").await.expect("well-formed"));

    register_tenant(&fake.app, admin.id, acme())
        .await
        .expect("registered");

    assert!(!check_slug(&fake.app, "acme").await.expect("well-formed"));
    assert!(!check_slug(&fake.app, "admin").await.expect("well-formed"));
    assert!(check_slug(&fake.app, "No Slug").await.is_err());
}

use application::InvalidFields;
use application::jobs::{Letter, ProvisionTenant};
use application::testing::FakeApp;
use application::users::{SignUp, SignUpError, sign_up};
use domain::{Origin, Status};
use job_engine::Job;

use crate::running::{letters, provision, send_mails};

fn acme(slug: Option<&str>) -> SignUp {
    SignUp {
        organization: "Acme".to_owned(),
        email: "ada@acme.example".to_owned(),
        slug: slug.map(str::to_owned),
    }
}

#[tokio::test]
async fn a_visitor_starts_a_tenant_with_exactly_one_job() {
    let fake = FakeApp::default();

    sign_up(&fake.app, acme(None)).await.expect("signed up");

    let tenant = &fake.stored().tenants[0];
    assert_eq!(tenant.status, Status::Pending);
    assert_eq!(tenant.origin, Origin::SignUp);
    assert_eq!(fake.enqueued(ProvisionTenant::NAME).len(), 1);
}

#[tokio::test]
async fn an_address_with_an_account_gets_a_mail_and_no_tenant() {
    let fake = FakeApp::default();
    let ada = fake.user("ada@acme.example").await;

    sign_up(&fake.app, acme(None))
        .await
        .expect("the same answer");
    send_mails(&fake).await;

    assert_eq!(fake.stored().tenants.len(), 0);
    assert_eq!(letters(&fake), [Letter::AlreadyKnown { user: ada.id }]);
    let mail = &fake.mailer.sent()[0];
    assert_eq!(mail.subject, "You already have an account");
    assert!(mail.text.contains("#token="));
}

#[tokio::test]
async fn signing_up_again_before_the_tenant_is_ready_starts_nothing() {
    let fake = FakeApp::default();
    sign_up(&fake.app, acme(None)).await.expect("signed up");

    sign_up(&fake.app, acme(Some("acme-again")))
        .await
        .expect("the same answer");
    send_mails(&fake).await;

    assert_eq!(fake.stored().tenants.len(), 1);
    assert_eq!(fake.enqueued(ProvisionTenant::NAME).len(), 1);
    assert!(fake.mailer.sent()[0].text.contains("still being prepared"));
}

#[tokio::test]
async fn a_slug_that_is_taken_is_refused_whether_or_not_the_address_is_known() {
    let fake = FakeApp::default();
    fake.user("ada@acme.example").await;
    let other = SignUp {
        email: "eve@example.org".to_owned(),
        ..acme(None)
    };
    sign_up(&fake.app, other).await.expect("signed up");

    let refused = sign_up(&fake.app, acme(None)).await;

    assert!(matches!(refused, Err(SignUpError::SlugTaken)));
    assert_eq!(letters(&fake), []);
}

#[tokio::test]
async fn what_is_not_valid_is_named_as_in_the_form() {
    let fake = FakeApp::default();
    let request = SignUp {
        organization: "Acme\nInc".to_owned(),
        email: "nobody".to_owned(),
        slug: None,
    };

    let Err(SignUpError::Invalid(InvalidFields(fields))) = sign_up(&fake.app, request).await else {
        panic!("must be refused as invalid");
    };

    let names: Vec<_> = fields.iter().map(|field| field.name).collect();
    assert_eq!(names, ["organization", "email"]);
    assert_eq!(fake.stored().jobs.len(), 0);
}

#[tokio::test]
async fn the_welcome_mail_says_where_as_whom_and_how() {
    let fake = FakeApp::default();
    sign_up(&fake.app, acme(None)).await.expect("signed up");
    let tenant = fake.stored().tenants[0].id;

    provision(&fake, tenant, 1).await.expect("provisioned");
    send_mails(&fake).await;

    let mail = &fake.mailer.sent()[0];
    assert!(mail.text.contains("https://diquis.example/sign-in"));
    assert!(mail.text.contains("ada@acme.example"));
    assert!(
        mail.text
            .contains("https://diquis.example/set-password#token=")
    );
}

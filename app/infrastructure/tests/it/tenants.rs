use application::jobs::ProvisionTenant;
use application::ports::{Added, SaveError, TenantQuery};
use domain::{Origin, Status, Step};
use job_engine::JobId;

use crate::stage::{Stage, now, on_both, tenant};

const ALL: TenantQuery = TenantQuery {
    status: None,
    text: None,
    page: 1,
    page_size: 20,
};

async fn slugs(stage: &Stage, query: TenantQuery) -> Vec<String> {
    let page = stage.read().await.tenants().list(&query).await;
    let items = page.expect("listed").items;
    items.iter().map(|it| it.slug.to_string()).collect()
}

on_both! {
    async fn a_tenant_reads_back_as_it_was_stored(stage: &Stage) {
        let admin = stage.user("root@diquis.example").await;
        let origin = Origin::Admin {
            requested_by: admin.id,
            request_key: "key-1".parse().ok(),
        };
        let mut stored = tenant("acme", origin);
        let mut transaction = stage.begin().await;
        assert_eq!(transaction.tenants().add(&stored).await.expect("added"), Added::Yes);
        stored.start_attempt(1, 11, now()).expect("may start");
        stored.start_step(Step::CreateDatabase, now());
        stored.start_step(Step::Migrate, now());
        stored.fail("it said \0 \"no\"".to_owned(), Some(now()), now()).expect("may fail");
        transaction.tenants().save(&mut stored).await.expect("saved");
        transaction.commit().await.expect("committed");

        let read = stage.stored_tenant(stored.id).await;

        stored.error = Some("it said \u{2400} \"no\"".to_owned());
        assert_eq!(read, stored);
        assert_eq!(read.version, 2);
    }

    async fn a_tenant_and_its_job_are_stored_together_or_not_at_all(stage: &Stage) {
        let acme = tenant("acme", Origin::SignUp);
        let job = ProvisionTenant { tenant: acme.id };

        let mut dropped = stage.begin().await;
        dropped.tenants().add(&acme).await.expect("added");
        let lost = dropped.jobs().enqueue(&job).await.expect("enqueued");
        drop(dropped);
        let mut committed = stage.begin().await;
        committed.tenants().add(&acme).await.expect("added");
        let kept = committed.jobs().enqueue(&job).await.expect("enqueued");
        committed.commit().await.expect("committed");

        let storage = &stage.adapters.storage;
        assert!(storage.job(lost).await.expect("answered").is_none());
        assert!(storage.job(kept).await.expect("answered").is_some());
        assert_eq!(slugs(stage, ALL).await, ["acme"]);
    }

    async fn a_job_that_was_committed_wakes_the_workers(stage: &Stage) {
        let storage = stage.adapters.storage.clone();
        let woken = tokio::spawn(async move { storage.job_enqueued(0).await });
        let acme = stage.tenant("acme").await;

        let mut transaction = stage.begin().await;
        let job = ProvisionTenant { tenant: acme.id };
        transaction.jobs().enqueue(&job).await.expect("enqueued");
        transaction.commit().await.expect("committed");

        woken.await.expect("woken");
    }

    async fn a_slug_is_given_once(stage: &Stage) {
        stage.tenant("acme").await;

        let mut transaction = stage.begin().await;
        let other = tenant("acme", Origin::SignUp);
        let added = transaction.tenants().add(&other).await.expect("answered");

        assert_eq!(added, Added::SlugTaken);
        let taken = transaction.tenants().is_slug_taken(&other.slug).await;
        assert!(taken.expect("answered"));
    }

    async fn of_two_who_want_a_slug_at_once_one_gets_it(stage: &Stage) {
        let claim = async || {
            let mut transaction = stage.begin().await;
            let wanted = tenant("acme", Origin::SignUp);
            let added = transaction.tenants().add(&wanted).await.expect("answered");
            transaction.commit().await.expect("committed");
            added
        };

        let (one, other) = tokio::join!(claim(), claim());

        let mut answers = [one == Added::Yes, other == Added::Yes];
        answers.sort_unstable();
        assert_eq!(answers, [false, true]);
        assert_eq!(slugs(stage, ALL).await.len(), 1);
    }

    async fn a_request_key_is_known_to_whoever_sent_it(stage: &Stage) {
        let one = stage.user("one@diquis.example").await;
        let other = stage.user("other@diquis.example").await;
        let by = |user: &domain::User| Origin::Admin {
            requested_by: user.id,
            request_key: "key-1".parse().ok(),
        };
        let first = tenant("first", by(&one));
        let mut transaction = stage.begin().await;
        transaction.tenants().add(&first).await.expect("added");

        let again = tenant("again", by(&one));
        let repeated = transaction.tenants().add(&again).await.expect("answered");
        let theirs = tenant("theirs", by(&other));
        let separate = transaction.tenants().add(&theirs).await.expect("answered");
        let key = "key-1".parse().expect("a key");
        let found = transaction.tenants().find_by_request(one.id, &key).await;

        assert_eq!(repeated, Added::RequestKeyUsed);
        assert_eq!(separate, Added::Yes);
        assert_eq!(found.expect("answered").expect("there").id, first.id);
    }

    async fn who_saves_what_someone_else_changed_is_refused(stage: &Stage) {
        let mut one = stage.tenant("acme").await;
        let mut other = one.clone();
        one.start_attempt(1, 11, now()).expect("may start");
        let mut transaction = stage.begin().await;
        transaction.tenants().save(&mut one).await.expect("saved");
        transaction.commit().await.expect("committed");

        other.start_attempt(2, 11, now()).expect("may start");
        let refused = stage.begin().await.tenants().save(&mut other).await;

        assert!(matches!(refused, Err(SaveError::Stale)));
        assert_eq!(stage.stored_tenant(one.id).await, one);
    }

    async fn tenants_are_listed_newest_first_page_by_page(stage: &Stage) {
        for slug in ["one", "two", "three"] {
            stage.tenant(slug).await;
        }

        let page = |page| TenantQuery { page, page_size: 2, ..ALL };
        let total = stage.read().await.tenants().list(&page(1)).await;

        assert_eq!(total.expect("listed").total, 3);
        assert_eq!(slugs(stage, page(1)).await, ["three", "two"]);
        assert_eq!(slugs(stage, page(2)).await, ["one"]);
        assert_eq!(slugs(stage, page(3)).await.len(), 0);
    }

    async fn tenants_are_found_by_status_and_by_text(stage: &Stage) {
        stage.tenant("plain").await;
        let mut running = tenant("running", Origin::SignUp);
        running.name = "100% Ärger_frei".parse().expect("a name");
        let mut transaction = stage.begin().await;
        transaction.tenants().add(&running).await.expect("added");
        running.start_attempt(1, 11, now()).expect("may start");
        transaction.tenants().save(&mut running).await.expect("saved");
        transaction.commit().await.expect("committed");

        let by_status = TenantQuery { status: Some(Status::Provisioning), ..ALL };
        assert_eq!(slugs(stage, by_status).await, ["running"]);
        for text in ["ärger", "100%", "ÄRGER_F", "ada@running"] {
            let by_text = TenantQuery { text: Some(text.to_owned()), ..ALL };
            assert_eq!(slugs(stage, by_text).await, ["running"], "{text}");
        }
        for text in ["1%0", "ärger.frei", "\\", "\0"] {
            let by_text = TenantQuery { text: Some(text.to_owned()), ..ALL };
            assert_eq!(slugs(stage, by_text).await.len(), 0, "{text:?}");
        }
    }

    async fn a_tenant_has_one_owner(stage: &Stage) {
        let acme = stage.tenant("acme").await;
        let one = stage.user("one@acme.example").await;
        let other = stage.user("other@acme.example").await;
        let mut transaction = stage.begin().await;

        let first = transaction.tenants().set_owner(acme.id, one.id).await;
        let second = transaction.tenants().set_owner(acme.id, other.id).await;

        assert_eq!(first.expect("answered"), one.id);
        assert_eq!(second.expect("answered"), one.id);
        let owner = transaction.tenants().owner(acme.id).await;
        assert_eq!(owner.expect("answered"), Some(one.id));
    }

    async fn the_tenant_someone_signed_up_for_is_found_by_their_address(stage: &Stage) {
        let admin = stage.user("root@diquis.example").await;
        let acme = stage.tenant("acme").await;
        let mut transaction = stage.begin().await;
        let origin = Origin::Admin { requested_by: admin.id, request_key: None };
        let other = tenant("other", origin);
        transaction.tenants().add(&other).await.expect("added");

        let found = transaction.tenants().find_sign_up(&acme.admin_email).await;
        let none = transaction.tenants().find_sign_up(&other.admin_email).await;

        assert_eq!(found.expect("answered").map(|it| it.id), Some(acme.id));
        assert_eq!(none.expect("answered"), None);
    }

    async fn a_job_can_be_asked_for_and_requeued(stage: &Stage) {
        let control = &stage.adapters.job_control;
        let acme = stage.tenant("acme").await;
        let mut transaction = stage.begin().await;
        let job = ProvisionTenant { tenant: acme.id };
        let id = transaction.jobs().enqueue(&job).await.expect("enqueued");
        transaction.commit().await.expect("committed");

        control.requeue(id, "Retried by ada").await.expect("nothing to do");
        control.requeue(id, "Retried by ada").await.expect("nothing to do");

        let state = control.state(id).await.expect("answered");
        assert_eq!(state, Some(job_engine::State::Enqueued));
        let unknown = control.state(JobId::random()).await.expect("answered");
        assert_eq!(unknown, None);
    }
}

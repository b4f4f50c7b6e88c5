use application::ports::PasswordHash;
use domain::Role;
use jiff::ToSpan;

use crate::stage::{Stage, now, on_both, user};

on_both! {
    async fn an_address_has_one_account(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;

        let mut transaction = stage.begin().await;
        let again = transaction.users().add(&user("ada@acme.example")).await;

        assert!(!again.expect("answered"));
        let found = transaction.users().find_by_email(&ada.email).await;
        assert_eq!(found.expect("answered"), Some(ada));
    }

    async fn an_owner_is_one_by_their_first_tenant(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let (first, second) = (stage.tenant("first").await, stage.tenant("second").await);
        let mut transaction = stage.begin().await;
        for tenant in [&second, &first] {
            transaction.tenants().set_owner(tenant.id, ada.id).await.expect("set");
        }
        transaction.commit().await.expect("committed");

        let found = stage.read().await.users().find(ada.id).await;

        let found = found.expect("answered").expect("there");
        assert_eq!(found.tenant_id, Some(first.id));
        assert_eq!(found.roles(), [Role::TenantOwner]);
    }

    async fn a_super_admin_is_made_of_an_account(stage: &Stage) {
        let root = stage.user("root@diquis.example").await;
        let mut transaction = stage.begin().await;
        assert!(!transaction.users().has_super_admin().await.expect("answered"));

        transaction.users().make_super_admin(root.id).await.expect("made");

        assert!(transaction.users().has_super_admin().await.expect("answered"));
        let found = transaction.users().find(root.id).await.expect("answered");
        assert_eq!(found.expect("there").roles(), [Role::SuperAdmin]);
    }

    async fn a_password_is_there_once_it_is_set(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let mut transaction = stage.begin().await;
        let before = transaction.users().password(ada.id).await.expect("answered");

        let hash = PasswordHash("$argon2id$…".to_owned());
        transaction.users().set_password(ada.id, &hash).await.expect("set");

        let after = transaction.users().password(ada.id).await.expect("answered");
        assert_eq!((before, after), (None, Some(hash)));
        let found = transaction.users().find(ada.id).await.expect("answered");
        assert!(found.expect("there").has_password);
    }

    async fn a_link_is_redeemed_by_one_of_two_who_try_at_once(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let hash = stage.adapters.tokens.hash("secret");
        let mut transaction = stage.begin().await;
        let links = transaction.one_time_links();
        links.put(ada.id, &hash, now() + 1.hour()).await.expect("put");
        transaction.commit().await.expect("committed");

        let redeem = async || {
            let mut transaction = stage.begin().await;
            let user = transaction.one_time_links().redeem(&hash, now()).await;
            transaction.commit().await.expect("committed");
            user.expect("answered")
        };
        let (one, other) = tokio::join!(redeem(), redeem());

        let winners: Vec<_> = [one, other].into_iter().flatten().collect();
        assert_eq!(winners, [ada.id]);
        let found = stage.read().await.one_time_links().find(&hash, now()).await;
        assert_eq!(found.expect("answered"), None);
    }

    async fn a_link_replaces_the_one_before_and_expires(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let tokens = &stage.adapters.tokens;
        let (first, second) = (tokens.hash("first"), tokens.hash("second"));
        let mut transaction = stage.begin().await;
        let links = transaction.one_time_links();

        links.put(ada.id, &first, now() + 1.hour()).await.expect("put");
        links.put(ada.id, &second, now() + 1.hour()).await.expect("put");

        assert_eq!(links.find(&first, now()).await.expect("answered"), None);
        assert_eq!(links.find(&second, now()).await.expect("answered"), Some(ada.id));
        let later = now() + 2.hours();
        assert_eq!(links.find(&second, later).await.expect("answered"), None);
        assert_eq!(links.redeem(&second, later).await.expect("answered"), None);
    }

    async fn failed_sign_ins_are_counted_until_they_are_forgotten(stage: &Stage) {
        let email = "eve@example.org".parse().expect("an address");
        let start = now();
        let mut transaction = stage.begin().await;
        let failures = transaction.sign_in_failures();

        failures.add(&email, start).await.expect("added");
        failures.add(&email, start + 1.second()).await.expect("added");
        failures.remove_older_than(start).await.expect("removed");

        let trouble = failures.find(&email).await.expect("answered").expect("there");
        assert_eq!(trouble.failures, 2);
        assert_eq!(trouble.last_at, start + 1.second());

        failures.remove_older_than(start + 2.seconds()).await.expect("removed");
        assert_eq!(failures.find(&email).await.expect("answered"), None);
    }
}

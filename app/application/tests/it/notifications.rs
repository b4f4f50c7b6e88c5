use application::notifications::{
    InboxQuery, list_notifications, read_all_notifications, read_notification,
};
use application::tenants::{RegisterTenant, register_tenant};
use application::testing::FakeApp;
use domain::{NotificationId, User};
use uuid::Uuid;

use crate::running::provision;

const ALL: InboxQuery = InboxQuery {
    unread_only: false,
    after: None,
    limit: 20,
};

/// Someone who was told of this many tenants.
async fn told(fake: &FakeApp, tenants: usize) -> User {
    let admin = fake.super_admin().await;
    for number in 0..tenants {
        let request = RegisterTenant {
            name: format!("Acme {number}"),
            admin_email: "ada@acme.example".to_owned(),
            ..RegisterTenant::default()
        };
        let tenant = register_tenant(&fake.app, admin.id, request).await;
        let tenant = tenant.expect("registered");
        provision(fake, tenant.id, 1).await.expect("provisioned");
    }
    admin
}

#[tokio::test]
async fn an_inbox_is_read_page_by_page_newest_first() {
    let fake = FakeApp::default();
    let admin = told(&fake, 5).await;

    let mut seen = Vec::new();
    let mut query = InboxQuery { limit: 2, ..ALL };
    loop {
        let page = list_notifications(&fake.app, admin.id, query)
            .await
            .expect("answered");
        assert_eq!(page.unread_count, 5);
        seen.extend(page.items.into_iter().map(|it| it.id));
        query.after = page.next;
        if page.next.is_none() {
            break;
        }
    }

    let mut expected: Vec<_> = fake.stored().notifications.iter().map(|it| it.id).collect();
    expected.reverse();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn what_was_read_is_no_longer_unread() {
    let fake = FakeApp::default();
    let admin = told(&fake, 2).await;
    let first = fake.stored().notifications[0].id;

    let is_theirs = read_notification(&fake.app, admin.id, first)
        .await
        .expect("answered");

    assert!(is_theirs);
    let unread = InboxQuery {
        unread_only: true,
        ..ALL
    };
    let inbox = list_notifications(&fake.app, admin.id, unread)
        .await
        .expect("answered");
    assert_eq!(inbox.items.len(), 1);
    assert_ne!(inbox.items[0].id, first);

    read_all_notifications(&fake.app, admin.id)
        .await
        .expect("done");
    let inbox = list_notifications(&fake.app, admin.id, unread)
        .await
        .expect("answered");
    assert_eq!((inbox.items.len(), inbox.unread_count), (0, 0));
}

#[tokio::test]
async fn nobody_reads_the_notifications_of_someone_else() {
    let fake = FakeApp::default();
    told(&fake, 1).await;
    let eve = fake.user("eve@example.org").await;
    let other = fake.stored().notifications[0].id;

    let inbox = list_notifications(&fake.app, eve.id, ALL)
        .await
        .expect("answered");
    let is_theirs = read_notification(&fake.app, eve.id, other)
        .await
        .expect("answered");
    let is_anyones = read_notification(&fake.app, eve.id, NotificationId(Uuid::nil())).await;

    assert_eq!(inbox.items, []);
    assert!(!is_theirs);
    assert!(!is_anyones.expect("answered"));
    assert_eq!(fake.stored().notifications[0].read_at, None);
}

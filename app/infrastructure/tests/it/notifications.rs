use application::ports::{NotificationQuery, Notifications};
use domain::{Notification, NotificationKind, User};

use crate::stage::{Stage, now, on_both};

/// Tells the user about this many tenants.
async fn tell(stage: &Stage, user: &User, count: usize) -> Vec<Notification> {
    let mut told = Vec::new();
    for number in 0..count {
        let tenant = stage.tenant(&format!("acme-{number}")).await;
        let notification =
            Notification::about(&tenant, NotificationKind::TenantReady, user.id, now());
        let mut transaction = stage.begin().await;
        let added = transaction.notifications().add(&notification).await;
        assert!(added.expect("answered"));
        transaction.commit().await.expect("committed");
        told.push(notification);
    }
    told
}

async fn list(
    notifications: &mut dyn Notifications,
    query: &NotificationQuery,
) -> Vec<Notification> {
    notifications.list(query).await.expect("listed")
}

fn all(user: &User) -> NotificationQuery {
    NotificationQuery {
        user: user.id,
        unread_only: false,
        after: None,
        limit: 20,
    }
}

on_both! {
    async fn nobody_is_told_twice_of_one_occasion(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let tenant = stage.tenant("acme").await;
        let about = || Notification::about(&tenant, NotificationKind::TenantReady, ada.id, now());
        let mut transaction = stage.begin().await;
        let notifications = transaction.notifications();

        let first = notifications.add(&about()).await.expect("answered");
        let second = notifications.add(&about()).await.expect("answered");

        assert_eq!((first, second), (true, false));
        assert_eq!(list(notifications, &all(&ada)).await.len(), 1);
    }

    async fn notifications_are_listed_newest_first_and_go_on_after_one(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let mut told = tell(stage, &ada, 3).await;
        told.reverse();
        let mut records = stage.read().await;

        let first = NotificationQuery { limit: 2, ..all(&ada) };
        assert_eq!(list(records.notifications(), &first).await, told[..2]);
        let rest = NotificationQuery { after: Some(told[1].id), ..all(&ada) };
        assert_eq!(list(records.notifications(), &rest).await, told[2..]);
    }

    async fn what_was_read_is_no_longer_unread(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let eve = stage.user("eve@acme.example").await;
        let told = tell(stage, &ada, 3).await;
        let mut transaction = stage.begin().await;
        let notifications = transaction.notifications();

        let hers = notifications.mark_read(ada.id, told[0].id, now()).await;
        let not_hers = notifications.mark_read(eve.id, told[1].id, now()).await;

        assert!(hers.expect("answered"));
        assert!(!not_hers.expect("answered"));
        let unread = NotificationQuery { unread_only: true, ..all(&ada) };
        let ids: Vec<_> = list(notifications, &unread).await.iter().map(|it| it.id).collect();
        assert_eq!(ids, [told[2].id, told[1].id]);
        assert_eq!(notifications.unread_count(ada.id).await.expect("counted"), 2);

        notifications.mark_all_read(ada.id, now()).await.expect("marked");
        assert_eq!(notifications.unread_count(ada.id).await.expect("counted"), 0);
        assert_eq!(list(notifications, &all(&ada)).await.len(), 3);
    }

    async fn notifications_wait_in_order_until_they_are_delivered(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        let told = tell(stage, &ada, 3).await;
        let mut transaction = stage.begin().await;
        let notifications = transaction.notifications();

        let waiting = notifications.after(ada.id, 0, 2).await.expect("listed");
        assert_eq!(waiting, [(1, told[0].clone()), (2, told[1].clone())]);
        assert_eq!(notifications.delivered(ada.id).await.expect("known"), 0);
        let undelivered = notifications.undelivered().await.expect("known");
        assert_eq!(undelivered, [(ada.id, 3)]);

        notifications.mark_delivered(ada.id, 2).await.expect("marked");
        notifications.mark_delivered(ada.id, 1).await.expect("marked");
        assert_eq!(notifications.delivered(ada.id).await.expect("known"), 2);
        let waiting = notifications.after(ada.id, 2, 2).await.expect("listed");
        assert_eq!(waiting, [(3, told[2].clone())]);

        notifications.mark_delivered(ada.id, 3).await.expect("marked");
        assert_eq!(notifications.undelivered().await.expect("known"), []);
    }

    async fn what_was_never_told_is_never_delivered(stage: &Stage) {
        let ada = stage.user("ada@acme.example").await;
        tell(stage, &ada, 1).await;
        let mut transaction = stage.begin().await;
        let notifications = transaction.notifications();

        notifications.mark_delivered(ada.id, 7).await.expect("marked");

        assert_eq!(notifications.delivered(ada.id).await.expect("known"), 0);
    }
}

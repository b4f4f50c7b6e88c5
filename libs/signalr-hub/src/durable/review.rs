//! Looks for messages nobody told the hub about, because their sender died before it could.

use std::{sync::Weak, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Inbox, InboxError};
use crate::core::Core;

/// Users asked for at once.
const BATCH: usize = 1_000;
const CLEAN_EVERY: Duration = Duration::from_mins(1);

/// Goes on until the server is dropped.
pub(crate) async fn review(core: Weak<Core>, every: Duration) {
    let mut interval = interval(every);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut cleaned = Instant::now();
    loop {
        interval.tick().await;
        let Some(core) = core.upgrade() else { return };
        let Some(inbox) = &core.options.inbox else {
            return;
        };
        let reviewed = look_for_messages(&core, &**inbox).await;
        let cleaning = async {
            if cleaned.elapsed() >= CLEAN_EVERY {
                cleaned = Instant::now();
                inbox.clean().await?;
            }
            Ok::<_, InboxError>(())
        };
        if let Err(error) = reviewed.and(cleaning.await) {
            tracing::warn!(%error, "the inbox could not be reviewed; trying again");
        }
    }
}

async fn look_for_messages(core: &Core, inbox: &dyn Inbox) -> Result<(), InboxError> {
    for users in core.connections.users().chunks(BATCH) {
        for (user, newest) in inbox.newest(users).await? {
            for client in core.connections.of_user(&user) {
                if client.delivery.sent().is_none_or(|sent| sent < newest) {
                    core.deliver_to(&client);
                }
            }
        }
    }
    Ok(())
}

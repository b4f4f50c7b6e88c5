//! Reads the envelopes of other servers, in order, each once.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream, stream::BoxStream};
use sqlx::postgres::PgListener;
use tokio::time::{Instant, sleep, timeout};

use super::Hub;

/// Envelopes read in one statement.
const BATCH: i64 = 500;
/// Looked at the table at least this often, for the case that a notification got lost with its
/// connection.
const POLL: Duration = Duration::from_secs(5);
const RECONNECT: Duration = Duration::from_millis(500);

pub(super) struct Listener {
    hub: Hub,
    notifications: Option<PgListener>,
    /// Everything up to this id was read.
    position: i64,
    read: VecDeque<Bytes>,
    last_read: Instant,
}

impl Listener {
    /// Listens from now on.
    pub(super) async fn start(hub: Hub) -> Result<Self, sqlx::Error> {
        let notifications = listen(&hub).await?;
        let position = sqlx::query_scalar(
            "SELECT coalesce(max(id), 0) FROM signalr_hub_envelopes WHERE hub = $1",
        )
        .bind(&hub.name)
        .fetch_one(&hub.pool)
        .await?;
        Ok(Self {
            hub,
            notifications: Some(notifications),
            position,
            read: VecDeque::new(),
            last_read: Instant::now(),
        })
    }

    pub(super) fn envelopes(self) -> BoxStream<'static, Bytes> {
        stream::unfold(self, |mut listener| async {
            let envelope = listener.next().await;
            Some((envelope, listener))
        })
        .boxed()
    }

    async fn next(&mut self) -> Bytes {
        loop {
            if let Some(envelope) = self.read.pop_front() {
                return envelope;
            }
            let went_on = match self.read_on().await {
                Ok(0) => self.wait().await,
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = went_on {
                tracing::warn!(%error, "the backplane's database is away; trying again");
                self.notifications = None;
                sleep(RECONNECT).await;
            }
        }
    }

    /// Reads what came after the last position; gives the number of rows, those of this server too.
    async fn read_on(&mut self) -> Result<usize, sqlx::Error> {
        if self.notifications.is_none() {
            // First listen, then read: what is published between the two is noticed twice, not missed.
            self.notifications = Some(listen(&self.hub).await?);
        }
        let rows: Vec<(i64, Option<Vec<u8>>)> = sqlx::query_as(
            "SELECT id, CASE WHEN publisher <> $3 THEN payload END
             FROM signalr_hub_envelopes
             WHERE hub = $1 AND id > $2
             ORDER BY id
             LIMIT $4",
        )
        .bind(&self.hub.name)
        .bind(self.position)
        .bind(self.hub.publisher)
        .bind(BATCH)
        .fetch_all(&self.hub.pool)
        .await?;

        self.notice_gap();
        let count = rows.len();
        for (id, payload) in rows {
            self.position = id;
            self.read.extend(payload.map(Bytes::from));
        }
        Ok(count)
    }

    fn notice_gap(&mut self) {
        let away = self.last_read.elapsed();
        if away > self.hub.retention {
            tracing::error!(
                ?away,
                "the database was away for longer than envelopes are kept; some may be lost"
            );
        }
        self.last_read = Instant::now();
    }

    async fn wait(&mut self) -> Result<(), sqlx::Error> {
        let Some(notifications) = &mut self.notifications else {
            return Ok(());
        };
        match timeout(POLL, notifications.try_recv()).await {
            Err(_) => {}
            Ok(Err(error)) => return Err(error),
            Ok(Ok(None)) => self.notifications = None,
            // One look at the table answers all that are here.
            Ok(Ok(Some(_))) => while notifications.next_buffered().is_some() {},
        }
        Ok(())
    }
}

async fn listen(hub: &Hub) -> Result<PgListener, sqlx::Error> {
    let mut notifications = PgListener::connect_with(&hub.pool).await?;
    notifications.eager_reconnect(false);
    notifications.listen(&hub.channel()).await?;
    Ok(notifications)
}

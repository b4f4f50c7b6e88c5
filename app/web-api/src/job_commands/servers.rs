//! What is told to servers.

use std::fmt::Write;

use job_engine::storage::{ServerOrder, Storage};
use job_engine::{Actor, ServerId};
use uuid::Uuid;

pub async fn list(storage: &dyn Storage) -> anyhow::Result<String> {
    let mut text = String::new();
    for server in storage.servers().await? {
        let order = server.order.map_or("works", ServerOrder::name);
        let _ = writeln!(
            text,
            "{}  {}  {order}  {} of {} workers busy  heartbeat {}",
            server.id, server.name, server.processing, server.workers, server.heartbeat_at
        );
    }
    if text.is_empty() {
        text.push_str("No server is running.\n");
    }
    Ok(text)
}

/// Tells it; `None` lets it work again.
pub async fn tell(
    actor: &Actor,
    server: Uuid,
    order: Option<ServerOrder>,
) -> anyhow::Result<String> {
    actor.order_server(ServerId(server), order).await?;
    Ok("It learns of it with its next heartbeat.\n".to_owned())
}

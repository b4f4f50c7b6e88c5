//! What is told to servers.

use std::fmt::Write;

use anyhow::{anyhow, ensure};
use job_engine::ServerId;
use job_engine::storage::{ServerOrder, Storage};
use uuid::Uuid;

use super::write_down;

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
    storage: &dyn Storage,
    id: Uuid,
    order: Option<ServerOrder>,
) -> anyhow::Result<String> {
    let servers = storage.servers().await?;
    let server = servers.into_iter().find(|server| server.id.0 == id);
    let server = server.ok_or_else(|| anyhow!("no server with the id {id} is running"))?;
    let changed = storage.order_server(ServerId(id), order).await?;
    ensure!(changed, "{} was told so before, or to stop", server.name);

    let action = match order {
        Some(ServerOrder::Quiet) => "quiet server",
        Some(ServerOrder::Stop) => "stop server",
        None => "work again server",
    };
    write_down(storage, action, &server.name, None, 0).await?;
    Ok(format!(
        "{} learns of it with its next heartbeat.\n",
        server.name
    ))
}

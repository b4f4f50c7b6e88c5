//! Queues, and what stops them.

use std::fmt::Write;

use job_engine::Actor;
use job_engine::storage::Storage;

pub async fn list(storage: &dyn Storage) -> anyhow::Result<String> {
    let mut text = String::new();
    for queue in storage.queues().await? {
        let paused = queue.paused.map_or_else(String::new, |pause| {
            format!("  paused by {}: {}", pause.by, pause.reason)
        });
        let limit = queue
            .limit
            .map_or_else(String::new, |limit| format!(", limited to {limit}"));
        let _ = writeln!(
            text,
            "{}  {} waiting, {} running{limit}{paused}",
            queue.name, queue.enqueued, queue.processing
        );
    }
    Ok(text)
}

pub async fn pause(actor: &Actor, queue: &str, reason: &str) -> anyhow::Result<String> {
    actor.pause_queue(queue, reason).await?;
    Ok(format!("The queue {queue} is paused.\n"))
}

pub async fn resume(actor: &Actor, queue: &str) -> anyhow::Result<String> {
    actor.resume_queue(queue).await?;
    Ok(format!("The queue {queue} goes on.\n"))
}

//! What was asked for all jobs of a search.

use std::fmt::Write;

use anyhow::ensure;
use job_engine::Actor;
use job_engine::storage::{OperationId, Storage};
use uuid::Uuid;

pub async fn list(storage: &dyn Storage) -> anyhow::Result<String> {
    let mut text = String::new();
    for operation in storage.operations(100).await? {
        let _ = writeln!(
            text,
            "{}  {:<8}  {} {}: {} of {} done, {} left alone",
            operation.id,
            operation.status.name(),
            operation.command.name(),
            operation.words,
            operation.done,
            operation.total,
            operation.skipped
        );
    }
    Ok(text)
}

pub async fn stop(actor: &Actor, operation: Uuid) -> anyhow::Result<String> {
    let was_running = actor.stop_operation(OperationId(operation)).await?;
    ensure!(was_running, "no operation {operation} is running");
    Ok("The operation is stopped. What was done stays done.\n".to_owned())
}

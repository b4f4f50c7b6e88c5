//! Batches of jobs.

use anyhow::anyhow;
use job_engine::storage::{BatchProgress, Storage};
use job_engine::{BatchId, Parent};
use job_engine_dashboard::Relative;
use uuid::Uuid;

use super::relatives;

/// How many are printed.
const MOST_SHOWN: usize = 100;

pub async fn list(storage: &dyn Storage) -> anyhow::Result<String> {
    let batches = storage.batches(None, MOST_SHOWN).await?;
    if batches.is_empty() {
        return Ok("There is no batch.\n".to_owned());
    }
    Ok(batches.iter().map(line).collect())
}

pub async fn show(storage: &dyn Storage, id: Uuid) -> anyhow::Result<String> {
    let batch = storage.batch(BatchId(id)).await?;
    let batch = batch.ok_or_else(|| anyhow!("there is no batch with the id {id}"))?;
    let mut text = line(&batch);
    let this = Parent::Batch(batch.id);
    let children = Relative::that_continue(storage, this, relatives::MOST_SHOWN).await?;
    text.push_str(&relatives::children(&children));
    Ok(text)
}

pub(super) fn line(batch: &BatchProgress) -> String {
    format!(
        "{}  {:<10}  {}  {} jobs: {} succeeded, {} given up, {} deleted, {} to go\n",
        batch.id,
        batch.state(),
        batch.created_at,
        batch.jobs,
        batch.succeeded,
        batch.failed,
        batch.deleted,
        batch.pending()
    )
}

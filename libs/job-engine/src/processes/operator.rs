use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::Process;
use crate::session::Session;
use crate::storage::StorageError;

/// Large enough that the work of a piece, and not its beginning, is what takes time. Storages divide it
/// as suits them.
const PIECE: usize = 10_000;
const INTERVAL: Duration = Duration::from_secs(1);

/// Lets workers have the storage between two pieces.
const PAUSE: Duration = Duration::from_millis(2);

/// Carries out what people asked for all jobs of a search.
pub(crate) struct Operator {
    session: Arc<Session>,
}

impl Operator {
    pub(crate) fn of(session: &Arc<Session>) -> Self {
        Self {
            session: session.clone(),
        }
    }
}

#[async_trait]
impl Process for Operator {
    const NAME: &'static str = "operator";

    async fn pass(&mut self) -> Result<Duration, StorageError> {
        let looked_at = self.session.storage.advance_operation(PIECE).await?;
        Ok(if looked_at.is_some() { PAUSE } else { INTERVAL })
    }

    async fn woken(&self) {
        self.session.storage.operation_begun().await;
    }
}

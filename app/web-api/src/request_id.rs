//! What a request is called, in the log and to the client.

use uuid::Uuid;

tokio::task_local! {
    static REQUEST_ID: Uuid;
}

/// The id of the request that is being answered.
pub fn current() -> Option<Uuid> {
    REQUEST_ID.try_get().ok()
}

/// Runs `work` as the answer to the request with this id.
pub async fn with<T>(id: Uuid, work: impl Future<Output = T>) -> T {
    REQUEST_ID.scope(id, work).await
}

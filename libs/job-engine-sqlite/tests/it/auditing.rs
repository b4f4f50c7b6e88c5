use job_engine::storage::{Limits, Monitor};
use job_engine::{Actor, NewJob, State, Storage};

use crate::database::Database;

#[tokio::test]
async fn what_cannot_be_written_down_is_not_done() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let job = NewJob::of_kind("send", "{}");
    let id = job.id;
    storage.enqueue(&[job]).await.expect("it is stored");
    let pool = database.pool().await;
    let gone = sqlx::query("drop table job_engine_audit").execute(&pool);
    gone.await.expect("the log is gone");
    let ada = Actor::new(storage.clone(), "ada");

    let paused = ada.pause_queue("default", "rain").await;
    let delete = job_engine::storage::Command::Delete;
    let deleted = ada.command(id, None, delete, "rain").await;

    assert!(paused.is_err() && deleted.is_err());
    let hold_ups = storage.hold_ups(id).await.expect("it is read");
    assert_eq!(hold_ups.pause, None);
    let details = storage.job(id).await.expect("it is read");
    let details = details.expect("it is there");
    assert_eq!(details.summary.state, State::Enqueued);
}

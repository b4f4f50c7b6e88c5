//! What finished jobs are found by, beside what every storage finds.

use std::sync::Arc;
use std::time::Duration;

use job_engine::storage::{ArgumentTest, JobQuery, SharedStorage, Test};
use job_engine::{Attempt, Client, Job, JobError, Registry, Server};
use serde::{Deserialize, Serialize};
use sqlx::Executor;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::database::Database;

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Serialize, Deserialize)]
struct Greeting {
    user: u32,
}

impl Job for Greeting {
    const NAME: &'static str = "greeting";
    type Context = Notify;

    async fn run(&self, run: &Notify, _attempt: &Attempt) -> Result<(), JobError> {
        run.notify_one();
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_was_run_is_read_only_when_its_marks_allow_what_is_looked_for() {
    let database = Database::create().await;
    let pool = database.pool().await;
    let storage: SharedStorage = database.storage().await;
    let run = Arc::new(Notify::new());
    let registry = Registry::default().with::<Greeting>();
    let server = Server::new(storage.clone(), registry, run.clone());
    let server = server.start().await.unwrap();
    let client = Client::new(storage.clone());
    client.enqueue(&Greeting { user: 4711 }).await.unwrap();
    timeout(PATIENCE, run.notified()).await.unwrap();
    server.stop().await;

    let found = jobs_of_user(&storage, "4711").await;
    pool.execute("update job_engine.finished set low_marks = 0 where low_marks is not null")
        .await
        .unwrap();
    let with_other_marks = jobs_of_user(&storage, "4711").await;
    pool.execute("update job_engine.finished set low_marks = null, high_marks = null")
        .await
        .unwrap();
    let without_marks = jobs_of_user(&storage, "4711").await;

    assert_eq!((found, with_other_marks, without_marks), (1, 0, 1));
}

/// How many are listed, which is how many are counted.
async fn jobs_of_user(storage: &SharedStorage, user: &str) -> usize {
    let test = ArgumentTest {
        path: vec!["user".to_owned()],
        value: user.to_owned(),
    };
    let query = JobQuery {
        conditions: vec![Test::Argument(test).holds()],
        limit: 10,
        ..JobQuery::default()
    };
    let counted = storage.count(&query, 10).await.unwrap();
    let listed = storage.jobs(&query).await.unwrap().jobs.len();
    assert_eq!(counted, listed as u64);
    listed
}

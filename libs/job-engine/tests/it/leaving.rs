//! What a job leaves behind.

use job_engine::client::ResultError;
use job_engine::{Attempt, Job, JobError, JobId, Registry, Server, State};
use serde::{Deserialize, Serialize};

use crate::stage::{Stage, options};
use crate::world::World;

/// Leaves the sum of these numbers, and then perhaps fails.
#[derive(Serialize, Deserialize)]
struct Add {
    numbers: Vec<u64>,
    fails: bool,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sum {
    sum: u64,
}

impl Job for Add {
    const NAME: &'static str = "add";
    type Context = World;

    async fn run(&self, _world: &World, attempt: &Attempt) -> Result<(), JobError> {
        attempt.leave_result(&Sum { sum: 0 })?;
        let sum = self.numbers.iter().sum();
        attempt.leave_result(&Sum { sum })?;
        if self.fails {
            return Err(JobError::fail("the numbers are wrong"));
        }
        Ok(())
    }
}

/// Leaves this many bytes.
#[derive(Serialize, Deserialize)]
struct Fill {
    bytes: usize,
}

impl Job for Fill {
    const NAME: &'static str = "fill";
    type Context = World;

    async fn run(&self, _world: &World, attempt: &Attempt) -> Result<(), JobError> {
        attempt.leave_result(&"x".repeat(self.bytes))
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_result_of_a_job_is_read_as_what_it_is() {
    let stage = Stage::empty();
    let job = Add {
        numbers: vec![1, 2, 39],
        fails: false,
    };

    let id = run_to(&stage, &job, State::Succeeded).await;

    let sum = stage
        .client
        .result::<Sum>(id)
        .await
        .expect("it can be read");
    assert_eq!(sum, Some(Sum { sum: 42 }));
    let other = stage.client.result::<Vec<String>>(id).await;
    assert!(matches!(other, Err(ResultError::Unfit { job, .. }) if job == id));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_failed_leaves_no_result() {
    let stage = Stage::empty();
    let job = Add {
        numbers: vec![1],
        fails: true,
    };

    let id = run_to(&stage, &job, State::Failed).await;

    let sum = stage
        .client
        .result::<Sum>(id)
        .await
        .expect("it can be read");
    assert_eq!(sum, None);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_left_nothing_has_no_result() {
    let stage = Stage::empty();
    let server = stage.start().await;
    let id = stage.enqueue("post").await;
    stage.reached(id, State::Succeeded).await;
    server.stop().await;

    for id in [id, JobId::random()] {
        let result = stage.client.result::<Sum>(id).await;
        assert_eq!(result.expect("it can be read"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_too_large_gives_the_job_up() {
    let stage = Stage::empty();
    let bytes = Attempt::MAX_RESULT_BYTES;

    let id = run_to(&stage, &Fill { bytes }, State::Failed).await;

    let errors = stage.errors(id).await;
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message.contains("262146 bytes"));
    run_to(&stage, &Fill { bytes: bytes - 2 }, State::Succeeded).await;
}

async fn run_to<J: Job<Context = World>>(stage: &Stage, job: &J, end: State) -> JobId {
    let registry = Registry::default().with::<J>();
    let server = Server::new(stage.storage.clone(), registry, stage.world.clone());
    let server = server.options(options()).start().await;
    let server = server.expect("the server starts");
    let id = stage.client.enqueue(job).await.expect("it is enqueued");
    stage.reached(id, end).await;
    server.stop().await;
    id
}

//! Jobs whose arguments changed while they waited.

use std::error::Error;

use job_engine::{Attempt, Job, JobError, JobId, NewJob, Registry, Server, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::stage::{Stage, options};
use crate::world::World;

/// First it had one `name`, then two, since version 3 they are a list.
#[derive(Serialize, Deserialize)]
struct Invite {
    names: Vec<String>,
}

impl Job for Invite {
    const NAME: &'static str = "invite";
    const VERSION: u32 = 3;
    type Context = World;

    fn upgrade(from: u32, arguments: Value) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let fields: &[&str] = if from == 1 {
            &["name"]
        } else {
            &["first", "second"]
        };
        let name = |field: &&str| arguments.get(field).cloned().ok_or("a name is missing");
        let names: Vec<Value> = fields.iter().map(name).collect::<Result<_, _>>()?;
        Ok(serde_json::json!({ "names": names }))
    }

    async fn run(&self, _world: &World, attempt: &Attempt) -> Result<(), JobError> {
        attempt.leave_result(&self.names)
    }
}

/// The same program, one version ago.
#[derive(Serialize, Deserialize)]
struct OldInvite {
    first: String,
    second: String,
}

impl Job for OldInvite {
    const NAME: &'static str = "invite";
    const VERSION: u32 = 2;
    type Context = World;

    async fn run(&self, _world: &World, _attempt: &Attempt) -> Result<(), JobError> {
        Err(JobError::fail("an old server ran it"))
    }
}

#[tokio::test(start_paused = true)]
async fn arguments_of_every_older_version_are_upgraded() {
    let stage = Stage::empty();
    let first = NewJob::of_kind("invite", r#"{"name":"Ada"}"#);
    let second = NewJob::of(&OldInvite {
        first: "Ada".to_owned(),
        second: "Grace".to_owned(),
    });
    let third = NewJob::of(&Invite {
        names: vec!["Edsger".to_owned()],
    });
    let (second, third) = (second.expect("it is JSON"), third.expect("it is JSON"));
    let ids = [first.id, second.id, third.id];
    stage.enqueue_all(&[first, second, third]).await;

    run::<Invite>(&stage, &ids, State::Succeeded).await;

    let mut invited = Vec::new();
    for id in ids {
        let names: Option<Vec<String>> = stage.client.result(id).await.expect("it is a list");
        invited.push(names.expect("it succeeded").join(" and "));
    }
    assert_eq!(invited, ["Ada", "Ada and Grace", "Edsger"]);
}

#[tokio::test(start_paused = true)]
async fn arguments_that_cannot_be_upgraded_rest_in_the_dead_letter_queue() {
    let stage = Stage::empty();
    let job = NewJob::of_kind("invite", r#"{"title":"Dr."}"#);
    let id = job.id;
    stage.enqueue_all(&[job]).await;

    run::<Invite>(&stage, &[id], State::Failed).await;

    let errors = stage.errors(id).await;
    assert_eq!(errors[0].kind, "arguments");
    assert!(errors[0].message.contains("a name is missing"));
}

#[tokio::test(start_paused = true)]
async fn an_old_server_leaves_new_arguments_to_others() {
    let stage = Stage::empty();
    let newer = NewJob::of(&Invite { names: Vec::new() }).expect("it is JSON");
    let known = NewJob::of_kind("invite", r#"{"first":"Ada","second":"Grace"}"#);
    let (newer_id, known_id) = (newer.id, known.id);
    stage.enqueue_all(&[newer, known]).await;

    run::<OldInvite>(&stage, &[known_id], State::Failed).await;
    assert_eq!(stage.states(newer_id).await, [State::Enqueued]);

    run::<Invite>(&stage, &[newer_id], State::Succeeded).await;
}

/// Runs a server that knows these jobs until they are all in this state.
async fn run<J: Job<Context = World>>(stage: &Stage, ids: &[JobId], end: State) {
    let registry = Registry::default().with::<J>();
    let server = Server::new(stage.storage.clone(), registry, stage.world.clone());
    let server = server.options(options()).start().await;
    let server = server.expect("the server starts");
    for id in ids {
        stage.reached(*id, end).await;
    }
    server.stop().await;
}

use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use job_engine::filters::{Next, Refusal, Run};
use job_engine::storage::{JobQuery, OperationStatus, Operations, Outcome};
use job_engine::trace::{TraceContext, TraceFilter};
use job_engine::{EnqueueError, Filter, JobError, NewJob, RunningServer, State};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::stage::{Stage, errand, stored};
use crate::world::Act;

/// Writes down what it sees.
#[derive(Debug, Clone)]
struct Witness {
    name: &'static str,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Witness {
    fn pair() -> (Self, Self, Arc<Mutex<Vec<String>>>) {
        let seen = Arc::new(Mutex::default());
        let named = |name| Self {
            name,
            seen: Arc::clone(&seen),
        };
        (named("outer"), named("inner"), seen)
    }

    fn note(&self, what: &str) {
        let mut seen = self.seen.lock().expect("nobody panics here");
        seen.push(format!("{} {what}", self.name));
    }
}

#[async_trait]
impl Filter for Witness {
    fn enqueuing(&self, job: &mut NewJob) -> Result<(), Refusal> {
        self.note("enqueues");
        job.tags.push(self.name.to_owned());
        Ok(())
    }

    async fn running(&self, run: &Run, next: Next<'_>) -> Result<(), JobError> {
        self.note(&format!("begins {}", run.kind));
        let ended = next.run().await;
        self.note("ends");
        ended
    }

    fn electing(&self, _run: &Run, _outcome: &mut Outcome) {
        self.note("elects");
    }

    fn applied(&self, _run: &Run, _outcome: &Outcome) {
        self.note("applies");
    }
}

async fn start_with(stage: &Stage, filter: impl Filter) -> RunningServer {
    let server = stage.server().filter(filter);
    server.start().await.expect("the server starts")
}

#[tokio::test(start_paused = true)]
async fn filters_stand_around_a_job_in_their_order() {
    let stage = Stage::empty();
    let (outer, inner, seen) = Witness::pair();
    let client = stage
        .client
        .clone()
        .filter(outer.clone())
        .filter(inner.clone());
    let server = stage.server().filter(outer).filter(inner);
    let server = server.start().await.expect("the server starts");

    let id = client.enqueue(&errand("post")).await;

    let id = id.expect("it is enqueued");
    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    assert_eq!(
        *seen.lock().expect("nobody panics here"),
        [
            "outer enqueues",
            "inner enqueues",
            "outer begins errand",
            "inner begins errand",
            "inner ends",
            "outer ends",
            "outer elects",
            "inner elects",
            "outer applies",
            "inner applies",
        ]
    );
    let tags = stage.details(id).await.summary.tags;
    assert_eq!(tags, ["outer", "inner"]);
}

#[derive(Debug)]
struct Bouncer;

#[async_trait]
impl Filter for Bouncer {
    fn enqueuing(&self, job: &mut NewJob) -> Result<(), Refusal> {
        assert!(!job.arguments.contains("panic"), "not today");
        Err(Refusal("we are closed".to_owned()))
    }

    async fn running(&self, _run: &Run, _next: Next<'_>) -> Result<(), JobError> {
        Err(JobError::fail("we are closed"))
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_refuses_jobs_by_its_word_or_its_panic() {
    let stage = Stage::empty();
    let client = stage.client.clone().filter(Bouncer);

    let refused = client.enqueue(&errand("post")).await;
    let panicked = client.enqueue(&errand("panic")).await;

    let (Err(EnqueueError::Refused(refused)), Err(EnqueueError::Refused(panicked))) =
        (refused, panicked)
    else {
        panic!("both are refused");
    };
    assert_eq!(refused.0, "we are closed");
    assert_eq!(panicked.0, "Bouncer panicked: not today");
    assert_eq!(stage.storage_counts().await.enqueued, 0);
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_does_not_go_on_skips_the_job() {
    let stage = Stage::empty();
    let server = start_with(&stage, Bouncer).await;

    let id = stage.enqueue("post").await;

    stage.reached(id, State::Failed).await;
    server.stop().await;
    assert_eq!(stage.world.count("post runs, attempt 1"), 0);
    assert_eq!(stage.errors(id).await[0].message, "we are closed");
}

/// Snoozes what has failed, and panics over the rest.
#[derive(Debug)]
struct Patient;

#[async_trait]
impl Filter for Patient {
    fn electing(&self, _run: &Run, outcome: &mut Outcome) {
        assert!(matches!(outcome, Outcome::Retry { .. }), "no patience");
        *outcome = Outcome::Snoozed {
            delay: Duration::from_secs(3),
            reason: "It will do".to_owned(),
        };
    }

    fn applied(&self, _run: &Run, _outcome: &Outcome) {
        panic!("applied");
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_elects_another_outcome_and_its_panics_change_nothing() {
    let stage = Stage::empty();
    let server = start_with(&stage, Patient).await;

    let acts = [Act::Fail("rain"), Act::Succeed];
    let id = stage.enqueue_scripted("post", &acts).await;

    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    assert_eq!(stage.details(id).await.summary.attempts, 1);
    assert_eq!(stage.errors(id).await, []);
    assert_eq!(stage.world.count("post failed 1: rain"), 0);
    assert_eq!(stage.reasons(id).await[0], "It will do");
}

#[derive(Debug)]
struct Explosive;

#[async_trait]
impl Filter for Explosive {
    async fn running(&self, _run: &Run, _next: Next<'_>) -> Result<(), JobError> {
        panic!("boom");
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_panics_around_a_run_fails_the_attempt() {
    let stage = Stage::empty();
    let server = start_with(&stage, Explosive).await;

    let id = stage.enqueue("post").await;

    stage.reached(id, State::Failed).await;
    server.stop().await;
    let errors = stage.errors(id).await;
    assert_eq!(errors.len(), 3);
    assert_eq!((&*errors[0].kind, &*errors[0].message), ("panic", "boom"));
}

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[derive(Debug, Clone, Default)]
struct Traces(Arc<Mutex<Vec<String>>>);

impl TraceContext for Traces {
    fn current(&self) -> Option<String> {
        Some(TRACE.to_owned())
    }

    fn join(&self, _: &tracing::Span, traceparent: &str) {
        let mut joined = self.0.lock().expect("nobody panics here");
        joined.push(traceparent.to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_joins_the_trace_in_which_its_job_was_enqueued() {
    let (stage, traces) = (Stage::empty(), Traces::default());
    let client = stage.client.clone().filter(TraceFilter(traces.clone()));
    let server = start_with(&stage, TraceFilter(traces.clone())).await;

    let id = client.enqueue(&errand("post")).await;

    stage
        .reached(id.expect("it is enqueued"), State::Succeeded)
        .await;
    server.stop().await;
    let joined = traces.0.lock().expect("nobody panics here").clone();
    assert_eq!(joined, [TRACE]);
}

/// Whether a span is on depends on what other tests of its process have done before, so this has a
/// process of its own.
#[test]
fn a_run_has_a_span_that_says_which_job_it_is_of() {
    let child = Command::new(std::env::current_exe().expect("it is a program"))
        .args([
            "filtering::alone_a_run_has_its_span",
            "--exact",
            "--ignored",
        ])
        .output()
        .expect("it is started");

    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}

/// Keeps the fields of the spans that are called `job`.
#[derive(Debug, Clone, Default)]
struct JobSpans(Arc<Mutex<Vec<BTreeMap<&'static str, String>>>>);

impl Subscriber for JobSpans {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        if span.metadata().name() == "job" {
            let mut fields = Fields::default();
            span.record(&mut fields);
            self.0.lock().expect("nobody panics here").push(fields.0);
        }
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

#[tokio::test(start_paused = true)]
#[ignore = "another test starts it as a process of its own"]
async fn alone_a_run_has_its_span() {
    let spans = JobSpans::default();
    tracing::subscriber::set_global_default(spans.clone()).expect("it is the first");
    let (stage, traces) = (Stage::empty(), Traces::default());
    let server = start_with(&stage, TraceFilter(traces)).await;

    let id = stage.enqueue("post").await;

    stage.reached(id, State::Succeeded).await;
    server.stop().await;
    let spans = spans.0.lock().expect("nobody panics here").clone();
    let expected = [
        ("id", id.to_string()),
        ("kind", "errand".to_owned()),
        ("queue", "default".to_owned()),
        ("attempt", "1".to_owned()),
    ];
    assert_eq!(spans, [BTreeMap::from(expected)]);
}

#[tokio::test(start_paused = true)]
async fn failed_jobs_are_run_again_together() {
    let stage = Stage::empty();
    stage.world.script("sink", &[Act::FailForGood("rain")]);
    let server = stage.start().await;
    let mut jobs: Vec<NewJob> = (0..450).map(|_| stored("sink")).collect();
    jobs.push(stored("swim"));
    stage.enqueue_all(&jobs).await;
    stage
        .until(|| async { stage.storage_counts().await.failed == 450 })
        .await;
    stage.world.script("sink", &[Act::Succeed]);

    // What fails at the moment at which an operation begins is left alone.
    tokio::time::advance(Duration::from_secs(1)).await;
    let all = JobQuery::default();
    let redriven = stage.client.redrive(all, "ada", "Redriven by Ada").await;

    let id = redriven.expect("it begins");
    stage
        .until(|| async { stage.storage_counts().await.succeeded == 451 })
        .await;
    let operation = || async { stage.storage.operation(id).await.expect("it can be read") };
    let is_over = || async {
        let operation = operation().await.expect("it is kept");
        operation.status == OperationStatus::Finished
    };
    stage.until(is_over).await;
    let operation = operation().await.expect("it is kept");
    assert_eq!((operation.total, operation.done), (450, 450));
    assert_eq!(operation.words, "state:failed");
    server.stop().await;
    assert_eq!(
        stage.reasons(jobs[0].id).await.pop().as_deref(),
        Some("Redriven by Ada")
    );
}

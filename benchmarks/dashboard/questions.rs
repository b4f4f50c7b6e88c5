//! What the dashboard asks of a storage that holds a million finished jobs, and how long the answers
//! take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use job_engine::storage::{
    ArgumentTest, Command, Condition, JobQuery, NewOperation, OperationId, OperationStatus,
    Resolution, Test,
};
use job_engine::{State, Storage};

/// How often each question is asked; the median counts.
const ROUNDS: usize = 7;

type Answer = Result<(), Box<dyn std::error::Error>>;

pub async fn ask(storage: Arc<dyn Storage>) -> Answer {
    println!("{:<44} {:>9}  {:>9}", "question", "median", "bar");
    overview(&*storage).await?;
    let none = Vec::new;
    list(
        &*storage,
        "list: succeeded",
        Some(State::Succeeded),
        none(),
        50,
    )
    .await?;
    list(&*storage, "list: failed", Some(State::Failed), none(), 50).await?;
    list(&*storage, "list: all", None, none(), 50).await?;
    let kind = |kind: &str| vec![Test::Kind(vec![kind.to_owned()]).holds()];
    list(
        &*storage,
        "search: a common kind",
        None,
        kind("kind_7"),
        100,
    )
    .await?;
    list(&*storage, "search: a rare kind", None, kind("rare"), 100).await?;
    list(
        &*storage,
        "search: a kind that is none",
        None,
        kind("none"),
        100,
    )
    .await?;
    let queue = vec![Test::Queue(vec!["slow".to_owned()]).holds()];
    list(&*storage, "search: a rare queue", None, queue, 100).await?;
    let states = vec![Test::State(vec![State::Failed, State::Deleted]).holds()];
    list(&*storage, "search: two states", None, states, 100).await?;
    list(
        &*storage,
        "search: one job by an argument",
        None,
        argument("user.id", "654321"),
        200,
    )
    .await?;
    list(
        &*storage,
        "search: an argument that all have",
        None,
        argument("template", "welcome"),
        200,
    )
    .await?;
    list(
        &*storage,
        "search: an argument that none has",
        None,
        argument("user.id", "no"),
        200,
    )
    .await?;
    act(&*storage).await
}

fn argument(path: &str, value: &str) -> Vec<Condition> {
    let test = Test::Argument(ArgumentTest {
        path: path.split('.').map(str::to_owned).collect(),
        value: value.to_owned(),
    });
    vec![test.holds()]
}

async fn overview(storage: &dyn Storage) -> Answer {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        storage.counts().await?;
        storage.queues().await?;
        storage.servers().await?;
        storage.error_groups(5).await?;
        storage
            .throughput(Resolution::Minute, Timestamp::UNIX_EPOCH)
            .await?;
        times.push(start.elapsed());
    }
    print("overview", times, 50);
    Ok(())
}

async fn list(
    storage: &dyn Storage,
    what: &str,
    state: Option<State>,
    conditions: Vec<Condition>,
    bar: u64,
) -> Answer {
    let query = JobQuery {
        state,
        conditions,
        ..JobQuery::default()
    };
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        storage.jobs(&query).await?;
        times.push(start.elapsed());
    }
    print(what, times, bar);
    Ok(())
}

/// Requeues a hundred thousand failed jobs as a server does it, and takes them out again.
async fn act(storage: &dyn Storage) -> Answer {
    for (command, state) in [
        (Command::Requeue, State::Failed),
        (Command::Delete, State::Enqueued),
    ] {
        let query = JobQuery {
            conditions: vec![Test::State(vec![state]).holds()],
            ..JobQuery::default()
        };
        let new = NewOperation {
            id: OperationId::random(),
            command,
            words: format!("state:{state}"),
            actor: "a benchmark".to_owned(),
            reason: "to see how long it takes".to_owned(),
            total: storage.count(&query, u64::MAX).await?,
            query,
        };
        storage.begin_operation(&new).await?;
        let start = Instant::now();
        while storage.advance_operation(1000).await?.is_some() {}
        let took = start.elapsed();

        let over = storage
            .operation(new.id)
            .await?
            .ok_or("the operation is gone")?;
        assert_eq!(over.status, OperationStatus::Finished);
        assert_eq!(over.done, new.total, "{} were left alone", over.skipped);
        let per_second = u64::try_from(u128::from(over.done) * 1000 / took.as_millis().max(1))?;
        println!(
            "{:<44} {per_second:>7}/s  {:>7}/s",
            format!("{} {} {state} jobs", command.name(), over.done),
            20_000
        );
    }
    Ok(())
}

fn print(what: &str, mut times: Vec<Duration>, bar: u64) {
    times.sort_unstable();
    let median = times[times.len() / 2].as_secs_f64() * 1000.0;
    println!("{what:<44} {median:>6.1} ms  {bar:>6} ms");
}

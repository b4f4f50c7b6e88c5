//! What a search finds.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::stage::{HOUR, Stage, error, job, job_of, jobs, retry, succeeded};
use crate::batch::BatchId;
use crate::new_job::NewJob;
use crate::state::State;
use crate::storage::{
    ArgumentTest, ClaimedJob, Command, Condition, JobId, JobQuery, Outcome, Settled, Settlement,
    SharedStorage, Test, TimeRange,
};

pub async fn each_condition_finds_its_jobs_and_its_opposite_the_others(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let mail = stage.enqueue(job().in_queue("mail")).await;
    let tagged = job_of("print")
        .for_tenant("acme")
        .and_then(|job| job.tagged(["a", "b", "Zoë [\"Z\"]", "*"]));
    let print = NewJob {
        trace: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
        ..tagged.expect("they are names")
    };
    let batch = BatchId::random();
    let print = stage.enqueue(print.in_batch(batch)).await;
    let failed = stage.job_in(State::Failed).await;
    let late = stage.enqueue(job().after(HOUR)).await;
    let retried = stage.held_job().await;
    stage.accepted(retried, retry("rain", HOUR)).await;
    let retried = retried.job;
    let changed = stage.details(failed).await.summary.changed_at;
    let all = [mail, print, failed, late, retried];

    let words = |words: &[&str]| words.iter().copied().map(str::to_owned).collect();
    let from = |at| TimeRange {
        from: Some(at),
        until: None,
    };
    for (test, found) in [
        (
            Test::State(vec![State::Failed, State::Scheduled]),
            vec![failed, late, retried],
        ),
        (Test::Retry, vec![retried]),
        (Test::Queue(words(&["mail", "post"])), vec![mail]),
        (Test::Kind(words(&["print", "scan"])), vec![print]),
        (Test::Tenant(words(&["acme", "globex"])), vec![print]),
        (Test::Tag(words(&["b", "c"])), vec![print]),
        (Test::Tag(words(&["c", "Zoë"])), vec![]),
        (Test::Tag(words(&["c", "Zoë [\"Z\"]"])), vec![print]),
        (Test::Tag(words(&["*"])), vec![print]),
        (Test::Batch(batch), vec![print]),
        (Test::Batch(BatchId::random()), vec![]),
        (
            Test::Trace("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
            vec![print],
        ),
        (Test::Trace("00f067aa0ba902b7".to_owned()), vec![]),
        (Test::Id(mail..=print), vec![mail, print]),
        (Test::Created(from(Timestamp::MAX)), vec![]),
        (Test::Created(from(Timestamp::MIN)), all.to_vec()),
        (
            Test::Changed(TimeRange {
                from: None,
                until: Some(changed),
            }),
            vec![mail, print],
        ),
        (Test::Attempts(1..=3), vec![failed, retried]),
        (Test::Error("ROUTE to".to_owned()), vec![failed]),
        (Test::Text("prin".to_owned()), vec![print]),
        (Test::Text("No Route".to_owned()), vec![failed]),
    ] {
        let opposite: Vec<JobId> = all.into_iter().filter(|id| !found.contains(id)).collect();

        assert_eq!(
            search(&storage, test.clone().holds()).await,
            set(&found),
            "{test:?}"
        );
        assert_eq!(
            search(&storage, test.clone().fails()).await,
            set(&opposite),
            "not {test:?}"
        );
    }
}

pub async fn jobs_are_found_by_a_path_in_their_arguments(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let arguments = r#"{"user":{"id":123,"name":"Zoë \"Z\""},"tags":["a","b"],"vip":true}"#;
    let ada = stage.enqueue(with_arguments(arguments)).await;
    stage
        .enqueue(with_arguments(r#"{"user":{"id":1234},"vip":null}"#))
        .await;
    stage.enqueue(with_arguments("[]")).await;

    ask_for_paths(&storage, ada).await;
    run_all(&stage).await;
    ask_for_paths(&storage, ada).await;
}

async fn ask_for_paths(storage: &SharedStorage, ada: JobId) {
    for (path, value, found) in [
        ("user id", "123", true),
        ("user name", "Zoë \"Z\"", true),
        ("tags 1", "b", true),
        ("vip", "true", true),
        ("vip", "1", false),
        ("vip", "null", false),
        ("user", "123", false),
        ("user id", "12", false),
        ("tags b", "b", false),
    ] {
        let test = argument(path, value);
        let expected = if found { set(&[ada]) } else { set(&[]) };

        assert_eq!(
            search(storage, test.holds()).await,
            expected,
            "{path}:{value}"
        );
    }
}

pub async fn an_argument_is_found_however_its_json_is_written(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let mut ids = Vec::new();
    for arguments in [
        r#"{"name":"Zo\u00eb & co","path":"a\/b","n":1,"on":true,"at":"*?[x]%_"}"#,
        r#"{ "name" : "Zoë \u0026 co", "path" : "a/b", "n" : 1.0, "on" : "true", "at" : "*?[x]%_" }"#,
        r#"{"name":"Zoé & co","path":"a\\b","n":"1","on":false,"at":"**[x]%_"}"#,
        r#"{"name":"zoë & CO","path":"A/B","n":12.5,"on":null,"at":"xx"}"#,
    ] {
        ids.push(stage.enqueue(with_arguments(arguments)).await);
    }

    ask_for_ways_of_writing(&storage, &ids).await;
    run_all(&stage).await;
    ask_for_ways_of_writing(&storage, &ids).await;
}

async fn ask_for_ways_of_writing(storage: &SharedStorage, ids: &[JobId]) {
    for (path, value, found) in [
        ("name", "Zoë & co", vec![0, 1]),
        ("name", "zoë & CO", vec![3]),
        ("name", "Zoe & co", vec![]),
        ("path", "a/b", vec![0, 1]),
        ("path", r"a\b", vec![2]),
        ("n", "1", vec![0, 2]),
        ("n", "1.0", vec![1]),
        ("n", "12.5", vec![3]),
        ("n", "2.5", vec![]),
        ("on", "true", vec![0, 1]),
        ("on", "false", vec![2]),
        ("on", "null", vec![]),
        ("at", "*?[x]%_", vec![0, 1]),
        ("at", "x", vec![]),
        ("at", "xx", vec![3]),
    ] {
        let test = argument(path, value);
        let expected: Vec<JobId> = found.iter().map(|place: &usize| ids[*place]).collect();
        let others = ids.iter().copied().filter(|id| !expected.contains(id));
        let others: Vec<JobId> = others.collect();

        let named = format!("{path}:{value}");
        assert_eq!(
            search(storage, test.clone().holds()).await,
            set(&expected),
            "{named}"
        );
        assert_eq!(
            search(storage, test.fails()).await,
            set(&others),
            "not {named}"
        );
    }
}

pub async fn arguments_that_are_no_json_do_not_stop_a_search(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for odd in ["{\"user\":{\"id\":123", "", r#"{"a\u0000":"\u0000 123"}"#] {
        stage.enqueue(with_arguments(odd)).await;
    }
    let good = stage
        .enqueue(with_arguments(r#"{"user":{"id":123}}"#))
        .await;

    let waiting = search(&storage, argument("user id", "123").holds()).await;
    run_all(&stage).await;
    let finished = search(&storage, argument("user id", "123").holds()).await;

    assert_eq!(waiting, set(&[good]));
    assert_eq!(finished, set(&[good]));
}

pub async fn a_text_is_looked_for_letter_by_letter(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let odd = r#"100% of c:\a_b "now""#;
    let failed = |message: &str| Outcome::Failed {
        error: error(message),
        reason: "No attempt is left".to_owned(),
    };
    let wanted = stage.held_job().await;
    stage.accepted(wanted, failed(odd)).await;
    let other = stage.held_job().await;
    stage.accepted(other, failed("100x of c:axb now")).await;

    for text in ["100%", "a_b", r"c:\a", r#""now""#, odd] {
        let found = search(&storage, Test::Error(text.to_owned()).holds()).await;

        assert_eq!(found, set(&[wanted.job]), "{text}");
    }
}

pub async fn pages_of_a_search_cover_every_match_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let mut wanted = BTreeSet::new();
    for number in 0..13 {
        let kind = if number % 2 == 0 { "even" } else { "odd" };
        let new = job_of(kind);
        if kind == "even" {
            wanted.insert(new.id);
        }
        let id = stage.enqueue(new).await;
        if number % 4 == 0 {
            stage.command(id, Command::Delete).await;
        }
    }

    let mut seen = Vec::new();
    let mut query = JobQuery {
        conditions: vec![Test::Text("EVEN".to_owned()).holds()],
        limit: 2,
        ..JobQuery::default()
    };
    loop {
        let page = storage.jobs(&query).await.expect("jobs are found");
        seen.extend(page.jobs.iter().map(|job| job.id));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }

    assert_eq!(seen.len(), wanted.len());
    assert_eq!(set(&seen), wanted);
}

pub async fn matches_are_counted_up_to_a_limit(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue_all(&jobs(5)).await;
    stage.job_in(State::Failed).await;
    stage.enqueue(job_of("print")).await;
    let sends = JobQuery {
        kind: Some("send".to_owned()),
        ..JobQuery::default()
    };

    for (most, counted) in [(0, 0), (4, 4), (6, 6), (100, 6)] {
        let count = storage.count(&sends, most).await;
        assert_eq!(count.expect("jobs are counted"), counted, "up to {most}");
    }
}

/// As a worker does it, who tells what it ran them with.
async fn run_all(stage: &Stage) {
    let server = stage.server().await;
    let run = |job: ClaimedJob| Settlement {
        lease: job.lease,
        outcome: succeeded(),
        arguments: job.arguments,
    };
    let settlements: Vec<Settlement> = stage.claim(server, 10).await.into_iter().map(run).collect();
    let settled = stage.storage.settle(&settlements).await;
    let settled = settled.expect("the outcomes are recorded");
    assert!(settled.iter().all(|settled| *settled == Settled::Accepted));
}

fn with_arguments(arguments: &str) -> NewJob {
    NewJob {
        arguments: arguments.to_owned(),
        ..job()
    }
}

fn argument(path: &str, value: &str) -> Test {
    Test::Argument(ArgumentTest {
        path: path.split(' ').map(str::to_owned).collect(),
        value: value.to_owned(),
    })
}

async fn search(storage: &SharedStorage, condition: Condition) -> BTreeSet<JobId> {
    let query = JobQuery {
        conditions: vec![condition],
        limit: 100,
        ..JobQuery::default()
    };
    let page = storage.jobs(&query).await.expect("jobs are found");
    let counted = storage.count(&query, 100).await.expect("jobs are counted");
    assert_eq!(counted, page.jobs.len() as u64, "{:?}", query.conditions);
    page.jobs.iter().map(|job| job.id).collect()
}

fn set(ids: &[JobId]) -> BTreeSet<JobId> {
    ids.iter().copied().collect()
}

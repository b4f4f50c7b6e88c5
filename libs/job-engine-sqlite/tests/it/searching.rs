use jiff::Timestamp;
use job_engine::State;
use job_engine::storage::{ArgumentTest, JobQuery, JobSummary, Monitor, Test};
use sqlx::SqlitePool;

use crate::database::Database;

/// So many jobs that those which are looked for are not among the newest.
const MANY: i64 = 12_000;

/// Jobs that have ended one after the other; one of a thousand is of a kind of its own.
const FILL: &str = "
with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < $1)
insert into job_engine_jobs
  (id, state, priority, kind, queue, created_at, changed_at, enqueued_at, ended_at, arguments)
select unhex(printf('%032x', i)), 'Succeeded', 0,
  case i % 1000 when 1 then 'rare' when 2 then 'seldom' else 'common' end,
  iif(i % 1000 = 3, 'quiet', 'default'), i, i, i, i, json_object('number', i)
from numbers";

#[tokio::test]
async fn the_jobs_of_several_rare_kinds_are_found_newest_first() {
    let (database, storage) = filled().await;

    let rare = ["rare", "seldom"].map(str::to_owned).to_vec();
    let found = find(&*storage, Test::Kind(rare), None).await;

    assert_eq!(found.len(), 24);
    assert!(found.is_sorted_by_key(|job| std::cmp::Reverse(job.changed_at)));
    assert_eq!(found[0].changed_at, at(11_002));
    drop(database);
}

#[tokio::test]
async fn a_rare_kind_and_a_rare_queue_are_found_by_their_arguments() {
    let (database, storage) = filled().await;

    let third = argument("number", 3001);
    let kind = find(&*storage, Test::Kind(vec!["rare".to_owned()]), Some(third)).await;
    let third = argument("number", 3003);
    let queue = find(
        &*storage,
        Test::Queue(vec!["quiet".to_owned()]),
        Some(third),
    )
    .await;
    let neither = argument("number", 3004);
    let none = find(
        &*storage,
        Test::Kind(vec!["rare".to_owned()]),
        Some(neither),
    )
    .await;

    let times = |jobs: &[JobSummary]| jobs.iter().map(|job| job.changed_at).collect::<Vec<_>>();
    assert_eq!(times(&kind), [at(3001)]);
    assert_eq!(times(&queue), [at(3003)]);
    assert!(none.is_empty());
    drop(database);
}

async fn filled() -> (Database, std::sync::Arc<job_engine_sqlite::SqliteStorage>) {
    let database = Database::create().await;
    let pool: SqlitePool = database.pool().await;
    sqlx::query(FILL)
        .bind(MANY)
        .execute(&pool)
        .await
        .expect("it is filled");
    let storage = database.storage().await;
    (database, storage)
}

async fn find(storage: &dyn Monitor, test: Test, also: Option<Test>) -> Vec<JobSummary> {
    let query = JobQuery {
        state: Some(State::Succeeded),
        conditions: [Some(test), also]
            .into_iter()
            .flatten()
            .map(Test::holds)
            .collect(),
        limit: 100,
        ..JobQuery::default()
    };
    storage.jobs(&query).await.expect("it is read").jobs
}

fn argument(name: &str, value: i64) -> Test {
    Test::Argument(ArgumentTest {
        path: vec![name.to_owned()],
        value: value.to_string(),
    })
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).expect("it is a time")
}

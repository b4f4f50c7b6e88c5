use jiff::Timestamp;
use job_engine::storage::{ArgumentTest, JobId, JobQuery, JobSummary, Marks, Monitor, Test};
use job_engine::{NewJob, State, Storage};
use sqlx::SqlitePool;
use uuid::Uuid;

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

#[tokio::test]
async fn a_job_is_read_unless_its_marks_lack_the_argument() {
    let (database, storage) = filled().await;
    mark(&database, 5, Marks::default()).await;
    mark(
        &database,
        6,
        Marks::of(r#"{"number":6}"#).expect("it is JSON"),
    )
    .await;

    let number = |number| find(&*storage, argument("number", number), None);

    assert!(number(5).await.is_empty(), "its marks lack it");
    assert_eq!(number(6).await[0].id, id(6), "its marks have it");
    assert_eq!(number(7).await[0].id, id(7), "it has no marks");
}

#[tokio::test]
async fn an_enqueued_job_has_the_marks_of_its_arguments() {
    let database = Database::create().await;
    let arguments = r#"{"number":6}"#;
    let job = NewJob::of_kind("count", arguments);

    let stored = database.storage().await.enqueue(&[job]).await;

    stored.expect("there is room");
    let (low, high): (i64, i64) =
        sqlx::query_as("select low_marks, high_marks from job_engine_jobs")
            .fetch_one(&database.pool().await)
            .await
            .expect("it has marks");
    assert_eq!(Some(Marks { low, high }), Marks::of(arguments));
}

#[tokio::test]
async fn a_job_is_found_by_its_id_and_many_by_how_theirs_begin() {
    let (database, storage) = filled().await;

    let one = find(&*storage, Test::Id(id(3)..=id(3)), None).await;
    let nobody = find(&*storage, Test::Id(id(0)..=id(0)), None).await;
    let newest = find(&*storage, Test::Id(id(100)..=id(5000)), None).await;
    let times: Vec<_> = one.iter().map(|job| job.changed_at).collect();
    assert_eq!(times, [at(3)]);
    assert!(nobody.is_empty());
    assert_eq!((newest.len(), newest[0].changed_at), (100, at(5000)));
    drop(database);
}

#[tokio::test]
async fn jobs_are_counted_by_how_their_ids_begin() {
    let (database, storage) = filled().await;
    let common = || Test::Kind(vec!["common".to_owned()]);

    let few = query([Test::Id(id(1)..=id(10)), common()]);
    let many = query([Test::Id(id(100)..=id(5000)), common()]);

    assert_eq!(storage.count(&few, 10_000).await.unwrap(), 8);
    assert_eq!(storage.count(&many, 10_000).await.unwrap(), 4893);
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

async fn mark(database: &Database, number: u128, marks: Marks) {
    sqlx::query("update job_engine_jobs set low_marks = $2, high_marks = $3 where id = $1")
        .bind(id(number).0)
        .bind(marks.low)
        .bind(marks.high)
        .execute(&database.pool().await)
        .await
        .expect("there is room");
}

async fn find(storage: &dyn Monitor, test: Test, also: Option<Test>) -> Vec<JobSummary> {
    let query = query([Some(test), also].into_iter().flatten());
    storage.jobs(&query).await.expect("it is read").jobs
}

fn query(tests: impl IntoIterator<Item = Test>) -> JobQuery {
    JobQuery {
        state: Some(State::Succeeded),
        conditions: tests.into_iter().map(Test::holds).collect(),
        limit: 100,
        ..JobQuery::default()
    }
}

fn argument(name: &str, value: i64) -> Test {
    Test::Argument(ArgumentTest {
        path: vec![name.to_owned()],
        value: value.to_string(),
    })
}

fn id(number: u128) -> JobId {
    JobId(Uuid::from_u128(number))
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).expect("it is a time")
}

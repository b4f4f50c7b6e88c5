use std::collections::HashSet;
use std::iter;
use std::time::Duration;

use job_engine::storage::{Command, Condition, Cursor, JobId, JobQuery, Monitor, Test, TimeRange};
use job_engine::{NewJob, Retention, State, Storage};
use job_engine_postgres::PostgresStorage;
use tokio::time::timeout;
use uuid::Uuid;

use crate::database::{Database, announce, claim, job};

/// How long connections may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many jobs are stored by one copy.
const MASS: usize = 600;

#[tokio::test]
async fn masses_are_listed_among_the_others_by_time() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let mut stored = Vec::new();
    for _ in 0..3 {
        stored.push(vec![job()]);
        stored.push(mass());
        stored.push(vec![job(), job()]);
    }
    for jobs in &stored {
        storage.enqueue(jobs).await.unwrap();
    }

    let listed = all_pages(&storage, &enqueued()).await;

    assert_eq!(listed, newest_first(&stored.concat()));
}

#[tokio::test]
async fn a_job_of_a_mass_that_was_enqueued_again_is_listed_once_and_first() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let jobs = mass();
    storage.enqueue(&jobs).await.unwrap();
    let server = announce(&storage).await;

    let claimed = claim(&storage, server).await;
    storage
        .command(jobs[0].id, Command::Requeue, "again")
        .await
        .unwrap();
    storage
        .command(jobs[300].id, Command::Delete, "no")
        .await
        .unwrap();
    storage
        .command(jobs[300].id, Command::Requeue, "yes")
        .await
        .unwrap();
    storage.retire(server).await.unwrap();
    let listed = all_pages(&storage, &enqueued()).await;

    assert_eq!(claimed.len(), 100);
    let again: HashSet<_> = listed[..101].iter().copied().collect();
    assert_eq!(
        again,
        jobs[..100]
            .iter()
            .chain([&jobs[300]])
            .map(|job| job.id)
            .collect()
    );
    let rest = jobs[100..].iter().rev().map(|job| job.id);
    assert_eq!(
        listed[101..],
        rest.filter(|id| *id != jobs[300].id).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_mass_is_searched_as_other_jobs_are() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let mut jobs = mass();
    for (number, job) in jobs
        .iter_mut()
        .enumerate()
        .filter(|(number, _)| number % 3 == 0)
    {
        job.kind = if number == 3 { "rare" } else { "third" }.into();
    }
    storage.enqueue(&jobs).await.unwrap();
    storage
        .enqueue(&[NewJob::of_kind("third", "{}")])
        .await
        .unwrap();

    let of_kind = |kind: &str| JobQuery {
        kind: Some(kind.to_owned()),
        ..enqueued()
    };
    assert_eq!(all_pages(&storage, &of_kind("third")).await.len(), MASS / 3);
    assert_eq!(all_pages(&storage, &of_kind("rare")).await, [jobs[3].id]);
}

#[tokio::test]
async fn a_mass_is_found_by_its_time() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let masses = [mass(), mass(), mass()];
    for jobs in &masses {
        storage.enqueue(jobs).await.unwrap();
    }
    let time_of = async |jobs: &[NewJob]| {
        let job = storage.job(jobs[0].id).await.unwrap();
        job.expect("it is stored").summary.changed_at
    };

    let second = TimeRange {
        from: Some(time_of(&masses[1]).await),
        until: Some(time_of(&masses[2]).await),
    };
    let found = all_pages(&storage, &changed(second)).await;

    assert_eq!(found, newest_first(&masses[1]));
}

#[tokio::test]
async fn a_page_of_masses_reads_no_more_jobs_than_it_shows() {
    let database = Database::create().await;
    let pool = database.pool().await;
    let storage = PostgresStorage::new(pool.clone()).await.unwrap();
    for _ in 0..5 {
        storage.enqueue(&mass()).await.unwrap();
    }

    let first = storage.jobs(&enqueued()).await.unwrap();
    let after = first.next;
    let second = storage
        .jobs(&JobQuery {
            after,
            ..enqueued()
        })
        .await
        .unwrap();
    drop(storage);
    pool.close().await;
    let (in_order, by_key) = reads(&database).await;

    assert_eq!(first.jobs.len() + second.jobs.len(), 140);
    assert_eq!(in_order, 0);
    assert!(by_key < 300, "{by_key} jobs were read");
}

#[tokio::test]
async fn ids_that_were_made_by_chance_are_listed_too() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let jobs: Vec<_> = iter::repeat_with(|| NewJob {
        id: JobId(Uuid::new_v4()),
        ..job()
    })
    .take(MASS)
    .collect();

    storage.enqueue(&jobs).await.unwrap();

    assert_eq!(all_pages(&storage, &enqueued()).await.len(), MASS);
    assert_eq!(copies(&database).await, 0);
}

#[tokio::test]
async fn a_mass_is_forgotten_once_none_of_its_jobs_waits() {
    let database = Database::create().await;
    let storage = database.storage().await;
    let jobs = mass();
    storage.enqueue(&jobs).await.unwrap();
    for job in &jobs[1..] {
        storage
            .command(job.id, Command::Delete, "over")
            .await
            .unwrap();
    }

    storage
        .remove_expired(Retention::default(), 1000)
        .await
        .unwrap();
    assert_eq!(copies(&database).await, 1);
    assert_eq!(all_pages(&storage, &enqueued()).await, [jobs[0].id]);

    storage
        .command(jobs[0].id, Command::Delete, "over")
        .await
        .unwrap();
    storage
        .remove_expired(Retention::default(), 1000)
        .await
        .unwrap();
    assert_eq!(copies(&database).await, 0);
}

fn mass() -> Vec<NewJob> {
    iter::repeat_with(job).take(MASS).collect()
}

fn enqueued() -> JobQuery {
    JobQuery {
        state: Some(State::Enqueued),
        limit: 70,
        ..JobQuery::default()
    }
}

fn changed(time: TimeRange) -> JobQuery {
    JobQuery {
        conditions: vec![Condition {
            test: Test::Changed(time),
            negated: false,
        }],
        ..enqueued()
    }
}

fn newest_first(jobs: &[NewJob]) -> Vec<JobId> {
    jobs.iter().rev().map(|job| job.id).collect()
}

async fn all_pages(storage: &PostgresStorage, query: &JobQuery) -> Vec<JobId> {
    let mut listed = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let page = storage
            .jobs(&JobQuery {
                after,
                ..query.clone()
            })
            .await
            .unwrap();
        listed.extend(page.jobs.iter().map(|job| job.id));
        after = page.next;
        if after.is_none() {
            return listed;
        }
    }
}

async fn copies(database: &Database) -> i64 {
    sqlx::query_scalar("select count(*) from job_engine.copies")
        .fetch_one(&database.pool().await)
        .await
        .unwrap()
}

/// How often waiting jobs were read as a whole, and how many were by an index, once all that was done
/// is counted.
async fn reads(database: &Database) -> (i64, i64) {
    let pool = database.pool().await;
    let counted = async {
        let others = "select exists (select from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid())";
        while sqlx::query_scalar::<_, bool>(others)
            .fetch_one(&pool)
            .await
            .unwrap()
        {}
    };
    timeout(PATIENCE, counted).await.expect("connections end");
    sqlx::query_as(
        "select seq_scan, idx_tup_fetch from pg_stat_user_tables where relname = 'ready'",
    )
    .fetch_one(&pool)
    .await
    .unwrap()
}

//! What a dashboard sees.

use std::collections::HashSet;
use std::time::Duration;

use super::stage::{HOUR, Stage, job, job_of, jobs, retry};
use crate::state::State;
use crate::storage::{Command, Counts, JobId, JobQuery, JobSummary, Page, SharedStorage};

pub async fn counts_equal_a_recount(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    for state in State::ALL {
        stage.job_in(state).await;
        let changed = stage.job_in(state).await;
        stage.command(changed, Command::Delete).await;
    }
    let failed = stage.held_job().await;
    stage.accepted(failed, retry("rain", HOUR)).await;
    let due = stage.held_job().await;
    stage.accepted(due, retry("rain", Duration::ZERO)).await;
    stage.enqueue_due().await;
    storage.rescue(Duration::ZERO).await.expect("it is rescued");

    let counts = storage.counts().await.expect("jobs are counted");

    let all = all_jobs(&storage).await;
    let in_state = |state| all.iter().filter(|job| job.state == state).count() as u64;
    let recount = Counts {
        enqueued: in_state(State::Enqueued),
        scheduled: in_state(State::Scheduled),
        awaiting: in_state(State::Awaiting),
        retries: 1,
        processing: in_state(State::Processing),
        succeeded: in_state(State::Succeeded),
        failed: in_state(State::Failed),
        deleted: in_state(State::Deleted),
    };
    assert_eq!(counts, recount);
    // Each of the two that await others came with the job that it awaits.
    assert_eq!(all.len(), 18);
    assert_eq!(counts.processing, 0);
    assert_eq!(counts.deleted, 8);
}

pub async fn an_empty_storage_counts_nothing(storage: SharedStorage) {
    let counts = storage.counts().await.expect("jobs are counted");
    let page = page(&storage, JobQuery::default()).await;

    assert_eq!(counts, Counts::default());
    assert_eq!(page, Page::default());
    assert_eq!(storage.queues().await.expect("queues are listed"), []);
    assert_eq!(storage.servers().await.expect("servers are listed"), []);
}

pub async fn pages_cover_every_job_once(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue_all(&jobs(25)).await;
    stage.enqueue_all(&jobs(3)).await;
    let mut seen = Vec::new();
    let mut query = JobQuery {
        state: Some(State::Enqueued),
        limit: 10,
        ..JobQuery::default()
    };

    loop {
        let page = page(&storage, query.clone()).await;
        seen.extend(page.jobs.into_iter().map(|job| (job.changed_at, job.id)));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }

    let distinct: HashSet<_> = seen.iter().map(|(_, id)| *id).collect();
    assert_eq!(seen.len(), 28);
    assert_eq!(distinct.len(), 28);
    assert!(seen.is_sorted_by(|newer, older| newer >= older));
}

pub async fn the_last_page_says_that_it_is_the_last(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue_all(&jobs(10)).await;
    let of = |limit| JobQuery {
        limit,
        ..JobQuery::default()
    };

    assert_eq!(page(&storage, of(10)).await.next, None);
    let first = page(&storage, of(9)).await;
    assert_eq!(first.jobs.len(), 9);
    let rest = JobQuery {
        after: first.next,
        ..of(9)
    };
    let last = page(&storage, rest).await;
    assert_eq!(last.jobs.len(), 1);
    assert_eq!(last.next, None);
}

pub async fn the_newest_change_comes_first(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let old = stage.job_in(State::Failed).await;
    let young = stage.job_in(State::Failed).await;
    stage.command(old, Command::Delete).await;

    let all = all_jobs(&storage).await;

    assert!(all[0].changed_at >= all[1].changed_at);
    let by_change = if all[0].changed_at == all[1].changed_at {
        [young, old]
    } else {
        [old, young]
    };
    assert_eq!(ids(&all), by_change);
}

pub async fn jobs_are_found_by_state_queue_and_kind(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let mail = stage.enqueue(job().in_queue("mail")).await;
    let print = stage.enqueue(job_of("print")).await;
    let failed = stage.job_in(State::Failed).await;

    let in_mail = JobQuery {
        queue: Some("mail".to_owned()),
        ..JobQuery::default()
    };
    assert_eq!(ids(&page(&storage, in_mail.clone()).await.jobs), [mail]);
    let prints = JobQuery {
        kind: Some("print".to_owned()),
        ..JobQuery::default()
    };
    assert_eq!(ids(&page(&storage, prints).await.jobs), [print]);
    let in_failed = JobQuery {
        state: Some(State::Failed),
        ..JobQuery::default()
    };
    assert_eq!(ids(&page(&storage, in_failed).await.jobs), [failed]);
    let neither = JobQuery {
        kind: Some("print".to_owned()),
        ..in_mail
    };
    assert_eq!(page(&storage, neither).await, Page::default());
}

pub async fn retries_are_told_from_delayed_jobs(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue(job().after(HOUR)).await;
    let lease = stage.held_job().await;
    stage.accepted(lease, retry("rain", HOUR)).await;

    let retries = JobQuery {
        retries_only: true,
        ..JobQuery::default()
    };

    assert_eq!(ids(&page(&storage, retries).await.jobs), [lease.job]);
    let counts = storage.counts().await.expect("jobs are counted");
    assert_eq!((counts.scheduled, counts.retries), (2, 1));
}

pub async fn a_page_holds_twenty_jobs_by_default(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    stage.enqueue_all(&jobs(21)).await;

    let page = page(&storage, JobQuery::default()).await;

    assert_eq!(page.jobs.len(), 20);
    let last = page.jobs.last().map(|job| (job.changed_at, job.id));
    assert_eq!(page.next.map(|next| (next.changed_at, next.id)), last);
}

pub async fn an_unknown_job_has_no_details(storage: SharedStorage) {
    let details = storage.job(JobId::random()).await;

    assert_eq!(details.expect("jobs can be read"), None);
}

pub async fn queues_are_counted_and_remembered(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    let first = stage.enqueue(job().in_queue("mail")).await;
    stage.enqueue(job().in_queue("mail")).await;
    stage.enqueue(job().in_queue("mail").after(HOUR)).await;
    stage.enqueue(job()).await;
    let claimed = stage.claim(server, 1).await;
    stage.command(claimed[0].lease.job, Command::Delete).await;
    let oldest = stage.details(first).await.summary.changed_at;

    let queues = storage.queues().await.expect("queues are listed");

    let names: Vec<&str> = queues.iter().map(|queue| queue.name.as_str()).collect();
    assert_eq!(names, ["default", "mail"]);
    assert_eq!((queues[0].enqueued, queues[0].processing), (0, 0));
    assert_eq!(queues[0].oldest_enqueued_at, None);
    assert_eq!((queues[1].enqueued, queues[1].processing), (2, 0));
    assert_eq!(queues[1].oldest_enqueued_at, Some(oldest));
    stage.claim_of(server, &["mail"], &["send"], 1).await;
    let queues = storage.queues().await.expect("queues are listed");
    assert_eq!((queues[1].enqueued, queues[1].processing), (1, 1));
}

pub async fn a_server_shows_what_it_runs(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let server = stage.server().await;
    stage.enqueue_all(&jobs(3)).await;
    stage.claim(server, 2).await;

    let servers = storage.servers().await.expect("servers are listed");

    assert_eq!(servers.len(), 1);
    assert_eq!(servers[0].processing, 2);
}

pub async fn the_history_is_in_order(storage: SharedStorage) {
    let stage = Stage::of(&storage);
    let lease = stage.held_job().await;
    stage.accepted(lease, retry("rain", HOUR)).await;
    stage.command(lease.job, Command::TriggerNow).await;
    stage.command(lease.job, Command::Delete).await;

    let details = stage.details(lease.job).await;

    let last = details.history.last().expect("it has a history");
    assert_eq!(last.state, details.summary.state);
    assert_eq!(last.reason, details.summary.reason);
    assert_eq!(last.at, details.summary.changed_at);
    assert_eq!(details.history[0].at, details.summary.created_at);
    assert!(details.history.is_sorted_by_key(|entry| entry.at));
}

async fn page(storage: &SharedStorage, query: JobQuery) -> Page {
    let page = storage.jobs(&query).await;
    page.expect("jobs are listed")
}

async fn all_jobs(storage: &SharedStorage) -> Vec<JobSummary> {
    let all = JobQuery {
        limit: 1000,
        ..JobQuery::default()
    };
    page(storage, all).await.jobs
}

fn ids(jobs: &[JobSummary]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}

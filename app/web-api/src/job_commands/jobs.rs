//! What is asked of jobs, one by one and all that a search finds.

use std::fmt::Write;

use anyhow::{anyhow, ensure};
use clap::Args;
use job_engine::actor::Copy;
use job_engine::storage::{
    Command, Commanded, HistoryEntry, JobDetails, JobQuery, JobSummary, Storage,
};
use job_engine::{Actor, JobId};
use job_engine_dashboard::{DashboardOptions, Relatives};
use uuid::Uuid;

use super::search::parse;
use super::{Which, batches, operations, relatives};

/// How many lines of a job's log are printed at once.
const MOST_LINES: usize = 1000;

/// What is to be different in a copy.
#[derive(Debug, Args)]
pub struct Changed {
    /// As JSON; else those of the job that is copied. What is shown as `[redacted]` stays as it is.
    #[arg(long)]
    arguments: Option<String>,
    /// Else the queue of the job that is copied.
    #[arg(long)]
    queue: Option<String>,
}

pub async fn list(storage: &dyn Storage, search: &str, limit: usize) -> anyhow::Result<String> {
    let query = JobQuery {
        limit,
        ..parse(search)?
    };
    let page = storage.jobs(&query).await?;
    let mut text = String::new();
    for job in &page.jobs {
        text.push_str(&line(job));
    }
    if page.next.is_some() {
        let _ = writeln!(
            text,
            "There are more. Ask for more with --limit, or search closer."
        );
    }
    if text.is_empty() {
        text.push_str("No job matches.\n");
    }
    Ok(text)
}

fn line(job: &JobSummary) -> String {
    let error = job
        .error
        .as_ref()
        .map_or("", |error| error.message.as_str());
    let error = error.lines().next().unwrap_or_default();
    format!(
        "{}  {:<10}  {}  {}  {}  {error}\n",
        job.id,
        job.state,
        job.changed_at.strftime("%Y-%m-%d %H:%M:%S"),
        job.queue,
        job.kind
    )
}

pub async fn show(storage: &dyn Storage, id: Uuid) -> anyhow::Result<String> {
    let job = storage.job(JobId(id)).await?;
    let job = job.ok_or_else(|| anyhow!("there is no job with the id {id}"))?;
    let mut text = line(&job.summary);
    let alive_within = DashboardOptions::default().server_timeout;
    let why = storage.why(&job.summary, alive_within).await?;
    let _ = writeln!(text, "{why}");
    text.push_str(&facts(&job));
    if let Some(progress) = storage.progress(JobId(id)).await? {
        let _ = writeln!(text, "progress   {} of {}", progress.done, progress.total);
    }
    text.push_str(&around(storage, &job.summary).await?);
    text.push_str(&history(&job.history));
    Ok(text)
}

/// Its batch, who it waits for, and who waits for it.
async fn around(storage: &dyn Storage, job: &JobSummary) -> anyhow::Result<String> {
    let around = Relatives::of(storage, job, relatives::MOST_SHOWN).await?;
    let mut text = String::new();
    if let Some(batch) = &around.batch {
        let _ = write!(text, "batch      {}", batches::line(batch));
    }
    text.push_str(&relatives::parents(&around.parents));
    text.push_str(&relatives::children(&around.children));
    Ok(text)
}

fn facts(job: &JobDetails) -> String {
    let mut text = String::new();
    let summary = &job.summary;
    let redactions = application::jobs::registry().redactions();
    let arguments = redactions.hide(&summary.kind, &summary.arguments);
    let _ = writeln!(text, "arguments  {arguments}");
    if let Some(result) = &job.result {
        let _ = writeln!(text, "result     {result}");
    }
    if let Some(origin) = &job.origin {
        let _ = writeln!(
            text,
            "recurring  {} for {}",
            origin.recurring_job, origin.at
        );
    }
    text
}

fn history(entries: &[HistoryEntry]) -> String {
    let mut text = String::new();
    for entry in entries {
        let reason = entry.reason.as_deref().unwrap_or_default();
        let _ = writeln!(text, "{}  {:<10}  {reason}", entry.at, entry.state);
        if let Some(error) = &entry.error {
            let _ = writeln!(text, "    {}: {}", error.kind, error.message);
        }
    }
    text
}

pub async fn log(storage: &dyn Storage, id: Uuid, after: u64) -> anyhow::Result<String> {
    let mut text = String::new();
    let lines = storage.log(JobId(id), after, MOST_LINES).await?;
    for line in &lines {
        let _ = writeln!(text, "{}  {}  {}", line.number, line.at, line.text);
    }
    if lines.len() == MOST_LINES {
        let _ = writeln!(text, "There may be more: ask with --after.");
    }
    if text.is_empty() {
        text.push_str("It has said nothing.\n");
    }
    Ok(text)
}

pub async fn copy(actor: &Actor, id: Uuid, changed: Changed) -> anyhow::Result<String> {
    let copy = Copy {
        arguments: changed.arguments,
        queue: changed.queue,
    };
    let redactions = application::jobs::registry().redactions();
    let new = actor.enqueue_copy(JobId(id), &copy, &redactions).await?;
    Ok(format!("Enqueued as {new}.\n"))
}

pub async fn act(actor: &Actor, command: Command, which: Which) -> anyhow::Result<String> {
    let why = which.reason.unwrap_or_default();
    if let Some(search) = which.all {
        let expected = if which.yes {
            Some(u64::MAX)
        } else {
            which.expect
        };
        return operations::begin(actor, command, &search, &why, expected).await;
    }

    let mut text = String::new();
    let mut done = 0;
    for id in which.ids {
        match actor.command(JobId(id), None, command, &why).await? {
            Commanded::Done => done += 1,
            Commanded::NotFound => {
                let _ = writeln!(text, "{id} does not exist.");
            }
            Commanded::NotApplicable(state) => {
                let _ = writeln!(text, "{id} is {state} and was left as it is.");
            }
        }
    }
    let _ = writeln!(text, "{done} jobs: {}.", command.name());
    ensure!(done > 0, "nothing was changed\n{text}");
    Ok(text)
}

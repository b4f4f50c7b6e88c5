//! `diquis jobs …`: the dashboard's questions and actions from a terminal.

mod limits;
mod servers;

use std::fmt::Write;
use std::sync::Arc;

use anyhow::{anyhow, bail, ensure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use job_engine::storage::{
    Command, Commanded, JobDetails, JobQuery, JobSummary, ServerOrder, Storage,
};
use job_engine::{Actor, JobId};
use uuid::Uuid;

use self::limits::{Allowed, Whose};

use crate::commands::{in_runtime, print};
use crate::config::Config;
use crate::wiring;

/// Who acts, for the history of the jobs and the audit log.
const ACTOR: &str = "the command line";

/// What can be asked and done.
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// Lists the jobs that a search finds, for example `state:failed kind:send_email`.
    List {
        search: Vec<String>,
        /// 1 to 1000.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Shows one job with its history.
    Show { id: Uuid },
    /// Puts jobs back into their queues.
    Requeue(Which),
    /// Runs scheduled jobs now.
    Trigger(Which),
    /// Takes jobs out.
    Delete(Which),
    /// Lists the groups of errors with which jobs are failed now.
    Errors,
    /// Lists the queues.
    Queues,
    /// Stops a queue on all servers.
    Pause {
        queue: String,
        #[arg(long)]
        reason: String,
    },
    /// Lets a queue go on.
    Resume { queue: String },
    /// Lists the limits of queues and keys.
    Limits,
    /// Limits how many jobs run at once or begin within a period.
    Limit {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        allowed: Allowed,
    },
    /// Takes a limit away.
    Unlimit {
        #[command(flatten)]
        whose: Whose,
    },
    /// Lists the servers.
    Servers,
    /// Lets a server take no more jobs; what runs goes on.
    Quiet { server: Uuid },
    /// Lets a quiet server work again.
    Work { server: Uuid },
    /// Stops a server when its jobs have ended, or their grace is over.
    Stop { server: Uuid },
    /// Lists what was asked for all jobs of a search, and how far it is.
    Operations,
}

/// On which jobs.
#[derive(Debug, Args)]
pub struct Which {
    /// The jobs' ids.
    #[arg(required_unless_present = "all")]
    ids: Vec<Uuid>,
    /// All jobs that this search finds, in the background.
    #[arg(
        long,
        value_name = "SEARCH",
        requires = "reason",
        conflicts_with = "ids"
    )]
    all: Option<String>,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
}

/// Does one of them and prints the answer.
pub fn run(config: &Config, command: JobsCommand) -> anyhow::Result<()> {
    in_runtime(async {
        let adapters = wiring::connect(config).await?;
        let answer = answer(&adapters.storage, command).await;
        adapters.close().await;
        print(&answer?)
    })
}

async fn answer(storage: &Arc<dyn Storage>, command: JobsCommand) -> anyhow::Result<String> {
    let actor = &Actor::new(Arc::clone(storage), ACTOR);
    let storage: &dyn Storage = &**storage;
    match command {
        JobsCommand::List { search, limit } => list(storage, &search.join(" "), limit).await,
        JobsCommand::Show { id } => show(storage, id).await,
        JobsCommand::Requeue(which) => act(actor, Command::Requeue, which).await,
        JobsCommand::Trigger(which) => act(actor, Command::TriggerNow, which).await,
        JobsCommand::Delete(which) => act(actor, Command::Delete, which).await,
        JobsCommand::Errors => errors(storage).await,
        JobsCommand::Queues => queues(storage).await,
        JobsCommand::Pause { queue, reason } => {
            actor.pause_queue(&queue, &reason).await?;
            Ok(format!("The queue {queue} is paused.\n"))
        }
        JobsCommand::Resume { queue } => {
            actor.resume_queue(&queue).await?;
            Ok(format!("The queue {queue} goes on.\n"))
        }
        JobsCommand::Limits => limits::list(storage).await,
        JobsCommand::Limit { whose, allowed } => limits::set(actor, whose, &allowed).await,
        JobsCommand::Unlimit { whose } => limits::remove(actor, whose).await,
        JobsCommand::Servers => servers::list(storage).await,
        JobsCommand::Quiet { server } => {
            servers::tell(actor, server, Some(ServerOrder::Quiet)).await
        }
        JobsCommand::Work { server } => servers::tell(actor, server, None).await,
        JobsCommand::Stop { server } => servers::tell(actor, server, Some(ServerOrder::Stop)).await,
        JobsCommand::Operations => operations(storage).await,
    }
}

async fn list(storage: &dyn Storage, search: &str, limit: usize) -> anyhow::Result<String> {
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

async fn show(storage: &dyn Storage, id: Uuid) -> anyhow::Result<String> {
    let job = storage.job(JobId(id)).await?;
    let JobDetails {
        summary,
        history,
        result,
        ..
    } = job.ok_or_else(|| anyhow!("there is no job with the id {id}"))?;
    let mut text = line(&summary);
    let redactions = application::jobs::registry().redactions();
    let arguments = redactions.hide(&summary.kind, &summary.arguments);
    let _ = writeln!(text, "arguments  {arguments}");
    if let Some(result) = result {
        let _ = writeln!(text, "result     {result}");
    }
    for entry in history {
        let reason = entry.reason.unwrap_or_default();
        let _ = writeln!(text, "{}  {:<10}  {reason}", entry.at, entry.state);
        if let Some(error) = entry.error {
            let _ = writeln!(text, "    {}: {}", error.kind, error.message);
        }
    }
    Ok(text)
}

async fn act(actor: &Actor, command: Command, which: Which) -> anyhow::Result<String> {
    let why = which.reason.unwrap_or_default();
    if let Some(search) = which.all {
        return begin(actor, command, &search, &why).await;
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

async fn begin(actor: &Actor, command: Command, search: &str, why: &str) -> anyhow::Result<String> {
    ensure!(!search.trim().is_empty(), "say to which jobs");
    let id = actor
        .begin_operation(command, parse(search)?, search, why)
        .await?;
    Ok(format!(
        "The operation {id} began. A running server works it off; `diquis jobs operations` tells how far \
         it is.\n"
    ))
}

async fn errors(storage: &dyn Storage) -> anyhow::Result<String> {
    let mut text = String::new();
    for group in storage.error_groups(200).await? {
        let message = group.error.message.lines().next().unwrap_or_default();
        let _ = writeln!(
            text,
            "{:>8}  {}  {message}  (group:{})",
            group.jobs, group.kind, group.group
        );
    }
    if text.is_empty() {
        text.push_str("Nothing was given up.\n");
    }
    Ok(text)
}

async fn queues(storage: &dyn Storage) -> anyhow::Result<String> {
    let mut text = String::new();
    for queue in storage.queues().await? {
        let paused = queue.paused.map_or_else(String::new, |pause| {
            format!("  paused by {}: {}", pause.by, pause.reason)
        });
        let _ = writeln!(
            text,
            "{}  {} waiting, {} running{paused}",
            queue.name, queue.enqueued, queue.processing
        );
    }
    Ok(text)
}

async fn operations(storage: &dyn Storage) -> anyhow::Result<String> {
    let mut text = String::new();
    for operation in storage.operations(100).await? {
        let _ = writeln!(
            text,
            "{}  {:<8}  {} {}: {} of {} done, {} left alone",
            operation.id,
            operation.status.name(),
            operation.command.name(),
            operation.words,
            operation.done,
            operation.total,
            operation.skipped
        );
    }
    Ok(text)
}

fn parse(search: &str) -> anyhow::Result<JobQuery> {
    match job_engine_dashboard::parse_search(search, Timestamp::now()) {
        Ok(conditions) => Ok(JobQuery {
            conditions,
            ..JobQuery::default()
        }),
        Err(problems) => bail!("{}", problems.join("\n")),
    }
}

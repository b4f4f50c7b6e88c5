//! `diquis jobs recurring …`

use std::fmt::Write;

use anyhow::anyhow;
use clap::Subcommand;
use job_engine::Actor;
use job_engine::recurring::Schedule;
use job_engine::storage::{RecurringQuery, RecurringRecord, RecurringRun, Storage};

/// How many of the next runs and of the last ones are printed.
const NEXT_RUNS: usize = 5;
const LAST_RUNS: usize = 25;

/// What can be asked of recurring jobs.
#[derive(Debug, Subcommand)]
pub enum RecurringCommand {
    /// Lists them, or those whose id or kind contains a text.
    List { containing: Option<String> },
    /// Shows one with its next runs and its history.
    Show { id: String },
    /// Runs one now; its schedule goes on as if nothing had happened.
    Run { id: String },
    /// Lets one create no more jobs until it is resumed.
    Pause {
        id: String,
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Lets one go on with its next occurrence.
    Resume { id: String },
    /// Gives one another schedule, from now on.
    Reschedule {
        id: String,
        /// A cron expression, or `@every 15m`.
        schedule: String,
        #[arg(long, default_value = Schedule::DEFAULT_TIME_ZONE)]
        time_zone: String,
    },
    /// Takes one out, with its history.
    Remove { id: String },
}

pub async fn answer(
    storage: &dyn Storage,
    actor: &Actor,
    command: RecurringCommand,
) -> anyhow::Result<String> {
    match command {
        RecurringCommand::List { containing } => list(storage, containing).await,
        RecurringCommand::Show { id } => show(storage, &id).await,
        RecurringCommand::Run { id } => {
            let job = actor.run_recurring(&id).await?;
            Ok(format!("Enqueued as {job}.\n"))
        }
        RecurringCommand::Pause { id, reason } => {
            actor.pause_recurring(&id, &reason).await?;
            Ok(format!("{id} is paused.\n"))
        }
        RecurringCommand::Resume { id } => {
            actor.resume_recurring(&id).await?;
            Ok(format!("{id} goes on with its next occurrence.\n"))
        }
        RecurringCommand::Reschedule {
            id,
            schedule,
            time_zone,
        } => {
            let schedule = Schedule::parse(&schedule, &time_zone)?;
            actor.reschedule(&id, &schedule).await?;
            Ok(format!("{id} runs: {}.\n", schedule.in_words()))
        }
        RecurringCommand::Remove { id } => {
            actor.remove_recurring(&id).await?;
            Ok(format!("{id} was removed.\n"))
        }
    }
}

async fn list(storage: &dyn Storage, containing: Option<String>) -> anyhow::Result<String> {
    let query = RecurringQuery {
        containing,
        limit: 1000,
        ..RecurringQuery::default()
    };
    let page = storage.recurring_jobs(&query).await?;
    if page.jobs.is_empty() {
        return Ok("No recurring job.\n".to_owned());
    }
    Ok(page.jobs.iter().map(|job| line(&job.record)).collect())
}

async fn show(storage: &dyn Storage, id: &str) -> anyhow::Result<String> {
    let record = storage.recurring_job(id).await?;
    let record = record.ok_or_else(|| anyhow!("there is no recurring job {id}"))?;
    let mut text = line(&record);
    if let (Ok(schedule), None) = (record.schedule(), record.paused_at) {
        let _ = writeln!(text, "{}", schedule.in_words());
        for at in schedule.upcoming(storage.time().await?).take(NEXT_RUNS) {
            let _ = writeln!(text, "next  {at}");
        }
    }
    for run in storage.recurring_runs(id, None, LAST_RUNS).await? {
        text.push_str(&run_line(&run));
    }
    Ok(text)
}

fn line(record: &RecurringRecord) -> String {
    let standing = match (&record.paused_because, &record.error) {
        (Some(because), _) => format!("  {because}"),
        (None, Some(error)) => format!("  {error}"),
        (None, None) => String::new(),
    };
    format!(
        "{}  {}  {} in {}{standing}\n",
        record.id, record.kind, record.schedule, record.time_zone
    )
}

fn run_line(run: &RecurringRun) -> String {
    let job = run.job.map_or_else(String::new, |job| job.to_string());
    let state = run.state.map_or("", job_engine::State::name);
    let note = run.note.as_deref().unwrap_or_default();
    format!(
        "{:>6}  {}  {:<8}  {state}  {job}  {note}\n",
        run.number,
        run.at,
        run.cause.name()
    )
}

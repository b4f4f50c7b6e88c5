//! `diquis jobs …`: the dashboard's questions and actions from a terminal.

mod batches;
mod engine;
mod jobs;
mod limits;
mod operations;
mod queues;
mod recurring;
mod relatives;
mod search;
mod servers;

use std::sync::Arc;

use clap::{Args, Subcommand};
use job_engine::Actor;
use job_engine::storage::{Command, ServerOrder, Storage};
use uuid::Uuid;

use self::jobs::Changed;
use self::limits::{Allowed, Seen, Whose};
use self::recurring::RecurringCommand;

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
    /// Tells whether all is well, and how many jobs are in each state.
    Overview,
    /// Shows one job: why it is where it is, how far it is, its relatives and its history.
    Show { id: Uuid },
    /// Prints what a job said while it ran.
    Log {
        id: Uuid,
        /// Only lines with a higher number.
        #[arg(long, default_value_t = 0)]
        after: u64,
    },
    /// Enqueues a job like another one.
    Copy {
        id: Uuid,
        #[command(flatten)]
        changed: Changed,
    },
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
        #[command(flatten)]
        seen: Seen,
    },
    /// Takes a limit away.
    Unlimit {
        #[command(flatten)]
        whose: Whose,
        #[command(flatten)]
        seen: Seen,
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
    /// Ends such an operation where it is; what was done stays done.
    StopOperation { operation: Uuid },
    /// Tells how each kind of job has fared lately.
    Kinds,
    /// Lists the batches, the newest first.
    Batches,
    /// Shows one batch, and what runs after it.
    Batch { batch: Uuid },
    /// Recurring jobs.
    #[command(subcommand)]
    Recurring(RecurringCommand),
    /// Lists what people did, the newest first.
    Audit {
        /// 1 to 1000.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
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
    /// How many jobs you expect the search to find. When it finds more, but for a hundredth, nothing
    /// is done. Without it, a deletion of more than 10000 asks on a terminal, and is refused elsewhere.
    #[arg(long, value_name = "JOBS", requires = "all")]
    expect: Option<u64>,
    /// Does it however many jobs the search finds.
    #[arg(long, requires = "all", conflicts_with = "expect")]
    yes: bool,
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
        JobsCommand::List { search, limit } => jobs::list(storage, &search.join(" "), limit).await,
        JobsCommand::Overview => engine::overview(storage).await,
        JobsCommand::Show { id } => jobs::show(storage, id).await,
        JobsCommand::Log { id, after } => jobs::log(storage, id, after).await,
        JobsCommand::Copy { id, changed } => jobs::copy(actor, id, changed).await,
        JobsCommand::Requeue(which) => jobs::act(actor, Command::Requeue, which).await,
        JobsCommand::Trigger(which) => jobs::act(actor, Command::TriggerNow, which).await,
        JobsCommand::Delete(which) => jobs::act(actor, Command::Delete, which).await,
        JobsCommand::Errors => engine::errors(storage).await,
        JobsCommand::Queues => queues::list(storage).await,
        JobsCommand::Pause { queue, reason } => queues::pause(actor, &queue, &reason).await,
        JobsCommand::Resume { queue } => queues::resume(actor, &queue).await,
        JobsCommand::Limits => limits::list(storage).await,
        JobsCommand::Limit {
            whose,
            allowed,
            seen,
        } => limits::set(actor, whose, &allowed, &seen).await,
        JobsCommand::Unlimit { whose, seen } => limits::remove(actor, whose, &seen).await,
        JobsCommand::Servers => servers::list(storage).await,
        JobsCommand::Quiet { server } => {
            servers::tell(actor, server, Some(ServerOrder::Quiet)).await
        }
        JobsCommand::Work { server } => servers::tell(actor, server, None).await,
        JobsCommand::Stop { server } => servers::tell(actor, server, Some(ServerOrder::Stop)).await,
        JobsCommand::Operations => operations::list(storage).await,
        JobsCommand::StopOperation { operation } => operations::stop(actor, operation).await,
        JobsCommand::Kinds => engine::kinds(storage).await,
        JobsCommand::Batches => batches::list(storage).await,
        JobsCommand::Batch { batch } => batches::show(storage, batch).await,
        JobsCommand::Recurring(command) => recurring::answer(storage, actor, command).await,
        JobsCommand::Audit { limit } => engine::audit(storage, limit).await,
    }
}

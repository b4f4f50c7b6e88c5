//! What was asked for all jobs of a search.

use std::fmt::Write;
use std::io::{BufRead, IsTerminal, stdin};

use anyhow::ensure;
use job_engine::storage::{Command, OperationId, Storage};
use job_engine::{ActError, Actor};
use uuid::Uuid;

use super::search::parse;

pub async fn begin(
    actor: &Actor,
    command: Command,
    search: &str,
    why: &str,
    expected: Option<u64>,
) -> anyhow::Result<String> {
    ensure!(!search.trim().is_empty(), "say to which jobs");
    let begin = async |expected| {
        let query = parse(search)?;
        let begun = actor.begin_operation(command, query, search, why, expected);
        anyhow::Ok(begun.await)
    };

    let id = match begin(expected).await? {
        Err(ActError::TooMany(total)) => {
            sure(total)?;
            begin(Some(total)).await??
        }
        answer => answer?,
    };
    Ok(format!(
        "The operation {id} began. A running server works it off; `diquis jobs operations` tells how far \
         it is.\n"
    ))
}

/// Asks who sits at a terminal; a script says it beforehand.
fn sure(total: u64) -> anyhow::Result<()> {
    let terminal = stdin();
    ensure!(
        terminal.is_terminal(),
        "{total} jobs match, and nothing was changed; say --expect {total} if you mean them"
    );

    eprint!("{total} jobs match. Type their number to go on: ");
    let mut typed = String::new();
    terminal.lock().read_line(&mut typed)?;
    let is_it = typed.trim() == total.to_string();
    ensure!(is_it, "that is not their number; nothing was changed");
    Ok(())
}

pub async fn list(storage: &dyn Storage) -> anyhow::Result<String> {
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

pub async fn stop(actor: &Actor, operation: Uuid) -> anyhow::Result<String> {
    let was_running = actor.stop_operation(OperationId(operation)).await?;
    ensure!(was_running, "no operation {operation} is running");
    Ok("The operation is stopped. What was done stays done.\n".to_owned())
}

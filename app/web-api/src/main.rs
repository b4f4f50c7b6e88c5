use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use web_api::commands;
use web_api::config::{self, Config};
use web_api::job_commands::{self, JobsCommand};

/// Diquis: organizations get a workspace with a database of its own, set up in the background.
#[derive(Parser)]
#[command(name = "diquis", version, disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the web server and the workers.
    Serve,
    /// Runs workers alone, beside a server that shares the database.
    ///
    /// With PostgreSQL, who is connected to the server is told at once. With SQLite, what there is
    /// to tell waits in their inbox until the page looks again.
    Work,
    /// Brings the database up to date and ends.
    Migrate,
    /// Looks at background jobs and acts on them.
    Jobs {
        #[command(subcommand)]
        command: JobsCommand,
    },
    /// Prints the description of the API (OpenAPI 3.1).
    Openapi,
    /// Prints this help, or every setting.
    Help { topic: Option<Topic> },
}

#[derive(Clone, Copy, ValueEnum)]
enum Topic {
    Settings,
}

/// For a setting or a command line that cannot be used.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match CommandLine::parse().command {
        Command::Serve => with_settings(commands::serve),
        Command::Work => with_settings(commands::work),
        Command::Migrate => with_settings(commands::migrate),
        Command::Jobs { command } => with_settings(|config| job_commands::run(config, command)),
        Command::Openapi => ended(commands::openapi()),
        Command::Help { topic: None } => ended(commands::help::<CommandLine>()),
        Command::Help {
            topic: Some(Topic::Settings),
        } => ended(commands::print(&config::help())),
    }
}

fn with_settings(run: impl FnOnce(&Config) -> anyhow::Result<()>) -> ExitCode {
    match Config::from_environment() {
        Ok(config) => ended(run(&config)),
        Err(error) => {
            eprintln!("diquis: {error}");
            ExitCode::from(USAGE)
        }
    }
}

fn ended(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("diquis: {error:#}");
            ExitCode::FAILURE
        }
    }
}

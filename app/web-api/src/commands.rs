//! What the executable can be told to do.

use std::io::Write;

use anyhow::{Context, ensure};
use application::users::FirstAdmin;
use clap::CommandFactory;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::web_server::WebServer;
use crate::wiring::{self, Process};
use crate::{logging, openapi};

/// Runs the web server and the workers until told to stop.
pub fn serve(config: &Config) -> anyhow::Result<()> {
    logging::start(config);
    in_runtime(async {
        let stop = stop_signal()?;
        let greet = |admin: &FirstAdmin| print(&greeting(config, admin));
        let server = WebServer::start(config.clone(), greet).await?;

        stop.await;
        tracing::info!("stopping");
        server.stop().await;
        Ok(())
    })
}

/// Works off jobs until told to stop, by a signal or on the dashboard.
pub fn work(config: &Config) -> anyhow::Result<()> {
    ensure!(
        config.workers != Some(0),
        "DIQUIS_WORKERS: `work` needs at least one"
    );
    logging::start(config);
    in_runtime(async {
        let stop = stop_signal()?;
        let process = Process::assemble(config).await?;
        let workers = process.start_workers(config).await?;
        print("Diquis works off jobs. Stop it with SIGTERM.\n")?;

        tokio::select! {
            () = stop => {}
            () = workers.told_to_stop() => {}
        }
        tracing::info!("stopping");
        workers.stop().await;
        process.hub.stop().await;
        process.adapters.close().await;
        Ok(())
    })
}

/// Brings the database up to date.
pub fn migrate(config: &Config) -> anyhow::Result<()> {
    logging::start(config);
    in_runtime(async {
        wiring::connect(config).await?.close().await;
        print("The database is up to date.\n")
    })
}

/// Prints the description of the API.
pub fn openapi() -> anyhow::Result<()> {
    print(&openapi::json())
}

/// Prints how the executable is used.
pub fn help<C: CommandFactory>() -> anyhow::Result<()> {
    print(&C::command().render_long_help().to_string())
}

/// Prints to standard output.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()?;
    Ok(())
}

pub(crate) fn in_runtime(run: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    /// For what has no other way than to block: files, names of hosts, hashing.
    const BLOCKING_THREADS: usize = 32;

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
        .context("the runtime")?;
    runtime.block_on(run)
}

/// Comes when the process is told to stop: SIGTERM, or Ctrl-C.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn greeting(config: &Config, admin: &FirstAdmin) -> String {
    let url = config.public_url.as_str();
    let email = &config.admin_email;
    let how = match admin {
        FirstAdmin::Present => format!("Sign in at {url}/sign-in"),
        FirstAdmin::WithPassword => {
            format!(
                "Sign in at {url}/sign-in as {email}, with the password in DIQUIS_ADMIN_PASSWORD"
            )
        }
        FirstAdmin::WithLink(link) => format!(
            "Sign in as {email}. This link sets the password, once, within 24 hours:\n  {link}"
        ),
    };
    format!("Diquis is at {url}\n{how}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_starts_it_for_the_first_time_learns_how_to_get_in() {
        let email = (
            "DIQUIS_ADMIN_EMAIL".to_owned(),
            "ada@example.org".to_owned(),
        );
        let config = Config::read([email]).expect("valid settings");
        let link = "http://127.0.0.1:5000/set-password#token=abc".to_owned();

        let text = greeting(&config, &FirstAdmin::WithLink(link));

        assert!(text.starts_with("Diquis is at http://127.0.0.1:5000\n"));
        assert!(text.contains("ada@example.org"));
        assert!(text.contains("http://127.0.0.1:5000/set-password#token=abc\n"));
    }
}

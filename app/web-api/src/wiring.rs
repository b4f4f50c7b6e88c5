//! Builds the application from its adapters: the one place that knows every crate.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use application::App;
use http::Uri;
use infrastructure::{Adapters, Pool};
use job_engine::{Client, RetryPolicy, RunningServer, Server, ServerOptions};
use signalr_hub::backplane::{Backplane, PostgresBackplane, Retention};

use crate::config::{Config, Secret};
use crate::hubs::{HubNotifier, NotificationHub, NotificationInbox};
use crate::identity::Identity;
use crate::signing_key;
use crate::tokens::Tokens;

/// What the hub is called among processes.
const HUB_NAME: &str = "notifications";

/// What every process is made of, web server or not.
pub struct Process {
    pub app: App,
    pub adapters: Adapters,
    pub identity: Arc<Identity>,
    pub hub: NotificationHub,
}

impl Process {
    /// Opens the databases, brings them up to date, and puts everything together.
    pub async fn assemble(config: &Config) -> anyhow::Result<Self> {
        let adapters = connect(config).await?;
        let notifier = Arc::new(HubNotifier::default());
        let settings = application::Settings {
            public_url: config.public_url.as_str().to_owned(),
            job_attempts: config.job_attempts,
        };
        let app = adapters.clone().into_app(notifier.clone(), settings);

        let key = signing_key(config, &adapters).await?;
        let identity = Arc::new(Identity::new(app.clone(), Tokens::new(&key)));
        let backplane = backplane(&adapters).await?;
        let inbox = Arc::new(NotificationInbox::of(app.clone()));
        let hub = NotificationHub::start(identity.clone(), &config.public_url, backplane, inbox);
        notifier.attach(hub.context());
        Ok(Self {
            app,
            adapters,
            identity,
            hub,
        })
    }

    /// Starts to work off jobs, and sees to it that those which recur do.
    pub async fn start_workers(&self, config: &Config) -> anyhow::Result<RunningServer> {
        let defaults = ServerOptions::default();
        let options = ServerOptions {
            workers: config.workers.unwrap_or(defaults.workers),
            retry: RetryPolicy {
                retries: config.job_attempts - 1,
                delays: config.retry_delays.clone().into(),
                ..RetryPolicy::default()
            },
            grace: config.stop_grace,
            // Who kills the process from outside cuts off jobs that are innocent, time after time.
            max_abandoned: 10,
            ..defaults
        };
        let storage = self.adapters.storage.clone();
        let recurring = Client::new(storage.clone()).recurring();
        for job in application::jobs::recurring() {
            let added = recurring.add_or_update(&job).await;
            added.context("the recurring jobs")?;
        }
        let context = Arc::new(self.app.clone());
        let server = Server::new(storage, application::jobs::registry(), context);
        server.options(options).start().await.context("the workers")
    }
}

/// Opens the databases and brings them up to date.
pub async fn connect(config: &Config) -> anyhow::Result<Adapters> {
    let settings = infrastructure::Settings {
        database_url: config.database_url.as_ref().map(reveal),
        data_dir: config.data_dir.clone(),
        smtp_url: config.smtp_url.as_ref().map(reveal),
        public_url: config.public_url.as_str().to_owned(),
        mail_from: config.mail_from.clone(),
    };
    let connected = infrastructure::connect(&settings).await;
    connected.map_err(|error| anyhow!("{}{error}", place(config)))
}

/// Where the database is that failed, without what is secret in its address.
fn place(config: &Config) -> String {
    let url: Option<Uri> = config
        .database_url
        .as_ref()
        .and_then(|url| url.reveal().parse().ok());
    let host = url.and_then(|url| Some(url.authority()?.as_str().rsplit('@').next()?.to_owned()));
    host.map(|host| format!("DIQUIS_DATABASE_URL, PostgreSQL at {host}: "))
        .unwrap_or_default()
}

fn reveal(secret: &Secret) -> String {
    secret.reveal().to_owned()
}

/// All processes that share a database sign with one key.
async fn signing_key(config: &Config, adapters: &Adapters) -> anyhow::Result<Secret> {
    if let Some(secret) = &config.jwt_secret {
        return Ok(secret.clone());
    }
    match &adapters.pool {
        Pool::Sqlite(..) => signing_key::key_in(&config.data_dir),
        Pool::Postgres(_) => {
            let candidate = signing_key::random_key();
            let key = adapters.shared_secret("jwt", candidate.reveal()).await;
            Ok(Secret::new(key.context("the signing key")?))
        }
    }
}

/// Processes that share a PostgreSQL database tell each other's clients. On SQLite the clients of
/// another process are told by their inbox, when they look.
async fn backplane(adapters: &Adapters) -> anyhow::Result<Option<Arc<dyn Backplane>>> {
    match &adapters.pool {
        Pool::Sqlite(..) => Ok(None),
        Pool::Postgres(pool) => {
            let backplane =
                PostgresBackplane::join(pool.clone(), HUB_NAME, Retention::default()).await;
            Ok(Some(Arc::new(backplane.context("the hub's backplane")?)))
        }
    }
}

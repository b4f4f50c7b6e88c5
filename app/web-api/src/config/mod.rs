//! Every setting, read once.

mod parse;
mod settings;
mod sources;
mod values;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use domain::{EmailAddress, Password};

pub use settings::{SETTINGS, Setting, help};
use sources::Sources;
pub use values::{Network, PublicUrl, Rate, Secret};

/// How this process is set up.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub public_url: PublicUrl,
    pub trusted_proxies: Vec<Network>,
    pub data_dir: PathBuf,
    /// `None`: SQLite in the data directory.
    pub database_url: Option<Secret>,
    pub admin_email: EmailAddress,
    pub admin_password: Option<Password>,
    pub smtp_url: Option<Secret>,
    pub mail_from: Option<String>,
    pub jwt_secret: Option<Secret>,
    /// `None`: as the engine thinks fit for this machine. 0: this process answers requests alone.
    pub workers: Option<usize>,
    /// The first attempt included.
    pub job_attempts: u32,
    /// Empty: the engine's back-off formula.
    pub retry_delays: Vec<Duration>,
    pub stop_grace: Duration,
    pub limits: Limits,
    pub metrics_token: Option<Secret>,
    pub log: String,
    pub log_format: LogFormat,
}

/// How much one client may ask for; `None` is no limit.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub sign_in: Option<Rate>,
    pub sign_up: Option<Rate>,
    pub public: Option<Rate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// A setting that cannot be used, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{setting}: {problem}")]
    Wrong { setting: String, problem: String },
    #[error("{0} is no setting; `diquis help settings` lists them all")]
    Unknown(String),
    #[error("the settings file {path}: {problem}")]
    File { path: String, problem: String },
}

impl Config {
    /// Reads the environment and the settings file.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::read(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    /// Reads these variables and the settings file they name.
    pub fn read(
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let sources = Sources::open(environment)?;

        let listen = sources.value("DIQUIS_LISTEN", "127.0.0.1:5000", parse::address)?;
        let public_url = sources
            .optional("DIQUIS_PUBLIC_URL", parse::public_url)?
            .unwrap_or_else(|| PublicUrl::of_address(listen));

        Ok(Self {
            listen,
            public_url,
            trusted_proxies: sources.value("DIQUIS_TRUSTED_PROXIES", "", parse::networks)?,
            data_dir: sources.value("DIQUIS_DATA_DIR", "./data", parse::path)?,
            database_url: sources.optional("DIQUIS_DATABASE_URL", parse::database_url)?,
            admin_email: sources.value("DIQUIS_ADMIN_EMAIL", "admin@localhost", parse::email)?,
            admin_password: sources.optional("DIQUIS_ADMIN_PASSWORD", parse::password)?,
            smtp_url: sources.optional("DIQUIS_SMTP_URL", parse::smtp_url)?,
            mail_from: sources.optional("DIQUIS_MAIL_FROM", parse::sender)?,
            jwt_secret: sources.optional("DIQUIS_JWT_SECRET", parse::jwt_secret)?,
            workers: sources.optional("DIQUIS_WORKERS", |text| parse::number(text, 0..=1000))?,
            job_attempts: sources.value("DIQUIS_JOB_ATTEMPTS", "10", |text| {
                parse::number(text, 1..=100)
            })?,
            retry_delays: sources.value("DIQUIS_RETRY_DELAYS", "", parse::durations)?,
            stop_grace: sources.value("DIQUIS_STOP_GRACE", "15s", parse::duration)?,
            limits: Limits {
                sign_in: sources.value("DIQUIS_SIGN_IN_LIMIT", "60/minute", parse::rate)?,
                sign_up: sources.value("DIQUIS_SIGN_UP_LIMIT", "120/hour", parse::rate)?,
                public: sources.value("DIQUIS_PUBLIC_LIMIT", "120/minute", parse::rate)?,
            },
            metrics_token: sources.optional("DIQUIS_METRICS_TOKEN", parse::metrics_token)?,
            log: sources.value("DIQUIS_LOG", "info", parse::log_filter)?,
            log_format: sources.value("DIQUIS_LOG_FORMAT", "text", parse::log_format)?,
        })
    }

    /// Whether this address is a proxy whose word on the client's address counts.
    pub fn trusts_proxy(&self, address: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(address))
    }
}

//! What the product does: one file per use case, and the background jobs they start.

pub mod ports;

pub mod tenants;

pub mod users;

pub mod notifications;

pub mod jobs;
mod letters;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

use std::fmt;
use std::sync::Arc;

use ports::{
    Catalog, Clock, JobControl, Mailbox, Mailer, Notifier, PasswordHasher, TenantDatabases, Tokens,
};

/// Everything that a use case or a job can reach.
#[derive(Clone)]
pub struct App {
    pub catalog: Arc<dyn Catalog>,
    pub tenant_databases: Arc<dyn TenantDatabases>,
    pub job_control: Arc<dyn JobControl>,
    pub notifier: Arc<dyn Notifier>,
    pub mailer: Arc<dyn Mailer>,
    /// Where mails can be read that were not sent; `None` when they are sent.
    pub mailbox: Option<Arc<dyn Mailbox>>,
    pub passwords: Arc<dyn PasswordHasher>,
    pub tokens: Arc<dyn Tokens>,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// What use cases need to know of how the product was set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Under which address people reach it, without a slash at the end.
    pub public_url: String,
    /// How often a job may be tried in all.
    pub job_attempts: u32,
}

/// What is wrong with a request, by field, in words for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("some fields are not valid")]
pub struct InvalidFields(pub Vec<InvalidField>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// As it is called in requests, for example `adminEmail`.
    pub name: &'static str,
    pub message: String,
}

impl InvalidFields {
    /// Takes the value, or notes why it is none.
    fn take<T>(&mut self, name: &'static str, parsed: Result<T, impl fmt::Display>) -> Option<T> {
        parsed.map_err(|error| self.note(name, error)).ok()
    }

    fn note(&mut self, name: &'static str, error: impl fmt::Display) {
        self.0.push(InvalidField {
            name,
            message: error.to_string(),
        });
    }
}

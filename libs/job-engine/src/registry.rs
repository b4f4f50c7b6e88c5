use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::job::{Attempt, Failure, Job, JobError};
use crate::redaction::Redactions;
use crate::retention::Retention;
use crate::retry::RetryPolicy;
use crate::storage::KnownKind;

/// Which kinds of jobs a server can run. Jobs of other kinds wait for a server that knows them.
pub struct Registry<C> {
    kinds: HashMap<&'static str, Arc<Kind<C>>>,
}

/// What the engine knows of a kind of jobs.
pub(crate) struct Kind<C> {
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retention: Option<Retention>,
    pub(crate) version: u32,
    pub(crate) redacted: &'static [&'static str],
    pub(crate) decode: Decode<C>,
}

/// Makes a job from its stored arguments and their version.
type Decode<C> = fn(&str, u32) -> Result<Box<dyn DecodedJob<C>>, Box<dyn Error + Send + Sync>>;

/// A [`Job`] whose type is forgotten.
#[async_trait]
pub(crate) trait DecodedJob<C>: Send + Sync {
    async fn run(&self, context: &C, attempt: &Attempt) -> Result<(), JobError>;
    async fn failed(&self, context: &C, failure: &Failure) -> Result<(), JobError>;
    async fn given_up(&self, context: &C, failure: &Failure) -> Result<(), JobError>;
}

impl<C> Default for Registry<C> {
    fn default() -> Self {
        Self {
            kinds: HashMap::new(),
        }
    }
}

impl<C: Send + Sync + 'static> Registry<C> {
    /// Adds a kind of jobs, under its name and its aliases.
    ///
    /// # Panics
    ///
    /// When another kind has one of these names: the stored jobs of one of the two would be run as
    /// the other.
    pub fn with<J: Job<Context = C>>(mut self) -> Self {
        let kind = Arc::new(Kind {
            retry: J::retry_policy(),
            timeout: J::timeout(),
            retention: J::retention(),
            version: J::VERSION,
            redacted: J::REDACTED,
            decode: decode::<J>,
        });
        for name in J::ALIASES.iter().copied().chain([J::NAME]) {
            let other = self.kinds.insert(name, kind.clone());
            assert!(other.is_none(), "two kinds of jobs are called `{name}`");
        }
        self
    }

    /// What of these jobs' arguments nobody is to be shown.
    pub fn redactions(&self) -> Redactions {
        let mut redactions = Redactions::default();
        for (name, kind) in &self.kinds {
            redactions.add(name, kind.redacted);
        }
        redactions
    }

    pub(crate) fn kind(&self, name: &str) -> Option<&Kind<C>> {
        self.kinds.get(name).map(Arc::as_ref)
    }

    /// Every name and alias.
    pub(crate) fn names(&self) -> Vec<String> {
        let known = self.known().into_iter();
        known.map(|kind| kind.name).collect()
    }

    /// How long the jobs of every name and alias are kept, where their kind says so.
    pub(crate) fn retentions(&self) -> Vec<(String, Option<Retention>)> {
        let kinds = self.kinds.iter();
        let retention = |(name, kind): (&&str, &Arc<Kind<C>>)| ((*name).to_owned(), kind.retention);
        kinds.map(retention).collect()
    }

    /// Every name and alias, with the newest version of arguments that can be read.
    pub(crate) fn known(&self) -> Vec<KnownKind> {
        let known = |(name, kind): (&&str, &Arc<Kind<C>>)| KnownKind {
            name: (*name).to_owned(),
            version: kind.version,
        };
        let mut known: Vec<KnownKind> = self.kinds.iter().map(known).collect();
        known.sort_unstable();
        known
    }
}

impl<C> fmt::Debug for Registry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.kinds.keys()).finish()
    }
}

fn decode<J: Job>(
    arguments: &str,
    version: u32,
) -> Result<Box<dyn DecodedJob<J::Context>>, Box<dyn Error + Send + Sync>> {
    if version >= J::VERSION {
        return Ok(Box::new(serde_json::from_str::<J>(arguments)?));
    }
    let upgraded = J::upgrade(version, serde_json::from_str(arguments)?)?;
    Ok(Box::new(serde_json::from_value::<J>(upgraded)?))
}

#[async_trait]
impl<J: Job> DecodedJob<J::Context> for J {
    async fn run(&self, context: &J::Context, attempt: &Attempt) -> Result<(), JobError> {
        Job::run(self, context, attempt).await
    }

    async fn failed(&self, context: &J::Context, failure: &Failure) -> Result<(), JobError> {
        Job::failed(self, context, failure).await
    }

    async fn given_up(&self, context: &J::Context, failure: &Failure) -> Result<(), JobError> {
        Job::given_up(self, context, failure).await
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Welcome;

    impl Job for Welcome {
        const NAME: &'static str = "welcome";
        const ALIASES: &'static [&'static str] = &["greet", "hello"];
        const REDACTED: &'static [&'static str] = &["password"];
        type Context = ();

        async fn run(&self, (): &(), _attempt: &Attempt) -> Result<(), JobError> {
            Ok(())
        }
    }

    #[test]
    fn a_kind_is_known_by_its_name_and_its_aliases() {
        let registry = Registry::default().with::<Welcome>();

        assert_eq!(registry.names(), ["greet", "hello", "welcome"]);
        assert!(registry.kind("hello").is_some());
        assert!(registry.kind("goodbye").is_none());
    }

    #[test]
    fn what_a_kind_redacts_is_redacted_under_its_aliases_too() {
        let redactions = Registry::default().with::<Welcome>().redactions();

        for name in ["greet", "hello", "welcome"] {
            let shown = redactions.hide(name, r#"{"password":"x"}"#);
            assert_eq!(shown, r#"{"password":"[redacted]"}"#);
        }
    }

    #[test]
    fn two_kinds_cannot_have_one_name() {
        let twice = std::panic::catch_unwind(|| {
            Registry::default().with::<Welcome>().with::<Welcome>();
        });

        assert!(twice.is_err());
    }
}

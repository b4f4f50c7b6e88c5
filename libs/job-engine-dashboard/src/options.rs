use std::fmt;
use std::time::Duration;

use job_engine::Redactions;
use tokio_util::sync::CancellationToken;

/// What can be set about a dashboard; [`Default`] suits one process.
#[derive(Clone)]
pub struct DashboardOptions {
    /// What the dashboard is called in titles. Default `Jobs`.
    pub title: String,
    /// A link back to the application: its words and its address. Default none.
    pub home: Option<(String, String)>,
    /// The path under which browsers see the dashboard, for example `/ops/jobs`, without a slash
    /// at its end. Default `None`: learned from each request. Needed only behind a proxy that cuts
    /// the path.
    pub public_path: Option<String>,
    /// Signs the tokens in forms. Default: random, so forms do not outlive the process. Several
    /// processes behind one address must be given the same key.
    pub form_key: [u8; 32],
    /// What of jobs' arguments nobody is shown: the [`redactions`](job_engine::Registry::redactions)
    /// of the registry that the servers work with. Default: everything is shown.
    pub redactions: Redactions,
    /// After which silence a server is shown as possibly dead. Default 10 s, the engine's own
    /// timeout.
    pub server_timeout: Duration,
    /// From which wait of its oldest job on a queue is reported as slow. Default 5 min.
    pub slow_queue_after: Duration,
    /// How often the live pages' shared watcher asks the storage; also the least time between two
    /// messages. Default 500 ms.
    pub live_interval: Duration,
    /// How many pages are kept live at once; further ones are told to come back. Default 64.
    pub live_pages: usize,
    /// How often it is asked whether the viewer of a live page may still see it. Default 3 s.
    pub access_recheck: Duration,
    /// Ends all live pages when it fires, so that a graceful stop of the web server need not wait
    /// for them. Default: never fires.
    pub stop: CancellationToken,
}

impl Default for DashboardOptions {
    fn default() -> Self {
        Self {
            title: "Jobs".to_owned(),
            home: None,
            public_path: None,
            form_key: rand::random(),
            redactions: Redactions::default(),
            server_timeout: Duration::from_secs(10),
            slow_queue_after: Duration::from_mins(5),
            live_interval: Duration::from_millis(500),
            live_pages: 64,
            access_recheck: Duration::from_secs(3),
            stop: CancellationToken::new(),
        }
    }
}

// By hand, because the key must not get into a log.
impl fmt::Debug for DashboardOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DashboardOptions")
            .field("title", &self.title)
            .field("home", &self.home)
            .field("public_path", &self.public_path)
            .field("redactions", &self.redactions)
            .field("server_timeout", &self.server_timeout)
            .field("slow_queue_after", &self.slow_queue_after)
            .field("live_interval", &self.live_interval)
            .field("live_pages", &self.live_pages)
            .field("access_recheck", &self.access_recheck)
            .finish_non_exhaustive()
    }
}

use std::time::Duration;

use crate::retention::Retention;
use crate::retry::RetryPolicy;

/// How a server works. `ServerOptions::default()` is what most applications want.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// What people see of it. Default: the machine's name and the process id, `web-1:4711`.
    pub name: String,
    /// How many jobs run at the same time. Default: five per core, at most 20.
    pub workers: usize,
    /// From which queues, the first one first. Default: `default` alone.
    pub queues: Vec<String>,
    /// For jobs that say nothing else. Default: Hangfire's ten retries.
    pub retry: RetryPolicy,
    /// How long a run may take when its kind says nothing else, see
    /// [`Job::timeout`](crate::Job::timeout). Default: no limit.
    pub timeout: Option<Duration>,
    /// How often it looks for work that no wake-up told it of. Default: 1 second.
    pub poll_interval: Duration,
    /// How often it says that it lives and asks for leases it has lost. Default: 1 second.
    pub heartbeat_interval: Duration,
    /// After how long without a heartbeat a server is taken for dead. Default: 10 seconds.
    pub server_timeout: Duration,
    /// How long running jobs may go on when the server stops. Default: 15 seconds.
    pub grace: Duration,
    /// How long succeeded and deleted jobs are kept when their kind says nothing else, see
    /// [`Job::retention`](crate::Job::retention). Default: 24 hours.
    pub retention: Retention,
    /// A job is given up when this many processes died with it. From the second death on it is run
    /// only beside jobs that are not suspected themselves, so that one death gives up at most one
    /// job of a process; from the third on only by a process that has lived for some seconds.
    /// Default: 3.
    pub max_abandoned: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            name: format!("{}:{}", machine_name(), std::process::id()),
            workers: (cores * 5).min(20),
            queues: vec!["default".to_owned()],
            retry: RetryPolicy::default(),
            timeout: None,
            poll_interval: Duration::from_secs(1),
            heartbeat_interval: Duration::from_secs(1),
            server_timeout: Duration::from_secs(10),
            grace: Duration::from_secs(15),
            retention: Retention::default(),
            max_abandoned: 3,
        }
    }
}

impl ServerOptions {
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.workers == 0 {
            return Err("it needs at least one worker");
        }
        if self.queues.is_empty() {
            return Err("it needs at least one queue");
        }
        if self.poll_interval.is_zero() || self.heartbeat_interval.is_zero() {
            return Err("its poll and heartbeat intervals must be longer than zero");
        }
        if self.server_timeout < self.heartbeat_interval * 3 {
            return Err("its timeout must be at least three heartbeat intervals");
        }
        if self.max_abandoned == 0 {
            return Err("a job must be allowed at least one death of its process");
        }
        Ok(())
    }
}

fn machine_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}

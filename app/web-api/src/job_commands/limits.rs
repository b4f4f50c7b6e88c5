//! Limits of queues and keys.

use std::fmt::Write;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use job_engine::Actor;
use job_engine::storage::{Limit, Limited, Rate, SeenLimit, Storage};

/// What a limit is for.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Whose {
    /// The jobs of this queue.
    #[arg(long)]
    queue: Option<String>,
    /// The jobs with this key, or of each key that begins with it and a slash.
    #[arg(long)]
    key: Option<String>,
}

/// How much is allowed.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Allowed {
    /// So many jobs at the same time.
    #[arg(long)]
    at_once: Option<u32>,
    /// So many jobs may begin within a period, for example `100/1m`; the units are s, m and h.
    #[arg(long, value_name = "JOBS/PERIOD", value_parser = parse_rate)]
    rate: Option<(u32, Duration)>,
}

/// The limit that was seen before.
#[derive(Debug, Args)]
pub struct Seen {
    /// What `diquis jobs limits` printed behind `seen:`, or `none`: when there is another limit now,
    /// it stays. Without it, whatever limit there is gives way.
    #[arg(long, value_name = "VERSION", value_parser = parse_seen)]
    seen: Option<SeenLimit>,
}

pub async fn list(storage: &dyn Storage) -> anyhow::Result<String> {
    let mut text = String::new();
    for (of, limit) in storage.limits().await? {
        let version = SeenLimit::version_of(Some(limit));
        let _ = writeln!(text, "{}  {limit}  (seen:{version})", told(&of));
    }
    if text.is_empty() {
        text.push_str("Nothing has a limit of its own.\n");
    }
    Ok(text)
}

pub async fn set(
    actor: &Actor,
    whose: Whose,
    allowed: &Allowed,
    seen: &Seen,
) -> anyhow::Result<String> {
    let of = whose.limited();
    let rate = allowed.rate.map(|(jobs, period)| Rate { jobs, period });
    let limit = Limit {
        at_once: allowed.at_once,
        rate,
    };

    actor.set_limit(&of, limit, seen.limit()).await?;
    Ok(format!("The limit of the {} is {limit}.\n", told(&of)))
}

pub async fn remove(actor: &Actor, whose: Whose, seen: &Seen) -> anyhow::Result<String> {
    let of = whose.limited();
    actor.remove_limit(&of, seen.limit()).await?;
    Ok(format!("The {} has no limit any more.\n", told(&of)))
}

impl Whose {
    fn limited(self) -> Limited {
        match (self.queue, self.key) {
            (Some(queue), _) => Limited::Queue(queue),
            (None, key) => Limited::Key(key.unwrap_or_default()),
        }
    }
}

impl Seen {
    fn limit(&self) -> SeenLimit {
        self.seen.unwrap_or_default()
    }
}

fn told(of: &Limited) -> String {
    match of {
        Limited::Queue(name) => format!("queue {name}"),
        Limited::Key(name) => format!("key {name}"),
    }
}

fn parse_seen(text: &str) -> anyhow::Result<SeenLimit> {
    SeenLimit::parse(text).context("write it as `diquis jobs limits` does, or `none`")
}

fn parse_rate(text: &str) -> anyhow::Result<(u32, Duration)> {
    const HOW: &str = "write it like 100/1m: jobs, a slash, a number and s, m or h";
    let (jobs, period) = text.split_once('/').context(HOW)?;
    let unit = period.chars().last().context(HOW)?;
    let number: u64 = period.trim_end_matches(unit).parse().context(HOW)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => anyhow::bail!(HOW),
    };
    let period = Duration::from_secs(number.checked_mul(seconds).context(HOW)?);
    Ok((jobs.parse().context(HOW)?, period))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_jobs_in_a_period() {
        for (text, jobs, seconds) in [("100/1m", 100, 60), ("5/30s", 5, 30), ("1/24h", 1, 86_400)] {
            let rate = parse_rate(text).expect("it is a rate");
            assert_eq!(rate, (jobs, Duration::from_secs(seconds)));
        }
    }

    #[test]
    fn what_is_no_rate_is_explained() {
        for text in [
            "",
            "100",
            "100/",
            "100/m",
            "x/1m",
            "1/1d",
            "1/é",
            "1/18446744073709551615h",
        ] {
            let error = parse_rate(text).expect_err("it is no rate");
            assert!(error.to_string().contains("100/1m"), "{text}");
        }
    }
}

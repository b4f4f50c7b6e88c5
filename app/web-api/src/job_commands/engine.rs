//! The engine as a whole.

use std::fmt::Write;

use job_engine::storage::Storage;
use job_engine::words;
use job_engine_dashboard::DashboardOptions;

/// How many groups of errors are printed.
const MOST_GROUPS: usize = 200;

pub async fn overview(storage: &dyn Storage) -> anyhow::Result<String> {
    let options = DashboardOptions::default();
    let mut text = String::new();
    for finding in job_engine_dashboard::findings(storage, &options).await? {
        let _ = writeln!(text, "{}", finding.words);
    }
    if text.is_empty() {
        text.push_str("All is well.\n");
    }
    let counts = storage.counts().await?;
    for (state, jobs) in [
        ("enqueued", counts.enqueued),
        ("scheduled", counts.scheduled),
        ("awaiting", counts.awaiting),
        ("processing", counts.processing),
        ("succeeded", counts.succeeded),
        ("failed", counts.failed),
        ("deleted", counts.deleted),
    ] {
        let _ = writeln!(text, "{:>12}  {state}", words::number(jobs));
    }
    Ok(text)
}

pub async fn kinds(storage: &dyn Storage) -> anyhow::Result<String> {
    let length = |length: Option<_>| length.map_or_else(|| "-".to_owned(), words::length);
    let mut text = String::new();
    for kind in storage.kinds().await? {
        let _ = writeln!(
            text,
            "{}  {} succeeded, {} given up, half within {}, 95 % within {}",
            kind.kind,
            kind.succeeded,
            kind.failed,
            length(kind.half_within),
            length(kind.most_within)
        );
    }
    if text.is_empty() {
        text.push_str("No job has ended lately.\n");
    }
    Ok(text)
}

pub async fn errors(storage: &dyn Storage) -> anyhow::Result<String> {
    let mut text = String::new();
    for group in storage.error_groups(MOST_GROUPS).await? {
        let message = group.error.message.lines().next().unwrap_or_default();
        let _ = writeln!(
            text,
            "{:>8}  {}  {message}  (group:{})",
            group.jobs, group.kind, group.group
        );
    }
    if text.is_empty() {
        text.push_str("Nothing was given up.\n");
    }
    Ok(text)
}

pub async fn audit(storage: &dyn Storage, limit: usize) -> anyhow::Result<String> {
    let mut text = String::new();
    for entry in storage.audit(None, limit.clamp(1, 1000)).await? {
        let deed = entry.deed;
        let reason = deed
            .reason
            .map_or_else(String::new, |reason| format!(": {reason}"));
        let _ = writeln!(
            text,
            "{}  {}  {} {}{reason}",
            entry.at, deed.actor, deed.action, deed.target
        );
    }
    if text.is_empty() {
        text.push_str("Nobody has done anything.\n");
    }
    Ok(text)
}

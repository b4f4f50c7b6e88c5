use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use job_engine::storage::AuditEntry;
use maud::{Markup, html};
use serde::Deserialize;

use super::head;
use crate::Shared;
use crate::addresses;
use crate::html::table::{Column, cell, column, table};
use crate::html::{number, time};
use crate::page::{Page, PageError};
use crate::visit::Visit;

const ROWS: usize = 50;

/// How many of the newest entries are exported.
const MOST_EXPORTED: usize = 10_000;

const COLUMNS: [Column; 5] = [
    column("What", "wide"),
    column("Jobs", "number"),
    column("By", "names"),
    column("Why", "names"),
    column("When", "time"),
];

#[derive(Deserialize)]
pub(crate) struct Place {
    before: Option<u64>,
}

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    file: String,
}

pub(crate) async fn show(
    State(shared): State<Shared>,
    visit: Visit,
    Query(Place { before }): Query<Place>,
) -> Result<Page, PageError> {
    let entries = shared.storage.audit(before, ROWS + 1).await?;
    let (shown, more) = (entries.iter().take(ROWS), entries.len() > ROWS);

    let about = "Every action on this dashboard: who, what, when and why.";
    let body = html! {
        (head("Audit log", about, &exports(&visit)))
        @if entries.is_empty() {
            p.empty { "Nobody has acted here yet." }
        } @else {
            @let rows = html! { @for entry in shown { (row(&visit, entry)) } };
            (table("Audit log", &COLUMNS, &rows))
        }
        @if before.is_some() || more {
            nav.pager aria-label="Pages" {
                @if before.is_some() { a.button href=(visit.url("/audit")) { "First page" } }
                @if let (true, Some(last)) = (more, entries.get(ROWS - 1)) {
                    a.button rel="next" href=(visit.url(&format!("/audit?before={}", last.number))) {
                        "Older"
                    }
                }
            }
        }
    };
    Ok(Page::ok("Audit log", body))
}

/// `audit.csv` and `audit.json`.
pub(crate) async fn export(
    State(shared): State<Shared>,
    Path(Named { file }): Path<Named>,
) -> Result<Response, PageError> {
    let write = match file.as_str() {
        "audit.csv" => to_csv,
        "audit.json" => to_json,
        _ => {
            let words = "The audit log is exported as audit.csv and audit.json.";
            return Err(PageError::NotFound(words.to_owned()));
        }
    };
    let entries = shared.storage.audit(None, MOST_EXPORTED).await?;
    let (media_type, text) = write(&entries);
    let disposition = format!("attachment; filename=\"{file}\"");
    let disposition = HeaderValue::from_str(&disposition).expect("both names are plain");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, text).into_response())
}

fn exports(visit: &Visit) -> Markup {
    let newest = format!("The newest {} entries", number(MOST_EXPORTED as u64));
    html! {
        div.actions {
            a.button href=(visit.url("/audit/audit.csv")) download title=(newest) { "CSV" }
            a.button href=(visit.url("/audit/audit.json")) download title=(newest) { "JSON" }
        }
    }
}

fn row(visit: &Visit, entry: &AuditEntry) -> Markup {
    let [what, jobs, who, why, when] = &COLUMNS;
    let deed = &entry.deed;
    let content = html! {
        strong { (deed.action) }
        p.preview.mono { (target(visit, &deed.target)) }
    };
    html! {
        tr data-key=(entry.number) {
            (cell(what, &content))
            (cell(jobs, &html! {
                @if deed.jobs > 0 { (number(deed.jobs)) } @else { span.muted { "–" } }
            }))
            (cell(who, &html! { (deed.actor) }))
            (cell(why, &html! { (deed.reason.as_deref().unwrap_or("–")) }))
            (cell(when, &time::relative(entry.at, visit.now)))
        }
    }
}

/// A job's id leads to the job.
fn target(visit: &Visit, target: &str) -> Markup {
    html! {
        @if target.parse::<uuid::Uuid>().is_ok() {
            a href=(visit.url(&addresses::job(target))) { (target) }
        } @else { (target) }
    }
}

fn to_json(entries: &[AuditEntry]) -> (&'static str, String) {
    let entry = |entry: &AuditEntry| {
        serde_json::json!({
            "number": entry.number,
            "at": entry.at,
            "actor": entry.deed.actor,
            "action": entry.deed.action,
            "target": entry.deed.target,
            "jobs": entry.deed.jobs,
            "reason": entry.deed.reason,
        })
    };
    let entries: Vec<serde_json::Value> = entries.iter().map(entry).collect();
    (
        "application/json",
        serde_json::Value::from(entries).to_string(),
    )
}

fn to_csv(entries: &[AuditEntry]) -> (&'static str, String) {
    let mut text = String::from("number,at,actor,action,target,jobs,reason\r\n");
    for AuditEntry { number, at, deed } in entries {
        let (number, at, jobs) = (number.to_string(), at.to_string(), deed.jobs.to_string());
        let reason = deed.reason.as_deref().unwrap_or_default();
        let fields = [
            &number,
            &at,
            &deed.actor,
            &deed.action,
            &deed.target,
            &jobs,
            reason,
        ];
        text.push_str(&fields.map(field).join(","));
        text.push_str("\r\n");
    }
    ("text/csv; charset=utf-8", text)
}

/// In quotes; what a spreadsheet would take for a formula gets an apostrophe before it.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spreadsheet_takes_a_field_for_a_formula() {
        for (text, written) in [
            ("plain", "\"plain\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-2", "\"'-2\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
        ] {
            assert_eq!(field(text), written);
        }
    }
}

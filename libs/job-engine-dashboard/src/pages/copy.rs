use axum::extract::{Path, State};
use job_engine::{JobId, Redactions};
use maud::html;
use serde::Deserialize;

use super::head;
use crate::Shared;
use crate::addresses;
use crate::html::icon;
use crate::html::json;
use crate::html::navigation::hidden_token;
use crate::page::{Page, PageError};
use crate::pages::job::unknown;
use crate::visit::Visit;

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    job: String,
}

/// A form for a new job like another one, with other arguments.
pub(crate) async fn ask(
    State(shared): State<Shared>,
    visit: Visit,
    Path(Named { job: id }): Path<Named>,
) -> Result<Page, PageError> {
    let parsed = id.parse().map(JobId).map_err(|_| unknown(&id))?;
    let job = shared.storage.job(parsed).await?;
    let job = job.ok_or_else(|| unknown(&id))?.summary;

    let details = visit.url(&addresses::job(&id));
    let about = "Enqueues a new job with these arguments. The one it is made from stays as it is.";
    let body = html! {
        p.trail { a href=(details) { (icon::BACK) (job.kind) } }
        (head(&format!("A copy of {}", job.kind), about, &html! {}))
        form.ask method="post" action=(visit.url(&format!("/jobs/copies/{id}"))) {
            (hidden_token(&visit))
            label { "Queue"
                input type="text" name="queue" value=(job.queue) required maxlength="100"
                    autocomplete="off" autocapitalize="none" spellcheck="false";
            }
            label { "Arguments, as JSON"
                @if visit.arguments(&job.kind, &job.arguments).contains(Redactions::PLACEHOLDER) {
                    span.muted { "What is redacted stays as it is, unless you write something else." }
                }
                textarea.mono name="arguments" rows="12" required spellcheck="false" {
                    (json::plain(&visit.arguments(&job.kind, &job.arguments)))
                }
            }
            div.actions {
                button.main { "Enqueue the copy" }
                a.button href=(details) { "Leave it" }
            }
        }
    };
    Ok(Page::ok("A copy", body))
}

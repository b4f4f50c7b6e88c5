use axum::extract::{Path, State};
use axum::response::Response;
use job_engine::storage::Deed;
use job_engine::{JobId, NewJob};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{CheckedForm, see};
use crate::Shared;
use crate::access::Permission;
use crate::page::PageError;
use crate::pages::job::unknown;

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    job: String,
}

/// Enqueues a job like another one, with the form's arguments and queue.
pub(crate) async fn enqueue(
    State(shared): State<Shared>,
    Path(Named { job: id }): Path<Named>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    form.may(Permission::Enqueue)?;
    let parsed = id.parse().map(JobId).map_err(|_| unknown(&id))?;
    let original = shared.storage.job(parsed).await?;
    let original = original.ok_or_else(|| unknown(&id))?.summary;

    let redactions = &shared.options.redactions;
    let arguments = redactions.restore(&original.kind, arguments(&form)?, &original.arguments);
    let arguments = arguments.map_err(|error| not_json(&error.to_string()))?;
    let copy = NewJob {
        priority: original.priority,
        tenant: original.tenant,
        tags: original.tags,
        ..NewJob::of_kind(&original.kind, arguments).in_queue(queue(&form)?)
    };
    let new = copy.id;
    shared.storage.enqueue(&[copy]).await?;

    let actor = form.visit.viewer.actor.clone();
    tracing::info!(%actor, job = %new, of = %id, "enqueued a copy of a job");
    let deed = Deed {
        actor,
        action: "enqueue a copy".to_owned(),
        target: new.to_string(),
        reason: Some(format!("a copy of {id}")),
        jobs: 1,
    };
    shared.storage.record(&deed).await?;
    Ok(see(&form, &format!("/jobs/details/{new}")))
}

fn arguments(form: &CheckedForm) -> Result<&str, PageError> {
    let text = form.value("arguments").unwrap_or_default().trim();
    let problem = match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) if text.len() <= NewJob::MAX_ARGUMENTS_BYTES => return Ok(text),
        Ok(_) => "they are longer than 256 KiB".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(not_json(&problem))
}

fn not_json(problem: &str) -> PageError {
    PageError::BadRequest(format!(
        "The arguments are no JSON that a job may have: {problem}. Nothing was enqueued. Go back to \
         correct them."
    ))
}

fn queue(form: &CheckedForm) -> Result<&str, PageError> {
    let queue = form.value("queue").unwrap_or_default().trim();
    let is_name = !queue.is_empty() && queue.len() <= 100 && !queue.contains(char::is_control);
    if is_name {
        return Ok(queue);
    }
    Err(PageError::BadRequest(
        "A queue has a name of 1 to 100 letters. Nothing was enqueued.".into(),
    ))
}

use axum::extract::{Path, State};
use axum::response::Response;
use job_engine::JobId;
use job_engine::actor::Copy;
use serde::Deserialize;

use super::{CheckedForm, see};
use crate::Shared;
use crate::access::Permission;
use crate::addresses;
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
    let field = |name| form.value(name).map(str::to_owned);
    let copy = Copy {
        arguments: field("arguments"),
        queue: field("queue"),
    };
    let redactions = &shared.options.redactions;
    let actor = form.actor(&shared);
    let new = actor.enqueue_copy(parsed, &copy, redactions).await?;
    Ok(see(&form, &addresses::job(new)))
}

//! What is asked for all jobs of a search.

use axum::extract::{Path, State};
use axum::response::Response;
use job_engine::storage::OperationId;
use serde::Deserialize;

use super::{CheckedForm, see};
use crate::Shared;
use crate::access::Permission;
use crate::addresses;
use crate::page::PageError;
use crate::pages::operations;

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    operation: String,
}

pub(crate) async fn begin(
    State(shared): State<Shared>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    let action = form.allowed(form.value("action").unwrap_or_default())?;
    form.may(Permission::ActOnAll)?;
    let words = form.value("q").unwrap_or_default().to_owned();
    let query = operations::query(&words, &form.visit)?;
    let expected = expected(&form)?;

    let why = super::why(&form);
    let actor = form.actor(&shared);
    let id = actor.begin_operation(action.command(), query, &words, why, expected);
    let id = id.await?;
    Ok(see(&form, &addresses::operation(id)))
}

pub(crate) async fn stop(
    State(shared): State<Shared>,
    Path(Named { operation: id }): Path<Named>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    form.may(Permission::ActOnAll)?;
    let parsed = id.parse().map(OperationId);
    let parsed = parsed.map_err(|_| PageError::BadRequest("That is no operation.".to_owned()))?;
    form.actor(&shared).stop_operation(parsed).await?;
    Ok(see(&form, &addresses::operation(&id)))
}

/// How many jobs there are, as typed by who means a large deletion.
fn expected(form: &CheckedForm) -> Result<Option<u64>, PageError> {
    let Some(typed) = form.value("number") else {
        return Ok(None);
    };
    match typed.trim().parse() {
        Ok(number) if form.value("total") == Some(typed.trim()) => Ok(Some(number)),
        _ => Err(PageError::BadRequest(
            "The number that was typed is not the number of jobs. Nothing was changed.".to_owned(),
        )),
    }
}

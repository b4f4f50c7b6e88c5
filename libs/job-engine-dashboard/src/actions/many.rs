//! What is asked for all jobs of a search.

use axum::extract::{Path, State};
use axum::response::Response;
use job_engine::storage::{Deed, NewOperation, OperationId};
use serde::Deserialize;

use super::{Action, CheckedForm, see};
use crate::Shared;
use crate::access::Permission;
use crate::page::PageError;
use crate::pages::operations::{self, ASKS_FOR_NUMBER};

/// The longest reason that is kept, in letters.
const LONGEST_REASON: usize = 200;

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
    let reason = reason(&form)?;
    let total = operations::total(&shared, &form.visit, &words).await?;
    sure(&form, action, total)?;

    let actor = form.visit.viewer.actor.clone();
    let new = NewOperation {
        id: OperationId::random(),
        command: action.command(),
        query,
        words,
        reason: format!("{}: {reason}", action.reason(&actor)),
        actor,
        total,
    };
    shared.storage.begin_operation(&new).await?;
    tracing::info!(actor = %new.actor, action = action.name(), jobs = total, "acted on all that match");
    shared.storage.record(&deed(&new, action, reason)).await?;
    Ok(see(&form, &format!("/operations/{}", new.id)))
}

pub(crate) async fn stop(
    State(shared): State<Shared>,
    Path(Named { operation: id }): Path<Named>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    form.may(Permission::ActOnAll)?;
    let parsed = id.parse().map(OperationId);
    let parsed = parsed.map_err(|_| PageError::BadRequest("That is no operation.".to_owned()))?;
    if shared.storage.stop_operation(parsed).await? {
        let deed = Deed {
            actor: form.visit.viewer.actor.clone(),
            action: "stop operation".to_owned(),
            target: id.clone(),
            ..Deed::default()
        };
        shared.storage.record(&deed).await?;
    }
    Ok(see(&form, &format!("/operations/{id}")))
}

fn reason(form: &CheckedForm) -> Result<String, PageError> {
    let reason = form.value("reason").unwrap_or_default().trim();
    if reason.is_empty() {
        let words =
            "Say why: the history of the jobs and the audit log keep it. Nothing was changed.";
        return Err(PageError::BadRequest(words.to_owned()));
    }
    Ok(reason.chars().take(LONGEST_REASON).collect())
}

/// A large deletion is meant only by who types its number.
fn sure(form: &CheckedForm, action: Action, total: u64) -> Result<(), PageError> {
    if action != Action::Delete || total <= ASKS_FOR_NUMBER {
        return Ok(());
    }
    if form.value("number") == form.value("total") {
        return Ok(());
    }
    let words = "The number that was typed is not the number of jobs. Nothing was changed.";
    Err(PageError::BadRequest(words.to_owned()))
}

fn deed(new: &NewOperation, action: Action, reason: String) -> Deed {
    let target = if new.words.is_empty() {
        "every job"
    } else {
        &new.words
    };
    Deed {
        actor: new.actor.clone(),
        action: action.name().to_owned(),
        target: target.to_owned(),
        reason: Some(reason),
        jobs: new.total,
    }
}

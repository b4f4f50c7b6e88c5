use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use job_engine::recurring::Schedule;
use job_engine::storage::RecurringRecord;
use serde::Deserialize;

use super::{CheckedForm, back};
use crate::Shared;
use crate::access::Permission;
use crate::actions::RecurringAction;
use crate::addresses;
use crate::notice::Notice;
use crate::page::PageError;
use crate::pages::recurring::{change, one};

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct OnRecurring {
    action: String,
    id: String,
}

pub(crate) async fn on_recurring(
    State(shared): State<Shared>,
    Path(OnRecurring { action, id }): Path<OnRecurring>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    form.may(Permission::ManageRecurring)?;
    let action = RecurringAction::parse(&action).ok_or_else(PageError::no_such_action)?;
    let record = shared.storage.recurring_job(&id).await?;
    let record = record.ok_or_else(|| one::unknown(&id))?;
    if let Some(question) = question(&form, action, &record) {
        return Ok(question);
    }

    act(&shared, &form, action, &id).await?;
    let page = match action {
        RecurringAction::Remove => "/recurring".to_owned(),
        _ => addresses::recurring_job(&id),
    };
    Ok(back(&form, &page, Notice::Recurring(action)))
}

/// What is asked before something is done that is not easily undone, or cannot be done as it is.
fn question(
    form: &CheckedForm,
    action: RecurringAction,
    record: &RecurringRecord,
) -> Option<Response> {
    let is_sure = form.value("sure").is_some();
    match action {
        RecurringAction::Remove if !is_sure => {
            Some(change::sure_to_remove(&form.visit, record).into_response())
        }
        RecurringAction::Reschedule => match wanted(form) {
            Ok(_) if is_sure => None,
            Ok(schedule) => Some(change::preview(&form.visit, record, &schedule).into_response()),
            Err(wrong) => {
                Some(change::again(&form.visit, record, form_values(form), &wrong).into_response())
            }
        },
        _ => None,
    }
}

async fn act(
    shared: &Shared,
    form: &CheckedForm,
    action: RecurringAction,
    id: &str,
) -> Result<(), PageError> {
    let actor = form.actor(shared);
    match action {
        RecurringAction::RunNow => {
            actor.run_recurring(id).await?;
        }
        RecurringAction::Pause => {
            let why = super::why(form);
            actor.pause_recurring(id, why).await?;
        }
        RecurringAction::Resume => actor.resume_recurring(id).await?,
        RecurringAction::Remove => actor.remove_recurring(id).await?,
        RecurringAction::Reschedule => {
            let schedule = wanted(form).map_err(PageError::BadRequest)?;
            actor.reschedule(id, &schedule).await?;
        }
    }
    Ok(())
}

/// The schedule that the form asks for, or what is wrong with it.
fn wanted(form: &CheckedForm) -> Result<Schedule, String> {
    let (schedule, time_zone) = form_values(form);
    Schedule::parse(schedule, time_zone).map_err(|error| error.to_string())
}

fn form_values(form: &CheckedForm) -> (&str, &str) {
    let value = |name| form.value(name).unwrap_or_default();
    (value("schedule"), value("time_zone"))
}

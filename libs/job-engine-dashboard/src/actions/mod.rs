mod action;
mod checked_form;
pub(crate) mod copies;
pub(crate) mod many;
pub(crate) mod queues;
pub(crate) mod recurring;
pub(crate) mod servers;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use job_engine::StorageError;
use job_engine::storage::{Act, Commanded, Deed};
use serde::Deserialize;

use crate::cookies::{self, Stay};
use crate::flash::{self, Flash};
use crate::notice::Notice;
use crate::page::PageError;
use crate::visit::{THEME_COOKIE, Theme, Visit};
use crate::{Shared, pages};

pub(crate) use action::Action;
pub(crate) use checked_form::{CheckedForm, Seen};

use checked_form::not_a_job;

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct OnOne {
    action: String,
    job: String,
}

#[derive(Deserialize)]
pub(crate) struct OnTicked {
    action: String,
}

pub(crate) async fn on_one(
    State(shared): State<Shared>,
    Path(OnOne { action, job: id }): Path<OnOne>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    let action = form.allowed(&action)?;
    let page = format!("/jobs/details/{id}");
    let seen = form
        .value("seen")
        .map_or_else(|| id.clone(), |seen| format!("{id}~{seen}"));
    let seen = Seen::parse(&seen).ok_or_else(not_a_job)?;

    let mut flash = Flash::nothing_yet(action);
    let deed = deed(&form.visit, action, id, 1);
    flash.count(act_on(&shared, &form.visit.viewer.actor, action, seen, Some(deed)).await?);
    Ok(back(&form, &page, Notice::Jobs(flash)))
}

pub(crate) async fn on_ticked(
    State(shared): State<Shared>,
    Path(OnTicked { action }): Path<OnTicked>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    let action = form.allowed(&action)?;
    let jobs = form.ticked()?;
    if action == Action::Delete && jobs.len() > 1 && form.value("sure").is_none() {
        let back = form.back().unwrap_or("/jobs/failed");
        return Ok(pages::sure::show(&form.visit, action, &jobs, back).into_response());
    }

    let flash = act(&shared, &form.visit, action, &jobs).await?;
    let target = match &jobs[..] {
        [one] => one.job.to_string(),
        many => format!("{} ticked jobs", many.len()),
    };
    write_down(&shared, &form.visit, action, flash, target).await?;
    Ok(back(&form, "/", Notice::Jobs(flash)))
}

/// Keeps the choice of colours; for read-only viewers as well.
pub(crate) async fn choose_theme(form: CheckedForm) -> Result<Response, PageError> {
    let theme = form
        .value("theme")
        .and_then(Theme::parse)
        .ok_or_else(|| PageError::BadRequest("The themes are system, light and dark.".into()))?;

    let path = form.visit.mount.cookie_path();
    let cookie = cookies::write(THEME_COOKIE, theme.name(), path, Stay::Year);
    let mut response = see_other(&form, "/");
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// What changed nothing is not written down.
async fn write_down(
    shared: &Shared,
    visit: &Visit,
    action: Action,
    flash: Flash,
    target: String,
) -> Result<(), StorageError> {
    if flash.done == 0 {
        return Ok(());
    }
    let deed = deed(visit, action, target, flash.done as u64);
    shared.storage.record(&deed).await
}

fn deed(visit: &Visit, action: Action, target: String, jobs: u64) -> Deed {
    Deed {
        actor: visit.viewer.actor.clone(),
        action: action.name().to_owned(),
        target,
        reason: None,
        jobs,
    }
}

async fn act(
    shared: &Shared,
    visit: &Visit,
    action: Action,
    jobs: &[Seen],
) -> Result<Flash, StorageError> {
    let mut flash = Flash::nothing_yet(action);
    for seen in jobs {
        flash.count(act_on(shared, &visit.viewer.actor, action, *seen, None).await?);
    }

    Ok(flash)
}

/// One job, unless it has become something else than the page showed: who decided on that did not
/// decide about what it is now.
async fn act_on(
    shared: &Shared,
    actor: &str,
    action: Action,
    seen: Seen,
    deed: Option<Deed>,
) -> Result<Commanded, StorageError> {
    let act = Act {
        job: seen.job,
        seen: seen.changed_at,
        command: action.command(),
        reason: action.reason(actor),
        deed,
    };
    let answer = shared.storage.act(&act).await?;
    tracing::info!(%actor, action = action.name(), job = %seen.job, ?answer, "acted on a job");
    Ok(answer)
}

fn back(form: &CheckedForm, otherwise: &str, notice: Notice) -> Response {
    let path = form.visit.mount.cookie_path();
    let cookie = cookies::write(flash::COOKIE, &notice.to_cookie(), path, Stay::Session);
    let mut response = see_other(form, otherwise);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

fn see_other(form: &CheckedForm, otherwise: &str) -> Response {
    see(form, form.back().unwrap_or(otherwise))
}

/// Sends the browser on to a page of ours.
pub(crate) fn see(form: &CheckedForm, path: &str) -> Response {
    let url = form.visit.url(path);
    let location = HeaderValue::from_str(&url).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

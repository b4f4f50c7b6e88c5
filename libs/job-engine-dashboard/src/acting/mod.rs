//! The routes that change something.

mod checked_form;
pub(crate) mod copies;
pub(crate) mod many;
pub(crate) mod queues;
pub(crate) mod recurring;
pub(crate) mod servers;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use job_engine::ActError;
use serde::Deserialize;

use crate::actions::Action;
use crate::addresses;
use crate::cookies::{self, Stay};
use crate::flash::{self, Flash};
use crate::notice::Notice;
use crate::page::PageError;
use crate::seen::Seen;
use crate::visit::{THEME_COOKIE, Theme};
use crate::{Shared, pages};

pub(crate) use checked_form::CheckedForm;

use checked_form::not_a_job;

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct OnOne {
    action: String,
    job: String,
}

/// An action on what the form says.
#[derive(Deserialize)]
pub(crate) struct Named {
    action: String,
}

pub(crate) async fn on_one(
    State(shared): State<Shared>,
    Path(OnOne { action, job: id }): Path<OnOne>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    let action = form.allowed(&action)?;
    let page = addresses::job(&id);
    let seen = form
        .value("seen")
        .map_or_else(|| id.clone(), |seen| format!("{id}~{seen}"));
    let seen = Seen::parse(&seen).ok_or_else(not_a_job)?;

    let flash = act(&shared, &form, action, &[seen]).await?;
    Ok(back(&form, &page, Notice::Jobs(flash)))
}

pub(crate) async fn on_ticked(
    State(shared): State<Shared>,
    Path(Named { action }): Path<Named>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    let action = form.allowed(&action)?;
    let jobs = form.ticked()?;
    if action == Action::Delete && jobs.len() > 1 && form.value("sure").is_none() {
        let back = form.back().unwrap_or("/jobs/failed");
        return Ok(pages::sure::show(&form.visit, action, &jobs, why(&form), back).into_response());
    }

    let flash = act(&shared, &form, action, &jobs).await?;
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

/// A job that has become something else than the page showed is left alone: who decided on that did
/// not decide about what it is now.
async fn act(
    shared: &Shared,
    form: &CheckedForm,
    action: Action,
    jobs: &[Seen],
) -> Result<Flash, ActError> {
    let actor = form.actor(shared);
    let mut flash = Flash::nothing_yet(action);
    for seen in jobs {
        let commanded = actor.command(seen.job, seen.changed_at, action.command(), why(form));
        flash.count(commanded.await?);
    }

    Ok(flash)
}

fn why(form: &CheckedForm) -> &str {
    form.value("reason").unwrap_or_default()
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

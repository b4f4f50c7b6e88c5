use axum::extract::{Path, State};
use axum::response::Response;
use job_engine::ActError;
use job_engine::storage::{Limit, Limited, Rate};
use serde::Deserialize;

use super::{CheckedForm, back};
use crate::Shared;
use crate::access::Permission;
use crate::html::limit;
use crate::notice::Notice;
use crate::page::PageError;
use crate::pages::queues::one;

/// What a person can do to what holds jobs back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QueueAction {
    Pause,
    Resume,
    SetLimit,
    RemoveLimit,
}

impl QueueAction {
    pub(crate) const ALL: [Self; 4] =
        [Self::Pause, Self::Resume, Self::SetLimit, Self::RemoveLimit];

    /// Its name in addresses.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::SetLimit => "limit",
            Self::RemoveLimit => "unlimit",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == text)
    }

    pub(crate) const fn done(self) -> &'static str {
        match self {
            Self::Pause => "The queue is paused. What runs goes on; nothing more is taken from it.",
            Self::Resume => "The queue goes on.",
            Self::SetLimit => "The limit holds from the next claim on.",
            Self::RemoveLimit => "The limit was removed.",
        }
    }

    pub(crate) fn path(self) -> String {
        format!("/queues/actions/{}", self.name())
    }
}

/// By name, because the mount may have captures of its own.
#[derive(Deserialize)]
pub(crate) struct Named {
    action: String,
}

pub(crate) async fn on_queue(
    State(shared): State<Shared>,
    Path(Named { action }): Path<Named>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    form.may(Permission::ManageQueues)?;
    let action = QueueAction::parse(&action)
        .ok_or_else(|| PageError::NotFound("The dashboard has no such action.".to_owned()))?;
    let of = target(&form);

    act(&shared, &form, action, &of).await?;
    let page = of
        .queue()
        .map_or_else(|| "/queues".to_owned(), |queue| one::path(queue));
    Ok(back(&form, &page, Notice::Queue(action)))
}

/// Does it, unless the page showed something else than is there now.
async fn act(
    shared: &Shared,
    form: &CheckedForm,
    action: QueueAction,
    of: &Limited,
) -> Result<(), PageError> {
    let actor = form.actor(shared);
    match action {
        QueueAction::Pause => {
            let why = form.value("reason").unwrap_or_default();
            actor.pause_queue(queue(of)?, why).await?;
        }
        QueueAction::Resume => actor.resume_queue(queue(of)?).await?,
        QueueAction::SetLimit => {
            let wanted = wanted_limit(form)?;
            same_limit_as_seen(shared, form, of).await?;
            actor.set_limit(of, wanted).await?;
        }
        QueueAction::RemoveLimit => {
            same_limit_as_seen(shared, form, of).await?;
            actor.remove_limit(of).await?;
        }
    }
    Ok(())
}

/// Who decided about the limit that a page showed did not decide about another one.
async fn same_limit_as_seen(
    shared: &Shared,
    form: &CheckedForm,
    of: &Limited,
) -> Result<(), PageError> {
    let limits = shared.storage.limits().await?;
    let now = limits.into_iter().find(|(known, _)| known == of);
    let now = now.map_or_else(String::new, |(_, now)| now.to_string());
    match form.value("seen") {
        Some(seen) if seen != now => {
            Err(ActError::MovedOn("Somebody has changed this limit meanwhile.".to_owned()).into())
        }
        _ => Ok(()),
    }
}

fn target(form: &CheckedForm) -> Limited {
    match form.value("queue") {
        Some(queue) => Limited::Queue(queue.to_owned()),
        None => Limited::Key(form.value("key").unwrap_or_default().trim().to_owned()),
    }
}

fn queue(of: &Limited) -> Result<&str, PageError> {
    let words = "Only queues can be paused. Nothing was changed.";
    let queue = of.queue().map(String::as_str);
    queue.ok_or_else(|| PageError::BadRequest(words.to_owned()))
}

fn wanted_limit(form: &CheckedForm) -> Result<Limit, PageError> {
    let at_once = number(form, "at_once")?;
    let jobs = number(form, "rate")?;
    let rate = jobs.map(|jobs| {
        let period = form.value("period").and_then(limit::parse_period);
        let period = period.ok_or_else(|| refused("choose a period for the rate"));
        period.map(|period| Rate { jobs, period })
    });
    Ok(Limit {
        at_once,
        rate: rate.transpose()?,
    })
}

/// An empty field says nothing.
fn number(form: &CheckedForm, field: &str) -> Result<Option<u32>, PageError> {
    match form.value(field).unwrap_or_default().trim() {
        "" => Ok(None),
        text => match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(refused(&format!("“{text}” is no number of jobs"))),
        },
    }
}

fn refused(problem: &str) -> PageError {
    PageError::BadRequest(format!(
        "The limit was not understood: {problem}. Nothing was changed. Go back to correct it."
    ))
}

use axum::extract::{Path, State};
use axum::response::Response;
use job_engine::storage::{Deed, Limit, Limited, Rate};
use serde::Deserialize;

use super::{CheckedForm, back};
use crate::Shared;
use crate::access::Permission;
use crate::html::limit;
use crate::notice::Notice;
use crate::page::PageError;
use crate::pages::queues::one;

/// The longest reason that is kept, in letters.
const LONGEST_REASON: usize = 200;

/// The longest name of a queue or key, in bytes.
const LONGEST_NAME: usize = 100;

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

    /// What the audit log calls it.
    fn deed(self, of: &Limited) -> String {
        let thing = match of {
            Limited::Queue(_) => "queue",
            Limited::Key(_) => "key",
        };
        match self {
            Self::Pause | Self::Resume => format!("{} {thing}", self.name()),
            Self::SetLimit => format!("limit {thing}"),
            Self::RemoveLimit => format!("remove limit of {thing}"),
        }
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
    let of = target(&form)?;

    let reason = act(&shared, &form, action, &of).await?;
    let actor = form.visit.viewer.actor.clone();
    let (Limited::Queue(name) | Limited::Key(name)) = &of;
    tracing::info!(%actor, action = action.name(), %name, "acted on a queue or a key");
    let deed = Deed {
        actor,
        action: action.deed(&of),
        target: name.clone(),
        reason,
        jobs: 0,
    };
    shared.storage.record(&deed).await?;

    let page = of
        .queue()
        .map_or_else(|| "/queues".to_owned(), |queue| one::path(queue));
    Ok(back(&form, &page, Notice::Queue(action)))
}

/// Does it, unless the page showed something else than is there now. Answers what the audit log
/// says about it.
async fn act(
    shared: &Shared,
    form: &CheckedForm,
    action: QueueAction,
    of: &Limited,
) -> Result<Option<String>, PageError> {
    match action {
        QueueAction::Pause => pause(shared, form, queue(of)?).await.map(Some),
        QueueAction::Resume => resume(shared, queue(of)?).await.map(|()| None),
        QueueAction::SetLimit => {
            let wanted = wanted_limit(form)?;
            same_limit_as_seen(shared, form, of).await?;
            shared.storage.set_limit(of, wanted).await?;
            Ok(Some(limit::words(wanted)))
        }
        QueueAction::RemoveLimit => {
            same_limit_as_seen(shared, form, of).await?;
            if shared.storage.remove_limit(of).await? {
                return Ok(None);
            }
            Err(moved_on("There is no limit any more."))
        }
    }
}

async fn pause(shared: &Shared, form: &CheckedForm, queue: &str) -> Result<String, PageError> {
    let reason = form.value("reason").unwrap_or_default().trim();
    if reason.is_empty() {
        let words = "Say why: who wonders why nothing runs is shown it. Nothing was changed.";
        return Err(PageError::BadRequest(words.to_owned()));
    }
    let queues = shared.storage.queues().await?;
    let pause = queues.into_iter().find(|known| known.name == queue);
    if let Some(pause) = pause.and_then(|known| known.paused) {
        return Err(moved_on(&format!("{} has paused it already.", pause.by)));
    }

    let reason: String = reason.chars().take(LONGEST_REASON).collect();
    let actor = &form.visit.viewer.actor;
    shared.storage.pause_queue(queue, actor, &reason).await?;
    Ok(reason)
}

async fn resume(shared: &Shared, queue: &str) -> Result<(), PageError> {
    if shared.storage.resume_queue(queue).await? {
        return Ok(());
    }
    Err(moved_on("The queue is not paused any more."))
}

/// Who decided about the limit that a page showed did not decide about another one.
async fn same_limit_as_seen(
    shared: &Shared,
    form: &CheckedForm,
    of: &Limited,
) -> Result<(), PageError> {
    let limits = shared.storage.limits().await?;
    let now = limits.into_iter().find(|(known, _)| known == of);
    let now = now.map_or_else(String::new, |(_, now)| limit::words(now));
    match form.value("seen") {
        Some(seen) if seen != now => Err(moved_on("Somebody has changed this limit meanwhile.")),
        _ => Ok(()),
    }
}

fn moved_on(what: &str) -> PageError {
    PageError::MovedOn(format!(
        "{what} Nothing was changed. Go back and reload the page."
    ))
}

fn target(form: &CheckedForm) -> Result<Limited, PageError> {
    let of = match (form.value("queue"), form.value("key")) {
        (Some(queue), _) => Limited::Queue(name(queue)?),
        (None, key) => Limited::Key(name(key.unwrap_or_default())?),
    };
    Ok(of)
}

/// A queue's name is taken as it is; what a person typed for a key may have white space around it.
fn name(text: &str) -> Result<String, PageError> {
    let text = text.trim();
    let is_name =
        !text.is_empty() && text.len() <= LONGEST_NAME && !text.contains(char::is_control);
    if is_name {
        return Ok(text.to_owned());
    }
    Err(PageError::BadRequest(
        "A queue or a key has a name of 1 to 100 letters. Nothing was changed.".to_owned(),
    ))
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
    let wanted = Limit {
        at_once,
        rate: rate.transpose()?,
    };
    wanted
        .check()
        .map_err(|unfit| refused(&unfit.to_string()))?;
    Ok(wanted)
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

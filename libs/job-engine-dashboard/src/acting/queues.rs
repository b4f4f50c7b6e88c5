use axum::extract::{Path, State};
use axum::response::Response;
use job_engine::storage::{Limit, Limited, Rate, SeenLimit};

use super::{CheckedForm, Named, back};
use crate::Shared;
use crate::access::Permission;
use crate::actions::QueueAction;
use crate::addresses;
use crate::html::limit;
use crate::notice::Notice;
use crate::page::PageError;

pub(crate) async fn on_queue(
    State(shared): State<Shared>,
    Path(Named { action }): Path<Named>,
    form: CheckedForm,
) -> Result<Response, PageError> {
    form.may(Permission::ManageQueues)?;
    let action = QueueAction::parse(&action).ok_or_else(PageError::no_such_action)?;
    let of = target(&form);

    act(&shared, &form, action, &of).await?;
    let page = of
        .queue()
        .map_or_else(|| "/queues".to_owned(), |queue| addresses::queue(queue));
    Ok(back(&form, &page, Notice::Queue(action)))
}

async fn act(
    shared: &Shared,
    form: &CheckedForm,
    action: QueueAction,
    of: &Limited,
) -> Result<(), PageError> {
    let actor = form.actor(shared);
    match action {
        QueueAction::Pause => {
            let why = super::why(form);
            actor.pause_queue(queue(of)?, why).await?;
        }
        QueueAction::Resume => actor.resume_queue(queue(of)?).await?,
        QueueAction::SetLimit => {
            actor
                .set_limit(of, wanted_limit(form)?, seen(form)?)
                .await?;
        }
        QueueAction::RemoveLimit => actor.remove_limit(of, seen(form)?).await?,
    }
    Ok(())
}

/// The limit that the page showed: who decided about it did not decide about another one.
fn seen(form: &CheckedForm) -> Result<SeenLimit, PageError> {
    match form.value("seen") {
        None => Ok(SeenLimit::Unseen),
        Some(seen) => SeenLimit::parse(seen)
            .ok_or_else(|| refused("the form does not say which limit its page showed")),
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

use job_engine::storage::JobSummary;
use maud::{Markup, html};

use crate::access::Permission;
use crate::actions::Action;
use crate::addresses;
use crate::seen::Seen;
use crate::visit::Visit;

use super::icon::{self, Icon};
use super::navigation::hidden_token;
use super::sign_or_words;

/// A form with the buttons of what can be done to this job now.
pub(crate) fn of_job(visit: &Visit, job: &JobSummary) -> Markup {
    if !visit.viewer.may_act {
        return html! {};
    }

    let seen = job.changed_at.as_nanosecond().to_string();
    html! {
        form.actions method="post" {
            (hidden_token(visit))
            input type="hidden" name="seen" value=(seen);
            (why())
            @for action in offered(job).filter(|action| visit.viewer.may(action.permission())) {
                button class=(class_of(action)) title=(action.explanation())
                    formaction=(visit.url(&format!("/jobs/actions/{}/{}", action.name(), job.id))) {
                    (action.label())
                }
            }
            @if visit.viewer.may(Permission::Enqueue) {
                a.button title="Enqueue a new job like this one, with other arguments"
                    href=(visit.url(&format!("{}/copy", addresses::job(job.id)))) { "Copy …" }
            }
        }
    }
}

/// The buttons above a list, for the ticked rows. They belong to the list's form.
pub(crate) fn of_ticked(visit: &Visit, actions: &[Action]) -> Markup {
    html! {
        @if !actions.is_empty() { (why()) }
        @for action in actions {
            button class=(class_of(*action)) title=(action.explanation()) data-ticked
                formaction=(visit.url(&format!("/jobs/actions/{}", action.name()))) {
                (action.verb()) span.how-many { " ticked" }
            }
        }
    }
}

fn why() -> Markup {
    html! {
        input.reason type="text" name="reason" maxlength="200" placeholder="Why? (optional)"
            aria-label="Reason, kept in the audit log" autocomplete="off";
    }
}

/// The buttons of one row, in the list's form. The pressed one brings along what the row showed.
pub(crate) fn in_row(visit: &Visit, actions: &[Action], job: &JobSummary) -> Markup {
    let id = job.id.to_string();
    html! {
        span.row-buttons {
            @for action in actions {
                button class=(class_of(*action)) name="seen" title=(action.explanation())
                    value=(job.changed_at.as_nanosecond().to_string())
                    aria-label={ (action.label()) " " (job.kind) " " (super::short_id(&id)) }
                    formaction=(visit.url(&format!("/jobs/actions/{}/{id}", action.name()))) {
                    (sign_or_words(icon_of(*action), action.label()))
                }
            }
        }
    }
}

/// The tick box of a row.
pub(crate) fn tick(job: &JobSummary) -> Markup {
    let seen = Seen {
        job: job.id,
        changed_at: Some(job.changed_at),
    };
    html! {
        input type="checkbox" name="jobs" value=(seen.to_field())
            aria-label={ "Tick " (job.kind) " " (super::short_id(&job.id.to_string())) };
    }
}

/// The sign on a button where there is no room for words.
const fn icon_of(action: Action) -> Icon {
    match action {
        Action::Requeue => icon::RETRY,
        Action::TriggerNow => icon::PROCESSING,
        Action::Delete => icon::DELETED,
    }
}

fn offered(job: &JobSummary) -> impl Iterator<Item = Action> {
    let state = job.state;
    Action::ALL
        .into_iter()
        .filter(move |action| action.offered_in(state))
}

pub(crate) const fn class_of(action: Action) -> &'static str {
    match action {
        Action::Requeue | Action::TriggerNow => "act",
        Action::Delete => "act danger",
    }
}

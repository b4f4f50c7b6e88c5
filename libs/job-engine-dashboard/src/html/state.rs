use job_engine::State;
use job_engine::storage::JobSummary;
use maud::{Markup, html};

use super::icon::{self, Icon};

/// Icon, word and colour of a state.
pub(crate) fn badge(state: State) -> Markup {
    marked(tone(state), icon_of(state), state.name())
}

/// The badge of a job: one that waits between two attempts says so.
pub(crate) fn badge_of(job: &JobSummary) -> Markup {
    if is_retry(job) {
        return marked(tone_of(job), icon::RETRY, "Retrying");
    }

    badge(job.state)
}

/// Something marked with a tone: `success`, `danger`, `warning`, `info` or `neutral`.
pub(crate) fn marked(tone: &str, icon: Icon, words: &str) -> Markup {
    html! { span class={ "badge " (tone) } { (icon) (words) } }
}

pub(crate) fn is_retry(job: &JobSummary) -> bool {
    job.state == State::Scheduled && job.attempts > 0
}

/// The tone of a job: one that waits between two attempts is to be watched.
pub(crate) fn tone_of(job: &JobSummary) -> &'static str {
    if is_retry(job) {
        return "warning";
    }

    tone(job.state)
}

/// The tone of a state, a class of the style sheet.
pub(crate) const fn tone(state: State) -> &'static str {
    match state {
        State::Enqueued | State::Scheduled | State::Awaiting | State::Deleted => "neutral",
        State::Processing => "info",
        State::Succeeded => "success",
        State::Failed => "danger",
    }
}

pub(crate) const fn icon_of(state: State) -> Icon {
    match state {
        State::Enqueued => icon::ENQUEUED,
        State::Scheduled => icon::SCHEDULED,
        State::Awaiting => icon::AWAITING,
        State::Processing => icon::PROCESSING,
        State::Succeeded => icon::SUCCEEDED,
        State::Failed => icon::FAILED,
        State::Deleted => icon::DELETED,
    }
}

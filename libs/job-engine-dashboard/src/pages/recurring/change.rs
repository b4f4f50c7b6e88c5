use http::StatusCode;
use job_engine::recurring::Schedule;
use job_engine::storage::RecurringRecord;
use maud::{Markup, html};

use super::next_runs;
use crate::actions::RecurringAction;
use crate::addresses;
use crate::html::navigation::hidden_token;
use crate::page::Page;
use crate::pages::head;
use crate::visit::Visit;

/// The form for another schedule, with these values in its fields.
pub(super) fn form(
    visit: &Visit,
    record: &RecurringRecord,
    (schedule, time_zone): (&str, &str),
) -> Markup {
    let action = visit.url(&RecurringAction::Reschedule.path(&record.id));
    html! {
        form.filters method="post" action=(action) {
            (hidden_token(visit))
            label { "Cron, or @every 15m"
                input.mono type="text" name="schedule" value=(schedule) required maxlength="200"
                    autocomplete="off" spellcheck="false";
            }
            label { "Time zone"
                input type="text" name="time_zone" value=(time_zone) required maxlength="100"
                    autocomplete="off" spellcheck="false";
            }
            button { "Preview" }
        }
    }
}

/// The form once more, with what is wrong.
pub(crate) fn again(
    visit: &Visit,
    record: &RecurringRecord,
    values: (&str, &str),
    wrong: &str,
) -> Page {
    let title = format!("Change the schedule of {}", record.id);
    let body = html! {
        (head(&title, "Nothing was changed yet.", &html! {}))
        p.error-message role="alert" { (wrong) }
        (form(visit, record, values))
        p { a href=(visit.url(&addresses::recurring_job(&record.id))) { "Keep it as it is" } }
    };
    Page {
        status: StatusCode::UNPROCESSABLE_ENTITY,
        title,
        body,
    }
}

/// What the new schedule means, before it counts.
pub(crate) fn preview(visit: &Visit, record: &RecurringRecord, schedule: &Schedule) -> Page {
    let title = format!("Change the schedule of {}?", record.id);
    let about = format!("{}, {}", schedule.in_words(), schedule.time_zone());
    let action = visit.url(&RecurringAction::Reschedule.path(&record.id));
    let body = html! {
        (head(&title, &about, &html! {}))
        section aria-labelledby="next" {
            h2 #next { "It would run" }
            (next_runs::list(schedule, visit.now))
        }
        form.sure method="post" action=(action) {
            (hidden_token(visit))
            input type="hidden" name="sure" value="yes";
            input type="hidden" name="schedule" value=(schedule.text());
            input type="hidden" name="time_zone" value=(schedule.time_zone());
            button.main { "Change it" }
            a.button href=(visit.url(&addresses::recurring_job(&record.id))) { "Keep it as it is" }
        }
    };
    Page::ok(title, body)
}

/// Asks before a recurring job is removed.
pub(crate) fn sure_to_remove(visit: &Visit, record: &RecurringRecord) -> Page {
    let title = format!("Remove {}?", record.id);
    let about = "Its history goes with it; jobs that it has created stay. If code still knows it, it \
                 is there again when the program starts: pause it instead.";
    let action = visit.url(&RecurringAction::Remove.path(&record.id));
    let body = html! {
        (head(&title, about, &html! {}))
        form.sure method="post" action=(action) {
            (hidden_token(visit))
            input type="hidden" name="sure" value="yes";
            button.act.danger { "Remove it" }
            a.button href=(visit.url(&addresses::recurring_job(&record.id))) { "Keep it" }
        }
    };
    Page::ok(title, body)
}

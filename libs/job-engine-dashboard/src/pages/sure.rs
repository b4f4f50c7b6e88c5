use maud::html;

use super::head;
use crate::actions::Action;
use crate::html::job_actions::class_of;
use crate::html::navigation::hidden_token;
use crate::page::Page;
use crate::seen::Seen;
use crate::visit::Visit;

/// Asks before many jobs are acted on at once, with their number.
pub(crate) fn show(visit: &Visit, action: Action, jobs: &[Seen], reason: &str, back: &str) -> Page {
    let what = format!("{} {} jobs", action.verb(), jobs.len());
    let title = format!("{what}?");
    let about = "They are taken out of their queues, and stopped if they run. They can be requeued \
                 until their retention has passed.";
    let body = html! {
        (head(&title, about, &html! {}))
        form.sure method="post" action=(visit.url(&format!("/jobs/actions/{}", action.name()))) {
            (hidden_token(visit))
            input type="hidden" name="back" value=(back);
            input type="hidden" name="sure" value="yes";
            input type="hidden" name="reason" value=(reason);
            @for job in jobs { input type="hidden" name="jobs" value=(job.to_field()); }
            button class=(class_of(action)) { (what) }
            a.button href=(visit.url(back)) { "Keep them" }
        }
    };
    Page::ok(title, body)
}

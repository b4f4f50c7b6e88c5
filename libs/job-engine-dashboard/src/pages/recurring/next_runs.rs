use jiff::Timestamp;
use job_engine::recurring::Schedule;
use maud::{Markup, html};

use crate::html::time;

/// How many are shown.
const NEXT_RUNS: usize = 5;

/// Occurrences by the clocks of the schedule's zone.
pub(super) fn list(schedule: &Schedule, now: Timestamp) -> Markup {
    html! {
        ol.next-runs {
            @for at in schedule.upcoming(now).take(NEXT_RUNS) {
                li {
                    span.mono { (on_the_clock(at, schedule.time_zone())) }
                    " " span.muted { (time::relative(at, now)) }
                }
            }
        }
    }
}

fn on_the_clock(at: Timestamp, zone: &str) -> String {
    at.in_tz(zone).map_or_else(
        |_| time::absolute(at),
        |clock| clock.strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string(),
    )
}

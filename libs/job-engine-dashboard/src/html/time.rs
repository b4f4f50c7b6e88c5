use jiff::Timestamp;
pub(crate) use job_engine::words::{between, length as words, relative as relative_words};
use maud::{Markup, html};

/// `3 min ago` or `in 3 min`, with the exact time on hover. The script keeps it true.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> Markup {
    html! {
        time datetime=(at) title=(absolute(at)) data-relative { (relative_words(at, now)) }
    }
}

/// `3 min`, for a wait that goes on.
pub(crate) fn since(at: Timestamp, now: Timestamp) -> Markup {
    html! {
        time datetime=(at) title={ "Since " (absolute(at)) } data-since {
            (words(between(at, now)))
        }
    }
}

/// The exact time; the script shows it in the viewer's time zone.
pub(crate) fn exact(at: Timestamp) -> Markup {
    html! { time datetime=(at) data-exact { (absolute(at)) } }
}

/// The time of day in UTC, with the date on hover.
pub(crate) fn clock(at: Timestamp) -> Markup {
    html! {
        time.clock datetime=(at) title=(absolute(at)) { (at.strftime("%H:%M:%S%.3f")) }
    }
}

pub(crate) fn absolute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

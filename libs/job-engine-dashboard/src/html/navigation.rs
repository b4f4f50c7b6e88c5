use maud::{Markup, html};

use super::icon::{self, Icon};
use super::number;
use crate::form_token;
use crate::lists::List;
use crate::visit::{Theme, Visit};

/// The side bar; a menu that opens over the page where there is no room for it.
pub(crate) fn side_bar(visit: &Visit) -> Markup {
    html! {
        nav #menu popover aria-label="Dashboard" {
            (brand(visit))
            (find(visit))
            ul {
                (link(visit, "/", icon::OVERVIEW, "Overview", "o", None))
                (link(visit, "/errors", icon::WARNING, "Errors", "x", None))
            }
            h2 #nav-jobs { "Jobs" }
            ul aria-labelledby="nav-jobs" {
                @for list in List::ALL { (list_link(visit, list)) }
            }
            h2 #nav-engine { "Engine" }
            ul aria-labelledby="nav-engine" {
                (link(visit, "/queues", icon::QUEUES, "Queues", "u", None))
                (link(visit, "/kinds", icon::KINDS, "Kinds", "k", None))
                (link(visit, "/servers", icon::SERVERS, "Servers", "v", None))
                (link(visit, "/recurring", icon::RECURRING, "Recurring jobs", "y", None))
                (link(visit, "/batches", icon::BATCHES, "Batches", "h", None))
                (link(visit, "/operations", icon::OPERATIONS, "Operations", "b", None))
                (link(visit, "/audit", icon::AUDIT, "Audit log", "l", None))
            }
            (foot(visit))
        }
    }
}

/// The bar on narrow screens: what it is, and the way to the menu.
pub(crate) fn top_bar(visit: &Visit) -> Markup {
    html! {
        header.top-bar {
            (brand(visit))
            button.quiet type="button" popovertarget="menu" { (icon::MENU) "Menu" }
        }
    }
}

fn brand(visit: &Visit) -> Markup {
    html! {
        a.brand href=(visit.url("/")) { (icon::MARK) span { (visit.options.title) } }
    }
}

fn find(visit: &Visit) -> Markup {
    html! {
        form.find method="get" action=(visit.url("/jobs")) role="search" {
            input type="search" name="q" required placeholder="Find jobs"
                aria-label="Find jobs" autocomplete="off" autocapitalize="none" spellcheck="false"
                data-search;
        }
    }
}

fn list_link(visit: &Visit, list: List) -> Markup {
    let count = visit
        .counts
        .as_ref()
        .zip(list.counter())
        .map(|(counts, counter)| {
            let count = list.count(counts);
            let tone = if count == 0 { "neutral" } else { list.tone() };
            html! {
                span class={ "count " (tone) } data-count=(counter) data-tone=(list.tone()) {
                    (number(count))
                }
            }
        });
    let key = match list {
        List::All => "a",
        List::Retries => "r",
        List::In(state) => match state.name() {
            "Enqueued" => "e",
            "Scheduled" => "c",
            "Processing" => "p",
            "Succeeded" => "s",
            "Failed" => "f",
            "Awaiting" => "w",
            _ => "d",
        },
    };
    link(visit, &list.path(), list.icon(), list.title(), key, count)
}

fn link(
    visit: &Visit,
    path: &str,
    icon: Icon,
    words: &str,
    key: &str,
    count: Option<Markup>,
) -> Markup {
    let here = visit.here.split('?').next().filter(|_| visit.can_refresh);
    let current = here.and_then(|here| match here.strip_prefix(path)? {
        "" => Some("page"),
        // The lists of one state are no pages below the list of all.
        below if below.starts_with('/') && path != List::All.path() => Some("true"),
        _ => None,
    });
    html! {
        li {
            a href=(visit.url(path)) aria-current=[current] data-go=(key) {
                (icon) span { (words) } @if let Some(count) = count { (count) }
            }
        }
    }
}

fn foot(visit: &Visit) -> Markup {
    html! {
        div.nav-foot {
            button #live.quiet type="button" hidden aria-pressed="true" {
                span.dot {} span.live-words { "Live" }
            }
            button.quiet type="button" hidden data-opens="shortcuts" {
                (icon::KEYBOARD) "Shortcuts"
            }
            (theme_switch(visit))
            p.actor {
                span { (visit.viewer.actor) }
                @if !visit.viewer.may_act { span.read-only { "read-only" } }
            }
            @if let Some((words, address)) = &visit.options.home {
                a.home href=(address) { (icon::BACK) (words) }
            }
        }
    }
}

fn theme_switch(visit: &Visit) -> Markup {
    let icon_of = |theme| match theme {
        Theme::System => icon::SYSTEM,
        Theme::Light => icon::LIGHT,
        Theme::Dark => icon::DARK,
    };
    html! {
        form.theme method="post" action=(visit.url("/theme")) {
            (hidden_token(visit))
            input type="hidden" name="back" value=(visit.here);
            fieldset {
                legend.unseen { "Colours" }
                @for theme in Theme::ALL {
                    button.quiet name="theme" value=(theme.name()) title={ "Colours: " (theme.name()) }
                        aria-label={ "Colours: " (theme.name()) }
                        aria-pressed=(theme == visit.theme) { (icon_of(theme)) }
                }
            }
        }
    }
}

/// The field that every form must have.
pub(crate) fn hidden_token(visit: &Visit) -> Markup {
    html! { input type="hidden" name=(form_token::FIELD) value=(visit.form_token); }
}

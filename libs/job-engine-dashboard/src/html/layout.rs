use maud::{DOCTYPE, Markup, html};

use super::icon;
use super::navigation::{side_bar, top_bar};
use crate::assets;
use crate::page::Page;
use crate::visit::{Theme, Visit};

/// Everything around a page.
pub(crate) fn page(visit: &Visit, page: &Page) -> Markup {
    let theme = (visit.theme != Theme::System).then(|| visit.theme.name());
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[theme] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content=(theme.unwrap_or("light dark"));
                meta name="robots" content="noindex";
                title { (page.title) " · " (visit.options.title) }
                link rel="icon" href=(visit.url(&assets::ICON.path()));
                link rel="stylesheet" href=(visit.url(&assets::STYLES.path()));
                script type="module" src=(visit.url(&assets::SCRIPT.path())) {}
            }
            body data-events=(visit.url("/events")) {
                a.skip href="#main" { "Skip to the content" }
                (top_bar(visit))
                (side_bar(visit))
                main #main tabindex="-1" {
                    (notice(visit))
                    div #part data-refreshes[visit.can_refresh] { (page.body) }
                }
                (shortcuts())
                p #said.unseen role="status" {}
            }
        }
    }
}

fn notice(visit: &Visit) -> Markup {
    let Some(notice) = visit.notice else {
        return html! {};
    };

    let (tone, icon) = if notice.all_done() {
        ("success", icon::SUCCEEDED)
    } else {
        ("warning", icon::WARNING)
    };
    html! { p class={ "flash " (tone) } role="status" { (icon) span { (notice.words()) } } }
}

/// Every key that the script listens to.
const KEYS: [(&str, &[&str]); 13] = [
    ("Search", &["/"]),
    ("Next and previous row", &["j", "k"]),
    ("Tick the row", &["x"]),
    ("Open the row's job", &["Enter"]),
    ("Overview", &["g", "o"]),
    ("All jobs", &["g", "a"]),
    ("Enqueued, processing, succeeded", &["g", "e / p / s"]),
    ("Scheduled, awaiting, retries", &["g", "c / w / r"]),
    ("Failed, deleted", &["g", "f / d"]),
    ("Queues, kinds, servers", &["g", "u / k / v"]),
    ("Recurring jobs, batches", &["g", "y / h"]),
    ("Errors, operations, audit log", &["g", "x / b / l"]),
    ("Live on and off, colours", &["l", "t"]),
];

fn shortcuts() -> Markup {
    html! {
        dialog #shortcuts aria-labelledby="shortcuts-title" {
            form method="dialog" {
                h2 #shortcuts-title { "Keyboard shortcuts" }
                dl.keys {
                    @for (what, keys) in KEYS {
                        div {
                            dt { (what) }
                            dd { @for key in keys { kbd { (key) } } }
                        }
                    }
                }
                label.switch {
                    input type="checkbox" #shortcuts-on checked;
                    "Listen to these keys"
                }
                button autofocus { "Close" }
            }
        }
    }
}

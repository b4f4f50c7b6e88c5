use job_engine::storage::{Limit, Limited, SeenLimit};
use maud::{Markup, html};

use crate::access::Permission;
use crate::actions::QueueAction;
use crate::html::limit::{self, PERIODS};
use crate::html::navigation::hidden_token;
use crate::html::table::{Column, cell, column, table};
use crate::html::{icon, sign_or_words, time};
use crate::visit::Visit;

const COLUMNS: [Column; 3] = [
    column("Key or group", "wide"),
    column("Limit", "wide"),
    column("", "row-actions"),
];

/// The limits of keys, and a form for one more.
pub(super) fn of_keys(visit: &Visit, limits: &[(Limited, Limit)]) -> Markup {
    let of_keys: Vec<(&str, Limit)> = limits.iter().filter_map(of_key).collect();
    let may_change = visit.viewer.may(Permission::ManageQueues);
    html! {
        section aria-labelledby="keys" {
            h2 #keys { "Limits of keys" }
            @if of_keys.is_empty() {
                p.empty {
                    "No key has a limit of its own: of the jobs with one key, one runs at a time."
                }
            } @else {
                (table("Limits of keys", &COLUMNS, &html! {
                    @for (key, limit) in of_keys { (row(visit, key, limit)) }
                }))
            }
            @if may_change {
                details.change {
                    summary { "Limit a key" }
                    (key_form(visit))
                }
            }
        }
    }
}

fn of_key((of, limit): &(Limited, Limit)) -> Option<(&str, Limit)> {
    match of {
        Limited::Key(key) => Some((key, *limit)),
        Limited::Queue(_) => None,
    }
}

fn row(visit: &Visit, key: &str, limit: Limit) -> Markup {
    let [key_column, limit_column, actions] = &COLUMNS;
    html! {
        tr data-key=(key) {
            (cell(key_column, &html! { span.mono.name { (key) } }))
            (cell(limit_column, &html! { (limit) }))
            (cell(actions, &html! {
                @if visit.viewer.may(Permission::ManageQueues) {
                    form.row-buttons method="post" action=(visit.url(&QueueAction::RemoveLimit.path())) {
                        (hidden_token(visit))
                        input type="hidden" name="key" value=(key);
                        input type="hidden" name="seen" value=(SeenLimit::version_of(Some(limit)));
                        button.act.danger title="Lets its jobs run without this limit"
                            aria-label={ "Remove the limit of " (key) } {
                            (sign_or_words(icon::DELETED, "Remove"))
                        }
                    }
                }
            }))
        }
    }
}

fn key_form(visit: &Visit) -> Markup {
    html! {
        form.filters method="post" action=(visit.url(&QueueAction::SetLimit.path())) {
            (hidden_token(visit))
            label { "Key, or what stands before the slash of many"
                input type="text" name="key" required maxlength="100" autocomplete="off"
                    autocapitalize="none" spellcheck="false";
            }
            (fields(None))
            button { "Set the limit" }
        }
    }
}

/// A form for the limit of a queue.
pub(super) fn queue_form(visit: &Visit, queue: &str, now: Option<Limit>) -> Markup {
    let url = |action: QueueAction| visit.url(&action.path());
    html! {
        form.filters method="post" action=(url(QueueAction::SetLimit)) {
            (hidden_token(visit))
            input type="hidden" name="queue" value=(queue);
            input type="hidden" name="seen" value=(SeenLimit::version_of(now));
            (fields(now))
            button { "Set the limit" }
            @if now.is_some() {
                button.act.danger formaction=(url(QueueAction::RemoveLimit)) formnovalidate {
                    "Remove it"
                }
            }
        }
    }
}

fn fields(now: Option<Limit>) -> Markup {
    let most = Limit::MOST;
    let at_once = now.and_then(|limit| limit.at_once);
    let rate = now.and_then(|limit| limit.rate);
    let chosen = rate.map_or_else(
        || "minute".to_owned(),
        |rate| limit::period_field(rate.period),
    );
    html! {
        label { "Jobs at once"
            input.few type="number" name="at_once" min="1" max=(most) value=[at_once]
                placeholder="any";
        }
        label { "Jobs that begin"
            input.few type="number" name="rate" min="1" max=(most) value=[rate.map(|rate| rate.jobs)]
                placeholder="any";
        }
        label { "in each"
            select name="period" {
                @for (name, _) in PERIODS { option value=(name) selected[chosen == name] { (name) } }
                @if let Some(rate) = rate.filter(|rate| limit::name_of(rate.period).is_none()) {
                    option value=(chosen) selected { (time::words(rate.period)) }
                }
            }
        }
    }
}

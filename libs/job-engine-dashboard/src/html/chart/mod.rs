//! Charts are drawn here, as SVG: they need no script, print well, and each has its numbers beside
//! it as a table.

mod period;
mod picture;
mod table;

use job_engine::storage::Throughput;
use maud::{Markup, html};

use super::number;
use crate::visit::Visit;

pub(crate) use period::Period;

use picture::picture;
use table::numbers;

/// How many jobs were done and how many attempts failed over a period.
pub(crate) fn throughput(visit: &Visit, period: Period, spans: &[Throughput]) -> Markup {
    let bars = period.bars_of(spans, visit.now);
    let total = |of: fn(&Throughput) -> u64| bars.iter().map(of).sum::<u64>();
    let (succeeded, failed, retried) = (
        total(|bar| bar.succeeded),
        total(|bar| bar.failed),
        total(|bar| bar.retried),
    );
    let summary = format!(
        "In the last {}: {} succeeded, {} retried, {} given up.",
        period.name(),
        number(succeeded),
        number(retried),
        number(failed)
    );
    html! {
        figure.chart {
            figcaption {
                ul.legend aria-label="In this period" {
                    (key("success", "Succeeded", succeeded))
                    (key("warning", "Retried", retried))
                    (key("danger", "Given up", failed))
                }
                nav.periods aria-label="Period" {
                    @for other in Period::ALL {
                        a href=(visit.url(&format!("/?period={}", other.name())))
                            aria-current=[(other == period).then_some("true")] { (other.name()) }
                    }
                }
            }
            (picture(period, &bars, &summary))
            details data-key="numbers" {
                summary { "Show as a table" }
                (numbers(&bars))
            }
        }
    }
}

fn key(tone: &str, words: &str, n: u64) -> Markup {
    html! { li.(tone) { span.swatch {} (words) " " strong { (number(n)) } } }
}

//! Charts are drawn here, as SVG: they need no script, print well, and each has its numbers beside
//! it as a table.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use job_engine::storage::{Resolution, Throughput};
use maud::{Markup, html};

use super::{number, time};
use crate::visit::Visit;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 160.0;
/// Above the highest bar, and below the axis.
const TOP: f64 = 20.0;
const BOTTOM: f64 = 22.0;

/// How far back a chart looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Period {
    Hour,
    Day,
    Week,
    Month,
}

impl Period {
    pub(crate) const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// Its name in addresses.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.name() == name)
    }

    /// What it is counted in.
    pub(crate) const fn resolution(self) -> Resolution {
        match self {
            Self::Hour | Self::Day => Resolution::Minute,
            Self::Week | Self::Month => Resolution::Hour,
        }
    }

    /// When its first bar begins.
    pub(crate) fn since(self, now: Timestamp) -> Timestamp {
        let bars = i32::try_from(self.bars()).unwrap_or(i32::MAX);
        let length = SignedDuration::try_from(self.bar()).unwrap_or(SignedDuration::ZERO);
        self.start_of(now) - length * (bars - 1)
    }

    const fn bars(self) -> usize {
        match self {
            Self::Hour => 60,
            Self::Day => 96,
            Self::Week => 84,
            Self::Month => 90,
        }
    }

    /// How long one bar is.
    const fn bar(self) -> Duration {
        match self {
            Self::Hour => Duration::from_mins(1),
            Self::Day => Duration::from_mins(15),
            Self::Week => Duration::from_hours(2),
            Self::Month => Duration::from_hours(8),
        }
    }

    fn start_of(self, at: Timestamp) -> Timestamp {
        let length = i64::try_from(self.bar().as_secs()).unwrap_or(i64::MAX);
        let second = at.as_second().div_euclid(length) * length;
        Timestamp::from_second(second).unwrap_or(at)
    }

    fn label(self, at: Timestamp) -> String {
        let pattern = match self {
            Self::Hour | Self::Day => "%H:%M",
            Self::Week => "%a %H:%M",
            Self::Month => "%b %-d",
        };
        at.strftime(pattern).to_string()
    }

    /// What counted spans come to, bar by bar, the oldest first.
    fn bars_of(self, spans: &[Throughput], now: Timestamp) -> Vec<Throughput> {
        let since = self.since(now);
        let length = i64::try_from(self.bar().as_secs()).unwrap_or(i64::MAX);
        let mut bars: Vec<Throughput> = (0..self.bars())
            .map(|index| {
                let offset = length * i64::try_from(index).unwrap_or_default();
                Throughput {
                    at: since + SignedDuration::from_secs(offset),
                    ..Throughput::default()
                }
            })
            .collect();
        for span in spans {
            let index = (span.at.as_second() - since.as_second()).div_euclid(length);
            let bar = usize::try_from(index)
                .ok()
                .and_then(|index| bars.get_mut(index));
            if let Some(bar) = bar {
                bar.succeeded += span.succeeded;
                bar.failed += span.failed;
                bar.retried += span.retried;
                bar.deleted += span.deleted;
            }
        }
        bars
    }
}

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
        "In the last {}: {} succeeded, {} failed attempts were retried, {} jobs were given up.",
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

fn picture(period: Period, bars: &[Throughput], summary: &str) -> Markup {
    let highest = bars.iter().map(height_of).max().unwrap_or_default();
    let top = round_up(highest);
    let step = WIDTH / as_float(bars.len() as u64);
    let y_of = |n: u64| (HEIGHT - BOTTOM) - (HEIGHT - BOTTOM - TOP) * as_float(n) / as_float(top);
    html! {
        div.plot {
            svg.bars viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(summary)
                preserveAspectRatio="none" {
                line.grid x1="0" x2=(WIDTH) y1=(y_of(top)) y2=(y_of(top)) {}
                line.axis x1="0" x2=(WIDTH) y1=(HEIGHT - BOTTOM) y2=(HEIGHT - BOTTOM) {}
                @for (index, bar) in bars.iter().enumerate() {
                    @let x = step * as_float(index as u64);
                    g { title { (told(period, bar)) }
                        rect.ground x=(fine(x)) y=(TOP) width=(fine(step)) height=(HEIGHT - BOTTOM - TOP) {}
                        (stack(bar, (fine(x + step * 0.1), fine(step * 0.8)), y_of))
                    }
                }
            }
            div.axis-labels aria-hidden="true" {
                span { (period.label(bars[0].at)) } span { (period.label(bars[bars.len() / 2].at)) }
                span { "now" }
            }
            p.scale aria-hidden="true" { (number(top)) }
        }
    }
}

/// Given up at the bottom, where they are seen first.
fn stack(bar: &Throughput, (x, width): (String, String), y_of: impl Fn(u64) -> f64) -> Markup {
    let parts = [
        ("danger", bar.failed),
        ("warning", bar.retried),
        ("success", bar.succeeded),
    ];
    let mut below = 0;
    html! {
        @for (tone, n) in parts {
            @if n > 0 {
                @let (bottom, top) = (y_of(below), y_of(below + n));
                rect.(tone) x=(x) y=(fine(top)) width=(width) height=(fine((bottom - top).max(1.0))) {}
            }
            @let () = below += n;
        }
    }
}

fn told(period: Period, bar: &Throughput) -> String {
    format!(
        "{}: {} succeeded, {} retried, {} given up",
        period.label(bar.at),
        number(bar.succeeded),
        number(bar.retried),
        number(bar.failed)
    )
}

/// The numbers of the spans in which anything happened.
fn numbers(bars: &[Throughput]) -> Markup {
    let busy = bars
        .iter()
        .rev()
        .filter(|bar| height_of(bar) + bar.deleted > 0);
    html! {
        div.table-frame.plain tabindex="0" role="region" aria-label="Throughput as a table" {
            table.plain {
                thead {
                    tr {
                        th scope="col" { "From" } th.number scope="col" { "Succeeded" }
                        th.number scope="col" { "Retried" } th.number scope="col" { "Given up" }
                        th.number scope="col" { "Deleted" }
                    }
                }
                tbody {
                    @for bar in busy {
                        tr {
                            td { (time::exact(bar.at)) }
                            @for n in [bar.succeeded, bar.retried, bar.failed, bar.deleted] {
                                td.number { (number(n)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

const fn height_of(bar: &Throughput) -> u64 {
    bar.succeeded + bar.failed + bar.retried
}

/// The next of 1, 2, 5, 10, 20, 50, …
fn round_up(n: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for step in [1, 2, 5] {
            if step * power >= n {
                return step * power;
            }
        }
        power = power.saturating_mul(10);
        if power == u64::MAX {
            return power;
        }
    }
}

/// Enough digits for a picture.
fn fine(length: f64) -> String {
    format!("{length:.2}")
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture has fewer pixels than a float has digits"
)]
const fn as_float(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-26T12:34:56Z".parse().expect("it is a time")
    }

    fn span(at: &str, succeeded: u64) -> Throughput {
        Throughput {
            at: at.parse().expect("it is a time"),
            succeeded,
            ..Throughput::default()
        }
    }

    #[test]
    fn each_span_is_in_the_bar_of_its_time() {
        let spans = [
            span("2026-11-26T12:29:00Z", 1),
            span("2026-11-26T12:30:00Z", 2),
            span("2026-11-26T12:34:00Z", 3),
            span("2026-11-25T12:00:00Z", 7),
        ];

        let bars = Period::Day.bars_of(&spans, now());

        let last: Vec<u64> = bars[94..].iter().map(|bar| bar.succeeded).collect();
        assert_eq!(last, [1, 5]);
        assert_eq!(bars.iter().map(|bar| bar.succeeded).sum::<u64>(), 6);
        assert_eq!(
            bars[95].at,
            "2026-11-26T12:30:00Z".parse().expect("it is a time")
        );
    }

    #[test]
    fn a_scale_ends_in_a_round_number() {
        for (n, top) in [(0, 1), (1, 1), (3, 5), (11, 20), (501, 1000)] {
            assert_eq!(round_up(n), top, "{n}");
        }
    }
}

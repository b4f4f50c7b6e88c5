use job_engine::storage::Throughput;
use maud::{Markup, html};

use super::Period;
use crate::html::number;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 160.0;
/// Above the highest bar, and below the axis.
const TOP: f64 = 20.0;
const BOTTOM: f64 = 22.0;

/// A stack for each bar; what its numbers are is told on hover, and to who cannot see by `summary`.
pub(super) fn picture(period: Period, bars: &[Throughput], summary: &str) -> Markup {
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

/// How high it stands.
pub(super) const fn height_of(bar: &Throughput) -> u64 {
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

    #[test]
    fn a_scale_ends_in_a_round_number() {
        for (n, top) in [(0, 1), (1, 1), (3, 5), (11, 20), (501, 1000)] {
            assert_eq!(round_up(n), top, "{n}");
        }
    }
}

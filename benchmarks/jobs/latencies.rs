//! Times between two events.

use std::time::Duration;

/// As one line of JSON, in milliseconds.
pub fn print_latencies(mut latencies: Vec<f64>) {
    latencies.sort_by(f64::total_cmp);
    let count = latencies.len();
    let at = |percent: usize| latencies[(count * percent / 100).min(count - 1)];
    println!(
        r#"{{"n":{count},"min":{},"p50":{},"p99":{},"max":{}}}"#,
        at(0),
        at(50),
        at(99),
        at(100)
    );
}

pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

//! What the process counts about itself, for `/metrics`.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];
/// Histograms keep each measurement until then.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Counts from the first call on; one for the whole process.
pub fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let durations = Matcher::Suffix("_seconds".to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(durations, &SECONDS)
        .expect("there are buckets")
        .install_recorder()
        .expect("there is one recorder");
    metrics::describe_counter!("http_requests_total", "Requests that were answered");
    metrics::describe_histogram!(
        "http_request_duration_seconds",
        "Time until an answer began"
    );
    metrics::describe_gauge!("jobs", "Background jobs that are in a state now");
    metrics::describe_gauge!("hub_connections", "Clients connected to this process's hub");
    handle
}

/// Folds what was measured into its buckets; for ever.
pub async fn keep_small() {
    let mut interval = tokio::time::interval(UPKEEP_EVERY);
    loop {
        interval.tick().await;
        recorder().run_upkeep();
    }
}

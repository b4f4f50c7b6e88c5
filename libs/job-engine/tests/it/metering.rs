use job_engine::{State, Unique};
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::stage::{Stage, stored};
use crate::world::Act;

#[tokio::test(start_paused = true)]
async fn jobs_and_runs_are_counted_by_kind() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let stage = Stage::empty();
    let server = stage.start().await;

    let retried = [Act::Fail("rain"), Act::Succeed];
    let good = stage.enqueue_scripted("good", &retried).await;
    let bad = stage
        .enqueue_scripted("bad", &[Act::FailForGood("no")])
        .await;
    let gone = stage.enqueue_scripted("gone", &[Act::FinishAtStop]).await;
    stage.world.saw("gone runs, attempt 1", 1).await;
    let deleted = stage.client.delete(gone, "Deleted by Ada").await;
    deleted.expect("the storage answers");

    stage.reached(good, State::Succeeded).await;
    stage.reached(bad, State::Failed).await;
    stage.until(|| async { server.tally().stale == 1 }).await;
    server.stop().await;
    let page = recorder.handle().render();
    for line in [
        "job_engine_enqueued_total{kind=\"errand\"} 3",
        "job_engine_claimed_total{kind=\"errand\"} 4",
        "job_engine_succeeded_total{kind=\"errand\"} 2",
        "job_engine_retried_total{kind=\"errand\"} 1",
        "job_engine_failed_total{kind=\"errand\"} 1",
        "job_engine_stale_total 1",
        "job_engine_run_seconds_count{kind=\"errand\"} 4",
        "job_engine_waited_seconds_count{kind=\"errand\"} 4",
        "# HELP job_engine_stale_total Runs whose outcome came after their lease was lost",
    ] {
        assert!(page.lines().any(|shown| shown == line), "{line} in {page}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_that_is_not_stored_is_not_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _counting = metrics::set_default_local_recorder(&recorder);
    let stage = Stage::empty();
    let keyed = || stored("post").unique(Unique::by("post")).unwrap();

    stage.enqueue_all(&[keyed()]).await;
    stage.enqueue_all(&[keyed(), stored("other")]).await;

    let page = recorder.handle().render();
    let line = "job_engine_enqueued_total{kind=\"errand\"} 2";
    assert!(page.lines().any(|shown| shown == line), "{page}");
}

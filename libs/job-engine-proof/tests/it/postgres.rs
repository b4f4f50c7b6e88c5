use crate::cluster::Cluster;
use crate::crash_point::CrashPoint;
use crate::disk::Disk;
use crate::place::Place;
use crate::settings;
use crate::story::{Fault, Story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_workers_are_killed_and_stopped() {
    let place = Place::postgres(&settings::postgres()).await;
    let faults = [Fault::Kill, Fault::Kill, Fault::End, Fault::Stop];

    let violations = Story::about(place, &faults).tell().await;

    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_connections_are_ended() {
    let place = Place::postgres(&settings::postgres()).await;
    let faults = [Fault::EndConnections, Fault::EndConnections, Fault::Kill];

    let violations = Story::about(place, &faults).tell().await;

    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_the_database_restarts_and_recovers_without_a_word() {
    let cluster = Cluster::start().await;
    let place = Place::postgres(&cluster.url()).await;
    let mut story = Story::about(place, &[Fault::Restart, Fault::KillSession, Fault::Kill]);
    story.cluster = Some(cluster);

    let violations = story.tell().await;

    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_by_workers_killed_before_and_after_each_statement() {
    let place = Place::postgres(&settings::postgres()).await;
    let faults: Vec<Fault> = CrashPoint::all().map(Fault::Crash).collect();

    let violations = Story::about(place, &faults).tell().await;

    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_answers_are_lost_and_connections_lead_nowhere() {
    let place = Place::postgres(&settings::postgres()).await;
    let faults = [Fault::LoseAnswers, Fault::CutOff, Fault::LoseAnswers];

    let violations = Story::about(place, &faults).tell().await;

    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_the_disk_is_full() {
    let Some(disk) = Disk::mount() else { return };
    let cluster = Cluster::start().await;
    cluster.keep_databases_in(disk.folder()).await;
    let place = Place::postgres(&cluster.url()).await;
    let mut story = Story::about(place, &[Fault::FillDisk, Fault::Kill]);
    story.cluster = Some(cluster);
    story.disk = Some(disk);

    let violations = story.tell().await;

    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_applications_need_their_pools_for_themselves() {
    let place = Place::postgres(&settings::postgres()).await;
    let mut story = Story::about(place, &[Fault::Kill, Fault::End]);
    story.crowded = true;

    let violations = story.tell().await;

    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_the_clock_is_set() {
    let place = Place::postgres_with_a_clock(&settings::postgres()).await;
    let faults = [Fault::SetClock, Fault::SetClock, Fault::Kill, Fault::Stop];

    let violations = Story::about(place, &faults).tell().await;

    assert_eq!(violations, []);
}

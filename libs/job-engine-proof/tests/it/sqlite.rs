use crate::crash_point::CrashPoint;
use crate::disk::Disk;
use crate::place::Place;
use crate::story::{Fault, Story};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_processes_on_one_file_are_killed_and_stopped() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let place = Place::sqlite(folder.path()).await;
    let faults = [Fault::Kill, Fault::Kill, Fault::End, Fault::Stop];

    let violations = Story::about(place, &faults).tell().await;

    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_by_workers_killed_before_and_after_each_commit() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let place = Place::sqlite(folder.path()).await;
    let faults: Vec<Fault> = CrashPoint::all().map(Fault::Crash).collect();

    let violations = Story::about(place, &faults).tell().await;

    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_the_disk_is_full() {
    let Some(disk) = Disk::mount() else { return };
    let place = Place::sqlite(disk.folder()).await;
    let mut story = Story::about(place, &[Fault::FillDisk, Fault::Kill]);
    story.disk = Some(disk);

    let violations = story.tell().await;

    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_applications_need_their_pools_for_themselves() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let place = Place::sqlite(folder.path()).await;
    let mut story = Story::about(place, &[Fault::Kill, Fault::End]);
    story.crowded = true;

    let violations = story.tell().await;

    assert_eq!(violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_the_clock_is_set() {
    let folder = tempfile::tempdir().expect("a folder is made");
    let place = Place::sqlite(folder.path()).await;
    let faults = [Fault::SetClock, Fault::SetClock, Fault::Kill, Fault::Stop];

    let violations = Story::about(place, &faults).tell().await;

    assert_eq!(violations, []);
}

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

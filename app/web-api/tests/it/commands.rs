use std::process::Command;

use crate::eventually::eventually;
use crate::executable::Executable;
use crate::person::Person;
use crate::tenants::create;
use crate::test_app::{ADMIN, PASSWORD};

#[tokio::test(flavor = "multi_thread")]
async fn workers_alone_do_what_a_server_without_workers_was_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Executable::serve(folder.path(), &[("DIQUIS_WORKERS", "0")]);
    let admin = Person::sign_in(server.address, ADMIN, PASSWORD).await;
    assert_eq!(create(&admin, "Acme").await.status, 202);

    let mut workers = Executable::work(folder.path());

    // On SQLite nobody is told by another process; it waits in the inbox.
    let told = eventually("the notification", async || {
        let inbox = admin.get("/api/notifications").await.json();
        inbox["items"].get(0).cloned()
    })
    .await;
    assert_eq!(told["type"], "Success");
    workers.terminate();
    assert_eq!(workers.ends_with(), Some(0));
}

#[test]
fn migrating_makes_the_database_and_ends() {
    let folder = tempfile::tempdir().expect("a folder");

    for _ in 0..2 {
        let output = Command::new(env!("CARGO_BIN_EXE_diquis"))
            .arg("migrate")
            .env_clear()
            .current_dir(folder.path())
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(output.stdout, b"The database is up to date.\n");
    }

    assert!(folder.path().join("data/diquis.db").exists());
}

#[test]
fn the_description_of_the_api_is_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_diquis"))
        .arg("openapi")
        .env_clear()
        .output()
        .expect("it runs");

    let printed = String::from_utf8(output.stdout).expect("text");
    assert_eq!(printed, web_api::openapi::json());
}

#[test]
fn limits_are_set_and_removed_on_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let jobs = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_diquis"))
            .arg("jobs")
            .args(arguments)
            .env_clear()
            .current_dir(folder.path())
            .output()
            .expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8(text).expect("text"),
        )
    };

    let (_, none) = jobs(&["limits"]);
    assert_eq!(none, "Nothing has a limit of its own.\n");
    let (is_set, text) = jobs(&[
        "limit",
        "--queue",
        "mail",
        "--at-once",
        "2",
        "--rate",
        "100/1m",
    ]);
    assert!(is_set, "{text}");
    assert_eq!(
        jobs(&["limits"]).1,
        "queue mail  2 at once, 100 a minute  (seen:2~100~60000)\n"
    );
    let (is_removed, text) = jobs(&["unlimit", "--queue", "mail", "--seen", "none"]);
    assert!(!is_removed && text.contains("limit"), "{text}");
    assert!(jobs(&["unlimit", "--queue", "mail"]).0);
    let (is_removed, text) = jobs(&["unlimit", "--queue", "mail"]);
    assert!(
        !is_removed && text.contains("There is no limit any more."),
        "{text}"
    );

    for wrong in [
        &["limit", "--queue", "mail"][..],
        &["limit", "--at-once", "2"],
        &["limit", "--key", "a", "--rate", "100"],
    ] {
        assert!(!jobs(wrong).0, "{wrong:?}");
    }
    let (_, no_servers) = jobs(&["servers"]);
    assert_eq!(no_servers, "No server is running.\n");
    let (is_told, text) = jobs(&["quiet", "0190b6c4-0000-7000-8000-000000000000"]);
    assert!(!is_told && text.contains("is running"), "{text}");
}

#[test]
fn the_command_line_asks_and_does_what_the_pages_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let jobs = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_diquis"))
            .arg("jobs")
            .args(arguments)
            .env_clear()
            .current_dir(folder.path())
            .output()
            .expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).expect("text");
        (output.status.success(), text)
    };
    let nobody = "0190b6c4-0000-7000-8000-000000000000";

    let (_, overview) = jobs(&["overview"]);
    assert!(overview.contains("No server is running."), "{overview}");
    assert!(jobs(&["pause", "mail", "--reason", "rain"]).0);
    let (_, queues) = jobs(&["queues"]);
    assert!(
        queues.contains("paused by the command line: rain"),
        "{queues}"
    );
    assert!(jobs(&["resume", "mail"]).0);
    let (_, audit) = jobs(&["audit"]);
    let told = [
        "the command line  resume queue mail",
        "the command line  pause queue mail: rain",
    ];
    for told in told {
        assert!(audit.contains(told), "{audit}");
    }

    for (empty, said) in [
        (&["kinds"][..], "No job has ended lately.\n"),
        (&["batches"], "There is no batch.\n"),
        (&["recurring", "list"], "No recurring job.\n"),
        (&["log", nobody], "It has said nothing.\n"),
    ] {
        assert_eq!(jobs(empty).1, said);
    }
    for unknown in [
        &["batch", nobody][..],
        &["show", nobody],
        &["copy", nobody],
        &["stop-operation", nobody],
        &["recurring", "run", "nightly"],
        &["recurring", "pause", "nightly"],
        &["recurring", "reschedule", "nightly", "0 4 * * *"],
    ] {
        let (is_done, text) = jobs(unknown);
        assert!(!is_done, "{unknown:?}: {text}");
    }
}

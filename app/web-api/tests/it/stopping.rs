use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::hub_client::HubClient;
use crate::person::Person;
use crate::tenants::create;
use crate::test_app::{ADMIN, PASSWORD, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_connected_is_told_to_come_back() {
    let app = TestApp::start().await;
    let mut ear = HubClient::connect(&app.admin().await).await;

    let (close, ()) = tokio::join!(ear.is_closed(), app.stop());

    assert_eq!(close["allowReconnect"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_done_after_a_restart() {
    let app = TestApp::with(&[("DIQUIS_WORKERS", "1")]).await;
    let admin = app.admin().await;
    for number in 0..5 {
        assert_eq!(create(&admin, &format!("Acme {number}")).await.status, 202);
    }

    let app = app.restart().await;

    let admin = app.admin().await;
    crate::eventually::eventually("all tenants", async || {
        let active = admin.get("/api/tenants?status=Active").await.json();
        (active["total"] == 5).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_executable_ends_well_when_it_is_told_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut process = Process::start(folder.path());
    let admin = Person::sign_in(process.address, ADMIN, PASSWORD).await;
    let mut ear = HubClient::connect(&admin).await;
    let started = Instant::now();

    process.terminate();

    assert_eq!(ear.is_closed().await["allowReconnect"], true);
    let status = process.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

struct Process {
    child: Child,
    address: std::net::SocketAddr,
}

impl Process {
    /// Starts the executable and waits for its greeting.
    fn start(data_dir: &std::path::Path) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let mut child = Command::new(env!("CARGO_BIN_EXE_diquis"))
            .arg("serve")
            .env_clear()
            .env("DIQUIS_LISTEN", address.to_string())
            .env("DIQUIS_DATA_DIR", data_dir)
            .env("DIQUIS_ADMIN_EMAIL", ADMIN)
            .env("DIQUIS_ADMIN_PASSWORD", PASSWORD)
            .current_dir(data_dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");

        let mut greeting = String::new();
        let output = child.stdout.take().expect("is piped");
        BufReader::new(output)
            .read_line(&mut greeting)
            .expect("greets");
        assert_eq!(greeting, format!("Diquis is at http://{address}\n"));
        Self { child, address }
    }

    fn terminate(&self) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status();
        assert!(status.expect("kill runs").success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::test_app::{ADMIN, PASSWORD};

/// The executable, running; killed at the end of the test.
pub struct Executable {
    pub address: SocketAddr,
    greeting: String,
    child: Child,
}

impl Executable {
    /// Starts the server and waits for its greeting. The log goes to `log` in the data directory.
    pub fn serve(data_dir: &Path, settings: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let executable = Self::start("serve", address, data_dir, settings);
        let expected = format!("Diquis is at http://{address}\n");
        assert_eq!(executable.greeting, expected);
        executable
    }

    /// Starts workers alone, and waits for their greeting.
    pub fn work(data_dir: &Path) -> Self {
        let nowhere = "127.0.0.1:0".parse().expect("an address");
        Self::start("work", nowhere, data_dir, &[])
    }

    fn start(
        command: &str,
        address: SocketAddr,
        data_dir: &Path,
        settings: &[(&str, &str)],
    ) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(data_dir.join("log"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_diquis"))
            .arg(command)
            .env_clear()
            .env("DIQUIS_LISTEN", address.to_string())
            .env("DIQUIS_DATA_DIR", data_dir)
            .env("DIQUIS_ADMIN_EMAIL", ADMIN)
            .env("DIQUIS_ADMIN_PASSWORD", PASSWORD)
            .envs(settings.iter().copied())
            .current_dir(data_dir)
            .stdout(Stdio::piped())
            .stderr(log.expect("a log"))
            .spawn()
            .expect("it starts");

        let mut greeting = String::new();
        let output = child.stdout.take().expect("is piped");
        BufReader::new(output)
            .read_line(&mut greeting)
            .expect("greets");
        Self {
            address,
            greeting,
            child,
        }
    }

    pub fn terminate(&self) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status();
        assert!(status.expect("kill runs").success());
    }

    /// The code with which it ends.
    pub fn ends_with(&mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Executable {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

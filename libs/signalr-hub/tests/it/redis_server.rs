//! A Redis that lives as long as its test.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// Keeps what it is told on disk, so that it may be killed. It listens on a socket in its folder,
/// which nobody else can take while it is away.
pub struct RedisServer {
    folder: TempDir,
    process: Process,
}

impl RedisServer {
    pub fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let process = Process::start(folder.path());
        Self { folder, process }
    }

    pub fn url(&self) -> String {
        format!("redis+unix://{}/socket", self.folder.path().display())
    }

    /// As a crash does: without any farewell.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    pub fn start_again(&mut self) {
        self.process = Process::start(self.folder.path());
    }

    /// As a restart of a Redis that keeps nothing.
    pub fn forget(&mut self) {
        self.kill();
        std::fs::remove_dir_all(self.folder.path().join("appendonlydir")).unwrap();
        self.start_again();
    }
}

struct Process(Child);

impl Process {
    fn start(folder: &Path) -> Self {
        let settings = "--port 0 --unixsocket socket --appendonly yes --appendfsync always --save";
        let started = Command::new("redis-server")
            .args(settings.split(' '))
            .arg("")
            .arg("--dir")
            .arg(folder)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn();
        let mut process = Self(started.expect("needs redis-server: scripts/setup installs it"));

        let output = process.0.stdout.take().expect("it is piped");
        let is_ready = BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .any(|line| line.contains("eady to accept connections"));
        assert!(is_ready, "redis-server ended before it was ready");
        process
    }

    fn kill(&mut self) {
        // It may be dead already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

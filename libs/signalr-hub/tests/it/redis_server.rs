//! A Redis that lives as long as its test.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// Keeps what it is told on disk, so that it may be killed.
pub struct RedisServer {
    port: u16,
    folder: TempDir,
    process: Process,
}

impl RedisServer {
    pub fn start() -> Self {
        let folder = TempDir::new().unwrap();
        loop {
            // Below those that the system gives away by itself.
            let port = 12_000 + rand::random::<u16>() % 8_000;
            if let Some(process) = Process::start(port, &folder) {
                return Self {
                    port,
                    folder,
                    process,
                };
            }
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// As a crash does: without any farewell.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    pub fn start_again(&mut self) {
        self.process = Process::start(self.port, &self.folder).expect("the port is still free");
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
    /// None: another process has the port.
    fn start(port: u16, folder: &TempDir) -> Option<Self> {
        let settings = "--bind 127.0.0.1 --appendonly yes --appendfsync always --save";
        let started = Command::new("redis-server")
            .args(["--port", &port.to_string()])
            .args(settings.split(' '))
            .arg("")
            .arg("--dir")
            .arg(folder.path())
            .stdout(Stdio::null())
            .spawn();
        let mut process = Self(started.expect("needs redis-server: scripts/setup installs it"));

        let start = Instant::now();
        while start.elapsed() < STARTS_WITHIN {
            if process.0.try_wait().unwrap().is_some() {
                return None;
            }
            if answers(port) {
                return Some(process);
            }
            std::thread::yield_now();
        }
        panic!("redis-server does not answer");
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

fn answers(port: u16) -> bool {
    let ask = || {
        let mut socket = TcpStream::connect(("127.0.0.1", port))?;
        socket.write_all(b"PING\r\n")?;
        let mut answer = [0; 5];
        socket.read_exact(&mut answer)?;
        Ok::<_, std::io::Error>(answer == *b"+PONG")
    };
    ask().unwrap_or(false)
}

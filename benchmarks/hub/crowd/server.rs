//! The hub, in a process of its own, and what the system says about that process.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use signalr_hub::{Hub, HubOptions, Methods, hub_router};
use tokio::net::TcpSocket;

use crate::Failure;

/// The argument that makes this program the server.
pub const ROLE: &str = "serve";
/// A storm is queued by the kernel, not refused.
const BACKLOG: u32 = 8_192;

pub struct Server {
    process: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn start() -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(ROLE)
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self {
            process,
            address: address.trim().parse()?,
        })
    }

    pub fn resident_kib(&self) -> Result<usize, Failure> {
        let status = self.read("status")?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let value = line.and_then(|line| line.split_whitespace().nth(1));
        Ok(value.ok_or("no memory is told of")?.parse()?)
    }

    /// In user and kernel, to ten milliseconds.
    pub fn cpu_milliseconds(&self) -> Result<usize, Failure> {
        let stat = self.read("stat")?;
        let (_, after_name) = stat
            .rsplit_once(") ")
            .ok_or("no processor time is told of")?;
        let ticks = after_name.split(' ').skip(11).take(2).map(str::parse);
        let ticks: Vec<usize> = ticks.collect::<Result<_, _>>()?;
        Ok(ticks.iter().sum::<usize>() * 10)
    }

    fn read(&self, file: &str) -> Result<String, Failure> {
        let id = self.process.id();
        Ok(std::fs::read_to_string(format!("/proc/{id}/{file}"))?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Quiet;

impl Hub for Quiet {
    fn methods(methods: Methods<Self>) -> Methods<Self> {
        methods
    }
}

pub async fn serve() -> Result<(), Failure> {
    let socket = TcpSocket::new_v4()?;
    socket.bind("127.0.0.1:0".parse()?)?;
    let listener = socket.listen(BACKLOG)?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, hub_router("/hub", Quiet, HubOptions::default())).await?;
    Ok(())
}

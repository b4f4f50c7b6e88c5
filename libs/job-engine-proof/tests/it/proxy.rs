//! Stands between a worker and PostgreSQL, and loses what a network may lose: answers, whole
//! connections, or the worker itself at a chosen place.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_util::task::AbortOnDropHandle;

use crate::crash_point::{CrashPoint, Moment, Statements};

#[derive(Debug)]
pub(crate) struct Proxy {
    address: String,
    mood: Arc<Mood>,
    _task: AbortOnDropHandle<()>,
}

/// What is done to the connections.
#[derive(Debug, Default)]
struct Mood {
    /// Whom a trap kills.
    process: AtomicU32,
    trap: Mutex<Option<CrashPoint>>,
    /// How many of the next answers are lost, each with its connection.
    answers_to_lose: AtomicUsize,
    /// Whether nothing comes through, and nobody is told.
    silent: AtomicBool,
}

impl Proxy {
    /// In front of the database at this URL.
    pub(crate) async fn before(url: &str) -> Self {
        let (start, rest) = url.split_once('@').expect("the URL names a user");
        let (server, database) = rest.split_once('/').expect("the URL names a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("it listens");
        let port = listener.local_addr().expect("it has an address").port();

        let mood = Arc::new(Mood::default());
        let task = tokio::spawn(serve(listener, server.to_owned(), mood.clone()));
        Self {
            address: format!("{start}@127.0.0.1:{port}/{database}"),
            mood,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// The database, as who goes through this sees it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Who is killed by a trap.
    pub(crate) fn leads_from(&self, process: u32) {
        self.mood.process.store(process, Ordering::SeqCst);
    }

    /// Kills the process when it comes to this place.
    pub(crate) fn set_trap(&self, point: CrashPoint) {
        *self.mood.trap() = Some(point);
    }

    /// Whether the process came to the place of the trap.
    pub(crate) fn has_sprung(&self) -> bool {
        self.mood.trap().is_none()
    }

    /// The next answers are given by the database and reach nobody.
    pub(crate) fn lose_answers(&self, count: usize) {
        self.mood.answers_to_lose.store(count, Ordering::SeqCst);
    }

    /// While it is silent, connections are open and lead nowhere; afterwards they are lost.
    pub(crate) fn set_silent(&self, silent: bool) {
        self.mood.silent.store(silent, Ordering::SeqCst);
    }
}

async fn serve(listener: TcpListener, server: String, mood: Arc<Mood>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        // A database that is away closes the connection, as it would without a proxy.
        if let Ok(server) = TcpStream::connect(&server).await {
            connections.spawn(join(client, server, mood.clone()));
        }
    }
}

async fn join(client: TcpStream, server: TcpStream, mood: Arc<Mood>) {
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let caught = Arc::new(AtomicBool::new(false));
    tokio::select! {
        () = ask(from_client, to_server, &mood, &caught) => {}
        () = answer(from_server, to_client, &mood, &caught) => {}
    }
}

/// From the worker to the database.
async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mood: &Mood, caught: &AtomicBool) {
    let mut buffer = vec![0; 64 * 1024];
    let mut statements = Statements::default();
    let mut was_silent = false;
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if mood.silent.load(Ordering::SeqCst) {
            was_silent = true;
            continue;
        }
        if was_silent {
            return;
        }
        match mood.springs(&mut statements, &buffer[..count]) {
            Some(Moment::Before) => return mood.kill().await,
            Some(Moment::After) => caught.store(true, Ordering::SeqCst),
            None => {}
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// From the database to the worker.
async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mood: &Mood, caught: &AtomicBool) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if caught.load(Ordering::SeqCst) {
            return mood.kill().await;
        }
        if mood.loses_an_answer() {
            return;
        }
        if mood.silent.load(Ordering::SeqCst) {
            continue;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

impl Mood {
    /// Whether these bytes lead into the trap; it springs once.
    fn springs(&self, statements: &mut Statements, bytes: &[u8]) -> Option<Moment> {
        let run = statements.run_by(bytes);
        let mut trap = self.trap();
        let point = trap.filter(|point| run.contains(&point.statement))?;
        *trap = None;
        Some(point.moment)
    }

    async fn kill(&self) {
        let process = self.process.load(Ordering::SeqCst).to_string();
        let killed = Command::new("kill")
            .args(["-s", "KILL", &process])
            .stderr(Stdio::null())
            .status()
            .await;
        killed.expect("kill is installed");
    }

    fn loses_an_answer(&self) -> bool {
        let left = &self.answers_to_lose;
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
            count.checked_sub(1)
        })
        .is_ok()
    }

    fn trap(&self) -> std::sync::MutexGuard<'_, Option<CrashPoint>> {
        self.trap.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

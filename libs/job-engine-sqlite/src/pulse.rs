//! How others see that a process died: each running server holds a lock on a file of its own, and
//! the operating system releases that with the process.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use job_engine::storage::ServerId;
use tokio::task;
use uuid::Uuid;

/// How often the locks of other servers are tried.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);

/// The lock of one server, held until this is dropped or the process dies.
#[derive(Debug)]
pub(crate) struct Pulse {
    path: PathBuf,
    _file: File,
}

/// The lock of a server that died, taken over from it.
#[derive(Debug)]
pub(crate) struct Silent {
    pub(crate) server: ServerId,
    path: PathBuf,
    file: File,
}

impl Pulse {
    /// `None` where files cannot be locked; heartbeats alone count then.
    pub(crate) async fn start(directory: &Path, server: ServerId) -> Option<Self> {
        let directory = directory.to_owned();
        let locked = task::spawn_blocking(move || lock(&directory, server))
            .await
            .map_err(io::Error::other)
            .flatten();
        locked
            .inspect_err(|error| {
                tracing::warn!(%error, "the server starts without a pulse; heartbeats alone count");
            })
            .ok()
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

impl Silent {
    /// Forgets the lock once its server is forgotten.
    pub(crate) fn remove(self) {
        remove(&self.path);
    }
}

impl Drop for Silent {
    /// Closing the file is not enough: a process that is being started at this moment has a copy.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::debug!(%error, path = %self.path.display(), "a lock stays behind");
        }
    }
}

/// Takes over the locks of servers that died. While they are held nobody else takes them.
pub(crate) async fn silent(directory: &Path, own: Vec<ServerId>) -> Vec<Silent> {
    let directory = directory.to_owned();
    let found = task::spawn_blocking(move || find_silent(&directory, &own))
        .await
        .map_err(io::Error::other)
        .flatten();
    found.unwrap_or_else(|error| {
        tracing::debug!(%error, "cannot look at the locks of other servers");
        Vec::new()
    })
}

/// Returns when the lock of some other server is free.
pub(crate) async fn peer_died(directory: &Path, own: impl Fn() -> Vec<ServerId>) {
    loop {
        tokio::time::sleep(WATCH_INTERVAL).await;
        if !silent(directory, own()).await.is_empty() {
            return;
        }
    }
}

/// The file gets its name when it is locked already, so that nobody sees it unlocked.
fn lock(directory: &Path, server: ServerId) -> io::Result<Pulse> {
    let unfinished = directory.join(format!("{server}.new"));
    let path = directory.join(format!("{server}.lock"));
    let file = File::create(&unfinished)?;
    file.try_lock()?;
    fs::rename(&unfinished, &path)?;
    Ok(Pulse { path, _file: file })
}

fn find_silent(directory: &Path, own: &[ServerId]) -> io::Result<Vec<Silent>> {
    let mut silent = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if let Some(server) = server_of(&path).filter(|server| !own.contains(server)) {
            silent.extend(take_over(path, server)?);
        }
    }
    Ok(silent)
}

fn server_of(path: &Path) -> Option<ServerId> {
    if path.extension()? != "lock" {
        return None;
    }
    let id = Uuid::parse_str(path.file_stem()?.to_str()?).ok()?;
    Some(ServerId(id))
}

fn take_over(path: PathBuf, server: ServerId) -> io::Result<Option<Silent>> {
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(Silent { server, path, file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::debug!(%error, path = %path.display(), "a lock file stays behind");
        }
        _ => {}
    }
}

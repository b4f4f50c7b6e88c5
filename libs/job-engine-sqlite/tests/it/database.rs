//! A file per test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::{Arc, Once};
use std::time::{Duration, SystemTime};

use job_engine::storage::{Claim, ClaimedJob, ServerAnnouncement, ServerId};
use job_engine::{JobId, NewJob, Storage};
use job_engine_sqlite::SqliteStorage;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

/// Files of earlier runs are removed after this time.
const KEEP: Duration = Duration::from_mins(10);

static SWEPT: Once = Once::new();

pub(crate) struct Database {
    directory: PathBuf,
}

impl Database {
    /// A file with the engine's tables and no jobs.
    pub(crate) async fn create() -> Self {
        let database = Self::empty();
        database.storage().await.migrate().await.expect("migrated");
        database
    }

    /// A place for a file.
    pub(crate) fn empty() -> Self {
        let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("job-engine-sqlite");
        fs::create_dir_all(&all).expect("the directory is made");
        SWEPT.call_once(|| sweep(&all));
        let directory = all.join(JobId::random().to_string());
        fs::create_dir(&directory).expect("the directory is made");
        Self { directory }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join("jobs.db")
    }

    pub(crate) async fn storage(&self) -> Arc<SqliteStorage> {
        Arc::new(SqliteStorage::open(self.path()).await.expect("opened"))
    }

    /// The application's own connections.
    pub(crate) async fn pool(&self) -> SqlitePool {
        let options = SqliteConnectOptions::new().filename(self.path());
        SqlitePool::connect_with(options).await.expect("opened")
    }
}

fn sweep(directory: &Path) {
    let old = SystemTime::now() - KEEP;
    for entry in fs::read_dir(directory).expect("it is a directory") {
        let entry = entry.expect("it is listed");
        let made_at = entry.metadata().and_then(|metadata| metadata.modified());
        if made_at.is_ok_and(|time| time < old) {
            // Another run may have been quicker.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A job `send` in the queue `default`, to run now.
pub(crate) fn job() -> NewJob {
    NewJob::of_kind("send", "{}")
}

pub(crate) async fn announce(storage: &SqliteStorage) -> ServerId {
    let id = ServerId::random();
    let announcement = ServerAnnouncement {
        id,
        name: format!("test:{}", process::id()),
        queues: vec!["default".to_owned()],
        kinds: Vec::new(),
        workers: 1,
    };
    storage.announce(&announcement).await.expect("announced");
    id
}

pub(crate) async fn claim(storage: &SqliteStorage, server: ServerId) -> Vec<ClaimedJob> {
    let claim = Claim {
        server,
        queues: vec!["default".to_owned()],
        kinds: vec!["send".into()],
        limit: 10,
    };
    storage.claim(&claim).await.expect("claimed").jobs
}

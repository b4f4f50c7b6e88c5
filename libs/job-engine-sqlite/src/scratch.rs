//! For unit tests: a file that nobody else uses.

use std::path::PathBuf;

use sqlx::sqlite::SqliteConnectOptions;
use uuid::Uuid;

use crate::writer::Writer;

/// Is removed with its folder.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn create() -> Self {
        let folder = std::env::temp_dir().join(format!("job-engine-{}", Uuid::now_v7()));
        std::fs::create_dir(&folder).expect("there is room");
        Self(folder)
    }

    /// Of a database without tables.
    pub(crate) async fn writer(&self) -> Writer {
        let file = SqliteConnectOptions::new().filename(self.0.join("jobs.db"));
        let opened = Writer::open(&file.create_if_missing(true)).await;
        opened.expect("it is opened")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A test that fails may still have it open.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

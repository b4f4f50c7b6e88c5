use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{CALL_LIMIT, Process};
use crate::notepad::{Bell, Mark, Notepad};
use crate::session::Session;
use crate::storage::{Lease, RunNotes, Settled, StorageError};

/// What is said within this time is written together, so that chatty jobs do not flood the storage.
const GATHERING: Duration = Duration::from_millis(100);

/// Writes down what the running jobs say about themselves.
pub(crate) struct Scribe {
    session: Arc<Session>,
}

/// The notepads of the running jobs.
#[derive(Debug, Default)]
pub(crate) struct Notepads {
    open: Mutex<HashMap<Lease, Notepad>>,
    bell: Arc<Bell>,
    /// How often the scribe has written.
    passes: watch::Sender<u64>,
}

impl Scribe {
    pub(crate) fn of(session: &Arc<Session>) -> Self {
        Self {
            session: session.clone(),
        }
    }
}

#[async_trait]
impl Process for Scribe {
    const NAME: &'static str = "scribe";

    async fn pass(&mut self) -> Result<Duration, StorageError> {
        let (notes, marks) = self.session.notepads.unwritten();
        if !notes.is_empty() {
            let answers = self.session.storage.note(&notes).await?;
            self.session.notepads.written(&marks);
            let stale = notes.iter().zip(answers);
            let stale = stale.filter(|(_, answer)| *answer == Settled::Stale);
            let lost: Vec<Lease> = stale.map(|(notes, _)| notes.lease).collect();
            self.session.leases.lose(&lost);
        }
        self.session
            .notepads
            .passes
            .send_modify(|passes| *passes += 1);
        Ok(Duration::MAX)
    }

    async fn woken(&self) {
        let bell = &self.session.notepads.bell;
        tokio::select! {
            () = bell.urgent.notified() => return,
            () = bell.some.notified() => {}
        }
        tokio::select! {
            () = bell.urgent.notified() => {}
            () = sleep(GATHERING) => {}
        }
    }
}

impl Notepads {
    /// A notepad for a run that begins.
    pub(crate) fn open(&self, lease: Lease) -> Notepad {
        let notepad = Notepad::with(&self.bell);
        self.lock().insert(lease, notepad.clone());
        notepad
    }

    /// The run has ended; returns when what it said is written, so that it comes before its outcome.
    pub(crate) async fn close(&self, lease: Lease) {
        let notepad = self.lock().get(&lease).cloned();
        if let Some(notepad) = notepad {
            let written = timeout(CALL_LIMIT, self.until_written(lease, &notepad));
            if written.await.is_err() {
                tracing::warn!(job = %lease.job, "the last lines of a job's log were not written");
            }
            self.lock().remove(&lease);
        }
    }

    async fn until_written(&self, lease: Lease, notepad: &Notepad) {
        let mut passes = self.passes.subscribe();
        while notepad.unwritten(lease).is_some() {
            self.bell.urgent.notify_one();
            // The sender is in this struct.
            let _ = passes.changed().await;
        }
    }

    fn unwritten(&self) -> (Vec<RunNotes>, Vec<(Lease, Mark)>) {
        let open = self.lock();
        let unwritten = open.iter().filter_map(|(lease, notepad)| {
            let (notes, mark) = notepad.unwritten(*lease)?;
            Some((notes, (*lease, mark)))
        });
        unwritten.unzip()
    }

    fn written(&self, marks: &[(Lease, Mark)]) {
        let open = self.lock();
        for (lease, mark) in marks {
            if let Some(notepad) = open.get(lease) {
                notepad.written(*mark);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Lease, Notepad>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

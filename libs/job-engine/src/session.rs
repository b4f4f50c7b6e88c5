use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::filters::Filters;
use crate::meters::Meters;
use crate::processes::heartbeat::Health;
use crate::processes::scribe::Notepads;
use crate::processes::worker::leases::Leases;
use crate::processes::worker::local_queue::LocalQueue;
use crate::processes::worker::trial::Dock;
use crate::server_options::ServerOptions;
use crate::storage::{ServerId, ServerOrder, SharedStorage};
use crate::tally::TallySheet;

/// What the processes of one life share.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) server: ServerId,
    pub(crate) since: Instant,
    pub(crate) storage: SharedStorage,
    pub(crate) options: Arc<ServerOptions>,
    pub(crate) tally: Arc<TallySheet>,
    pub(crate) queue: LocalQueue,
    pub(crate) leases: Leases,
    pub(crate) dock: Dock,
    pub(crate) filters: Filters,
    pub(crate) meters: Meters,
    pub(crate) notepads: Notepads,
    pub(crate) health: Health,
    /// Jobs may wait in the storage.
    pub(crate) enqueued: Notify,
    /// Jobs wait that a limit holds back, so the end of any job may let one go.
    pub(crate) held_back: AtomicBool,
    /// A job may be due earlier than the scheduler thinks.
    pub(crate) scheduled: Notify,
    /// It was told to take no more jobs.
    pub(crate) quiet: AtomicBool,
    /// Fires when its first look for jobs has ended, in whichever way.
    pub(crate) looked: CancellationToken,
    /// Fires when the server is to stop.
    pub(crate) stopping: CancellationToken,
    /// Fires when the server was taken for dead.
    pub(crate) gone: CancellationToken,
}

impl Session {
    /// Does what people ask of this server.
    pub(crate) fn obey(&self, order: Option<ServerOrder>) {
        let is_quiet = order.is_some();
        if self.quiet.swap(is_quiet, Ordering::AcqRel) != is_quiet {
            tracing::info!(server = %self.server, is_quiet, "this job server was told what to do");
            // The claimer hands back what waits, or claims again.
            self.enqueued.notify_one();
        }
        if order == Some(ServerOrder::Stop) {
            self.stopping.cancel();
        }
    }
}

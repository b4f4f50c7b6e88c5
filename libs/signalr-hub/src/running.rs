//! What of a client's calls can be reached by the names the client gave: to cancel them, to send them more.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    arguments::RawUpload, calls::Expected, core::Core, error::HubError, protocol::Payload,
};

/// What can be reached by the names clients give.
#[derive(Default)]
pub(crate) struct Running {
    calls: Mutex<HashMap<String, CancellationToken>>,
    uploads: Mutex<HashMap<String, Uploading>>,
}

pub(crate) type Uploading = mpsc::Sender<Result<Payload, HubError>>;

/// Takes a call's names back when it ends, however it ends.
pub(crate) struct Registration {
    pub(crate) running: Arc<Running>,
    pub(crate) call: Option<String>,
    pub(crate) uploads: Vec<String>,
}

impl Running {
    pub(crate) fn add_call(
        &self,
        id: &str,
        cancelled: &CancellationToken,
        expected: Expected,
        limit: usize,
    ) -> Result<(), HubError> {
        let mut calls = self.calls();
        if calls.contains_key(id) {
            return Err(HubError::new(format!(
                "Invocation ID '{id}' is already in use."
            )));
        }
        if expected == Expected::Stream && calls.len() >= limit {
            return Err(HubError::new(format!(
                "A connection may have {limit} streams at a time."
            )));
        }
        calls.insert(id.to_owned(), cancelled.clone());
        Ok(())
    }

    pub(crate) fn add_upload(&self, stream: &str, core: &Core) -> Result<RawUpload, HubError> {
        let limit = core.options.max_streams;
        let mut uploads = self.uploads();
        if uploads.contains_key(stream) {
            return Err(HubError::new(format!(
                "Stream ID '{stream}' is already in use."
            )));
        }
        if uploads.len() >= limit {
            return Err(HubError::new(format!(
                "A connection may send {limit} streams at a time."
            )));
        }
        let (sender, receiver) = mpsc::channel(core.options.upload_buffer.max(1));
        uploads.insert(stream.to_owned(), sender);
        Ok(receiver)
    }

    pub(crate) fn calls(&self) -> MutexGuard<'_, HashMap<String, CancellationToken>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn uploads(&self) -> MutexGuard<'_, HashMap<String, Uploading>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(call) = &self.call {
            self.running.calls().remove(call);
        }
        for upload in &self.uploads {
            self.running.uploads().remove(upload);
        }
    }
}

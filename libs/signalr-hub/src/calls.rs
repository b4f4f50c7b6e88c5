//! The calls of one client that are running, and the streams it sends.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    arguments::{Arguments, BindingFailed, RawUpload},
    call::{Call, Started, not_started, panicked, start, unexpected},
    caller::Caller,
    clients::{Asking, CallSlot},
    connections::Client,
    core::Core,
    error::HubError,
    filter::HubCall,
    hub::FoundMethod,
    methods::Run,
    outbox::Outgoing,
    protocol::{Invocation, Outcome, Payload},
    running::{Registration, Running},
};

/// What a session needs to run calls.
pub(crate) struct Calls {
    core: Arc<Core>,
    client: Arc<Client>,
    slots: Arc<Semaphore>,
    tasks: JoinSet<()>,
    running: Arc<Running>,
}

impl Calls {
    pub(crate) fn of(core: Arc<Core>, client: Arc<Client>) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(core.options.parallel_calls.max(1))),
            tasks: JoinSet::new(),
            running: Arc::default(),
            core,
            client,
        }
    }

    /// Starts a call that is answered once; waits for a slot first.
    pub(crate) async fn start(&mut self, invocation: Invocation) {
        // A call that reads an upload must not keep the client from sending it.
        let permit = if invocation.streams.is_empty() {
            Arc::clone(&self.slots).acquire_owned().await.ok()
        } else {
            None
        };
        self.launch(invocation, CallSlot::holding(permit), Expected::OneAnswer);
    }

    /// Starts a call that is answered with a stream.
    pub(crate) fn start_stream(&mut self, invocation: Invocation) {
        self.launch(invocation, CallSlot::default(), Expected::Stream);
    }

    /// Passes on an item of an upload; waits while the method is behind.
    pub(crate) async fn upload(&self, stream: &str, item: Payload) {
        let upload = self.running.uploads().get(stream).cloned();
        let Some(upload) = upload else {
            tracing::debug!("an item came for a stream that is not open");
            return;
        };
        // The method may have stopped reading.
        let _ = upload.send(Ok(item)).await;
    }

    /// Ends an upload; gives the outcome back if there is no such upload.
    pub(crate) async fn end_upload(&self, stream: &str, outcome: Outcome) -> Result<(), Outcome> {
        let ended = self.running.uploads().remove(stream);
        let Some(upload) = ended else {
            return Err(outcome);
        };
        if let Outcome::Error(error) = outcome {
            drop(upload.send(Err(HubError::new(error))).await);
        }
        Ok(())
    }

    /// Tells the hub that the user has proved anew who they are; calls go on meanwhile.
    pub(crate) fn tell_refreshed(&mut self) {
        let core = Arc::clone(&self.core);
        let caller = Caller::of(
            Arc::clone(&self.core),
            Arc::clone(&self.client),
            Asking::Outside,
            self.client.connection.aborted.clone(),
        );
        self.tasks
            .spawn(async move { core.hub.refreshed(&caller).await });
    }

    /// Cancels a call, if it still runs.
    pub(crate) fn cancel(&self, id: &str) {
        if let Some(cancelled) = self.running.calls().get(id) {
            cancelled.cancel();
        }
    }

    /// Waits for the calls of a client that is gone; after the close timeout they are dropped.
    pub(crate) async fn finish(&mut self) {
        self.end_uploads();
        let limit = self.core.options.connections.close_timeout;
        let all_ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all_ended).await.is_err() {
            tracing::warn!(connection = %self.client.id(), "calls went on after their client was gone and were dropped");
            self.tasks.shutdown().await;
        }
    }

    fn end_uploads(&self) {
        let uploads = std::mem::take(&mut *self.running.uploads());
        for upload in uploads.into_values() {
            // A full buffer is read first, and then ends without this reason.
            let closed = HubError::new("The underlying connection was closed.");
            let _ = upload.try_send(Err(closed));
        }
    }

    fn launch(&mut self, invocation: Invocation, slot: CallSlot, expected: Expected) {
        // Those that have ended need no more memory.
        while self.tasks.try_join_next().is_some() {}

        let (id, target) = (invocation.id.clone(), invocation.target.clone());
        match self.prepare(invocation, slot, expected) {
            Ok(running) => drop(self.tasks.spawn(running)),
            Err(refusal) => {
                tracing::debug!(%target, %refusal, "a call was refused");
                if let Some(id) = id {
                    let completion = self
                        .client
                        .protocol
                        .completion(&id, &Outcome::Error(refusal));
                    self.client.connection.send(Outgoing::answer(completion));
                }
            }
        }
    }

    /// Checks a call; an error is the text its caller gets.
    fn prepare(
        &self,
        invocation: Invocation,
        slot: CallSlot,
        expected: Expected,
    ) -> Result<BoxFuture<'static, ()>, String> {
        let Invocation {
            id,
            target,
            arguments,
            streams,
        } = invocation;
        let not_started = |error: HubError| {
            error.explain(&not_started(&target), self.core.options.detailed_errors)
        };
        let method = self
            .core
            .hub
            .find(&target)
            .ok_or_else(|| not_started(HubError::new("Method does not exist.")))?;
        expected.check(&method, &target)?;
        check_counts(&method, arguments.len(), streams.len()).map_err(|wrong| match wrong {
            WrongCount::Arguments(error) => not_started(error),
            WrongCount::Streams(error) => self.failed(&target, &error),
        })?;

        let (cancelled, registration, uploads) = self
            .register(id.as_deref(), &streams, expected)
            .map_err(|error| error.message().to_owned())?;
        let slot = Arc::new(slot);
        let caller = Caller::of(
            Arc::clone(&self.core),
            Arc::clone(&self.client),
            Asking::InCall(Arc::clone(&slot)),
            cancelled.clone(),
        );
        let is_allowed = catch_unwind(AssertUnwindSafe(|| (method.allowed)(&caller)))
            .map_err(|_| self.failed(&target, &panicked()))?;
        if !is_allowed {
            return Err(format!(
                "Failed to invoke '{target}' because user is unauthorized"
            ));
        }

        let arguments = Arguments::received(arguments, uploads);
        let started = if self.core.options.filters.is_empty() {
            start(method.run, caller, arguments)
        } else {
            let call = HubCall::of(caller, target.clone(), arguments);
            expected.through_filters(Arc::clone(&self.core), call)
        };
        let call = Call {
            core: Arc::clone(&self.core),
            client: Arc::clone(&self.client),
            id,
            cancelled,
            slot,
            registration,
            target: target.clone(),
        };
        match started {
            Started::Refused(error) => Err(not_started(error)),
            Started::Panicked => Err(self.failed(&target, &panicked())),
            Started::Plain(answer) => Ok(call.answer_once(answer).boxed()),
            Started::Stream(answers) => Ok(call.answer_many(answers).boxed()),
        }
    }

    fn failed(&self, target: &str, error: &HubError) -> String {
        error.explain(&unexpected(target), self.core.options.detailed_errors)
    }

    fn register(
        &self,
        id: Option<&str>,
        streams: &[String],
        expected: Expected,
    ) -> Result<(CancellationToken, Registration, Vec<RawUpload>), HubError> {
        let mut registration = Registration {
            running: Arc::clone(&self.running),
            call: None,
            uploads: Vec::new(),
        };
        let cancelled = self.client.connection.aborted.child_token();
        if let Some(id) = id {
            let limit = self.core.options.max_streams;
            self.running.add_call(id, &cancelled, expected, limit)?;
            registration.call = Some(id.to_owned());
        }

        let mut uploads = Vec::with_capacity(streams.len());
        for stream in streams {
            uploads.push(self.running.add_upload(stream, &self.core)?);
            registration.uploads.push(stream.clone());
        }
        Ok((cancelled, registration, uploads))
    }
}

/// What kind of answer the client said it expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    OneAnswer,
    Stream,
}

impl Expected {
    fn check(self, method: &FoundMethod<'_>, target: &str) -> Result<(), String> {
        match (self, &method.run) {
            (Self::OneAnswer, Run::Stream(_)) => Err(format!(
                "The client attempted to invoke the streaming '{target}' method with a non-streaming invocation."
            )),
            (Self::Stream, Run::Plain(_)) => Err(format!(
                "The client attempted to invoke the non-streaming '{target}' method with a streaming invocation."
            )),
            _ => Ok(()),
        }
    }
}

impl Expected {
    fn through_filters(self, core: Arc<Core>, call: HubCall) -> Started {
        let result = async move { core.filtered_hub().invoke(call).await };
        match self {
            Self::OneAnswer => Started::Plain(async { result.await?.into_value() }.boxed()),
            Self::Stream => Started::Stream(async { result.await?.into_stream() }.boxed()),
        }
    }
}

enum WrongCount {
    Arguments(HubError),
    Streams(HubError),
}

fn check_counts(
    method: &FoundMethod<'_>,
    arguments: usize,
    streams: usize,
) -> Result<(), WrongCount> {
    if arguments != method.arguments {
        let text = format!(
            "Invocation provides {arguments} argument(s) but target expects {}.",
            method.arguments
        );
        let error = HubError::internal(BindingFailed::TYPE_NAME, text);
        return Err(WrongCount::Arguments(error));
    }
    if streams != method.streams {
        let error = HubError::new(format!(
            "Client sent {streams} stream(s), Hub method expects {}.",
            method.streams
        ));
        return Err(WrongCount::Streams(error));
    }
    Ok(())
}

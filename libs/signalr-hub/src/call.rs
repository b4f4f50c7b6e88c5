//! One call of a hub method, from its start to its answer.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::BoxStream};
use tokio_util::sync::CancellationToken;

use crate::{
    arguments::Arguments,
    caller::Caller,
    clients::CallSlot,
    connections::Client,
    core::Core,
    error::HubError,
    methods::{Answer, Answers, Run},
    outbox::Outgoing,
    protocol::Outcome,
    running::Registration,
};

/// A call that is about to run.
pub(crate) struct Call {
    pub(crate) core: Arc<Core>,
    pub(crate) client: Arc<Client>,
    /// None: the client does not wait for an answer.
    pub(crate) id: Option<String>,
    pub(crate) target: String,
    pub(crate) cancelled: CancellationToken,
    /// Given back when the call has been answered.
    pub(crate) slot: Arc<CallSlot>,
    pub(crate) registration: Registration,
}

impl Call {
    pub(crate) async fn answer_once(self, answer: BoxFuture<'static, Answer>) {
        let answer = AssertUnwindSafe(answer).catch_unwind().await;
        let outcome = match answer.unwrap_or_else(|_| Err(panicked())) {
            Ok(value) => Outcome::Value(value),
            Err(error) => self.failure(&sentence_for(&error, &self.target), &error),
        };
        self.complete(&outcome).await;
    }

    pub(crate) async fn answer_many(self, answers: BoxFuture<'static, Answers>) {
        let streamed = AssertUnwindSafe(self.stream(answers)).catch_unwind().await;
        let outcome =
            streamed.unwrap_or_else(|_| self.failure(&unexpected(&self.target), &panicked()));
        self.complete(&outcome).await;
    }

    async fn stream(&self, answers: BoxFuture<'static, Answers>) -> Outcome {
        // A method that was called begins, even if the client has thought better of it already:
        // it learns of that from its caller.
        let answers = match answers.await {
            Ok(answers) => answers,
            Err(error) => return self.failure(&sentence_for(&error, &self.target), &error),
        };
        let Some(id) = &self.id else {
            return Outcome::Void;
        };
        tokio::select! {
            biased;
            () = self.cancelled.cancelled() => Outcome::Void,
            outcome = self.send_items(id, answers) => outcome,
        }
    }

    async fn send_items(&self, id: &str, mut answers: BoxStream<'static, Answer>) -> Outcome {
        while let Some(item) = answers.next().await {
            match item {
                Ok(item) => {
                    let message = self.client.protocol.stream_item(id, &item);
                    let outbox = &self.client.connection.outbox;
                    outbox.push_when_room(Outgoing::answer(message)).await;
                }
                Err(error) => {
                    let sentence = "An error occurred on the server while streaming results.";
                    return self.failure(sentence, &error);
                }
            }
        }
        Outcome::Void
    }

    fn failure(&self, sentence: &str, error: &HubError) -> Outcome {
        tracing::debug!(target = %self.target, %error, "a hub method failed");
        Outcome::Error(error.explain(sentence, self.core.options.detailed_errors))
    }

    async fn complete(self, outcome: &Outcome) {
        if let Some(id) = &self.id {
            let completion = self.client.protocol.completion(id, outcome);
            let outbox = &self.client.connection.outbox;
            outbox.push_when_room(Outgoing::answer(completion)).await;
        }
        // Only now: the next call must not be answered before this one.
        self.slot.release();
        drop(self.registration);
    }
}

/// What became of a call at its start.
pub(crate) enum Started {
    Plain(BoxFuture<'static, Answer>),
    Stream(BoxFuture<'static, Answers>),
    Refused(HubError),
    Panicked,
}

/// Calls the function itself, which may panic before it has made a future.
pub(crate) fn start(run: Run<'_>, caller: Caller, arguments: Arguments) -> Started {
    let started = std::panic::catch_unwind(AssertUnwindSafe(|| match run {
        Run::Plain(run) => run(caller, arguments).map(Started::Plain),
        Run::Stream(run) => run(caller, arguments).map(Started::Stream),
    }));
    match started {
        Ok(Ok(started)) => started,
        Ok(Err(error)) => Started::Refused(error),
        Err(_) => Started::Panicked,
    }
}

fn sentence_for(error: &HubError, target: &str) -> String {
    if error.is_before_start() {
        not_started(target)
    } else {
        unexpected(target)
    }
}

pub(crate) fn not_started(target: &str) -> String {
    format!("Failed to invoke '{target}' due to an error on the server.")
}

pub(crate) fn unexpected(target: &str) -> String {
    format!("An unexpected error occurred invoking '{target}' on the server.")
}

/// The panic itself was reported by the panic hook.
pub(crate) fn panicked() -> HubError {
    HubError::internal("Panic", "the hub method panicked")
}

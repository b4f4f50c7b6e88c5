//! What runs around a hub's methods, whichever they are.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    arguments::Arguments,
    call::{Started, panicked, start},
    caller::Caller,
    error::HubError,
    hub::AnyHub,
    methods::Answer,
    protocol::Payload,
};

/// Runs around the calls, connects and disconnects of a hub: for what all methods have in common, such
/// as logging, limits or translating errors.
///
/// Each hook decides whether and when `next` goes on: to the next filter, and after the last one to the
/// hub. Filters run in the order of [`HubOptions::filters`](crate::HubOptions::filters). A hook that is
/// left out goes on.
///
/// ```
/// use async_trait::async_trait;
/// use signalr_hub::{CallResult, HubCall, HubError, HubFilter, Next};
///
/// struct NoSwearing;
///
/// #[async_trait]
/// impl HubFilter for NoSwearing {
///     async fn invoke(&self, mut call: HubCall, next: Next<'_>) -> Result<CallResult, HubError> {
///         if call.method().eq_ignore_ascii_case("Say") {
///             let text: String = call.argument(0)?;
///             call.set_argument(0, &text.replace("damn", "d***"))?;
///         }
///         next.invoke(call).await
///     }
/// }
/// ```
#[async_trait]
pub trait HubFilter: Send + Sync + 'static {
    /// Runs around a call, after its caller was found to be allowed it.
    async fn invoke(&self, call: HubCall, next: Next<'_>) -> Result<CallResult, HubError> {
        next.invoke(call).await
    }

    /// Runs around [`Hub::connected`](crate::Hub::connected). An error ends the connection; a filter that
    /// does not go on leaves it open.
    async fn connected(&self, caller: &Caller, next: Next<'_>) -> Result<(), HubError> {
        next.connected(caller).await
    }

    /// Runs around [`Hub::disconnected`](crate::Hub::disconnected).
    async fn disconnected(&self, caller: &Caller, reason: Option<&HubError>, next: Next<'_>) {
        next.disconnected(caller, reason).await;
    }
}

/// What comes after a filter: the next one, or the hub.
pub struct Next<'a> {
    filters: &'a [Arc<dyn HubFilter>],
    hub: &'a dyn AnyHub,
}

impl<'a> Next<'a> {
    pub(crate) fn first(filters: &'a [Arc<dyn HubFilter>], hub: &'a dyn AnyHub) -> Self {
        Self { filters, hub }
    }

    /// Goes on with a call.
    pub async fn invoke(self, call: HubCall) -> Result<CallResult, HubError> {
        match self.rest() {
            Some((filter, next)) => filter.invoke(call, next).await,
            None => run(self.hub, call).await,
        }
    }

    /// Goes on with a client that connects.
    pub async fn connected(self, caller: &Caller) -> Result<(), HubError> {
        match self.rest() {
            Some((filter, next)) => filter.connected(caller, next).await,
            None => self.hub.connected(caller).await,
        }
    }

    /// Goes on with a connection that has ended.
    pub async fn disconnected(self, caller: &Caller, reason: Option<&HubError>) {
        match self.rest() {
            Some((filter, next)) => filter.disconnected(caller, reason, next).await,
            None => self.hub.disconnected(caller, reason).await,
        }
    }

    fn rest(&self) -> Option<(&'a dyn HubFilter, Self)> {
        let (filter, filters) = self.filters.split_first()?;
        let hub = self.hub;
        Some((&**filter, Self { filters, hub }))
    }
}

/// A call on its way to the hub's method.
pub struct HubCall {
    caller: Caller,
    method: String,
    arguments: Arguments,
}

impl HubCall {
    pub(crate) fn of(caller: Caller, method: String, arguments: Arguments) -> Self {
        Self {
            caller,
            method,
            arguments,
        }
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The method, as the client wrote it: in whatever case.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// How many arguments there are, without uploads.
    pub fn arguments(&self) -> usize {
        self.arguments.values().len()
    }

    /// An argument, counted from zero without uploads.
    pub fn argument<T: DeserializeOwned>(&self, position: usize) -> Result<T, HubError> {
        let argument = self.arguments.values().get(position);
        let argument = argument.ok_or_else(|| no_argument(position))?;
        Ok(argument.decode()?)
    }

    /// Puts another value in the place of an argument.
    pub fn set_argument(
        &mut self,
        position: usize,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), HubError> {
        let value = self.caller.protocol().encode(value)?;
        let argument = self.arguments.values_mut().get_mut(position);
        *argument.ok_or_else(|| no_argument(position))? = value;
        Ok(())
    }

    /// A result to give without calling the method.
    pub fn result(&self, value: &(impl Serialize + ?Sized)) -> Result<CallResult, HubError> {
        let value = self.caller.protocol().encode(value)?;
        Ok(CallResult(Outcome::Value(value)))
    }
}

/// What a method has answered: a value, or a stream of values.
pub struct CallResult(Outcome);

enum Outcome {
    Value(Payload),
    Stream(BoxStream<'static, Answer>),
}

impl CallResult {
    /// Whether the method answers with a stream.
    pub fn is_stream(&self) -> bool {
        matches!(self.0, Outcome::Stream(_))
    }

    /// The value; none if the answer is a stream.
    pub fn value<T: DeserializeOwned>(&self) -> Option<Result<T, HubError>> {
        match &self.0 {
            Outcome::Value(value) => Some(value.decode().map_err(HubError::from)),
            Outcome::Stream(_) => None,
        }
    }

    /// Another value in its place. An error if the answer is a stream.
    pub fn with(&self, value: &(impl Serialize + ?Sized)) -> Result<Self, HubError> {
        match &self.0 {
            Outcome::Value(before) => {
                let value = before.protocol.encode(value)?;
                Ok(Self(Outcome::Value(value)))
            }
            Outcome::Stream(_) => Err(unfit("a stream cannot be replaced by a value")),
        }
    }

    pub(crate) fn into_value(self) -> Answer {
        match self.0 {
            Outcome::Value(value) => Ok(value),
            Outcome::Stream(_) => Err(unfit("a filter answered with a stream, not a value")),
        }
    }

    pub(crate) fn into_stream(self) -> Result<BoxStream<'static, Answer>, HubError> {
        match self.0 {
            Outcome::Stream(stream) => Ok(stream),
            Outcome::Value(_) => Err(unfit("a filter answered with a value, not a stream")),
        }
    }
}

/// Calls the method itself.
async fn run(hub: &dyn AnyHub, call: HubCall) -> Result<CallResult, HubError> {
    let method = hub.find(&call.method).expect("it was found before");
    let started = start(method.run, call.caller, call.arguments);
    match started {
        Started::Refused(error) => Err(error.before_start()),
        Started::Panicked => Err(panicked()),
        Started::Plain(answer) => Ok(CallResult(Outcome::Value(answer.await?))),
        Started::Stream(answers) => Ok(CallResult(Outcome::Stream(answers.await?))),
    }
}

fn no_argument(position: usize) -> HubError {
    unfit(&format!("the call has no argument {position}"))
}

fn unfit(text: &str) -> HubError {
    HubError::internal("InvalidOperationException", text)
}

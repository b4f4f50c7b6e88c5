//! The arguments of calls: those clients send, and those sent to clients.

use std::{
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::Stream;
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::mpsc;

use crate::{
    error::HubError,
    protocol::{EncodeError, Payload, Protocol},
};

/// What a client sent with a call, not yet given types.
pub struct Arguments {
    values: std::vec::IntoIter<Payload>,
    uploads: std::vec::IntoIter<RawUpload>,
}

/// Items of one upload stream as they come in.
pub(crate) type RawUpload = mpsc::Receiver<Result<Payload, HubError>>;

impl Arguments {
    pub(crate) fn received(values: Vec<Payload>, uploads: Vec<RawUpload>) -> Self {
        Self {
            values: values.into_iter(),
            uploads: uploads.into_iter(),
        }
    }

    /// Those that were not taken yet, without uploads.
    pub(crate) fn values(&self) -> &[Payload] {
        self.values.as_slice()
    }

    pub(crate) fn values_mut(&mut self) -> &mut [Payload] {
        self.values.as_mut_slice()
    }

    pub(crate) fn are_taken(&self) -> bool {
        self.values.len() == 0 && self.uploads.len() == 0
    }
}

/// The client sent something else than the method takes.
#[derive(Debug)]
pub(crate) struct BindingFailed;

impl BindingFailed {
    pub(crate) const TYPE_NAME: &str = "InvalidDataException";
    pub(crate) const TEXT: &str = "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.";

    fn error() -> HubError {
        HubError::internal(Self::TYPE_NAME, Self::TEXT)
    }
}

/// A type that can be an argument of a hub method: everything that serde can read, and [`Upload`].
pub trait Argument: Sized + Send + 'static {
    #[doc(hidden)]
    const VALUES: usize;
    #[doc(hidden)]
    const STREAMS: usize;
    #[doc(hidden)]
    fn take(arguments: &mut Arguments) -> Result<Self, HubError>;
}

impl<T: DeserializeOwned + Send + 'static> Argument for T {
    const VALUES: usize = 1;
    const STREAMS: usize = 0;

    fn take(arguments: &mut Arguments) -> Result<Self, HubError> {
        let value = arguments.values.next();
        value
            .and_then(|value| value.decode().ok())
            .ok_or_else(BindingFailed::error)
    }
}

/// A stream that the client sends as an argument of a call.
///
/// It ends when the client ends it, and with an error when the client says so, sends an item of
/// another type, or leaves. A client that sends faster than the method reads is made to wait.
pub struct Upload<T> {
    items: RawUpload,
    item: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + 'static> Argument for Upload<T> {
    const VALUES: usize = 0;
    const STREAMS: usize = 1;

    fn take(arguments: &mut Arguments) -> Result<Self, HubError> {
        let items = arguments.uploads.next().ok_or_else(BindingFailed::error)?;
        Ok(Self {
            items,
            item: PhantomData,
        })
    }
}

impl<T: DeserializeOwned> Stream for Upload<T> {
    type Item = Result<T, HubError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.items.poll_recv(context).map(|item| {
            item.map(|item| {
                let failed =
                    |error| HubError::new(format!("Failed to bind Stream message. {error}"));
                item?.decode().map_err(failed)
            })
        })
    }
}

/// The arguments of a call to clients: a tuple of up to eight values that serde can write.
pub trait ClientArguments: Send + Sync {
    #[doc(hidden)]
    fn encode(&self, protocol: Encoding) -> Result<Payload, EncodeError>;
}

/// How arguments are to be written.
pub struct Encoding(pub(crate) Protocol);

impl ClientArguments for () {
    fn encode(&self, protocol: Encoding) -> Result<Payload, EncodeError> {
        // Serde writes the empty tuple as null; a call without arguments has an empty list.
        let none: [(); 0] = [];
        protocol.0.encode(&none)
    }
}

macro_rules! client_arguments_of {
    ($($argument:ident),+) => {
        impl<$($argument: Serialize + Send + Sync),+> ClientArguments for ($($argument,)+) {
            fn encode(&self, protocol: Encoding) -> Result<Payload, EncodeError> {
                protocol.0.encode(self)
            }
        }
    };
}

client_arguments_of!(A1);
client_arguments_of!(A1, A2);
client_arguments_of!(A1, A2, A3);
client_arguments_of!(A1, A2, A3, A4);
client_arguments_of!(A1, A2, A3, A4, A5);
client_arguments_of!(A1, A2, A3, A4, A5, A6);
client_arguments_of!(A1, A2, A3, A4, A5, A6, A7);
client_arguments_of!(A1, A2, A3, A4, A5, A6, A7, A8);

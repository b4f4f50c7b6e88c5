//! What can go wrong in a hub method and when sending.

use std::borrow::Cow;

use crate::{backplane::BackplaneError, protocol::EncodeError};

/// Why a hub method failed, as far as a client may know.
///
/// [`HubError::new`] makes an error whose text the client sees. Every other error (`?` on any
/// [`std::error::Error`]) is hidden from clients unless
/// [`detailed_errors`](crate::HubOptions::detailed_errors) is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubError {
    type_name: Cow<'static, str>,
    message: String,
    is_shown: bool,
    /// The method did not even begin.
    is_before_start: bool,
}

impl HubError {
    /// An error whose text is for the client: it reads `HubException: <message>`.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            type_name: "HubException".into(),
            message: message.into(),
            is_shown: true,
            is_before_start: false,
        }
    }

    /// An error under a name of your own, which only detailed errors show.
    pub fn internal(type_name: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            type_name: type_name.into(),
            message: message.into(),
            is_shown: false,
            is_before_start: false,
        }
    }

    /// The text, whoever may see it.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn before_start(mut self) -> Self {
        self.is_before_start = true;
        self
    }

    pub(crate) fn is_before_start(&self) -> bool {
        self.is_before_start
    }

    /// `sentence`, followed by type and message if the client may know them.
    pub(crate) fn explain(&self, sentence: &str, detailed: bool) -> String {
        if detailed || self.is_shown {
            format!("{sentence} {}: {}", self.type_name, self.message)
        } else {
            sentence.to_owned()
        }
    }
}

impl std::fmt::Display for HubError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.type_name, self.message)
    }
}

/// `HubError` itself is no [`std::error::Error`], so that `?` accepts all that are.
impl<E: std::error::Error> From<E> for HubError {
    fn from(error: E) -> Self {
        let path = std::any::type_name::<E>();
        let without_generics = path.split('<').next().unwrap_or(path);
        let name = without_generics.rsplit("::").next().unwrap_or(path);
        Self::internal(name.to_owned(), error.to_string())
    }
}

/// A message could not be handed to the hub. Receivers that are slow or gone are no error.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Nobody gets it; sending it again cannot succeed.
    #[error("the arguments cannot be written")]
    Encode(#[from] EncodeError),
    /// Clients of other servers may not get it; it may be sent again.
    #[error("the other servers cannot be told")]
    Backplane(#[from] BackplaneError),
}

/// A client was asked for a result and gave none.
#[derive(Debug, thiserror::Error)]
pub enum ClientResultError {
    /// No such connection, on any server.
    #[error("Connection '{0}' does not exist.")]
    NotConnected(String),
    /// It was there when asked and left before it answered.
    #[error("Connection '{0}' disconnected.")]
    Disconnected(String),
    /// The client's handler failed, in its words.
    #[error("{0}")]
    Client(String),
    /// The client answered with a value of another type.
    #[error("Error trying to deserialize result to {expected}. {reason}")]
    WrongType {
        /// The Rust type that was asked for.
        expected: &'static str,
        /// What does not fit.
        reason: String,
    },
    /// A client that is still connecting cannot answer.
    #[error("Client results inside OnConnectedAsync Hub methods are not allowed.")]
    StillConnecting,
    /// No answer within the time given.
    #[error("the client did not answer in time")]
    TimedOut,
    /// The question could not be sent.
    #[error(transparent)]
    Send(#[from] SendError),
}

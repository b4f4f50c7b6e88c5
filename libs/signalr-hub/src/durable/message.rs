//! A call of a client method that waits until it has reached its user.

use bytes::Bytes;

use super::{InboxError, acknowledgement};
use crate::{
    arguments::{ClientArguments, Encoding},
    protocol::{EncodeError, Payload, Protocol},
};

/// A call of a client method, to be stored.
///
/// Arguments are kept as JSON, whatever protocol a client will speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DurableMessage {
    method: String,
    arguments: String,
    has_number: bool,
}

/// A message as it waits for its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedMessage {
    /// The first message to a user has number 1, each other one more than the one before.
    pub number: u64,
    /// What to call, and with what.
    pub message: DurableMessage,
}

impl DurableMessage {
    /// A call of a client's `method`. Arguments are a tuple, as of
    /// [`Recipients::send`](crate::Recipients::send).
    #[expect(clippy::needless_pass_by_value, reason = "it reads as `send` does")]
    pub fn new(method: &str, arguments: impl ClientArguments) -> Result<Self, EncodeError> {
        let arguments = arguments.encode(Encoding(Protocol::Json))?;
        let arguments = String::from_utf8(arguments.bytes.into());
        Ok(Self {
            method: method.to_owned(),
            arguments: arguments.expect("JSON is UTF-8"),
            has_number: false,
        })
    }

    /// Puts the message's number before its arguments, by which a client knows what it has seen.
    pub fn with_number(mut self) -> Self {
        self.has_number = true;
        self
    }

    /// Takes a message out of a store: `arguments` is a JSON array.
    pub fn stored(method: String, arguments: String, has_number: bool) -> Result<Self, InboxError> {
        serde_json::from_str::<Vec<&serde_json::value::RawValue>>(&arguments)
            .map_err(InboxError::caused_by)?;
        Ok(Self {
            method,
            arguments,
            has_number,
        })
    }

    /// The client method.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The arguments, a JSON array, without the number.
    pub fn arguments(&self) -> &str {
        &self.arguments
    }

    /// Whether the number goes before the arguments.
    pub fn has_number(&self) -> bool {
        self.has_number
    }
}

impl NumberedMessage {
    /// The call as it goes to a client.
    pub(super) fn write(&self, protocol: Protocol) -> Result<Bytes, EncodeError> {
        let arguments = self.arguments();
        let arguments = match protocol {
            Protocol::Json => Payload {
                protocol,
                bytes: arguments.into(),
            },
            Protocol::MessagePack => {
                protocol.encode(&serde_json::from_str::<serde_json::Value>(&arguments)?)?
            }
        };
        let id = acknowledgement::id_for(self.number);
        Ok(protocol.invocation(Some(&id), &self.message.method, &arguments))
    }

    fn arguments(&self) -> String {
        let Self { number, message } = self;
        let rest = message.arguments.trim_start();
        let rest = rest.strip_prefix('[').unwrap_or(rest);
        match (message.has_number, rest.trim_start()) {
            (false, _) => message.arguments.clone(),
            (true, "]") => format!("[{number}]"),
            (true, rest) => format!("[{number},{rest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments_of(message: DurableMessage) -> String {
        let number = 7;
        NumberedMessage { number, message }.arguments()
    }

    #[test]
    fn the_number_goes_before_the_arguments() {
        let message = DurableMessage::new("Told", (["a", "b"], 2)).unwrap();

        assert_eq!(arguments_of(message.clone()), r#"[["a","b"],2]"#);
        assert_eq!(arguments_of(message.with_number()), r#"[7,["a","b"],2]"#);
    }

    #[test]
    fn the_number_may_be_the_only_argument() {
        let message = DurableMessage::new("Told", ()).unwrap();

        assert_eq!(arguments_of(message.clone()), "[]");
        assert_eq!(arguments_of(message.with_number()), "[7]");
    }

    #[test]
    fn what_is_no_list_of_arguments_is_refused() {
        for text in ["", "{}", "1", "[1", "[1] [2]"] {
            let stored = DurableMessage::stored("Told".to_owned(), text.to_owned(), false);
            assert!(stored.is_err(), "{text}");
        }
    }
}

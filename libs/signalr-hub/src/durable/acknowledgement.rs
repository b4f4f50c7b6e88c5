//! How a client's answer tells which message it has.

/// No other call to a client has such an id: those hold no colon.
const PREFIX: &str = "inbox:";

/// The invocation id of a message.
pub(super) fn id_for(number: u64) -> String {
    format!("{PREFIX}{number}")
}

/// The number of the message that an answer is about; none if it answers another call.
pub(crate) fn number_of(invocation: &str) -> Option<u64> {
    invocation.strip_prefix(PREFIX)?.parse().ok()
}

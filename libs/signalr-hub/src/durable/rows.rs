//! What the tables of both databases hold, whatever their SQL.

use super::{DurableMessage, InboxError, NumberedMessage};

/// A number, a method, its arguments, and whether the number comes before them.
pub(super) type MessageRow = (i64, String, String, bool);

pub(super) fn message_of(row: MessageRow) -> Result<NumberedMessage, InboxError> {
    let (number, method, arguments, has_number) = row;
    Ok(NumberedMessage {
        number: number.unsigned_abs(),
        message: DurableMessage::stored(method, arguments, has_number)?,
    })
}

/// A user, and the number of their newest message.
pub(super) type NewestRow = (String, i64);

pub(super) fn newest_of(row: NewestRow) -> (String, u64) {
    let (user, number) = row;
    (user, number.unsigned_abs())
}

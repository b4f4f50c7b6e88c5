//! What hubs are called where several share a database.

use super::BackplaneError;

/// Longest hub name that still makes a valid channel name of PostgreSQL.
const MAX_NAME: usize = 40;

pub(super) fn check_name(name: &str) -> Result<(), BackplaneError> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_plain) {
        return Ok(());
    }
    Err(BackplaneError::because(format!(
        "a hub's name is 1 to {MAX_NAME} of a-z, 0-9 and _, not {name:?}"
    )))
}

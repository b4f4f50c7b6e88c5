//! Query strings: their names are compared without regard to case.

use http::{Uri, uri::PathAndQuery};

/// The decoded value of the first parameter of this name.
pub(crate) fn find(query: &str, name: &str) -> Option<String> {
    pairs(query)
        .find(|(held, _)| decode(held).eq_ignore_ascii_case(name))
        .map(|(_, value)| decode(value))
}

/// Takes all parameters of this name out of `uri` and gives back the first value.
pub(crate) fn take(uri: &mut Uri, name: &str) -> Option<String> {
    let query = uri.query()?;
    let value = find(query, name)?;

    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            let held = pair.split('=').next().unwrap_or(pair);
            !decode(held).eq_ignore_ascii_case(name)
        })
        .collect();
    let shortened = match rest.as_slice() {
        [] => uri.path().to_owned(),
        rest => format!("{}?{}", uri.path(), rest.join("&")),
    };
    replace_path_and_query(uri, &shortened);
    Some(value)
}

/// Puts another path and query into `uri`; they must be made of parts of a valid one.
pub(crate) fn replace_path_and_query(uri: &mut Uri, path_and_query: &str) {
    let mut parts = std::mem::take(uri).into_parts();
    let replaced = PathAndQuery::try_from(path_and_query);
    parts.path_and_query = Some(replaced.unwrap_or_else(|_| PathAndQuery::from_static("/")));
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Undoes percent-encoding; what is not valid stays as it is.
fn decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let byte = match first {
            b'+' => Some((b' ', tail)),
            b'%' => hex_pair(tail).map(|byte| (byte, &tail[2..])),
            _ => None,
        };
        let (byte, tail) = byte.unwrap_or((first, tail));
        decoded.push(byte);
        rest = tail;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex_pair(text: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let value = digit(*text.first()?)? * 16 + digit(*text.get(1)?)?;
    u8::try_from(value).ok()
}

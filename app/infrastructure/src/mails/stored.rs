//! Reads the mails that this program has written itself; it is no reader for anyone else's.

use application::ports::{MailId, StoredMail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;

/// `None` for a file that is no mail of ours.
pub fn read(id: &MailId, text: &str, created_at: Timestamp) -> Option<StoredMail> {
    let text = text.replace("\r\n", "\n");
    let (headers, body) = text.split_once("\n\n")?;
    Some(StoredMail {
        id: id.clone(),
        from: header(headers, "From")?,
        to: header(headers, "To")?,
        subject: decoded(&header(headers, "Subject")?),
        text: part(headers, body, "text/plain")?,
        html: part(headers, body, "text/html"),
        created_at,
    })
}

/// The value of a header; a line that begins with a space goes on with the one before.
fn header(headers: &str, name: &str) -> Option<String> {
    let unfolded = headers.replace("\n ", " ").replace("\n\t", " ");
    unfolded.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    })
}

fn part(headers: &str, body: &str, kind: &str) -> Option<String> {
    let content = header(headers, "Content-Type")?;
    let boundary = content.split("boundary=\"").nth(1)?.split('"').next()?;
    let separator = format!("--{boundary}");

    body.split(&separator).find_map(|part| {
        let (headers, text) = part.split_once("\n\n")?;
        let is_wanted = header(headers, "Content-Type")?.starts_with(kind);
        is_wanted.then(|| text.strip_suffix('\n').unwrap_or(text).to_owned())
    })
}

/// Undoes `=?utf-8?b?…?=`; spaces between two such words are no part of the text.
fn decoded(value: &str) -> String {
    let mut text = String::new();
    let mut after_encoded = false;
    for word in value.split(' ') {
        let encoded = encoded_word(word);
        let is_one_word = after_encoded && encoded.is_some();
        if !(text.is_empty() || is_one_word) {
            text.push(' ');
        }
        after_encoded = encoded.is_some();
        text.push_str(encoded.as_deref().unwrap_or(word));
    }
    text
}

fn encoded_word(word: &str) -> Option<String> {
    let encoded = word.strip_prefix("=?utf-8?b?")?.strip_suffix("?=")?;
    String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()
}

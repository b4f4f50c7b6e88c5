use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The name of the hidden field that every form carries.
pub(crate) const FIELD: &str = "form-token";

/// The name of the cookie that holds the browser's half.
pub(crate) const COOKIE: &str = "job_dashboard_session";

/// Proves that a form was made by this dashboard, for this actor, in this browser: the keyed hash
/// of the actor and of a random number in a cookie. Another site can neither read the token nor
/// make one, and one actor's token is worth nothing in another's hands.
#[derive(Clone)]
pub(crate) struct FormTokens {
    key: [u8; 32],
}

impl FormTokens {
    pub(crate) const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    pub(crate) fn issue(&self, actor: &str, session: &str) -> String {
        to_hex(&self.mac(actor, session).finalize().into_bytes())
    }

    pub(crate) fn accepts(&self, token: &str, actor: &str, session: &str) -> bool {
        from_hex(token).is_some_and(|bytes| self.mac(actor, session).verify_slice(&bytes).is_ok())
    }

    fn mac(&self, actor: &str, session: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes any key");
        // The length keeps `ab` + `c` apart from `a` + `bc`.
        mac.update(&(actor.len() as u64).to_be_bytes());
        mac.update(actor.as_bytes());
        mac.update(session.as_bytes());
        mac
    }
}

/// The random number for a browser that has none yet.
pub(crate) fn new_session() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Whether a cookie's value can be one of ours.
pub(crate) fn is_session(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from_digit(u32::from(byte >> 4), 16).expect("a half byte is one digit"));
        text.push(char::from_digit(u32::from(byte & 15), 16).expect("a half byte is one digit"));
    }

    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }

    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_actor_and_browser_alone() {
        let tokens = FormTokens::new([7; 32]);

        let token = tokens.issue("ada", "browser-1");

        assert!(tokens.accepts(&token, "ada", "browser-1"));
        assert!(!tokens.accepts(&token, "bob", "browser-1"));
        assert!(!tokens.accepts(&token, "ada", "browser-2"));
        assert!(!tokens.accepts(&token, "adab", "rowser-1"));
        assert!(!FormTokens::new([8; 32]).accepts(&token, "ada", "browser-1"));
    }

    #[test]
    fn what_is_no_token_is_not_accepted() {
        let tokens = FormTokens::new([7; 32]);

        for token in ["", "00", "zz", &"é".repeat(32), &"+1".repeat(32)] {
            assert!(!tokens.accepts(token, "ada", "browser-1"), "{token}");
        }
    }
}

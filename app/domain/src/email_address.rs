use std::fmt;
use std::str::FromStr;

/// An e-mail address that a mail server somewhere can be asked for, in lower case.
///
/// Two spellings that differ in case alone are the same person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address such as ada@example.org")]
pub struct InvalidEmailAddress;

impl EmailAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split_once('@').map_or(&*self.0, |(local, _)| local)
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmailAddress;

    fn from_str(text: &str) -> Result<Self, InvalidEmailAddress> {
        let text = text.trim();
        let (local, host) = text.split_once('@').ok_or(InvalidEmailAddress)?;
        let valid = text.len() <= 254 && is_local_part(local) && is_host(host);
        valid
            .then(|| Self(text.to_ascii_lowercase()))
            .ok_or(InvalidEmailAddress)
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local_part(text: &str) -> bool {
    text.len() <= 64
        && text.split('.').all(|atom| {
            !atom.is_empty()
                && atom
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        })
}

fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let is_complete = labels.len() >= 2 || text.eq_ignore_ascii_case("localhost");
    is_complete && labels.into_iter().all(is_label)
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_differ_in_case_are_the_same() {
        let typed: EmailAddress = " Ada.Lovelace@Example.ORG ".parse().expect("an address");

        assert_eq!(typed.as_str(), "ada.lovelace@example.org");
    }

    #[test]
    fn ordinary_addresses_are_taken() {
        for text in [
            "a@b.co",
            "ada+diquis@sub.example.org",
            "admin@localhost",
            "o'neill@x-y.example",
        ] {
            assert!(text.parse::<EmailAddress>().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_could_break_a_mail_header_is_refused() {
        for text in [
            "ada@example.org\r\nBcc: eve@example.org",
            "ada\0@example.org",
            "ada lovelace@example.org",
            "\"ada\"@example.org",
            "ada@example.org,eve@example.org",
            "<ada@example.org>",
        ] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn incomplete_addresses_are_refused() {
        for text in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "ada@example",
            "a..b@example.org",
            "ada@-x.org",
            "a@b@c.org",
        ] {
            assert!(text.parse::<EmailAddress>().is_err(), "{text:?}");
        }
    }
}

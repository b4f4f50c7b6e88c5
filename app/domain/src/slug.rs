use std::fmt;
use std::str::FromStr;

use crate::tenant_name::TenantName;
use crate::transliteration::to_ascii;

/// What a tenant is called in addresses: `^[a-z0-9]+(-[a-z0-9]+)*$`, 2 to 63 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slug(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSlug {
    #[error("a slug has 2 to 63 characters")]
    Length,
    #[error("a slug has lower-case letters a to z, digits, and single hyphens between them")]
    Characters,
    #[error("this slug is reserved")]
    Reserved,
    /// A name such as `株式会社`, of which no letter is left.
    #[error("no slug can be made from this name; give one")]
    NothingLeft,
}

const MIN: usize = 2;
const MAX: usize = 63;

/// Words that mean something as a host name or as a path of the product.
const RESERVED: &[&str] = &[
    "about",
    "account",
    "admin",
    "administrator",
    "api",
    "app",
    "assets",
    "auth",
    "autodiscover",
    "billing",
    "blog",
    "cdn",
    "demo",
    "diquis",
    "docs",
    "email",
    "ftp",
    "hangfire",
    "health",
    "help",
    "hubs",
    "imap",
    "login",
    "logout",
    "mail",
    "mails",
    "metrics",
    "ns1",
    "ns2",
    "pop",
    "register",
    "root",
    "security",
    "set-password",
    "sign-in",
    "sign-up",
    "signin",
    "signup",
    "smtp",
    "static",
    "status",
    "superadmin",
    "support",
    "system",
    "tenant",
    "tenants",
    "webmail",
    "www",
];

impl Slug {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes a slug from a name: `Müller & Söhne GmbH` is `mueller-soehne-gmbh`.
    pub fn from_name(name: &TenantName) -> Result<Self, InvalidSlug> {
        let text = joined_words(&to_ascii(name.as_str()));
        let text = text[..text.len().min(MAX)].trim_end_matches('-');
        if text.is_empty() {
            return Err(InvalidSlug::NothingLeft);
        }
        text.parse()
    }
}

impl FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, InvalidSlug> {
        if !(MIN..=MAX).contains(&text.chars().count()) {
            return Err(InvalidSlug::Length);
        }
        if !text.split('-').all(is_word) {
            return Err(InvalidSlug::Characters);
        }
        if RESERVED.contains(&text) {
            return Err(InvalidSlug::Reserved);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn joined_words(ascii: &str) -> String {
    ascii
        .to_ascii_lowercase()
        .replace('\'', "")
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn from_name(name: &str) -> Result<String, InvalidSlug> {
        let name = name.parse().expect("a name");
        Slug::from_name(&name).map(|slug| slug.as_str().to_owned())
    }

    #[test]
    fn a_slug_is_made_from_a_name() {
        assert_eq!(from_name("Acme").as_deref(), Ok("acme"));
        assert_eq!(
            from_name("Müller & Söhne GmbH").as_deref(),
            Ok("mueller-soehne-gmbh")
        );
        assert_eq!(
            from_name("Café d'Été – Łódź").as_deref(),
            Ok("cafe-dete-lodz")
        );
        assert_eq!(from_name("  --3 Øre/Ære--  ").as_deref(), Ok("3-oere-aere"));
    }

    #[test]
    fn a_long_name_makes_a_slug_that_ends_in_a_word() {
        let name = format!("{} b", "a".repeat(62));

        assert_eq!(from_name(&name), Ok("a".repeat(62)));
    }

    #[test]
    fn a_name_without_a_latin_letter_needs_a_slug_of_its_own() {
        assert_eq!(from_name("株式会社"), Err(InvalidSlug::NothingLeft));
    }

    #[test]
    fn reserved_words_are_refused() {
        assert_eq!("hangfire".parse::<Slug>(), Err(InvalidSlug::Reserved));
        assert_eq!(from_name("Sign up"), Err(InvalidSlug::Reserved));
    }

    #[test]
    fn malformed_slugs_are_refused() {
        for text in ["Acme", "a_b", "-ab", "ab-", "a--b", "a b", "ä-b"] {
            assert_eq!(text.parse::<Slug>(), Err(InvalidSlug::Characters), "{text}");
        }
        for text in ["", "a", &"a".repeat(64)] {
            assert_eq!(text.parse::<Slug>(), Err(InvalidSlug::Length), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_name_a_slug_made_from_it_is_a_slug(name in "\\PC{2,100}") {
            let Ok(name) = name.parse() else { return Ok(()) };
            if let Ok(slug) = Slug::from_name(&name) {
                prop_assert_eq!(slug.as_str().parse(), Ok(slug.clone()));
            }
        }
    }
}

use std::fmt;
use std::str::FromStr;

/// What a tenant is called: 2 to 100 characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantName(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTenantName {
    #[error("a name has 2 to 100 characters")]
    Length,
    #[error("a name has no line breaks, control characters or invisible characters")]
    Control,
}

impl TenantName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantName {
    type Err = InvalidTenantName;

    fn from_str(text: &str) -> Result<Self, InvalidTenantName> {
        let text = text.trim();
        if !(2..=100).contains(&text.chars().count()) {
            return Err(InvalidTenantName::Length);
        }
        if text.chars().any(|c| c.is_control() || is_invisible(c)) {
            return Err(InvalidTenantName::Control);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Line separators and marks that turn the direction of text: a name that has one can make a log
/// line, a mail or a page say something else than it holds.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed() {
        let name: TenantName = "  Acme GmbH ".parse().expect("a name");

        assert_eq!(name.as_str(), "Acme GmbH");
    }

    #[test]
    fn a_name_cannot_smuggle_a_line_or_a_direction() {
        for text in [
            "Acme\r\nBcc: eve@example.org",
            "Acme\0",
            "Acme\u{202E}",
            "A\u{85}b",
        ] {
            assert_eq!(text.parse::<TenantName>(), Err(InvalidTenantName::Control));
        }
    }

    #[test]
    fn a_name_has_a_length() {
        assert_eq!("A".parse::<TenantName>(), Err(InvalidTenantName::Length));
        assert!("Ä".repeat(100).parse::<TenantName>().is_ok());
        assert!("Ä".repeat(101).parse::<TenantName>().is_err());
    }
}

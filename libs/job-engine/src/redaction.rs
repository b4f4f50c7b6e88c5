use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde::de::IgnoredAny;

/// Deeper nesting is hidden as a whole.
const DEEPEST: usize = 64;

/// Which fields of which jobs' arguments nobody is shown, by [`Job::REDACTED`](crate::Job::REDACTED).
/// Made by [`Registry::redactions`](crate::Registry::redactions); the default hides nothing.
///
/// Arguments of kinds that are not in the registry are shown as they are.
#[derive(Debug, Clone, Default)]
pub struct Redactions {
    fields: HashMap<String, &'static [&'static str]>,
}

/// Arguments were edited where a hidden value stands, and it cannot be told which one is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} stands where the job has no hidden value: write the value instead",
    Redactions::PLACEHOLDER
)]
pub struct NothingHidden;

impl Redactions {
    /// What is shown instead of a hidden value, as JSON.
    pub const PLACEHOLDER: &'static str = r#""[redacted]""#;

    pub(crate) fn add(&mut self, kind: &str, fields: &'static [&'static str]) {
        if !fields.is_empty() {
            self.fields.insert(kind.to_owned(), fields);
        }
    }

    /// Arguments of this kind of job, as they may be shown. What cannot be understood is hidden
    /// as a whole.
    pub fn hide<'a>(&self, kind: &str, arguments: &'a str) -> Cow<'a, str> {
        let Some(names) = self.fields.get(kind) else {
            return Cow::Borrowed(arguments);
        };
        let Some(secrets) = Scan::of(arguments, names) else {
            return Cow::Borrowed(Self::PLACEHOLDER);
        };

        let hidden = secrets
            .iter()
            .map(|secret| (&secret.place, Self::PLACEHOLDER));
        Cow::Owned(replaced(arguments, hidden))
    }

    /// Edited arguments of this kind of job, with the values of `original` where
    /// [`hide`](Self::hide) had put [`PLACEHOLDER`](Self::PLACEHOLDER).
    pub fn restore(
        &self,
        kind: &str,
        edited: &str,
        original: &str,
    ) -> Result<String, NothingHidden> {
        let Some(names) = self.fields.get(kind) else {
            return Ok(edited.to_owned());
        };
        let (Some(secrets), Some(mut hidden)) =
            (Scan::of(edited, names), Scan::of(original, names))
        else {
            return Err(NothingHidden);
        };

        let mut values = Vec::new();
        for secret in &secrets {
            if &edited[secret.place.clone()] == Self::PLACEHOLDER {
                let same = hidden.iter().position(|other| other.path == secret.path);
                let same = hidden.remove(same.ok_or(NothingHidden)?);
                values.push((&secret.place, &original[same.place]));
            }
        }
        Ok(replaced(edited, values))
    }
}

/// The text with these places taken by these values.
fn replaced<'a>(
    text: &str,
    values: impl IntoIterator<Item = (&'a Range<usize>, &'a str)>,
) -> String {
    let mut result = String::with_capacity(text.len());
    let mut copied = 0;
    for (place, value) in values {
        result.push_str(&text[copied..place.start]);
        result.push_str(value);
        copied = place.end;
    }
    result.push_str(&text[copied..]);
    result
}

/// The value of a secret field.
#[derive(Debug)]
struct Secret {
    /// Names and positions, from the outside to the inside.
    path: Vec<String>,
    place: Range<usize>,
}

/// Looks for secrets in JSON text. Reading it into values would lose digits and order.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    names: &'a [&'static str],
    path: Vec<String>,
    found: Vec<Secret>,
}

impl<'a> Scan<'a> {
    /// The secrets in their order; `None` when the text is no JSON, or nested too deeply.
    fn of(text: &'a str, names: &'a [&'static str]) -> Option<Vec<Secret>> {
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        let mut scan = Self {
            text,
            at: 0,
            names,
            path: Vec::new(),
            found: Vec::new(),
        };
        scan.value()?;
        Some(scan.found)
    }

    fn value(&mut self) -> Option<()> {
        if self.path.len() > DEEPEST {
            return None;
        }
        match self.next()? {
            b'{' => self.fields()?,
            b'[' => self.elements()?,
            b'"' => {
                self.string()?;
            }
            _ => self.word(),
        }
        Some(())
    }

    fn fields(&mut self) -> Option<()> {
        self.at += 1;
        while self.next()? != b'}' {
            let name: String = serde_json::from_str(self.string()?).ok()?;
            self.skip(b':')?;
            self.next()?;
            let start = self.at;
            let known = self.found.len();
            let is_secret = self.names.contains(&name.as_str());
            self.path.push(name);
            self.value()?;
            if is_secret {
                // What lies within it is hidden with it.
                self.found.truncate(known);
                self.found.push(Secret {
                    path: self.path.clone(),
                    place: start..self.at,
                });
            }
            self.path.pop();
            self.skip_comma();
        }
        self.at += 1;
        Some(())
    }

    fn elements(&mut self) -> Option<()> {
        self.at += 1;
        let mut position: usize = 0;
        while self.next()? != b']' {
            self.path.push(position.to_string());
            self.value()?;
            self.path.pop();
            position += 1;
            self.skip_comma();
        }
        self.at += 1;
        Some(())
    }

    /// The string that begins here, with its quotes.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        // The first quote does not end it.
        let mut is_escaped = true;
        for (offset, byte) in self.text.as_bytes()[start..].iter().enumerate() {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => {
                    self.at = start + offset + 1;
                    return Some(&self.text[start..self.at]);
                }
                _ => {}
            }
        }
        None
    }

    /// Numbers, `true`, `false` and `null`.
    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let ends = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | ']' | '}');
        self.at += rest.find(ends).unwrap_or(rest.len());
    }

    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, expected: u8) -> Option<()> {
        if self.next()? != expected {
            return None;
        }
        self.at += 1;
        Some(())
    }

    fn skip_comma(&mut self) {
        if self.next() == Some(b',') {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactions() -> Redactions {
        let mut redactions = Redactions::default();
        redactions.add("charge", &["card", "token"]);
        redactions
    }

    fn hidden(arguments: &str) -> String {
        redactions().hide("charge", arguments).into_owned()
    }

    #[test]
    fn a_secret_is_hidden_wherever_it_stands() {
        for (arguments, shown) in [
            (
                r#"{"card":"4111","id":7}"#,
                r#"{"card":"[redacted]","id":7}"#,
            ),
            (
                r#"{"who":[1,{"token" : {"card":1,"b":[2]} }],"x":null}"#,
                r#"{"who":[1,{"token" : "[redacted]" }],"x":null}"#,
            ),
            (r#"{"c\u0061rd":true}"#, r#"{"c\u0061rd":"[redacted]"}"#),
            (
                r#"{"card":1,"card":2}"#,
                r#"{"card":"[redacted]","card":"[redacted]"}"#,
            ),
            (
                r#"{"a":"card","b":["card"]}"#,
                r#"{"a":"card","b":["card"]}"#,
            ),
            (
                r#"{"a":"\"","card":"\\\"}"}"#,
                r#"{"a":"\"","card":"[redacted]"}"#,
            ),
        ] {
            assert_eq!(hidden(arguments), shown);
        }
    }

    #[test]
    fn what_is_not_secret_keeps_every_digit() {
        let arguments = r#" { "id" : 12345678901234567890123 , "x" : 1e400 } "#;

        assert_eq!(hidden(arguments), arguments);
    }

    #[test]
    fn other_kinds_are_shown_as_they_are() {
        let arguments = r#"{"card":"4111"}"#;

        assert_eq!(redactions().hide("ship", arguments), arguments);
    }

    #[test]
    fn what_cannot_be_understood_is_hidden_as_a_whole() {
        let tower = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for arguments in ["", "{", "4111 4111", r#"{"card":"#, &tower] {
            assert_eq!(hidden(arguments), Redactions::PLACEHOLDER);
        }
    }

    #[test]
    fn an_edited_copy_gets_its_secrets_back() {
        let original = r#"{"card":"4111","id":1,"more":[{"token":[1,2]},{"token":3}]}"#;
        let edited = hidden(original).replace("\"id\":1", "\"id\":2");

        let restored = redactions().restore("charge", &edited, original);

        let expected = original.replace("\"id\":1", "\"id\":2");
        assert_eq!(restored, Ok(expected));
    }

    #[test]
    fn a_secret_can_be_replaced() {
        let restored = redactions().restore("charge", r#"{"card":"5"}"#, r#"{"card":"4111"}"#);

        assert_eq!(restored.as_deref(), Ok(r#"{"card":"5"}"#));
    }

    #[test]
    fn a_placeholder_where_nothing_was_hidden_is_refused() {
        for edited in [
            r#"{"token":"[redacted]"}"#,
            r#"{"card":"[redacted]","more":{"card":"[redacted]"}}"#,
            r#"{"card":"[redacted]","card":"[redacted]"}"#,
        ] {
            let restored = redactions().restore("charge", edited, r#"{"card":"4111"}"#);
            assert_eq!(restored, Err(NothingHidden), "{edited}");
        }
    }
}

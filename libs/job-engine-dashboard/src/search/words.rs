use std::iter::Peekable;
use std::str::Chars;

use super::Misunderstanding;

/// One word of a search: `text`, `field:value`, `field:one,two`, each perhaps after a minus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) negated: bool,
    pub(super) field: Option<String>,
    /// What stands between the commas.
    pub(super) values: Vec<String>,
}

impl Word {
    /// The values as they were written.
    pub(super) fn text(&self) -> String {
        self.values.join(",")
    }
}

/// Cuts a search into words. White space and commas in quotes belong to the word.
pub(super) fn words(text: &str) -> Result<Vec<Word>, Misunderstanding> {
    let mut letters = text.chars().peekable();
    let mut words = Vec::new();
    while skip_space(&mut letters) {
        words.push(word(&mut letters)?);
    }
    Ok(words)
}

fn skip_space(letters: &mut Peekable<Chars<'_>>) -> bool {
    while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
    letters.peek().is_some()
}

fn word(letters: &mut Peekable<Chars<'_>>) -> Result<Word, Misunderstanding> {
    let mut word = Word {
        negated: letters.next_if_eq(&'-').is_some(),
        field: None,
        values: vec![String::new()],
    };
    let mut was_quoted = false;
    while let Some(letter) = letters.next_if(|letter| !letter.is_whitespace()) {
        match letter {
            '"' => {
                was_quoted = true;
                word.last().push_str(&quoted(letters)?);
            }
            ':' if word.field.is_none() && !was_quoted && is_field(word.last()) => {
                word.field = word.values.pop();
                word.values.push(String::new());
            }
            ',' if word.field.is_some() => word.values.push(String::new()),
            letter => word.last().push(letter),
        }
    }
    Ok(word)
}

impl Word {
    fn last(&mut self) -> &mut String {
        self.values.last_mut().expect("there is always one")
    }
}

/// Addresses and times hold colons as well: `https://…`, `12:30`.
fn is_field(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.starts_with(char::is_alphabetic)
        && text.chars().all(is_part)
        && !matches!(text, "http" | "https")
}

fn quoted(letters: &mut Peekable<Chars<'_>>) -> Result<String, Misunderstanding> {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return Ok(text),
            '\\' => text.extend(letters.next()),
            letter => text.push(letter),
        }
    }
    let words = format!("The quote before “{text}” has no end. Add one more \".");
    Err(Misunderstanding(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Vec<(Option<String>, String)> {
        let words = words(text).expect("it has words");
        words
            .into_iter()
            .map(|word| (word.field.clone(), word.text()))
            .collect()
    }

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(
            plain(r#"error:"timed out" "a b""#),
            [
                (Some("error".to_owned()), "timed out".to_owned()),
                (None, "a b".to_owned())
            ]
        );
    }

    #[test]
    fn not_every_colon_makes_a_field() {
        for text in ["https://acme.test/x", "12:30", "std::io"] {
            let words = plain(text);
            assert!(words[0].0.is_none() || text == "std::io", "{words:?}");
        }
        assert_eq!(plain("\"kind:x\""), [(None, "kind:x".to_owned())]);
    }

    #[test]
    fn a_quote_needs_an_end() {
        assert!(words("error:\"timed").is_err());
    }
}

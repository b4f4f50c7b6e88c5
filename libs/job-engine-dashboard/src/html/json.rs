//! Shows JSON without reading it into numbers: what is stored is what is seen, digit for digit.

use maud::{Markup, html};
use serde::de::IgnoredAny;

/// Deeper nesting is shown as it is stored: indentation would take more room than the value.
const DEEPEST: usize = 64;

/// A piece of JSON text with its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    String(&'a str),
    /// Numbers, `true`, `false` and `null`.
    Word(&'a str),
    Open(&'a str),
    Close(&'a str),
    Colon,
    Comma,
}

/// The text indented and coloured, or as it is when it is no JSON.
pub(crate) fn pretty(text: &str) -> Markup {
    let Some(tokens) = tokens(text) else {
        return html! { (text) };
    };

    let mut depth = 0;
    let lines = tokens.iter().enumerate().map(|(index, token)| {
        let before = index.checked_sub(1).map(|at| tokens[at]);
        let gap = gap(before, *token, &mut depth);
        let is_key = tokens.get(index + 1) == Some(&Token::Colon);
        (gap, *token, is_key)
    });
    html! { @for (gap, token, is_key) in lines { (gap) (coloured(token, is_key)) } }
}

/// The text indented, for a field in which it is changed.
pub(crate) fn plain(text: &str) -> String {
    let Some(tokens) = tokens(text) else {
        return text.to_owned();
    };

    let mut depth = 0;
    let mut plain = String::with_capacity(text.len() * 2);
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| tokens[at]);
        plain.push_str(&gap(before, *token, &mut depth));
        plain.push_str(match token {
            Token::String(piece)
            | Token::Word(piece)
            | Token::Open(piece)
            | Token::Close(piece) => piece,
            Token::Colon => ": ",
            Token::Comma => ",",
        });
    }
    plain
}

/// The text on one line, cut after `most` characters.
pub(crate) fn preview(text: &str, most: usize) -> String {
    let mut cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }

    cut
}

fn coloured(token: Token<'_>, is_key: bool) -> Markup {
    match token {
        Token::String(text) if is_key => html! { span.json-key { (text) } },
        Token::String(text) => html! { span.json-string { (text) } },
        Token::Word(text) => html! { span.json-word { (text) } },
        Token::Open(text) | Token::Close(text) => html! { (text) },
        Token::Colon => html! { ": " },
        Token::Comma => html! { "," },
    }
}

/// The white space before a token.
fn gap(before: Option<Token<'_>>, token: Token<'_>, depth: &mut usize) -> String {
    let closes = matches!(token, Token::Close(_));
    if closes {
        *depth -= 1;
    }
    let breaks = match before {
        Some(Token::Open(_)) => !closes,
        Some(Token::Comma) => true,
        _ => closes,
    };
    let line = if breaks {
        format!("\n{}", "  ".repeat(*depth))
    } else {
        String::new()
    };
    if matches!(token, Token::Open(_)) {
        *depth += 1;
    }

    line
}

/// The pieces of `text`, if it is valid JSON and not nested too deeply.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;

    let mut tokens = Vec::new();
    let mut depth = 0_usize;
    let mut rest = text.trim_start();
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'"' => string_length(rest),
            b'{' | b'}' | b'[' | b']' | b':' | b',' => 1,
            _ => word_length(rest),
        };
        let (piece, after) = rest.split_at(length);
        let token = match first {
            b'"' => Token::String(piece),
            b'{' | b'[' => Token::Open(piece),
            b'}' | b']' => Token::Close(piece),
            b':' => Token::Colon,
            b',' => Token::Comma,
            _ => Token::Word(piece),
        };
        depth = match token {
            Token::Open(_) => depth + 1,
            Token::Close(_) => depth - 1,
            _ => depth,
        };
        if depth > DEEPEST {
            return None;
        }
        tokens.push(token);
        rest = after.trim_start();
    }

    Some(tokens)
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }

    text.len()
}

fn word_length(text: &str) -> usize {
    let ends = |c: char| c.is_ascii_whitespace() || matches!(c, ',' | ':' | ']' | '}');
    text.find(ends).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let html = pretty(text).into_string();
        let mut plain = String::new();
        let mut inside = false;
        for c in html.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                _ if !inside => plain.push(c),
                _ => {}
            }
        }
        plain.replace("&quot;", "\"")
    }

    #[test]
    fn it_is_indented() {
        let text = r#"{"a":[1,{"b":null}],"c":{},"d":[]}"#;

        assert_eq!(
            shown(text),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}"
        );
    }

    #[test]
    fn no_digit_and_no_escape_is_lost() {
        for text in [
            "12345678901234567890123",
            "0.1000000000000000055511151231257827",
            "1e400",
            r#""a\u0041\"\\""#,
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_key_given_twice_is_shown_twice() {
        assert_eq!(shown(r#"{"a":1,"a":2}"#), "{\n  \"a\": 1,\n  \"a\": 2\n}");
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        for text in ["", "{", "hello \"you", "{\"a\":}"] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_tower_of_brackets_is_not_indented() {
        let text = format!("{}{}", "[".repeat(5000), "]".repeat(5000));

        assert_eq!(shown(&text), text);
    }

    #[test]
    fn markup_stays_text() {
        let html = pretty(r#"{"<script>":"<img src=x>"}"#).into_string();

        assert!(
            !html.contains("<script>") && !html.contains("<img"),
            "{html}"
        );
    }
}

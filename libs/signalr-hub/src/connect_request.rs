//! The request that connected a client: what hub methods may look up in it.

use std::fmt;

use http::request::Parts;

use crate::query;

/// Headers that would give someone else the client's rights.
const SECRET: [&str; 1] = ["authorization"];

/// Path, query and headers of the request that made the connection, without its token.
///
/// Kept for the connection's life in one small block of memory.
pub struct ConnectRequest {
    /// `path\nquery\nname: value\nname: value…`
    text: Box<str>,
}

/// The path alone: query and cookies may hold secrets.
impl fmt::Debug for ConnectRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ConnectRequest({})", self.path())
    }
}

impl ConnectRequest {
    pub(crate) fn copy_of(parts: &Parts) -> Self {
        let mut text = format!("{}\n{}", parts.uri.path(), parts.uri.query().unwrap_or(""));
        for (name, value) in &parts.headers {
            let Ok(value) = value.to_str() else { continue };
            if !SECRET.contains(&name.as_str()) {
                text.extend(["\n", name.as_str(), ":", value]);
            }
        }
        Self { text: text.into() }
    }

    /// The path the client connected to.
    pub fn path(&self) -> &str {
        self.text.lines().next().unwrap_or("")
    }

    /// The decoded value of a query parameter; names are compared without regard to case.
    pub fn query(&self, name: &str) -> Option<String> {
        query::find(self.text.lines().nth(1)?, name)
    }

    /// The first header of this name, compared without regard to case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers()
            .find(|(held, _)| held.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers()
            .filter(|(held, _)| held.eq_ignore_ascii_case("cookie"))
            .flat_map(|(_, cookies)| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(held, _)| *held == name)
            .map(|(_, value)| value)
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.text
            .split('\n')
            .skip(2)
            .filter_map(|line| line.split_once(':'))
    }
}

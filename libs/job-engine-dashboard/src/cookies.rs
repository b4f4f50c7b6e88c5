use http::{HeaderMap, HeaderValue, header};

/// The value of our cookie `name`, if the browser sent it once.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// How long a cookie stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stay {
    Session,
    Year,
    /// It is taken away.
    Gone,
}

/// A `Set-Cookie` line that no script can read and no other site's form can bring along.
pub(crate) fn write(name: &str, value: &str, path: &str, stay: Stay) -> HeaderValue {
    let age = match stay {
        Stay::Session => "",
        Stay::Year => "; Max-Age=31536000",
        Stay::Gone => "; Max-Age=0",
    };

    let line = format!("{name}={value}; Path={path}{age}; HttpOnly; SameSite=Lax");
    HeaderValue::from_str(&line).expect("our cookies' names, values and paths are plain ASCII")
}

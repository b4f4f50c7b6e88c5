//! The texts of settings, parsed at the border.

use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use domain::{EmailAddress, Password};
use http::Uri;
use tracing_subscriber::EnvFilter;

use super::LogFormat;
use super::values::{Network, PublicUrl, Rate, Secret};

/// What is wrong with a value, without the value where it may be secret.
#[derive(Debug)]
pub struct Problem(pub String);

pub fn address(text: &str) -> Result<SocketAddr, Problem> {
    text.parse()
        .map_err(|_| problem(text, "is no address and port, for example 127.0.0.1:5000"))
}

pub fn public_url(text: &str) -> Result<PublicUrl, Problem> {
    let wrong = || problem(text, "is no address such as https://diquis.example.org");

    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let scheme = uri
        .scheme_str()
        .filter(|scheme| ["http", "https"].contains(scheme));
    let authority = uri
        .authority()
        .filter(|authority| !authority.as_str().contains('@'));
    match (scheme, authority, uri.path(), uri.query()) {
        (Some(scheme), Some(authority), "" | "/", None) => {
            Ok(PublicUrl::new(scheme, authority.as_str()))
        }
        _ => Err(wrong()),
    }
}

pub fn networks(text: &str) -> Result<Vec<Network>, Problem> {
    list(text, |item| {
        let wrong = || problem(item, "is no address or network, for example 10.0.0.0/8");

        let (address, prefix) = match item.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().map_err(|_| wrong())?)),
            None => (item, None),
        };
        let address = address.parse().map_err(|_| wrong())?;
        Network::new(address, prefix).ok_or_else(wrong)
    })
}

pub fn path(text: &str) -> Result<PathBuf, Problem> {
    if text.contains('\0') {
        return Err(problem(text, "is no path"));
    }
    Ok(PathBuf::from(text))
}

/// `Diquis <diquis@example.org>`, or the address alone.
pub fn sender(text: &str) -> Result<String, Problem> {
    let address = match text.split_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or_default(),
        None => text,
    };
    match address.parse::<EmailAddress>() {
        Ok(_) if !text.contains(char::is_control) => Ok(text.to_owned()),
        _ => Err(problem(
            text,
            "is no sender such as Diquis <diquis@example.org>",
        )),
    }
}

pub fn database_url(text: &str) -> Result<Secret, Problem> {
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return Err(Problem(
            "must start with postgres://; leave it out for SQLite".to_owned(),
        ));
    }
    Ok(Secret::new(text))
}

pub fn smtp_url(text: &str) -> Result<Secret, Problem> {
    if !text.starts_with("smtp://") && !text.starts_with("smtps://") {
        return Err(Problem("must start with smtp:// or smtps://".to_owned()));
    }
    Ok(Secret::new(text))
}

pub fn email(text: &str) -> Result<EmailAddress, Problem> {
    text.parse()
        .map_err(|_| problem(text, "is no e-mail address such as ada@example.org"))
}

pub fn password(text: &str) -> Result<Password, Problem> {
    Password::given(text).map_err(|weak| Problem(weak.to_string()))
}

pub fn jwt_secret(text: &str) -> Result<Secret, Problem> {
    if text.len() < 32 {
        return Err(Problem(format!(
            "has {} bytes; at least 32 are needed, for example from `openssl rand -base64 48`",
            text.len()
        )));
    }
    Ok(Secret::new(text))
}

pub fn metrics_token(text: &str) -> Result<Secret, Problem> {
    if text.len() < 16 {
        return Err(Problem("must have at least 16 characters".to_owned()));
    }
    Ok(Secret::new(text))
}

pub fn number<T>(text: &str, range: RangeInclusive<T>) -> Result<T, Problem>
where
    T: FromStr + PartialOrd + fmt::Display,
{
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            problem(
                text,
                &format!("is no number from {} to {}", range.start(), range.end()),
            )
        })
}

/// A number and a unit: `250ms`, `15s`, `2m`, `1h`. At most a week.
pub fn duration(text: &str) -> Result<Duration, Problem> {
    const WEEK_MS: u64 = 7 * 24 * 3_600_000;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_ms: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };

    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit_ms))
        .filter(|ms| unit_ms > 0 && *ms <= WEEK_MS)
        .map(Duration::from_millis)
        .ok_or_else(|| {
            problem(
                text,
                "is no time such as 250ms, 15s, 2m or 1h, at most 168h",
            )
        })
}

pub fn durations(text: &str) -> Result<Vec<Duration>, Problem> {
    list(text, duration)
}

/// `60/minute`, or `off`.
pub fn rate(text: &str) -> Result<Option<Rate>, Problem> {
    if text == "off" {
        return Ok(None);
    }
    let (count, unit) = text.split_once('/').unwrap_or((text, ""));
    let per = match unit {
        "second" => Duration::from_secs(1),
        "minute" => Duration::from_mins(1),
        "hour" => Duration::from_hours(1),
        _ => Duration::ZERO,
    };

    count
        .parse()
        .ok()
        .filter(|_| !per.is_zero())
        .map(|count| Some(Rate { count, per }))
        .ok_or_else(|| problem(text, "is neither `off` nor a rate such as 60/minute"))
}

pub fn log_filter(text: &str) -> Result<String, Problem> {
    EnvFilter::builder()
        .parse(text)
        .map(|_| text.to_owned())
        .map_err(|_| problem(text, "is no filter such as info or info,job_engine=debug"))
}

pub fn log_format(text: &str) -> Result<LogFormat, Problem> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(problem(text, "is neither text nor json")),
    }
}

fn list<T>(text: &str, parse: impl Fn(&str) -> Result<T, Problem>) -> Result<Vec<T>, Problem> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(parse)
        .collect()
}

fn problem(value: &str, what: &str) -> Problem {
    Problem(format!("`{}` {what}", value.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        let ms = |text| duration(text).ok().map(|time| time.as_millis());

        assert_eq!(ms("250ms"), Some(250));
        assert_eq!(ms("15s"), Some(15_000));
        assert_eq!(ms("2m"), Some(120_000));
        assert_eq!(ms("168h"), Some(604_800_000));
        for wrong in [
            "",
            "15",
            "s",
            "-1s",
            "1.5s",
            "1d",
            "169h",
            "99999999999999999999h",
        ] {
            assert_eq!(ms(wrong), None, "{wrong}");
        }
    }
}

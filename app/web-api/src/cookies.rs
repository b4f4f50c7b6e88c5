use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// A cookie of ours: `HttpOnly`, and sent by our own pages alone.
///
/// Over TLS the name carries a prefix by which browsers refuse one that was set without it.
/// (`__Host-` would demand the path `/`, and so send it with every request.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CookieKind {
    name: &'static str,
    secure_name: &'static str,
    path: &'static str,
}

/// Renews the session.
pub const REFRESH: CookieKind = CookieKind {
    name: "diquis-refresh",
    secure_name: "__Secure-diquis-refresh",
    path: "/api/sessions",
};

/// Opens the dashboard, to Super Admins.
pub const DASHBOARD: CookieKind = CookieKind {
    name: "diquis-dashboard",
    secure_name: "__Secure-diquis-dashboard",
    path: "/hangfire",
};

impl CookieKind {
    /// The cookie's value in a request.
    pub fn read(self, headers: &HeaderMap, is_https: bool) -> Option<&str> {
        let name = self.name(is_https);
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, value)| *key == name && !value.is_empty())
            .map(|(_, value)| value)
    }

    /// `Set-Cookie` that keeps `value` for so long. The value is one of our tokens, which are made
    /// of letters, digits and `-_.`.
    pub fn set(self, value: &str, max_age_seconds: i64, is_https: bool) -> HeaderValue {
        let mut cookie = format!(
            "{}={value}; Path={}; Max-Age={max_age_seconds}; HttpOnly; SameSite=Strict",
            self.name(is_https),
            self.path
        );
        if is_https {
            cookie.push_str("; Secure");
        }
        HeaderValue::from_str(&cookie).expect("a token is made of visible ASCII characters")
    }

    /// `Set-Cookie` that takes it away.
    pub fn clear(self, is_https: bool) -> HeaderValue {
        self.set("", 0, is_https)
    }

    const fn name(self, is_https: bool) -> &'static str {
        if is_https {
            self.secure_name
        } else {
            self.name
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookie: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(cookie))])
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let headers = sent("theme=dark; diquis-refresh=abc; diquis-dashboard=x.y.z");

        assert_eq!(REFRESH.read(&headers, false), Some("abc"));
        assert_eq!(DASHBOARD.read(&headers, false), Some("x.y.z"));
    }

    #[test]
    fn over_tls_only_the_prefixed_cookie_counts() {
        let headers = sent("diquis-refresh=planted; __Secure-diquis-refresh=ours");

        assert_eq!(REFRESH.read(&headers, true), Some("ours"));
        assert_eq!(REFRESH.read(&sent("diquis-refresh=planted"), true), None);
    }

    #[test]
    fn scripts_and_other_sites_never_get_a_cookie() {
        let cookie = REFRESH.set("abc", 60, true);

        assert_eq!(
            cookie,
            "__Secure-diquis-refresh=abc; Path=/api/sessions; Max-Age=60; HttpOnly; SameSite=Strict; Secure"
        );
    }
}

use axum::extract::OriginalUri;
use http::request::Parts;

/// Where the dashboard hangs in the application, for example `/hangfire`; empty at the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    prefix: String,
}

impl Mount {
    /// The given path, or what the application's router cut off this request.
    pub(crate) fn of(parts: &Parts, public_path: Option<&str>) -> Self {
        let prefix = match public_path {
            Some(path) => path.trim_end_matches('/').to_owned(),
            None => cut_off(parts),
        };

        Self { prefix }
    }

    /// The address of a page; `path` starts with `/`, and may have a query.
    pub(crate) fn url(&self, path: &str) -> String {
        match (self.prefix.as_str(), path) {
            ("", path) => path.to_owned(),
            (prefix, path) => match path.strip_prefix('/') {
                // The overview has no slash at its end.
                Some(rest) if rest.is_empty() || rest.starts_with('?') => format!("{prefix}{rest}"),
                _ => format!("{prefix}{path}"),
            },
        }
    }

    /// The `Path` for our cookies: as narrow as a cookie can say it.
    pub(crate) fn cookie_path(&self) -> &str {
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b',');
        if self.prefix.is_empty() || !self.prefix.bytes().all(plain) {
            return "/";
        }

        &self.prefix
    }
}

fn cut_off(parts: &Parts) -> String {
    let Some(OriginalUri(original)) = parts.extensions.get::<OriginalUri>() else {
        return String::new();
    };

    let whole = original.path();
    let prefix = whole.strip_suffix(parts.uri.path()).unwrap_or(whole);
    prefix.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use axum::extract::Request;

    use super::*;

    fn mount(original: &'static str, cut: &str) -> Mount {
        let mut request = Request::new(axum::body::Body::empty());
        *request.uri_mut() = cut.parse().expect("a test's URI is valid");
        let original = OriginalUri(original.parse().expect("a test's URI is valid"));
        request.extensions_mut().insert(original);
        Mount::of(&request.into_parts().0, None)
    }

    #[test]
    fn the_prefix_is_what_the_outer_router_cut_off() {
        for (original, cut, link) in [
            ("/hangfire", "/", "/hangfire/jobs/failed"),
            ("/hangfire/", "/", "/hangfire/jobs/failed"),
            ("/hangfire/queues", "/queues", "/hangfire/jobs/failed"),
            ("/a/b/queues?x=1", "/queues?x=1", "/a/b/jobs/failed"),
            ("/queues", "/queues", "/jobs/failed"),
            ("/", "/", "/jobs/failed"),
        ] {
            assert_eq!(mount(original, cut).url("/jobs/failed"), link, "{original}");
        }
    }

    #[test]
    fn the_overview_has_no_slash_at_its_end_below_a_prefix() {
        assert_eq!(mount("/hangfire", "/").url("/"), "/hangfire");
        assert_eq!(
            mount("/hangfire", "/").url("/?period=day"),
            "/hangfire?period=day"
        );
        assert_eq!(mount("/", "/").url("/"), "/");
        assert_eq!(mount("/", "/").url("/?period=day"), "/?period=day");
    }

    #[test]
    fn a_path_that_would_break_out_of_a_cookie_is_not_put_into_one() {
        assert_eq!(mount("/a;b/queues", "/queues").cookie_path(), "/");
        assert_eq!(mount("/hangfire", "/").cookie_path(), "/hangfire");
    }
}

//! A dashboard below `/hangfire`, as a browser meets it.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use job_engine::Storage;
use job_engine_dashboard::{Access, DashboardAccess, DashboardOptions, dashboard_with};
use tower::ServiceExt;

/// Lets in as the test says, until it says otherwise.
#[derive(Clone)]
pub struct Door(Arc<Mutex<Access>>);

pub struct TestDashboard {
    pub app: Router,
    pub door: Door,
    /// The browser's cookies, as one line.
    cookies: Mutex<Vec<(String, String)>>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Door {
    pub fn of(access: Access) -> Self {
        Self(Arc::new(Mutex::new(access)))
    }

    pub fn becomes(&self, access: Access) {
        *self.0.lock().expect("no test panics while it holds this") = access;
    }
}

impl DashboardAccess for Door {
    async fn authorize(&self, _: &Parts) -> Access {
        self.0
            .lock()
            .expect("no test panics while it holds this")
            .clone()
    }
}

pub fn full() -> Access {
    Access::Full {
        actor: "ada@example.org".to_owned(),
    }
}

pub fn read_only() -> Access {
    Access::ReadOnly {
        actor: "eve@example.org".to_owned(),
    }
}

impl TestDashboard {
    pub fn of(storage: Arc<dyn Storage>) -> Self {
        Self::with(storage, full(), DashboardOptions::default())
    }

    pub fn with(storage: Arc<dyn Storage>, access: Access, options: DashboardOptions) -> Self {
        let door = Door::of(access);
        let dashboard = dashboard_with(storage, door.clone(), options);
        Self::around(Router::new().nest("/hangfire", dashboard), door)
    }

    /// An application of the test's own making.
    pub fn around(app: Router, door: Door) -> Self {
        Self {
            app,
            door,
            cookies: Mutex::default(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::empty(), &[]).await
    }

    /// The page's text, which must be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.body
    }

    /// Sends a form as the browser would after loading a page: with its token.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get("/hangfire").await.body;
        let token = between(&page, r#"name="form-token" value=""#, "\"");
        let mut with_token = vec![("form-token", token)];
        with_token.extend_from_slice(fields);
        self.post(path, &with_token, &[("sec-fetch-site", "same-origin")])
            .await
    }

    /// Sends a form with exactly these fields.
    pub async fn post(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let encoded: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.send(Method::POST, path, Body::from(encoded.join("&")), &all)
            .await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Body,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if headers.iter().all(|(name, _)| *name != "accept") {
            request = request.header(header::ACCEPT, "text/html,*/*;q=0.8");
        }
        request = request.header(header::HOST, "jobs.example.org");
        request = request.header(header::COOKIE, self.cookie_line());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("a test's request is valid");
        let response = self.app.clone().oneshot(request).await;
        let (parts, body) = response.expect("a router does not fail").into_parts();
        self.keep_cookies(&parts.headers);

        let body = body.collect().await.expect("the answer has an end");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        }
    }

    pub fn forget_cookies(&self) {
        self.cookies.lock().expect("not poisoned").clear();
    }

    pub fn take_cookies_of(&mut self, other: &Self) {
        let theirs = other.cookies.lock().expect("not poisoned").clone();
        *self.cookies.get_mut().expect("not poisoned") = theirs;
    }

    fn cookie_line(&self) -> String {
        let cookies = self.cookies.lock().expect("not poisoned");
        let pairs: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().expect("not poisoned");
        for line in headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("our cookies are ASCII");
            let (pair, attributes) = line.split_once(';').expect("our cookies have a path");
            let (name, value) = pair.split_once('=').expect("a cookie has a value");
            cookies.retain(|(known, _)| known != name);
            if !attributes.contains("Max-Age=0") {
                cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("our headers are ASCII"))
    }
}

/// The text between the first `start` and the next `end`.
pub fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let from = text
        .find(start)
        .unwrap_or_else(|| panic!("no {start} in {text}"))
        + start.len();
    let to = text[from..].find(end).expect("it ends somewhere");
    &text[from..from + to]
}

/// Percent-encodes every byte.
pub fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02X}").expect("a string takes everything");
        encoded
    })
}

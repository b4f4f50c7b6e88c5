//! Somebody with the dashboard in a browser: whole pages, cookies and forms, without a socket.

use std::fmt::Write;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use http::request::Parts;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use job_engine::storage::SharedStorage;
use job_engine_dashboard::{Access, DashboardAccess, dashboard};
use tower::ServiceExt;

use crate::Outcome;

struct Everybody;

impl DashboardAccess for Everybody {
    async fn authorize(&self, _: &Parts) -> Access {
        Access::Full {
            actor: "a benchmark".to_owned(),
        }
    }
}

pub struct Visitor {
    dashboard: Router,
    cookies: Vec<String>,
}

/// A page, and how long it took until its last byte was there.
pub struct Page {
    pub text: String,
    pub took: Duration,
}

impl Visitor {
    pub fn of(storage: SharedStorage) -> Self {
        Self {
            dashboard: dashboard(storage, Everybody),
            cookies: Vec::new(),
        }
    }

    /// Follows a link; anything but a page is an error.
    pub async fn get(&mut self, path: &str) -> Outcome<Page> {
        let start = Instant::now();
        let (status, _, text) = self.send(Method::GET, path, String::new()).await?;
        if status != StatusCode::OK {
            return Err(format!("{path} answered {status}: {text}").into());
        }
        let took = start.elapsed();
        Ok(Page { text, took })
    }

    /// Sends the form of this page. Answers to where one is sent.
    pub async fn submit(
        &mut self,
        page: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Outcome<String> {
        let token = between(page, r#"name="form-token" value=""#, "\"").ok_or("no form")?;
        let form = fields.iter().fold(
            format!("form-token={}", encode(token)),
            |form, (name, value)| format!("{form}&{name}={}", encode(value)),
        );
        let (status, location, text) = self.send(Method::POST, path, form).await?;
        if status != StatusCode::SEE_OTHER {
            return Err(format!("{path} answered {status}: {text}").into());
        }
        Ok(location)
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: String,
    ) -> Outcome<(StatusCode, String, String)> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "jobs.example.org")
            .header(header::ACCEPT, "text/html")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, self.cookies.join("; "))
            .body(Body::from(body))?;
        let (head, body) = self.dashboard.clone().oneshot(request).await?.into_parts();
        for cookie in head.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            self.cookies.push(pair.to_owned());
        }
        let location = head.headers.get(header::LOCATION);
        let location = location.map_or(Ok(""), |value| value.to_str())?.to_owned();
        let text = String::from_utf8(body.collect().await?.to_bytes().into())?;
        Ok((head.status, location, text))
    }
}

/// The text between the first `start` and the next `end`.
pub fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

/// Percent-encodes every byte.
pub fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02X}").expect("a string takes everything");
        encoded
    })
}

use std::net::SocketAddr;

use http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use http::request::Builder;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Someone at the other end: what they hold, and what they ask.
#[derive(Clone)]
pub struct Person {
    pub address: SocketAddr,
    pub access_token: Option<String>,
    /// `name=value`
    pub cookies: Vec<String>,
    client: Client<HttpConnector, Full<Bytes>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Person {
    pub fn visitor(address: SocketAddr) -> Self {
        Self {
            address,
            access_token: None,
            cookies: Vec::new(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// Signs in, and keeps token and cookies.
    pub async fn sign_in(address: SocketAddr, email: &str, password: &str) -> Self {
        let mut person = Self::visitor(address);
        let answer = person.try_to_sign_in(email, password).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        person.keep(&answer);
        person
    }

    pub async fn try_to_sign_in(&self, email: &str, password: &str) -> Answer {
        let body = serde_json::json!({ "email": email, "password": password });
        self.post("/api/sessions", body).await
    }

    pub fn keep(&mut self, answer: &Answer) {
        let token = answer.json()["accessToken"]
            .as_str()
            .expect("a token")
            .to_owned();
        self.access_token = Some(token);
        self.cookies = answer.cookies();
    }

    /// The same person, known by their cookies alone.
    pub fn with_cookies_alone(&self) -> Self {
        Self {
            access_token: None,
            ..self.clone()
        }
    }

    /// The same person, known by their token alone.
    pub fn with_token_alone(&self) -> Self {
        Self {
            cookies: Vec::new(),
            ..self.clone()
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    /// Without a body.
    pub async fn command(&self, path: &str) -> Answer {
        self.send(Method::POST, path, None, &[]).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let json = [("content-type", "application/json")];
        let with_type = [if body.is_some() { &json[..] } else { &[] }, headers].concat();
        let request = self.request(method, path, &with_type);
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.ask(request.body(Full::from(body)).expect("a request"))
            .await
    }

    /// Of an answer that does not end.
    pub async fn status_of_stream(&self, path: &str) -> u16 {
        let request = self.request(Method::GET, path, &[]);
        let request = request.body(Full::default()).expect("a request");
        let response = self.client.request(request).await.expect("an answer");
        response.status().as_u16()
    }

    fn request(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        if let Some(token) = &self.access_token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if !self.cookies.is_empty() {
            request = request.header(COOKIE, self.cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request
    }

    pub async fn ask(&self, request: Request<Full<Bytes>>) -> Answer {
        let response = self.client.request(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("a text"))
    }

    /// `name=value` of what was set.
    pub fn cookies(&self) -> Vec<String> {
        self.set_cookies()
            .iter()
            .filter_map(|cookie| cookie.split(';').next())
            .map(str::to_owned)
            .collect()
    }

    pub fn set_cookies(&self) -> Vec<String> {
        let cookies = self.headers.get_all(SET_COOKIE).into_iter();
        cookies
            .map(|cookie| cookie.to_str().expect("a text").to_owned())
            .collect()
    }

    /// Asserts that it is a problem of this status; answers its `errors`.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        problem["errors"].clone()
    }
}

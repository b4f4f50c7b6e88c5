//! A hub for tests, and a way to it that needs no network.

#![expect(
    clippy::unused_async,
    reason = "hub methods are async, whether they wait or not"
)]

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use axum::{Router, body::Body, extract::Request};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use serde_json::Value;
use signalr_hub::{
    Authenticate, Caller, Credentials, Hub, HubContext, HubError, HubOptions, HubServer, Methods,
    Refused, Token, Upload, User,
};
use tokio::{
    io::DuplexStream,
    sync::{Notify, mpsc},
};
use tokio_tungstenite::{client_async, tungstenite};
use tower::ServiceExt;

use crate::test_client::TestClient;

/// A running hub at `/hub`.
pub struct TestHub {
    pub context: HubContext,
    pub router: Router,
    /// What the hub's hooks and methods report.
    pub events: mpsc::UnboundedReceiver<String>,
    /// Lets the method `Wait` go on.
    pub gate: Arc<Notify>,
}

impl TestHub {
    pub fn start(options: HubOptions) -> Self {
        let (report, events) = mpsc::unbounded_channel();
        let gate = Arc::new(Notify::new());
        let hub = Everything {
            report,
            gate: Arc::clone(&gate),
        };
        let server = HubServer::start(hub, options);
        Self {
            context: server.context(),
            router: server.router("/hub"),
            events,
            gate,
        }
    }

    /// A client that has said hello.
    pub async fn connect(&self) -> TestClient {
        self.connect_to("/hub").await
    }

    /// A client that has said hello, of the user by which it introduces itself.
    pub async fn connect_as(&self, user: &str) -> TestClient {
        self.connect_to(&format!("/hub?access_token={user}")).await
    }

    pub async fn connect_to(&self, path: &str) -> TestClient {
        let mut client = self.open(path).await;
        client.shake_hands().await;
        client
    }

    /// A client that has not said anything yet.
    pub async fn open(&self, path: &str) -> TestClient {
        TestClient::open(self.dial(), path).await
    }

    /// The other end of a connection the server answers.
    pub fn dial(&self) -> DuplexStream {
        dial(&self.router)
    }

    pub async fn request(&self, request: Request) -> Response<Body> {
        let Ok(response) = self.router.clone().oneshot(request).await;
        response
    }

    pub async fn post(&self, path: &str) -> Response<Body> {
        self.request(Request::post(path).body(Body::empty()).unwrap())
            .await
    }

    pub async fn get(&self, path: &str) -> Response<Body> {
        self.request(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub async fn post_text(&self, path: &str, text: &str) -> Response<Body> {
        self.request(
            Request::post(path)
                .body(Body::from(text.to_owned()))
                .unwrap(),
        )
        .await
    }

    /// The path of a connection that was negotiated.
    pub async fn negotiate(&self) -> String {
        let offer = json(self.post("/hub/negotiate?negotiateVersion=1").await).await;
        format!("/hub?id={}", offer["connectionToken"].as_str().unwrap())
    }

    /// The answer to a socket that is not let in.
    pub async fn refused_upgrade(&self, path: &str) -> (String, StatusCode) {
        let opened = client_async(format!("ws://test{path}"), self.dial()).await;
        match opened {
            Err(tungstenite::Error::Http(response)) => {
                let body = response.body().clone().unwrap_or_default();
                (String::from_utf8(body).unwrap(), response.status())
            }
            other => panic!("the socket was not refused: {other:?}"),
        }
    }

    /// The only connection besides that of `client`.
    pub async fn id_of_other(&self, client: &mut TestClient) -> String {
        let own = client.call("Me", serde_json::json!([])).await;
        let mut ids = self.context.local_connections();
        ids.retain(|id| own["result"] != id.as_str());
        assert_eq!(ids.len(), 1);
        ids.remove(0)
    }

    /// Waits until everyone is gone.
    pub async fn no_connections(&self) {
        self.no_more_than(0).await;
    }

    /// Waits until so many are left.
    pub async fn no_more_than(&self, connections: usize) {
        while self.context.local_connections().len() > connections {
            tokio::task::yield_now().await;
        }
    }

    pub async fn event(&mut self) -> String {
        self.events.recv().await.expect("the hub lives")
    }
}

/// The other end of a connection that a router answers.
pub fn dial(router: &Router) -> DuplexStream {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let service = TowerToHyperService::new(router.clone());
    tokio::spawn(async move {
        // Ends with the test's end of it.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(far), service)
            .with_upgrades()
            .await;
    });
    near
}

pub async fn text(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub async fn json(response: Response<Body>) -> Value {
    assert_eq!(response.status(), StatusCode::OK);
    serde_json::from_str(&text(response).await).unwrap()
}

/// Takes the token for the user's name, and what follows a `:` in it for their role; `nobody` is refused.
pub struct TokenIsName;

#[async_trait]
impl Authenticate for TokenIsName {
    async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<User, Refused> {
        assert!(!credentials.uri.to_string().contains("access_token"));
        match credentials.token.map(Token::reveal) {
            None | Some("nobody") => Err(Refused::Unauthorized),
            Some("banned") => Err(Refused::Forbidden),
            Some(token) => Ok(user_of(token)),
        }
    }
}

fn user_of(token: &str) -> User {
    let (name, role) = token.split_once(':').unwrap_or((token, ""));
    let mut user = User::with_id(name);
    user.claims.insert("role".to_owned(), role.into());
    if token.contains("brief") {
        user.expires_at = Some(SystemTime::now() + Duration::from_secs(20));
    }
    user
}

/// Options of a hub whose users are [`TokenIsName`].
pub fn with_users() -> HubOptions {
    let mut options = HubOptions::default();
    options.connections.authenticate = Arc::new(TokenIsName);
    options
}

type Answer = Result<(), HubError>;

struct Everything {
    report: mpsc::UnboundedSender<String>,
    gate: Arc<Notify>,
}

impl Hub for Everything {
    fn methods(methods: Methods<Self>) -> Methods<Self> {
        methods
            .on("Echo", Self::echo)
            .on("Add", Self::add)
            .on("Nothing", Self::nothing)
            .on("Me", Self::me)
            .on("Fail", Self::fail)
            .on("FailInside", Self::fail_inside)
            .on("Panic", Self::panic)
            .on("Wait", Self::wait)
            .on("Tell", Self::tell)
            .on("Join", Self::join)
            .on("Leave", Self::leave)
            .on("TellOthersInGroup", Self::tell_others_in_group)
            .on("Ask", Self::ask)
            .on("Abort", Self::abort)
            .stream("CountAsAnswered", Self::count_as_answered)
            .stream("Count", Self::count)
            .stream("CountThenFail", Self::count_then_fail)
            .stream("Silence", Self::silence)
            .on("Sum", Self::sum)
            .on("First", Self::first)
            .on("Role", Self::role)
            .on("Remember", Self::remember)
            .on("TellOthers", Self::tell_others)
            .on("Hold", Self::hold)
            .on("OrZero", Self::or_zero)
            .on("TellLater", Self::tell_later)
            .on("Trap", Self::nothing)
            .only_if(|_| panic!("a guard may panic"))
            .on("Secret", Self::nothing)
            .only_if(|caller| caller.user_id() == Some("admin"))
    }

    async fn connected(&self, caller: &Caller) -> Result<(), HubError> {
        if caller.request().query("refuse").is_some() {
            return Err(HubError::new("not you"));
        }
        assert!(
            caller.request().query("break").is_none(),
            "a hub may panic when a client comes"
        );
        if caller.request().query("greet").is_some() {
            caller.clients().all().send("Told", ("welcome",)).await?;
        }
        if caller.request().query("ask").is_some() {
            let own = caller.clients().connection(caller.connection_id());
            let answer = own.ask::<i64>("Question", ()).await;
            answer.map_err(|error| HubError::new(error.to_string()))?;
        }
        self.report("connected");
        Ok(())
    }

    async fn refreshed(&self, caller: &Caller) {
        self.report(&format!("refreshed: {}", role_of(caller)));
    }

    async fn disconnected(&self, caller: &Caller, reason: Option<&HubError>) {
        assert!(
            caller.request().query("break-later").is_none(),
            "a hub may panic when a client leaves"
        );
        let reason = reason.map_or("in peace", HubError::message);
        self.report(&format!("disconnected: {reason}"));
    }
}

impl Everything {
    fn report(&self, event: &str) {
        // Tests that do not care have dropped the other end.
        let _ = self.report.send(event.to_owned());
    }

    async fn echo(self: Arc<Self>, _: Caller, value: Value) -> Result<Value, HubError> {
        Ok(value)
    }

    async fn add(self: Arc<Self>, _: Caller, left: i64, right: i64) -> Result<i64, HubError> {
        Ok(left + right)
    }

    async fn nothing(self: Arc<Self>, _: Caller) -> Result<(), HubError> {
        Ok(())
    }

    async fn me(self: Arc<Self>, caller: Caller) -> Result<String, HubError> {
        Ok(caller.connection_id().to_owned())
    }

    async fn fail(self: Arc<Self>, _: Caller, text: String) -> Result<(), HubError> {
        Err(HubError::new(text))
    }

    async fn fail_inside(self: Arc<Self>, _: Caller) -> Result<i64, HubError> {
        Ok("not a number".parse::<i64>()?)
    }

    async fn panic(self: Arc<Self>, _: Caller) -> Result<(), HubError> {
        panic!("a hub method may panic");
    }

    async fn wait(self: Arc<Self>, caller: Caller) -> Result<bool, HubError> {
        self.report("waiting");
        tokio::select! {
            () = self.gate.notified() => Ok(true),
            () = caller.cancelled().cancelled() => {
                self.report("cancelled");
                Ok(false)
            }
        }
    }

    async fn tell(
        self: Arc<Self>,
        caller: Caller,
        connection: String,
        text: String,
    ) -> Result<(), HubError> {
        let client = caller.clients().connection(&connection);
        client.send("Told", (text,)).await?;
        Ok(())
    }

    async fn join(self: Arc<Self>, caller: Caller, group: String) -> Result<(), HubError> {
        caller.join_group(&group).await?;
        Ok(())
    }

    async fn leave(self: Arc<Self>, caller: Caller, group: String) -> Result<(), HubError> {
        caller.leave_group(&group).await?;
        Ok(())
    }

    async fn tell_others_in_group(
        self: Arc<Self>,
        caller: Caller,
        group: String,
        text: String,
    ) -> Result<(), HubError> {
        caller.others_in_group(&group).send("Told", (text,)).await?;
        Ok(())
    }

    async fn ask(self: Arc<Self>, caller: Caller, connection: String) -> Result<i64, HubError> {
        let client = caller.clients().connection(&connection);
        let answer = client.ask("Question", ()).await;
        answer.map_err(|error| HubError::new(error.to_string()))
    }

    async fn count(
        self: Arc<Self>,
        _: Caller,
        to: u32,
    ) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
        Ok(stream::iter(0..to).map(Ok))
    }

    /// Asks its caller how far to count.
    async fn count_as_answered(
        self: Arc<Self>,
        caller: Caller,
    ) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
        let own = caller.clients().connection(caller.connection_id());
        let to: u32 = own.ask("Question", ()).await?;
        Ok(stream::iter(0..to).map(Ok))
    }

    async fn count_then_fail(
        self: Arc<Self>,
        _: Caller,
    ) -> Result<impl Stream<Item = Result<u32, HubError>>, HubError> {
        Ok(stream::iter([Ok(0), Err(HubError::new("enough"))]))
    }

    async fn silence(self: Arc<Self>, _: Caller) -> Result<stream::Pending<Answer>, HubError> {
        self.report("silent");
        Ok(stream::pending())
    }

    async fn sum(
        self: Arc<Self>,
        _: Caller,
        start: i64,
        numbers: Upload<i64>,
    ) -> Result<i64, HubError> {
        let numbers: Vec<i64> = numbers.try_collect().await?;
        Ok(start + numbers.iter().sum::<i64>())
    }

    async fn first(self: Arc<Self>, _: Caller, mut numbers: Upload<i64>) -> Result<i64, HubError> {
        let first = numbers.next().await;
        let result = first.unwrap_or_else(|| Err(HubError::new("nothing came")));
        if let Err(error) = &result {
            self.report(error.message());
        }
        result
    }

    async fn role(self: Arc<Self>, caller: Caller) -> Result<String, HubError> {
        Ok(role_of(&caller))
    }

    /// Gives what it was told to remember before.
    async fn remember(
        self: Arc<Self>,
        caller: Caller,
        text: String,
    ) -> Result<Option<String>, HubError> {
        Ok(caller.items().insert(text))
    }

    async fn tell_others(self: Arc<Self>, caller: Caller, text: String) -> Result<(), HubError> {
        caller.others().send("Told", (text,)).await?;
        Ok(())
    }

    /// Reads a sent stream only when it is let to.
    async fn hold(self: Arc<Self>, _: Caller, numbers: Upload<i64>) -> Result<usize, HubError> {
        self.gate.notified().await;
        let numbers: Vec<i64> = numbers.try_collect().await?;
        Ok(numbers.len())
    }

    async fn or_zero(self: Arc<Self>, _: Caller, number: Option<i64>) -> Result<i64, HubError> {
        Ok(number.unwrap_or(0))
    }

    /// Answers, and goes on.
    async fn tell_later(self: Arc<Self>, caller: Caller, text: String) -> Result<(), HubError> {
        tokio::spawn(async move {
            self.gate.notified().await;
            let told = caller.send("Told", (text,)).await;
            self.report(if told.is_ok() { "told" } else { "not told" });
        });
        Ok(())
    }

    async fn abort(self: Arc<Self>, caller: Caller) -> Result<(), HubError> {
        caller.abort();
        Ok(())
    }
}

fn role_of(caller: &Caller) -> String {
    let user = caller.user();
    let role = user.claims.get("role").and_then(Value::as_str);
    role.unwrap_or_default().to_owned()
}

//! Filters around a hub. The names are those of Microsoft's tests of `IHubFilter`, where they apply.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::json;
use signalr_hub::{CallResult, Caller, HubCall, HubError, HubFilter, HubOptions, Next};

use crate::{test_client::TestClient, test_hub::TestHub};

/// Notes what it sees, under a name.
struct Logging {
    name: &'static str,
    log: Log,
}

type Log = Arc<Mutex<Vec<String>>>;

impl Logging {
    fn note(&self, event: &str) {
        let name = self.name;
        self.log.lock().unwrap().push(format!("{name} {event}"));
    }
}

#[async_trait]
impl HubFilter for Logging {
    async fn invoke(&self, call: HubCall, next: Next<'_>) -> Result<CallResult, HubError> {
        self.note(&format!("before {}", call.method()));
        let result = next.invoke(call).await;
        self.note("after");
        result
    }

    async fn connected(&self, caller: &Caller, next: Next<'_>) -> Result<(), HubError> {
        self.note("connecting");
        let result = next.connected(caller).await;
        self.note("connected");
        result
    }

    async fn disconnected(&self, caller: &Caller, reason: Option<&HubError>, next: Next<'_>) {
        self.note("disconnecting");
        next.disconnected(caller, reason).await;
        self.note("disconnected");
    }
}

/// Makes a filter of a function that runs around calls.
struct Around<F>(F);

#[async_trait]
impl<F> HubFilter for Around<F>
where
    F: Fn(&mut HubCall) -> Result<Option<CallResult>, HubError> + Send + Sync + 'static,
{
    async fn invoke(&self, mut call: HubCall, next: Next<'_>) -> Result<CallResult, HubError> {
        match (self.0)(&mut call)? {
            Some(result) => Ok(result),
            None => next.invoke(call).await,
        }
    }
}

fn hub_with(filters: Vec<Arc<dyn HubFilter>>) -> TestHub {
    TestHub::start(HubOptions {
        filters,
        ..HubOptions::default()
    })
}

fn hub_around<F>(function: F) -> TestHub
where
    F: Fn(&mut HubCall) -> Result<Option<CallResult>, HubError> + Send + Sync + 'static,
{
    hub_with(vec![Arc::new(Around(function))])
}

async fn connect_to(hub: &mut TestHub) -> TestClient {
    let client = hub.connect().await;
    assert_eq!(hub.event().await, "connected");
    client
}

#[tokio::test]
async fn the_methods_of_a_filter_are_called_around_those_of_the_hub() {
    let log = Log::default();
    let mut hub = hub_with(vec![Arc::new(Logging {
        name: "a",
        log: log.clone(),
    })]);
    let mut client = connect_to(&mut hub).await;

    assert_eq!(client.call("echo", json!([5])).await["result"], 5);
    drop(client);
    hub.no_connections().await;

    hub.event().await;
    let expected = [
        "a connecting",
        "a connected",
        "a before echo",
        "a after",
        "a disconnecting",
        "a disconnected",
    ];
    while log.lock().unwrap().len() < expected.len() {
        tokio::task::yield_now().await;
    }
    assert_eq!(*log.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_filter_need_not_have_every_method() {
    struct Nothing;
    impl HubFilter for Nothing {}
    let mut hub = hub_with(vec![Arc::new(Nothing)]);
    let mut client = connect_to(&mut hub).await;

    assert_eq!(client.call("Add", json!([2, 3])).await["result"], 5);
    drop(client);

    assert!(hub.event().await.starts_with("disconnected"));
}

#[tokio::test]
async fn filters_run_in_order_and_those_of_all_hubs_before_those_of_one() {
    let log = Log::default();
    let logging = |name| -> Arc<dyn HubFilter> {
        let log = log.clone();
        Arc::new(Logging { name, log })
    };
    let all_hubs = HubOptions {
        filters: vec![logging("first"), logging("second")],
        ..HubOptions::default()
    };
    let mut one_hub = all_hubs.clone();
    one_hub.filters.push(logging("third"));
    let mut hub = TestHub::start(one_hub);
    let mut client = connect_to(&mut hub).await;
    log.lock().unwrap().clear();

    client.call("Nothing", json!([])).await;

    let expected = [
        "first before Nothing",
        "second before Nothing",
        "third before Nothing",
        "third after",
        "second after",
        "first after",
    ];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[tokio::test]
async fn the_connection_continues_if_connected_fails_and_the_filter_does_not() {
    struct Forgiving;
    #[async_trait]
    impl HubFilter for Forgiving {
        async fn connected(&self, caller: &Caller, next: Next<'_>) -> Result<(), HubError> {
            let refused = next.connected(caller).await;
            assert!(refused.is_err());
            Ok(())
        }
    }
    let hub = hub_with(vec![Arc::new(Forgiving)]);

    let mut client = hub.connect_to("/hub?refuse=1").await;

    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn the_connection_continues_if_the_filter_does_not_call_connected() {
    struct Silent;
    #[async_trait]
    impl HubFilter for Silent {
        async fn connected(&self, _: &Caller, _: Next<'_>) -> Result<(), HubError> {
            Ok(())
        }
    }
    let hub = hub_with(vec![Arc::new(Silent)]);

    let mut client = hub.connect_to("/hub?refuse=1").await;

    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn a_filter_can_refuse_a_connection() {
    struct Strict;
    #[async_trait]
    impl HubFilter for Strict {
        async fn connected(&self, _: &Caller, _: Next<'_>) -> Result<(), HubError> {
            Err(HubError::new("full"))
        }
    }
    let hub = hub_with(vec![Arc::new(Strict)]);

    let mut client = hub.connect().await;

    let close = client.next().await;
    assert_eq!(close["type"], 7);
    assert_eq!(
        close["error"],
        "Connection closed with an error. HubException: full"
    );
}

#[tokio::test]
async fn a_filter_can_skip_calling_the_hub_method() {
    let hub = hub_around(|call| Ok(Some(call.result("not called")?)));
    let mut client = hub.connect().await;

    let answer = client.call("Panic", json!([])).await;

    assert_eq!(answer["result"], "not called");
}

#[tokio::test]
async fn a_filter_can_refuse_a_call() {
    let hub = hub_around(|_| Err(HubError::new("not now")));
    let mut client = hub.connect().await;

    let answer = client.call("Echo", json!([1])).await;

    assert_eq!(
        answer["error"],
        "An unexpected error occurred invoking 'Echo' on the server. HubException: not now"
    );
}

#[tokio::test]
async fn a_filter_can_change_arguments() {
    let hub = hub_around(|call| {
        let number: i64 = call.argument(1)?;
        call.set_argument(1, &(number * 10))?;
        Ok(None)
    });
    let mut client = hub.connect().await;

    assert_eq!(client.call("Add", json!([1, 2])).await["result"], 21);
}

#[tokio::test]
async fn a_filter_can_change_the_result() {
    struct Doubling;
    #[async_trait]
    impl HubFilter for Doubling {
        async fn invoke(&self, call: HubCall, next: Next<'_>) -> Result<CallResult, HubError> {
            let result = next.invoke(call).await?;
            match result.value::<i64>() {
                Some(value) => result.with(&(value? * 2)),
                None => Ok(result),
            }
        }
    }
    let hub = hub_with(vec![Arc::new(Doubling)]);
    let mut client = hub.connect().await;

    assert_eq!(client.call("Add", json!([2, 3])).await["result"], 10);
}

#[tokio::test]
async fn a_filter_that_puts_in_an_argument_of_another_type_fails_the_call_as_a_client_would() {
    let hub = hub_around(|call| {
        call.set_argument(0, "no number")?;
        Ok(None)
    });
    let mut client = hub.connect().await;

    let answer = client.call("Add", json!([1, 2])).await;

    assert_eq!(
        answer["error"],
        "Failed to invoke 'Add' due to an error on the server."
    );
}

#[tokio::test]
async fn the_errors_of_methods_keep_their_words_behind_a_filter() {
    let hub = hub_around(|_| Ok(None));
    let mut client = hub.connect().await;

    let failed = client.call("Fail", json!(["why"])).await;
    let panicked = client.call("Panic", json!([])).await;
    let unbound = client.call("Add", json!(["x", 1])).await;

    assert_eq!(
        failed["error"],
        "An unexpected error occurred invoking 'Fail' on the server. HubException: why"
    );
    assert_eq!(
        panicked["error"],
        "An unexpected error occurred invoking 'Panic' on the server."
    );
    assert_eq!(
        unbound["error"],
        "Failed to invoke 'Add' due to an error on the server."
    );
}

#[tokio::test]
async fn streams_both_ways_pass_through_filters() {
    let hub = hub_around(|_| Ok(None));
    let mut client = hub.connect().await;

    client.start_stream("s", "Count", json!([3])).await;
    for item in 0..3 {
        assert_eq!(client.next().await["item"], item);
    }
    client.completion("s").await;
    client
        .send(json!({"type": 1, "invocationId": "u", "target": "Sum", "arguments": [10], "streamIds": ["x"]}))
        .await;
    client
        .send(json!({"type": 2, "invocationId": "x", "item": 5}))
        .await;
    client.send(json!({"type": 3, "invocationId": "x"})).await;

    assert_eq!(client.completion("u").await["result"], 15);
}

#[tokio::test]
async fn a_stream_behind_a_filter_can_be_cancelled() {
    let mut hub = hub_around(|_| Ok(None));
    let mut client = connect_to(&mut hub).await;
    client.start_stream("s", "Silence", json!([])).await;
    assert_eq!(hub.event().await, "silent");

    client.send(json!({"type": 5, "invocationId": "s"})).await;

    let end = client.completion("s").await;
    assert!(end.get("error").is_none(), "{end}");
}

#[tokio::test]
async fn a_filter_does_not_see_calls_that_are_not_allowed_or_not_there() {
    let hub = hub_around(|call| panic!("{} reached a filter", call.method()));
    let mut client = hub.connect().await;

    let secret = client.call("Secret", json!([])).await;
    let missing = client.call("Missing", json!([])).await;
    let wrong = client.call("Add", json!([1])).await;

    for answer in [secret, missing, wrong] {
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with("Failed to invoke '"), "{error}");
    }
}

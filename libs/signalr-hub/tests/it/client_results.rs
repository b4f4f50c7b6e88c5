use serde_json::{Value, json};
use signalr_hub::HubOptions;

use crate::{test_client::TestClient, test_hub::TestHub};

async fn answer(client: &mut TestClient, question: &Value, result: i64) {
    assert_eq!(question["target"], "Question", "{question}");
    let id = &question["invocationId"];
    client
        .send(json!({"type": 3, "invocationId": id, "result": result}))
        .await;
}

#[tokio::test]
async fn a_client_that_is_still_connecting_cannot_be_asked() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect_to("/hub?ask=1").await;

    assert_eq!(
        client.next().await["error"],
        "Connection closed with an error. HubException: Client results inside OnConnectedAsync Hub methods are not allowed."
    );
}

#[tokio::test]
async fn a_stream_method_can_ask_its_caller() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;

    client.start_stream("1", "CountAsAnswered", json!([])).await;
    let question = client.next().await;
    answer(&mut client, &question, 1).await;

    assert_eq!(client.next().await["item"], 0);
    assert_eq!(client.next().await, json!({"type": 3, "invocationId": "1"}));
}

#[tokio::test]
async fn several_questions_to_one_client_are_told_apart() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    let id = hub.context.local_connections().remove(0);
    let ask = || {
        let clients = hub.context.clients();
        let id = id.clone();
        tokio::spawn(async move { clients.connection(&id).ask::<i64>("Question", ()).await })
    };

    let first = ask();
    let first_question = client.next().await;
    let second = ask();
    let second_question = client.next().await;
    answer(&mut client, &second_question, 2).await;
    answer(&mut client, &first_question, 1).await;

    assert_eq!(first.await.unwrap().unwrap(), 1);
    assert_eq!(second.await.unwrap().unwrap(), 2);
}

#[tokio::test]
async fn whoever_answers_for_another_client_is_disconnected_and_the_question_stays_open() {
    let hub = TestHub::start(HubOptions::default());
    let mut asked = hub.connect().await;
    let id = hub.context.local_connections().remove(0);
    let mut impostor = hub.connect().await;
    let clients = hub.context.clients();
    let asking =
        tokio::spawn(async move { clients.connection(&id).ask::<i64>("Question", ()).await });
    let question = asked.next().await;

    answer(&mut impostor, &question, 666).await;

    assert_eq!(impostor.next().await["type"], 7);
    answer(&mut asked, &question, 7).await;
    assert_eq!(asking.await.unwrap().unwrap(), 7);
}

#[tokio::test]
async fn an_answer_to_a_question_that_was_given_up_is_ignored() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    let id = hub.context.local_connections().remove(0);
    let clients = hub.context.clients();
    let asking =
        tokio::spawn(async move { clients.connection(&id).ask::<i64>("Question", ()).await });
    let question = client.next().await;

    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    answer(&mut client, &question, 1).await;

    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test]
async fn an_answer_of_another_type_is_an_error_of_whoever_asked() {
    let hub = TestHub::start(HubOptions::default());
    let mut client = hub.connect().await;
    let id = hub.context.local_connections().remove(0);
    let clients = hub.context.clients();
    let asking =
        tokio::spawn(async move { clients.connection(&id).ask::<bool>("Question", ()).await });
    let question = client.next().await;

    answer(&mut client, &question, 1).await;

    let error = asking.await.unwrap().unwrap_err().to_string();
    assert!(
        error.starts_with("Error trying to deserialize result to bool."),
        "{error}"
    );
    assert_eq!(client.call("Echo", json!([1])).await["result"], 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_waits_for_thirty_seconds_at_most() {
    let hub = TestHub::start(HubOptions::default());
    let _client = hub.connect().await;
    let id = hub.context.local_connections().remove(0);
    let start = tokio::time::Instant::now();

    let clients = hub.context.clients();
    let answer = clients.connection(&id).ask::<i64>("Question", ()).await;

    assert_eq!(
        answer.unwrap_err().to_string(),
        "the client did not answer in time"
    );
    assert_eq!(start.elapsed().as_secs(), 30);
}

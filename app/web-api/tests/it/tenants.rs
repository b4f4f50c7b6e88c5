use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::hub_client::HubClient;
use crate::person::{Answer, Person};
use crate::test_app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_super_admin_creates_a_tenant_and_is_told_when_it_is_ready() {
    told_when_ready(&TestApp::start().await).await;
}

/// Story A.
pub async fn told_when_ready(app: &TestApp) {
    let admin = app.admin().await;
    let mut ear = HubClient::connect(&admin).await;

    let answer = create(&admin, "Ábaco Labs").await;

    assert_eq!(answer.status, 202, "{}", answer.text);
    let accepted = answer.json();
    let id = accepted["id"].as_str().expect("an id");
    assert_eq!(answer.header("location"), format!("/api/tenants/{id}"));
    assert_eq!(accepted["slug"], "abaco-labs");
    assert_eq!(accepted["name"], "Ábaco Labs");
    assert_eq!(accepted["status"], "Pending");
    assert!(accepted["jobId"].is_string());

    let told = ear.hears("ReceiveNotification").await;
    assert_eq!(told[0], "Success");
    assert_eq!(
        told[1],
        "Tenant Ábaco Labs has been successfully provisioned."
    );
    assert_eq!(told[2]["tenantId"], id);
    assert_eq!(told[2]["kind"], "TenantReady");
    assert!(told[2]["id"].is_string() && told[2]["createdAt"].is_string());

    let tenant = admin.get(&format!("/api/tenants/{id}")).await.json();
    assert_eq!(tenant["status"], "Active");
    assert_eq!(tenant["origin"], "Admin");
    assert!(tenant["error"].is_null());
    let steps = tenant["steps"].as_array().expect("steps");
    assert_eq!(steps.len(), 5);
    assert!(
        steps.iter().all(|step| step["state"] == "Done"),
        "{steps:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_is_named_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;

    let body = json!({ "name": " ", "slug": "No Slug!", "adminEmail": "nobody" });
    let errors = admin.post("/api/tenants", body).await.problem(400);

    for field in ["name", "slug", "adminEmail"] {
        assert!(errors[field][0].is_string(), "{field} in {errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_is_explained() {
    let app = TestApp::start().await;
    let admin = app.admin().await;

    let missing = admin.post("/api/tenants", json!({ "name": "Acme" })).await;
    let array = admin.post("/api/tenants", json!([1])).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let form = admin.send(Method::POST, "/api/tenants", None, &form).await;
    let huge = json!({ "name": "x".repeat(70_000), "adminEmail": "a@b.test" });
    let huge = admin.post("/api/tenants", huge).await;

    assert!(missing.problem(400)["adminEmail"][0].is_string());
    array.problem(400);
    form.problem(415);
    huge.problem(413);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slug_is_given_away_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    create(&admin, "Acme").await;

    let again = create(&admin, "Acme").await;

    assert!(again.problem(409)["slug"][0].is_string());
    let free = app.visitor().get("/api/slugs/acme").await.json();
    assert_eq!(free, json!({ "slug": "acme", "available": false }));
    let free = app.visitor().get("/api/slugs/acme-two").await.json();
    assert_eq!(free["available"], true);
    let malformed = app.visitor().get("/api/slugs/-x-").await;
    assert!(malformed.problem(400)["slug"][0].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_makes_a_repeat_harmless() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "name": "Acme", "adminEmail": "ada@acme.test" });
    let other = json!({ "name": "Other", "adminEmail": "ada@acme.test" });
    let send = async |body: &Value, key: &str| {
        let header = [("idempotency-key", key)];
        admin
            .send(Method::POST, "/api/tenants", Some(body.clone()), &header)
            .await
    };

    let first = send(&body, "8f14e45f").await;
    let again = send(&body, "8f14e45f").await;

    assert_eq!(again.status, 202);
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(admin.get("/api/tenants").await.json()["total"], 1);
    send(&other, "8f14e45f").await.problem(422);
    send(&body, "a key").await.problem(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_listed_by_page_status_and_text() {
    let app = TestApp::with(&[("DIQUIS_WORKERS", "0")]).await;
    let admin = app.admin().await;
    for name in ["Alpha", "Beta", "Alphabet"] {
        create(&admin, name).await;
    }

    let page = admin.get("/api/tenants?page=2&pageSize=2").await.json();
    let found = admin
        .get("/api/tenants?q=alpha&status=Pending")
        .await
        .json();
    let none = admin.get("/api/tenants?status=Active").await.json();

    assert_eq!(names(&page), ["Alpha"]);
    assert_eq!(page["total"], 3);
    assert_eq!((&page["page"], &page["pageSize"]), (&json!(2), &json!(2)));
    assert_eq!(names(&found), ["Alphabet", "Alpha"]);
    assert_eq!(none["total"], 0);
    for wrong in ["page=0", "pageSize=101", "status=Lost", "page=x"] {
        let field = wrong.split('=').next().expect("a field");
        let errors = admin
            .get(&format!("/api/tenants?{wrong}"))
            .await
            .problem(400);
        assert!(errors[field][0].is_string(), "{wrong}: {errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_and_a_retry_makes_it_good() {
    let app = TestApp::with(&[("DIQUIS_JOB_ATTEMPTS", "1")]).await;
    let admin = app.admin().await;
    let mut ear = HubClient::connect(&admin).await;
    // A file stands where the tenants' databases belong.
    let folder = app.data_dir().join("tenants");
    std::fs::remove_dir_all(&folder).ok();
    std::fs::write(&folder, "in the way").expect("writes");

    let id = create(&admin, "Acme").await.json()["id"]
        .as_str()
        .expect("an id")
        .to_owned();

    let told = ear.hears("ReceiveNotification").await;
    assert_eq!(told[0], "Error");
    assert_eq!(told[2]["kind"], "TenantFailed");
    let tenant = admin.get(&format!("/api/tenants/{id}")).await.json();
    assert_eq!(tenant["status"], "Failed");
    assert!(tenant["error"].is_string());

    std::fs::remove_file(&folder).expect("removes");
    std::fs::create_dir(&folder).expect("makes");
    let retried = admin.command(&format!("/api/tenants/{id}/retry")).await;
    assert_eq!(retried.status, 202, "{}", retried.text);
    assert_eq!(ear.hears("ReceiveNotification").await[0], "Success");
    admin
        .command(&format!("/api/tenants/{id}/retry"))
        .await
        .problem(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_not_there_is_not_found() {
    let app = TestApp::start().await;
    let admin = app.admin().await;

    let id = Uuid::now_v7();
    admin.get(&format!("/api/tenants/{id}")).await.problem(404);
    admin.get("/api/tenants/not-an-id").await.problem(404);
    admin
        .command(&format!("/api/tenants/{id}/retry"))
        .await
        .problem(404);
}

pub async fn create(admin: &Person, name: &str) -> Answer {
    let body = json!({ "name": name, "adminEmail": "owner@example.test" });
    admin.post("/api/tenants", body).await
}

fn names(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().expect("a list").iter();
    items
        .map(|tenant| tenant["name"].as_str().expect("a name"))
        .collect()
}

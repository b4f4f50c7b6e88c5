use http::Method;
use serde_json::{Value, json};

use crate::tenants::create;
use crate::test_app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_super_admin_searches_jobs_and_acts_on_one() {
    let app = TestApp::with(&[("DIQUIS_WORKERS", "0")]).await;
    let admin = app.admin().await;
    create(&admin, "Acme").await;

    let page = admin
        .get("/api/jobs?q=kind:provision_tenant%20state:enqueued")
        .await;
    let job = page.json()["items"][0].clone();
    let id = job["id"].as_str().expect("an id").to_owned();
    assert_eq!(job["state"], "Enqueued");
    assert_eq!(page.json()["next"], Value::Null);

    let again = admin.command(&format!("/api/jobs/{id}/requeue")).await;
    again.problem(409);
    let deleted = admin.command(&format!("/api/jobs/{id}/delete")).await;
    assert_eq!(deleted.status, 204);
    let job = admin.get(&format!("/api/jobs/{id}")).await.json();
    assert_eq!(job["state"], "Deleted");
    assert_eq!(job["history"].as_array().map(Vec::len), Some(2));
    let audit = admin.get("/api/job-audit").await.json();
    assert_eq!(audit[0]["action"], "delete");
    assert_eq!(audit[0]["target"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_jobs_of_a_search_are_acted_on_in_the_background() {
    let app = TestApp::with(&[("DIQUIS_WORKERS", "0")]).await;
    let admin = app.admin().await;
    create(&admin, "Acme").await;

    let begun = admin
        .post(
            "/api/job-operations",
            json!({ "command": "delete", "q": "kind:provision_tenant", "reason": "a mistake" }),
        )
        .await;

    assert_eq!(begun.status, 202);
    assert_eq!(begun.json()["total"], 1);
    let address = begun.header("location").to_owned();
    assert_eq!(admin.get(&address).await.json()["status"], "Running");
    let stopped = admin.command(&format!("{address}/stop")).await;
    assert_eq!(stopped.json()["status"], "Stopped");
    assert_eq!(
        admin.get("/api/job-operations").await.json()[0]["q"],
        "kind:provision_tenant"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_explained() {
    let app = TestApp::start().await;
    let admin = app.admin().await;

    let unknown = admin.get("/api/jobs?q=colour:red").await.problem(400);
    assert!(
        unknown["q"][0]
            .as_str()
            .is_some_and(|words| words.contains("colour"))
    );
    admin.get("/api/jobs?after=x").await.problem(400);
    let id = uuid::Uuid::nil();
    admin.get(&format!("/api/jobs/{id}")).await.problem(404);
    admin
        .command(&format!("/api/jobs/{id}/explode"))
        .await
        .problem(404);
    let silent = json!({ "command": "delete", "q": "", "reason": "why not" });
    admin.post("/api/job-operations", silent).await.problem(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_learns_anything_of_jobs() {
    let app = TestApp::start().await;
    let owner = app.owner("Acme", "ada@acme.test").await;
    let id = uuid::Uuid::nil();

    for path in [
        "/api/jobs",
        "/api/job-engine",
        "/api/job-errors",
        "/api/job-audit",
        "/api/job-operations",
    ] {
        app.visitor().get(path).await.problem(401);
        owner.get(path).await.problem(403);
    }
    for path in [
        format!("/api/jobs/{id}/delete"),
        format!("/api/job-operations/{id}/stop"),
    ] {
        app.visitor()
            .send(Method::POST, &path, None, &[])
            .await
            .problem(401);
        owner.command(&path).await.problem(403);
    }
}

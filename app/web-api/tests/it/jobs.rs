use http::Method;
use serde_json::{Value, json};

use crate::eventually::eventually;
use crate::tenants::create;
use crate::test_app::{ADMIN, PASSWORD, TestApp};

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
    assert_eq!(job["history"][0]["facts"]["Queue"], job["queue"]);
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
async fn more_jobs_than_were_expected_are_left_alone() {
    let app = TestApp::with(&[("DIQUIS_WORKERS", "0")]).await;
    let admin = app.admin().await;
    create(&admin, "Acme").await;
    let asked = |expected: u64| {
        json!({
            "command": "delete", "q": "kind:provision_tenant", "reason": "a mistake",
            "expected": expected,
        })
    };

    let refused = admin.post("/api/job-operations", asked(0)).await;
    let errors = refused.problem(409);
    assert_eq!(errors["expected"][0], "Say 1 to go on.");
    assert_eq!(admin.get("/api/job-operations").await.json(), json!([]));

    let begun = admin.post("/api/job-operations", asked(1)).await;
    assert_eq!(begun.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_queue_is_why_its_jobs_wait() {
    let app = TestApp::with(&[("DIQUIS_WORKERS", "0")]).await;
    let admin = app.admin().await;
    create(&admin, "Acme").await;
    let job = admin.get("/api/jobs?q=kind:provision_tenant").await.json();
    let (id, queue) = (
        text(&job["items"][0]["id"]),
        text(&job["items"][0]["queue"]),
    );
    let pause = format!("/api/job-queues/{queue}/pause");

    admin
        .post(&pause, json!({ "reason": " " }))
        .await
        .problem(400);
    let paused = admin.post(&pause, json!({ "reason": "rain" })).await;
    assert_eq!(paused.status, 204);
    admin
        .post(&pause, json!({ "reason": "rain" }))
        .await
        .problem(409);

    let queues = admin.get("/api/job-queues").await.json();
    let paused = find(&queues, "name", &queue)["paused"].clone();
    assert_eq!(
        (&paused["by"], &paused["reason"]),
        (&json!(ADMIN), &json!("rain"))
    );
    let job = admin.get(&format!("/api/jobs/{id}")).await.json();
    assert_eq!(
        job["why"],
        format!("Waits, because {ADMIN} paused its queue: rain.")
    );
    let engine = admin.get("/api/job-engine").await.json();
    let told = engine["findings"].to_string();
    assert!(told.contains("has been paused by"), "{told}");

    let resume = format!("/api/job-queues/{queue}/resume");
    assert_eq!(admin.command(&resume).await.status, 204);
    admin.command(&resume).await.problem(409);
    let audit = admin.get("/api/job-audit").await.json();
    let deeds: Vec<&Value> = (0..2).map(|place| &audit[place]["action"]).collect();
    assert_eq!(deeds, ["resume queue", "pause queue"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_and_keys_are_limited() {
    let app = TestApp::with(&[("DIQUIS_WORKERS", "0")]).await;
    let admin = app.admin().await;
    let of_key = "/api/job-limits/key/exports%2Facme";
    let limit = json!({ "atOnce": 2, "rate": { "jobs": 10, "periodMs": 60_000 } });

    let put = |limit: Value| admin.send(Method::PUT, of_key, Some(limit), &[]);
    put(json!({})).await.problem(400);
    assert_eq!(put(limit.clone()).await.status, 204);

    let limits = admin.get("/api/job-limits").await.json();
    assert_eq!(
        limits,
        json!([{ "of": "key", "name": "exports/acme", "limit": limit, "version": "2~10~60000" }])
    );
    let remove = || admin.send(Method::DELETE, of_key, None, &[]);
    assert_eq!(remove().await.status, 204);
    remove().await.problem(409);
    let nothing = admin.send(Method::DELETE, "/api/job-limits/tenant/acme", None, &[]);
    nothing.await.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_not_the_one_that_was_seen_stays() {
    let app = TestApp::with(&[("DIQUIS_WORKERS", "0")]).await;
    let admin = app.admin().await;
    let of_key = "/api/job-limits/key/exports";
    let send = async |method, seen: &str, body| {
        let address = format!("{of_key}?seen={seen}");
        admin.send(method, &address, body, &[]).await
    };
    let two = || Some(json!({ "atOnce": 2 }));
    assert_eq!(send(Method::PUT, "none", two()).await.status, 204);
    let seen = admin.get("/api/job-limits").await.json()[0]["version"].clone();
    let seen = text(&seen);

    let three = Some(json!({ "atOnce": 3 }));
    assert_eq!(send(Method::PUT, &seen, three).await.status, 204);
    send(Method::PUT, &seen, two()).await.problem(409);
    send(Method::PUT, "none", two()).await.problem(409);
    send(Method::DELETE, &seen, None).await.problem(409);
    send(Method::PUT, "three", two()).await.problem(400);

    let limits = admin.get("/api/job-limits").await.json();
    assert_eq!(limits[0]["limit"]["atOnce"], 3);
    let seen = text(&limits[0]["version"]);
    assert_eq!(send(Method::DELETE, &seen, None).await.status, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_quieted_and_works_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let server = eventually("a server", async || {
        let servers = admin.get("/api/job-servers").await.json();
        servers.get(0).cloned()
    })
    .await;
    let order = |order: &str| {
        let path = format!("/api/job-servers/{}/{order}", text(&server["id"]));
        let admin = &admin;
        async move { admin.command(&path).await }
    };

    assert_eq!(order("quiet").await.status, 204);
    let told = admin.get("/api/job-servers").await.json();
    assert_eq!(told[0]["order"], "quiet");
    order("quiet").await.problem(409);
    assert_eq!(order("work").await.status, 204);
    order("explode").await.problem(404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recurring_job_is_run_paused_changed_and_removed() {
    const JOB: &str = "/api/recurring-jobs/forget-expired";
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let job = eventually("the recurring job", async || {
        let page = admin.get("/api/recurring-jobs?q=forget").await.json();
        page["items"].get(0).cloned()
    })
    .await;
    assert_eq!(job["inWords"], "At 03:17");
    assert_eq!(job["nextRuns"].as_array().map(Vec::len), Some(5));

    let created = admin.command(&format!("{JOB}/run")).await;
    assert_eq!(created.status, 201);
    let id = text(&created.json()["id"]);
    let created = admin.get(&format!("/api/jobs/{id}")).await.json();
    assert_eq!(created["origin"]["recurringJob"], "forget-expired");
    let runs = admin.get(&format!("{JOB}/runs")).await.json();
    assert_eq!(
        (&runs[0]["cause"], &runs[0]["job"]),
        (&json!("RunNow"), &json!(id))
    );

    let why = json!({ "reason": "the night is short" });
    assert_eq!(admin.post(&format!("{JOB}/pause"), why).await.status, 204);
    let paused = admin.get(JOB).await.json();
    assert!(text(&paused["pausedBecause"]).ends_with("over the API: the night is short"));
    assert_eq!(paused["nextRuns"], json!([]));
    assert_eq!(admin.command(&format!("{JOB}/resume")).await.status, 204);

    let schedule = |text: &str| {
        let wanted = json!({ "schedule": text, "timeZone": "Europe/Berlin" });
        admin.send(
            Method::PUT,
            "/api/recurring-jobs/forget-expired/schedule",
            Some(wanted),
            &[],
        )
    };
    schedule("now and then").await.problem(400);
    assert_eq!(schedule("0 4 * * *").await.status, 204);
    let edited = admin.get(JOB).await.json();
    assert_eq!(
        (&edited["inWords"], &edited["isEdited"]),
        (&json!("At 04:00"), &json!(true))
    );

    let removed = admin.send(Method::DELETE, JOB, None, &[]).await;
    assert_eq!(removed.status, 204);
    admin.get(JOB).await.problem(404);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_copied_and_one_that_has_moved_on_is_left_alone() {
    let app = TestApp::with(&[("DIQUIS_WORKERS", "0")]).await;
    let admin = app.admin().await;
    create(&admin, "Acme").await;
    let jobs = admin.get("/api/jobs?q=kind:provision_tenant").await.json();
    let (id, seen) = (
        text(&jobs["items"][0]["id"]),
        text(&jobs["items"][0]["changedAt"]),
    );
    let path = format!("/api/jobs/{id}/copies");

    let copied = admin.post(&path, json!({ "queue": "slow" })).await;
    assert_eq!(copied.status, 201);
    let copy = admin.get(copied.header("location")).await.json();
    assert_eq!(
        (&copy["queue"], &copy["arguments"]),
        (&json!("slow"), &jobs["items"][0]["arguments"])
    );
    admin
        .post(&path, json!({ "arguments": "{" }))
        .await
        .problem(400);

    let delete = format!("/api/jobs/{id}/delete?seen={seen}&reason=rain");
    assert_eq!(admin.command(&delete).await.status, 204);
    assert_eq!(
        admin
            .command(&format!("/api/jobs/{id}/requeue"))
            .await
            .status,
        204
    );
    admin.command(&delete).await.problem(409);
    let job = admin.get(&format!("/api/jobs/{id}")).await.json();
    assert_eq!(job["state"], "Enqueued");
    let deleted = format!("Deleted by {ADMIN} over the API: rain");
    assert_eq!(job["history"][1]["reason"], deleted);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_job_carries_an_address_or_a_link() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.owner("Térraba Boats", "rosa@terraba.test").await;

    let jobs = admin.get("/api/jobs?limit=1000").await.json();
    let jobs = jobs["items"].as_array().expect("jobs").clone();
    assert!(
        jobs.iter().any(|job| job["kind"] == "send_email"),
        "{jobs:?}"
    );
    for job in &jobs {
        let page = format!("/hangfire/jobs/details/{}", text(&job["id"]));
        let page = admin.with_cookies_alone().get(&page).await;
        assert_eq!(page.status, 200);
        for secret in ["rosa@terraba.test", "#token=", PASSWORD] {
            assert!(!page.text.contains(secret), "{secret} in {}", page.text);
        }
    }
    app.stop().await;
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

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The one of these that has this value in this field.
fn find<'a>(all: &'a Value, field: &str, value: &str) -> &'a Value {
    let mut all = all.as_array().expect("a list").iter();
    let found = all.find(|one| one[field] == value);
    found.expect("there is one")
}

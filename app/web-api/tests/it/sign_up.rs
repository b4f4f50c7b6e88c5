use serde_json::json;

use crate::test_app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_signs_up_and_gets_in_by_the_link_in_their_mail() {
    signs_up_and_gets_in(&TestApp::start().await, "SQLite").await;
}

/// Story B.
pub async fn signs_up_and_gets_in(app: &TestApp, engine: &str) {
    let body = json!({ "organization": "Térraba Boats", "email": "Rosa@terraba.test" });

    let answer = app.visitor().post("/api/sign-up", body).await;

    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(
        answer.json()["message"],
        "Thanks for signing up! Check your email shortly for your login details."
    );

    let rosa = app.owner_of_mailed_link("rosa@terraba.test").await;
    let me = rosa.get("/api/me").await.json();
    assert_eq!(me["roles"], json!(["TenantOwner"]));
    let home = rosa.get("/api/tenant").await.json();
    assert_eq!(home["tenant"]["name"], "Térraba Boats");
    assert_eq!(home["tenant"]["slug"], "terraba-boats");
    assert_eq!(home["tenant"]["status"], "Active");
    assert_eq!(home["owner"]["email"], "rosa@terraba.test");
    assert_eq!(home["database"]["engine"], engine);
    assert!(!home["roles"].as_array().expect("roles").is_empty());
    assert!(!home["settings"].as_array().expect("settings").is_empty());
    assert_eq!(me["tenantId"], home["tenant"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_address_gets_the_same_answer_and_no_second_tenant() {
    let app = TestApp::start().await;
    app.owner("Térraba Boats", "rosa@terraba.test").await;

    app.sign_up("Another", "rosa@terraba.test").await;

    let tenants = app.admin().await.get("/api/tenants").await.json();
    assert_eq!(tenants["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_field_of_a_sign_up_is_named() {
    let app = TestApp::start().await;

    let body = json!({ "organization": "", "email": "nobody", "slug": "-" });
    let errors = app.visitor().post("/api/sign-up", body).await.problem(400);

    for field in ["organization", "email", "slug"] {
        assert!(errors[field][0].is_string(), "{field} in {errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_slug_is_said_to_be_taken() {
    let app = TestApp::start().await;
    app.sign_up("Térraba Boats", "rosa@terraba.test").await;

    let body = json!({ "organization": "Térraba Boats", "email": "ana@terraba.test" });
    let errors = app.visitor().post("/api/sign-up", body).await.problem(409);

    assert!(errors["slug"][0].is_string());
}

use http::Method;

use crate::person::Answer;
use crate::test_app::TestApp;

const BROWSER: [(&str, &str); 1] = [("accept", "text/html,application/xhtml+xml")];

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_that_protect_browsers() {
    let app = TestApp::start().await;
    let admin = app.admin().await;

    for path in [
        "/",
        "/sign-in",
        "/tenants",
        "/api/me",
        "/api/no-such-thing",
        "/hangfire",
        "/hubs/notifications",
        "/health/live",
    ] {
        let answer = admin.send(Method::GET, path, None, &BROWSER).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let referrer = answer.header("referrer-policy");
        assert!(["no-referrer", "same-origin"].contains(&referrer), "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert!(
            answer.header("strict-transport-security").is_empty(),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_browsers_are_told_to_stay_with_it() {
    let app = TestApp::with(&[("DIQUIS_PUBLIC_URL", "https://diquis.test")]).await;

    let answer = app.visitor().get("/health/live").await;

    let header = answer.header("strict-transport-security");
    assert_eq!(header, "max-age=31536000; includeSubDomains");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_the_page_at_every_address_of_its_own() {
    let app = TestApp::start().await;
    let open = async |path: &str| app.visitor().send(Method::GET, path, None, &BROWSER).await;

    let start = open("/").await;
    let tenants = open("/tenants?status=Failed").await;

    assert_eq!(start.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(tenants.status, start.status);
    assert_eq!(tenants.text, start.text);
    assert!(is_page(&start), "{}", start.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_is_no_page() {
    let app = TestApp::start().await;

    let script = app.visitor().get("/assets/gone.js").await;
    let posted = app
        .visitor()
        .send(Method::POST, "/tenants", None, &BROWSER)
        .await;
    let outside = app.visitor().get("/../Cargo.toml").await;
    let encoded = app.visitor().get("/%2e%2e/Cargo.toml").await;

    script.problem(404);
    posted.problem(405);
    outside.problem(404);
    encoded.problem(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sent_compressed_and_kept_for_ever() {
    let app = TestApp::start().await;
    let page = app.visitor().send(Method::GET, "/", None, &BROWSER).await;
    let script = script_of(&page);
    let both = [("accept-encoding", "gzip, br")];

    let answer = app.visitor().send(Method::GET, script, None, &both).await;
    let plain = app.visitor().get(script).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-encoding"), "br");
    assert_eq!(
        answer.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(answer.header("vary"), "accept-encoding");
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert!(plain.header("content-encoding").is_empty());
    assert_ne!(plain.header("etag"), answer.header("etag"));
    let known = [("if-none-match", plain.header("etag"))];
    let again = app.visitor().send(Method::GET, script, None, &known).await;
    assert_eq!(again.status, 304);
    assert!(again.text.is_empty());
}

fn script_of(page: &Answer) -> &str {
    let mut texts = page.text.split('"');
    texts
        .find(|text| text.starts_with("/assets/") && text.rsplit('.').next() == Some("js"))
        .expect("the front end is not built; run: make frontend/dist/index.html")
}

/// The built one with status 200; the page that says how to build it with 503.
fn is_page(answer: &Answer) -> bool {
    match answer.status.as_u16() {
        200 => answer.text.contains("<div id=\"root\">") && answer.header("etag").starts_with('"'),
        503 => answer.text.contains("make build"),
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_text_is_the_address_of_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;

    for path in [
        "/api/slugs/%FF",
        "/api/mails/%FF",
        "/api/recurring-jobs/%FF",
    ] {
        admin.get(path).await.problem(404);
    }
    let resume = "/api/job-queues/%FF/resume";
    admin.command(resume).await.problem(404);
}

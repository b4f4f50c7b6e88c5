/// Programs are made from the committed file, so it must be that of these routes.
#[test]
fn the_committed_description_is_that_of_the_routes() {
    let committed = include_str!("../../openapi.json");

    assert!(
        committed == web_api::openapi::json(),
        "app/web-api/openapi.json is old; run `make api-client`"
    );
}

#[test]
fn every_operation_has_a_name_and_says_what_it_answers() {
    let description: serde_json::Value =
        serde_json::from_str(&web_api::openapi::json()).expect("JSON");

    let paths = description["paths"].as_object().expect("paths");
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().expect("operations") {
            let here = format!("{method} {path}");
            assert!(operation["operationId"].is_string(), "{here}");
            assert!(operation["summary"].is_string(), "{here}");
            let responses = operation["responses"].as_object().expect("responses");
            for (status, response) in responses {
                let has_body = response["content"].is_object();
                assert_eq!(has_body, status != "204", "{here} {status}");
            }
        }
    }
}

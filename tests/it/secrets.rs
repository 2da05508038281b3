//! No credential is in anything that can be printed.

use base64::Engine as _;
use dataforseo_client::Client;
use dataforseo_client::models::backlinks::BulkPagesSummaryLiveTask;
use dataforseo_mock_server::MockServer;
use dataforseo_tests::{Scripted, http};

const LOGIN: &str = "login-7f3a";
const PASSWORD: &str = "password-91c2";

fn assert_clean(text: &str) {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{LOGIN}:{PASSWORD}"));
    for secret in [LOGIN, PASSWORD, &encoded] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn neither_debug_nor_errors_show_credentials() {
    let responses = [
        Vec::new(),
        http(
            "401 Unauthorized",
            "",
            r#"{"status_code": 40100, "status_message": "no"}"#,
        ),
        http("500 Oops", "", "x"),
    ];
    for response in responses {
        let server = Scripted::start(response).await.unwrap();
        let builder = Client::builder()
            .credentials(LOGIN, PASSWORD)
            .base_url(server.url());
        assert_clean(&format!("{builder:?} {builder:#?}"));
        let client = builder.build().unwrap();
        assert_clean(&format!("{client:?} {client:#?} {:?}", client.backlinks()));
        let task = BulkPagesSummaryLiveTask::new(["example.com"]);
        let error = client
            .backlinks()
            .bulk_pages_summary_live(&task)
            .await
            .expect_err("fails");
        assert_clean(&format!("{error} {error:?} {error:#?}"));
        // It did go over the wire.
        assert!(server.request().await.unwrap().contains("Basic "));
    }
    for builder in [
        Client::builder().credentials(format!("{LOGIN}:"), PASSWORD),
        Client::builder()
            .credentials(LOGIN, PASSWORD)
            .base_url(format!("https://{LOGIN}:{PASSWORD}@x.example")),
    ] {
        assert_clean(&format!("{builder:?}"));
        assert_clean(&builder.build().expect_err("refused").to_string());
    }
}

#[tokio::test]
async fn the_mock_repeats_no_credentials() {
    let mock = MockServer::builder()
        .auth("other:other")
        .start()
        .await
        .unwrap();
    let client = Client::builder()
        .credentials(LOGIN, PASSWORD)
        .base_url(mock.url())
        .build()
        .unwrap();
    let task = BulkPagesSummaryLiveTask::new(["example.com"]);
    let error = client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .expect_err("refused");
    assert_clean(&error.raw_response().unwrap().text());
    assert_clean(&format!("{mock:?}"));
}

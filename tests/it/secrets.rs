//! No credential is in anything that can be printed.

use base64::Engine as _;
use dataforseo_client::models::backlinks::{BulkPagesSummaryLive, BulkPagesSummaryLiveTask};
use dataforseo_client::models::serp::google::{OrganicTaskPost, OrganicTaskPostTask};
use dataforseo_client::models::{Endpoint, StatusCode};
use dataforseo_client::{Client, Error, ErrorKind};
use dataforseo_mock_server::MockServer;
use dataforseo_test_support::fake_api::{Call, FakeApi, Reply};
use dataforseo_tests::{Scripted, http};

use crate::layers::{Exchange, layer};

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

/// Returns a message that repeats the credentials, in a form per call, and clears the screen.
fn reflecting(call: &Call) -> String {
    let mut headers = call.headers.iter();
    let header = headers.find(|line| line.to_lowercase().starts_with("authorization"));
    let encoded = header.unwrap().rsplit(' ').next().unwrap();
    let form = match call.number % 4 {
        0 => encoded.to_owned(),
        1 => encoded[..20].to_owned(),
        2 => format!("{LOGIN} {PASSWORD}"),
        _ => format!(
            "{} {}",
            LOGIN.replace('-', "%2D"),
            PASSWORD.replace('-', "&#45;")
        ),
    };
    format!("\u{1b}[2Jno user {form}\r\n")
}

fn assert_clean_and_escaped(error: &Error) {
    let shown = format!("{error} {error:?} {}", error.display_chain());
    assert_clean(&shown);
    assert!(!shown.contains(char::is_control), "{shown:?}");
    for part in ["login%2D7f3a", "password&#45;91c2", "bG9naW4tN2YzYTpwYXN"] {
        assert!(!shown.contains(part), "{shown}");
    }
}

fn reflected(url: String) -> Client {
    let builder = crate::builder(url).credentials(LOGIN, PASSWORD);
    builder.build().unwrap()
}

#[tokio::test]
async fn what_a_server_repeats_is_not_shown() {
    let replies: [fn(&Call) -> Reply; 3] = [
        |call| Reply::refused(40100, &reflecting(call)).status("401 Unauthorized"),
        |call| Reply::failed(40501, &reflecting(call), 0.0),
        |call| {
            Reply::failed(40501, "x", 0.0).edit({
                let id = reflecting(call);
                move |body| body["tasks"][0]["id"] = id.clone().into()
            })
        },
    ];
    let task = BulkPagesSummaryLiveTask::new(["example.com"]);
    for reply in replies {
        let api = FakeApi::start(reply);
        let client = reflected(api.url());
        for _ in 0..4 {
            let error = client.backlinks().bulk_pages_summary_live(&task).await;
            let error = error.unwrap_err();
            assert_clean_and_escaped(&error);
            assert!(
                error.to_string().contains(r"\u{1b}[2Jno user [redacted]"),
                "{error}"
            );
            // The bytes are all there.
            assert!(error.raw_response().unwrap().text().contains("[2Jno user"));
        }
    }
    // Bodies and encodings that cannot be read show a part of what was sent.
    let replies: [fn(&Call) -> Reply; 2] = [
        |call| Reply::http("200 OK", &serde_json::json!(reflecting(call)).to_string()),
        |call| {
            Reply::rows().header(&format!(
                "content-encoding: {}",
                reflecting(call)[5..].trim()
            ))
        },
    ];
    for reply in replies {
        let api = FakeApi::start(move |call| {
            reply(call).encode(|mut body| {
                body.truncate(60);
                body
            })
        });
        let client = reflected(api.url());
        for _ in 0..4 {
            let error = client.backlinks().bulk_pages_summary_live(&task).await;
            assert_clean_and_escaped(&error.unwrap_err());
        }
    }
}

/// Messages of calls and tasks that succeeded are shown, too.
#[tokio::test]
async fn messages_of_successes_are_clean() {
    let api = FakeApi::start(|call| {
        let message = reflecting(call);
        Reply::rows().edit(move |body| {
            body["tasks"][0]["status_message"] = message.clone().into();
            body["tasks"][0]["result"] = serde_json::Value::Null;
            body["tasks"][0]["data"] = serde_json::Value::Null;
        })
    });
    let client = reflected(api.url());
    let task = BulkPagesSummaryLiveTask::new(["example.com"]);
    let response = client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .unwrap();
    assert_clean(&format!("{response:?}"));
    let task = serde_json::json!({"targets": ["example.com"]});
    let request = client
        .prepare(BulkPagesSummaryLive::INFO, &[], &[task])
        .unwrap();
    assert_clean(&format!("{:?}", client.send(&request).await.unwrap()));
    let task = OrganicTaskPostTask::new()
        .keyword("x")
        .language_code("en")
        .location_code(2840);
    let posted = client.post::<OrganicTaskPost>(&[task]).await.unwrap();
    assert_eq!(posted.tasks()[0].status_code, Some(StatusCode::Ok));
    assert_clean(&format!("{posted:?}"));
}

/// An error that is replaced keeps what it means.
#[tokio::test]
async fn errors_of_the_transport_are_clean() {
    let layer = layer(|_, _| {
        let text = format!("\u{7}{PASSWORD}");
        let slow = std::io::Error::new(std::io::ErrorKind::TimedOut, text);
        Box::pin(async { Err(slow.into()) }) as Exchange
    });
    let builder = crate::builder("http://127.0.0.1:1").credentials(LOGIN, PASSWORD);
    let client = builder.layer(layer).build().unwrap();
    let task = BulkPagesSummaryLiveTask::new(["example.com"]);
    let error = client.backlinks().bulk_pages_summary_live(&task).await;
    let error = error.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport(_)));
    assert_clean_and_escaped(&error);
    assert!(error.is_timeout() && error.is_connect(), "{error:?}");
}

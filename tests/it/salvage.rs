//! Responses that are paid for and arrive in an odd form: each whole one is a success, and the bytes of
//! the others are kept.

use std::io::Write as _;

use dataforseo_client::models::backlinks::{BulkRanksLiveResult, BulkRanksLiveTask};
use dataforseo_client::models::serp::google::{OrganicTaskPost, OrganicTaskPostTask};
use dataforseo_client::{Charge, Client, Error, ErrorKind, Response};
use dataforseo_test_support::fake_api::{FakeApi, Reply};
use flate2::Compression;
use flate2::write::GzEncoder;

async fn ranks(client: &Client) -> Result<Response<BulkRanksLiveResult>, Error> {
    let task = BulkRanksLiveTask::new(["example.com"]);
    client.backlinks().bulk_ranks_live(&task).await
}

async fn respond_with(reply: Reply) -> Result<Response<BulkRanksLiveResult>, Error> {
    let api = FakeApi::start(move |_| reply.clone());
    ranks(&crate::client(api.url())).await
}

fn zip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn text(edit: impl Fn(String) -> String + Send + Sync + 'static) -> Reply {
    Reply::rows().encode(move |body| edit(String::from_utf8(body).unwrap()).into_bytes())
}

fn bytes(edit: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Reply {
    Reply::rows().encode(edit)
}

fn append(more: &'static [u8]) -> Reply {
    bytes(move |body| [&body[..], more].concat())
}

/// A body that is compressed, and then changed.
fn zipped(edit: impl Fn(&mut Vec<u8>) + Send + Sync + 'static) -> Reply {
    let reply = bytes(move |body| {
        let mut body = zip(&body);
        edit(&mut body);
        body
    });
    reply.header("content-encoding: gzip")
}

fn wrong_sum(body: &mut [u8]) {
    let sum = body.len() - 8;
    body[sum] ^= 1;
}

#[tokio::test]
async fn a_whole_response_is_a_success_in_any_form() {
    let twice = || bytes(|body| zip(&zip(&body)));
    let cases = [
        ("byte order mark", text(|body| format!("\u{feff}{body}"))),
        ("bytes after the JSON", append(b"garbage")),
        ("NUL bytes after the JSON", append(&[0; 10])),
        ("a second response", append(b"{}")),
        ("half a character", text(|it| it.replace("Ok.", "\\ud800"))),
        (
            "no UTF-8",
            bytes(|body| {
                let at = body.windows(3).position(|it| it == b"Ok.").unwrap();
                [&body[..at], b"\xff\xfe", &body[at..]].concat()
            }),
        ),
        ("no gzip", Reply::rows().header("content-encoding: gzip")),
        ("no brotli", Reply::rows().header("content-encoding: br")),
        (
            "x-gzip",
            bytes(|body| zip(&body)).header("content-encoding: x-gzip"),
        ),
        ("gzip twice", twice().header("content-encoding: gzip, gzip")),
        (
            "gzip in two headers",
            twice()
                .header("content-encoding: gzip")
                .header("content-encoding: gzip"),
        ),
        (
            "identity",
            Reply::rows()
                .header("content-encoding: identity")
                .header("content-encoding: identity"),
        ),
        ("bad checksum", zipped(|body| wrong_sum(body))),
        ("cut checksum", zipped(|body| body.truncate(body.len() - 5))),
        ("bytes after gzip", zipped(|body| body.extend(b"garbage"))),
        ("no last chunk", Reply::rows().chunked_without_end()),
        ("a length that is too large", Reply::rows().wrong_length(40)),
    ];
    for (form, reply) in cases {
        let response = respond_with(reply).await;
        let response = response.unwrap_or_else(|error| panic!("{form}: {error}"));
        let row = response.items().next().unwrap();
        assert_eq!(
            (row.target.as_deref(), row.rank),
            (Some("example.com"), Some(1)),
            "{form}"
        );
        assert_eq!(response.cost(), Some(0.02003), "{form}");
    }
}

#[tokio::test]
async fn words_in_place_of_numbers_are_null() {
    for word in ["NaN", "Infinity", "-Infinity", "1e999"] {
        let reply = text(move |body| {
            let body = body.replace("\"rank\":1", &format!("\"rank\":{word}"));
            assert!(body.contains(word), "{body}");
            body.replace("Ok.", "NaN, Infinity")
        });
        let response = respond_with(reply).await.unwrap();
        let row = response.items().next().unwrap();
        assert_eq!(
            (row.target.as_deref(), row.rank),
            (Some("example.com"), None)
        );
        assert_eq!(
            response.task.status_message.as_deref(),
            Some("NaN, Infinity")
        );
        assert_eq!(response.drift().len(), 1, "{:?}", response.drift());
    }
    let response = respond_with(append(b"garbage")).await.unwrap();
    assert!(response.drift()[0].found.contains("after the JSON"));
}

/// What is not a whole response stays an error with the bytes that arrived, and its charge is unknown.
#[tokio::test]
async fn the_bytes_of_every_other_form_are_kept() {
    let cases = [
        (
            "HTML before the JSON",
            text(|body| format!("<br>Warning\n{body}")),
        ),
        (
            "UTF-16",
            text(|body| body).encode(|body| body.iter().flat_map(|it| [*it, 0]).collect()),
        ),
        ("half of it", bytes(|body| body[..body.len() / 2].to_vec())),
        (
            "a length that is too small",
            Reply::rows().wrong_length(-40),
        ),
        ("cut and closed", Reply::rows().cut_at(300).close()),
        ("cut gzip", zipped(|body| body.truncate(body.len() / 2))),
        ("nothing", bytes(|_| Vec::new())),
    ];
    for (form, reply) in cases {
        let error = respond_with(reply).await.expect_err(form);
        assert_eq!(error.charge(), Charge::Unknown, "{form}: {error}");
        let kept = error.raw_response().unwrap().body().len();
        assert!(kept > 50 || form == "nothing", "{form}: {kept}");
    }
}

/// The API's own word counts although the transport failed, unless it may be damaged.
#[tokio::test]
async fn a_whole_refusal_is_a_refusal() {
    let refused = || Reply::refused(40202, "slow down");
    let error = respond_with(refused().chunked_without_end())
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Envelope { .. }),
        "{error}"
    );
    assert_eq!(error.charge(), Charge::None);
    let damaged = refused().encode(|body| {
        let mut body = zip(&body);
        wrong_sum(&mut body);
        body
    });
    let error = respond_with(damaged.header("content-encoding: gzip"))
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport(_)), "{error}");
    assert_eq!(error.charge(), Charge::Unknown);
}

/// The identifiers of posted tasks are paid for, too.
#[tokio::test]
async fn the_identifiers_of_a_post_survive() {
    let api = FakeApi::start(|_| {
        Reply::rows()
            .edit(|body| body["tasks"][0]["status_code"] = 20100.into())
            .encode(|body| [&b"\xef\xbb\xbf"[..], &body, b"garbage"].concat())
    });
    let task = OrganicTaskPostTask::new()
        .keyword("x")
        .language_code("en")
        .location_code(2840);
    let posted = crate::client(api.url())
        .post::<OrganicTaskPost>(&[task])
        .await
        .unwrap();
    assert_eq!(posted.into_ids().unwrap().len(), 1);
}

//! HTTP/2 servers that refuse a request, end the connection before it or after it, or reset it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dataforseo_client::models::backlinks::BulkRanksLiveTask;
use dataforseo_client::{Charge, Client, Dispatch, StandardRetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::network::tls_acceptor;

const BODY: &[u8] = br#"{"status_code": 20000, "cost": 0.02, "tasks": [{"status_code": 20000, "cost": 0.02, "result": null}]}"#;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What the server does with a call, after it has read the request.
#[derive(Debug, Clone, Copy)]
enum Action {
    Respond,
    /// Resets the stream with this code.
    Reset(u32),
    /// Ends the connection; streams after the one of this distance to the request were not processed.
    GoAway {
        last: i64,
        code: u32,
    },
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

async fn read_frame(stream: &mut TlsStream<TcpStream>) -> std::io::Result<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).await?;
    Ok(Frame {
        kind: head[3],
        flags: head[4],
        stream: u32::from_be_bytes([head[5], head[6], head[7], head[8]]),
    })
}

async fn serve(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    script: &[Action],
    calls: &AtomicUsize,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    loop {
        let request = read_frame(&mut stream).await?;
        if ![HEADERS, DATA].contains(&request.kind) || request.flags & END_STREAM == 0 {
            continue;
        }
        let call = calls.fetch_add(1, Ordering::SeqCst);
        let id = request.stream;
        let action = script.get(call).copied().unwrap_or(Action::Respond);
        let bytes = match action {
            Action::Respond => [
                frame(HEADERS, END_HEADERS, id, &[0x88]), // the status 200
                frame(DATA, END_STREAM, id, BODY),
            ]
            .concat(),
            Action::Reset(code) => frame(RESET, 0, id, &code.to_be_bytes()),
            Action::GoAway { last, code } => {
                let last = u32::try_from(i64::from(id) + last).unwrap();
                let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
                frame(GO_AWAY, 0, 0, &payload)
            }
        };
        stream.write_all(&bytes).await?;
        if matches!(action, Action::GoAway { .. }) {
            return stream.shutdown().await;
        }
    }
}

/// Starts a server. Returns its port, its certificate and the number of calls.
async fn start(script: &'static [Action]) -> (u16, String, Arc<AtomicUsize>) {
    let (acceptor, pem) = tls_acceptor(&[b"h2"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, calls) = (acceptor.clone(), Arc::clone(&counted));
            tokio::spawn(async move { serve(acceptor, stream, script, &calls).await });
        }
    });
    (port, pem, calls)
}

fn client(port: u16, pem: String) -> Client {
    let at_once = StandardRetryPolicy::default().backoff(Duration::ZERO, Duration::ZERO);
    let builder = crate::builder(format!("https://localhost:{port}"));
    let builder = builder.no_proxy().root_certificates(pem);
    builder.retry_policy(at_once).build().unwrap()
}

#[tokio::test]
async fn what_was_not_processed_counts_as_not_sent() {
    const REFUSED: Action = Action::Reset(7);
    const ENDED_BEFORE: Action = Action::GoAway { last: -1, code: 0 };
    const FAILED_BEFORE: Action = Action::GoAway { last: -1, code: 2 };
    let scripts: [&[Action]; 4] = [
        &[REFUSED],
        &[ENDED_BEFORE],
        &[FAILED_BEFORE],
        &[REFUSED, ENDED_BEFORE, REFUSED],
    ];
    let task = BulkRanksLiveTask::new(["example.com"]);
    for script in scripts {
        let (port, pem, calls) = start(script).await;
        let client = client(port, pem);
        let response = client.backlinks().bulk_ranks_live(&task).await;
        let attempts = response.unwrap().raw_response().attempts();
        assert_eq!(attempts as usize, script.len() + 1, "{script:?}");
        assert_eq!(calls.load(Ordering::SeqCst), script.len() + 1, "{script:?}");
        let costs = client.costs();
        assert_eq!(
            (costs.us_dollars, costs.unknown_charges),
            (0.02, 0),
            "{script:?}"
        );
    }
    let (port, pem, _) = start(&[REFUSED; 4]).await;
    let error = client(port, pem).backlinks().bulk_ranks_live(&task).await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.dispatch(), error.charge()),
        (Dispatch::NotSent, Charge::None)
    );
    assert!(error.to_string().contains("did not process"), "{error}");
}

#[tokio::test]
async fn every_other_reset_leaves_the_charge_unknown() {
    let scripts: [&[Action]; 6] = [
        &[Action::Reset(0)],
        &[Action::Reset(2)],
        &[Action::Reset(8)],
        &[Action::Reset(11)],
        // These may have processed the request.
        &[Action::GoAway { last: 0, code: 0 }],
        &[Action::GoAway {
            last: 1000,
            code: 2,
        }],
    ];
    let task = BulkRanksLiveTask::new(["example.com"]);
    for script in scripts {
        let (port, pem, calls) = start(script).await;
        let error = client(port, pem).backlinks().bulk_ranks_live(&task).await;
        let error = error.unwrap_err();
        assert_eq!(error.charge(), Charge::Unknown, "{script:?}: {error}");
        assert_eq!(calls.load(Ordering::SeqCst), 1, "{script:?}");
    }
}

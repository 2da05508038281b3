//! A server that answers as the DataForSEO v3 API does, offline: for the tests of whoever uses
//! that API, in Rust (this library) or in any language (the program of the same name).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dataforseo_mock_server::MockServer;
//!
//! let mock = MockServer::start().await?;
//! assert!(mock.url().starts_with("http://127.0.0.1:"));
//! // Point a client at `mock.url()`. The server is gone when `mock` is dropped.
//! # Ok(())
//! # }
//! ```
//!
//! # What it answers
//! A request is looked at in this order, and the first that applies is the answer:
//!
//! 1. Credentials: without HTTP Basic, or with others than [`Builder::auth`] asks for, 401 with
//!    40100.
//! 2. Path and method: 404 with 40400.
//! 3. The body: 40502 for none, 40503 for what is no list of tasks.
//! 4. A **fixture** for the same endpoint and the same tasks: its answer, byte for byte but for
//!    white space. Tasks are the same when they are equal as JSON: numbers by value, keys in any
//!    order, everything else exactly. A fixture comes before the rules, so that one that was
//!    recorded last year is answered this year.
//! 5. The rules of the documentation, which the models crate has: 40000 or 40006 for too many
//!    tasks, 40506 for a field that the endpoint does not have, 40501 with the field's name for a
//!    value that it does not take. The header `x-mock-detail` says what is wrong in full.
//! 6. A **miss**: 404 with 40400, and the message says where the nearest fixture differs. With
//!    [`OnMiss::Example`] it is the endpoint's example instead: a fixture of a success, the
//!    documentation's first, with the request's own tasks in `data`. A task with the tag `empty`,
//!    `nulls` or `unknown` gets that hard case. A bulk endpoint's example has a row for each
//!    different target of the task. Nothing else of a task changes its example: whatever `limit`
//!    and `offset` say it is one page, and the rows of an intersection have targets of their own.
//!
//! The header `x-mock-source` names the fixture, or says `example` with its name, `rules` or
//! `miss`.
//!
//! So a tag, or a default that is spelled out, makes another request. Against that help fixtures
//! of your own, or the examples. A fixture of a GET has no `body` in its request, and the path with
//! its parameters filled in.
//!
//! # Fixtures
//! A fixture is a JSON file with one exchange. [`Builder::fixtures`] takes a folder of them, and
//! [`Builder::fixture`] one as text; the embedded ones are in this crate's folder `fixtures`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fixture = r#"{
//!   "dfs_fixture": 1,
//!   "meta": { "note": "anything: it is for people" },
//!   "request": {
//!     "method": "POST",
//!     "path": "/v3/backlinks/bulk_pages_summary/live",
//!     "body": [{ "targets": ["https://example.com/"], "tag": "t" }]
//!   },
//!   "response": {
//!     "status": 200,
//!     "body": { "status_code": 20000, "tasks": [{ "status_code": 20000, "result": null }] }
//!   }
//! }"#;
//! let mock = dataforseo_mock_server::MockServer::builder().fixture(fixture).start().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Which level an error is on
//! Which errors the API puts on the envelope and which on the task is not documented; see
//! `answer.rs` for what is done here.

mod answer;
mod canonical;
mod fixture;
#[rustfmt::skip]
mod generated;
mod replay;
mod server;

use dataforseo_models::EndpointInfo;

pub use fixture::FixtureError;
pub use replay::OnMiss;
pub use server::{Builder, MockServer, StartError};

/// A line of the generated table.
pub(crate) struct MockEndpoint {
    info: &'static EndpointInfo,
    /// For an endpoint that answers many targets with a row for each.
    per_target: Option<PerTarget>,
    /// The embedded fixtures: name, content.
    fixtures: &'static [(&'static str, &'static str)],
}

/// Where the rows of a bulk answer are, and what each is for.
#[derive(Clone, Copy)]
pub(crate) struct PerTarget {
    /// The field of the result that holds the rows.
    rows: &'static str,
    /// The field of a row that names its target.
    target: &'static str,
}

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

mod admin;
mod answer;
mod canonical;
#[cfg(feature = "program")]
mod compare;
mod fault;
mod fixture;
#[cfg(all(test, feature = "record"))]
#[allow(clippy::unwrap_used, reason = "a test fails by a panic")]
mod fuzz;
#[rustfmt::skip]
mod generated;
mod journal;
mod limits;
#[cfg(feature = "program")]
mod lint;
mod memory;
mod miss;
mod mock;
#[cfg(feature = "program")]
#[doc(hidden)]
pub mod program;
#[cfg(feature = "record")]
mod record;
mod replay;
mod sanitize;
mod server;
mod session;
mod store;
mod tokens;
#[cfg(feature = "record")]
mod upstream;
mod wire;

use dataforseo_models::EndpointInfo;
use sha2::{Digest as _, Sha256};

pub use canonical::Difference;
pub use dataforseo_models as models;
pub use fault::{Fault, FaultError, FaultRule};
pub use fixture::FixtureError;
pub use journal::Call;
pub use limits::Limits;
pub use memory::{Connector, MemoryConnection};
pub use miss::{Miss, MissReason, Near};
pub use mock::{Builder, Expect, MockServer, On, StartError, Unmet};
#[cfg(feature = "record")]
pub use record::{Record, RecordError};
pub use replay::OnMiss;
#[cfg(feature = "record")]
pub use upstream::Upstream;

/// The first hexadecimal digits of a hash, the same on every machine and in every version.
/// `purpose` keeps hashes apart that are for different things.
pub(crate) fn digest(purpose: &str, text: &str, digits: usize) -> String {
    let hash = Sha256::digest(format!("dataforseo-mock-server {purpose}\n{text}"));
    let mut hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.truncate(digits);
    hex
}

/// A line of the generated table.
pub(crate) struct MockEndpoint {
    info: &'static EndpointInfo,
    /// Where a result is not as the models say.
    #[cfg_attr(not(feature = "program"), allow(dead_code, reason = "for `lint`"))]
    losses: Losses,
    /// For an endpoint that answers many targets with a row for each.
    per_target: Option<PerTarget>,
    /// The embedded fixtures: name, content.
    fixtures: &'static [(&'static str, &'static str)],
}

type Losses = fn(&str) -> Result<Vec<models::drift::Drift>, serde_json::Error>;

/// The places of a `result` that the models of an endpoint would not give back as they are.
#[cfg_attr(
    not(any(feature = "backlinks", feature = "on_page", feature = "serp")),
    allow(dead_code, reason = "a build may be without any section")
)]
fn losses<E: models::Endpoint>(
    result: &str,
) -> Result<Vec<models::drift::Drift>, serde_json::Error> {
    models::drift::losses::<Vec<E::Result>>(result)
}

/// Where the rows of a bulk answer are, and what each is for.
#[derive(Clone, Copy)]
pub(crate) struct PerTarget {
    /// The field of the result that holds the rows.
    rows: &'static str,
    /// The field of a row that names its target.
    target: &'static str,
}

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
//! [`MockServer::in_memory`] has no socket, for tests on a paused clock, and
//! [`MockServer::start_blocking`] a thread of its own, for tests that are not async.
//! [`MockServer::on`] lets calls go wrong, wait, or answer something else; [`MockServer::expect`]
//! and [`MockServer::journal`] say what was called. How fixtures are written, what is recorded and
//! what the program can do, the crate's README shows.
//!
//! # What it answers
//! A request is looked at in this order, and the first that applies is the answer:
//!
//! 1. A **fault** of a rule, if it is one that comes before an answer.
//! 2. Credentials: without HTTP Basic, or with others than [`Builder::auth`] asks for, 401 with
//!    40100.
//! 3. [`Limits`], if there are any: 40202, 40209.
//! 4. Path and method: 404 with 40400.
//! 5. The body: 40502 for none, 40503 for what is no list of tasks.
//! 6. A **fixture** for the same endpoint and the same tasks: its answer, byte for byte but for
//!    white space. Tasks are the same when they are equal as JSON: numbers by value, keys in any
//!    order, a field that is null as one that is not there, everything else exactly, but for what
//!    the fixture says does not count. A fixture comes before the rules, so that one that was
//!    recorded last year is answered this year. Several tasks that no fixture has together are
//!    looked for one by one.
//! 7. The rules of the documentation, which the models crate has: 40000 or 40006 for too many
//!    tasks, 40506 for a field that the endpoint does not have, 40501 with the field's name for a
//!    value that it does not take. The header `x-mock-detail` says what is wrong in full.
//! 8. A **miss**: 404 with 40400, and the message says where the nearest fixture differs. With
//!    [`OnMiss::Example`] it is the endpoint's example instead: a fixture of a success, the
//!    documentation's first, with the request's own tasks in `data`. A task with the tag `empty`,
//!    `nulls` or `unknown` gets that hard case. A bulk endpoint's example has a row for each
//!    different target of the task. Nothing else of a task changes its example: whatever `limit`
//!    and `offset` say it is one page, and the rows of an intersection have targets of their own.
//!
//! The header `x-mock-source` names the fixture, or says `example` with its name, `rules`, `auth`,
//! `limits`, `fault`, `path` or `miss`. A query behind the path is not looked at: the API has none.
//!
//! # Fixtures in code
//! [`Builder::fixtures`] takes a folder of them, and [`Builder::fixture`] one as text; the embedded
//! ones are in this crate's folder `fixtures`.
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
//! # What it costs
//! A server in a test is made in well under a millisecond: embedded fixtures are read when they are
//! first asked for, once in a program. It keeps the last calls, but never more than 2 MiB of their
//! bodies, and the last 256 misses.
//!
//! # Which level an error is on
//! Which errors the API puts on the envelope and which on the task is not documented; see
//! `answer.rs` for what is done here.
//!
//! # Features
//! One a section: `appendix`, `backlinks`, `serp`, `on_page`. `record` for [`Record`], the one part
//! that opens connections to others; `program` for the program, which includes it. All are on by
//! default: a test needs its section alone.

mod admin;
mod answer;
#[cfg(feature = "record")]
mod budget;
mod builder;
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
mod node;
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

pub use builder::{Builder, StartError};
pub use canonical::Difference;
pub use dataforseo_models as models;
pub use fault::{Fault, FaultError, FaultRule};
pub use fixture::FixtureError;
pub use journal::Call;
pub use limits::Limits;
pub use memory::{Connector, MemoryConnection};
pub use miss::{Miss, MissReason, Near};
pub use mock::{Expect, MockServer, On, Unmet};
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
    lossy_fields: LossyFields,
    /// For an endpoint that answers many targets with a row for each.
    per_target: Option<PerTarget>,
    /// The embedded fixtures: name, content.
    fixtures: &'static [(&'static str, &'static str)],
}

type LossyFields = fn(&str) -> Result<Vec<models::drift::Drift>, serde_json::Error>;

/// The places of a `result` that the models of an endpoint would not give back as they are.
#[cfg_attr(
    not(any(
        feature = "appendix",
        feature = "backlinks",
        feature = "on_page",
        feature = "serp"
    )),
    allow(dead_code, reason = "a build may be without any section")
)]
fn lossy_fields<E: models::Endpoint>(
    result: &str,
) -> Result<Vec<models::drift::Drift>, serde_json::Error> {
    models::drift::lossy_fields::<Vec<E::Result>>(result)
}

/// Where the rows of a bulk answer are, and what each is for.
#[derive(Clone, Copy)]
pub(crate) struct PerTarget {
    /// The field of the result that holds the rows.
    rows: &'static str,
    /// The field of a row that names its target.
    target: &'static str,
}

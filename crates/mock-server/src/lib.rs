//! A mock server for the DataForSEO v3 API, for tests without network and cost.
//!
//! This crate is a library for tests in Rust. Its program, `dataforseo-mock-server`, serves tests in
//! any language. The README describes the program and the format of fixture files.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dataforseo_mock_server::MockServer;
//!
//! let mock = MockServer::start().await?;
//! assert!(mock.url().starts_with("http://127.0.0.1:"));
//! // Point a client at `mock.url()`. Dropping `mock` stops the server.
//! # Ok(())
//! # }
//! ```
//!
//! | to | use |
//! | --- | --- |
//! | start a server on a port | [`MockServer::start`], [`MockServer::start_blocking`] |
//! | start one without a socket, for a paused clock | [`MockServer::in_memory`] |
//! | change settings: fixtures, credentials, limits | [`MockServer::builder`], [`Builder`] |
//! | make calls fail or wait, change a response | [`MockServer::on`], [`Fault`] |
//! | check which calls were made | [`MockServer::expect`], [`MockServer::request_log`] |
//! | find out why a call got 404 | [`MockServer::misses`], [`Miss`] |
//! | record responses of the real API | [`Builder::record`], [`Record`] |
//!
//! # How a response is chosen
//! The first step that applies decides:
//!
//! 1. A **fault** that a rule applies and that replaces the response, such as a reset or a status
//!    code. Faults that change a response apply to the response of the later steps.
//! 2. Credentials. Without HTTP Basic, or with other credentials than those of [`Builder::auth`],
//!    the response is 401 with 40100.
//! 3. [`Limits`], if they are set: 40202, 40209.
//! 4. Path and method: 404 with 40400.
//! 5. The body: 40502 if it is empty, 40503 if it is not a list of tasks.
//! 6. A **fixture** for the same endpoint and the same tasks. The bytes of its response are
//!    sent unchanged, except for white space.
//! 7. The documented rules of the API: 40000 or 40006 for too many tasks, 40506 for an unknown
//!    field, 40501 for an invalid value. The header `x-mock-detail` has all details.
//! 8. A **miss**: 404 with 40400. The message states where the request differs from the nearest
//!    fixture. With [`OnMiss::Example`] the response is the endpoint's example instead.
//!
//! Tasks are the same if they are equal as JSON: numbers by value, keys in any order, a null field
//! like a missing one. The key `match` of a fixture excludes parts of the tasks from the
//! comparison. If no fixture covers several tasks together, each task is looked up by itself.
//! Fixtures precede rules because the rules change: a fixture recorded last year still works.
//!
//! The header `x-mock-source` names the fixture. Otherwise it is `example` with a name, `rules`,
//! `auth`, `limits`, `fault`, `path` or `miss`. A query string is ignored, because the API has
//! none.
//!
//! # Examples of endpoints
//! The example of an endpoint is one of your own fixtures with a successful response, or else a
//! synthetic response, which is generated from the spec for the task. Both echo the request's tasks in
//! `data`. The field `tag` of a task selects your fixture whose own request has that tag, or one of
//! these synthetic cases:
//!
//! | tag | example |
//! | --- | --- |
//! | `empty` | a success without results |
//! | `nulls` | null in every field that can be null |
//! | `unknown` | undocumented fields, values and types |
//!
//! A bulk endpoint has one row per distinct target of the task. `limit`, `offset`, a token of paging
//! and `depth` select rows of a list that is the same for each page, and has at most 100 rows. Rows
//! repeat keyword, location, language and device of the task. Filters and orders have no effect.
//!
//! A session remembers the latest 1000 posted tasks: `tasks_ready` lists those that were not fetched,
//! and `task_get` returns the result of the task with the identifier.
//!
//! [`Synthetic`] returns the same responses without a server.
//!
//! # Fixtures
//! [`Builder::fixtures`] adds a folder of fixture files, and [`Builder::fixture`] adds the text of
//! one. The embedded fixtures are in this crate's folder `fixtures`.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let fixture = r#"{
//!   "dfs_fixture": 1,
//!   "meta": { "note": "anything: for people" },
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
//! # Costs
//! A server starts in well under a millisecond. Embedded fixtures and the tables of synthetic
//! responses are parsed on first use, once per process. Per session a server keeps the latest 1024 requests with at most 2 MiB of bodies, and
//! the latest 64 misses. The request logs of all sessions have at most 64 MiB.
//!
//! # Errors on the envelope and on the task
//! The documentation does not state which errors the API reports on the envelope and which on the
//! task. This crate reports errors of credentials, paths, bodies and counts on the envelope, and
//! errors of a task on the task.
//!
//! # Features
//! One per section of the API: `appendix`, `backlinks`, `keywords_data`, `on_page`, `serp`. `record` adds [`Record`],
//! the only part that opens connections to other servers. `program` adds the program and includes
//! `record`. All are on by default; a test needs only its sections.

mod builder;
mod digest;
mod endpoints;
mod fixtures;
#[cfg(all(test, feature = "record"))]
#[allow(clippy::unwrap_used, reason = "a test fails by a panic")]
mod fuzz;
#[rustfmt::skip]
mod generated;
mod http;
mod inline_secrets;
mod json;
mod matching;
mod mock_endpoint;
mod mock_server;
#[cfg(feature = "program")]
#[doc(hidden)]
pub mod program;
#[cfg(feature = "record")]
mod record;
mod redact;
mod replay;
mod session;
mod synthetic;

pub use dataforseo_models as models;
pub use dataforseo_synthetic::SyntheticCase;

pub use self::builder::{Builder, StartError};
pub use self::fixtures::FixtureError;
pub use self::http::memory::{Connector, MemoryConnection};
pub use self::matching::Difference;
pub use self::mock_server::{Expectation, MockServer, RuleBuilder, UnmetExpectations};
#[cfg(feature = "record")]
pub use self::record::{Record, RecordError, Upstream};
pub use self::replay::OnMiss;
pub use self::session::{
    Fault, FaultError, FaultRule, Limits, LoggedRequest, Miss, MissReason, NearestFixture,
};
pub use self::synthetic::Synthetic;

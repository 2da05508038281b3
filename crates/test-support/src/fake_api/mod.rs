//! A scripted server on 127.0.0.1 that counts what it charged.
//!
//! The mock server replays recorded fixtures and refuses what the API refuses. This server misbehaves:
//! it cuts, resets, mislabels and miscounts, as a script tells it to. It shares no code with the
//! crates under test, so that an error in them does not hide itself.
//!
//! ```
//! use dataforseo_test_support::fake_api::{FakeApi, Reply};
//!
//! let api = FakeApi::start(|call| match call.number {
//!     0 => Reply::rows().reset(), // carried out and charged, and then the connection is reset
//!     1 => Reply::refused(40202, "too many calls"),
//!     _ => Reply::rows(),
//! });
//! assert!(api.url().starts_with("http://127.0.0.1:"));
//! assert_eq!(api.ledger().total(), 0.0);
//! ```

mod audit;
mod ledger;
mod reply;
mod server;

pub use audit::{Audit, Problem, ProblemKind, TableLine, audit};
pub use ledger::{Charged, Ledger};
pub use reply::Reply;
pub use server::{Call, FakeApi};

//! Bulk jobs over the DataForSEO v3 API: any number of targets in, one outcome for each out, in as
//! few calls as the limits allow, and nothing paid for twice.
//!
//! ```no_run
//! use dataforseo_bulk::{Bulk, Outcome};
//! use dataforseo_client::Client;
//! use dataforseo_client::models::backlinks::{BulkPagesSummaryLive, BulkPagesSummaryLiveTask};
//! use futures_util::{StreamExt, stream};
//!
//! # async fn example(pages: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?;
//! let job = Bulk::<BulkPagesSummaryLive>::new(client, BulkPagesSummaryLiveTask::default())
//!     .max_spend(25.0)              // US dollars
//!     .resume("pages.journal");     // goes on where it was, if it was killed
//! let mut outcomes = job.run(stream::iter(pages)).await?;
//! while let Some(done) = outcomes.next().await {
//!     match done.outcome {
//!         Outcome::Row(row) => println!("{} {:?}", done.target, row.backlinks),
//!         Outcome::Invalid(reason) => println!("{} cannot be asked for: {reason}", done.target),
//!         Outcome::Failed(failure) => println!("{} failed: {failure}", done.target),
//!         other => println!("{} {}", done.target, other.word()),
//!     }
//! }
//! println!("{:?}, {:?}", outcomes.end(), outcomes.progress());
//! # Ok(())
//! # }
//! ```
//!
//! - **Calls are what is paid for**, and so they are full ([`Packer`]): with a thousand targets, and where
//!   the endpoint counts domains, with a hundred of them. Of an input that is long and in no order, tell it to
//!   [`spool`](Bulk::spool).
//! - **Each target has one outcome** ([`Outcome`]): its row, none, invalid, failed, cancelled. Rows come
//!   back in another order; they are brought to the targets as they were given.
//! - **One bad target costs no other its row.** When the API names it (40501), the call is sent again
//!   without it; when it only says that some target is bad, the call is halved until that is found. Only
//!   what was not charged is sent again.
//! - **A job that died goes on** ([`Bulk::resume`]): the journal has what was sent and what came back.
//!   A call of which nobody knows whether it was charged is not sent again unless you say so.
//! - **It stops when it should**: when the money is at its end, the credentials are refused, or fifty calls
//!   in a row failed ([`End`]). Nothing that was taken is lost: what was not sent is cancelled, and is sent
//!   when the job is resumed.
//! - **Memory is bounded**: by the window, and by the calls that are under way.

mod call;
mod driver;
mod job;
mod journal;
mod outcome;
mod packing;
mod spool;

pub use job::{Bulk, Handle, Outcomes, Plan, StartError, Target};
pub use journal::JournalError;
pub use outcome::{Done, End, Failure, Outcome, Progress};
pub use packing::{Capacity, Packed, Packer};
pub use spool::{Spool, Spooled};

//! Bulk jobs for the DataForSEO v3 API: any number of targets, in as few calls as the limits allow,
//! with one outcome per target.
//!
//! The API charges per call and per row. Some endpoints accept up to 1000 targets per call. A bulk job
//! packs its targets into such calls, sends them, and matches the rows with the targets. After an
//! error, an empty balance or a killed process it can be resumed without paying twice.
//!
//! ```no_run
//! use dataforseo_bulk::{BulkJob, Outcome};
//! use dataforseo_client::Client;
//! use dataforseo_client::backlinks::{BulkPagesSummaryLive, BulkPagesSummaryLiveTask};
//! use futures_util::{StreamExt, stream};
//!
//! # async fn example(pages: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::from_env()?;
//! let job = BulkJob::<BulkPagesSummaryLive>::new(client, BulkPagesSummaryLiveTask::default())
//!     .budget(25.0) // US dollars
//!     .resume("pages.journal"); // starts the job, or resumes it if the file exists
//! let mut outcomes = job.run(stream::iter(pages)).await?;
//! while let Some(target) = outcomes.next().await {
//!     match target.outcome {
//!         Outcome::Found(row) => println!("{} {:?}", target.target, row.backlinks),
//!         Outcome::Invalid(reason) => println!("{} is invalid: {reason}", target.target),
//!         Outcome::Failed(failure) => println!("{} failed: {failure}", target.target),
//!         other => println!("{} {}", target.target, other.as_str()),
//!     }
//! }
//! println!("{:?}, {:?}", outcomes.job_end(), outcomes.progress());
//! # Ok(())
//! # }
//! ```
//!
//! # Behavior
//! - **Calls are full.** A [`Packer`] fills each call to the limits of the endpoint: 1000 targets and,
//!   for some endpoints, 100 distinct domains. [`BulkJob::spool`] sorts a long input by domain first,
//!   which saves calls of such endpoints.
//! - **Each target has one [`Outcome`].** It is found, not found, unmatched, invalid, failed or not
//!   sent. Rows arrive in another order than the targets and in other spellings, and are matched with
//!   them. A row is never given to a target by chance: without certainty, the target is unmatched.
//! - **Spellings of one target are sent once**: `example.com` and `EXAMPLE.com.`, but not
//!   `www.example.com`. [`target_key`](dataforseo_client::models::target_key) decides. Each of
//!   them has the row.
//! - **Targets can be keywords.** Endpoints with a list of `keywords` take jobs, too:
//!   [`keyword_key`](dataforseo_client::models::keyword_key) decides for their spellings.
//! - **An invalid target does not fail the others.** If the API names it (40501), the call is sent
//!   again without it. If the API rejects the call without naming a target, the job sends halves of the
//!   call until it finds the target. Only calls that were not charged are sent again.
//! - **A job can be resumed.** The journal contains the requests and the responses. [`BulkJob::resume`]
//!   reads it and sends the rest. A date in the task that was valid when the job began stays valid for
//!   what is in the journal.
//! - **A response that arrived is kept.** The journal has the body of each response, also of those that
//!   cannot be decoded ([`inspect_journal`] reads it). Room for the responses in flight is reserved
//!   before a call is sent. A response that cannot be written stays in memory and goes into a second
//!   file, from which [`BulkJob::resume`] takes it ([`JournalError::SavedElsewhere`]), or to
//!   [`Outcomes::unsaved`].
//! - **A journal has one job at a time.** Another process is refused. If something else changes the file,
//!   the job stops before the next call.
//! - **A call that may have been charged counts as charged.** It is not sent again, unless
//!   [`BulkJob::retry_uncertain`] is set, and its estimate counts against the budget.
//! - **Refusals for now are waited out.** While the account's limits are reached, nothing is charged, and
//!   the job sends the calls again for up to [`BulkJob::rate_limit_timeout`].
//! - **The job stops by itself** when the balance or the budget is used up, the credentials are refused,
//!   or many calls fail in a row. [`Outcomes::job_end`] returns the reason. Targets that were read
//!   and not sent have the outcome [`Outcome::NotSent`].
//! - **Memory is bounded.** It depends on the [window](BulkJob::window) and on the number of calls in
//!   flight, not on the length of the input.
//!
//! # Where to find what
//! | to | use |
//! | --- | --- |
//! | set up and start a job | [`BulkJob`] |
//! | give the targets | a stream of [`Target`], `String` or `&str` |
//! | read the results | [`Outcomes`], [`TargetOutcome`], [`Outcome`], [`CallFailure`], [`Unmatched`] |
//! | watch and stop a job | [`Progress`], [`JobHandle`], [`JobEnd`] |
//! | know the cost before | [`BulkJob::plan`], [`Plan`] |
//! | know what becomes of targets when something fails | the module [`failure_modes`] |
//! | look into a journal | [`inspect_journal`], [`read_journal_body`] |
//! | pack targets without a job | [`Packer`], [`Capacity`], [`Spool`] |

mod call;
mod call_error;
mod control;
mod digest;
mod driver;
pub mod failure_modes;
mod input;
mod job;
mod journal;
mod outcome;
mod outcomes;
mod packing;
mod plan;
mod progress;
mod slots;
mod spool;
mod state;
mod target;

pub use job::{BulkJob, JobStartError};
pub use journal::{JournalEntry, JournalError, inspect_journal, read_journal_body};
pub use outcome::{CallFailure, Outcome, TargetOutcome, Unmatched};
pub use outcomes::{JobHandle, Outcomes};
pub use packing::{Capacity, PackedTarget, Packer};
pub use plan::Plan;
pub use progress::{JobEnd, Progress};
pub use spool::{SortedTargets, Spool, SpooledTarget};
pub use target::Target;

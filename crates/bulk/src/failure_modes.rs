//! What can go wrong in a bulk job: what becomes of the targets, whether they are paid for, and how the
//! job continues.
//!
//! The table is about jobs with a journal. [`dataforseo_client::failure_modes`] lists how a single call
//! can fail.
//!
//! | what happens | targets | paid | the job |
//! | --- | --- | --- | --- |
//! | The program is killed, or the machine loses power. | those of calls in flight are [`Failed`] when the job is resumed | unknown for these calls | is resumed with [`BulkJob::resume`] |
//! | The job stops for any reason, and the journal has outcomes that it did not come to. | those in the journal have their outcomes, the others are [`NotSent`] | no | delivers them before it ends |
//! | Another process runs the same job. | – | no | is refused: [`JournalError::InUse`] |
//! | The file given as the journal is another file. | – | no | is refused, and the file is not changed: [`JournalError::NotAJournal`] |
//! | Something else replaces, truncates, deletes or writes to the journal. | those of calls in flight have their outcomes | once | stops before the next call: [`JournalError::Changed`] |
//! | The disk has no room for the next responses. | [`NotSent`] | no | stops before the next call: [`JournalError::NoSpace`] |
//! | A response cannot be written to the journal. | have their outcomes | once | stops, tries again, and saves the response in a second file, which `resume` reads: [`JournalError::SavedElsewhere`] |
//! | The journal lacks the call whose response is in the second file. | – | no | is refused, and nothing is changed: [`JournalError::CallMissing`] |
//! | Nothing at all can be written. | have their outcomes | once | stops; [`Outcomes::unsaved`] has the responses |
//! | A response cannot be decoded. | [`Failed`] | as stated, or unknown | continues; the journal has the response |
//! | A task fails and costs money. | [`Failed`] | as stated | continues; the journal has the response, and the targets are not sent again |
//! | The rows of a response are not where they should be. | [`Unmatched`] | as stated | continues; the journal has the response |
//! | A row names none of the targets, or it is not certain which. | [`Unmatched`], with the targets that the rows name | as stated | continues |
//! | The API rejects a target by name. | [`Invalid`] | no | sends the call again without it |
//! | The API rejects a call because of targets that it does not name. | [`Invalid`], these targets only | no | sends halves until it has found them; that is not a failure |
//! | The API rejects every target before any call succeeded. | [`Invalid`] or [`NotSent`] | no | stops after a thousand of them |
//! | The API refuses calls for now: 40202, 40209, HTTP 429, or a limiter that admits no call. | in the end their outcomes | no | waits, for up to [`BulkJob::rate_limit_timeout`] |
//! | Calls fail one after the other. | [`Failed`] | as stated, or unknown | stops after [`BulkJob::give_up_after`] |
//! | The balance is used up, or the credentials are refused. | [`NotSent`] | no | stops |
//! | The budget does not cover the estimate of the next call. | [`NotSent`] | no | stops; calls that may have been charged count as their estimate |
//! | The input differs from the one of the journal, also in a part that was not sent. | – | no | stops: [`JournalError::InputChanged`], [`JournalError::OtherInput`] |
//! | The task is not valid any more, as its date is too old. | those in the journal have their outcomes, the others are [`NotSent`] | no | stops before the next call |
//! | A target occurs several times, also in another spelling. | all have the row | once | sends it once; far apart only with [`BulkJob::spool`] |
//! | The end of the journal is torn. | those of the torn record are [`Failed`] | unknown | cuts it off when it is resumed |
//! | The journal has the response to a call and lacks the record that it was sent. | – | no | is refused, and the file is not changed: [`JournalError::Incomplete`] |
//! | The journal is damaged in the middle. | – | no | is refused, and the file is not changed: [`JournalError::Damaged`] |
//!
//! [`Failed`]: crate::Outcome::Failed
//! [`NotSent`]: crate::Outcome::NotSent
//! [`Unmatched`]: crate::Outcome::Unmatched
//! [`Invalid`]: crate::Outcome::Invalid

#[allow(unused_imports, reason = "for the links above")]
use crate::{BulkJob, JournalError, Outcomes};

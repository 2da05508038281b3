//! The records of a journal, and their form in the file.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the file format and of the packing. A change that old journals cannot be resumed
/// across raises it.
pub(crate) const FORMAT_VERSION: u32 = 3;

/// The first line of a journal. No other file begins like this, so none is taken for a journal.
pub(crate) const MAGIC: &[u8] = b"%dataforseo-bulk-journal%\n";

/// The settings of a job. A journal is resumed only with equal settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct JobRecord {
    pub(crate) version: u32,
    pub(crate) endpoint: String,
    /// The server that responds. Responses of a mock must not pass for those of the API.
    pub(crate) server: String,
    /// The task without its targets.
    pub(crate) task: Value,
    pub(crate) targets_per_call: usize,
    pub(crate) domains_per_call: Option<usize>,
    pub(crate) window: usize,
    pub(crate) sorted: bool,
}

/// A setting that differs between two jobs.
pub(crate) struct SettingDifference {
    pub(crate) setting: &'static str,
    pub(crate) journaled: String,
    pub(crate) current: String,
}

impl JobRecord {
    /// Returns the first setting in which the current job differs from this one.
    pub(crate) fn difference(&self, current: &Self) -> Option<SettingDifference> {
        let journaled = self.settings().into_iter();
        let mut pairs = journaled.zip(current.settings());
        pairs.find_map(|((setting, journaled), (_, current))| {
            (journaled != current).then_some(SettingDifference {
                setting,
                journaled,
                current,
            })
        })
    }

    fn settings(&self) -> [(&'static str, String); 7] {
        let domains = self.domains_per_call;
        [
            ("the endpoint", self.endpoint.clone()),
            ("the server", self.server.clone()),
            ("the task", self.task.to_string()),
            (
                "the number of targets per call",
                self.targets_per_call.to_string(),
            ),
            (
                "the number of domains per call",
                domains.map_or_else(|| "unlimited".to_owned(), |domains| domains.to_string()),
            ),
            ("the window", self.window.to_string()),
            ("sorting by domain", self.sorted.to_string()),
        ]
    }
}

/// The part of the first record that all versions of the format have in common.
#[derive(Debug, Deserialize)]
pub(crate) struct JournalHeader {
    record: String,
    version: u32,
}

impl JournalHeader {
    /// Returns the version of a journal, if the JSON is the first record of one.
    pub(crate) fn version(json: &[u8]) -> Option<u32> {
        let header: Self = serde_json::from_slice(json).ok()?;
        (header.record == "job").then_some(header.version)
    }
}

/// A record.
///
/// The packing numbers the calls. A call is sent in several parts, one after the other, if the API
/// rejects one of its targets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub(crate) enum JournalRecord {
    /// The settings of the job. Always the first record, and only there.
    Job(JobRecord),
    /// A part of a call is about to be sent.
    Sent(SentRecord),
    /// The part received a response. Its bytes follow the record.
    Response { call: u64, cost: Option<f64> },
    /// The part failed and was not charged. The bytes of the response follow, if there was one.
    NotCharged { call: u64, reason: String },
    /// The part failed and was or may have been charged. Without a cost, the charge is unknown. The
    /// bytes of the response follow, as far as they arrived.
    Failed {
        call: u64,
        reason: String,
        cost: Option<f64>,
    },
    /// The API rejected the target at this position of the call.
    Invalid {
        call: u64,
        target: u32,
        reason: String,
    },
}

/// A part of a call that is about to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SentRecord {
    pub(crate) call: u64,
    /// The digest of the targets of the whole call.
    pub(crate) digest: String,
    /// The positions of the part's targets within the call. Absent for the whole call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) targets: Option<Vec<u32>>,
    /// The estimated cost in US dollars. It counts as long as the charge is unknown.
    pub(crate) estimate: f64,
    /// The input that was read before.
    pub(crate) input: InputPrefix,
}

/// A number of targets of the input, and a digest of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InputPrefix {
    pub(crate) targets: u64,
    pub(crate) digest: String,
}

/// The bytes around the body of a record.
pub(crate) struct Frame {
    /// Checksum, lengths and JSON.
    pub(crate) head: Vec<u8>,
    pub(crate) tail: &'static [u8],
}

impl Frame {
    pub(crate) fn new(json: &[u8], body: &[u8]) -> Self {
        let (sum, bytes) = (checksum(json, body), body.len());
        let mut head = format!("{sum:08x} {} {bytes} ", json.len()).into_bytes();
        head.extend_from_slice(json);
        head.push(b'\n');
        let tail: &[u8] = if body.is_empty() { b"" } else { b"\n" };
        Self { head, tail }
    }
}

fn checksum(json: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(json);
    hasher.update(body);
    hasher.finalize()
}

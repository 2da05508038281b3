//! Tables as JSON lines.

use std::io::{self, BufWriter, Write};

use dataforseo_bulk::TargetOutcome;
use serde_json::{Value, json};

use super::{TableWriter, number, reason};

/// Writes an object per target.
pub(super) struct JsonlWriter(BufWriter<Box<dyn Write + Send>>);

impl JsonlWriter {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        Self(BufWriter::new(out))
    }
}

impl TableWriter for JsonlWriter {
    fn write(&mut self, outcomes: &[TargetOutcome<Value>]) -> io::Result<()> {
        for target in outcomes {
            let mut line = json!({
                "number": number(target),
                "target": &*target.target,
                "outcome": target.outcome.as_str(),
            });
            if let Some(reason) = reason(&target.outcome) {
                line["reason"] = reason.into();
            }
            if let Some(row) = target.outcome.row() {
                line["row"] = row.clone();
            }
            serde_json::to_writer(&mut self.0, &line)?;
            self.0.write_all(b"\n")?;
        }
        self.0.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}

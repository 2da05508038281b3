//! Tables as CSV.

use std::io::{self, Write};

use dataforseo_bulk::TargetOutcome;
use serde_json::Value;

use super::{COMMON_COLUMNS, Formulas, TableWriter, column_name, number, reason};
use crate::table::Column;

/// Writes a line per target.
pub(super) struct CsvWriter {
    columns: &'static [Column],
    formulas: Formulas,
    out: csv::Writer<Box<dyn Write + Send>>,
}

impl CsvWriter {
    pub(super) fn new(
        columns: &'static [Column],
        formulas: Formulas,
        out: Box<dyn Write + Send>,
    ) -> io::Result<Self> {
        let mut out = csv::Writer::from_writer(out);
        let common = COMMON_COLUMNS.iter().map(|column| column.name.to_owned());
        out.write_record(common.chain(columns.iter().map(column_name)))?;
        out.flush()?;
        Ok(Self {
            columns,
            formulas,
            out,
        })
    }

    /// Writes a cell with text.
    fn write_text(&mut self, text: &str) -> io::Result<()> {
        if self.formulas == Formulas::Escape && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            return Ok(self.out.write_field(format!("'{text}"))?);
        }
        Ok(self.out.write_field(text)?)
    }
}

impl TableWriter for CsvWriter {
    fn write(&mut self, outcomes: &[TargetOutcome<Value>]) -> io::Result<()> {
        for target in outcomes {
            self.out.write_field(number(target).to_string())?;
            self.write_text(&target.target)?;
            self.out.write_field(target.outcome.as_str())?;
            self.write_text(&reason(&target.outcome).unwrap_or_default())?;
            for column in self.columns {
                let row = target.outcome.row();
                match row.and_then(|row| row.get(column.name)) {
                    None | Some(Value::Null) => self.out.write_field("")?,
                    Some(Value::String(text)) => self.write_text(text)?,
                    Some(value) => self.out.write_field(value.to_string())?,
                }
            }
            self.out.write_record(None::<&[u8]>)?;
        }
        self.out.flush()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.flush()
    }
}

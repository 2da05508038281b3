//! The end of a table. It gets its name when it is whole, and when no earlier table has rows that it
//! lacks.

use std::io;
use std::path::{Path, PathBuf};

use dataforseo_bulk::JobEnd;

use super::files::{EarlierTable, Output, TableFile};
use super::format::{NumberSet, TableFormat, found_numbers};
use super::report;

/// A table that has been written.
pub(super) struct WrittenTable<'a> {
    pub(super) output: &'a Output,
    pub(super) format: TableFormat,
    /// The targets that have a row in it.
    pub(super) found: &'a NumberSet,
    pub(super) earlier: EarlierTable,
}

/// Where the table is.
#[derive(Debug)]
pub(super) enum TableEnd {
    /// Where it should be.
    Named,
    /// In a file whose name ends in `.part`, as the job is not complete.
    Part(PathBuf),
    /// In a file whose name ends in `.part`, as another table has rows that it lacks.
    RowsMissing {
        part: PathBuf,
        /// The table with the other rows.
        other: PathBuf,
        /// How many there are. `None` if the other table cannot be read.
        rows: Option<u64>,
    },
}

impl WrittenTable<'_> {
    /// Names the table, keeps its part or removes it.
    pub(super) fn close(&self, end: &JobEnd) -> io::Result<TableEnd> {
        let Some(table) = self.output.table_file() else {
            return Ok(TableEnd::Named);
        };
        if report::never_started(end) {
            self.output.discard()?;
            return Ok(TableEnd::Named);
        }
        let is_complete = matches!(end, JobEnd::Complete);
        if self.earlier == EarlierTable::Keep {
            let named = is_complete
                .then(|| table.path())
                .filter(|path| path.exists());
            for other in [named, table.earlier()].into_iter().flatten() {
                let rows = self.rows_missing(other, table);
                if rows != Some(0) {
                    table.sync()?;
                    return Ok(TableEnd::RowsMissing {
                        part: table.part().to_owned(),
                        other: other.to_owned(),
                        rows,
                    });
                }
            }
        }
        if is_complete {
            table.commit()?;
            return Ok(TableEnd::Named);
        }
        table.sync()?;
        table.remove_earlier()?;
        Ok(TableEnd::Part(table.part().to_owned()))
    }

    /// Returns how many rows of another table this one lacks. `None` if that table cannot be read.
    fn rows_missing(&self, other: &Path, table: &TableFile) -> Option<u64> {
        match found_numbers(self.format, other) {
            Ok(found) => Some(found.missing_in(self.found)),
            // A program that was killed leaves a part without an end. All of its rows are in the
            // journal, which is written first.
            Err(_) if table.earlier() == Some(other) => Some(0),
            Err(_) => None,
        }
    }
}

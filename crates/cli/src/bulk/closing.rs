//! The end of a table. It gets its name when it is whole, and when no earlier table has rows that it
//! lacks.

use std::io;
use std::path::{Path, PathBuf};

use dataforseo_bulk::JobEnd;

use super::files::{EarlierTable, Output, TableFile};
use super::format::{NumberSet, TableFormat, found_numbers, is_torn};
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

/// What another table is to the one that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TableRole {
    /// It has the name of the output, and would be replaced.
    Named,
    /// An earlier run wrote it, and did not finish.
    Earlier,
    /// A run before that one wrote it, and was killed before it removed it.
    Older,
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
        table.sync()?;
        let other = self.table_with_other_rows(table, is_complete.then(|| table.path()))?;
        if let Some(missing) = other {
            return Ok(missing);
        }
        if is_complete {
            table.commit()?;
            return Ok(TableEnd::Named);
        }
        Ok(TableEnd::Part(table.part().to_owned()))
    }

    /// Removes the tables of earlier runs whose rows this table has. Returns the first other table that
    /// has more rows.
    fn table_with_other_rows(
        &self,
        table: &TableFile,
        replaced: Option<&Path>,
    ) -> io::Result<Option<TableEnd>> {
        let named = replaced.filter(|path| path.exists());
        let named = named.map(|path| (path, TableRole::Named));
        let earlier = table.earlier().map(|path| (path, TableRole::Earlier));
        let older = table.older().map(|path| (path, TableRole::Older));
        let mut with_other_rows = None;
        for (path, role) in named.into_iter().chain(earlier).chain(older) {
            let rows = match found_numbers(self.format, path) {
                Ok(found) => Some(found.missing_in(self.found)),
                // A program that was killed leaves a part without an end. All of its rows are in the
                // journal, which is written first.
                Err(_) if role == TableRole::Earlier => Some(0),
                Err(_) if role == TableRole::Older && is_torn(self.format, path)? => Some(0),
                // Another file with such a name.
                Err(_) if role == TableRole::Older => continue,
                Err(_) => None,
            };
            if rows == Some(0) {
                if role != TableRole::Named {
                    std::fs::remove_file(path)?;
                }
            } else if self.earlier == EarlierTable::Keep {
                with_other_rows.get_or_insert_with(|| TableEnd::RowsMissing {
                    part: table.part().to_owned(),
                    other: path.to_owned(),
                    rows,
                });
            }
        }
        Ok(with_other_rows)
    }
}

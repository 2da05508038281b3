//! Reads back which targets of a table have a row.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use parquet::schema::types::Type;
use serde::Deserialize;

use super::TableFormat;

/// The outcome of a target that has a row.
const FOUND: &str = "found";

/// Numbers of targets.
#[derive(Debug, Clone, Default)]
pub(in crate::bulk) struct NumberSet(Vec<u64>);

impl NumberSet {
    /// Adds a number.
    pub(in crate::bulk) fn insert(&mut self, number: u64) {
        let word = usize::try_from(number / 64).unwrap_or(usize::MAX - 1);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (number % 64);
        }
    }

    /// Returns how many numbers of this set the other one lacks.
    pub(in crate::bulk) fn missing_in(&self, other: &Self) -> u64 {
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        let missing = self.0.iter().zip(others);
        let missing = missing.map(|(own, other)| u64::from((own & !other).count_ones()));
        missing.sum()
    }
}

/// Returns the numbers of the targets that have a row in a table. The table may end in the middle of a
/// line.
///
/// # Errors
/// If the file cannot be read, or is not a table in this format.
pub(in crate::bulk) fn found_numbers(format: TableFormat, path: &Path) -> io::Result<NumberSet> {
    let file = File::open(path)?;
    match format {
        TableFormat::Csv => csv(file),
        TableFormat::Jsonl => jsonl(file),
        TableFormat::Parquet => parquet(file),
    }
}

/// Returns whether a file that cannot be read is the beginning of a table in this format, as a killed
/// program leaves it.
pub(in crate::bulk) fn is_torn(format: TableFormat, path: &Path) -> io::Result<bool> {
    let beginning = match format {
        TableFormat::Csv => b"numb",
        TableFormat::Jsonl => b"{\"nu",
        TableFormat::Parquet => b"PAR1",
    };
    let mut start = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut start)?;
    Ok(beginning.starts_with(&start))
}

/// The columns that are read.
#[derive(Debug, Deserialize)]
struct Line {
    number: u64,
    outcome: String,
}

fn csv(file: File) -> io::Result<NumberSet> {
    let mut numbers = NumberSet::default();
    let mut reader = csv::Reader::from_reader(BufReader::new(file));
    let headers = reader.headers()?.clone();
    if headers.get(0) != Some("number") {
        return Err(io::Error::other("the first column is not `number`"));
    }
    // The line that a killed program was writing is torn.
    for line in reader.into_deserialize::<Line>().map_while(Result::ok) {
        if line.outcome == FOUND {
            numbers.insert(line.number);
        }
    }
    Ok(numbers)
}

fn jsonl(file: File) -> io::Result<NumberSet> {
    let mut numbers = NumberSet::default();
    for (index, line) in BufReader::new(file).lines().enumerate() {
        match serde_json::from_str::<Line>(&line?) {
            Ok(line) if line.outcome == FOUND => numbers.insert(line.number),
            Ok(_) => {}
            Err(error) if index == 0 => return Err(error.into()),
            Err(_) => break,
        }
    }
    Ok(numbers)
}

fn parquet(file: File) -> io::Result<NumberSet> {
    let mut numbers = NumberSet::default();
    let reader = SerializedFileReader::new(file).map_err(io::Error::other)?;
    let schema = reader.metadata().file_metadata().schema();
    let fields = schema.get_fields().iter();
    let fields = fields.filter(|field| ["number", "outcome"].contains(&field.name()));
    let columns = Type::group_type_builder(schema.name());
    let columns = columns.with_fields(fields.cloned().collect()).build();
    let columns = columns.map_err(io::Error::other)?;
    let rows = reader.get_row_iter(Some(columns));
    for row in rows.map_err(io::Error::other)? {
        let row = row.map_err(io::Error::other)?;
        let number = row.get_long(0).map_err(io::Error::other)?;
        if row.get_string(1).is_ok_and(|outcome| outcome == FOUND) {
            numbers.insert(number.try_into().unwrap_or_default());
        }
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::NumberSet;

    #[test]
    fn missing_numbers_are_counted() {
        let set = |numbers: &[u64]| {
            let mut set = NumberSet::default();
            numbers.iter().for_each(|number| set.insert(*number));
            set
        };
        let (few, many) = (set(&[1, 64, 200]), set(&[1, 2, 64, 200, 1000]));
        assert_eq!((few.missing_in(&many), many.missing_in(&few)), (0, 2));
        assert_eq!(few.missing_in(&set(&[])), 3);
    }
}

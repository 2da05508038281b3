//! Reads tables back, with code of its own.

use std::fs;
use std::path::Path;

use dataforseo_test_support::fake_api::TableLine;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::Value;

/// The format of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Format {
    Csv,
    Jsonl,
    Parquet,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Csv, Self::Jsonl, Self::Parquet];

    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    /// Returns the lines of a table, up to the first that cannot be read. Empty for a file that is not a
    /// whole table in Parquet.
    pub fn read(self, path: &Path) -> Vec<TableLine> {
        match self {
            Self::Csv => csv(path),
            Self::Jsonl => {
                let text = fs::read(path).unwrap_or_default();
                let text = String::from_utf8_lossy(&text).into_owned();
                text.lines().map_while(TableLine::from_json).collect()
            }
            Self::Parquet => parquet(path).unwrap_or_default(),
        }
    }
}

fn csv(path: &Path) -> Vec<TableLine> {
    let Ok(mut reader) = csv::Reader::from_path(path) else {
        return Vec::new();
    };
    let headers = reader.headers().cloned().unwrap_or_default();
    let rank = headers.iter().position(|name| name == "rank");
    let lines = reader.records().map_while(Result::ok);
    let lines = lines.filter_map(|record| {
        Some(TableLine {
            number: record.get(0)?.parse().ok()?,
            target: record.get(1)?.to_owned(),
            outcome: record.get(2)?.to_owned(),
            rank: record.get(rank?)?.parse().ok(),
        })
    });
    lines.collect()
}

fn parquet(path: &Path) -> Option<Vec<TableLine>> {
    let reader = SerializedFileReader::new(fs::File::open(path).ok()?).ok()?;
    let rows = reader.get_row_iter(None).ok()?;
    let lines = rows.map_while(Result::ok).map(|row| {
        let row = row.to_json_value();
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        TableLine {
            number: row["number"].as_u64().unwrap_or_default() as usize,
            target: text("target"),
            outcome: text("outcome"),
            rank: row.get("rank").and_then(Value::as_i64),
        }
    });
    Some(lines.collect())
}

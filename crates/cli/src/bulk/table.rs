//! The outcomes of a job as a table: CSV, lines of JSON, or Parquet.

use std::io::{self, Write};
use std::sync::Arc;

use clap::ValueEnum;
use dataforseo_bulk::{Done, Outcome};
use dataforseo_client::Charge;
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use serde_json::{Value, json};

use crate::table::{Cell, Column};

/// The form of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A line for each target; objects and lists as JSON
    Csv,
    /// An object for each target, the whole row in it
    Jsonl,
    /// Typed columns, compressed; it can be read when it is whole
    Parquet,
}

/// Columns that every table has before those of the row.
const OWN: [Column; 4] = [
    Column::new("number", Cell::Integer),
    Column::new("target", Cell::Text),
    Column::new("outcome", Cell::Text),
    Column::new("reason", Cell::Text),
];

/// Where outcomes are written.
pub(super) trait Table: Send {
    /// Writes outcomes.
    fn write(&mut self, done: &[Done<Value>]) -> io::Result<()>;

    /// Writes what is left and the end.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Begins a table.
pub(super) fn begin(
    format: Format,
    columns: &'static [Column],
    out: Box<dyn Write + Send>,
) -> io::Result<Box<dyn Table>> {
    Ok(match format {
        Format::Csv => Box::new(Csv::new(columns, out)?),
        Format::Jsonl => Box::new(Jsonl(io::BufWriter::new(out))),
        Format::Parquet => Box::new(Parquet::new(columns, out).map_err(io::Error::other)?),
    })
}

/// The number of a target among those of the input, from 1.
fn number(done: &Done<Value>) -> u64 {
    done.place + 1
}

/// Why there is no row.
fn reason(outcome: &Outcome<Value>) -> Option<String> {
    match outcome {
        Outcome::Invalid(reason) => Some(reason.to_string()),
        Outcome::Failed(failure) => Some(match failure.charge {
            Charge::No => failure.to_string(),
            Charge::Perhaps => format!("{failure} (perhaps charged)"),
            Charge::UsDollars(cost) => format!("{failure} (charged {cost} USD)"),
        }),
        _ => None,
    }
}

struct Csv {
    columns: &'static [Column],
    out: csv::Writer<Box<dyn Write + Send>>,
}

impl Csv {
    fn new(columns: &'static [Column], out: Box<dyn Write + Send>) -> io::Result<Self> {
        let mut out = csv::Writer::from_writer(out);
        let own = OWN.iter().map(|column| column.name.to_owned());
        out.write_record(own.chain(columns.iter().map(name)))?;
        out.flush()?;
        Ok(Self { columns, out })
    }
}

/// The name of a column: one that every table has is the API's own here.
fn name(column: &Column) -> String {
    match OWN.iter().any(|own| own.name == column.name) {
        true => format!("api_{}", column.name),
        false => column.name.to_owned(),
    }
}

impl Table for Csv {
    fn write(&mut self, all: &[Done<Value>]) -> io::Result<()> {
        for done in all {
            self.out.write_field(number(done).to_string())?;
            self.out.write_field(&*done.target)?;
            self.out.write_field(done.outcome.word())?;
            self.out
                .write_field(reason(&done.outcome).unwrap_or_default())?;
            for column in self.columns {
                let value = done.outcome.row().and_then(|row| row.get(column.name));
                match value {
                    None | Some(Value::Null) => self.out.write_field("")?,
                    Some(Value::String(text)) => self.out.write_field(text)?,
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

struct Jsonl(io::BufWriter<Box<dyn Write + Send>>);

impl Table for Jsonl {
    fn write(&mut self, all: &[Done<Value>]) -> io::Result<()> {
        for done in all {
            let mut line = json!({
                "number": number(done),
                "target": &*done.target,
                "outcome": done.outcome.word(),
            });
            if let Some(reason) = reason(&done.outcome) {
                line["reason"] = reason.into();
            }
            if let Some(row) = done.outcome.row() {
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

/// So many outcomes are held until they are written together, as Parquet wants columns.
const GROUP: usize = 10_000;

struct Parquet {
    columns: Vec<Column>,
    out: SerializedFileWriter<Box<dyn Write + Send>>,
    held: Vec<Vec<Value>>,
}

impl Parquet {
    fn new(columns: &'static [Column], out: Box<dyn Write + Send>) -> Result<Self, ParquetError> {
        let own = OWN.iter().map(|column| (column.name.to_owned(), column));
        let row = columns.iter().map(|column| (name(column), column));
        let all: Vec<(String, &Column)> = own.chain(row).collect();
        let fields = all.iter().map(|(name, column)| {
            let (physical, converted) = match column.cell {
                Cell::Integer => (Physical::INT64, ConvertedType::NONE),
                Cell::Float => (Physical::DOUBLE, ConvertedType::NONE),
                Cell::Boolean => (Physical::BOOLEAN, ConvertedType::NONE),
                Cell::Text => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
                Cell::Json => (Physical::BYTE_ARRAY, ConvertedType::JSON),
            };
            let field = Type::primitive_type_builder(name, physical)
                .with_repetition(Repetition::OPTIONAL)
                .with_converted_type(converted);
            field.build().map(Arc::new)
        });
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("outcome").with_fields(fields);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let properties = Arc::new(properties.build());
        Ok(Self {
            columns: all.into_iter().map(|(_, column)| *column).collect(),
            out: SerializedFileWriter::new(out, Arc::new(schema.build()?), properties)?,
            held: Vec::new(),
        })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.out.next_row_group()?;
        let held = std::mem::take(&mut self.held);
        let mut index = 0;
        while let Some(mut column) = group.next_column()? {
            let Some(kind) = self.columns.get(index) else {
                break;
            };
            let cells: Vec<&Value> = held.iter().filter_map(|row| row.get(index)).collect();
            write_column(column.untyped(), kind.cell, &cells)?;
            column.close()?;
            index += 1;
        }
        group.close()?;
        Ok(())
    }
}

/// Writes the cells of one column. What is of another kind than documented is left out of a typed
/// column: the journal and lines of JSON have it.
fn write_column(
    column: &mut ColumnWriter<'_>,
    kind: Cell,
    cells: &[&Value],
) -> Result<(), ParquetError> {
    match column {
        ColumnWriter::Int64ColumnWriter(column) => {
            let (levels, values) = split(cells, |cell| cell.as_i64());
            column.write_batch(&values, Some(&levels), None)?;
        }
        ColumnWriter::DoubleColumnWriter(column) => {
            let (levels, values) = split(cells, |cell| cell.as_f64());
            column.write_batch(&values, Some(&levels), None)?;
        }
        ColumnWriter::BoolColumnWriter(column) => {
            let (levels, values) = split(cells, |cell| cell.as_bool());
            column.write_batch(&values, Some(&levels), None)?;
        }
        ColumnWriter::ByteArrayColumnWriter(column) => {
            let (levels, values) = split(cells, |cell| match cell {
                Value::Null => None,
                Value::String(text) if kind == Cell::Text => Some(ByteArray::from(text.as_str())),
                other => Some(ByteArray::from(other.to_string().into_bytes())),
            });
            column.write_batch(&values, Some(&levels), None)?;
        }
        _ => return Err(ParquetError::General("a column of another kind".to_owned())),
    }
    Ok(())
}

/// Which cells hold something, and what.
fn split<T>(cells: &[&Value], read: impl Fn(&Value) -> Option<T>) -> (Vec<i16>, Vec<T>) {
    let read: Vec<Option<T>> = cells.iter().map(|cell| read(cell)).collect();
    let levels = read.iter().map(|cell| i16::from(cell.is_some())).collect();
    (levels, read.into_iter().flatten().collect())
}

impl Table for Parquet {
    fn write(&mut self, all: &[Done<Value>]) -> io::Result<()> {
        for done in all {
            let own = [
                number(done).into(),
                (*done.target).into(),
                done.outcome.word().into(),
                reason(&done.outcome).into(),
            ];
            let row = self.columns.iter().skip(OWN.len()).map(|column| {
                let row = done.outcome.row();
                let cell = row.and_then(|row| row.get(column.name));
                cell.cloned().unwrap_or_default()
            });
            self.held.push(own.into_iter().chain(row).collect());
            if self.held.len() == GROUP {
                self.write_group().map_err(io_error)?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if !self.held.is_empty() {
            self.write_group().map_err(io_error)?;
        }
        self.out.finish().map(drop).map_err(io_error)
    }
}

/// The error of the file itself, if that is what it is.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}

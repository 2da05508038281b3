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
            Charge::None => failure.to_string(),
            Charge::Unknown => format!("{failure} (perhaps charged)"),
            Charge::Charged(cost) => format!("{failure} (charged {cost} USD)"),
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
    columns: Vec<(Column, Cells)>,
    out: SerializedFileWriter<Box<dyn Write + Send>>,
    held: usize,
}

/// The cells of a column that are held: which there are, and what they hold.
#[derive(Default)]
struct Cells {
    levels: Vec<i16>,
    integers: Vec<i64>,
    floats: Vec<f64>,
    booleans: Vec<bool>,
    texts: Vec<ByteArray>,
}

impl Cells {
    /// What is of another kind than documented is left out of a typed column: the journal and lines
    /// of JSON have it.
    fn push(&mut self, cell: Cell, value: &Value) {
        let before = self.count();
        match (cell, value) {
            (_, Value::Null) => {}
            (Cell::Integer, value) => self.integers.extend(value.as_i64()),
            (Cell::Float, value) => self.floats.extend(value.as_f64()),
            (Cell::Boolean, value) => self.booleans.extend(value.as_bool()),
            (Cell::Text, Value::String(text)) => self.texts.push(text.as_str().into()),
            (Cell::Text | Cell::Json, value) => {
                self.texts.push(value.to_string().into_bytes().into());
            }
        }
        self.levels.push(i16::from(self.count() > before));
    }

    fn count(&self) -> usize {
        self.integers.len() + self.floats.len() + self.booleans.len() + self.texts.len()
    }

    fn write(self, column: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = Some(self.levels.as_slice());
        match column {
            ColumnWriter::Int64ColumnWriter(out) => out.write_batch(&self.integers, levels, None),
            ColumnWriter::DoubleColumnWriter(out) => out.write_batch(&self.floats, levels, None),
            ColumnWriter::BoolColumnWriter(out) => out.write_batch(&self.booleans, levels, None),
            ColumnWriter::ByteArrayColumnWriter(out) => out.write_batch(&self.texts, levels, None),
            _ => Err(ParquetError::General("a column of another kind".to_owned())),
        }
        .map(drop)
    }
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
        let cells = |column: &Column| (*column, Cells::default());
        Ok(Self {
            columns: all.into_iter().map(|(_, column)| cells(column)).collect(),
            out: SerializedFileWriter::new(out, Arc::new(schema.build()?), properties)?,
            held: 0,
        })
    }

    fn push(&mut self, done: &Done<Value>) {
        let own: [Value; OWN.len()] = [
            number(done).into(),
            (*done.target).into(),
            done.outcome.word().into(),
            reason(&done.outcome).into(),
        ];
        let row = done.outcome.row();
        for (index, (column, cells)) in self.columns.iter_mut().enumerate() {
            let of_row = || row.and_then(|row| row.get(column.name));
            let value = own.get(index).or_else(of_row);
            cells.push(column.cell, value.unwrap_or(&Value::Null));
        }
        self.held += 1;
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.out.next_row_group()?;
        for (_, cells) in &mut self.columns {
            let Some(mut column) = group.next_column()? else {
                break;
            };
            std::mem::take(cells).write(column.untyped())?;
            column.close()?;
        }
        group.close()?;
        self.held = 0;
        Ok(())
    }
}

impl Table for Parquet {
    fn write(&mut self, all: &[Done<Value>]) -> io::Result<()> {
        for done in all {
            self.push(done);
            if self.held == GROUP {
                self.write_group().map_err(io_error)?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if self.held > 0 {
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

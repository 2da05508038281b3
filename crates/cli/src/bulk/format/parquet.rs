//! Tables as Parquet.

use std::io::{self, Write};
use std::sync::Arc;

use dataforseo_bulk::TargetOutcome;
use parquet::basic::{Compression, ConvertedType, Repetition, Type as PhysicalType};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use serde_json::Value;

use super::{COMMON_COLUMNS, TableWriter, column_name, number, reason};
use crate::table::{Cell, Column};

/// The number of rows per row group. They are held in memory, as Parquet stores them by column.
const ROWS_PER_GROUP: usize = 10_000;

/// Writes typed columns.
pub(super) struct ParquetWriter {
    columns: Vec<ColumnBuffer>,
    out: SerializedFileWriter<Box<dyn Write + Send>>,
    /// How many rows are held.
    rows: usize,
}

/// The values of a column that are held. Only the list of the column's type is used.
struct ColumnBuffer {
    column: Column,
    /// Per row: 1 if it has a value, 0 if not.
    levels: Vec<i16>,
    integers: Vec<i64>,
    floats: Vec<f64>,
    booleans: Vec<bool>,
    texts: Vec<ByteArray>,
}

impl ColumnBuffer {
    fn new(column: Column) -> Self {
        Self {
            column,
            levels: Vec::new(),
            integers: Vec::new(),
            floats: Vec::new(),
            booleans: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// Adds the value of a row. A value of another kind than documented is left out; the journal and
    /// JSON lines contain it.
    fn push(&mut self, value: &Value) {
        let before = self.len();
        match (self.column.cell, value) {
            (_, Value::Null) => {}
            (Cell::Integer, value) => self.integers.extend(value.as_i64()),
            (Cell::Float, value) => self.floats.extend(value.as_f64()),
            (Cell::Boolean, value) => self.booleans.extend(value.as_bool()),
            (Cell::Text, Value::String(text)) => self.texts.push(text.as_str().into()),
            (Cell::Text | Cell::Json, value) => {
                self.texts.push(value.to_string().into_bytes().into());
            }
        }
        self.levels.push(i16::from(self.len() > before));
    }

    fn len(&self) -> usize {
        self.integers.len() + self.floats.len() + self.booleans.len() + self.texts.len()
    }

    fn write(&self, column: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = Some(self.levels.as_slice());
        match column {
            ColumnWriter::Int64ColumnWriter(out) => out.write_batch(&self.integers, levels, None),
            ColumnWriter::DoubleColumnWriter(out) => out.write_batch(&self.floats, levels, None),
            ColumnWriter::BoolColumnWriter(out) => out.write_batch(&self.booleans, levels, None),
            ColumnWriter::ByteArrayColumnWriter(out) => out.write_batch(&self.texts, levels, None),
            _ => Err(ParquetError::General("unexpected column type".to_owned())),
        }
        .map(drop)
    }
}

impl ParquetWriter {
    pub(super) fn new(
        columns: &'static [Column],
        out: Box<dyn Write + Send>,
    ) -> Result<Self, ParquetError> {
        let common = COMMON_COLUMNS.iter();
        let mut fields = common
            .map(|column| field(column.name, column.cell))
            .collect::<Result<Vec<_>, _>>()?;
        for column in columns {
            fields.push(field(&column_name(column), column.cell)?);
        }
        let schema = Type::group_type_builder("outcome").with_fields(fields);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let properties = Arc::new(properties.build());
        let columns = COMMON_COLUMNS.iter().chain(columns);
        Ok(Self {
            columns: columns.copied().map(ColumnBuffer::new).collect(),
            out: SerializedFileWriter::new(out, Arc::new(schema.build()?), properties)?,
            rows: 0,
        })
    }

    fn push(&mut self, target: &TargetOutcome<Value>) {
        let common: [Value; COMMON_COLUMNS.len()] = [
            number(target).into(),
            (*target.target).into(),
            target.outcome.as_str().into(),
            reason(&target.outcome).into(),
        ];
        let row = target.outcome.row();
        for (index, buffer) in self.columns.iter_mut().enumerate() {
            let name = buffer.column.name;
            let of_row = || row.and_then(|row| row.get(name));
            let value = common.get(index).or_else(of_row);
            buffer.push(value.unwrap_or(&Value::Null));
        }
        self.rows += 1;
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.out.next_row_group()?;
        for buffer in &mut self.columns {
            let Some(mut column) = group.next_column()? else {
                break;
            };
            let full = std::mem::replace(buffer, ColumnBuffer::new(buffer.column));
            full.write(column.untyped())?;
            column.close()?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

/// Returns the schema of a column.
fn field(name: &str, cell: Cell) -> Result<Arc<Type>, ParquetError> {
    let (physical, converted) = match cell {
        Cell::Integer => (PhysicalType::INT64, ConvertedType::NONE),
        Cell::Float => (PhysicalType::DOUBLE, ConvertedType::NONE),
        Cell::Boolean => (PhysicalType::BOOLEAN, ConvertedType::NONE),
        Cell::Text => (PhysicalType::BYTE_ARRAY, ConvertedType::UTF8),
        Cell::Json => (PhysicalType::BYTE_ARRAY, ConvertedType::JSON),
    };
    let field = Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_converted_type(converted);
    field.build().map(Arc::new)
}

impl TableWriter for ParquetWriter {
    fn write(&mut self, outcomes: &[TargetOutcome<Value>]) -> io::Result<()> {
        for target in outcomes {
            self.push(target);
            if self.rows == ROWS_PER_GROUP {
                self.write_group().map_err(to_io_error)?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if self.rows > 0 {
            self.write_group().map_err(to_io_error)?;
        }
        self.out.finish().map(drop).map_err(to_io_error)
    }
}

/// Returns the error of the file itself, if there is one.
fn to_io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}

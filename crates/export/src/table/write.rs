//! Writing a table, a row group at a time.

use std::{
    io::{self, Write},
    sync::Arc,
};

use parquet::{
    basic::{Compression, GzipLevel, LogicalType, Repetition},
    column::writer::ColumnWriterImpl,
    data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{EnabledStatistics, WriterProperties},
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::{ColumnPath, Type as SchemaType},
};

use crate::{
    Entry, Error, SCHEMA,
    column::{Cell, Column, Kind},
    table::{SCHEMA_KEY, physical},
};

/// Rows of a group, which are held until it is full.
const GROUP_ROWS: usize = 1 << 16;

/// What a group may hold of memory, so that long paths make shorter groups.
const MOST_GROUP_BYTES: usize = 32 << 20;

/// Values that are encoded at once.
const BATCH_ROWS: usize = 1024;

/// Of gzip, whose files are 0.6 times as long as those of Snappy, for hashes are digits; more effort gains nothing.
const COMPRESSION: u32 = 1;

/// A table that is being written.
pub(crate) struct Table<W: Write + Send> {
    out: SerializedFileWriter<W>,
    /// Those of the group that is not full.
    entries: Vec<Entry>,
    held_bytes: usize,
}

impl<W: Write + Send> Table<W> {
    /// Begins a table.
    pub(crate) fn new(out: W) -> Result<Self, Error> {
        let schema = schema().map_err(error_of)?;
        let out = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties())).map_err(error_of)?;
        Ok(Self { out, entries: Vec::new(), held_bytes: 0 })
    }

    /// Writes one row, or holds it back.
    pub(crate) fn write(&mut self, entry: &Entry) -> Result<(), Error> {
        self.held_bytes += entry.held_bytes();
        self.entries.push(entry.clone());
        if self.entries.len() < GROUP_ROWS && self.held_bytes < MOST_GROUP_BYTES {
            return Ok(());
        }
        self.write_group().map_err(error_of)
    }

    /// Writes what is held back, and the footer.
    pub(crate) fn finish(mut self) -> Result<W, Error> {
        if !self.entries.is_empty() {
            self.write_group().map_err(error_of)?;
        }
        self.out.into_inner().map_err(error_of)
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.out.next_row_group()?;
        for column in Column::ALL {
            if let Some(mut writer) = group.next_column()? {
                write_column(&mut writer, column, &self.entries)?;
                writer.close()?;
            }
        }
        group.close()?;
        self.entries.clear();
        self.held_bytes = 0;
        Ok(())
    }
}

fn write_column(
    writer: &mut SerializedColumnWriter<'_>,
    column: Column,
    entries: &[Entry],
) -> Result<(), ParquetError> {
    match column.kind() {
        Kind::Text | Kind::Bytes => write_values(writer.typed::<ByteArrayType>(), column, entries, |cell| match cell {
            Cell::Text(bytes) | Cell::Bytes(bytes) => Some(ByteArray::from(bytes.into_owned())),
            _ => None,
        }),
        Kind::Unsigned | Kind::Signed => {
            write_values(writer.typed::<Int64Type>(), column, entries, |cell| match cell {
                Cell::Unsigned(number) => Some(number.cast_signed()),
                Cell::Signed(number) => Some(number),
                _ => None,
            })
        }
        Kind::Short => write_values(writer.typed::<Int32Type>(), column, entries, |cell| match cell {
            Cell::Short(number) => Some(number.cast_signed()),
            _ => None,
        }),
    }
}

fn write_values<T: DataType>(
    writer: &mut ColumnWriterImpl<'_, T>,
    column: Column,
    entries: &[Entry],
    value_of: impl Fn(Cell<'_>) -> Option<T::T>,
) -> Result<(), ParquetError> {
    for batch in entries.chunks(BATCH_ROWS) {
        let (mut values, mut levels) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
        for entry in batch {
            let value = value_of(column.of(entry));
            levels.push(i16::from(value.is_some()));
            values.extend(value);
        }
        let levels = (!column.is_required()).then_some(&levels[..]);
        writer.write_batch(&values, levels, None)?;
    }
    Ok(())
}

fn schema() -> Result<SchemaType, ParquetError> {
    let mut fields = Vec::new();
    for column in Column::ALL {
        let repetition = if column.is_required() { Repetition::REQUIRED } else { Repetition::OPTIONAL };
        let logical = match column.kind() {
            Kind::Text => Some(LogicalType::String),
            Kind::Unsigned => Some(LogicalType::integer(64, false)),
            Kind::Short => Some(LogicalType::integer(32, false)),
            Kind::Bytes | Kind::Signed => None,
        };
        let field = SchemaType::primitive_type_builder(column.name(), physical(column))
            .with_repetition(repetition)
            .with_logical_type(logical);
        fields.push(Arc::new(field.build()?));
    }
    SchemaType::group_type_builder("pictures").with_fields(fields).build()
}

fn properties() -> WriterProperties {
    let repeats = |column: Column| {
        matches!(
            column,
            Column::Rules
                | Column::Host
                | Column::Volume
                | Column::Format
                | Column::Width
                | Column::Height
                | Column::Frames
        )
    };
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("pixtwin version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![KeyValue::new(SCHEMA_KEY.to_owned(), SCHEMA.to_string())]))
        .set_compression(Compression::GZIP(GzipLevel::try_new(COMPRESSION).unwrap_or_default()))
        // Of hashes they say nothing, and they are half of a footer.
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true);
    for column in Column::ALL {
        let is_in_dictionary = repeats(column);
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column.name()), is_in_dictionary);
    }
    properties.build()
}

/// What the disk said, or what Parquet did.
fn error_of(cause: ParquetError) -> Error {
    Error::Io(match cause {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => *cause,
            Err(cause) => io::Error::other(cause),
        },
        other => io::Error::other(other),
    })
}

//! Reading a table, some rows at a time.

use std::{fs::File, io, sync::Arc, vec};

use parquet::{
    basic::{Repetition, Type},
    column::reader::ColumnReaderImpl,
    data_type::{ByteArrayType, DataType, Int32Type, Int64Type},
    errors::ParquetError,
    schema::types::{ColumnDescriptor, ColumnPath, Type as SchemaType},
};

use crate::{
    Entry, Error, Place,
    column::{Cell, Column, Draft, Kind},
    fence::fenced,
    table::{
        footer::{Footer, Group, Nulls},
        pages::Pages,
        physical,
    },
};

/// Rows that are decoded at once.
const BATCH_ROWS: u64 = 1024;

/// The entries of an export, one by one.
pub(crate) struct Rows {
    file: Arc<File>,
    columns: Vec<(Column, usize, Nulls)>,
    /// Those that are not begun.
    groups: vec::IntoIter<Group>,
    streams: Vec<(Column, Stream)>,
    /// Rows of the group that are not decoded.
    group_left: u64,
    /// Rows that are decoded and not given.
    batch_left: u64,
    /// Rows given.
    rows: u64,
}

/// The values of one column of a row group.
enum Stream {
    Text(Values<ByteArrayType>),
    Wide(Values<Int64Type>),
    Short(Values<Int32Type>),
}

impl Rows {
    /// Reads the footer.
    pub(crate) fn new(file: File) -> Result<Self, Error> {
        let Footer { columns, groups } = Footer::read(&file)?;
        let (file, groups) = (Arc::new(file), groups.into_iter());
        Ok(Self { file, columns, groups, streams: Vec::new(), group_left: 0, batch_left: 0, rows: 0 })
    }

    /// The next entry; nothing behind the last row.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Error> {
        while self.batch_left == 0 {
            if self.group_left == 0 && !self.begin_group()? {
                return Ok(None);
            }
            self.decode_batch()?;
        }
        self.batch_left -= 1;
        self.rows += 1;
        self.entry().map(Some).map_err(|what| Error::corrupt(Place::Row(self.rows), what))
    }

    fn entry(&mut self) -> Result<Entry, String> {
        let mut draft = Draft::default();
        for (column, stream) in &mut self.streams {
            match stream {
                Stream::Text(values) => {
                    let value = values.next();
                    let bytes = value.as_ref().map(|value| value.data().into());
                    let is_bytes = column.kind() == Kind::Bytes;
                    draft.fill(*column, bytes.map_or(Cell::Null, if is_bytes { Cell::Bytes } else { Cell::Text }))?;
                }
                Stream::Wide(values) => {
                    let is_unsigned = column.kind() == Kind::Unsigned;
                    let cell = |value: i64| {
                        if is_unsigned { Cell::Unsigned(value.cast_unsigned()) } else { Cell::Signed(value) }
                    };
                    draft.fill(*column, values.next().map_or(Cell::Null, cell))?;
                }
                Stream::Short(values) => {
                    let cell = |value: i32| Cell::Short(value.cast_unsigned());
                    draft.fill(*column, values.next().map_or(Cell::Null, cell))?;
                }
            }
        }
        draft.finish()
    }

    /// Whether there was another group.
    fn begin_group(&mut self) -> Result<bool, Error> {
        // Their pages go before those of the next group come.
        self.streams.clear();
        let Some(group) = self.groups.next() else { return Ok(false) };
        self.group_left = group.rows;
        for (column, leaf, nulls) in &self.columns {
            let Some(chunk) = group.chunks.get(*leaf) else { continue };
            let pages = Pages::new(Arc::clone(&self.file), *chunk, physical(*column), group.rows);
            let stream = fenced(|| open(*column, *nulls, pages)).map_err(|cause| self.error_of(cause))?;
            self.streams.push((*column, stream));
        }
        Ok(true)
    }

    fn decode_batch(&mut self) -> Result<(), Error> {
        let rows = self.group_left.min(BATCH_ROWS);
        let streams = &mut self.streams;
        let decoded = fenced(|| {
            streams.iter_mut().try_for_each(|(column, stream)| {
                let rows = usize::try_from(rows).unwrap_or_default();
                let decoded = match stream {
                    Stream::Text(values) => values.decode(rows),
                    Stream::Wide(values) => values.decode(rows),
                    Stream::Short(values) => values.decode(rows),
                };
                decoded.map_err(|cause| match cause {
                    ParquetError::External(cause) => ParquetError::External(cause),
                    other => ParquetError::General(format!("`{}`: {}", column.name(), words_of(other))),
                })
            })
        });
        decoded.map_err(|cause| self.error_of(cause))?;
        (self.group_left, self.batch_left) = (self.group_left - rows, rows);
        Ok(())
    }

    fn error_of(&self, cause: ParquetError) -> Error {
        let place = Place::Row(self.rows + 1);
        match cause {
            ParquetError::External(cause) => match cause.downcast::<io::Error>() {
                Ok(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
                    Error::corrupt(place, "the file became shorter while it was read")
                }
                Ok(cause) => Error::Io(*cause),
                Err(cause) => Error::corrupt(place, cause.to_string()),
            },
            other => Error::corrupt(place, words_of(other)),
        }
    }
}

/// What is wrong, without saying that it is wrong with Parquet.
fn words_of(cause: ParquetError) -> String {
    match cause {
        ParquetError::General(what) | ParquetError::EOF(what) | ParquetError::NYI(what) => what,
        other => other.to_string(),
    }
}

fn open(column: Column, nulls: Nulls, pages: Pages) -> Result<Stream, ParquetError> {
    let (levels, repetition) = match nulls {
        Nulls::Refused => (0, Repetition::REQUIRED),
        Nulls::Allowed => (1, Repetition::OPTIONAL),
    };
    let (name, physical) = (column.name(), physical(column));
    let leaf = SchemaType::primitive_type_builder(name, physical).with_repetition(repetition).build()?;
    let column = Arc::new(ColumnDescriptor::new(Arc::new(leaf), levels, 0, ColumnPath::from(name)));
    Ok(match physical {
        Type::INT64 => Stream::Wide(Values::new(ColumnReaderImpl::new(column, Box::new(pages)), nulls)),
        Type::INT32 => Stream::Short(Values::new(ColumnReaderImpl::new(column, Box::new(pages)), nulls)),
        _ => Stream::Text(Values::new(ColumnReaderImpl::new(column, Box::new(pages)), nulls)),
    })
}

/// The values of one column of a row group, of which a batch is decoded.
struct Values<T: DataType> {
    reader: ColumnReaderImpl<T>,
    nulls: Nulls,
    /// For each row, whether there is a value; nothing in a column without nulls.
    levels: vec::IntoIter<i16>,
    values: vec::IntoIter<T::T>,
}

impl<T: DataType> Values<T> {
    fn new(reader: ColumnReaderImpl<T>, nulls: Nulls) -> Self {
        Self { reader, nulls, levels: Vec::new().into_iter(), values: Vec::new().into_iter() }
    }

    fn decode(&mut self, rows: usize) -> Result<(), ParquetError> {
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        let (decoded, _, _) = self.reader.read_records(rows, Some(&mut levels), None, &mut values)?;
        if decoded != rows {
            return Err(ParquetError::General("the column has fewer values than there are rows".to_owned()));
        }
        (self.levels, self.values) = (levels.into_iter(), values.into_iter());
        Ok(())
    }

    /// What the next row has.
    fn next(&mut self) -> Option<T::T> {
        if self.nulls == Nulls::Allowed && self.levels.next() != Some(1) {
            return None;
        }
        self.values.next()
    }
}

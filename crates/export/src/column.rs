//! The columns of the two tables, CSV and Parquet, and how an entry is told from a row of cells.

use std::{borrow::Cow, str};

use crate::{Entry, hex::Hex};

/// One column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Rules,
    Host,
    Volume,
    Path,
    PathBytes,
    Size,
    ModifiedNs,
    ChangedNs,
    Inode,
    Format,
    Width,
    Height,
    Frames,
    Digest,
    Payload,
    Blake3,
    FirstRows,
    Pdq,
    PdqQuality,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Bytes,
    Unsigned,
    Signed,
    Short,
}

/// What stands where a row and a column meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    Null,
    Text(Cow<'a, [u8]>),
    Bytes(Cow<'a, [u8]>),
    Unsigned(u64),
    Signed(i64),
    Short(u32),
}

impl Column {
    /// All of them, in the order in which they are written.
    pub(crate) const ALL: [Self; 19] = [
        Self::Rules,
        Self::Host,
        Self::Volume,
        Self::Path,
        Self::PathBytes,
        Self::Size,
        Self::ModifiedNs,
        Self::ChangedNs,
        Self::Inode,
        Self::Format,
        Self::Width,
        Self::Height,
        Self::Frames,
        Self::Digest,
        Self::Payload,
        Self::Blake3,
        Self::FirstRows,
        Self::Pdq,
        Self::PdqQuality,
    ];

    /// Its name in Parquet; in CSV `path_bytes` has another, for its content has.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::Host => "host",
            Self::Volume => "volume",
            Self::Path => "path",
            Self::PathBytes => "path_bytes",
            Self::Size => "size",
            Self::ModifiedNs => "modified_ns",
            Self::ChangedNs => "changed_ns",
            Self::Inode => "inode",
            Self::Format => "format",
            Self::Width => "width",
            Self::Height => "height",
            Self::Frames => "frames",
            Self::Digest => "digest",
            Self::Payload => "payload",
            Self::Blake3 => "blake3",
            Self::FirstRows => "first_rows",
            Self::Pdq => "pdq",
            Self::PdqQuality => "pdq_quality",
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::PathBytes => Kind::Bytes,
            Self::Size | Self::Inode => Kind::Unsigned,
            Self::ModifiedNs | Self::ChangedNs => Kind::Signed,
            Self::Width | Self::Height | Self::Frames | Self::PdqQuality => Kind::Short,
            _ => Kind::Text,
        }
    }

    /// Whether null is refused.
    pub(crate) fn is_required(self) -> bool {
        !matches!(
            self,
            Self::Host
                | Self::Path
                | Self::PathBytes
                | Self::Frames
                | Self::Digest
                | Self::Payload
                | Self::Blake3
                | Self::FirstRows
                | Self::Pdq
                | Self::PdqQuality
        )
    }

    /// What an entry has there.
    pub(crate) fn of(self, entry: &Entry) -> Cell<'_> {
        fn text(text: &str) -> Cell<'_> {
            Cell::Text(Cow::Borrowed(text.as_bytes()))
        }
        fn digits<const N: usize>(hash: Option<[u8; N]>) -> Cell<'static> {
            hash.map_or(Cell::Null, |hash| {
                let mut digits = Vec::with_capacity(2 * N);
                Hex(hash).append(&mut digits);
                Cell::Text(Cow::Owned(digits))
            })
        }
        match self {
            Self::Rules => text(&entry.rules),
            Self::Host => entry.host.as_deref().map_or(Cell::Null, text),
            Self::Volume => text(&entry.volume),
            Self::Path => entry.path_text().map_or(Cell::Null, text),
            Self::PathBytes => match entry.path_text() {
                Some(_) => Cell::Null,
                None => Cell::Bytes(Cow::Borrowed(&entry.path)),
            },
            Self::Size => Cell::Unsigned(entry.size),
            Self::ModifiedNs => Cell::Signed(entry.modified_ns),
            Self::ChangedNs => Cell::Signed(entry.changed_ns),
            Self::Inode => Cell::Unsigned(entry.inode),
            Self::Format => text(&entry.format),
            Self::Width => Cell::Short(entry.width),
            Self::Height => Cell::Short(entry.height),
            Self::Frames => entry.frames.map_or(Cell::Null, Cell::Short),
            Self::Digest => digits(entry.digest),
            Self::Payload => digits(entry.payload),
            Self::Blake3 => digits(entry.blake3),
            Self::FirstRows => digits(entry.first_rows),
            Self::Pdq => digits(entry.pdq),
            Self::PdqQuality => entry.pdq_quality.map_or(Cell::Null, Cell::Short),
        }
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// An entry whose cells come one by one.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    entry: Entry,
    /// The columns that were there, by their bits.
    filled: u32,
}

impl Draft {
    /// Takes what stands in one column.
    ///
    /// # Errors
    /// What is wrong with it, as a clause that names the column.
    pub(crate) fn fill(&mut self, column: Column, cell: Cell<'_>) -> Result<(), String> {
        let entry = &mut self.entry;
        match (column, cell) {
            (_, Cell::Null) => return Ok(()),
            (Column::Rules, Cell::Text(bytes)) => entry.rules = text(column, &bytes)?,
            (Column::Host, Cell::Text(bytes)) => entry.host = Some(text(column, &bytes)?),
            (Column::Volume, Cell::Text(bytes)) => entry.volume = text(column, &bytes)?,
            (Column::Path, Cell::Text(bytes)) => entry.path = text(column, &bytes)?.into_bytes(),
            (Column::PathBytes, Cell::Bytes(bytes)) => entry.path = bytes.into_owned(),
            (Column::Size, Cell::Unsigned(number)) => entry.size = number,
            (Column::ModifiedNs, Cell::Signed(number)) => entry.modified_ns = number,
            (Column::ChangedNs, Cell::Signed(number)) => entry.changed_ns = number,
            (Column::Inode, Cell::Unsigned(number)) => entry.inode = number,
            (Column::Format, Cell::Text(bytes)) => entry.format = text(column, &bytes)?,
            (Column::Width, Cell::Short(number)) => entry.width = number,
            (Column::Height, Cell::Short(number)) => entry.height = number,
            (Column::Frames, Cell::Short(number)) => entry.frames = Some(number),
            (Column::Digest, Cell::Text(bytes)) => entry.digest = Some(hash(column, &bytes)?),
            (Column::Payload, Cell::Text(bytes)) => entry.payload = Some(hash(column, &bytes)?),
            (Column::Blake3, Cell::Text(bytes)) => entry.blake3 = Some(hash(column, &bytes)?),
            (Column::FirstRows, Cell::Text(bytes)) => entry.first_rows = Some(hash(column, &bytes)?),
            (Column::Pdq, Cell::Text(bytes)) => entry.pdq = Some(hash(column, &bytes)?),
            (Column::PdqQuality, Cell::Short(number)) => entry.pdq_quality = Some(number),
            (_, _) => return Err(format!("`{}` is of another type", column.name())),
        }
        self.filled |= column.bit();
        Ok(())
    }

    /// The entry, if all is there.
    ///
    /// # Errors
    /// What is missing or too long, as a clause that names the column.
    pub(crate) fn finish(self) -> Result<Entry, String> {
        let has = |column: Column| self.filled & column.bit() != 0;
        if let Some(column) = Column::ALL.into_iter().find(|column| column.is_required() && !has(*column)) {
            return Err(format!("`{}` is missing", column.name()));
        }
        match (has(Column::Path), has(Column::PathBytes)) {
            (true, true) => return Err("`path` is there as text and as bytes".to_owned()),
            (false, false) => return Err("`path` is missing".to_owned()),
            _ => {}
        }
        self.entry.check().map_err(|error| error.to_string())?;
        Ok(self.entry)
    }
}

fn text(column: Column, bytes: &[u8]) -> Result<String, String> {
    str::from_utf8(bytes).map(str::to_owned).map_err(|_| format!("`{}` is not UTF-8", column.name()))
}

fn hash<const N: usize>(column: Column, digits: &[u8]) -> Result<[u8; N], String> {
    let hash = Hex::parse(digits).map(|hash| hash.0);
    hash.ok_or_else(|| format!("`{}` is not {} hexadecimal digits", column.name(), 2 * N))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_their_own_order() {
        for (at, column) in Column::ALL.into_iter().enumerate() {
            assert_eq!(column as usize, at);
        }
    }

    #[test]
    fn the_document_names_every_column() {
        let document = include_str!("../../../docs/export.md");
        let rows: Vec<&str> = document.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        assert_eq!(rows, Column::ALL.map(Column::name));
        for column in Column::ALL {
            let row = document.lines().find(|line| line.starts_with(&format!("| `{}` |", column.name()))).unwrap();
            let null = if column.is_required() { "no" } else { "yes" };
            assert_eq!(row.split('|').nth(4).unwrap().trim(), null, "{row}");
        }
    }
}

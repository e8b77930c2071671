//! The footer: which columns there are, and where they lie.
//!
//! # Source
//! `FileMetaData` in parquet.thrift of the Parquet format 2.11.

use std::{fs::File, os::unix::fs::FileExt};

use crate::{
    Error, Place, SCHEMA,
    column::Column,
    table::{
        MAGIC, SCHEMA_KEY, physical,
        thrift::{Broken, Kind, Thrift},
    },
};

/// No footer is longer: one of 100 million pictures has some 3 MB.
const MOST_FOOTER_BYTES: u64 = 16 << 20;

/// More than other programs write in one row group; DuckDB has 122,880 and pyarrow up to so many.
const MOST_GROUP_ROWS: u64 = 1 << 20;

const MOST_COLUMNS: usize = 256;

/// What the footer says, as far as it is of use; all of it was checked.
#[derive(Debug, Default)]
pub(super) struct Footer {
    /// Which leaf each of our columns is, and whether it has a level for null.
    pub(super) columns: Vec<(Column, usize, Nulls)>,
    /// In the order of the file.
    pub(super) groups: Vec<Group>,
}

/// Whether a column can hold nulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nulls {
    Refused,
    Allowed,
}

/// Rows that lie together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) rows: u64,
    /// One for each leaf of the schema.
    pub(super) chunks: Vec<Chunk>,
}

/// The pages of one column of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) codec: i64,
}

/// A column, as the footer has it.
struct Leaf {
    name: Vec<u8>,
    physical: i64,
    nulls: Nulls,
}

/// What the footer says, in its own numbers.
#[derive(Default)]
struct Raw {
    leaves: Vec<Leaf>,
    /// What the root of the schema says it has.
    children: i64,
    rows: i64,
    groups: Vec<RawGroup>,
    schema: Option<Vec<u8>>,
}

#[derive(Default)]
struct RawGroup {
    rows: i64,
    chunks: Vec<RawChunk>,
}

#[derive(Default)]
struct RawChunk {
    is_elsewhere: bool,
    physical: Option<i64>,
    codec: Option<i64>,
    values: Option<i64>,
    bytes: Option<i64>,
    data: Option<i64>,
    dictionary: Option<i64>,
}

impl Footer {
    /// Reads and checks the footer.
    pub(super) fn read(file: &File) -> Result<Self, Error> {
        let len = file.metadata()?.len();
        let cut = || corrupt("it is not at the end of the file: the export was cut short, or is a pipe");
        let tail_start = len.checked_sub(8).filter(|start| *start >= 4).ok_or_else(cut)?;
        let mut tail = [0; 8];
        file.read_exact_at(&mut tail, tail_start)?;
        let [a, b, c, d, magic @ ..] = tail;
        if magic != *MAGIC {
            return Err(cut());
        }
        let footer_bytes = u64::from(u32::from_le_bytes([a, b, c, d]));
        if footer_bytes > MOST_FOOTER_BYTES {
            return Err(corrupt(format!("it has {footer_bytes} bytes, and at most {MOST_FOOTER_BYTES} are read")));
        }
        let start = tail_start.checked_sub(footer_bytes).filter(|start| *start >= 4);
        let start = start.ok_or_else(|| corrupt("it begins before the file"))?;
        let mut bytes = vec![0; usize::try_from(footer_bytes).unwrap_or_default()];
        file.read_exact_at(&mut bytes, start)?;
        parse(&bytes).map_err(|Broken(what)| corrupt(what))?.check(start)
    }
}

fn corrupt(what: impl Into<String>) -> Error {
    Error::corrupt(Place::Footer, what)
}

fn parse(bytes: &[u8]) -> Result<Raw, Broken> {
    let mut raw = Raw::default();
    let mut is_root = true;
    Thrift::new(bytes).structure(|thrift, id, kind| match (id, kind) {
        (2, Kind::List) => thrift.structures(|thrift| {
            let (leaf, children) = parse_leaf(thrift, std::mem::take(&mut is_root))?;
            raw.children = raw.children.max(children);
            raw.leaves.extend(leaf);
            Ok(())
        }),
        (3, Kind::Number) => thrift.number().map(|rows| raw.rows = rows),
        (4, Kind::List) => thrift.structures(|thrift| {
            raw.groups.push(parse_group(thrift)?);
            Ok(())
        }),
        (5, Kind::List) => thrift.structures(|thrift| {
            raw.schema = parse_key(thrift)?.or(raw.schema.take());
            Ok(())
        }),
        _ => thrift.skip(kind),
    })?;
    Ok(raw)
}

/// A column of the schema, or its root, and how many children it says it has.
fn parse_leaf(thrift: &mut Thrift<'_>, is_root: bool) -> Result<(Option<Leaf>, i64), Broken> {
    let (mut physical, mut repetition, mut children) = (None, None, 0);
    let mut name = &[][..];
    thrift.structure(|thrift, id, kind| match (id, kind) {
        (1, Kind::Number) => thrift.number().map(|number| physical = Some(number)),
        (3, Kind::Number) => thrift.number().map(|number| repetition = Some(number)),
        (4, Kind::Binary) => thrift.binary().map(|bytes| name = bytes),
        (5, Kind::Number) => thrift.number().map(|number| children = number),
        _ => thrift.skip(kind),
    })?;
    if is_root {
        return Ok((None, children));
    }
    let nulls = match repetition {
        Some(0) => Nulls::Refused,
        Some(1) => Nulls::Allowed,
        _ => return Err(Broken("it has a column of lists")),
    };
    let physical = physical.filter(|_| children == 0).ok_or(Broken("it has a column of columns"))?;
    Ok((Some(Leaf { name: name.to_vec(), physical, nulls }), 0))
}

fn parse_group(thrift: &mut Thrift<'_>) -> Result<RawGroup, Broken> {
    let mut group = RawGroup::default();
    thrift.structure(|thrift, id, kind| match (id, kind) {
        (1, Kind::List) => thrift.structures(|thrift| {
            group.chunks.push(parse_chunk(thrift)?);
            Ok(())
        }),
        (3, Kind::Number) => thrift.number().map(|rows| group.rows = rows),
        _ => thrift.skip(kind),
    })?;
    Ok(group)
}

fn parse_chunk(thrift: &mut Thrift<'_>) -> Result<RawChunk, Broken> {
    let mut chunk = RawChunk::default();
    thrift.structure(|thrift, id, kind| match (id, kind) {
        (1, _) => {
            chunk.is_elsewhere = true;
            thrift.skip(kind)
        }
        (3, Kind::Structure) => thrift.structure(|thrift, id, kind| {
            let number = match (id, kind) {
                (1, Kind::Number) => &mut chunk.physical,
                (4, Kind::Number) => &mut chunk.codec,
                (5, Kind::Number) => &mut chunk.values,
                (7, Kind::Number) => &mut chunk.bytes,
                (9, Kind::Number) => &mut chunk.data,
                (11, Kind::Number) => &mut chunk.dictionary,
                _ => return thrift.skip(kind),
            };
            *number = Some(thrift.number()?);
            Ok(())
        }),
        _ => thrift.skip(kind),
    })?;
    Ok(chunk)
}

/// The value of our key, if it is ours.
fn parse_key(thrift: &mut Thrift<'_>) -> Result<Option<Vec<u8>>, Broken> {
    let (mut key, mut value) = (&[][..], &[][..]);
    thrift.structure(|thrift, id, kind| match (id, kind) {
        (1, Kind::Binary) => thrift.binary().map(|bytes| key = bytes),
        (2, Kind::Binary) => thrift.binary().map(|bytes| value = bytes),
        _ => thrift.skip(kind),
    })?;
    Ok((key == SCHEMA_KEY.as_bytes()).then(|| value.to_vec()))
}

impl Raw {
    /// Checks all that reading relies on; `end` is where the footer begins.
    fn check(self, end: u64) -> Result<Footer, Error> {
        let Some(schema) = self.schema else {
            return Err(Error::NotAnExport(format!("the footer has no key `{SCHEMA_KEY}`")));
        };
        let schema = std::str::from_utf8(&schema).ok().and_then(|text| text.parse().ok());
        match schema.ok_or_else(|| corrupt(format!("`{SCHEMA_KEY}` is not a number")))? {
            SCHEMA => {}
            other => return Err(Error::Schema(other)),
        }
        let leaves = self.leaves.len();
        if leaves > MOST_COLUMNS || usize::try_from(self.children) != Ok(leaves) {
            return Err(corrupt(format!("it has {leaves} columns, and a table has as many as it says, at most 256")));
        }
        let columns = find_columns(&self.leaves)?;
        let (mut groups, mut rows, mut at) = (Vec::with_capacity(self.groups.len()), 0, 4);
        for group in &self.groups {
            let group = check_group(group, &self.leaves, &mut at).map_err(corrupt)?;
            rows += group.rows;
            groups.push(group);
        }
        if at > end {
            return Err(corrupt("a column lies beyond the rows"));
        }
        if u64::try_from(self.rows) != Ok(rows) {
            return Err(corrupt(format!("it counts {} rows, and its row groups have {rows}", self.rows)));
        }
        Ok(Footer { columns, groups })
    }
}

fn find_columns(leaves: &[Leaf]) -> Result<Vec<(Column, usize, Nulls)>, Error> {
    let mut columns = Vec::new();
    for column in Column::ALL {
        let mut found = leaves.iter().enumerate().filter(|(_, leaf)| leaf.name == column.name().as_bytes());
        match (found.next(), found.next()) {
            (Some((at, leaf)), None) if leaf.physical == physical(column) as i64 => {
                columns.push((column, at, leaf.nulls));
            }
            (Some(_), None) => return Err(corrupt(format!("`{}` is of another type", column.name()))),
            (Some(_), Some(_)) => return Err(corrupt(format!("there are two columns `{}`", column.name()))),
            (None, _) if column.is_required() => {
                return Err(corrupt(format!("there is no column `{}`", column.name())));
            }
            (None, _) => {}
        }
    }
    Ok(columns)
}

/// Takes a group whose columns lie one after the other from `at` on, and moves that behind it.
fn check_group(group: &RawGroup, leaves: &[Leaf], at: &mut u64) -> Result<Group, &'static str> {
    let rows = u64::try_from(group.rows).ok().filter(|rows| *rows <= MOST_GROUP_ROWS);
    let rows = rows.ok_or("a row group has more than 1048576 rows")?;
    if group.chunks.len() != leaves.len() {
        return Err("a row group has another number of columns");
    }
    let mut chunks = Vec::with_capacity(leaves.len());
    for (chunk, leaf) in group.chunks.iter().zip(leaves) {
        if chunk.is_elsewhere {
            return Err("a column lies in another file");
        }
        if chunk.physical != Some(leaf.physical) || chunk.values != Some(group.rows) {
            return Err("a column of a row group is of another type or length");
        }
        let data = chunk.data.ok_or("a column lies nowhere")?;
        // Some writers say 0 where there is none.
        let start = chunk.dictionary.filter(|start| (1..data).contains(start)).unwrap_or(data);
        let start = u64::try_from(start).ok().filter(|start| *start >= *at).ok_or("columns overlap")?;
        let bytes = chunk.bytes.and_then(|bytes| u64::try_from(bytes).ok()).ok_or("a column has no length")?;
        let end = start.checked_add(bytes).ok_or("a column lies beyond the rows")?;
        chunks.push(Chunk { start, end, codec: chunk.codec.ok_or("a column has no compression")? });
        *at = end;
    }
    Ok(Group { rows, chunks })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::thrift;

    /// A field of a structure, `step` numbers behind the one before.
    fn number(step: u8, number: i64) -> Vec<u8> {
        thrift::tests::number(step << 4 | 6, number)
    }

    fn length(len: usize) -> u8 {
        u8::try_from(len).unwrap()
    }

    fn binary(step: u8, text: &str) -> Vec<u8> {
        [&[step << 4 | 8, length(text.len())], text.as_bytes()].concat()
    }

    fn list(step: u8, structures: &[Vec<u8>]) -> Vec<u8> {
        [&[step << 4 | 9, 0xfc, length(structures.len())], structures.concat().as_slice()].concat()
    }

    fn structure(fields: &[Vec<u8>]) -> Vec<u8> {
        [fields.concat().as_slice(), &[0]].concat()
    }

    fn chunk(column: Column, rows: i64, start: i64, bytes: i64) -> Vec<u8> {
        let physical = number(1, physical(column) as i64);
        let within = [physical, number(3, 0), number(1, rows), number(2, bytes), number(2, start)];
        structure(&[vec![0x3c], structure(&within)])
    }

    /// What is wrong with a footer of two groups, whose columns lie one after the other from 4 on, before 10,000.
    fn check(rows: i64, count: i64, chunk_of: impl Fn(usize, i64) -> (i64, i64)) -> String {
        let root = structure(&[number(5, 19)]);
        let leaf =
            |column: Column| structure(&[number(1, physical(column) as i64), number(2, 1), binary(1, column.name())]);
        let schema: Vec<_> = std::iter::once(root).chain(Column::ALL.map(leaf)).collect();
        let group = |first: i64| {
            let chunks = Column::ALL.into_iter().enumerate().map(|(at, column)| {
                let (start, bytes) = chunk_of(at, first + 10 * at as i64);
                chunk(column, rows, start, bytes)
            });
            structure(&[list(1, &chunks.collect::<Vec<_>>()), number(2, rows)])
        };
        let key = structure(&[binary(1, SCHEMA_KEY), binary(1, "1")]);
        let footer =
            structure(&[list(2, &schema), number(1, count), list(1, &[group(4), group(1004)]), list(1, &[key])]);
        let checked = parse(&footer).map_err(|Broken(what)| corrupt(what)).and_then(|raw| raw.check(10_000));
        checked.map_or_else(|error| error.to_string(), |footer| format!("{} groups", footer.groups.len()))
    }

    #[test]
    fn parts_lie_one_after_the_other_and_before_the_footer() {
        assert_eq!(check(7, 14, |_, start| (start, 10)), "2 groups");
        assert_eq!(check(7, 15, |_, start| (start, 10)), "footer: it counts 15 rows, and its row groups have 14");
        let most = MOST_GROUP_ROWS.cast_signed();
        assert_eq!(check(most, 2 * most, |_, start| (start, 10)), "2 groups");
        let error = "footer: a row group has more than 1048576 rows";
        assert_eq!(check(most + 1, 2 * most + 2, |_, start| (start, 10)), error);
        assert_eq!(check(-1, -2, |_, start| (start, 10)), error);
        assert_eq!(check(7, 14, |_, start| (start, 11)), "footer: columns overlap");
        assert_eq!(check(7, 14, |_, start| (start - 4, 10)), "footer: columns overlap");
        assert_eq!(check(7, 14, |_, start| (start, -1)), "footer: a column has no length");
        assert_eq!(check(7, 14, |at, start| (start, if at == 18 { 9000 } else { 10 })), "footer: columns overlap");
        let far = |at, start| if at == 18 && start > 1000 { (start, 9000) } else { (start, 10) };
        assert_eq!(check(7, 14, far), "footer: a column lies beyond the rows");
        let wrap = |at, start| if at == 18 && start > 1000 { (i64::MAX, i64::MAX) } else { (start, 10) };
        assert_eq!(check(7, 14, wrap), "footer: a column lies beyond the rows");
    }

    #[test]
    fn no_length_of_a_footer_is_believed() {
        let read = |bytes: &[u8]| {
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(bytes, 0).unwrap();
            Footer::read(&file).unwrap_err().to_string()
        };
        let cut = "footer: it is not at the end of the file: the export was cut short, or is a pipe";
        assert_eq!([read(b""), read(b"PAR1\0\0\0PAR1"), read(b"PAR1\0\0\0\0PARE")], [cut; 3]);
        assert_eq!(read(b"PAR1\x01\0\0\0PAR1"), "footer: it begins before the file");
        let long = "footer: it has 4294967295 bytes, and at most 16777216 are read";
        assert_eq!(read(b"PAR1\xff\xff\xff\xffPAR1"), long);
        assert_eq!(read(b"PAR1\0\0\0\0PAR1"), "footer: it ends within a field");
    }
}

//! Blocks of codes as rows, and back. Lengths are looked at before anything is read.

use std::{collections::HashMap, ops::Range};

use rusqlite::{Connection, OptionalExtension, Row, blob::Blob};
use zerocopy::IntoBytes;

use crate::{
    block::{IN_PART, PARTS, PLANE_BYTES, Part, Placed, Planes, SWEPT, picture_bytes},
    error::Error,
    near::{MOST_REST_BYTES, Near, Place},
    seal,
};

/// The columns of a block but for its planes, in the order of [`Head::of`]. What is longer than it can be is not read.
pub(crate) const HEAD_COLUMNS: &str = "id, rules, places, seal, \
     CASE octet_length(sums) WHEN 224 THEN sums END, CASE octet_length(usable) WHEN 4 * places THEN usable END, \
     octet_length(planes)";

/// What is said of a block.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) block: i64,
    pub(crate) places: usize,
    pub(crate) usable: Vec<u32>,
    sums: Vec<u64>,
}

impl Head {
    /// Nothing where it is damaged.
    pub(crate) fn of(row: &Row<'_>, rules: &HashMap<i64, String>) -> Option<Self> {
        let (block, rules_at, places): (i64, i64, i64) = (row.get(0).ok()?, row.get(1).ok()?, row.get(2).ok()?);
        let places = usize::try_from(places).ok().filter(|places| (1..=Place::MOST).contains(places))?;
        let (sums, usable) = (row.get_ref(4).ok()?.as_blob().ok()?, row.get_ref(5).ok()?.as_blob().ok()?);
        let (sealed, bytes): (i64, i64) = (row.get(3).ok()?, row.get(6).ok()?);
        let expected = seal::of_block(block, rules.get(&rules_at)?, places, usable, sums);
        let is_whole = usize::try_from(bytes).ok()? == places * PLANE_BYTES && expected.cast_signed() == sealed;
        let sums = sums.as_chunks().0.iter().map(|sum| u64::from_le_bytes(*sum)).collect();
        let usable = usable.as_chunks().0.iter().map(|mask| u32::from_le_bytes(*mask)).collect();
        is_whole.then_some(Self { block, places, usable, sums })
    }
}

/// The block of this number; nothing where there is none that is whole.
pub(crate) fn head(connection: &Connection, rules: &HashMap<i64, String>, block: i64) -> Result<Option<Head>, Error> {
    let sql = format!("SELECT {HEAD_COLUMNS} FROM code_block WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.query_row([block], |row| Ok(Head::of(row, rules))).optional()?.flatten())
}

/// Reads the planes of some codes of a block into memory that was used before, and says whether they are as they were written.
///
/// # Cost
/// One copy out of the cache of the system. What lies before the first of these codes is gone through as well.
pub(crate) fn read_planes<'a>(
    connection: &'a Connection,
    opened: &mut Option<Blob<'a>>,
    head: Head,
    codes: Range<usize>,
    planes: &mut Planes,
) -> Result<bool, Error> {
    let each = head.places * SWEPT;
    let codes = codes.start.min(Near::CODES)..codes.end.min(Near::CODES);
    planes.words.resize(codes.len() * each, 0);
    (planes.places, planes.usable, planes.first) = (head.places, head.usable, codes.start);
    let mut read = || -> rusqlite::Result<()> {
        let blob = match opened {
            Some(blob) => {
                blob.reopen(head.block)?;
                blob
            }
            None => opened.insert(connection.blob_open("main", "code_block", "planes", head.block, true)?),
        };
        blob.read_at_exact(planes.words.as_mut_bytes(), codes.start * each * 8)
    };
    if let Err(cause) = read() {
        // A handle that has failed is of no use any more.
        *opened = None;
        return match Error::from(cause) {
            Error::Damaged(_) => Ok(false),
            cause => Err(cause),
        };
    }
    let is_whole = planes.sums().eq(head.sums.iter().copied().skip(codes.start).take(codes.len()));
    if cfg!(target_endian = "big") {
        planes.words.iter_mut().for_each(|word| *word = word.swap_bytes());
    }
    Ok(is_whole)
}

/// A part of the rest of a block that has so many places; nothing where there is none that is whole.
pub(crate) fn part(connection: &Connection, block: i64, places: usize, at: usize) -> Result<Option<Part>, Error> {
    let Some(count) = places.checked_sub(at * IN_PART).map(|count| count.min(IN_PART)) else { return Ok(None) };
    let sql =
        "SELECT first_file, rest_bytes, seal, CASE octet_length(pictures) WHEN ?2 + ?3 * rest_bytes THEN pictures END
               FROM code_part WHERE id = ?1 AND rest_bytes BETWEEN 0 AND ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let number = part_number(block, at);
    let bounds = (number, (count * picture_bytes(0)) as i64, count as i64, MOST_REST_BYTES as i64);
    let read = |row: &Row<'_>| -> Option<Part> {
        let (first_file, rest_bytes, sealed): (i64, i64, i64) = (row.get(0).ok()?, row.get(1).ok()?, row.get(2).ok()?);
        let (rest_bytes, pictures) = (usize::try_from(rest_bytes).ok()?, row.get_ref(3).ok()?.as_blob().ok()?);
        let expected = seal::of_part(number, first_file, rest_bytes, pictures);
        (expected.cast_signed() == sealed).then(|| Part { first_file, rest_bytes, pictures: pictures.to_vec() })
    };
    Ok(statement.query_row(bounds, |row| Ok(read(row))).optional()?.flatten())
}

/// Writes a block and those parts of its rest that begin with this.
pub(crate) fn write(
    connection: &Connection,
    block: i64,
    (rules_at, rules): (i64, &str),
    pictures: &[Placed],
    from_part: usize,
) -> Result<(), Error> {
    let planes = Planes::of(pictures);
    let sums: Vec<u8> = planes.sums().flat_map(u64::to_le_bytes).collect();
    let usable: Vec<u8> = planes.usable.iter().flat_map(|mask| mask.to_le_bytes()).collect();
    let sealed = seal::of_block(block, rules, planes.places, &usable, &sums).cast_signed();
    let sql = "INSERT OR REPLACE INTO code_block (id, rules, places, seal, sums, usable, planes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let mut insert = connection.prepare_cached(sql)?;
    insert.execute((block, rules_at, planes.places as i64, sealed, sums, usable, planes.words.as_bytes()))?;
    let sql =
        "INSERT OR REPLACE INTO code_part (id, first_file, rest_bytes, seal, pictures) VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut insert = connection.prepare_cached(sql)?;
    for (at, pictures) in pictures.chunks(IN_PART).enumerate().skip(from_part) {
        let too_far = || Error::Damaged("its files have numbers that it never gave them".to_owned());
        let Part { first_file, rest_bytes, pictures } = Part::of(pictures).ok_or_else(too_far)?;
        let number = part_number(block, at);
        let sealed = seal::of_part(number, first_file, rest_bytes, &pictures).cast_signed();
        insert.execute((number, first_file, rest_bytes as i64, sealed, pictures))?;
    }
    Ok(())
}

fn part_number(block: i64, at: usize) -> i64 {
    block.wrapping_mul(PARTS as i64).wrapping_add(at as i64)
}

//! Entries as rows of the table `file`, and back.

use std::{ffi::OsStr, num::NonZeroU64, os::unix::ffi::OsStrExt, path::PathBuf};

use rusqlite::{CachedStatement, Row, Statement, ToSql, types::ValueRef};

use crate::{
    entry::{Entry, Facts, Header, MOST_TEXT_BYTES, Stamp},
    error::Error,
    near::{MOST_LOOKS_BYTES, Spot},
    seal,
};

/// The columns of an entry, in the order of [`read`].
pub(crate) const COLUMNS: &str = "file.name, file.decoder, file.inode, file.size, file.mtime_ns, \
     file.ctime_ns, file.format, file.width, file.height, file.frames, file.head_bytes, file.whole_bytes, file.first_rows, \
     file.keys, file.payload, file.content, file.digest, file.failures, file.metadata, file.probe, file.seal, \
     file.looks, file.place, file.proof";

/// How many they are.
pub(crate) const COLUMN_COUNT: usize = 24;

/// Writes an entry of a file that has none. `ON CONFLICT` would do for both; but then SQLite copies every page that it
/// changes, to take back a row alone.
pub(crate) const INSERT: &str = "INSERT INTO file (folder, name, rules, decoder, inode, size, mtime_ns, ctime_ns, format, \
     width, height, frames, head_bytes, whole_bytes, first_rows, keys, payload, content, digest, failures, metadata, probe, \
     seal, looks, place, proof) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, \
     ?26)";

/// Writes an entry over what was known under its name.
pub(crate) const UPDATE: &str = "UPDATE file SET decoder = ?4, inode = ?5, size = ?6, mtime_ns = ?7, ctime_ns = ?8, format = ?9, width = ?10, \
     height = ?11, frames = ?12, head_bytes = ?13, whole_bytes = ?14, first_rows = ?15, keys = ?16, payload = ?17, \
     content = ?18, digest = ?19, failures = ?20, metadata = ?21, probe = ?22, seal = ?23, looks = ?24, \
     place = ?25, proof = ?26 WHERE folder = ?1 AND name = ?2 AND rules = ?3";

/// Reads the entry of a folder's file by a set of rules.
pub(crate) fn by_name() -> String {
    format!("SELECT {COLUMNS}, file.id FROM file WHERE folder = ?1 AND name = ?2 AND rules = ?3")
}

/// A row as it was read: whole, and its seal not yet looked at.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) name: Box<[u8]>,
    pub(crate) decoder: i64,
    pub(crate) entry: Entry,
    /// Where its codes are, which are not read with it.
    pub(crate) spot: Option<Spot>,
    seal: i64,
}

/// Where an entry belongs: the number and the place of its folder, its name, the numbers of its rules and its decoder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address<'a> {
    pub(crate) folder: i64,
    pub(crate) place: u64,
    pub(crate) name: &'a [u8],
    pub(crate) rules: i64,
    pub(crate) decoder: i64,
    /// What stands for both in the seal.
    pub(crate) maker: u64,
}

impl Read {
    /// What is known, if it is not damaged: the seal is not looked at.
    pub(crate) fn facts(&self) -> &Facts {
        &self.entry.facts
    }

    /// How much its texts and blobs take.
    pub(crate) fn bytes(&self) -> usize {
        let facts = &self.entry.facts;
        let failures = facts.failures.iter().map(|(look, reason)| look.len() + reason.len()).sum::<usize>();
        let looks = facts.looks.as_ref().map_or(0, |looks| looks.len());
        let metadata = facts.metadata.as_ref().map_or(0, String::len);
        self.name.len() + 8 * facts.keys.len() + failures + metadata + looks
    }

    /// The entry without its codes, if its seal is whole.
    pub(crate) fn unsealed(self, place: u64, maker: u64) -> Option<Entry> {
        let expected = seal::of_file(place, &self.name, maker, &self.entry, self.spot);
        (expected.cast_signed() == self.seal).then_some(self.entry)
    }
}

/// The columns of one row; nothing where they hold what no entry can hold: the row is damaged.
pub(crate) fn read(row: &Row<'_>) -> Option<Read> {
    columns(row).ok()
}

fn columns(row: &Row<'_>) -> Result<Read, Error> {
    let integer = |at: usize| -> Result<i64, Error> { Ok(row.get(at)?) };
    let number = |at: usize| integer(at).map(i64::cast_unsigned);
    let small = |at: usize| integer(at).and_then(|value| u32::try_from(value).map_err(|_| damaged("a size")));
    let is_null = |at: usize| row.get_ref(at).is_ok_and(|value| value == ValueRef::Null);
    let is_long = |at: usize| row.get_ref(at).is_ok_and(|value| long(value));
    if [0, 6, 13, 17, 18].into_iter().any(is_long) {
        return Err(damaged("a long value"));
    }
    let header = match is_null(7) {
        true => None,
        false => Some(Header {
            width: small(7)?,
            height: small(8)?,
            head_bytes: number(10)?,
            whole_bytes: number(11)?,
            first_rows: u8::try_from(integer(12)?).map_err(|_| damaged("first rows"))?,
        }),
    };
    let keys = match row.get_ref(13)? {
        ValueRef::Null => Vec::new(),
        keys => keys
            .as_blob()
            .map_err(|_| damaged("keys"))?
            .as_chunks()
            .0
            .iter()
            .map(|key| NonZeroU64::new(u64::from_le_bytes(*key)))
            .collect(),
    };
    let failures: Option<String> = row.get(17)?;
    let mut facts = Facts {
        format: row.get(6)?,
        header,
        frames: if is_null(9) { None } else { Some(small(9)?) },
        keys,
        payload: row.get(14)?,
        content: row.get(15)?,
        digest: row.get(16)?,
        failures: failures.as_deref().map_or(Ok(Vec::new()), failures_of)?,
        metadata: row.get(18)?,
        size_key: None,
        near: None,
        looks: looks_of(row)?,
    };
    let probe: Option<i64> = row.get(19)?;
    if facts.probe().is_none() {
        facts.size_key = probe.map(i64::cast_unsigned);
    }
    let stamp = Stamp { inode: number(2)?, size: number(3)?, modified_ns: integer(4)?, changed_ns: integer(5)? };
    let name = row.get_ref(0)?.as_blob().map_err(|_| damaged("a name"))?.into();
    Ok(Read { name, decoder: integer(1)?, entry: Entry { stamp, facts }, spot: spot_of(row)?, seal: integer(20)? })
}

fn looks_of(row: &Row<'_>) -> Result<Option<Box<[u8]>>, Error> {
    match row.get_ref(21)? {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(looks) if looks.len() <= MOST_LOOKS_BYTES => Ok(Some(looks.into())),
        _ => Err(damaged("what looks have found")),
    }
}

fn spot_of(row: &Row<'_>) -> Result<Option<Spot>, Error> {
    let (place, proof): (Option<i64>, Option<i64>) = (row.get(22)?, row.get(23)?);
    match (place, proof) {
        (Some(place), Some(proof)) => Ok(Some(Spot { place, proof: proof.cast_unsigned() })),
        (None, None) => Ok(None),
        _ => Err(damaged("a place of codes")),
    }
}

/// Writes an entry, by one of the statements [`INSERT`] and [`UPDATE`].
pub(crate) fn write(
    statement: &mut Statement<'_>,
    address: Address<'_>,
    entry: &Entry,
    spot: Option<Spot>,
) -> Result<(), Error> {
    let Address { folder, place, name, rules, decoder, maker } = address;
    let Entry { stamp, facts } = entry;
    let seal = seal::of_file(place, name, maker, entry, spot).cast_signed();
    let keys: Vec<u8> =
        facts.known_keys().iter().flat_map(|key| key.map_or(0, NonZeroU64::get).to_le_bytes()).collect();
    let header = facts.header.as_ref();
    let signed = |number: u64| number.cast_signed();
    let failures = (!facts.failures.is_empty()).then(|| text_of(&facts.failures));
    let values: [&dyn ToSql; 26] = [
        &folder,
        &name,
        &rules,
        &decoder,
        &signed(stamp.inode),
        &signed(stamp.size),
        &stamp.modified_ns,
        &stamp.changed_ns,
        &facts.format,
        &header.map(|header| header.width),
        &header.map(|header| header.height),
        &facts.frames,
        &header.map(|header| signed(header.head_bytes)),
        &header.map(|header| signed(header.whole_bytes)),
        &header.map(|header| header.first_rows),
        &(!keys.is_empty()).then_some(keys),
        &facts.payload,
        &facts.content,
        &facts.digest,
        &failures,
        &facts.metadata,
        &facts.probe().map(signed),
        &seal,
        &facts.looks.as_deref(),
        &spot.map(|spot| spot.place),
        &spot.map(|spot| signed(spot.proof)),
    ];
    statement.execute(values)?;
    Ok(())
}

/// The only row of [`by_name`] and its number, if there is any; of that nothing more, where it is damaged.
pub(crate) fn one(
    statement: &mut CachedStatement<'_>,
    parameters: impl rusqlite::Params,
) -> Result<Option<(i64, Option<Read>)>, Error> {
    let mut found = statement.query(parameters)?;
    let Some(row) = found.next()? else { return Ok(None) };
    Ok(Some((row.get(COLUMN_COUNT)?, read(row))))
}

fn long(value: ValueRef<'_>) -> bool {
    matches!(value, ValueRef::Text(bytes) | ValueRef::Blob(bytes) if bytes.len() >= MOST_TEXT_BYTES)
}

/// A path of bytes.
pub(crate) fn path_of(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

fn damaged(what: &str) -> Error {
    Error::Damaged(format!("{what} is none"))
}

fn text_of(failures: &[(String, String)]) -> String {
    let object: serde_json::Map<_, _> =
        failures.iter().map(|(look, reason)| (look.clone(), reason.as_str().into())).collect();
    serde_json::Value::Object(object).to_string()
}

fn failures_of(text: &str) -> Result<Vec<(String, String)>, Error> {
    let object: std::collections::BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|_| damaged("a list of failures"))?;
    Ok(object.into_iter().collect())
}

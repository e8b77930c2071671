//! Looks after a catalogue: what is in it, whether it is whole, and what is to leave it.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::{
    codes::Codes,
    entry::Entry,
    error::Error,
    import::IMPORTED,
    merge::{self, DROP_PARTS},
    rows::{self, COLUMN_COUNT, COLUMNS},
    schema::{Catalogue, Want, connect, names},
    seal, verdicts,
    volume_row::VolumeRow,
    volumes::joined,
};

/// An entry with all that is said of it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Where the file is now, or was when its volume was there last.
    pub path: PathBuf,
    /// Type and identifier of the file system.
    pub volume: String,
    /// The host that saw it last.
    pub host: String,
    /// Whether the volume is mounted.
    pub is_mounted: bool,
    /// By which rules it is known.
    pub rules: String,
    /// By which decoder.
    pub decoder: String,
    /// What is known.
    pub entry: Entry,
}

/// What is to be forgotten.
#[derive(Clone, Copy, Debug)]
pub enum Forget<'a> {
    /// Every file that is, or was, at this path or below it; what was imported is not meant.
    Below(&'a Path),
    /// Every file on the volume of this identity.
    Volume(&'a str),
    /// Every file that is gone from a volume that is mounted.
    Gone,
}

/// What an examination found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries that were read.
    pub entries: u64,
    /// What is wrong with the file, and with entries whose seals do not match; empty where nothing is.
    pub faults: Vec<String>,
}

/// No more faults than this are named.
const MOST_FAULTS: usize = 100;

impl Catalogue {
    /// Hands over every entry, volume by volume, sorted by path; with what near search keeps, if the maker wants it.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    ///
    /// # Cost
    /// Memory does not grow with the number of entries.
    pub fn list(&self, take: &mut dyn FnMut(Kept)) -> Result<(), Error> {
        self.each(self.maker.near, &mut |row| {
            if let Row::Whole(kept, _) = row {
                take(*kept);
            }
        })
    }

    /// Examines the file and every entry in it.
    ///
    /// # Errors
    /// If it cannot be read at all.
    pub fn verify(&self) -> Result<Verified, Error> {
        let mut verified = Verified::default();
        let Verified { entries, faults } = &mut verified;
        let connection = connect(self.path(), Want::Read)?;
        for (check, is_well) in [("PRAGMA integrity_check", "ok"), ("PRAGMA foreign_key_check", "")] {
            let mut statement = connection.prepare(check)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let text: String = row.get(0)?;
                let is_fault = text != is_well && faults.len() < MOST_FAULTS;
                faults.extend(is_fault.then(|| format!("{check}: {text}")));
            }
        }
        let read = self.each(false, &mut |row| match row {
            Row::Whole(..) => *entries += 1,
            Row::Damaged(path, _) if faults.len() < MOST_FAULTS => {
                faults.push(format!("the entry of {path:?} is damaged: its seal does not match"));
            }
            Row::Damaged(..) => {}
        });
        faults.extend(read.err().map(|cause| cause.to_string()));
        match merge::faults(&connection, MOST_FAULTS.saturating_sub(faults.len())) {
            Ok(found) => faults.extend(found),
            Err(cause) => faults.push(cause.to_string()),
        }
        match self.verdicts(&mut |_| {}) {
            Ok(0) => {}
            Ok(damaged) => faults.push(format!("{damaged} of the verdicts are damaged: their seals do not match")),
            Err(cause) => faults.push(cause.to_string()),
        }
        Ok(verified)
    }

    /// Forgets files, and says how many, whatever number of rules each was known by. Nothing on a volume that is not mounted
    /// is taken for gone.
    ///
    /// # Errors
    /// If the catalogue cannot be read or written; then nothing is forgotten.
    pub fn forget(&self, what: Forget<'_>) -> Result<u64, Error> {
        let is_meant = |row: &Row| match (row, what) {
            (Row::Whole(kept, _), Forget::Below(path)) => {
                kept.path.starts_with(path) && !kept.volume.starts_with(IMPORTED)
            }
            (Row::Whole(kept, _), Forget::Volume(identity)) => kept.volume == identity,
            (Row::Whole(kept, _), Forget::Gone) => kept.is_mounted && is_gone(&kept.path),
            (Row::Damaged(..), _) => false,
        };
        self.remove(is_meant)
    }

    /// Forgets what no search can use any more: damaged entries, and, on volumes that are mounted, those of files that are
    /// gone and those of other decoders. What was said of pictures stays. Then makes full blocks of codes out of those that are not, and writes the file anew,
    /// without gaps. Says of how many files entries left.
    ///
    /// # Errors
    /// If the catalogue cannot be read or written, or there is no room for a second copy.
    ///
    /// # Cost
    /// Locks others out meanwhile.
    pub fn compact(&self) -> Result<u64, Error> {
        let removed = self.remove(|row| match row {
            Row::Whole(kept, _) => kept.is_mounted && (is_gone(&kept.path) || !self.is_current(kept)),
            Row::Damaged(..) => true,
        })?;
        let mut connection = connect(self.path(), Want::Write)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        merge::merge(&transaction)?;
        verdicts::drop_damaged(&transaction)?;
        transaction.commit()?;
        connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")?;
        Ok(removed)
    }

    fn is_current(&self, kept: &Kept) -> bool {
        kept.decoder == (self.maker.decoder)(kept.entry.facts.format.as_deref())
    }

    fn remove(&self, is_meant: impl Fn(&Row) -> bool) -> Result<u64, Error> {
        let mut numbers = Vec::new();
        self.each(false, &mut |row| {
            let (Row::Whole(_, number) | Row::Damaged(_, number)) = row;
            numbers.extend(is_meant(&row).then_some(number));
        })?;
        let mut connection = connect(self.path(), Want::Write)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let files = delete(&transaction, &numbers)?;
        drop_unused(&transaction)?;
        transaction.commit()?;
        Ok(files)
    }

    fn each(&self, with_near: bool, take: &mut dyn FnMut(Row)) -> Result<(), Error> {
        let connection = connect(self.path(), Want::Read)?;
        let volumes = VolumeRow::all(&connection, self.places.volumes())?;
        let (rules, decoders) = (names(&connection, "rules")?, names(&connection, "decoder")?);
        let mut codes = Codes::new(rules.clone());
        let sql = format!(
            "SELECT {COLUMNS}, folder.inode, folder.path, folder.seal, folder.volume, file.rules, file.id
             FROM folder JOIN file ON file.folder = folder.id
             ORDER BY folder.volume, folder.path, folder.id, file.name, file.rules"
        );
        let mut statement = connection.prepare(&sql)?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let number = row.get(COLUMN_COUNT + 5)?;
            let Some(read) = rows::read(row) else {
                let name: Vec<u8> = row.get(0).unwrap_or_default();
                take(Row::Damaged(rows::path_of(&name), number));
                continue;
            };
            let inode: i64 = row.get(COLUMN_COUNT)?;
            let (path, sealed): (Vec<u8>, i64) = (row.get(COLUMN_COUNT + 1)?, row.get(COLUMN_COUNT + 2)?);
            let (volume, rules_at): (i64, i64) = (row.get(COLUMN_COUNT + 3)?, row.get(COLUMN_COUNT + 4)?);
            let below = joined(&path, &read.name);
            let known = (volumes.get(&volume), rules.get(&rules_at), decoders.get(&read.decoder));
            let (Some(volume), Some(rules), Some(decoder)) = known else {
                take(Row::Damaged(rows::path_of(&below), number));
                continue;
            };
            let place = seal::of_place(&volume.identity, inode.cast_unsigned());
            let is_placed = seal::of_folder(place, &path).cast_signed() == sealed;
            let spot = read.spot.filter(|_| with_near);
            let entry = read.unsealed(place, seal::of_maker(rules, decoder)).filter(|_| is_placed);
            let (path, is_mounted) = volume.find(&below);
            let Some(mut entry) = entry else {
                take(Row::Damaged(path, number));
                continue;
            };
            if let Some(spot) = spot {
                entry.facts.near = codes.find(&connection, spot)?.map(Box::new);
            }
            let kept = Kept {
                path,
                volume: volume.identity.clone(),
                host: volume.host.clone(),
                is_mounted,
                rules: rules.clone(),
                decoder: decoder.clone(),
                entry,
            };
            take(Row::Whole(Box::new(kept), number));
        }
        Ok(())
    }
}

/// An entry with its number, or what is damaged.
enum Row {
    Whole(Box<Kept>, i64),
    Damaged(PathBuf, i64),
}

/// Whether there is no file any more, rather than that it cannot be seen.
fn is_gone(path: &Path) -> bool {
    let cause = path.symlink_metadata().err().map(|cause| cause.kind());
    matches!(cause, Some(io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
}

/// Deletes rows, those of one file after each other, and says how many files they were of.
fn delete(connection: &Connection, numbers: &[i64]) -> Result<u64, Error> {
    let mut statement = connection.prepare("DELETE FROM file WHERE id = ?1 RETURNING folder, CAST(name AS BLOB)")?;
    let (mut files, mut last) = (0, None);
    for number in numbers {
        let file: Option<(i64, Option<Vec<u8>>)> =
            statement.query_row([number], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        files += u64::from(file.is_some() && file != last);
        last = file.or(last);
    }
    Ok(files)
}

/// Drops what no entry names any more.
fn drop_unused(connection: &Connection) -> Result<(), Error> {
    connection.execute_batch(
        "DELETE FROM code_block WHERE id NOT IN (SELECT place >> 11 FROM file WHERE place IS NOT NULL);
         DELETE FROM folder WHERE id NOT IN (SELECT folder FROM file);
         DELETE FROM volume WHERE id NOT IN (SELECT volume FROM folder);
         DELETE FROM rules WHERE id NOT IN (SELECT rules FROM file);
         DELETE FROM decoder WHERE id NOT IN (SELECT decoder FROM file);",
    )?;
    connection.execute_batch(DROP_PARTS)?;
    Ok(())
}

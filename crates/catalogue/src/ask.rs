//! Asks the whole catalogue for pictures, wherever they lie, also on volumes that are not there.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    rc::Rc,
};

use rusqlite::Row;

use crate::{
    entry::Entry,
    error::Error,
    reader::Reader,
    rows::{self, COLUMN_COUNT, COLUMNS},
    seal,
    volume_row::VolumeRow,
    volumes::joined,
};

/// A file that may hold a picture that is asked for.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Where it is now, or was when its volume was there last.
    pub path: PathBuf,
    /// The volume it lies on, if that is not there.
    pub absent: Option<Absent>,
    /// What is known of it.
    pub entry: Entry,
    /// What is known was found by the decoder that this program has.
    pub is_current: bool,
}

/// A volume that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// Type and identifier of its file system.
    pub identity: String,
    /// The host that saw it last.
    pub host: String,
    /// When, in seconds since 1970.
    pub seen_s: i64,
}

impl Reader {
    /// All files that one of these probes finds, by the maker's rules, in no order. Damaged rows are left out.
    ///
    /// # Errors
    /// If the catalogue cannot be read, or nothing was ever kept by these rules.
    pub fn holders(&mut self, probes: &[u64]) -> Result<Vec<Holder>, Error> {
        if self.rules().is_none() {
            return Err(Error::Ignorant);
        }
        let sql = format!(
            "SELECT {COLUMNS}, folder.inode, folder.path, folder.seal, folder.volume, file.id
             FROM file JOIN folder ON folder.id = file.folder WHERE probe = ?1 AND rules = ?2"
        );
        let mut holders = Vec::new();
        let mut volumes = HashMap::new();
        let mut found = Vec::new();
        let mut met = HashSet::new();
        {
            let mut statement = self.connection().prepare_cached(&sql)?;
            for probe in probes {
                self.watch().rest();
                let mut rows = statement.query((probe.cast_signed(), self.rules()))?;
                while let Some(row) = rows.next()? {
                    self.watch().rest();
                    let number: i64 = row.get(COLUMN_COUNT + 4)?;
                    // The index of a whole file leads to each row once.
                    if !met.insert(number) {
                        return Err(Error::Endless);
                    }
                    found.push(Found::of(row));
                }
            }
        }
        for found in found {
            let Some(found) = found else {
                self.meet_damage();
                continue;
            };
            let volume = match volumes.get(&found.volume) {
                Some(volume) => Rc::clone(volume),
                None => {
                    let volume = Rc::new(VolumeRow::of(self.connection(), found.volume, self.places().volumes())?);
                    volumes.insert(found.volume, Rc::clone(&volume));
                    volume
                }
            };
            holders.extend(self.holder(found, &volume));
        }
        Ok(holders)
    }

    fn holder(&mut self, found: Found, volume: &VolumeRow) -> Option<Holder> {
        let place = seal::of_place(&volume.identity, found.inode);
        if seal::of_folder(place, &found.path).cast_signed() != found.seal {
            self.meet_damage();
            return None;
        }
        let name = found.read.name.clone();
        let (entry, is_current) = self.unsealed(found.read, place)?;
        let below = joined(&found.path, &name);
        let (path, is_mounted) = volume.find(&below);
        let absent = || Absent { identity: volume.identity.clone(), host: volume.host.clone(), seen_s: volume.seen_s };
        let absent = (!is_mounted).then(absent);
        Some(Holder { path, absent, entry, is_current })
    }
}

/// A row that a probe found.
struct Found {
    read: rows::Read,
    inode: u64,
    path: Vec<u8>,
    seal: i64,
    volume: i64,
}

impl Found {
    /// Nothing where the row, or that of its folder, is damaged.
    fn of(row: &Row<'_>) -> Option<Self> {
        let inode: i64 = row.get(COLUMN_COUNT).ok()?;
        Some(Self {
            read: rows::read(row)?,
            inode: inode.cast_unsigned(),
            path: row.get(COLUMN_COUNT + 1).ok()?,
            seal: row.get(COLUMN_COUNT + 2).ok()?,
            volume: row.get(COLUMN_COUNT + 3).ok()?,
        })
    }
}

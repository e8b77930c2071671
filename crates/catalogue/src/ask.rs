//! Asks the whole catalogue for pictures, wherever they lie, also on volumes that are not there.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    rc::Rc,
};

use rusqlite::{OptionalExtension, Row};

use crate::{
    block::Placed,
    entry::{Entry, Facts},
    error::Error,
    near::Place,
    reader::Reader,
    rows::{self, COLUMN_COUNT, COLUMNS},
    seal,
    volume_row::VolumeRow,
    volumes::joined,
};

/// How many rows are held that are not known to be wanted.
const AT_ONCE: usize = 4096;

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
        let (mut holders, mut volumes) = (Vec::new(), HashMap::new());
        for found in found {
            let Some(found) = found else {
                self.meet_damage();
                continue;
            };
            let spot = found.read.spot.filter(|_| self.wants_near());
            if let Some(mut holder) = self.holder(found, &mut volumes)? {
                self.add_codes(&mut holder.entry, spot)?;
                holders.push(holder);
            }
        }
        Ok(holders)
    }

    /// All files of which by the maker's rules something is known that is `wanted`, in no order. Damaged rows are left out.
    ///
    /// # Errors
    /// If the catalogue cannot be read, or nothing was ever kept by these rules.
    ///
    /// # Cost
    /// Goes through all entries, one after the other; holds those that are wanted.
    pub fn holders_where(&mut self, wanted: &mut dyn FnMut(&Facts) -> bool) -> Result<Vec<Holder>, Error> {
        if self.rules().is_none() {
            return Err(Error::Ignorant);
        }
        let sql = format!(
            "SELECT {COLUMNS}, folder.inode, folder.path, folder.seal, folder.volume, file.id
             FROM file JOIN folder ON folder.id = file.folder WHERE file.id > ?1 AND rules = ?2 ORDER BY file.id LIMIT {AT_ONCE}"
        );
        let (mut holders, mut volumes, mut last) = (Vec::new(), HashMap::new(), i64::MIN);
        loop {
            let (mut found, mut rows) = (Vec::new(), 0);
            {
                let mut statement = self.connection().prepare_cached(&sql)?;
                let mut read = statement.query((last, self.rules()))?;
                while let Some(row) = read.next()? {
                    self.watch().rest();
                    let number: i64 = row.get(COLUMN_COUNT + 4)?;
                    // A whole table has its rows in order.
                    if number <= last {
                        return Err(Error::Endless);
                    }
                    (last, rows) = (number, rows + 1);
                    found.push(Found::of(row));
                }
            }
            for found in found {
                match found {
                    Some(found) if wanted(found.read.facts()) => holders.extend(self.holder(found, &mut volumes)?),
                    Some(_) => {}
                    None => self.meet_damage(),
                }
            }
            if rows < AT_ONCE {
                return Ok(holders);
            }
        }
    }

    /// Who is at these places, which are sorted. Damaged rows are left out.
    pub(crate) fn holders_of(&mut self, places: &[Place]) -> Result<Vec<(Place, Holder)>, Error> {
        let sql = format!(
            "SELECT {COLUMNS}, folder.inode, folder.path, folder.seal, folder.volume, file.rules
             FROM file JOIN folder ON folder.id = file.folder WHERE file.id = ?1"
        );
        let (mut holders, mut volumes) = (Vec::new(), HashMap::new());
        for place in places {
            let Some(Placed { file, near }) = self.placed(*place)? else {
                self.meet_damage();
                continue;
            };
            self.watch().rest();
            let found = {
                let mut statement = self.connection().prepare_cached(&sql)?;
                let read = |row: &Row<'_>| Ok((row.get(COLUMN_COUNT + 4)?, Found::of(row)));
                statement.query_row([file], read).optional()?
            };
            let Some((rules, found)) = found else { continue };
            let Some(found) = found else {
                self.meet_damage();
                continue;
            };
            // The picture has other codes by now, or its number is that of another file.
            let Some(spot) = found.read.spot.filter(|spot| spot.place == place.number()) else { continue };
            if spot.proof != near.proof() || Some(rules) != self.rules() {
                self.meet_damage();
                continue;
            }
            if let Some(mut holder) = self.holder(found, &mut volumes)? {
                holder.entry.facts.near = Some(Box::new(near));
                holders.push((*place, holder));
            }
        }
        Ok(holders)
    }

    fn volume(&self, number: i64, volumes: &mut Volumes) -> Result<Rc<VolumeRow>, Error> {
        if let Some(volume) = volumes.get(&number) {
            return Ok(Rc::clone(volume));
        }
        let volume = Rc::new(VolumeRow::of(self.connection(), number, self.places().volumes())?);
        volumes.insert(number, Rc::clone(&volume));
        Ok(volume)
    }

    /// The holder without its codes; nothing where it is damaged.
    fn holder(&mut self, found: Found, volumes: &mut Volumes) -> Result<Option<Holder>, Error> {
        let volume = self.volume(found.volume, volumes)?;
        let place = seal::of_place(&volume.identity, found.inode);
        if seal::of_folder(place, &found.path).cast_signed() != found.seal {
            self.meet_damage();
            return Ok(None);
        }
        let name = found.read.name.clone();
        let Some((entry, is_current)) = self.unsealed(found.read, place) else { return Ok(None) };
        let below = joined(&found.path, &name);
        let (path, is_mounted) = volume.find(&below);
        let absent = || Absent { identity: volume.identity.clone(), host: volume.host.clone(), seen_s: volume.seen_s };
        let absent = (!is_mounted).then(absent);
        Ok(Some(Holder { path, absent, entry, is_current }))
    }
}

/// The volumes that were met, by number.
type Volumes = HashMap<i64, Rc<VolumeRow>>;

/// A row that was found.
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

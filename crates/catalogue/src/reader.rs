//! Reads what is known of files. A folder's files are read together, for a search meets them together.

use std::{collections::HashMap, path::Path, sync::Arc};

use rusqlite::{Connection, OptionalExtension};

use crate::{
    block::Placed,
    codes::Codes,
    entry::{Entry, Stamp},
    error::Error,
    guard::Watch,
    near::{Place, Spot},
    places::{Folder, Places},
    rows::{self, COLUMNS, Read},
    schema::{Maker, names},
    seal,
    volumes::Volume,
};

/// Of a folder with more files than this each is read when it is asked for.
const MOST_HELD: usize = 4096;

/// The same where they take more bytes than this: ten times what a folder of that many photos takes.
const MOST_HELD_BYTES: usize = 16 << 20;

/// Reads entries of one maker. Each thread has its own.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    watch: Watch,
    /// A row was met that is not as it was written.
    met_damage: bool,
    maker: Maker,
    places: Arc<Places>,
    /// The number of the rules; nothing while nobody has used them.
    rules: Option<i64>,
    /// What decoded each format, by number, and what stands for it in seals.
    decoders: HashMap<i64, (String, u64)>,
    /// Formats with the decoder that they have now.
    present: Vec<(Option<String>, i64)>,
    /// Numbers and places of the rows of folders that were met, by device and inode.
    folders: HashMap<(u64, u64), (i64, u64)>,
    /// The folder that was asked about last.
    last: Option<Shelf>,
    /// Folders whose rows say less than is known by now, for whoever writes.
    outdated: Vec<Arc<Folder>>,
    /// The volumes that were met.
    volumes: Vec<Arc<Volume>>,
    codes: Codes,
}

/// What is known of the files of one folder.
#[derive(Debug)]
struct Shelf {
    path: Box<[u8]>,
    folder: Option<Arc<Folder>>,
    /// Number and place of its row; nothing where it has none.
    row: Option<(i64, u64)>,
    /// Its files, sorted by name; nothing where they are too many.
    held: Option<Vec<Read>>,
}

impl Shelf {
    fn is_on(&self, device: u64) -> bool {
        self.folder.as_ref().is_some_and(|folder| folder.is_on(device))
    }
}

impl Reader {
    pub(crate) fn new(mut connection: Connection, maker: Maker, places: Arc<Places>) -> Result<Self, Error> {
        let watch = Watch::over(&mut connection)?;
        let rules = connection.query_row("SELECT id FROM rules WHERE name = ?1", [&maker.rules], |row| row.get(0));
        let (rules, decoders) = (rules.optional()?, names(&connection, "decoder")?);
        let sealed = |(number, decoder): (i64, String)| {
            let maker = seal::of_maker(&maker.rules, &decoder);
            (number, (decoder, maker))
        };
        let decoders = decoders.into_iter().map(sealed).collect();
        let (present, folders) = (Vec::new(), HashMap::new());
        let codes = Codes::new(rules.map(|number| (number, maker.rules.clone())).into_iter().collect());
        Ok(Self {
            connection,
            watch,
            met_damage: false,
            maker,
            places,
            rules,
            decoders,
            present,
            folders,
            last: None,
            outdated: Vec::new(),
            volumes: Vec::new(),
            codes,
        })
    }

    /// What is known of a file: its folder, as it is reached, and its name; on which device it is, and its present state.
    /// Nothing where nothing is known, or of another state, or by other rules or another decoder, or where the row is
    /// damaged.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn recall(&mut self, folder: &Path, name: &[u8], device: u64, stamp: &Stamp) -> Result<Option<Entry>, Error> {
        self.turn_to(folder)?;
        let Some(shelf) = self.last.as_mut().filter(|shelf| shelf.is_on(device)) else { return Ok(None) };
        let Some((row, place)) = shelf.row else { return Ok(None) };
        let found = match &mut shelf.held {
            Some(held) => {
                held.binary_search_by(|read| (*read.name).cmp(name)).ok().and_then(|at| held.get(at)).cloned()
            }
            None => self.find(row, name)?,
        };
        found.map_or(Ok(None), |read| self.believed(read, place, stamp))
    }

    /// The same for a single file, whose neighbours are not likely to be asked about.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn recall_one(
        &mut self,
        folder: &Path,
        name: &[u8],
        device: u64,
        stamp: &Stamp,
    ) -> Result<Option<Entry>, Error> {
        let Some(folder) = self.places.of(folder).filter(|folder| folder.is_on(device)) else { return Ok(None) };
        let Some((row, place)) = self.row_of(&folder)? else { return Ok(None) };
        let found = self.find(row, name)?;
        found.map_or(Ok(None), |read| self.believed(read, place, stamp))
    }

    /// The entry, if it is of the present state and decoder, and not damaged.
    fn believed(&mut self, read: Read, place: u64, stamp: &Stamp) -> Result<Option<Entry>, Error> {
        if read.entry.stamp != *stamp {
            return Ok(None);
        }
        let spot = read.spot.filter(|_| self.maker.near);
        let Some((mut entry, true)) = self.unsealed(read, place) else { return Ok(None) };
        self.add_codes(&mut entry, spot)?;
        Ok(Some(entry))
    }

    /// Adds what near search keeps. Damage leaves it out.
    pub(crate) fn add_codes(&mut self, entry: &mut Entry, spot: Option<Spot>) -> Result<(), Error> {
        let Some(spot) = spot else { return Ok(()) };
        self.watch.rest();
        entry.facts.near = self.codes.find(&self.connection, spot)?.map(Box::new);
        self.met_damage |= entry.facts.near.is_none();
        Ok(())
    }

    /// The entry without its codes, if it is not damaged, and whether it was made by the decoder that its format has now.
    pub(crate) fn unsealed(&mut self, read: Read, place: u64) -> Option<(Entry, bool)> {
        let (decoder, maker) = self.decoders.get(&read.decoder)?;
        let format = &read.entry.facts.format;
        let is_known = self.present.iter().any(|(known, number)| known == format && *number == read.decoder);
        let is_current = is_known || *decoder == (self.maker.decoder)(format.as_deref());
        if is_current && !is_known {
            self.present.push((format.clone(), read.decoder));
        }
        let entry = read.unsealed(place, *maker);
        self.met_damage |= entry.is_none();
        Some((entry?, is_current))
    }

    /// Whether a row was met that is not as it was written; it was not used.
    #[must_use]
    pub fn has_met_damage(&self) -> bool {
        self.met_damage
    }

    pub(crate) fn meet_damage(&mut self) {
        self.met_damage = true;
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn codes(&self) -> &Codes {
        &self.codes
    }

    /// The placed picture, by its place; nothing where it is damaged, or there is none.
    pub(crate) fn placed(&mut self, place: Place) -> Result<Option<Placed>, Error> {
        self.watch.rest();
        self.codes.at(&self.connection, place)
    }

    pub(crate) fn wants_near(&self) -> bool {
        self.maker.near
    }

    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// The number of the maker's rules, if anybody has used them.
    pub(crate) fn rules(&self) -> Option<i64> {
        self.rules
    }

    /// Whether anything is known of files in this folder by the maker's rules.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn knows(&mut self, folder: &Path) -> Result<bool, Error> {
        self.turn_to(folder)?;
        Ok(self
            .last
            .as_ref()
            .is_some_and(|shelf| shelf.row.is_some() && shelf.held.as_ref().is_none_or(|held| !held.is_empty())))
    }

    /// Folders that were met since the last call and are elsewhere by now than their rows say, and one of each volume: for
    /// [`crate::Writer::visit`].
    pub fn take_outdated(&mut self) -> Vec<Arc<Folder>> {
        std::mem::take(&mut self.outdated)
    }

    fn turn_to(&mut self, path: &Path) -> Result<(), Error> {
        let key = path.as_os_str().as_encoded_bytes();
        if self.last.as_ref().is_some_and(|shelf| *shelf.path == *key) {
            return Ok(());
        }
        let folder = self.places.of(path);
        // What cannot be read is not tried again for each of its files.
        let none = Shelf { path: key.into(), folder: folder.clone(), row: None, held: Some(Vec::new()) };
        self.last = Some(none);
        let Some(folder) = folder else { return Ok(()) };
        let Some(row) = self.row_of(&folder)? else { return Ok(()) };
        let held = self.files_of(row.0)?;
        self.last = Some(Shelf { path: key.into(), folder: Some(folder), row: Some(row), held });
        Ok(())
    }

    /// Number and place of the row of a folder, whatever its path was.
    fn row_of(&mut self, folder: &Arc<Folder>) -> Result<Option<(i64, u64)>, Error> {
        let key = (folder.device, folder.inode);
        if let Some(row) = self.folders.get(&key) {
            return Ok(Some(*row));
        }
        self.watch.rest();
        let mut statement = self.connection.prepare_cached(
            "SELECT folder.id, path FROM folder JOIN volume ON volume.id = volume WHERE identity = ?1 AND inode = ?2",
        )?;
        let found: Option<(i64, Vec<u8>)> = statement
            .query_row((&folder.volume.identity, folder.inode.cast_signed()), |row| {
                // What is damaged is written anew, as that of a folder that was moved.
                Ok((row.get(0)?, row.get(1).unwrap_or_default()))
            })
            .optional()?;
        let Some((number, path)) = found else { return Ok(None) };
        let is_volume_met = self.volumes.iter().any(|volume| Arc::ptr_eq(volume, &folder.volume));
        if !is_volume_met {
            self.volumes.push(Arc::clone(&folder.volume));
        }
        if !is_volume_met || path != folder.path {
            self.outdated.push(Arc::clone(folder));
        }
        let row = (number, seal::of_place(&folder.volume.identity, folder.inode));
        self.folders.insert(key, row);
        Ok(Some(row))
    }

    fn files_of(&mut self, folder: i64) -> Result<Option<Vec<Read>>, Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM file WHERE folder = ?1 AND rules = ?2 ORDER BY name LIMIT {}",
            MOST_HELD + 1
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        self.watch.rest();
        let mut found = statement.query((folder, self.rules))?;
        let (mut held, mut bytes) = (Vec::new(), 0);
        while let Some(row) = found.next()? {
            self.watch.rest();
            let Some(read) = rows::read(row) else {
                self.met_damage = true;
                continue;
            };
            bytes += read.bytes();
            held.push(read);
            if held.len() > MOST_HELD || bytes > MOST_HELD_BYTES {
                return Ok(None);
            }
        }
        Ok(Some(held))
    }

    fn find(&mut self, folder: i64, name: &[u8]) -> Result<Option<Read>, Error> {
        self.watch.rest();
        let found = rows::one(&mut self.connection.prepare_cached(&rows::by_name())?, (folder, name, self.rules))?;
        self.met_damage |= matches!(found, Some((_, None)));
        Ok(found.and_then(|(_, read)| read))
    }
}

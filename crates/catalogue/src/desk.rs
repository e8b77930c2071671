//! The connection that writes: files of many folders in one transaction.

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use rusqlite::{CachedStatement, Connection, OptionalExtension, Statement, Transaction, TransactionBehavior};

use crate::{
    codes::Codes,
    entry::Entry,
    error::Error,
    near::Spot,
    places::Folder,
    placing::Placing,
    rows::{self, Address, INSERT, UPDATE},
    schema::Maker,
    seal,
    volumes::{Volume, host},
    writer::InFolder,
};

/// What it may hold of the file. A transaction meets all pages of the index of pictures, which lie in it in no order: with
/// less than they take, 17 MB of a million files, they are written several times in each.
const CACHE_KIB: i64 = 32 << 10;

/// The connection that writes, and the numbers of what it has met.
#[derive(Debug)]
pub(crate) struct Desk {
    connection: Connection,
    maker: Maker,
    numbers: Numbers,
    /// What SQLite says of the file when no other has written to it.
    version: i64,
    codes: Codes,
}

/// The numbers of rows that others name.
#[derive(Debug, Default)]
struct Numbers {
    rules: Option<i64>,
    /// The number of what decodes each format now, and what stands for it in seals.
    formats: HashMap<Option<String>, (i64, u64)>,
    volumes: HashMap<String, i64>,
    /// Of folders, by volume and inode.
    folders: HashMap<(i64, u64), i64>,
}

impl Desk {
    pub(crate) fn new(connection: Connection, maker: Maker) -> Result<Self, Error> {
        // The folder of a file is never missing, and a power cut never leaves half a page.
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        Ok(Self { connection, maker, numbers: Numbers::default(), version: 0, codes: Codes::new(HashMap::new()) })
    }

    /// Writes these files in one transaction, and says how many they were.
    pub(crate) fn write(&mut self, mut folders: Vec<InFolder>) -> Result<u64, Error> {
        let Self { connection, maker, numbers, version, codes } = self;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another may have forgotten what these numbers stand for.
        let now = transaction.query_row("PRAGMA data_version", [], |row| row.get(0))?;
        if now != *version {
            (*numbers, *version) = (Numbers::default(), now);
        }
        // Neighbours lie beside each other in the tables as well.
        folders.sort_unstable_by(|a, b| a.folder.path.cmp(&b.folder.path));
        let incoming = folders.iter().flat_map(|folder| folder.files.values());
        let incoming = incoming.filter(|entry| entry.facts.near.is_some()).count();
        let rules = numbers.of_rules(&transaction, &maker.rules)?;
        // What was read may be of a block that this connection, or another, has written again.
        codes.clear();
        codes.know_rules(rules, &maker.rules);
        let mut shelf = Shelf { codes, placing: Placing::new((rules, &maker.rules), incoming) };
        let mut written = 0;
        for InFolder { folder, files } in folders {
            written += files.len() as u64;
            numbers.write_folder(&transaction, maker, &folder, files, &mut shelf)?;
        }
        shelf.placing.write(&transaction)?;
        transaction.commit()?;
        Ok(written)
    }
}

/// Where codes are, and where new ones go.
struct Shelf<'a> {
    codes: &'a mut Codes,
    placing: Placing<'a>,
}

impl Shelf<'_> {
    /// Writes a file, with its codes if they are new.
    fn write<'s>(
        &mut self,
        transaction: &Transaction<'_>,
        statements: (&mut Statement<'s>, &mut Statement<'s>),
        address: Address<'_>,
        mut entry: Entry,
        known: Option<Known>,
    ) -> Result<(), Error> {
        let mut spot = known.and_then(|known| known.spot);
        let near = entry.facts.near.take();
        let is_there = match (spot, &near) {
            // Codes that cannot be read any more are written anew.
            (Some(spot), Some(_)) => self.codes.find(transaction, spot)?.is_some(),
            _ => spot.is_some() || near.is_none(),
        };
        if let (false, Some(near)) = (is_there, near) {
            spot = Some(self.placing.place(transaction, self.codes, *near)?);
        }
        let (insert, update) = statements;
        rows::write(if known.is_some() { update } else { insert }, address, &entry, spot)?;
        if !is_there {
            self.placing.name(known.map_or_else(|| transaction.last_insert_rowid(), |known| known.number));
        }
        Ok(())
    }
}

impl Numbers {
    fn write_folder(
        &mut self,
        transaction: &Transaction<'_>,
        maker: &Maker,
        folder: &Folder,
        files: impl IntoIterator<Item = (Box<[u8]>, Entry)>,
        shelf: &mut Shelf<'_>,
    ) -> Result<(), Error> {
        let place = seal::of_place(&folder.volume.identity, folder.inode);
        let (number, is_new) = self.of_folder(transaction, folder, place)?;
        let rules = self.of_rules(transaction, &maker.rules)?;
        let (mut insert, mut update) = (transaction.prepare_cached(INSERT)?, transaction.prepare_cached(UPDATE)?);
        let mut read = transaction.prepare_cached(&rows::by_name())?;
        for (name, mut entry) in files {
            let (decoder, maker) = self.of_format(transaction, maker, &entry.facts.format)?;
            let address = Address { folder: number, place, name: &name, rules, decoder, maker };
            let known = if is_new { None } else { add_known(&mut read, address, &mut entry)? };
            if entry.facts.is_short() {
                shelf.write(transaction, (&mut insert, &mut update), address, entry, known)?;
            }
        }
        Ok(())
    }

    fn of_rules(&mut self, transaction: &Transaction<'_>, name: &str) -> Result<i64, Error> {
        if let Some(number) = self.rules {
            return Ok(number);
        }
        let number = number_of_name(transaction, "rules", name)?;
        self.rules = Some(number);
        Ok(number)
    }

    /// The number of what decodes a format, and what stands for it in seals.
    fn of_format(
        &mut self,
        transaction: &Transaction<'_>,
        maker: &Maker,
        format: &Option<String>,
    ) -> Result<(i64, u64), Error> {
        if let Some(known) = self.formats.get(format) {
            return Ok(*known);
        }
        let name = (maker.decoder)(format.as_deref());
        let known = (number_of_name(transaction, "decoder", &name)?, seal::of_maker(&maker.rules, &name));
        self.formats.insert(format.clone(), known);
        Ok(known)
    }

    fn of_volume(&mut self, transaction: &Transaction<'_>, volume: &Volume) -> Result<i64, Error> {
        if let Some(number) = self.volumes.get(&volume.identity) {
            return Ok(*number);
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()).cast_signed();
        let mount_point = volume.mount_point.as_os_str().as_encoded_bytes();
        let number = transaction.query_row(
            "INSERT INTO volume (identity, root, mount_point, host, seen_s) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET root = ?2, mount_point = ?3, host = ?4, seen_s = ?5 RETURNING id",
            (&volume.identity, &volume.root, mount_point, volume.host.clone().unwrap_or_else(host), now),
            |row| row.get(0),
        )?;
        self.volumes.insert(volume.identity.clone(), number);
        Ok(number)
    }

    /// The number of a folder, and whether it had none before: then none of its files is known either.
    fn of_folder(&mut self, transaction: &Transaction<'_>, folder: &Folder, place: u64) -> Result<(i64, bool), Error> {
        let volume = self.of_volume(transaction, &folder.volume)?;
        if let Some(number) = self.folders.get(&(volume, folder.inode)) {
            return Ok((*number, false));
        }
        let (inode, sealed) = (folder.inode.cast_signed(), seal::of_folder(place, &folder.path).cast_signed());
        let known: Option<(i64, Vec<u8>, i64)> = transaction
            .prepare_cached("SELECT id, path, seal FROM folder WHERE volume = ?1 AND inode = ?2")?
            // What is damaged is written over.
            .query_row((volume, inode), |row| {
                Ok((row.get(0)?, row.get(1).unwrap_or_default(), row.get(2).unwrap_or_default()))
            })
            .optional()?;
        let (number, is_new) = match known {
            Some((number, path, seal)) => {
                // It was moved, and all that is in it with it.
                if path != folder.path || seal != sealed {
                    let sql = "UPDATE folder SET path = ?2, seal = ?3 WHERE id = ?1";
                    transaction.prepare_cached(sql)?.execute((number, &folder.path, sealed))?;
                }
                (number, false)
            }
            None => {
                let sql = "INSERT INTO folder (volume, inode, path, seal) VALUES (?1, ?2, ?3, ?4)";
                transaction
                    .prepare_cached(sql)?
                    .insert((volume, inode, &folder.path, sealed))
                    .map(|number| (number, true))?
            }
        };
        self.folders.insert((volume, folder.inode), number);
        Ok((number, is_new))
    }
}

fn number_of_name(transaction: &Transaction<'_>, table: &str, name: &str) -> Result<i64, Error> {
    // An update that changes nothing gives the number of a name that is there already.
    let sql = format!("INSERT INTO {table} (name) VALUES (?1) ON CONFLICT DO UPDATE SET name = name RETURNING id");
    Ok(transaction.query_row(&sql, [name], |row| row.get(0))?)
}

/// A row that a file has, and where its codes are if they are of the same state.
#[derive(Clone, Copy)]
struct Known {
    number: i64,
    spot: Option<Spot>,
}

/// Adds what is known of the file in the same state, by the same decoder; nothing where it has no row.
fn add_known(read: &mut CachedStatement<'_>, address: Address<'_>, entry: &mut Entry) -> Result<Option<Known>, Error> {
    let Address { folder, place, name, rules, decoder, maker } = address;
    let Some((number, known)) = rows::one(read, (folder, name, rules))? else { return Ok(None) };
    // A damaged row is written over.
    let known = known.filter(|known| known.decoder == decoder);
    let spot = known.as_ref().and_then(|known| known.spot);
    if let Some(known) = known.and_then(|known| known.unsealed(place, maker))
        && known.stamp == entry.stamp
    {
        entry.facts.add(known.facts);
        return Ok(Some(Known { number, spot }));
    }
    Ok(Some(Known { number, spot: None }))
}

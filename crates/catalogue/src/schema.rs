//! Opens a catalogue, makes it where there is none, and brings an older one up to date.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, config::DbConfig};

use crate::{
    error::Error,
    guard::{self, Watch},
    places::{Folder, Places},
    reader::Reader,
    writer::Writer,
};

/// What the names of its files end in: its own, and those that SQLite keeps beside it.
pub const ENDINGS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// `pxTw`.
const APPLICATION_ID: i64 = 0x7078_5477;

/// The version of the tables that this program reads and writes.
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;

/// What makes each version of the version before; docs/catalogue.md describes what comes of it.
const MIGRATIONS: [&str; 3] = [
    "
    CREATE TABLE volume (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, root BLOB NOT NULL, mount_point BLOB NOT NULL,
        host TEXT NOT NULL, seen_s INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE folder (
        id INTEGER PRIMARY KEY, volume INTEGER NOT NULL REFERENCES volume, inode INTEGER NOT NULL, path BLOB NOT NULL,
        seal INTEGER NOT NULL, UNIQUE (volume, inode)
    ) STRICT;
    CREATE INDEX folder_by_path ON folder (volume, path);
    CREATE TABLE rules (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE decoder (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE file (
        id INTEGER PRIMARY KEY,
        folder INTEGER NOT NULL REFERENCES folder, name BLOB NOT NULL, rules INTEGER NOT NULL REFERENCES rules,
        inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
        decoder INTEGER NOT NULL REFERENCES decoder, format TEXT, width INTEGER, height INTEGER, frames INTEGER,
        head_bytes INTEGER, whole_bytes INTEGER, first_rows INTEGER,
        keys BLOB, payload BLOB, content BLOB, digest BLOB, failures TEXT, metadata TEXT,
        probe INTEGER, seal INTEGER NOT NULL,
        UNIQUE (folder, name, rules)
    ) STRICT;
    CREATE INDEX file_by_probe ON file (probe) WHERE probe IS NOT NULL;
",
    "
    ALTER TABLE file ADD COLUMN looks BLOB;
    ALTER TABLE file ADD COLUMN place INTEGER;
    ALTER TABLE file ADD COLUMN proof INTEGER;
    CREATE TABLE code_block (
        id INTEGER PRIMARY KEY, rules INTEGER NOT NULL REFERENCES rules, places INTEGER NOT NULL,
        seal INTEGER NOT NULL, sums BLOB NOT NULL, usable BLOB NOT NULL, planes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE code_part (
        id INTEGER PRIMARY KEY, first_file INTEGER NOT NULL, rest_bytes INTEGER NOT NULL, seal INTEGER NOT NULL,
        pictures BLOB NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE verdict (
        id INTEGER PRIMARY KEY, a BLOB NOT NULL, b BLOB NOT NULL, said_s INTEGER NOT NULL, seal INTEGER NOT NULL,
        UNIQUE (a, b)
    ) STRICT;
",
];

/// How long a run waits for another that writes. A transaction takes a part of a second; only `compact` takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Size of a page. A sweep reads codes page by page: 448 MB of them in 32 KiB pages cost half the time of 8 KiB pages. To find
/// one row few pages are read either way.
const PAGE_BYTES: u32 = 32768;

/// What a connection that reads may hold in memory.
const CACHE_KIB: i64 = 4096;

/// Whose knowledge is wanted: all that keys and digests depend on beside the file.
#[derive(Clone, Debug)]
pub struct Maker {
    /// The rules, in one line.
    pub rules: String,
    /// What decodes a format, by its name; also what tells that a file is none.
    pub decoder: fn(Option<&str>) -> String,
    /// Whether readers give back what near search keeps. It takes about half as long again as all else, so that only those
    /// should ask who use it; it is written in any case, and [`crate::Sweep`] gives it in any case.
    pub near: bool,
}

/// What a catalogue is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// To read, and to write; it is made if there is none.
    Write,
    /// To read only.
    Read,
}

/// A catalogue that can be used.
#[derive(Debug)]
pub struct Catalogue {
    path: PathBuf,
    pub(crate) maker: Maker,
    pub(crate) places: Arc<Places>,
}

impl Catalogue {
    /// The catalogue in this file. Its folder must exist.
    ///
    /// # Errors
    /// If it cannot be opened or made, is of another kind or a later version, or its tables are not those of its version.
    pub fn open(path: &Path, want: Want, maker: Maker) -> Result<Self, Error> {
        let mut connection = connect(path, want)?;
        let _watch = Watch::over(&mut connection)?;
        if want == Want::Write {
            set_up_patiently(&mut connection, &MIGRATIONS)?;
        } else {
            check_version(&connection, VERSION, VERSION)?;
        }
        guard::check_schema(&connection, &MIGRATIONS)?;
        Ok(Self { path: path.to_owned(), maker, places: Arc::new(Places::new()) })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads entries, for one thread.
    ///
    /// # Errors
    /// If no further connection can be had.
    pub fn reader(&self) -> Result<Reader, Error> {
        Reader::new(connect(&self.path, Want::Read)?, self.maker.clone(), Arc::clone(&self.places))
    }

    /// Writes entries, on a thread of its own.
    ///
    /// # Errors
    /// If no further connection can be had.
    pub fn writer(&self) -> Result<Writer, Error> {
        Writer::new(connect(&self.path, Want::Write)?, self.maker.clone())
    }

    /// The folder of this path; nothing where it is gone, or the system does not say on which file system it lies.
    #[must_use]
    pub fn folder(&self, path: &Path) -> Option<Arc<Folder>> {
        self.places.of(path)
    }

    /// Whether nothing is known of any file.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    pub fn is_empty(&self) -> Result<bool, Error> {
        let connection = connect(&self.path, Want::Read)?;
        let first: Option<i64> =
            connection.query_row("SELECT id FROM file LIMIT 1", [], |row| row.get(0)).optional()?;
        Ok(first.is_none())
    }
}

/// Opens the file, and lets it wait for others.
pub(crate) fn connect(path: &Path, want: Want) -> Result<Connection, Error> {
    let flags = match want {
        Want::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        // WAL needs to write beside the file also where the tables are only read.
        Want::Read => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // A name like `:memory:` or `file:a?b` is that of a file all the same.
    let path = std::path::absolute(path).map_err(|cause| Error::Unopened(cause.to_string()))?;
    let mut connection = Connection::open_with_flags(path, flags)?;
    let _watch = Watch::over(&mut connection)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // A catalogue that somebody made to harm: its schema may not run anything.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // Statements are made once: they would be made anew whenever a value is bound that the plan could depend on.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if want == Want::Read {
        connection.pragma_update(None, "query_only", true)?;
    }
    guard::unwatch(&mut connection)?;
    Ok(connection)
}

/// Where several runs make it at once, SQLite does not wait with changing to WAL, but gives up.
fn set_up_patiently(connection: &mut Connection, migrations: &[&str]) -> Result<(), Error> {
    let began = Instant::now();
    loop {
        match set_up(connection, migrations) {
            Err(Error::Busy) if began.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(5)),
            ended => return ended,
        }
    }
}

/// Brings the tables to the version that these migrations lead to, all of them or none.
fn set_up(connection: &mut Connection, migrations: &[&str]) -> Result<(), Error> {
    let newest = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if check_version(connection, 0, newest)? < newest {
        connection.pragma_update(None, "page_size", PAGE_BYTES)?;
        let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(Error::Disk(format!("the file system cannot hold it: SQLite offers `{mode}` and not `wal`")));
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another run may have been faster.
        let from = check_version(&transaction, 0, newest)?;
        for migration in migrations.iter().skip(usize::try_from(from).unwrap_or(0)) {
            transaction.execute_batch(migration)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", newest)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The version of the tables, which is `least` to `newest`; 0 where there are none yet.
fn check_version(connection: &Connection, least: i64, newest: i64) -> Result<i64, Error> {
    // All at once: another run may be making it.
    let sql = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) \
               FROM pragma_application_id, pragma_user_version";
    let (application, version, tables): (i64, i64, i64) =
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    match (application, version) {
        (APPLICATION_ID, newer) if newer > newest => Err(Error::Newer(newer)),
        (APPLICATION_ID, 1..) if version >= least => Ok(version),
        (APPLICATION_ID, 1..) => Err(Error::Older(version)),
        (0, 0) if tables == 0 && least == 0 => Ok(0),
        _ => Err(Error::Foreign),
    }
}

/// The numbers of names in one of the two tables of names.
pub(crate) fn names(connection: &Connection, table: &str) -> Result<HashMap<i64, String>, Error> {
    // A name that is none, or long, was never written.
    let sql = format!("SELECT id, name FROM {table} WHERE typeof(name) = 'text' AND length(name) < 1000 LIMIT 10000");
    let mut statement = connection.prepare(&sql)?;
    let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: [&str; 1] = [MIGRATIONS[0]];
    const TWO: [&str; 2] =
        [MIGRATIONS[0], "ALTER TABLE file ADD COLUMN code BLOB; CREATE TABLE more (id INTEGER) STRICT;"];

    fn version(connection: &Connection) -> i64 {
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_catalogue_is_brought_up_to_date_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = connect(&dir.path().join("c"), Want::Write).unwrap();
        set_up(&mut connection, &ONE).unwrap();
        connection.execute("INSERT INTO rules (name) VALUES ('kept')", []).unwrap();
        // One that fails half way leaves the version before.
        let broken = [TWO[0], TWO[1], "CREATE TABLE last (id INTEGER); CREATE TABLE more (id INTEGER)"];
        assert!(set_up(&mut connection, &broken).is_err());
        assert_eq!(version(&connection), 1);
        assert!(guard::check_schema(&connection, &ONE).is_ok());
        for _ in 0..2 {
            set_up(&mut connection, &TWO).unwrap();
            assert_eq!(version(&connection), 2);
            assert!(guard::check_schema(&connection, &TWO).is_ok());
        }
        let kept: String = connection.query_row("SELECT name FROM rules", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, "kept");
        // A program of before refuses it.
        assert!(matches!(set_up(&mut connection, &ONE), Err(Error::Newer(2))));
        assert!(matches!(check_version(&connection, 3, 3), Err(Error::Older(2))));
    }

    #[test]
    fn what_version_2_knew_is_known_to_version_3() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c");
        let mut connection = connect(&path, Want::Write).unwrap();
        set_up(&mut connection, &MIGRATIONS[..2]).unwrap();
        connection.execute("INSERT INTO rules (name) VALUES ('kept')", []).unwrap();
        let maker = Maker { rules: "kept".to_owned(), decoder: |_| String::new(), near: false };
        let read = Catalogue::open(&path, Want::Read, maker.clone());
        assert!(matches!(read, Err(Error::Older(2))));
        let catalogue = Catalogue::open(&path, Want::Write, maker).unwrap();
        catalogue.say_differ(&[([1; 32], [2; 32])]).unwrap();
        let status = catalogue.status().unwrap();
        assert_eq!((status.version, status.verdicts, status.rules[0].name.as_str()), (3, 1, "kept"));
    }
}

//! Volumes as the catalogue knows them, and where they are now.

use std::{
    collections::HashMap,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, Row};

use crate::{
    error::Error,
    volumes::{Mount, Present, Volumes},
};

/// A row of the table `volume`, and the mounts of this volume.
#[derive(Clone, Debug)]
pub(crate) struct VolumeRow {
    pub(crate) identity: String,
    pub(crate) host: String,
    pub(crate) seen_s: i64,
    root: Vec<u8>,
    mount_point: PathBuf,
    present: Option<Present>,
}

const COLUMNS: &str = "identity, host, seen_s, root, mount_point";

impl VolumeRow {
    /// The volume of this number.
    pub(crate) fn of(connection: &Connection, number: i64, volumes: &Volumes) -> Result<Self, Error> {
        let sql = format!("SELECT {COLUMNS} FROM volume WHERE id = ?1");
        let volume = connection.query_row(&sql, [number], Self::read)?;
        Ok(volume.seen(volumes))
    }

    /// All volumes, by number.
    pub(crate) fn all(connection: &Connection, volumes: &Volumes) -> Result<HashMap<i64, Self>, Error> {
        let mut statement = connection.prepare(&format!("SELECT {COLUMNS}, id FROM volume"))?;
        let rows = statement.query_map([], |row| Ok((row.get(5)?, Self::read(row)?)))?;
        rows.map(|row| row.map(|(number, volume)| (number, volume.seen(volumes))).map_err(Error::from)).collect()
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let mount_point: Vec<u8> = row.get(4)?;
        Ok(Self {
            identity: row.get(0)?,
            host: row.get(1)?,
            seen_s: row.get(2)?,
            root: row.get(3)?,
            mount_point: OsStr::from_bytes(&mount_point).into(),
            present: None,
        })
    }

    fn seen(self, volumes: &Volumes) -> Self {
        let mut present = volumes.present(&self.identity);
        present.prefer(&self.mount_point);
        Self { present: Some(present), ..self }
    }

    /// Whether it is mounted now.
    pub(crate) fn is_mounted(&self) -> bool {
        self.mount().is_some()
    }

    /// Where it is mounted now, or was when it was seen last.
    pub(crate) fn place(&self) -> PathBuf {
        self.mount().map_or(&self.mount_point, |mount| &mount.mount_point).clone()
    }

    fn mount(&self) -> Option<&Mount> {
        self.present.as_ref()?.first()
    }

    /// Where a path from the root of the file system is now, or was when the volume was seen last; and whether it is now.
    pub(crate) fn find(&self, path: &[u8]) -> (PathBuf, bool) {
        match self.present.as_ref().and_then(|present| present.find(path)) {
            Some(now) => (now, true),
            None => (self.last_place(path), false),
        }
    }

    fn last_place(&self, path: &[u8]) -> PathBuf {
        let below = path.strip_prefix(self.root.as_slice()).unwrap_or(path);
        let below = below.strip_prefix(b"/").unwrap_or(below);
        self.mount_point.join(Path::new(OsStr::from_bytes(below)))
    }
}

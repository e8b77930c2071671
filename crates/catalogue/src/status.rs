//! How much is known, in figures.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::PathBuf,
};

use rusqlite::Connection;

use crate::{
    error::Error,
    guard::Watch,
    per_file::{OWN, Standing, each_row},
    schema::{Catalogue, Want, connect, names},
    volume_row::VolumeRow,
};

/// How much is known, in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The version of the tables.
    pub version: i64,
    /// Length of the file in bytes, with what was written and not yet moved into it.
    pub file_bytes: u64,
    /// The volumes, in the order in which they were met.
    pub volumes: Vec<VolumeStatus>,
    /// What is known by each set of rules, in the order in which they were met.
    pub rules: Vec<RulesStatus>,
    /// Pairs of pictures that were said not to be the same.
    pub verdicts: u64,
}

/// What is known by one set of rules, which are those of a tier and what counts as a pixel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesStatus {
    /// The rules, in one line.
    pub name: String,
    /// Files that are known by them.
    pub files: u64,
    /// Those of them that are pictures.
    pub pictures: u64,
    /// Those of which the pixel digest is known by these rules.
    pub digests: u64,
    /// Those whose codes are kept; copies of a picture may have none of their own.
    pub codes: u64,
    /// Those of which another tier keeps a record.
    pub records: u64,
}

/// What is known of the files on one volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeStatus {
    /// Type and identifier of its file system.
    pub identity: String,
    /// The host that saw it last.
    pub host: String,
    /// When, in seconds since 1970.
    pub seen_s: i64,
    /// Where it is mounted now, or was when it was seen last.
    pub place: PathBuf,
    /// Whether it is mounted now.
    pub is_mounted: bool,
    /// Files, each once.
    pub files: u64,
    /// What is known of them by each set of rules, one entry for each file and set.
    pub entries: u64,
    /// Those of the files that are pictures.
    pub pictures: u64,
    /// Those of which the pixel digest is known by any rules.
    pub digests: u64,
}

impl Catalogue {
    /// How much is known.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    ///
    /// # Cost
    /// Goes through all entries.
    pub fn status(&self) -> Result<Status, Error> {
        let mut connection = connect(self.path(), Want::Read)?;
        let watch = Watch::over(&mut connection)?;
        let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let Figures { by_volume, by_rules } = figures(&connection, &watch)?;
        let mut verdicts = 0;
        self.verdicts(&mut |_| verdicts += 1)?;
        watch.rest();
        let volumes = VolumeRow::all(&connection, self.places.volumes())?;
        let mut volumes: Vec<_> = volumes.into_iter().collect();
        volumes.sort_unstable_by_key(|(number, _)| *number);
        let status = |(number, volume): (i64, VolumeRow)| {
            let VolumeCount { files, entries, pictures, digests } = by_volume.get(&number).copied().unwrap_or_default();
            let (place, is_mounted) = (volume.place(), volume.is_mounted());
            let VolumeRow { identity, host, seen_s, .. } = volume;
            VolumeStatus { identity, host, seen_s, place, is_mounted, files, entries, pictures, digests }
        };
        Ok(Status {
            version,
            file_bytes: self.file_bytes(),
            volumes: volumes.into_iter().map(status).collect(),
            rules: by_rules.into_values().collect(),
            verdicts,
        })
    }

    /// Length of the file in bytes, with what was written and not yet moved into it; 0 for what cannot be seen.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        let beside = |ending: &str| {
            let mut name = self.path().as_os_str().to_owned();
            name.push(ending);
            fs::metadata(name).map_or(0, |found| found.len())
        };
        beside("") + beside("-wal")
    }
}

/// What is known, in figures, by the numbers of volumes and rules.
struct Figures {
    by_volume: HashMap<i64, VolumeCount>,
    by_rules: BTreeMap<i64, RulesStatus>,
}

#[derive(Clone, Copy, Default)]
struct VolumeCount {
    files: u64,
    entries: u64,
    pictures: u64,
    digests: u64,
}

fn figures(connection: &Connection, watch: &Watch) -> Result<Figures, Error> {
    let mut statement = connection.prepare("SELECT id, volume FROM folder ORDER BY id")?;
    let (mut volumes, mut found) = (HashMap::new(), statement.query([])?);
    while let Some(row) = found.next()? {
        watch.rest();
        if volumes.insert(row.get::<_, i64>(0)?, row.get::<_, i64>(1)?).is_some() {
            return Err(Error::Endless);
        }
    }
    let names = names(connection, "rules")?;
    let named =
        |(number, name): (&i64, &String)| (*number, RulesStatus { name: name.clone(), ..RulesStatus::default() });
    let by_rules = names.iter().map(named).collect();
    let mut figures = Figures { by_volume: HashMap::new(), by_rules };
    // Whether the file at hand is a picture, and whether its digest is known.
    let mut known = [false; 2];
    let columns = "width IS NOT NULL, digest IS NOT NULL, place IS NOT NULL, looks IS NOT NULL";
    each_row((connection, watch), columns, [], &mut |Standing { is_first, folder, rules }, row| {
        let [is_picture, has_digest, has_codes, has_record] = [0, 1, 2, 3].map(|at| row.get::<_, bool>(OWN + at));
        let now = [is_picture?, has_digest?];
        let count = figures.by_volume.entry(volumes.get(&folder).copied().unwrap_or_default()).or_default();
        known = if is_first { [false; 2] } else { known };
        count.files += u64::from(is_first);
        count.entries += 1;
        count.pictures += u64::from(now[0] && !known[0]);
        count.digests += u64::from(now[1] && !known[1]);
        known = [known[0] || now[0], known[1] || now[1]];
        if let Some(status) = figures.by_rules.get_mut(&rules) {
            status.files += 1;
            status.pictures += u64::from(now[0]);
            status.digests += u64::from(now[1]);
            status.codes += u64::from(has_codes?);
            status.records += u64::from(has_record?);
        }
        Ok(())
    })?;
    Ok(figures)
}

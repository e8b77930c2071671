//! How many files of each folder have a twin in another set.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use pixtwin_engine::{Group, Sets};

use crate::{
    names::{shown, shown_at},
    size,
};

/// Counts by folder, of groups that cross from one set to another.
///
/// # Cost
/// Holds a path for every folder that has such a file.
pub(crate) struct Folders<'a> {
    sets: &'a Sets,
    counts: BTreeMap<Place<'a>, u64>,
}

/// Files of two sets can lie in one folder, if they were named one by one.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    folder: PathBuf,
    host: Option<String>,
    set: &'a OsStr,
}

/// A folder, and how many of its files have a twin in another set.
pub(crate) struct Folder<'a> {
    pub(crate) path: &'a Path,
    pub(crate) host: Option<&'a str>,
    pub(crate) set: &'a OsStr,
    pub(crate) crossing: u64,
}

impl<'a> Folders<'a> {
    pub(crate) fn new(sets: &'a Sets) -> Self {
        Self { sets, counts: BTreeMap::new() }
    }

    /// Counts the files of a group: where it has two sets, each of its files has a twin in another.
    pub(crate) fn add(&mut self, group: &Group) {
        for file in &group.files {
            let Some(set) = file.set else { continue };
            let folder = match file.path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let place = Place { folder: folder.to_owned(), host: file.host.clone(), set: self.sets.name(set) };
            *self.counts.entry(place).or_default() += 1;
        }
    }

    /// How many files there are in all.
    pub(crate) fn crossing(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The folders, sorted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Folder<'_>> {
        self.counts.iter().map(|(place, crossing)| Folder {
            path: &place.folder,
            host: place.host.as_deref(),
            set: place.set,
            crossing: *crossing,
        })
    }

    /// The counts for people; nothing if there are none.
    pub(crate) fn text(&self) -> Option<String> {
        let rows: Vec<[String; 3]> = self
            .iter()
            .map(|folder| {
                let (set, place) = (shown(Path::new(folder.set)), shown_at(folder.path, folder.host));
                [size::count(folder.crossing), set.into_owned(), place.into_owned()]
            })
            .collect();
        let width =
            |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        let (count_width, set_width) = (width(0)?, width(1)?);
        let lines =
            rows.iter().map(|[count, set, place]| format!("\n  {count:>count_width$}  {set:set_width$}  {place}"));
        Some(format!("files with a twin in another set, by folder:{}", lines.collect::<String>()))
    }
}

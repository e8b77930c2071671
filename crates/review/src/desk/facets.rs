//! What groups can be narrowed down by: tiers, formats, labels and folders.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use pixtwin_actions::plan::Tier;
use pixtwin_engine::Nearness;
use pixtwin_planning::{Found, FoundFile};

/// As many folders are offered at most: those that hold the most files of groups.
const MOST_FOLDERS: usize = 1000;

/// Above so many folders of files, those that only hold other folders are not counted.
const MOST_COUNTED: usize = 200_000;

/// What there is to narrow down by, and how often it occurs.
pub(crate) struct Facets {
    pub(crate) tiers: Vec<(Tier, u64)>,
    pub(crate) formats: Vec<(String, u64)>,
    pub(crate) labels: Vec<(&'static str, u64)>,
    /// In the order of their paths; each counts the files below it.
    pub(crate) folders: Vec<(PathBuf, u64)>,
}

impl Facets {
    pub(crate) fn of(found: &Found) -> Self {
        let (mut tiers, mut formats, mut labels) = (Vec::<(Tier, u64)>::new(), BTreeMap::new(), BTreeMap::new());
        let mut direct: HashMap<&Path, u64> = HashMap::new();
        for group in &found.groups {
            match tiers.iter_mut().find(|(tier, _)| *tier == group.bond()) {
                Some((_, count)) => *count += 1,
                None => tiers.push((group.bond(), 1)),
            }
            for file in &group.files {
                *formats.entry(file.format.to_string()).or_default() += 1;
                if let Some(label) = label_of(file) {
                    *labels.entry(label).or_default() += 1;
                }
                if let Some(folder) = file.path().parent() {
                    *direct.entry(folder).or_default() += 1;
                }
            }
        }
        tiers.sort_unstable_by_key(|(tier, _)| *tier as u8);
        Self {
            tiers,
            formats: formats.into_iter().collect(),
            labels: labels.into_iter().collect(),
            folders: folders(&direct),
        }
    }
}

/// The label of a file, if it has one.
pub(crate) fn label_of(file: &FoundFile) -> Option<&'static str> {
    match file.nearness {
        Some(Nearness::Similar { label, .. }) => Some(label.name()),
        _ => None,
    }
}

/// The folders that hold the most files, by path.
fn folders(direct: &HashMap<&Path, u64>) -> Vec<(PathBuf, u64)> {
    let mut below: HashMap<&Path, u64> = HashMap::new();
    for (folder, files) in direct {
        let depth = if direct.len() > MOST_COUNTED { 1 } else { usize::MAX };
        for above in folder.ancestors().take(depth).filter(|above| !above.as_os_str().is_empty()) {
            *below.entry(above).or_default() += files;
        }
    }
    let all: u64 = direct.values().sum();
    let mut folders: Vec<(&Path, u64)> = below.into_iter().collect();
    // Folders that hold everything and no file themselves tell nothing apart.
    folders.retain(|(folder, files)| *files < all || direct.contains_key(folder));
    folders.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.cmp(b)));
    folders.truncate(MOST_FOLDERS);
    folders.sort_unstable();
    folders.into_iter().map(|(folder, files)| (folder.to_owned(), files)).collect()
}

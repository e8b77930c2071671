//! Lists of groups: narrowed down and sorted here, so that the page holds no more than it shows.

use std::{cmp::Reverse, path::Path, sync::Arc};

use pixtwin_engine::Nearness;
use pixtwin_planning::{FoundFile, FoundGroup, names::shown};
use serde::{Deserialize, Serialize};

use super::{
    choices::Choice,
    facets::label_of,
    table::{Absence, GroupId, State, Table},
    view,
};

/// As many lists are remembered.
const MOST: usize = 8;

/// Which groups are wanted, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Asked {
    tier: Option<pixtwin_actions::plan::Tier>,
    format: Option<String>,
    /// By its number among the folders that are offered.
    folder: Option<usize>,
    label: Option<String>,
    min_bytes: u64,
    max_bytes: Option<u64>,
    /// In any path of the group, without regard to case.
    text: String,
    show: Show,
    sort: Sort,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Show {
    #[default]
    All,
    Decided,
    Undecided,
    Dismissed,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sort {
    #[default]
    Freed,
    Path,
    Files,
    Size,
    Distance,
}

/// The lists that were asked for last.
#[derive(Default)]
pub(crate) struct Lists {
    made: u64,
    known: Vec<(u64, Arc<[GroupId]>)>,
}

/// A list, and what it comes to.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    list: u64,
    groups: usize,
    files: u64,
    freed: u64,
}

impl Lists {
    /// The groups of a list; nothing if it is not remembered.
    pub(crate) fn get(&self, list: u64) -> Option<Arc<[GroupId]>> {
        self.known.iter().find(|(number, _)| *number == list).map(|(_, groups)| Arc::clone(groups))
    }

    fn keep(&mut self, groups: Arc<[GroupId]>) -> u64 {
        self.made += 1;
        self.known.push((self.made, groups));
        if self.known.len() > MOST {
            self.known.remove(0);
        }
        self.made
    }
}

/// Makes a list.
///
/// # Cost
/// Looks at every group; text is looked for in every path.
pub(crate) fn list(table: &Table, asked: &Asked) -> Listed {
    let mut state = table.lock();
    let wanted = Wanted::new(table, asked);
    let mut groups: Vec<GroupId> = (0..table.found.groups.len()).filter(|group| wanted.has(&state, *group)).collect();
    sort(table, &mut groups, asked.sort);
    let freed = groups.iter().map(|group| view::freed(table, &state, *group)).fold(0, u64::saturating_add);
    let files = groups.iter().map(|group| table.shown(&state, *group).count() as u64).sum();
    let number = groups.len();
    let list = state.lists.keep(groups.into());
    Listed { list, groups: number, files, freed }
}

fn sort(table: &Table, groups: &mut [GroupId], by: Sort) {
    let of = |group: &GroupId| table.group(*group);
    let largest = |group: &FoundGroup| group.files.iter().map(|file| file.bytes).max();
    match by {
        // Groups come sorted by path.
        Sort::Path => {}
        Sort::Freed => groups.sort_by_key(|group| Reverse(of(group).map(|group| group.freed_bytes))),
        Sort::Files => groups.sort_by_key(|group| Reverse(of(group).map(|group| group.files.len()))),
        Sort::Size => groups.sort_by_key(|group| Reverse(of(group).and_then(largest))),
        Sort::Distance => groups.sort_by_key(|group| of(group).map_or(u32::MAX, farthest)),
    }
}

/// How far the farthest file of a group is from the first; 0 for equal ones.
fn farthest(group: &FoundGroup) -> u32 {
    let far = |file: &FoundFile| match file.nearness {
        Some(Nearness::Similar { distance, .. }) => u32::from(distance),
        Some(Nearness::Within(largest)) => u32::from(largest),
        Some(Nearness::Turned { .. }) | None => 0,
    };
    group.files.iter().map(far).max().unwrap_or_default()
}

/// What is asked for, ready to be held against groups.
struct Wanted<'a> {
    table: &'a Table,
    asked: &'a Asked,
    text: String,
    /// The folder; one that is not offered has no files.
    folder: Option<&'a Path>,
}

impl<'a> Wanted<'a> {
    fn new(table: &'a Table, asked: &'a Asked) -> Self {
        let folder_of = |number: usize| table.facets.folders.get(number).map_or(Path::new("\0"), |(path, _)| path);
        Self { table, asked, text: asked.text.to_lowercase(), folder: asked.folder.map(folder_of) }
    }

    fn has(&self, state: &State, group: GroupId) -> bool {
        let Some(found) = self.table.group(group) else { return false };
        if !self.is_in_state(state, group) || self.asked.tier.is_some_and(|tier| tier != found.bond()) {
            return false;
        }
        let any = |is: &dyn Fn(&FoundFile) -> bool| found.files.iter().any(is);
        let Asked { format, label, min_bytes, max_bytes, .. } = self.asked;
        format.as_ref().is_none_or(|format| any(&|file| file.format == *format))
            && label.as_ref().is_none_or(|label| any(&|file| label_of(file) == Some(label)))
            && self.folder.is_none_or(|folder| any(&|file| file.paths.iter().any(|path| path.starts_with(folder))))
            && any(&|file| file.bytes >= *min_bytes && max_bytes.is_none_or(|most| file.bytes <= most))
            && (self.text.is_empty() || any(&|file| file.paths.iter().any(|path| self.names(path))))
    }

    fn names(&self, path: &Path) -> bool {
        shown(path).to_lowercase().contains(&self.text)
    }

    fn is_in_state(&self, state: &State, group: GroupId) -> bool {
        let is_made = matches!(state.choices.of(group), Choice::Made(_));
        match self.asked.show {
            Show::Dismissed => {
                let first = self.table.first_file(group);
                let files = self.table.group(group).map_or(0, |group| group.files.len());
                (first..first + files).any(|file| state.absence(file) == Some(Absence::Differs))
            }
            Show::All => self.table.is_shown(state, group),
            Show::Decided => is_made && self.table.is_shown(state, group),
            Show::Undecided => !is_made && self.table.is_shown(state, group),
        }
    }
}

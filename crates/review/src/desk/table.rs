//! A result as it lies on the desk: its groups, which of their files are still shown, and what was chosen.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pixtwin_planning::{Found, FoundFile, FoundGroup};

use super::{choices::Choices, facets::Facets, lists::Lists, plans::Plans, verdicts::Differing};

/// The number of a group: its place in the result, from 0.
pub(crate) type GroupId = usize;

/// The number of a file: its place among the files of all groups, from 0.
pub(crate) type FileId = usize;

/// A result, and all that was done with it since it was opened.
pub(crate) struct Table {
    /// Which result of this program's life it is.
    pub(crate) number: u64,
    /// Where it is from, in words.
    pub(crate) origin: String,
    pub(crate) found: Found,
    pub(crate) facets: Facets,
    /// The first file of each group, and behind them the number of files.
    starts: Vec<FileId>,
    state: Mutex<State>,
}

/// What changes.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) choices: Choices,
    pub(crate) lists: Lists,
    pub(crate) plans: Plans,
    pub(crate) differing: Differing,
    /// For each file why it is not shown.
    absent: Vec<Option<Absence>>,
}

/// Why a file is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absence {
    /// Somebody said that it is another picture.
    Differs,
    /// It went.
    Gone,
}

impl Table {
    pub(crate) fn new(number: u64, origin: String, found: Found) -> Self {
        let mut starts = Vec::with_capacity(found.groups.len() + 1);
        let mut files = 0;
        for group in &found.groups {
            starts.push(files);
            files += group.files.len();
        }
        starts.push(files);
        let state = State { choices: Choices::new(found.groups.len()), absent: vec![None; files], ..State::default() };
        Self { number, origin, facets: Facets::of(&found), found, starts, state: Mutex::new(state) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn files(&self) -> usize {
        self.starts.last().copied().unwrap_or_default()
    }

    pub(crate) fn group(&self, group: GroupId) -> Option<&FoundGroup> {
        self.found.groups.get(group)
    }

    /// The number of the first file of a group; the others follow it.
    pub(crate) fn first_file(&self, group: GroupId) -> FileId {
        self.starts.get(group).copied().unwrap_or_default()
    }

    /// The file with this number.
    pub(crate) fn file(&self, file: FileId) -> Option<&FoundFile> {
        let group = self.group_of(file)?;
        self.found.groups.get(group)?.files.get(file - self.first_file(group))
    }

    /// The group that a file stands in.
    pub(crate) fn group_of(&self, file: FileId) -> Option<GroupId> {
        if file >= self.files() {
            return None;
        }
        // An empty group would begin where the next one does.
        self.starts.partition_point(|start| *start <= file).checked_sub(1)
    }

    /// The files of a group that are shown, with their places in it.
    pub(crate) fn shown<'a>(
        &'a self,
        state: &'a State,
        group: GroupId,
    ) -> impl Iterator<Item = (usize, FileId, &'a FoundFile)> {
        let first = self.first_file(group);
        let files = self.found.groups.get(group).map(|group| group.files.as_slice()).unwrap_or_default();
        let all = files.iter().enumerate().map(move |(at, file)| (at, first + at, file));
        all.filter(|(_, file, _)| state.absence(*file).is_none())
    }

    /// Whether a group is still one: two of its files are shown.
    pub(crate) fn is_shown(&self, state: &State, group: GroupId) -> bool {
        self.shown(state, group).take(2).count() == 2
    }

    /// The group with the files that are shown, and the places that these have in the whole one.
    pub(crate) fn remaining(&self, state: &State, group: GroupId) -> Option<(FoundGroup, Vec<usize>)> {
        let whole = self.group(group)?;
        let (places, files) = self.shown(state, group).map(|(at, _, file)| (at, file.clone())).unzip();
        Some((FoundGroup { files, ..whole.clone() }, places))
    }
}

impl State {
    pub(crate) fn absence(&self, file: FileId) -> Option<Absence> {
        self.absent.get(file).copied().flatten()
    }

    pub(crate) fn set_absence(&mut self, file: FileId, absence: Option<Absence>) {
        if let Some(place) = self.absent.get_mut(file) {
            *place = absence;
        }
    }
}

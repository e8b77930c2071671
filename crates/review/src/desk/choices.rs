//! What is to become of each file, as somebody said or a rule has it.

use std::{
    collections::{BTreeMap, HashSet},
    os::unix::fs::MetadataExt,
};

use pixtwin_actions::plan::Task;
use pixtwin_planning::{Decision, FoundFile, FoundGroup};
use serde::Serialize;

use super::{
    saved::Recalled,
    table::{Absence, FileId, GroupId, State, Table},
};

/// What was chosen, group by group.
#[derive(Default)]
pub(crate) struct Choices {
    all: Vec<Choice>,
    /// Those that somebody made: rules leave them alone.
    by_hand: HashSet<GroupId>,
}

/// What was chosen for one group.
#[derive(Clone, Debug, Default)]
pub(crate) enum Choice {
    /// Nothing yet.
    #[default]
    Open,
    /// The rules did not decide, and why.
    Undecided(String),
    /// What is to be done.
    Made(Made),
}

/// What is to be done with the files of a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    /// For each file of the group; nothing for those that nothing was said of.
    pub(crate) decisions: Vec<Option<Decision>>,
    /// Bytes that are freed by it; a file that has names elsewhere frees nothing.
    pub(crate) freed_bytes: u64,
}

/// What all choices come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Totals {
    decided: u64,
    undecided: u64,
    goes: u64,
    freed: u64,
    /// Files that would go and are not exactly the same picture: each is confirmed.
    pairs: u64,
}

impl Choices {
    pub(crate) fn new(groups: usize) -> Self {
        Self { all: vec![Choice::Open; groups], by_hand: HashSet::new() }
    }

    pub(crate) fn of(&self, group: GroupId) -> &Choice {
        self.all.get(group).unwrap_or(&Choice::Open)
    }

    /// Keeps what the rules say, unless somebody said something else.
    pub(crate) fn rule(&mut self, group: GroupId, choice: Choice) {
        if !self.by_hand.contains(&group) {
            self.put(group, choice);
        }
    }

    /// Keeps what somebody said.
    pub(crate) fn say(&mut self, group: GroupId, choice: Choice) {
        self.by_hand.insert(group);
        self.put(group, choice);
    }

    /// Whether somebody said it.
    pub(crate) fn is_by_hand(&self, group: GroupId) -> bool {
        self.by_hand.contains(&group)
    }

    /// Forgets what was said of a group.
    pub(crate) fn forget(&mut self, group: GroupId) {
        self.by_hand.remove(&group);
        self.put(group, Choice::Open);
    }

    fn put(&mut self, group: GroupId, choice: Choice) {
        if let Some(place) = self.all.get_mut(group) {
            *place = choice;
        }
    }

    /// What was said of one file of a group.
    pub(crate) fn of_file(&self, group: GroupId, at: usize) -> Option<&Decision> {
        match self.of(group) {
            Choice::Made(made) => made.decisions.get(at)?.as_ref(),
            Choice::Open | Choice::Undecided(_) => None,
        }
    }

    /// How many groups are undecided for which reason.
    pub(crate) fn reasons(&self) -> BTreeMap<String, u64> {
        let mut reasons = BTreeMap::new();
        for choice in &self.all {
            if let Choice::Undecided(reason) = choice {
                *reasons.entry(reason.clone()).or_default() += 1;
            }
        }
        reasons
    }
}

/// Files that go, or stay, by a word of the user.
const BY_HAND: &str = "chosen by hand";

impl Choice {
    /// What somebody said of the files of a group, in their order. Those that go are looked at, for what that frees.
    pub(crate) fn by_hand(group: &FoundGroup, tasks: &[Option<Task>]) -> Self {
        let decision = |task: Task| Decision { task, reason: BY_HAND.to_owned() };
        let goes = group.files.iter().zip(tasks).filter(|(_, task)| **task == Some(Task::Remove));
        let freed_bytes = goes.map(|(file, _)| freed_by(file)).fold(0, u64::saturating_add);
        Self::Made(Made { decisions: tasks.iter().map(|task| task.map(decision)).collect(), freed_bytes })
    }
}

/// What is freed when all names of a file go that the result has.
fn freed_by(file: &FoundFile) -> u64 {
    let is_last = |links: u64| links <= file.paths.len() as u64;
    let found = file.path().symlink_metadata();
    if found.is_ok_and(|metadata| is_last(metadata.nlink())) { file.bytes } else { 0 }
}

/// Chooses again what was chosen by hand before, as far as its files are there. Those that are not have gone.
pub(crate) fn recall(table: &Table, recalled: &Recalled) {
    if recalled.is_empty() {
        return;
    }
    let mut state = table.lock();
    for (number, group) in table.found.groups.iter().enumerate() {
        let Some(tasks) = recalled.of(group) else { continue };
        let is_lost = |file: &FoundFile| file.is_here && file.path().symlink_metadata().is_err();
        let lost: Vec<usize> = (0..).zip(&group.files).filter(|(_, file)| is_lost(file)).map(|(at, _)| at).collect();
        if lost.is_empty() && is_sound(&state, table, number, tasks) {
            let tasks: Vec<Option<Task>> = tasks.iter().copied().map(Some).collect();
            state.choices.say(number, Choice::by_hand(group, &tasks));
        }
        for at in lost {
            state.set_absence(table.first_file(number) + at, Some(Absence::Gone));
        }
    }
}

/// Whether what was chosen still leaves a file, and touches none of another host or of another group.
fn is_sound(state: &State, table: &Table, number: GroupId, tasks: &[Task]) -> bool {
    let of = |task: Task| table.shown(state, number).filter(move |(at, ..)| tasks.get(*at) == Some(&task));
    let may_go = |(_, _, file): (usize, FileId, &FoundFile)| file.is_here && !file.is_repeated;
    of(Task::Keep).any(|(_, _, file)| file.is_here) && of(Task::Remove).all(may_go)
}

/// What all choices come to, over the groups that are shown.
pub(crate) fn totals(table: &Table, state: &State) -> Totals {
    let mut totals = Totals::default();
    for (number, group) in table.found.groups.iter().enumerate() {
        if !table.is_shown(state, number) {
            continue;
        }
        match state.choices.of(number) {
            Choice::Made(made) if made.says_anything() => totals.count(table, state, (number, group), made),
            Choice::Made(_) | Choice::Open | Choice::Undecided(_) => totals.undecided += 1,
        }
    }
    totals
}

impl Made {
    /// Whether a file stays or goes by it.
    fn says_anything(&self) -> bool {
        self.decisions.iter().flatten().any(|decision| decision.task != Task::Leave)
    }
}

impl Totals {
    fn count(&mut self, table: &Table, state: &State, (number, group): (GroupId, &FoundGroup), made: &Made) {
        self.decided += 1;
        self.freed = self.freed.saturating_add(made.freed_bytes);
        let goes = |at| state.choices.of_file(number, at).is_some_and(|decision| decision.task == Task::Remove);
        for (_, _, file) in table.shown(state, number).filter(|(at, _, _)| goes(*at)) {
            self.goes += file.paths.len() as u64;
            if !group.bond().is_exact() {
                self.pairs += file.paths.len() as u64;
            }
        }
    }
}

//! What is to become of each file, as somebody said or a rule has it.

use std::collections::{BTreeMap, HashSet};

use pixtwin_actions::plan::Task;
use pixtwin_planning::{Decision, FoundGroup};
use serde::Serialize;

use super::{
    saved::Recalled,
    table::{GroupId, State, Table},
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
    /// For each file of the group; nothing for those that nothing was said of.
    Made(Vec<Option<Decision>>),
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
            Choice::Made(decisions) => decisions.get(at)?.as_ref(),
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
    /// What somebody said of files, in the order of the group.
    pub(crate) fn by_hand(tasks: impl IntoIterator<Item = Option<Task>>) -> Self {
        let decision = |task: Task| Decision { task, reason: BY_HAND.to_owned() };
        Self::Made(tasks.into_iter().map(|task| task.map(decision)).collect())
    }
}

/// Chooses again what was chosen by hand before.
pub(crate) fn recall(table: &Table, recalled: &Recalled) {
    if recalled.is_empty() {
        return;
    }
    let mut state = table.lock();
    for (number, group) in table.found.groups.iter().enumerate() {
        if let Some(tasks) = recalled.of(group) {
            state.choices.say(number, Choice::by_hand(tasks.iter().copied().map(Some)));
        }
    }
}

/// What all choices come to, over the groups that are shown.
pub(crate) fn totals(table: &Table, state: &State) -> Totals {
    let mut totals = Totals::default();
    for (number, group) in table.found.groups.iter().enumerate() {
        if !table.is_shown(state, number) {
            continue;
        }
        match state.choices.of(number) {
            Choice::Made(_) => totals.count(table, state, (number, group)),
            Choice::Open | Choice::Undecided(_) => totals.undecided += 1,
        }
    }
    totals
}

impl Totals {
    fn count(&mut self, table: &Table, state: &State, (number, group): (GroupId, &FoundGroup)) {
        self.decided += 1;
        let goes = |at| state.choices.of_file(number, at).is_some_and(|decision| decision.task == Task::Remove);
        for (_, _, file) in table.shown(state, number).filter(|(at, _, _)| goes(*at)) {
            self.goes += file.paths.len() as u64;
            self.freed += file.bytes;
            if !group.bond().is_exact() {
                self.pairs += file.paths.len() as u64;
            }
        }
    }
}

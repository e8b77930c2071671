//! What a plan comes to, on standard error.

use std::{collections::BTreeMap, path::PathBuf};

use pixtwin_actions::plan::Group;
use pixtwin_planning::Decided;

use crate::{
    names::{shown, shown_text},
    output::note,
    size::{self, counted},
};

/// The figures of a plan.
#[derive(Default)]
pub(super) struct Summary {
    decided: u64,
    /// How many groups are undecided for which reason.
    undecided: BTreeMap<String, u64>,
    /// How many names would go.
    goes: u64,
    freed_bytes: u64,
    /// How many files could be looked at.
    seen: u64,
    /// Files that could not be looked at, and why.
    unseen: Vec<(PathBuf, String)>,
    elsewhere: u64,
}

impl Summary {
    /// Of a report with so many files on other hosts.
    pub(super) fn new(elsewhere: u64) -> Self {
        Self { elsewhere, ..Self::default() }
    }

    /// Counts what was decided on a group, and gives it as it stands in the plan.
    pub(super) fn take(&mut self, decided: Decided) -> Option<Group> {
        self.seen += decided.seen;
        self.unseen.extend(decided.unseen);
        self.goes += decided.goes;
        self.freed_bytes += decided.freed_bytes;
        match decided.group.as_ref().map(|group| &group.undecided) {
            Some(Some(reason)) => *self.undecided.entry(reason.clone()).or_default() += 1,
            Some(None) => self.decided += 1,
            None => {}
        }
        decided.group
    }

    /// Whether every file could be looked at.
    pub(super) fn is_all_seen(&self) -> bool {
        self.unseen.is_empty()
    }

    pub(super) fn print(&self) {
        for (path, reason) in &self.unseen {
            note(&format!("not looked at: {}: {}", shown(path), shown_text(reason)));
        }
        if self.seen == 0 && self.unseen.iter().any(|(path, _)| path.is_relative()) {
            note("hint: the report has relative paths; run `pixtwin plan` in the folder in which it was made");
        }
        for (reason, groups) in &self.undecided {
            note(&format!("undecided: {}: {}", counted(*groups, "group"), shown_text(reason)));
        }
        let undecided = self.undecided.values().sum::<u64>();
        if self.elsewhere > 0 {
            note(&format!("passed over: {} on other hosts; run `pixtwin plan` there", counted(self.elsewhere, "file")));
        }
        note(&format!(
            "{}: {} decided, {} undecided; {} would go, {} would be freed",
            counted(self.decided + undecided, "group"),
            size::count(self.decided),
            size::count(undecided),
            counted(self.goes, "file"),
            size::shown(self.freed_bytes),
        ));
    }
}

//! What a plan comes to, on standard error.

use std::{collections::BTreeMap, path::PathBuf};

use pixtwin_actions::plan::Task;

use super::{decide::Decision, look::Looked};
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

    pub(super) fn decided(&mut self, files: &[Looked], decisions: &[Decision]) {
        self.decided += 1;
        for (file, _) in files.iter().zip(decisions).filter(|(_, decision)| decision.task == Task::Remove) {
            let names = file.names.len() as u64;
            self.goes += names;
            // A file that has names elsewhere frees nothing.
            if file.links <= names {
                self.freed_bytes += file.identity.bytes;
            }
        }
    }

    pub(super) fn undecided(&mut self, reason: &str) {
        *self.undecided.entry(reason.to_owned()).or_default() += 1;
    }

    pub(super) fn seen(&mut self) {
        self.seen += 1;
    }

    pub(super) fn unseen(&mut self, path: PathBuf, reason: String) {
        self.unseen.push((path, reason));
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

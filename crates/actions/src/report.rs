//! What the user is told of a run.

use std::path::PathBuf;

use crate::{
    step::{Action, Step},
    verify::Refused,
};

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It went.
    Done {
        /// The number of the group in the plan.
        group: u64,
        /// The number of the step in the plan.
        step: u64,
        /// What was done.
        action: Action,
        /// The file.
        path: PathBuf,
        /// Where its content is found now: for links and shared blocks, under its old name.
        at: PathBuf,
        /// The file that stays.
        kept: Option<PathBuf>,
        /// Whether it travelled with a picture.
        is_sidecar: bool,
    },
    /// It was left alone.
    Refused(Refused),
}

impl Acted {
    pub(crate) fn done(action: &Action, group: u64, number: u64, step: &Step) -> Self {
        Self::Done {
            group,
            step: number,
            action: action.clone(),
            path: step.victim.clone(),
            at: step.resting_place().to_owned(),
            kept: step.kept.as_ref().map(|kept| kept.path.clone()),
            is_sidecar: step.sidecar_of.is_some(),
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its name, for `undo` and `purge`.
    pub run: String,
    /// How many files went, without sidecars.
    pub done: u64,
    /// How many sidecars travelled with them.
    pub sidecars: u64,
    /// How many files, or whole groups, were left alone.
    pub refused: u64,
    /// Bytes that are free once nothing holds the files that went; what has further names, or shares blocks, frees none.
    pub bytes: u64,
    /// How many of them, with sidecars, are gone for good.
    pub purged: u64,
    /// Whether it was interrupted before its last step.
    pub is_interrupted: bool,
}

impl Summary {
    pub(crate) fn new(run: &str) -> Self {
        Self { run: run.to_owned(), done: 0, sidecars: 0, refused: 0, bytes: 0, purged: 0, is_interrupted: false }
    }

    pub(crate) fn count_done(&mut self, step: &Step) {
        match step.sidecar_of {
            Some(_) => self.sidecars += 1,
            None => self.done += 1,
        }
    }
}

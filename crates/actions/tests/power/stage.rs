//! What is done on the disk while something goes wrong, and what is said of it.

use std::{path::Path, sync::atomic::AtomicBool};

use pixtwin_actions::{
    Acted, Action, Error, Executor, Order, Purge, Setting, Summary, Tally, Undone, Which, plan::Plan,
};

use crate::{
    library::{FAR, NEAR, Pictures, STATE, TRASH, USER},
    sim::SimDisk,
};

/// Nobody interrupts.
static GOES_ON: AtomicBool = AtomicBool::new(false);

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Apply(Action),
    /// The last run is undone.
    Undo,
    /// The last run is purged.
    Purge,
    Recover,
}

/// All ways in which files go.
pub(crate) fn actions() -> [Action; 8] {
    [
        Action::Quarantine,
        Action::Trash,
        Action::HardLink,
        Action::Reflink,
        Action::Symlink,
        Action::Move(NEAR.into()),
        Action::Move(FAR.into()),
        Action::Delete,
    ]
}

/// What a command said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// Of `apply`, file by file.
    pub(crate) acted: Vec<Acted>,
    /// Of `undo` and `purge`.
    pub(crate) undone: Vec<Undone>,
    pub(crate) summary: Option<Summary>,
    pub(crate) tally: Option<Tally>,
    /// Of `recover`, which comes first.
    pub(crate) held: Vec<String>,
    /// Why it ended before its time.
    pub(crate) error: Option<Error>,
}

impl Said {
    /// How many steps were done, and how many refused.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let acted = self.summary.as_ref().map(|summary| (summary.done, summary.refused));
        acted.or(self.tally.map(|tally| (tally.done, tally.refused))).unwrap_or_default()
    }
}

fn executor(disk: &SimDisk, begun: u32) -> Result<Executor<'_, SimDisk>, Error> {
    let setting = Setting {
        user: USER,
        host: "here".into(),
        quarantine: None,
        home_trash: Some(TRASH.into()),
        threads: 1,
        now_s: 1_700_000_000 + i64::from(begun),
    };
    Executor::open(disk, &Pictures, Path::new(STATE), setting)
}

/// A new process carries out a command, as the program does: it recovers first.
pub(crate) fn run(disk: &SimDisk, act: &Act, plan: &Plan, begun: u32) -> Said {
    let mut said = Said::default();
    if let Err(error) = try_run(disk, act, plan, begun, &mut said) {
        said.error = Some(error);
    }
    said
}

fn try_run(disk: &SimDisk, act: &Act, plan: &Plan, begun: u32, said: &mut Said) -> Result<(), Error> {
    let executor = executor(disk, begun)?;
    for recovered in executor.recover()? {
        assert_eq!(recovered.damaged, None);
        said.held.extend(recovered.held);
    }
    let last = || Ok(executor.runs()?.0.pop().map(|run| run.run).unwrap_or_default());
    match act {
        Act::Recover => {}
        Act::Apply(action) => {
            let order = Order { action: action.clone(), which: Which::Bulk, refused: Vec::new() };
            let acted = &mut said.acted;
            said.summary = Some(executor.apply(plan, &order, &GOES_ON, &mut |one| acted.push(one))?);
        }
        Act::Undo | Act::Purge => {
            let (last, undone) = (last()?, &mut said.undone);
            let mut tell = |one| undone.push(one);
            said.tally = Some(match act {
                Act::Undo => executor.undo(&last, &GOES_ON, &mut tell)?,
                _ => executor.purge(&last, Purge::All, &GOES_ON, &mut tell)?,
            });
        }
    }
    Ok(())
}

/// Undoes every run, the last first.
pub(crate) fn undo_all(disk: &SimDisk) -> Result<Vec<Undone>, Error> {
    let executor = executor(disk, 900)?;
    let mut refused = Vec::new();
    for run in executor.runs()?.0.iter().rev() {
        executor.undo(&run.run, &GOES_ON, &mut |undone| {
            if matches!(undone, Undone::Refused { .. }) {
                refused.push(undone);
            }
        })?;
    }
    Ok(refused)
}

/// How many files the runs say that they hold in quarantine, and how many can be undone in all.
pub(crate) fn held(disk: &SimDisk) -> (u64, u64) {
    let runs = executor(disk, 901).unwrap().runs().unwrap();
    assert!(runs.1.is_empty(), "{:?}", runs.1);
    assert!(runs.0.iter().all(|run| !run.is_unfinished && !run.is_damaged), "{:?}", runs.0);
    runs.0.iter().fold((0, 0), |(held, done), run| (held + run.quarantined.0, done + run.done))
}

//! After a crash: how far did each step come? What was not done is taken back; what was being undone is undone.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    deed::Outcome,
    disk::Disk,
    error::Error,
    executor::Executor,
    history::{History, Pending, Stand, Told},
    journal::Record,
    purge::stop_ending,
    put_back::{take_back, there},
    quarantine,
    step::Holder,
    touched::Touched,
    undo::{STEPS_AT_ONCE, bring_back, write},
};

/// What was found out of a run that had not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The run.
    pub run: String,
    /// Steps that were not finished, and are taken back.
    pub back: u64,
    /// Steps of an undo or a purge that were finished now, or found to be.
    pub finished: u64,
    /// Files that lie where they are held, for their names are taken: the reason of each, as a clause.
    pub held: Vec<String>,
    /// Why nothing could be done for it.
    pub damaged: Option<String>,
}

pub(crate) fn recover_all<D: Disk>(executor: &Executor<'_, D>) -> Result<Vec<Recovered>, Error> {
    let mut all = Vec::new();
    for run in executor.store.runs()? {
        let mut recovered = Recovered { run: run.clone(), back: 0, finished: 0, held: Vec::new(), damaged: None };
        match executor.store.history(&run) {
            Err(Error::Damaged { reason, .. }) => recovered.damaged = Some(reason),
            Err(cause) => return Err(cause),
            Ok(None) => {
                executor.store.forget_unbegun(&run);
                continue;
            }
            Ok(Some(history)) if history.host != executor.setting.host => continue,
            Ok(Some(history)) if !history.is_unfinished() => {
                // It may have been cut off after its last record.
                let is_held = |told: &Told| told.is_standing() && told.step.holder == Holder::Quarantine;
                if !history.steps.values().any(is_held) {
                    history.folders.iter().rev().for_each(|folder| quarantine::leave(executor.disk, folder));
                }
                continue;
            }
            Ok(Some(history)) => match history.damaged {
                Some(line) => recovered.damaged = Some(format!("line {line} is not what was written")),
                None => recover(executor, &history, &mut recovered)?,
            },
        }
        all.push(recovered);
    }
    Ok(all)
}

fn recover<D: Disk>(executor: &Executor<'_, D>, history: &History, recovered: &mut Recovered) -> Result<(), Error> {
    let run = &history.run;
    let mut journal = executor.store.resume(run)?;
    let open: Vec<&Told> = history.steps.values().rev().filter(|told| told.is_open()).collect();
    for batch in open.chunks(STEPS_AT_ONCE) {
        let mut touched = Touched::default();
        let mut records = Vec::with_capacity(batch.len());
        for told in batch {
            touched.add(&told.step);
            records.push(settle(executor.disk, told, recovered));
        }
        // First where files are, then that they are.
        touched.sync(executor.disk)?;
        write(&mut journal, run, &records)?;
    }
    if history.ended.is_none() {
        let back = history.steps.values().filter(|told| matches!(told.stand, Stand::Begun | Stand::Back)).count();
        write(&mut journal, run, &[Record::End { refused: back as u64 }])?;
    }
    history.folders.iter().rev().for_each(|folder| quarantine::leave(executor.disk, folder));
    if !history.steps.values().any(Told::is_standing) {
        let unknown = history.folders.iter().filter(|folder| holds_unknown(executor.disk, folder));
        let said = |folder: &PathBuf| format!("`{}` holds files of which its journal does not know", folder.display());
        recovered.held.extend(unknown.map(said));
    }
    Ok(())
}

/// Whether something is in a folder of the quarantine: of a journal that was cut short, the steps may be lost.
fn holds_unknown<D: Disk>(disk: &D, folder: &Path) -> bool {
    quarantine::holds(folder)
        && disk.folder(folder).and_then(|folder| disk.list(&folder)).is_ok_and(|names| !names.is_empty())
}

/// Finds out how far a step came, and brings it to an end.
fn settle<D: Disk>(disk: &D, told: &Told, recovered: &mut Recovered) -> Record {
    let number = told.step.number;
    let kept = Record::Kept { steps: vec![number] };
    match told.pending {
        None => match take_back(disk, &told.step, "the run was cut off".to_owned()) {
            Outcome::Held(reason) => {
                recovered.held.push(format!("`{}`: {reason}", told.step.victim.display()));
                Record::Held { step: number, reason }
            }
            Outcome::Back(reason) => {
                recovered.back += 1;
                Record::Back { step: number, reason }
            }
            Outcome::Done(identity) => Record::Done { step: number, identity },
        },
        Some(Pending::Undo) => match bring_back(disk, &told.step) {
            Ok(()) => {
                recovered.finished += 1;
                Record::Undone { step: number }
            }
            Err(_) => kept,
        },
        Some(Pending::Purge) => match is_held(disk, told) {
            Ok(false) => {
                recovered.finished += 1;
                Record::Purged { step: number }
            }
            _ => kept,
        },
    }
}

/// Whether a file that was about to be purged is still there.
fn is_held<D: Disk>(disk: &D, told: &Told) -> io::Result<bool> {
    stop_ending(disk, &told.step)?;
    there(disk, &told.step.held)?.map_or(Ok(false), |held| Ok(held.look()?.is_some()))
}

//! What became of each step of a run, as its journal tells.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    disk::Identity,
    journal::{Read, Record, VERSION},
    step::{Action, Step},
};

/// What a crash leaves of a journal that was about to be begun. Nothing had been done by then, and a journal of something that
/// was done is longer.
const LONGEST_UNBEGUN: usize = 400;

/// How far a step has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// It was about to be done; whether it was, the disk tells.
    Begun,
    /// It was done.
    Done(Identity),
    /// It was not done, and the file lies where it is held all the same.
    Held,
    /// It was not done, or taken back.
    Back,
    /// It was undone.
    Undone,
    /// It was purged.
    Purged,
    /// Somebody else took it from where it was held.
    Lost,
}

/// A step, and how far it has come.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) step: Step,
    pub(crate) stand: Stand,
    /// Whether somebody was about to undo or to purge it; whether it was, the disk tells.
    pub(crate) pending: Option<Pending>,
}

/// What was about to be done to a step that had been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    Undo,
    Purge,
}

impl Told {
    /// Whether the original lies where it is held, or its blocks are shared, and it can be undone.
    pub(crate) fn is_standing(&self) -> bool {
        matches!(self.stand, Stand::Done(_) | Stand::Held)
    }

    /// Whether only the disk knows how far it came.
    pub(crate) fn is_open(&self) -> bool {
        self.stand == Stand::Begun || self.pending.is_some()
    }
}

/// A run, as its journal tells.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) run: String,
    pub(crate) action: Action,
    pub(crate) host: String,
    pub(crate) begun_s: i64,
    /// The folders that it has made, if it came that far; those above others come first.
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) steps: BTreeMap<u64, Told>,
    /// How many steps were refused, if the run came to its end.
    pub(crate) ended: Option<u64>,
    /// The line of the journal that is damaged.
    pub(crate) damaged: Option<usize>,
}

impl History {
    /// Reads the records of the run in the folder of that name; nothing if it was cut off before its first record.
    ///
    /// # Errors
    /// If no pixtwin of this version wrote them, and why, as a clause.
    pub(crate) fn of(run: &str, read: Read) -> Result<Option<Self>, String> {
        let mut records = read.records.into_iter().filter(|record| *record != Record::Again);
        let (action, host, begun_s) = match records.next() {
            None if read.bytes <= LONGEST_UNBEGUN => return Ok(None),
            None => return Err("no line of it is whole".to_owned()),
            Some(Record::Begin { version: VERSION, run: named, action, host, begun_s }) if named == run => {
                (action, host, begun_s)
            }
            Some(Record::Begin { version, .. }) if version != VERSION => {
                return Err(format!("it has version {version}, and this pixtwin writes {VERSION}"));
            }
            _ => return Err("its first line does not begin this run".to_owned()),
        };
        let run = run.to_owned();
        let (folders, steps, damaged) = (Vec::new(), BTreeMap::new(), read.damaged);
        let mut history = Self { run, action, host, begun_s, folders, steps, ended: None, damaged };
        records.try_for_each(|record| history.hear(record)).map(|()| Some(history))
    }

    /// Whether something is left to find out, so that `recover` has to do.
    pub(crate) fn is_unfinished(&self) -> bool {
        self.ended.is_none() || self.steps.values().any(Told::is_open)
    }

    fn hear(&mut self, record: Record) -> Result<(), String> {
        match record {
            Record::Begin { .. } => return Err("it begins twice".to_owned()),
            Record::Again => {}
            Record::Uses { folder } => self.folders.push(folder),
            Record::Intent(step) => {
                let told = Told { step: *step, stand: Stand::Begun, pending: None };
                if self.steps.insert(told.step.number, told).is_some() {
                    return Err("a step is there twice".to_owned());
                }
            }
            Record::Done { step, identity } => self.told(step)?.stand = Stand::Done(identity),
            Record::Back { step, .. } => self.told(step)?.stand = Stand::Back,
            Record::Held { step, .. } => self.told(step)?.stand = Stand::Held,
            Record::Undo { steps } => self.pend(steps, Some(Pending::Undo))?,
            Record::Purge { steps } => self.pend(steps, Some(Pending::Purge))?,
            Record::Kept { steps } => self.pend(steps, None)?,
            Record::Undone { step } => self.settle(step, Stand::Undone)?,
            Record::Purged { step } => self.settle(step, Stand::Purged)?,
            Record::Lost { step } => self.settle(step, Stand::Lost)?,
            Record::End { refused } => self.ended = Some(refused),
        }
        Ok(())
    }

    fn told(&mut self, step: u64) -> Result<&mut Told, String> {
        self.steps.get_mut(&step).ok_or_else(|| format!("step {step} was not announced"))
    }

    fn pend(&mut self, steps: Vec<u64>, pending: Option<Pending>) -> Result<(), String> {
        steps.into_iter().try_for_each(|step| self.told(step).map(|told| told.pending = pending))
    }

    fn settle(&mut self, step: u64, stand: Stand) -> Result<(), String> {
        let told = self.told(step)?;
        (told.stand, told.pending) = (stand, None);
        Ok(())
    }
}

//! Carries out a plan: looks again, writes down what is about to be done, does it, and writes down how it came out.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    deed::{self, Known, Outcome},
    disk::Disk,
    error::Error,
    executor::Executor,
    freed::Freed,
    journal::{Journal, Record},
    layout::Layout,
    plan::{self, File, Group, Plan, Task},
    purge::Purge,
    put_back::take_back,
    report::{Acted, Summary},
    step::{Action, Step},
    touched::Touched,
    travellers,
    undo::Undone,
    verify::{Asked, Ready, Refused, Verified, verify},
};

/// As many steps are written down at once at most: what has been looked at waits no longer than that takes.
const STEPS_AT_ONCE: usize = 256;

/// The same in bytes of the files that go.
const BYTES_AT_ONCE: u64 = 1 << 30;

/// Which steps of a plan are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All that may be done in bulk.
    Bulk,
    /// The one with this number, which the user has confirmed by itself.
    Pair(u64),
}

/// What is to be done with a plan.
#[derive(Clone, Debug)]
pub struct Order {
    /// What becomes of the files that go.
    pub action: Action,
    /// Which steps.
    pub which: Which,
    /// The groups that were refused when the plan was read: of a run that has any, not all is done.
    pub refused: Vec<plan::Refused>,
}

/// The steps of a plan in their order: the number of each, its group, and the file that goes.
pub fn steps(plan: &Plan) -> impl Iterator<Item = (u64, &Group, &File)> {
    let files = plan.groups.iter().flat_map(|group| group.files.iter().map(move |file| (group, file)));
    let going = files.filter(|(group, file)| group.undecided.is_none() && file.task == Task::Remove);
    going.zip(1..).map(|((group, file), number)| (number, group, file))
}

impl<'d, D: Disk> Executor<'d, D> {
    /// Carries out a plan. Every step is told when it is known to be on the disk, or why it was refused; what was done can
    /// be undone. `stop` ends it after the steps at hand.
    ///
    /// # Errors
    /// If the journal cannot be written; then nothing more is done, and what was about to be done is taken back now, or
    /// by the next `recover`.
    ///
    /// # Cost
    /// Reads every file that goes and the one that it is compared with; decodes both where their bytes differ.
    pub fn apply(
        &self,
        plan: &Plan,
        order: &Order,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(Acted),
    ) -> Result<Summary, Error> {
        let (run, journal) =
            self.store.begin(&self.setting.stamp(), &order.action, &self.setting.host, self.setting.now_s)?;
        let layout = Layout::new(self.disk, &self.setting, &run, &order.action, plan);
        let mut work =
            Run { executor: self, order, journal, layout, tell, summary: Summary::new(&run), freed: Freed::default() };
        for plan::Refused { group, reason } in order.refused.clone() {
            work.refuse(Refused { group, step: None, path: None, reason });
        }
        let mut batch = Batch::default();
        for asked in asked_of(plan, order.which) {
            if batch.is_full(&asked) {
                work.carry_out(std::mem::take(&mut batch), stop)?;
            }
            if stop.load(Ordering::Relaxed) {
                break;
            }
            batch.add(asked);
        }
        work.carry_out(batch, stop)?;
        work.end(stop)
    }
}

/// The groups of a plan with the steps that are wanted of each.
fn asked_of(plan: &Plan, which: Which) -> Vec<Asked<'_>> {
    let mut asked: Vec<Asked<'_>> = Vec::new();
    for (number, group, file) in steps(plan) {
        if matches!(which, Which::Pair(wanted) if wanted != number) {
            continue;
        }
        match asked.last_mut().filter(|last| last.group.number == group.number) {
            Some(last) => last.wanted.push((number, file)),
            None => asked.push(Asked { group, wanted: vec![(number, file)] }),
        }
    }
    asked
}

#[derive(Default)]
struct Batch<'p> {
    asked: Vec<Asked<'p>>,
    steps: usize,
    bytes: u64,
}

impl<'p> Batch<'p> {
    fn is_full(&self, next: &Asked<'_>) -> bool {
        self.steps > 0 && (self.steps + next.wanted.len() > STEPS_AT_ONCE || self.bytes >= BYTES_AT_ONCE)
    }

    fn add(&mut self, asked: Asked<'p>) {
        self.steps += asked.wanted.len();
        self.bytes += asked.wanted.iter().map(|(_, file)| file.identity.bytes).sum::<u64>();
        self.asked.push(asked);
    }
}

/// A step that is about to be done: which of the plan it is, and how.
pub(crate) struct Prepared {
    pub(crate) group: u64,
    pub(crate) number: u64,
    pub(crate) step: Step,
}

struct Run<'r, 'd, D: Disk> {
    executor: &'r Executor<'d, D>,
    order: &'r Order,
    journal: Journal<'d, D>,
    layout: Layout<'d, D>,
    tell: &'r mut dyn FnMut(Acted),
    summary: Summary,
    freed: Freed,
}

impl<D: Disk> Run<'_, '_, D> {
    fn carry_out(&mut self, batch: Batch<'_>, stop: &AtomicBool) -> Result<(), Error> {
        let mut prepared = Vec::new();
        for looked in self.look_at(&batch.asked, stop) {
            match looked {
                Ok(group) => self.prepare(&group, &mut prepared),
                Err(refused) => self.refuse(refused),
            }
        }
        if prepared.is_empty() {
            return Ok(());
        }
        for Prepared { step, .. } in &prepared {
            self.write(&Record::Intent(Box::new(step.clone())))?;
        }
        self.sync()?;
        let outcomes = self.perform(&prepared);
        let outcomes = self.make_durable(&prepared, outcomes)?;
        for (prepared, outcome) in prepared.into_iter().zip(outcomes) {
            self.account(prepared, outcome);
        }
        Ok(())
    }

    /// Looks at all groups, several at once, and gives what was found in their order.
    fn look_at(&self, asked: &[Asked<'_>], stop: &AtomicBool) -> Vec<Result<Verified, Refused>> {
        let (next, known) = (AtomicUsize::new(0), travellers::Listed::default());
        let found: Mutex<Vec<(usize, Result<Verified, Refused>)>> = Mutex::default();
        let look = || {
            while let Some((at, asked)) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                asked.get(at).map(|asked| (at, asked)).filter(|_| !stop.load(Ordering::Relaxed))
            } {
                let looked = verify(self.executor.disk, self.executor.judge, asked, (&self.order.action, &known));
                found.lock().unwrap_or_else(PoisonError::into_inner).push((at, looked));
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.executor.setting.threads.min(asked.len()) {
                scope.spawn(look);
            }
            look();
        });
        let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, looked)| looked).collect()
    }

    /// Works out the steps of a group; a file that cannot go in the way that is wanted stops no other.
    fn prepare(&mut self, group: &Verified, prepared: &mut Vec<Prepared>) {
        for victim in &group.victims {
            let steps = match self.guard(group, victim) {
                Some(reason) => Err(reason),
                None => self.layout.steps_for(group, victim, &mut self.journal),
            };
            match steps {
                Ok(steps) => prepared.extend(steps),
                Err(reason) => {
                    let (group, step, path) = (group.group, Some(victim.number), Some(victim.path.clone()));
                    self.refuse(Refused { group, step, path, reason });
                }
            }
        }
    }

    /// Why a file may not go in bulk.
    fn guard(&self, group: &Verified, victim: &Ready) -> Option<String> {
        match self.order.which {
            Which::Pair(_) => None,
            Which::Bulk if !group.tier.is_exact() => {
                Some("it is not exactly the same picture: only a pair that you confirm is acted on".to_owned())
            }
            Which::Bulk if victim.guarded.is_empty() => None,
            Which::Bulk => {
                Some(format!("{} would be lost: the file that stays has not the same", victim.guarded.join(", ")))
            }
        }
    }

    /// Does the steps in their order; after one that fails, nothing more of its group.
    fn perform(&self, prepared: &[Prepared]) -> Vec<Outcome> {
        let (disk, mut known) = (self.executor.disk, Known::default());
        let mut outcomes: Vec<Outcome> = Vec::with_capacity(prepared.len());
        let mut stopped = None;
        for (at, Prepared { group, step, .. }) in prepared.iter().enumerate() {
            if stopped == Some(*group) {
                outcomes.push(Outcome::Back("an earlier step of its group failed".to_owned()));
                continue;
            }
            let outcome = deed::perform(disk, step, &mut known);
            if !matches!(outcome, Outcome::Done(_)) {
                stopped = Some(*group);
                // A picture does not go without what belongs to it.
                let of_picture = |other: &Prepared| step.sidecar_of == Some(other.step.number);
                let belongs = |other: &Prepared| {
                    of_picture(other) || step.sidecar_of.is_some() && other.step.sidecar_of == step.sidecar_of
                };
                for (earlier, outcome) in prepared.iter().zip(outcomes.iter_mut()).take(at).rev() {
                    if belongs(earlier) && matches!(outcome, Outcome::Done(_)) {
                        *outcome = take_back(disk, &earlier.step, "what belongs to it could not go with it".to_owned());
                    }
                }
            }
            outcomes.push(outcome);
        }
        outcomes
    }

    /// Returns once all is on the disk, and the journal says so. What cannot be brought there is taken back.
    fn make_durable(&mut self, prepared: &[Prepared], mut outcomes: Vec<Outcome>) -> Result<Vec<Outcome>, Error> {
        let disk = self.executor.disk;
        let mut touched = Touched::default();
        prepared.iter().for_each(|prepared| touched.add(&prepared.step));
        let written = touched.sync(disk).and_then(|()| self.write_down(prepared, &outcomes));
        let Err(cause) = written else { return Ok(outcomes) };
        for (prepared, outcome) in prepared.iter().zip(outcomes.iter_mut()).rev() {
            if matches!(outcome, Outcome::Done(_)) {
                *outcome = take_back(disk, &prepared.step, "it could not be brought to the disk".to_owned());
            }
        }
        // Where this fails as well, `recover` finds out.
        drop(touched.sync(disk).and_then(|()| self.write_down(prepared, &outcomes)));
        Err(cause)
    }

    fn write_down(&mut self, prepared: &[Prepared], outcomes: &[Outcome]) -> Result<(), Error> {
        for (prepared, outcome) in prepared.iter().zip(outcomes) {
            self.write(&record_of(prepared.step.number, outcome))?;
        }
        self.sync()
    }

    fn account(&mut self, prepared: Prepared, outcome: Outcome) {
        let Prepared { group, number, step } = prepared;
        match outcome {
            Outcome::Done(_) => {
                self.summary.count_done(&step);
                self.freed.count(&step);
                (self.tell)(Acted::done(&self.order.action, group, number, &step));
            }
            Outcome::Back(reason) | Outcome::Held(reason) => {
                self.refuse(Refused { group, step: Some(number), path: Some(step.victim), reason });
            }
        }
    }

    fn refuse(&mut self, refused: Refused) {
        self.summary.refused += 1;
        (self.tell)(Acted::Refused(refused));
    }

    fn end(mut self, stop: &AtomicBool) -> Result<Summary, Error> {
        self.write(&Record::End { refused: self.summary.refused })?;
        self.sync()?;
        self.summary.bytes = self.freed.bytes;
        let is_interrupted = stop.load(Ordering::Relaxed);
        self.summary.is_interrupted = is_interrupted;
        let Self { executor, order, journal, layout, mut summary, tell, .. } = self;
        drop(journal);
        layout.leave_empty();
        let is_whole = !is_interrupted && summary.refused == 0;
        let which = match order.action {
            Action::Delete if is_whole => Purge::Equal,
            Action::Trash | Action::Move(_) => Purge::Carried,
            _ => return Ok(summary),
        };
        let mut refused = Vec::new();
        let purged = executor.purge(&summary.run, which, stop, &mut |undone| {
            if let Undone::Refused { path, at, reason } = undone {
                let reason = format!("it is not gone for good: {reason}; it lies at `{}`", at.display());
                refused.push(Refused { group: 0, step: None, path: Some(path), reason });
            }
        })?;
        summary.purged = purged.done;
        summary.is_interrupted |= purged.is_interrupted;
        summary.refused += refused.len() as u64;
        refused.into_iter().for_each(|refused| tell(Acted::Refused(refused)));
        Ok(summary)
    }

    fn write(&mut self, record: &Record) -> Result<(), Error> {
        self.journal.add(record).map_err(Error::disk("write the journal of", self.summary.run.clone()))
    }

    fn sync(&mut self) -> Result<(), Error> {
        self.journal.sync().map_err(Error::disk("write the journal of", self.summary.run.clone()))
    }
}

fn record_of(step: u64, outcome: &Outcome) -> Record {
    match outcome {
        Outcome::Done(identity) => Record::Done { step, identity: *identity },
        Outcome::Back(reason) => Record::Back { step, reason: reason.clone() },
        Outcome::Held(reason) => Record::Held { step, reason: reason.clone() },
    }
}

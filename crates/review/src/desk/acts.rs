//! Carries out what was shown, and brings it back: all of it through `actions`, with the same checks as the commands.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use pixtwin_actions::{
    Acted, Error, Executor, RunInfo, Setting as Actor, Undone, Which, disk::RealDisk, look_at_runs, plan::this_host,
    preview_pair,
};
use pixtwin_engine::{OpenFiles, Progress, words_of};
use pixtwin_planning::{Engine, names::shown};
use serde_json::{Value, json};

use super::{
    Desk,
    jobs::Job,
    path::PathShown,
    plans::Planned,
    table::{Absence, FileId, Table},
};

/// As many refusals are sent to the page.
const MOST_REFUSALS: usize = 1000;

/// Who acts, and where what it does is written down.
#[derive(Clone, Debug)]
pub struct Acting {
    /// The folder in which the user wants quarantines.
    pub quarantine: Option<PathBuf>,
    /// The trash of the user, which need not be there yet.
    pub home_trash: Option<PathBuf>,
    /// The number of the user.
    pub user: u32,
}

/// What a run of `apply` did to which files of the result.
#[derive(Default)]
pub(super) struct Done {
    refused: Vec<Value>,
    refused_count: u64,
    refused_steps: Vec<(u64, String)>,
    steps: Vec<u64>,
    /// Steps that are left for later by their nature: each is confirmed by itself.
    left: HashSet<u64>,
    /// How many names of each file went.
    gone: HashMap<FileId, usize>,
}

impl Desk {
    /// Does the steps of a plan, together or one pair of them.
    pub(crate) fn apply(&self, table: &Table, planned: &Planned, which: Which, job: &Job) -> Result<Value, String> {
        let mut done = Done::default();
        if which == Which::Bulk {
            done.left = planned.preview.steps.iter().filter(|step| step.needs_pair).map(|step| step.step).collect();
        }
        let steps = if which == Which::Bulk { planned.preview.steps.len() } else { 1 };
        job.set_total(steps);
        let summary = self.with_executor(|executor| {
            executor.recover()?;
            executor.apply(&planned.plan, &planned.order_of(which), &job.stop, &mut |acted| {
                job.add_done();
                done.take(&acted, planned);
            })
        })?;
        let gone = done.whole(table);
        let mut state = table.lock();
        for file in &gone {
            state.set_absence(*file, Some(Absence::Gone));
            // What was chosen was chosen among other files.
            if let Some(group) = table.group_of(*file) {
                state.choices.forget(group);
            }
        }
        let refused = if which == Which::Bulk { std::mem::take(&mut done.refused_steps) } else { Vec::new() };
        state.plans.note(planned.number, std::mem::take(&mut done.steps), refused);
        drop(state);
        self.runs_of_result
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(summary.run.clone(), (table.number, gone));
        Ok(json!({
            "run": summary.run, "done": summary.done, "sidecars": summary.sidecars, "bytes": summary.bytes,
            "refused": done.refused, "refused_count": done.refused_count, "interrupted": summary.is_interrupted,
        }))
    }

    /// Looks at one pair of a plan as `apply` would: both files are read and compared.
    pub(crate) fn look_at_pair(&self, table: &Table, planned: &Planned, step: u64) -> Option<Value> {
        let found = self
            .with_judge(|judge| preview_pair(&RealDisk, judge, &planned.plan, &planned.order_of(Which::Pair(step))));
        let step_found = found.steps.into_iter().find(|found| found.step == step)?;
        if step_found.problem.is_none() {
            table.lock().plans.look_at(planned.number, step);
        }
        Some(json!({ "loses": step_found.loses, "problem": step_found.problem, "bytes": found.bytes }))
    }

    /// Brings back what a run took.
    pub(crate) fn undo(&self, run: &str, job: &Job) -> Result<Value, String> {
        let (mut refused, mut refused_count) = (Vec::new(), 0_u64);
        let tally = self.with_executor(|executor| {
            executor.recover()?;
            executor.undo(run, &job.stop, &mut |undone| {
                job.add_done();
                if let Undone::Refused { path, at, reason } = undone {
                    refused_count += 1;
                    if refused.len() < MOST_REFUSALS {
                        let reason = format!("{reason}; it lies at {}", shown(&at));
                        refused.push(json!({ "path": PathShown::of(&path), "reason": reason }));
                    }
                }
            })
        })?;
        self.show_again(run);
        Ok(json!({
            "run": run, "done": tally.done, "bytes": tally.bytes, "refused": refused, "refused_count": refused_count,
            "interrupted": tally.is_interrupted,
        }))
    }

    /// What went with a run is shown again where it lies.
    fn show_again(&self, run: &str) {
        let runs = self.runs_of_result.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some((result, files)) = runs.get(run) else { return };
        let Some(table) = self.table().filter(|table| table.number == *result) else { return };
        let is_back = |file: &FileId| table.file(*file).is_some_and(|file| file.path().symlink_metadata().is_ok());
        let mut state = table.lock();
        for file in files.iter().filter(|file| is_back(file)) {
            if state.absence(*file) == Some(Absence::Gone) {
                state.set_absence(*file, None);
            }
        }
    }

    /// The runs of which the journals are there, the last one first.
    pub(crate) fn runs(&self) -> Result<Vec<RunInfo>, String> {
        let Some(state) = self.around.state_path().filter(|state| state.is_dir()) else { return Ok(Vec::new()) };
        let (mut runs, _) = look_at_runs(&RealDisk, &state).map_err(|cause| words(&cause))?;
        runs.retain(|run| run.host == this_host());
        // They may have been undone elsewhere.
        runs.iter().filter(|run| run.undone > 0).for_each(|run| self.show_again(&run.run));
        runs.reverse();
        Ok(runs)
    }

    fn with_executor<T>(&self, act: impl FnOnce(&Executor<'_, RealDisk>) -> Result<T, Error>) -> Result<T, String> {
        let state = self.around.state_folder()?;
        let Acting { quarantine, home_trash, user } = self.setting.acting.clone();
        let threads = self.setting.engine.threads;
        let actor = Actor { user, host: this_host(), quarantine, home_trash, threads, now_s: super::now_s() };
        self.with_judge(|judge| {
            let executor = Executor::open(&RealDisk, judge, &state, actor).map_err(|cause| words(&cause))?;
            act(&executor).map_err(|cause| words(&cause))
        })
    }

    fn with_judge<T>(&self, act: impl FnOnce(&Engine<'_>) -> T) -> T {
        let progress = Progress::default();
        act(&Engine::new(OpenFiles::new(&self.setting.engine, &progress)))
    }
}

impl Done {
    fn take(&mut self, acted: &Acted, planned: &Planned) {
        match acted {
            Acted::Done { path, step, is_sidecar, .. } => {
                if let Some(file) = planned.file(path).filter(|_| !is_sidecar) {
                    *self.gone.entry(file).or_default() += 1;
                    self.steps.push(*step);
                }
            }
            Acted::Refused(refused) if refused.step.is_some_and(|step| self.left.contains(&step)) => {}
            Acted::Refused(refused) => {
                self.refused_count += 1;
                self.refused_steps.extend(refused.step.map(|step| (step, refused.reason.clone())));
                if self.refused.len() < MOST_REFUSALS {
                    let path = refused.path.as_deref().map(PathShown::of);
                    let (group, step, reason) = (refused.group, refused.step, &refused.reason);
                    self.refused.push(json!({ "path": path, "step": step, "group": group, "reason": reason }));
                }
            }
        }
    }

    /// The files of which all names went.
    fn whole(&self, table: &Table) -> Vec<FileId> {
        let is_whole =
            |(file, names): &(&FileId, &usize)| table.file(**file).is_some_and(|found| found.paths.len() <= **names);
        self.gone.iter().filter(is_whole).map(|(file, _)| *file).collect()
    }
}

/// An error of `actions` as a sentence.
fn words(cause: &Error) -> String {
    match cause {
        Error::Disk { step, path, source } => format!("cannot {step} `{}`: {}", shown(path), words_of(source)),
        Error::Busy(path) => {
            format!("another pixtwin is at work with the state folder `{}`: try again after it", shown(path))
        }
        other => other.to_string(),
    }
}

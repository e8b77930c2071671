//! Plans as they are shown before they are carried out, and what is carried out is what was shown.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use pixtwin_actions::{
    Action, Order, Preview, Which,
    disk::RealDisk,
    plan::{Group, Plan, Refused, Task},
    preview,
};
use pixtwin_engine::OpenFiles;
use pixtwin_planning::{Decider, Decision, FoundGroup, Rules};

use super::{
    choices::Choice,
    jobs::Job,
    table::{FileId, GroupId, State, Table},
    verdicts::{self, Known},
};

/// The plan that was made last.
#[derive(Default)]
pub(crate) struct Plans {
    made: u64,
    last: Option<Arc<Planned>>,
    /// The steps of it that were done.
    done: HashSet<u64>,
    /// The steps of it that were refused with the others, and why: each may be confirmed by itself.
    refused: HashMap<u64, String>,
    /// The steps of it that were looked at as pairs.
    looked: HashSet<u64>,
    /// Whether its steps were done together.
    is_applied: bool,
}

/// A plan, as it was read back from what `apply` would be given.
pub(crate) struct Planned {
    pub(crate) number: u64,
    pub(crate) plan: Plan,
    pub(crate) order: Order,
    pub(crate) preview: Preview,
    /// Which file of the result each path is.
    files: HashMap<PathBuf, FileId>,
}

impl Plans {
    /// The plan with this number, if it is the last.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<Planned>> {
        self.last.as_ref().filter(|planned| planned.number == number).cloned()
    }

    fn keep(&mut self, mut planned: Planned) -> u64 {
        let made = self.made + 1;
        planned.number = made;
        *self = Self { made, last: Some(Arc::new(planned)), ..Self::default() };
        made
    }

    /// Lets go of the plan, since what it was made of holds no more.
    pub(crate) fn forget(&mut self) {
        *self = Self { made: self.made, ..Self::default() };
    }

    fn is_last(&self, plan: u64) -> bool {
        self.last.as_ref().is_some_and(|planned| planned.number == plan)
    }

    /// Notes which steps of a plan were done, and which were refused.
    pub(crate) fn note(&mut self, plan: u64, done: Vec<u64>, refused: Vec<(u64, String)>) {
        if self.is_last(plan) {
            self.done.extend(done);
            self.refused.extend(refused);
        }
    }

    /// Whether a step was done.
    pub(crate) fn is_done(&self, step: u64) -> bool {
        self.done.contains(&step)
    }

    /// Why a step was refused with the others, if it was.
    pub(crate) fn refusal(&self, step: u64) -> Option<&str> {
        self.refused.get(&step).map(String::as_str)
    }

    /// Notes that a pair of a plan was looked at.
    pub(crate) fn look_at(&mut self, plan: u64, step: u64) {
        if self.is_last(plan) {
            self.looked.insert(step);
        }
    }

    /// Whether these steps of a plan may be done now: all together once, a pair after it was looked at.
    pub(crate) fn may(&self, plan: u64, which: Which) -> bool {
        self.is_last(plan)
            && match which {
                Which::Bulk => !self.is_applied,
                Which::Pair(step) => self.looked.contains(&step),
            }
    }

    /// The same, and notes that they are being done.
    pub(crate) fn take(&mut self, plan: u64, which: Which) -> bool {
        let may = self.may(plan, which);
        if may {
            self.set(which, true);
        }
        may
    }

    /// They could not be begun: they may be done yet.
    pub(crate) fn put_back(&mut self, plan: u64, which: Which) {
        if self.is_last(plan) {
            self.set(which, false);
        }
    }

    fn set(&mut self, which: Which, is_taken: bool) {
        match which {
            Which::Bulk => self.is_applied = is_taken,
            Which::Pair(step) if is_taken => {
                self.looked.remove(&step);
            }
            Which::Pair(step) => {
                self.looked.insert(step);
            }
        }
    }
}

impl Planned {
    /// Which file of the result lies there.
    pub(crate) fn file(&self, path: &Path) -> Option<FileId> {
        self.files.get(path).copied()
    }

    /// The same order, for one pair of the plan.
    pub(crate) fn order_of(&self, which: Which) -> Order {
        Order { action: self.order.action.clone(), which, refused: self.order.refused.clone() }
    }
}

/// Makes the plan of all that was chosen, and looks what it would do.
///
/// # Errors
/// Why it cannot be made, as a sentence.
///
/// # Cost
/// Asks the system about every file; reads whole those that need not be equal.
pub(crate) fn make(
    table: &Table,
    (rules, files, differing): (&Rules, &OpenFiles<'_>, &Known),
    action: Action,
    (job, made_s): (&Job, i64),
) -> Result<u64, String> {
    let chosen = chosen(table);
    job.set_total(chosen.len());
    let unread = table.found.unread_paths();
    let mut decider = Decider::new(rules, files, &unread);
    let (mut groups, mut refused, mut ids) = (Vec::with_capacity(chosen.len()), Vec::new(), HashMap::new());
    for number in chosen {
        if job.is_stopped() {
            return Err("the plan was not made to its end".to_owned());
        }
        let refuse = |reason| Refused { group: number as u64 + 1, reason };
        match arrange(table, number, (&mut decider, differing), &mut ids) {
            Ok(Group { undecided: Some(reason), .. }) | Err(reason) => refused.push(refuse(reason)),
            Ok(group) => groups.push(group),
        }
        job.add_done();
    }
    let header = rules.header(&groups, made_s);
    let (plan, broken) = read_back(&Plan { header, groups })?;
    refused.extend(broken);
    let order = Order { action, which: Which::Bulk, refused };
    let preview = preview(&RealDisk, &plan, &order);
    let planned = Planned { number: 0, plan, order, preview, files: ids };
    Ok(table.lock().plans.keep(planned))
}

/// The groups of which a file would go.
fn chosen(table: &Table) -> Vec<GroupId> {
    let state = table.lock();
    let goes = |decision: &Option<Decision>| decision.as_ref().is_some_and(|decision| decision.task == Task::Remove);
    let is_chosen = |group: &GroupId| match state.choices.of(*group) {
        Choice::Made(made) => made.decisions.iter().any(goes) && table.is_shown(&state, *group),
        Choice::Open | Choice::Undecided(_) => false,
    };
    (0..table.found.groups.len()).filter(is_chosen).collect()
}

/// What was chosen for a group, held against its files as they are now, and against what was said of its pictures.
fn arrange(
    table: &Table,
    number: GroupId,
    (decider, differing): (&mut Decider<'_>, &Known),
    ids: &mut HashMap<PathBuf, FileId>,
) -> Result<Group, String> {
    let nothing = || "nothing is left to do with its files: they are one file, or stand in another group".to_owned();
    let (found, said, files) = {
        let state = table.lock();
        let (found, places) = table.remaining(&state, number).ok_or_else(nothing)?;
        let first = table.first_file(number);
        let said: Vec<Decision> = places.iter().map(|at| said_of(&state, number, *at)).collect();
        (found, said, places.into_iter().map(move |at| first + at).collect::<Vec<FileId>>())
    };
    if is_said_to_differ(&found, &said, differing) {
        return Err("a file would go by one of which you said that it is not the same picture".to_owned());
    }
    let group = decider.arrange(&found, &said).group.ok_or_else(nothing)?;
    for (file, number) in found.files.iter().zip(files) {
        for path in &file.paths {
            // Plans have paths without symbolic links in their folders.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if let Some((folder, name)) = folder.canonicalize().ok().zip(path.file_name()) {
                ids.insert(folder.join(name), number);
            }
        }
    }
    Ok(group)
}

/// Whether a file would go that is held against one of which somebody said that it is another picture.
fn is_said_to_differ(found: &FoundGroup, said: &[Decision], differing: &Known) -> bool {
    let digests = |task: Task| {
        let files = found.files.iter().zip(said).filter(move |(_, decision)| decision.task == task);
        files.filter_map(|(file, _)| file.digest)
    };
    // Those that go are held against the first that stays.
    let mut kept = digests(Task::Keep).take(1);
    kept.any(|kept| digests(Task::Remove).any(|gone| differing.contains(&verdicts::ordered((kept, gone)))))
}

fn said_of(state: &State, group: GroupId, at: usize) -> Decision {
    let left = || Decision { task: Task::Leave, reason: "nothing was said of it".to_owned() };
    state.choices.of_file(group, at).cloned().unwrap_or_else(left)
}

/// Writes a plan and reads it as `apply` does, with all that is checked there.
fn read_back(plan: &Plan) -> Result<(Plan, Vec<Refused>), String> {
    let mut written = Vec::new();
    plan.write(&mut written).map_err(|cause| cause.to_string())?;
    Plan::read(written.as_slice()).map_err(|cause| cause.to_string())
}

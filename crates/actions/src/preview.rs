//! What a plan would do, as far as that is known without reading the files.

use std::path::PathBuf;

use crate::{
    apply::{Order, Which, steps},
    disk::{Disk, Kind, State},
    error::words_of,
    freed::Freed,
    plan::{File, Group, Plan, Task},
    spot::Spot,
    step::Action,
};

/// A step that would be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previewed {
    /// Its number, by which it is called.
    pub step: u64,
    /// The number of its group.
    pub group: u64,
    /// The file that would go.
    pub path: PathBuf,
    /// The file that stays.
    pub kept: PathBuf,
    /// Why that one stays.
    pub reason: String,
    /// Why it would be refused, as far as that can be seen.
    pub problem: Option<String>,
}

/// What a plan would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// The steps, in the order of the plan.
    pub steps: Vec<Previewed>,
    /// Bytes that would be free once nothing holds the files that went; what has further names, or shares blocks, frees none.
    pub bytes: u64,
}

/// Looks what a plan would do. Nothing is read or changed: whether two files are still the same is asked when it is done.
/// The files that would go are opened, to ask which blocks they share.
pub fn preview<D: Disk>(disk: &D, plan: &Plan, order: &Order) -> Preview {
    let (mut found, mut freed) = (Preview::default(), Freed::default());
    for (step, group, file) in steps(plan) {
        if matches!(order.which, Which::Pair(wanted) if wanted != step) {
            continue;
        }
        let looked = look(disk, file);
        if let Ok(state) = &looked
            && !matches!(order.action, Action::Reflink | Action::Move(_))
        {
            let place = (state.identity.device, state.identity.inode);
            freed.count_name(place, state.names, own_bytes(disk, file));
        }
        let keeper = group.files.iter().find(|file| file.task == Task::Keep);
        let problem = looked.err().or_else(|| problem_of(group, keeper.map(|keeper| look(disk, keeper)), order.which));
        found.steps.push(Previewed {
            step,
            group: group.number,
            path: file.path.clone(),
            kept: keeper.map(|keeper| keeper.path.clone()).unwrap_or_default(),
            reason: keeper.map(|keeper| keeper.reason.clone()).unwrap_or_default(),
            problem,
        });
    }
    found.bytes = freed.bytes;
    found
}

fn look<D: Disk>(disk: &D, file: &File) -> Result<State, String> {
    match Spot::of(disk, &file.path).and_then(|spot| spot.look()) {
        Ok(Some(state)) if state.kind == Kind::File && state.identity == file.identity => Ok(state),
        Ok(_) => Err("it is not what it was when the plan was made".to_owned()),
        Err(cause) => Err(words_of(&cause)),
    }
}

/// What the file has for itself; one that cannot be opened shares nothing that is known.
fn own_bytes<D: Disk>(disk: &D, file: &File) -> u64 {
    let bytes = file.identity.bytes;
    let opened = Spot::of(disk, &file.path).and_then(|spot| spot.open());
    opened.map_or(bytes, |opened| disk.own_bytes(&opened, bytes))
}

fn problem_of(group: &Group, keeper: Option<Result<State, String>>, which: Which) -> Option<String> {
    match keeper {
        None => Some("no file of its group stays".to_owned()),
        Some(Err(reason)) => Some(format!("of the file that stays: {reason}")),
        Some(Ok(_)) if which == Which::Bulk && !group.tier.is_exact() => {
            Some("it is not exactly the same picture: only a pair that you confirm is acted on".to_owned())
        }
        Some(Ok(_)) => None,
    }
}

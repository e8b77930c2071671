//! What a plan would do, as far as that is known without reading the files.

use std::path::PathBuf;

use crate::{
    apply::{Order, Which, steps},
    disk::{Disk, Kind, State},
    error::words_of,
    freed::Freed,
    judge::Judge,
    plan::{File, Plan, Task},
    spot::Spot,
    step::Action,
    travellers,
    verify::{Asked, verify},
};

/// Why a step of pictures that need not be equal is not done with the others.
const NEEDS_PAIR: &str = "it is not exactly the same picture: only a pair that you confirm is acted on";

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
    /// Whether nothing stands in its way but that it is acted on only as a pair that is confirmed.
    pub needs_pair: bool,
    /// What would be lost with it, where that was looked at.
    pub loses: Vec<String>,
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
        let keeper = group.files.iter().find(|file| file.task == Task::Keep);
        let hindrance = looked.as_ref().err().cloned();
        let hindrance = hindrance.or_else(|| hindrance_of(keeper.map(|keeper| look(disk, keeper))));
        let needs_pair = hindrance.is_none() && order.which == Which::Bulk && !group.tier.is_exact();
        let problem = hindrance.or_else(|| needs_pair.then(|| NEEDS_PAIR.to_owned()));
        if let (Ok(state), None) = (&looked, &problem)
            && !matches!(order.action, Action::Reflink | Action::Move(_))
        {
            let place = state.identity.place();
            freed.count_name(place, state.names, own_bytes(disk, file));
        }
        found.steps.push(Previewed {
            step,
            group: group.number,
            path: file.path.clone(),
            kept: keeper.map(|keeper| keeper.path.clone()).unwrap_or_default(),
            reason: keeper.map(|keeper| keeper.reason.clone()).unwrap_or_default(),
            problem,
            needs_pair,
            loses: Vec::new(),
        });
    }
    found.bytes = freed.bytes;
    found
}

/// Looks what the one step of a plan that is asked for would do, as if it were done: both files are read and compared, and
/// what would be lost with the one that goes is found.
///
/// # Cost
/// As of the step itself.
pub fn preview_pair<D: Disk>(disk: &D, judge: &dyn Judge, plan: &Plan, order: &Order) -> Preview {
    let mut found = preview(disk, plan, order);
    for previewed in &mut found.steps {
        let Some((number, group, file)) = steps(plan).find(|(number, _, _)| *number == previewed.step) else {
            continue;
        };
        let asked = Asked { group, wanted: vec![(number, file)] };
        match verify(disk, judge, &asked, (&order.action, &travellers::Listed::default())) {
            Ok(verified) => {
                previewed.loses = verified.victims.into_iter().flat_map(|victim| victim.guarded).collect();
            }
            Err(refused) => previewed.problem = Some(refused.reason),
        }
    }
    found
}

fn look<D: Disk>(disk: &D, file: &File) -> Result<State, String> {
    match Spot::of(disk, &file.path).and_then(|spot| spot.look()) {
        Ok(Some(state)) if state.kind == Kind::File && state.identity.is_with_other_names(&file.identity) => Ok(state),
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

fn hindrance_of(keeper: Option<Result<State, String>>) -> Option<String> {
    match keeper {
        None => Some("no file of its group stays".to_owned()),
        Some(Err(reason)) => Some(format!("of the file that stays: {reason}")),
        Some(Ok(_)) => None,
    }
}

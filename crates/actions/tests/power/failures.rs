//! Every call of every command fails once, with every error, whether it did what it was to do or not: nothing is lost, and
//! nothing untrue is said.

use std::path::PathBuf;

use pixtwin_actions::Acted;
use pixtwin_testkit::cases;
use rustix::io::Errno;

use crate::{
    found::Found,
    library::Library,
    oracle::{is_quarantine, outside},
    scene::{Scene, Struck, layouts},
    sim::{Trouble, Way},
    stage::{Act, Said, actions},
};

const ERRORS: [Errno; 8] =
    [Errno::IO, Errno::NOSPC, Errno::ACCESS, Errno::XDEV, Errno::ROFS, Errno::MLINK, Errno::STALE, Errno::INTR];

/// What was tried.
#[derive(Debug, Default)]
struct Tried {
    failures: u64,
    /// The command said that it failed, or refused something.
    told: u64,
    /// It was done all the same, wholly.
    done: u64,
    found: Found,
}

impl Tried {
    /// Every failure of a command.
    fn fail(&mut self, scene: &Scene<'_>, name: &str) {
        let unstruck = scene.run(Trouble::None);
        let calls = unstruck.world.meter.log.clone();
        for (at, call) in (1..).zip(&calls) {
            for (number, errno) in ERRORS.into_iter().enumerate() {
                for way in ways(call).iter().copied() {
                    // Of the many, each call is tried with one error in the ordinary run.
                    let turn = at + number as u64 + self.failures / 3;
                    if !turn.is_multiple_of(u64::from(cases(29, 1))) {
                        continue;
                    }
                    let name = format!("{name}, {:?}, call {at} ({call}) says {errno:?}, done {way:?}", scene.act);
                    self.failures += 1;
                    let struck = scene.run(Trouble::Fail { at, errno, way });
                    let mut found = std::mem::take(&mut self.found);
                    found.within(&name, || self.judge(scene, &unstruck, struck, at));
                    self.found = found;
                }
            }
        }
    }

    fn judge(&mut self, scene: &Scene<'_>, unstruck: &Struck, struck: Struck, seed: u64) {
        let said = &struck.said;
        let (wanted, counts) = (unstruck.said.counts(), said.counts());
        let is_same = (acted(said), &said.undone, counts) == (acted(&unstruck.said), &unstruck.said.undone, wanted);
        if said.error.is_some() || !is_same || !said.held.is_empty() {
            self.told += 1;
            assert!(said.error.is_some() || counts.1 > 0 || !said.held.is_empty(), "no failure: {said:?}");
        } else {
            self.done += 1;
            assert_eq!(outside(&struck.world), outside(&unstruck.world), "not done, and not told: {said:?}");
        }
        // What was said is so even if the power is cut now.
        scene.outlive(struck.world.clone().after_cut(seed), said);
        scene.outlive(struck.world, said);
    }
}

/// What was said, but for the place in a quarantine: if it cannot be made in one folder, it is made in another.
fn acted(said: &Said) -> Vec<Acted> {
    let mut acted = said.acted.clone();
    for one in &mut acted {
        if let Acted::Done { at, .. } = one
            && is_quarantine(at)
        {
            *at = PathBuf::new();
        }
    }
    acted
}

fn ways(call: &str) -> &'static [Way] {
    match call {
        "append" => &[Way::Before, Way::After, Way::Half],
        "folder" | "open" | "state" | "folder_state" | "look" | "read_at" | "lend" | "read_link" | "list"
        | "open_to_append" | "lock" => &[Way::Before],
        _ => &[Way::Before, Way::After],
    }
}

#[test]
fn failing_calls_lose_nothing_and_are_told_of() {
    let mut tried = Tried::default();
    for action in actions() {
        for layout in &layouts(&action)[..cases(1, 2) as usize] {
            let library = Library::new(*layout);
            let scenes = Scene::all(&library, &action);
            let cut_off = scenes[0].run(Trouble::Cut { at: 25 });
            if cut_off.world.meter.is_off {
                let world = cut_off.world.after_cut(0);
                let recover = Scene { world, act: Act::Recover, ..scenes[0].clone() };
                tried.fail(&recover, &format!("{action:?}, {layout:?}"));
            }
            for scene in scenes {
                tried.fail(&scene, &format!("{action:?}, {layout:?}"));
            }
        }
    }
    let Tried { failures, told, done, found } = tried;
    println!("soak: simulated failing calls: {failures}, of which {told} told of and {done} made up for");
    found.end();
}

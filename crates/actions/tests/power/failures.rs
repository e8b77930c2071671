//! Every call of every command fails once, with every error, whether it did what it was to do or not: nothing is lost, and
//! nothing untrue is said.

use std::path::PathBuf;

use pixtwin_actions::{Acted, Action};
use pixtwin_testkit::cases;
use rustix::io::Errno;

use crate::{
    found::Found,
    library::{FAR, Library, NEAR},
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
    /// How many power cuts are tried after each.
    cuts: u64,
    found: Found,
}

impl Tried {
    /// Every failure of a command, or, in the ordinary run, some of them.
    fn fail(&mut self, scene: &Scene<'_>, name: &str) {
        let most = u64::from(cases(43, 1));
        self.fail_some(scene, name, |turn, _, _, _| turn.is_multiple_of(most));
    }

    /// The failures of a command that are wanted: by a running number, the call, the error and what was done.
    fn fail_some(&mut self, scene: &Scene<'_>, name: &str, is_wanted: impl Fn(u64, &str, Errno, Way) -> bool) {
        let unstruck = scene.run(Trouble::None);
        let calls = unstruck.world.meter.log.clone();
        for (at, call) in (1..).zip(&calls) {
            for (number, errno) in ERRORS.into_iter().enumerate() {
                for way in ways(call).iter().copied() {
                    let turn = at + number as u64 + self.failures / 3;
                    if !is_wanted(turn, call, errno, way) {
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
        for cut in 0..self.cuts {
            scene.outlive(struck.world.clone().after_cut(seed * 100 + cut), said);
        }
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
        "sync" => &[Way::Before, Way::After, Way::Lost],
        "folder" | "open" | "state" | "folder_state" | "look" | "read_at" | "lend" | "read_link" | "list"
        | "open_to_append" | "lock" => &[Way::Before],
        _ => &[Way::Before, Way::After],
    }
}

#[test]
fn failing_calls_lose_nothing_and_are_told_of() {
    let mut tried = Tried { cuts: 1, ..Tried::default() };
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
    let Tried { failures, told, done, found, .. } = tried;
    println!("soak: simulated failing calls: {failures}, of which {told} told of and {done} made up for");
    found.end();
}

/// Where something once went wrong: how files went, the layout, the command (apply, undo, purge), and the call that failed.
fn once_wrong() -> [(Action, usize, usize, &'static str, Way); 19] {
    let (near, far) = (Action::Move(NEAR.into()), Action::Move(FAR.into()));
    [
        // A folder was taken for kept that the call before had not made.
        (Action::Quarantine, 1, 0, "make_folder", Way::After),
        (near.clone(), 1, 0, "make_folder", Way::After),
        (Action::Trash, 1, 0, "make_folder", Way::After),
        // What was gone was said to lie in quarantine.
        (Action::Delete, 0, 0, "unlink", Way::After),
        (Action::Quarantine, 0, 2, "unlink", Way::After),
        // A note stayed in the trash.
        (Action::Trash, 0, 1, "rename", Way::After),
        (Action::Trash, 0, 1, "sync_folder", Way::Before),
        // What lay where it was held was said to lie at its name.
        (Action::HardLink, 0, 1, "exchange", Way::Before),
        (Action::Symlink, 0, 1, "read_link", Way::Before),
        // A part of a copy stayed.
        (far, 0, 1, "create", Way::After),
        (near.clone(), 0, 1, "unlink", Way::After),
        // Nothing went wrong here: what was not written is read as if it had been, until the power is cut.
        (near.clone(), 0, 0, "sync", Way::Lost),
        (near.clone(), 0, 1, "sync", Way::Lost),
        (near, 1, 2, "sync", Way::Lost),
        (Action::Trash, 0, 0, "sync", Way::Lost),
        (Action::Trash, 1, 1, "sync", Way::Lost),
        (Action::HardLink, 0, 0, "sync", Way::Lost),
        (Action::HardLink, 1, 1, "sync", Way::Lost),
        (Action::Delete, 1, 0, "sync", Way::Lost),
    ]
}

#[test]
fn what_once_went_wrong() {
    let mut tried = Tried { cuts: 8, ..Tried::default() };
    for (action, layout, act, wanted, done) in once_wrong() {
        let layout = layouts(&action)[layout];
        let library = Library::new(layout);
        let scene = &Scene::all(&library, &action)[act];
        tried.fail_some(scene, &format!("{action:?}, {layout:?}"), |_, call, errno, way| {
            (call, errno, way) == (wanted, Errno::IO, done)
        });
    }
    assert!(tried.failures > 50, "{}", tried.failures);
    tried.found.end();
}

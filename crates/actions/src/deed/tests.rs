//! What somebody does between the last look and the change.

use std::{fs, path::Path};

use pixtwin_testkit::Dir;

use super::*;
use crate::{
    disk::RealDisk,
    plan::Tier,
    put_back::{Put, put_back},
    step::Holder,
    test_disk::{Meddling, Step as Call},
};

fn identity(path: &Path) -> Identity {
    Spot::of(&RealDisk, path).unwrap().look().unwrap().unwrap().identity
}

/// A step in a folder of twins `keeper` and `victim`, and an empty quarantine.
fn step(dir: &Dir, deed: Deed, holder: Holder) -> Step {
    dir.write("keeper", "one").write("victim", "one").mkdir("held");
    let root = dir.path().canonicalize().unwrap();
    let path = root.join("keeper");
    let kept = Some(Kept { identity: identity(&path), path });
    let (victim, held) = (root.join("victim"), root.join("held/1"));
    let (number, identity, names, own_bytes) = (1, identity(&victim), 1, None);
    let (tier, note, sidecar_of) = (Tier::Bytes, None, None);
    Step { number, victim, identity, names, own_bytes, kept, tier, deed, held, holder, note, sidecar_of }
}

/// Somebody saves another file under the name of the victim: the same length, the same time.
fn replaced(step: &Step) -> impl FnOnce() + Send + 'static {
    let victim = step.victim.clone();
    move || {
        let new = victim.with_file_name("new");
        fs::write(&new, "two").unwrap();
        let modified = victim.metadata().unwrap().modified().unwrap();
        fs::File::options().write(true).open(&new).unwrap().set_modified(modified).unwrap();
        fs::rename(&new, &victim).unwrap();
    }
}

#[test]
fn another_file_that_was_taken_for_it_has_its_name_again() {
    for (deed, holder, call) in [
        (Deed::Aside, Holder::Quarantine, Call::Rename),
        (Deed::Aside, Holder::Others, Call::Rename),
        (Deed::HardLink, Holder::Quarantine, Call::Exchange),
        (Deed::Symlink { target: "keeper".into() }, Holder::Quarantine, Call::Exchange),
    ] {
        let dir = Dir::new();
        let step = step(&dir, deed.clone(), holder);
        let disk = Meddling::before(call, replaced(&step));
        let outcome = perform(&disk, &step, &mut Known::default());
        assert!(matches!(outcome, Outcome::Back(_)), "{deed:?}: {outcome:?}");
        assert_eq!((dir.read("keeper"), dir.read("victim")), (b"one".to_vec(), b"two".to_vec()), "{deed:?}");
        assert_eq!(fs::read_dir(dir.join("held")).unwrap().count(), 0, "{deed:?}");
    }
}

#[test]
fn another_file_that_was_taken_for_it_is_found_after_a_crash() {
    let dir = Dir::new();
    let step = step(&dir, Deed::Aside, Holder::Quarantine);
    replaced(&step)();
    fs::rename(&step.victim, &step.held).unwrap();
    assert_eq!(put_back(&RealDisk, &step).unwrap(), Put::Back);
    assert_eq!(dir.read("victim"), b"two");
    // Not if its name is taken.
    fs::rename(&step.victim, &step.held).unwrap();
    dir.write("victim", "three");
    assert_eq!(put_back(&RealDisk, &step).unwrap(), Put::Occupied);
    assert_eq!((dir.read("victim"), dir.read("held/1")), (b"three".to_vec(), b"two".to_vec()));
}

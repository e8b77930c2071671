//! There and back on a real disk: every action, undone.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::{
    ffi::OsStr,
    fs::File,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use pixtwin_actions::{
    Acted, Action, Executor, Judge, Order, Particulars, Purge, Setting, Summary, Which,
    disk::{Disk, RealDisk},
    plan::{self, Group, Header, Plan, Task, Tier},
};
use pixtwin_testkit::Dir;

/// Nothing here is the same picture but equal files.
struct Bytes;

impl Judge for Bytes {
    fn has_same_pixels(&self, _: &File, _: &File) -> Result<bool, String> {
        Ok(false)
    }

    fn particulars(&self, _: &File) -> Result<Particulars, String> {
        Ok(Particulars::default())
    }
}

fn planned(dir: &Dir, groups: &[&[(Task, &str)]]) -> Plan {
    let root = dir.path().canonicalize().unwrap();
    let file = |(task, name): &(Task, &str)| {
        let path = root.join(name);
        let folder = RealDisk.folder(path.parent().unwrap()).unwrap();
        let identity = RealDisk.look(&folder, path.file_name().unwrap()).unwrap().unwrap().identity;
        plan::File { task: *task, path, identity, blake3: None, reason: String::new() }
    };
    let group = |(number, files): (u64, &&[(Task, &str)])| Group {
        number,
        tier: Tier::Bytes,
        undecided: None,
        files: files.iter().map(file).collect(),
    };
    let header =
        Header { host: "here".into(), made_s: 0, roots: vec![root.clone()], references: vec![], rules: vec![] };
    Plan { header, groups: (1..).zip(groups).map(group).collect() }
}

fn executor<'d>(dir: &Dir) -> Executor<'d, RealDisk> {
    let state = dir.home().join("state");
    std::fs::create_dir_all(&state).unwrap();
    let setting = Setting {
        user: dir.path().metadata().unwrap().uid(),
        host: "here".into(),
        quarantine: Some(dir.path().canonicalize().unwrap()),
        home_trash: Some(dir.home().join("Trash")),
        threads: 2,
        now_s: 1_700_000_000,
    };
    Executor::open(&RealDisk, &Bytes, &state.canonicalize().unwrap(), setting).unwrap()
}

/// Name, content, mode, time and inode of a file.
type Row = (String, Vec<u8>, u32, i64, u64);

fn tree(dir: &Dir) -> Vec<Row> {
    let names = dir.names();
    let row = |name: &PathBuf| {
        let path = dir.path().join(name);
        let state = path.symlink_metadata().unwrap();
        let content = if state.is_symlink() { Vec::new() } else { std::fs::read(&path).unwrap() };
        (name.display().to_string(), content, state.permissions().mode(), state.mtime_nsec(), state.ino())
    };
    names.iter().map(row).collect()
}

fn act(dir: &Dir, plan: &Plan, action: Action) -> (Summary, Vec<Acted>) {
    let mut told = Vec::new();
    let order = Order { action, which: Which::Bulk, refused: Vec::new() };
    let mut tell = |acted| told.push(acted);
    let summary = executor(dir).apply(plan, &order, &AtomicBool::new(false), &mut tell).unwrap();
    (summary, told)
}

#[test]
fn what_went_comes_back() {
    let within = Dir::new();
    let near = Action::Move(within.path().canonicalize().unwrap());
    for action in [Action::Quarantine, Action::HardLink, Action::Symlink, Action::Trash, near] {
        let dir = Dir::new();
        dir.write("a/1.jpg", "one").write("b/1.jpg", "one").write("b/2.jpg", "one").write("c/x", "x");
        dir.link("b/2.jpg", "b/3.jpg");
        let before = tree(&dir);
        let remove = |name| (Task::Remove, name);
        let going = ["b/1.jpg", "b/2.jpg", "b/3.jpg"];
        let plan = planned(&dir, &[&[(Task::Keep, "a/1.jpg"), remove(going[0]), remove(going[1]), remove(going[2])]]);
        let (summary, told) = act(&dir, &plan, action.clone());
        assert_eq!((summary.done, summary.refused), (3, 0), "{told:?}");
        assert_ne!(tree(&dir), before);
        for path in going.map(|name| dir.join(name)) {
            let inode = |path: &Path| path.metadata().unwrap().ino();
            match &action {
                Action::HardLink => assert_eq!(inode(&path), inode(&dir.join("a/1.jpg"))),
                Action::Symlink => assert_eq!(path.read_link().unwrap(), Path::new("../a/1.jpg")),
                _ => assert!(!path.exists()),
            }
        }
        if let Action::Move(folder) = &action {
            assert_eq!(std::fs::read(folder.join("b/2.jpg")).unwrap(), b"one");
        }
        let tally = executor(&dir).undo(&summary.run, &AtomicBool::new(false), &mut |_| {}).unwrap();
        assert_eq!((tally.done, tally.refused), (3, 0));
        assert_eq!(tree(&dir), before);
        let again = executor(&dir).undo(&summary.run, &AtomicBool::new(false), &mut |_| {}).unwrap();
        assert_eq!((again.done, again.refused), (0, 0));
    }
}

#[test]
fn deleted_files_are_gone_and_the_kept_is_there() {
    let dir = Dir::new();
    dir.write("a", "one").write("b", "one").write("c", "two");
    let plan = planned(&dir, &[&[(Task::Keep, "a"), (Task::Remove, "b")]]);
    let (summary, told) = act(&dir, &plan, Action::Delete);
    assert_eq!((summary.done, summary.purged, summary.refused), (1, 1, 0), "{told:?}");
    assert_eq!(dir.names(), [OsStr::new("a"), OsStr::new("c")]);
}

#[test]
fn what_went_is_not_purged_once_the_kept_file_is_another() {
    let dir = Dir::new();
    dir.write("a", "one").write("b", "one");
    let plan = planned(&dir, &[&[(Task::Keep, "a"), (Task::Remove, "b")]]);
    let (summary, _) = act(&dir, &plan, Action::Quarantine);
    let refuses = || {
        let tally = executor(&dir).purge(&summary.run, Purge::Equal, &AtomicBool::new(false), &mut |_| {}).unwrap();
        assert_eq!((tally.done, tally.refused), (0, 1));
    };
    dir.write("a", "two");
    refuses();
    std::fs::remove_file(dir.join("a")).unwrap();
    refuses();
    executor(&dir).undo(&summary.run, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!(dir.read("b"), b"one");
}

#[test]
fn what_belongs_to_a_picture_travels_with_it_and_guards_it() {
    let dir = Dir::new();
    dir.write("a/1.jpg", "one").write("a/1.jpg.xmp", "note").write("b/1.jpg", "one").write("b/1.jpg.xmp", "note");
    dir.write("c/1.jpg", "one").write("c/1.jpg.xmp", "a note of its own");
    let before = tree(&dir);
    let plan = planned(&dir, &[&[(Task::Keep, "a/1.jpg"), (Task::Remove, "b/1.jpg"), (Task::Remove, "c/1.jpg")]]);
    let (summary, told) = act(&dir, &plan, Action::Quarantine);
    assert_eq!((summary.done, summary.sidecars, summary.refused), (1, 1, 1), "{told:?}");
    assert!(!dir.join("b/1.jpg.xmp").exists() && dir.join("c/1.jpg").exists() && dir.join("c/1.jpg.xmp").exists());
    let order = Order { action: Action::Quarantine, which: Which::Pair(2), refused: Vec::new() };
    let pair = executor(&dir).apply(&plan, &order, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!((pair.done, pair.sidecars, pair.refused), (1, 1, 0));
    assert!(!dir.join("c/1.jpg").exists() && !dir.join("c/1.jpg.xmp").exists());
    for run in [pair.run, summary.run] {
        assert_eq!(executor(&dir).undo(&run, &AtomicBool::new(false), &mut |_| {}).unwrap().done, 2);
    }
    assert_eq!(tree(&dir), before);
}

#[test]
fn what_goes_to_another_file_system_comes_back() {
    let (elsewhere, dir) = (tempfile::TempDir::new_in("/dev/shm").unwrap(), Dir::new());
    dir.write("a/1.jpg", "one").write("b/1.jpg", "one").chmod("b/1.jpg", 0o640);
    dir.write("c/1.jpg", "two").write("d/1.jpg", "two").link("d/1.jpg", "d/2.jpg");
    let before = tree(&dir);
    let linked = [(Task::Keep, "c/1.jpg"), (Task::Remove, "d/1.jpg"), (Task::Remove, "d/2.jpg")];
    let plan = planned(&dir, &[&[(Task::Keep, "a/1.jpg"), (Task::Remove, "b/1.jpg")], &linked]);
    let folder = elsewhere.path().canonicalize().unwrap();
    let (summary, told) = act(&dir, &plan, Action::Move(folder.clone()));
    // Of several names of one file, copies would be several files.
    assert_eq!((summary.done, summary.purged, summary.refused), (1, 1, 2), "{told:?}");
    assert!(!dir.join("b/1.jpg").exists() && dir.join("d/1.jpg").exists());
    assert_eq!(std::fs::read(folder.join("b/1.jpg")).unwrap(), b"one");
    let tally = executor(&dir).undo(&summary.run, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!((tally.done, tally.refused), (1, 0));
    let without_numbers = |rows: Vec<Row>| rows.into_iter().map(|(a, b, c, d, _)| (a, b, c, d)).collect::<Vec<_>>();
    assert_eq!(without_numbers(tree(&dir)), without_numbers(before));
    // Nor are folders left that were made for it.
    assert!(!folder.join("b").exists());
}

#[test]
fn a_folder_that_became_a_link_stops_nobody_else_from_coming_back() {
    let dir = Dir::new();
    dir.write("a/1", "one").write("b/1", "one").write("c/1", "one").mkdir("d");
    let going = [(Task::Keep, "a/1"), (Task::Remove, "b/1"), (Task::Remove, "c/1")];
    let plan = planned(&dir, &[&going]);
    let (summary, _) = act(&dir, &plan, Action::Quarantine);
    std::fs::rename(dir.join("b"), dir.join("away")).unwrap();
    dir.symlink("d", "b");
    let tally = executor(&dir).undo(&summary.run, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!((tally.done, tally.refused), (1, 1));
    assert!(dir.join("c/1").exists());
    assert!(executor(&dir).recover().unwrap().is_empty());
    // It waits until its folder is there again.
    std::fs::remove_file(dir.join("b")).unwrap();
    std::fs::rename(dir.join("away"), dir.join("b")).unwrap();
    let tally = executor(&dir).undo(&summary.run, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!((tally.done, tally.refused), (1, 0));
    assert_eq!(dir.read("b/1"), b"one");
}

#[test]
fn a_file_is_not_its_own_keeper() {
    let dir = Dir::new();
    dir.write("a", "one").write("b", "one");
    let plan = planned(&dir, &[&[(Task::Keep, "a"), (Task::Remove, "b")]]);
    let (summary, _) = act(&dir, &plan, Action::Quarantine);
    let held = dir.names().into_iter().find(|name| name.to_str().unwrap().starts_with(".pixtwin-quarantine-")).unwrap();
    std::fs::remove_file(dir.join("a")).unwrap();
    std::fs::hard_link(dir.path().join(&held), dir.join("a")).unwrap();
    let tally = executor(&dir).purge(&summary.run, Purge::Equal, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!((tally.done, tally.refused), (0, 1));
    assert!(dir.path().join(held).exists());
}

#[test]
fn a_new_file_with_the_number_of_a_lost_one_is_not_brought_back() {
    let dir = Dir::new();
    dir.write("a", "one").write("b", "one");
    let plan = planned(&dir, &[&[(Task::Keep, "a"), (Task::Remove, "b")]]);
    let (summary, _) = act(&dir, &plan, Action::Quarantine);
    let held = dir.names().into_iter().find(|name| name.to_str().unwrap().starts_with(".pixtwin-quarantine-")).unwrap();
    let number = dir.path().join(&held).metadata().unwrap().ino();
    std::fs::remove_file(dir.path().join(held)).unwrap();
    dir.write("b", "another");
    let is_reused = dir.join("b").metadata().unwrap().ino() == number;
    let tally = executor(&dir).undo(&summary.run, &AtomicBool::new(false), &mut |_| {}).unwrap();
    assert_eq!((tally.done, tally.refused), (0, 1), "the number is reused: {is_reused}");
    assert_eq!(dir.read("b"), b"another");
}

#[test]
fn an_empty_quarantine_of_a_run_that_ended_goes_with_the_next_recover() {
    let dir = Dir::new();
    dir.write("a", "one").write("b", "one");
    let plan = planned(&dir, &[&[(Task::Keep, "a"), (Task::Remove, "b")]]);
    let (summary, _) = act(&dir, &plan, Action::Quarantine);
    let quarantine =
        dir.path().read_dir().unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    assert!(executor(&dir).recover().unwrap().is_empty());
    assert!(quarantine.join(&summary.run).exists());
    executor(&dir).undo(&summary.run, &AtomicBool::new(false), &mut |_| {}).unwrap();
    // As it is if the undo is killed a moment before its end.
    std::fs::create_dir_all(quarantine.join(&summary.run)).unwrap();
    assert!(executor(&dir).recover().unwrap().is_empty());
    assert!(!quarantine.exists());
}

#[test]
fn a_reference_file_is_the_target_of_no_hard_link() {
    let dir = Dir::new();
    dir.write("albums/1.jpg", "one").write("b/1.jpg", "one").link("albums/1.jpg", "c.jpg");
    let before = tree(&dir);
    let others = [(Task::Leave, "albums/1.jpg"), (Task::Remove, "b/1.jpg")];
    for keeper in ["albums/1.jpg", "c.jpg"] {
        let other_name = if keeper == "c.jpg" { others[0] } else { (Task::Leave, "c.jpg") };
        let mut plan = planned(&dir, &[&[(Task::Keep, keeper), other_name, others[1]]]);
        plan.header.references = vec![dir.path().canonicalize().unwrap().join("albums")];
        let (summary, told) = act(&dir, &plan, Action::HardLink);
        assert_eq!((summary.done, summary.refused), (0, 1), "{told:?}");
        let reason = "the file that stays lies in a reference folder, and a hard link would change it";
        assert!(format!("{told:?}").contains(reason), "{told:?}");
        assert_eq!(tree(&dir), before);
    }
    let mut plan =
        planned(&dir, &[&[(Task::Keep, "b/1.jpg"), (Task::Remove, "albums/1.jpg"), (Task::Remove, "c.jpg")]]);
    plan.header.references = vec![dir.path().canonicalize().unwrap().join("c")];
    assert_eq!(act(&dir, &plan, Action::HardLink).0.done, 2);
}

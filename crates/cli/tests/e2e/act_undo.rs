//! The way back: after every kind of run that was completed, `undo` leaves all as it was before.

use std::path::Path;

use pixtwin_testkit::{Snapshot, cases};
use serde_json::Value;

use crate::acts::{ACTIONS, Album, decide, is_victim, read_plan, write_plan};

/// The disks that a library may lie on. Only the first two let two files share their blocks.
const DISKS: [&str; 4] = ["xfs", "btrfs", "ext4", "tmpfs"];

#[track_caller]
fn applied(album: &Album, action: &str, what: &str) -> i32 {
    let ran = album.pixtwin(&album.apply(action)).end();
    assert!([0, 4].contains(&ran.code), "{what}: code {}, {}{}", ran.code, ran.out(), ran.err());
    ran.code
}

#[track_caller]
fn undone(album: &Album, words: &[&str], what: &str) {
    let ran = album.pixtwin(&[&["undo", "--yes"], words].concat()).end();
    assert_eq!(ran.code, 0, "{what}: {}{}", ran.out(), ran.err());
}

#[test]
fn undo_restores_names_bytes_modes_owners_times_attributes_and_links() {
    let mut restored = 0;
    for (number, disk) in DISKS.into_iter().enumerate() {
        // The many on one disk; the others are for what disks do differently.
        let album = Album::on(disk, u64::from(if number == 0 { cases(60, 4000) } else { cases(10, 200) }));
        for action in ACTIONS {
            let what = format!("{disk}, {action}");
            album.fill(action).plan(action);
            let (before, census) = (album.library(), album.census());
            let code = applied(&album, action, &what);
            let now = album.library();
            let can = action != "reflink" || number < 2;
            assert_eq!(code, if can { 0 } else { 4 }, "{what}");
            album.assert_pictures(&what);
            album.assert_no_strays(&before, &what);
            if action == "delete" {
                assert_said_gone(&album, &before, &what);
                continue;
            }
            assert_eq!(album.census().fewer_since(&census), 0, "{what}");
            if action != "reflink" {
                assert_eq!(now.unchanged_among(&before, |name| is_victim(action, name)), 0, "{what}");
            }
            undone(&album, &[], &what);
            album.library().assert_same(&before, &what);
            assert_eq!(album.census(), census, "{what}");
            restored += before.len();
            // There is nothing more to undo, and nothing is done.
            let again = album.pixtwin(&["undo", "--yes"]).end();
            assert!(again.code == 0 || again.code == 2, "{what}: {}", again.err());
            album.library().assert_same(&before, &format!("{what}, a second undo"));
        }
    }
    println!("soak: undo: {restored} names restored of {restored}, on {DISKS:?} after {ACTIONS:?}");
}

/// After the victims are gone for good, undo says so, and changes nothing.
#[track_caller]
fn assert_said_gone(album: &Album, before: &Snapshot, what: &str) {
    let now = album.library();
    let left: Vec<_> = now.names().filter(|name| is_victim("delete", name)).collect();
    assert!(left.is_empty(), "{what}: {left:?}");
    let undo = album.pixtwin(&["undo", "--yes"]).end();
    assert_ne!(undo.code, 0, "{what}: {}{}", undo.out(), undo.err());
    assert!(undo.err().contains("purged"), "{what}: {}", undo.err());
    album.library().assert_same(&now, what);
    assert!(now.len() < before.len());
}

#[test]
fn undo_after_purge_says_so() {
    let album = Album::new(20);
    for action in ["quarantine", "hardlink", "symlink"] {
        album.fill(action).plan(action);
        let before = album.library();
        applied(&album, action, action);
        let purged = album.pixtwin(&["purge", "--yes"]).end();
        assert_eq!(purged.code, 0, "{action}: {}{}", purged.out(), purged.err());
        album.assert_pictures(action);
        album.assert_no_strays(&before, action);
        let is_set_aside = |name: &Path| name.as_os_str().as_encoded_bytes().starts_with(b".pixtwin");
        let now = album.library();
        assert_eq!(now.count(is_set_aside), 0, "{action}");
        let undo = album.pixtwin(&["undo", "--yes"]).end();
        assert_ne!(undo.code, 0, "{action}: {}{}", undo.out(), undo.err());
        assert!(undo.err().contains("purged"), "{action}: {}", undo.err());
        album.library().assert_same(&now, action);
    }
}

#[test]
fn an_older_run_is_undone_alone() {
    let album = Album::new(20);
    album.fill("quarantine").plan("quarantine");
    let before = album.library();
    let plan = album.seen("aside/plan");
    // Two runs: the files of `b` and then those of `c`.
    let mut lines = read_plan(&plan);
    for folder in ["b", "c"] {
        decide(&mut lines, |path| match path.parent().unwrap().file_name().unwrap().to_str().unwrap() {
            "a" => "keep",
            other if other == folder => "remove",
            _ => "leave",
        });
        write_plan(&plan, &lines);
        assert_eq!(
            applied(&album, "quarantine", folder),
            4 * i32::from(folder == "b"),
            "names of one file go together"
        );
    }
    let listed = album.pixtwin(&["runs", "--format", "json"]).end();
    let mut runs: Vec<Value> = listed.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    runs.retain(|line| line["type"] == "run");
    assert_eq!(runs.len(), 2, "{}", listed.out());
    let first = runs.iter().map(|run| run["run"].as_str().unwrap()).min().unwrap();
    let between = album.library();
    undone(&album, &[first], "the first");
    let now = album.library();
    let of = |folder: &'static str| move |name: &Path| name.starts_with(folder);
    assert_eq!(now.unchanged_among(&before, of("b")), before.count(of("b")));
    assert_eq!(now.unchanged_among(&between, of("c")), between.count(of("c")));
    undone(&album, &[], "the other");
    album.library().assert_same(&before, "both");
}

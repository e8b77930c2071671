//! What a power cut leaves, call by call.

use std::{collections::BTreeSet, ffi::OsStr, path::Path};

use pixtwin_actions::disk::Disk as _;
use rustix::io::Errno;

use super::*;

const ROOT: (u32, u32) = (0, 0);

fn disk(model: Model) -> SimDisk {
    let disk = SimDisk::new(model, ROOT);
    let mut world = disk.world();
    for folder in ["/a", "/b"] {
        world.put_folder(folder);
    }
    world.put_file("/a/old", b"old");
    drop(world);
    disk
}

fn name(name: &str) -> &OsStr {
    OsStr::new(name)
}

/// The files that are left after power cuts of many kinds: names and contents.
fn left(model: Model, run: impl Fn(&SimDisk)) -> BTreeSet<Vec<(String, String)>> {
    let told = |seed| {
        let disk = disk(model);
        run(&disk);
        let seen = disk.into_world().after_cut(seed).seen();
        let text = |content: &Vec<u8>| content.escape_ascii().to_string();
        seen.iter().filter_map(|(path, (_, node))| Some((path.display().to_string(), text(node.content()?)))).collect()
    };
    (0..400).map(told).collect()
}

fn names(left: &BTreeSet<Vec<(String, String)>>) -> BTreeSet<String> {
    left.iter().map(|files| files.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")).collect()
}

fn set<const COUNT: usize>(of: [&str; COUNT]) -> BTreeSet<String> {
    of.map(str::to_owned).into()
}

#[test]
fn what_was_not_asked_for_may_be_torn() {
    for model in [Model::Ordered, Model::Loose] {
        let write = |disk: &SimDisk, is_kept: bool| {
            let folder = disk.folder(Path::new("/b")).unwrap();
            let file = disk.create(&folder, name("new")).unwrap();
            disk.append(&file, b"kept").unwrap();
            disk.sync(&file).unwrap();
            disk.append(&file, b" more").unwrap();
            if is_kept {
                disk.sync(&file).unwrap();
            }
            disk.sync_folder(&folder).unwrap();
        };
        let contents: BTreeSet<_> =
            left(model, |disk| write(disk, false)).into_iter().map(|files| files[1].1.clone()).collect();
        assert!(contents.iter().all(|content| content.starts_with("kept")), "{contents:?}");
        for (torn, is_there) in
            [("kept", true), ("kept m", true), ("kept more", true), (r"kept\x00\x00\x00\x00\x00", true), ("", false)]
        {
            assert_eq!(contents.contains(torn), is_there, "{model:?}: {torn}");
        }
        assert!(contents.len() > 30, "garbage: {contents:?}");
        let contents: BTreeSet<_> =
            left(model, |disk| write(disk, true)).into_iter().map(|files| files[1].1.clone()).collect();
        assert_eq!(contents, set(["kept more"]));
    }
}

#[test]
fn in_the_ordered_model_the_first_so_many_changes_are_left() {
    let rename_and_link = |disk: &SimDisk| {
        let (a, b) = (disk.folder(Path::new("/a")).unwrap(), disk.folder(Path::new("/b")).unwrap());
        disk.rename((&a, name("old")), (&b, name("moved"))).unwrap();
        disk.link((&b, name("moved")), (&a, name("again"))).unwrap();
        disk.unlink(&b, name("moved")).unwrap();
    };
    let wanted = ["/a/old", "/b/moved", "/a/again /b/moved", "/a/again"];
    assert_eq!(names(&left(Model::Ordered, rename_and_link)), set(wanted));
    let and_sync = |disk: &SimDisk| {
        let (a, b) = (disk.folder(Path::new("/a")).unwrap(), disk.folder(Path::new("/b")).unwrap());
        disk.rename((&a, name("old")), (&b, name("moved"))).unwrap();
        disk.link((&b, name("moved")), (&a, name("again"))).unwrap();
        disk.sync_folder(&a).unwrap();
        disk.unlink(&b, name("moved")).unwrap();
    };
    assert_eq!(names(&left(Model::Ordered, and_sync)), set(["/a/again /b/moved", "/a/again"]));
}

#[test]
fn in_the_loose_model_two_folders_know_nothing_of_each_other() {
    // The link may be lost though the name that was taken away later is gone: what nobody must rely on.
    let link_and_unlink = |disk: &SimDisk| {
        let (a, b) = (disk.folder(Path::new("/a")).unwrap(), disk.folder(Path::new("/b")).unwrap());
        disk.link((&a, name("old")), (&b, name("new"))).unwrap();
        disk.unlink(&a, name("old")).unwrap();
    };
    assert_eq!(names(&left(Model::Loose, link_and_unlink)), set(["/a/old", "/a/old /b/new", "/b/new", ""]));
    // A rename still is whole, and one of its folders is enough to keep it.
    let rename = |disk: &SimDisk, is_kept: bool| {
        let (a, b) = (disk.folder(Path::new("/a")).unwrap(), disk.folder(Path::new("/b")).unwrap());
        disk.rename((&a, name("old")), (&b, name("new"))).unwrap();
        if is_kept {
            disk.sync_folder(&a).unwrap();
        }
    };
    assert_eq!(names(&left(Model::Loose, |disk| rename(disk, false))), set(["/a/old", "/b/new"]));
    assert_eq!(names(&left(Model::Loose, |disk| rename(disk, true))), set(["/b/new"]));
    // A new folder is kept in the one above it, not by itself.
    let folder = |disk: &SimDisk, is_kept: bool| {
        let (a, b) = (disk.folder(Path::new("/a")).unwrap(), disk.folder(Path::new("/b")).unwrap());
        disk.make_folder(&b, name("c")).unwrap();
        let c = disk.folder(Path::new("/b/c")).unwrap();
        if is_kept {
            disk.sync_folder(&b).unwrap();
        }
        disk.rename((&a, name("old")), (&c, name("new"))).unwrap();
        disk.sync_folder(&c).unwrap();
    };
    assert_eq!(names(&left(Model::Loose, |disk| folder(disk, false))), set(["", "/b/c/new"]));
    assert_eq!(names(&left(Model::Loose, |disk| folder(disk, true))), set(["/b/c/new"]));
}

#[test]
fn the_call_of_that_number_is_struck_and_no_other() {
    let make = |trouble: Trouble| {
        let disk = disk(Model::Ordered);
        disk.world().meter.trouble = trouble;
        let made = disk.folder(Path::new("/a")).and_then(|folder| {
            let made = ["one", "two", "three"].map(|made| disk.make_folder(&folder, name(made)).is_ok());
            disk.list(&folder).map(|there| (made, there.len()))
        });
        made.map_err(|error| error.kind())
    };
    assert_eq!(make(Trouble::None), Ok(([true, true, true], 4)));
    let fail = |at, way| Trouble::Fail { at, errno: Errno::ROFS, way };
    assert_eq!(make(fail(1, Way::Before)), Err(std::io::ErrorKind::ReadOnlyFilesystem));
    assert_eq!(make(fail(3, Way::Before)), Ok(([true, false, true], 3)));
    assert_eq!(make(fail(3, Way::After)), Ok(([true, false, true], 4)));
    // Once the power is off, nothing answers.
    assert_eq!(make(Trouble::Cut { at: 2 }), Err(std::io::ErrorKind::Other));
    assert_eq!(make(Trouble::Cut { at: 4 }), Ok(([true, true, true], 4)));
}

#[test]
fn half_of_what_was_to_be_added_may_be_there() {
    let written = |way| {
        let disk = disk(Model::Ordered);
        let folder = disk.folder(Path::new("/a")).unwrap();
        let file = disk.open_to_append(&folder, name("old")).unwrap();
        disk.world().meter.trouble = Trouble::Fail { at: 3, errno: Errno::NOSPC, way };
        assert_eq!(disk.append(&file, b" and new").unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        let mut content = [0; 20];
        let length = disk.read_at(&file, &mut content, 0).unwrap();
        content[..length].escape_ascii().to_string()
    };
    assert_eq!([Way::Before, Way::Half, Way::After].map(written), ["old", "old and", "old and new"]);
}

#[test]
fn what_a_sync_lost_is_not_kept_by_the_next() {
    let disk = disk(Model::Ordered);
    let folder = disk.folder(Path::new("/a")).unwrap();
    let file = disk.open_to_append(&folder, name("old")).unwrap();
    disk.append(&file, b" lost").unwrap();
    disk.world().meter.trouble = Trouble::Fail { at: 4, errno: Errno::IO, way: Way::Lost };
    disk.sync(&file).unwrap_err();
    disk.append(&file, b" kept").unwrap();
    disk.sync(&file).unwrap();
    let content = |disk: &SimDisk| disk.world().seen()[Path::new("/a/old")].1.content().unwrap().clone();
    assert_eq!(content(&disk), b"old lost kept");
    assert_eq!(content(&disk.into_world().after_cut(0).into()), b"old\0\0\0\0\0 kept");
}

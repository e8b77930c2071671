use std::{
    fs::{File, Permissions},
    os::{
        fd::BorrowedFd,
        unix::fs::{MetadataExt, PermissionsExt, symlink},
    },
    process::Command,
    time::SystemTime,
};

use rustix::fs::{FileType, Timespec, Timestamps, XattrFlags, fgetxattr, fsetxattr, futimens, mknodat};
use tempfile::TempDir;

use super::*;
use crate::disk::Identity;

/// A folder of its own for each test: its path has no link in it, for links are refused.
fn place() -> (TempDir, PathBuf, RealFolder) {
    let kept = TempDir::new().unwrap();
    let path = kept.path().canonicalize().unwrap();
    let folder = RealDisk.folder(&path).unwrap();
    (kept, path, folder)
}

fn name(text: &str) -> &OsStr {
    OsStr::new(text)
}

fn errno(error: &io::Error) -> Option<Errno> {
    Errno::from_io_error(error)
}

#[test]
fn folders_are_opened_without_following_links() {
    let (_kept, path, _) = place();
    fs::create_dir_all(path.join("real/deeper")).unwrap();
    symlink("real", path.join("link")).unwrap();
    symlink("deeper", path.join("real/last")).unwrap();
    for way in [open::folder, open::walk] {
        assert!(way(&path.join("real/deeper")).is_ok());
        assert!(way(Path::new("/")).is_ok());
        for wrong in ["link/deeper", "link", "real/last", "real/none"] {
            assert!(way(&path.join(wrong)).is_err(), "{wrong}");
        }
    }
    assert_eq!(errno(&open::folder(&path.join("link/deeper")).unwrap_err()), Some(Errno::LOOP));
    for wrong in ["", ".", "real", "/tmp/../tmp"] {
        assert_eq!(open::folder(Path::new(wrong)).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{wrong}");
    }
    let process = format!("/proc/{}/cwd", std::process::id());
    assert!(open::folder(Path::new(&process)).is_err());
    assert!(open::walk(Path::new(&process)).is_err());
}

#[test]
fn a_path_longer_than_the_system_takes_at_once_is_walked() {
    let (_kept, path, mut folder) = place();
    let long = "x".repeat(250);
    let mut whole = path;
    for _ in 0..20 {
        RealDisk.make_folder(&folder, name(&long)).unwrap();
        folder = RealFolder(rustix::fs::openat(&folder.0, &long[..], OFlags::DIRECTORY, Mode::empty()).unwrap());
        whole.push(&long);
    }
    assert!(whole.as_os_str().len() > 5000);
    let found = RealDisk.folder(&whole).unwrap();
    assert_eq!(RealDisk.folder_state(&found).unwrap(), RealDisk.folder_state(&folder).unwrap());
}

#[test]
fn only_regular_files_are_opened_and_nothing_waits() {
    let (_kept, path, folder) = place();
    fs::write(path.join("file"), "text").unwrap();
    fs::create_dir(path.join("folder")).unwrap();
    symlink("file", path.join("link")).unwrap();
    mknodat(&folder.0, "pipe", FileType::Fifo, Mode::RWXU, 0).unwrap();
    // What comes there after it was looked at is not followed either, and not waited for.
    let open = |entry: &str| rustix::fs::openat(&folder.0, entry, OFlags::RDONLY | open::CAREFUL, Mode::empty());
    assert_eq!(open("link").unwrap_err(), Errno::LOOP);
    assert!(open("pipe").is_ok());
    let kinds = [("file", Kind::File), ("folder", Kind::Folder), ("link", Kind::Symlink), ("pipe", Kind::Other)];
    for (entry, kind) in kinds {
        assert_eq!(RealDisk.look(&folder, name(entry)).unwrap().unwrap().kind, kind);
        assert_eq!(RealDisk.open(&folder, name(entry)).is_ok(), kind == Kind::File, "{entry}");
        assert_eq!(RealDisk.open_to_append(&folder, name(entry)).is_ok(), kind == Kind::File, "{entry}");
    }
    assert_eq!(RealDisk.look(&folder, name("none")).unwrap(), None);
    assert_eq!(errno(&RealDisk.open(&folder, name("none")).unwrap_err()), Some(Errno::NOENT));
    assert_eq!(RealDisk.read_link(&folder, name("link")).unwrap(), Path::new("file"));
    let mut listed = RealDisk.list(&folder).unwrap();
    listed.sort();
    assert_eq!(listed, ["file", "folder", "link", "pipe"]);
    assert_eq!(RealDisk.list(&folder).unwrap().len(), 4);
}

#[test]
fn names_that_are_paths_are_refused_everywhere() {
    let (_kept, path, folder) = place();
    fs::create_dir(path.join("in")).unwrap();
    fs::write(path.join("in/file"), "").unwrap();
    for wrong in ["", ".", "..", "in/file", "/", "in/"] {
        let wrong = name(wrong);
        let (from, to) = ((&folder, wrong), (&folder, name("new")));
        let outcomes = [
            RealDisk.look(&folder, wrong).map(drop),
            RealDisk.open(&folder, wrong).map(drop),
            RealDisk.open_to_append(&folder, wrong).map(drop),
            RealDisk.create(&folder, wrong).map(drop),
            RealDisk.read_link(&folder, wrong).map(drop),
            RealDisk.rename(from, to),
            RealDisk.rename(to, from),
            RealDisk.exchange(from, to),
            RealDisk.link(from, to),
            RealDisk.link(to, from),
            RealDisk.symlink(Path::new("x"), from),
            RealDisk.unlink(&folder, wrong),
            RealDisk.make_folder(&folder, wrong),
            RealDisk.remove_folder(&folder, wrong),
        ];
        for outcome in outcomes {
            assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
    }
    assert_eq!(RealDisk.list(&folder).unwrap(), ["in"]);
}

#[test]
fn states_say_what_the_standard_library_says() {
    let (_kept, path, folder) = place();
    fs::write(path.join("file"), "12345").unwrap();
    fs::hard_link(path.join("file"), path.join("other")).unwrap();
    fs::set_permissions(path.join("file"), Permissions::from_mode(0o4640)).unwrap();
    let file = RealDisk.open(&folder, name("file")).unwrap();
    let seen = RealDisk.state(&file).unwrap();
    let known = fs::symlink_metadata(path.join("file")).unwrap();
    let identity = Identity {
        device: known.dev(),
        inode: known.ino(),
        bytes: 5,
        modified_ns: known.mtime() * 1_000_000_000 + known.mtime_nsec(),
        changed_ns: known.ctime() * 1_000_000_000 + known.ctime_nsec(),
    };
    assert_eq!(seen.identity, identity);
    assert_eq!((seen.names, seen.mode, seen.owner), (2, 0o4640, (known.uid(), known.gid())));
    assert_eq!(RealDisk.look(&folder, name("other")).unwrap(), Some(seen));
    let of_folder = RealDisk.folder_state(&folder).unwrap();
    assert_eq!((of_folder.kind, of_folder.mount), (Kind::Folder, seen.mount));
    let elsewhere = RealDisk.folder(Path::new("/proc")).unwrap();
    assert_ne!(RealDisk.folder_state(&elsewhere).unwrap().mount, seen.mount);
}

#[test]
fn reading_leaves_the_time_of_the_last_read_and_lends_from_the_start() {
    let (_kept, path, folder) = place();
    fs::write(path.join("file"), "0123456789").unwrap();
    let old = Timestamps { last_access: Timespec { tv_sec: 1000, tv_nsec: 7 }, ..now() };
    futimens(File::open(path.join("file")).unwrap(), &old).unwrap();
    let file = RealDisk.open(&folder, name("file")).unwrap();
    let mut part = [0; 4];
    assert_eq!(RealDisk.read_at(&file, &mut part, 7).unwrap(), 3);
    assert_eq!(&part[..3], b"789");
    assert_eq!(RealDisk.read_at(&file, &mut part, 10).unwrap(), 0);
    for _ in 0..2 {
        assert_eq!(io::read_to_string(RealDisk.lend(&file).unwrap()).unwrap(), "0123456789");
    }
    let known = fs::metadata(path.join("file")).unwrap();
    assert_eq!((known.atime(), known.atime_nsec()), (1000, 7));
}

fn now() -> Timestamps {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let now = Timespec { tv_sec: since.as_secs().try_into().unwrap(), tv_nsec: 0 };
    Timestamps { last_access: now, last_modification: now }
}

type Move = fn((BorrowedFd<'_>, &OsStr), (BorrowedFd<'_>, &OsStr)) -> io::Result<()>;

#[test]
fn renaming_replaces_nothing_either_way() {
    for way in [rename::to_free_name as Move, rename::in_two_steps as Move] {
        let (_kept, path, folder) = place();
        fs::create_dir(path.join("sub")).unwrap();
        let sub = RealDisk.folder(&path.join("sub")).unwrap();
        fs::write(path.join("one"), "one").unwrap();
        fs::write(path.join("two"), "two").unwrap();
        let before = RealDisk.look(&folder, name("one")).unwrap().unwrap().identity;
        let (from, here) = (folder.0.as_fd(), folder.0.as_fd());
        let refused = way((from, name("one")), (here, name("two"))).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(way((from, name("none")), (here, name("three"))).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(fs::read(path.join("one")).unwrap(), b"one");
        assert_eq!(fs::read(path.join("two")).unwrap(), b"two");
        way((from, name("one")), (sub.0.as_fd(), name("two"))).unwrap();
        let after = RealDisk.look(&sub, name("two")).unwrap().unwrap();
        assert_eq!((after.identity.inode, after.names), (before.inode, 1));
        assert!(!path.join("one").exists());
    }
}

#[test]
fn what_cannot_be_linked_is_not_renamed_in_two_steps() {
    let (_kept, path, folder) = place();
    fs::create_dir(path.join("folder")).unwrap();
    symlink("folder", path.join("link")).unwrap();
    let here = folder.0.as_fd();
    for entry in ["folder", "link"] {
        let refused = rename::in_two_steps((here, name(entry)), (here, name("new"))).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::Unsupported);
    }
    assert_eq!(RealDisk.look(&folder, name("new")).unwrap(), None);
}

#[test]
fn names_are_exchanged_linked_and_taken_away() {
    let (_kept, path, folder) = place();
    fs::write(path.join("one"), "one").unwrap();
    RealDisk.symlink(Path::new("/nowhere/at all"), (&folder, name("two"))).unwrap();
    let refused = RealDisk.symlink(Path::new("x"), (&folder, name("one"))).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
    RealDisk.exchange((&folder, name("one")), (&folder, name("two"))).unwrap();
    assert_eq!(fs::read(path.join("two")).unwrap(), b"one");
    assert_eq!(RealDisk.read_link(&folder, name("one")).unwrap(), Path::new("/nowhere/at all"));
    assert!(RealDisk.exchange((&folder, name("one")), (&folder, name("none"))).is_err());
    RealDisk.link((&folder, name("two")), (&folder, name("three"))).unwrap();
    RealDisk.link((&folder, name("one")), (&folder, name("four"))).unwrap();
    assert_eq!(RealDisk.look(&folder, name("four")).unwrap().unwrap().kind, Kind::Symlink);
    assert!(RealDisk.link((&folder, name("two")), (&folder, name("one"))).is_err());
    assert_eq!(RealDisk.look(&folder, name("two")).unwrap().unwrap().names, 2);
    RealDisk.unlink(&folder, name("two")).unwrap();
    assert_eq!(fs::read(path.join("three")).unwrap(), b"one");
}

#[test]
fn folders_are_made_for_the_owner_and_removed_empty() {
    let (_kept, path, folder) = place();
    RealDisk.make_folder(&folder, name("sub")).unwrap();
    assert_eq!(RealDisk.look(&folder, name("sub")).unwrap().unwrap().mode, 0o700);
    assert_eq!(RealDisk.make_folder(&folder, name("sub")).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert!(RealDisk.unlink(&folder, name("sub")).is_err());
    fs::write(path.join("sub/file"), "").unwrap();
    assert_eq!(errno(&RealDisk.remove_folder(&folder, name("sub")).unwrap_err()), Some(Errno::NOTEMPTY));
    assert!(RealDisk.remove_folder(&folder, name("file")).is_err());
    fs::remove_file(path.join("sub/file")).unwrap();
    RealDisk.remove_folder(&folder, name("sub")).unwrap();
    RealDisk.sync_folder(&folder).unwrap();
    assert_eq!(RealDisk.list(&folder).unwrap(), Vec::<OsString>::new());
}

#[test]
fn files_are_made_and_grow_at_their_end() {
    let (_kept, path, folder) = place();
    let file = RealDisk.create(&folder, name("file")).unwrap();
    assert_eq!(RealDisk.state(&file).unwrap().mode, 0o600);
    assert_eq!(RealDisk.create(&folder, name("file")).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    symlink("none", path.join("link")).unwrap();
    assert!(RealDisk.create(&folder, name("link")).is_err());
    let many = vec![b'x'; 5 << 20];
    RealDisk.append(&file, &many).unwrap();
    let again = RealDisk.open_to_append(&folder, name("file")).unwrap();
    RealDisk.append(&again, b"end").unwrap();
    RealDisk.append(&file, b"!").unwrap();
    RealDisk.append(&file, b"").unwrap();
    RealDisk.sync(&file).unwrap();
    let whole = fs::read(path.join("file")).unwrap();
    assert_eq!((whole.len(), whole.ends_with(b"xend!")), (many.len() + 4, true));
    let reader = RealDisk.open(&folder, name("file")).unwrap();
    assert!(RealDisk.append(&reader, b"no").is_err());
}

#[test]
fn a_write_that_ends_early_is_an_error() {
    let full = RealFile(rustix::fs::open("/dev/full", OFlags::RDWR, Mode::empty()).unwrap());
    assert_eq!(errno(&RealDisk.append(&full, b"text").unwrap_err()), Some(Errno::NOSPC));
}

#[test]
fn one_has_the_lock() {
    let (_kept, _, folder) = place();
    let first = RealDisk.create(&folder, name("lock")).unwrap();
    let second = RealDisk.open_to_append(&folder, name("lock")).unwrap();
    assert!(RealDisk.lock(&first).unwrap());
    assert!(!RealDisk.lock(&second).unwrap());
    drop(first);
    assert!(RealDisk.lock(&second).unwrap());
}

#[test]
fn a_copy_gets_all_that_the_original_has() {
    let (_kept, path, folder) = place();
    fs::write(path.join("original"), "text").unwrap();
    let handle = File::open(path.join("original")).unwrap();
    fsetxattr(&handle, "user.camera", b"a\0\xffz", XattrFlags::empty()).unwrap();
    fsetxattr(&handle, "user.empty", b"", XattrFlags::empty()).unwrap();
    fs::set_permissions(path.join("original"), Permissions::from_mode(0o4451)).unwrap();
    let stamp = |tv_sec, tv_nsec| Timespec { tv_sec, tv_nsec };
    futimens(&handle, &Timestamps { last_access: stamp(-5, 999_999_999), last_modification: stamp(1_000, 123) })
        .unwrap();
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        std::os::unix::fs::chown(path.join("original"), Some(1234), Some(4321)).unwrap();
        fs::set_permissions(path.join("original"), Permissions::from_mode(0o4451)).unwrap();
    }
    let original = RealDisk.open(&folder, name("original")).unwrap();
    let copy = RealDisk.create(&folder, name("copy")).unwrap();
    RealDisk.append(&copy, b"text").unwrap();
    RealDisk.dress(&copy, &original).unwrap();
    let (one, other) = (fs::metadata(path.join("original")).unwrap(), fs::metadata(path.join("copy")).unwrap());
    assert_eq!(other.mode() & 0o7777, 0o4451);
    assert_eq!((other.uid(), other.gid()), (one.uid(), one.gid()));
    assert_eq!(other.uid() == 1234, is_root);
    assert_eq!((other.atime(), other.atime_nsec()), (-5, 999_999_999));
    assert_eq!((other.mtime(), other.mtime_nsec()), (1_000, 123));
    let mut value = [0; 16];
    assert_eq!(fgetxattr(&copy.0, "user.camera", &mut value[..]).unwrap(), 4);
    assert_eq!(&value[..4], b"a\0\xffz");
    assert_eq!(fgetxattr(&copy.0, "user.empty", &mut value[..]).unwrap(), 0);
}

#[test]
fn a_copy_has_the_list_of_permissions_of_its_original_and_no_other() {
    let (_kept, path, folder) = place();
    let lists = |file: &str| {
        let output = Command::new("getfacl").args(["-cp", file]).current_dir(&path).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let set =
        |arguments: &[&str]| Command::new("setfacl").args(arguments).current_dir(&path).status().unwrap().success();
    fs::write(path.join("with"), "").unwrap();
    fs::write(path.join("without"), "").unwrap();
    assert!(set(&["-m", "u:1234:rw", "with"]));
    assert!(set(&["-d", "-m", "u:4321:rwx", "."]));
    for original in ["with", "without"] {
        let opened = RealDisk.open(&folder, name(original)).unwrap();
        let copy = RealDisk.create(&folder, name(&format!("copy {original}"))).unwrap();
        assert!(lists(&format!("copy {original}")).contains("user:4321"));
        RealDisk.dress(&copy, &opened).unwrap();
        assert_eq!(lists(&format!("copy {original}")), lists(original));
    }
    assert!(lists("with").contains("user:1234:rw"));
}

#[test]
fn attributes_and_lists_of_permissions_are_compared_with_their_values() {
    let (_kept, path, folder) = place();
    let set = |file: &str, attribute: &str, value: &[u8]| {
        fsetxattr(File::open(path.join(file)).unwrap(), attribute, value, XattrFlags::empty()).unwrap();
    };
    let same = |one: &str, other: &str| {
        let open = |file: &str| RealDisk.open(&folder, name(file)).unwrap();
        let (one, other) = (open(one), open(other));
        let is_same = RealDisk.has_same_attributes(&one, &other).unwrap();
        assert_eq!(RealDisk.has_same_attributes(&other, &one).unwrap(), is_same);
        is_same
    };
    for file in ["plain", "bare", "tagged", "equal", "other", "more", "denied", "alike"] {
        fs::write(path.join(file), file).unwrap();
    }
    for (file, value) in [("tagged", &b"a\0b"[..]), ("equal", b"a\0b"), ("other", b"a\0c"), ("more", b"a\0b")] {
        set(file, "user.tag", value);
    }
    set("more", "user.empty", b"");
    for file in ["denied", "alike"] {
        let list = Command::new("setfacl").args(["-m", "u:1234:-", file]).current_dir(&path).status().unwrap();
        assert!(list.success());
    }
    for (one, other, is_same) in [
        ("plain", "bare", true),
        ("plain", "tagged", false),
        ("tagged", "equal", true),
        ("tagged", "other", false),
        ("tagged", "more", false),
        ("plain", "denied", false),
        ("denied", "alike", true),
    ] {
        assert_eq!(same(one, other), is_same, "{one} and {other}");
    }
    // Where there are none, none differ.
    let bare = RealFile(rustix::fs::open("/proc/self/comm", OFlags::RDWR, Mode::empty()).unwrap());
    let plain = RealDisk.open(&folder, name("plain")).unwrap();
    assert!(RealDisk.has_same_attributes(&bare, &plain).unwrap());
}

#[test]
fn attributes_that_a_file_system_refuses_are_an_error() {
    let (_kept, path, folder) = place();
    fs::write(path.join("original"), "").unwrap();
    fsetxattr(File::open(path.join("original")).unwrap(), "user.rating", b"5", XattrFlags::empty()).unwrap();
    let original = RealDisk.open(&folder, name("original")).unwrap();
    // No file there has attributes.
    let bare = RealFile(rustix::fs::open("/proc/self/comm", OFlags::RDWR, Mode::empty()).unwrap());
    let refused = RealDisk.dress(&bare, &original).unwrap_err();
    assert!(refused.to_string().starts_with("extended attribute `user.rating`: "), "{refused}");
}

#[test]
fn blocks_are_shared_by_equal_files_only() {
    let (_kept, path, folder) = place();
    for (file, text) in [("keeper", "same"), ("equal", "same"), ("differs", "diff"), ("longer", "same.")] {
        fs::write(path.join(file), text).unwrap();
    }
    fs::hard_link(path.join("keeper"), path.join("itself")).unwrap();
    let keeper = RealDisk.open(&folder, name("keeper")).unwrap();
    let share = |victim| RealDisk.share(&keeper, (&folder, name(victim)));
    assert_eq!(share("longer").unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert_eq!(share("itself").unwrap_err().kind(), io::ErrorKind::InvalidInput);
    match share("equal") {
        Ok(()) => assert_eq!(share("differs").unwrap_err().kind(), io::ErrorKind::InvalidData),
        Err(refused) => assert!(matches!(errno(&refused), Some(Errno::OPNOTSUPP | Errno::INVAL | Errno::NOTTY))),
    }
    assert_eq!(fs::read(path.join("differs")).unwrap(), b"diff");
}

#[test]
fn sharing_goes_to_the_end_and_finds_the_last_byte() {
    let (_kept, path, folder) = place();
    let mut content: Vec<u8> = (0..33_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    content.extend(b"and no whole block at the end");
    fs::write(path.join("keeper"), &content).unwrap();
    fs::write(path.join("equal"), &content).unwrap();
    *content.last_mut().unwrap() ^= 1;
    fs::write(path.join("differs"), &content).unwrap();
    fs::set_permissions(path.join("equal"), Permissions::from_mode(0o400)).unwrap();
    let keeper = RealDisk.open(&folder, name("keeper")).unwrap();
    // Where blocks stand is known once they are written.
    rustix::fs::sync();
    let before = RealDisk.look(&folder, name("equal")).unwrap();
    if let Err(refused) = RealDisk.share(&keeper, (&folder, name("equal"))) {
        assert_eq!(errno(&refused), Some(Errno::OPNOTSUPP), "{refused}");
        eprintln!("not tested: no blocks are shared here");
        return;
    }
    // `filefrag -v` marks blocks that two files have.
    let extents = |file| Command::new("filefrag").args(["-v", file]).current_dir(&path).output().unwrap().stdout;
    let is_shared = |file| {
        let text = String::from_utf8(extents(file)).unwrap();
        let lines: Vec<_> =
            text.lines().filter(|line| line.contains("..") && !line.contains("logical_offset")).collect();
        !lines.is_empty() && lines.iter().all(|line| line.contains("shared"))
    };
    assert!(is_shared("equal") && is_shared("keeper"));
    assert_eq!(RealDisk.look(&folder, name("equal")).unwrap(), before);
    let differs = RealDisk.share(&keeper, (&folder, name("differs"))).unwrap_err();
    assert_eq!(differs.kind(), io::ErrorKind::InvalidData);
    assert_eq!(fs::read(path.join("differs")).unwrap(), content);
    *content.last_mut().unwrap() ^= 1;
    assert_eq!(fs::read(path.join("equal")).unwrap(), content);
}

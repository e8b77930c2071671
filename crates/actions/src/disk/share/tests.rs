use std::{
    fs::{self, File},
    os::{fd::AsFd, unix::fs::FileExt},
    path::Path,
    time::{Duration, Instant},
};

use pixtwin_testkit::Mounts;

use super::own_bytes;

const BLOCK: u64 = 4096;

fn mounted(kind: &str) -> Mounts {
    let size = if kind == "xfs" { 300 } else { 120 };
    Mounts::new(&format!("disk d {size} {kind}")).unwrap()
}

/// How many bytes the file has for itself.
fn own(mounts: &Mounts, name: &str) -> u64 {
    let file = File::open(mounts.seen("d").join(name)).unwrap();
    own_bytes(file.as_fd(), file.metadata().unwrap().len())
}

/// Writes a file of that length, no block of it like another, and brings it to the disk.
fn write(mounts: &Mounts, name: &str, bytes: u64) {
    let content: Vec<u8> = (0..bytes).map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let path = mounts.seen("d").join(name);
    fs::write(&path, content).unwrap();
    File::open(path).unwrap().sync_all().unwrap();
}

/// A copy that shares all blocks.
fn share(mounts: &Mounts, from: &str, to: &str) {
    let path = |name: &str| mounts.path("d").join(name);
    let copied = mounts.run("cp", [Path::new("--reflink=always"), &path(from), &path(to)]).end();
    assert_eq!(copied.code, 0, "{}", copied.err());
}

#[test]
fn shared_blocks_are_not_a_files_own() {
    for kind in ["xfs", "btrfs"] {
        let mounts = mounted(kind);
        let bytes = (1 << 20) + 7;
        write(&mounts, "one", bytes);
        write(&mounts, "other", bytes);
        assert_eq!(own(&mounts, "one"), bytes, "{kind}");
        share(&mounts, "one", "twin");
        assert_eq!((own(&mounts, "one"), own(&mounts, "twin")), (0, 0), "{kind}");
        assert_eq!(own(&mounts, "other"), bytes, "{kind}");
        fs::remove_file(mounts.seen("d/one")).unwrap();
        // A file system gives blocks back in its own time.
        let begun = Instant::now();
        while own(&mounts, "twin") != bytes {
            assert!(begun.elapsed() < Duration::from_secs(30), "{kind}: {}", own(&mounts, "twin"));
            mounts.run("sync", ["--file-system".as_ref(), mounts.path("d").as_os_str()]).end().assert(0, "", "");
        }
    }
}

#[test]
fn what_was_written_since_is_its_own_in_a_file_of_many_pieces() {
    for kind in ["xfs", "btrfs"] {
        let mounts = mounted(kind);
        write(&mounts, "one", 601 * BLOCK);
        share(&mounts, "one", "twin");
        let twin = File::options().write(true).open(mounts.seen("d/twin")).unwrap();
        for at in (0..600).step_by(2) {
            twin.write_all_at(&[7; 4096], at * BLOCK).unwrap();
        }
        // Until it is on the disk, xfs may still show the old blocks: never more than are its own.
        assert!(own(&mounts, "twin") <= 300 * BLOCK, "{kind}");
        twin.sync_all().unwrap();
        assert_eq!(own(&mounts, "twin"), 300 * BLOCK, "{kind}");
    }
}

#[test]
fn what_no_file_system_tells_is_a_files_own() {
    for (kind, bytes) in [("ext4", 300_000), ("ext4", 0), ("ntfs", 300_000), ("btrfs", 100), ("xfs", 0)] {
        let mounts = mounted(kind);
        write(&mounts, "one", bytes);
        assert_eq!(own(&mounts, "one"), bytes, "{kind}");
    }
    // In memory there are no blocks, and a pipe has none either.
    let memory = Mounts::new("mkdir d").unwrap();
    write(&memory, "one", 5000);
    assert_eq!(own(&memory, "one"), 5000);
    assert_eq!(own_bytes(std::io::pipe().unwrap().0.as_fd(), 9), 9);
}

//! What people say of pairs of pictures: kept, taken back, and left out where it is damaged.

// This file is a test as a whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    fs,
    path::PathBuf,
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use pixtwin_catalogue::{Catalogue, DigestPair, Entry, Error, Facts, Forget, Maker, Stamp, Want};
use rusqlite::Connection;
use tempfile::TempDir;

fn maker() -> Maker {
    Maker { rules: "rules 1".to_owned(), decoder: |_| "decoder 1".to_owned(), near: false }
}

fn digest(number: u8) -> [u8; 32] {
    [number; 32]
}

fn pair(a: u8, b: u8) -> DigestPair {
    (digest(a), digest(b))
}

struct Shelf(TempDir);

impl Shelf {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("catalogue")
    }

    fn open(&self) -> Catalogue {
        Catalogue::open(&self.file(), Want::Write, maker()).unwrap()
    }

    fn sql(&self, edit: &str) -> usize {
        let connection = Connection::open(self.file()).unwrap();
        connection.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
        connection.execute(edit, []).unwrap()
    }

    /// What was said, and how many rows are damaged.
    fn said(&self) -> (Vec<DigestPair>, u64) {
        let mut said = Vec::new();
        let damaged = self.open().verdicts(&mut |verdict| said.push((verdict.a, verdict.b))).unwrap();
        (said, damaged)
    }
}

#[test]
fn what_was_said_is_kept_until_it_is_taken_back() {
    let shelf = Shelf::new();
    let catalogue = shelf.open();
    assert_eq!(shelf.said(), (vec![], 0));
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    // In any order, twice, and of a picture with itself.
    catalogue.say_differ(&[pair(2, 1), pair(3, 4), pair(1, 2), pair(5, 5)]).unwrap();
    catalogue.say_differ(&[pair(1, 3), pair(1, 2)]).unwrap();
    assert_eq!(shelf.said(), (vec![pair(1, 2), pair(3, 4), pair(1, 3)], 0));
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut times = Vec::new();
    catalogue.verdicts(&mut |verdict| times.push(verdict.said_s.cast_unsigned())).unwrap();
    assert!(times.iter().all(|time| (before..=after).contains(time)), "{times:?}");
    assert_eq!(catalogue.status().unwrap().verdicts, 3);
    // Whichever of the two comes first.
    assert_eq!(catalogue.take_back(&[pair(4, 3), pair(3, 4), pair(7, 8)]).unwrap(), 1);
    assert_eq!(catalogue.take_back(&[pair(4, 3)]).unwrap(), 0);
    assert_eq!(shelf.said(), (vec![pair(1, 2), pair(1, 3)], 0));
}

/// They are of pictures: nothing that happens to files ends them.
#[test]
fn what_was_said_outlives_the_files() {
    let shelf = Shelf::new();
    let catalogue = shelf.open();
    let folder = catalogue.folder(shelf.0.path()).unwrap();
    let writer = catalogue.writer().unwrap();
    let facts = Facts { digest: Some(digest(1)), size_key: Some(1), ..Facts::default() };
    writer.learn(
        &folder,
        b"gone.png",
        Entry { stamp: Stamp { inode: 1, size: 1, modified_ns: 1, changed_ns: 1 }, facts },
    );
    writer.finish().unwrap();
    catalogue.say_differ(&[pair(1, 2)]).unwrap();
    assert_eq!(catalogue.forget(Forget::Below(shelf.0.path())).unwrap(), 1);
    assert_eq!(catalogue.forget(Forget::Gone).unwrap(), 0);
    catalogue.compact().unwrap();
    assert!(catalogue.is_empty().unwrap());
    assert_eq!(shelf.said(), (vec![pair(1, 2)], 0));
    assert_eq!(catalogue.verify().unwrap().faults, [""; 0]);
}

#[test]
fn who_only_reads_says_nothing() {
    let shelf = Shelf::new();
    shelf.open().say_differ(&[pair(1, 2)]).unwrap();
    let mut permissions = fs::metadata(shelf.file()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(shelf.file(), permissions).unwrap();
    let catalogue = Catalogue::open(&shelf.file(), Want::Read, maker()).unwrap();
    // Whoever may do everything may write here too.
    match catalogue.say_differ(&[pair(3, 4)]) {
        Ok(()) => assert_eq!(catalogue.status().unwrap().verdicts, 2),
        Err(cause) => assert!(matches!(cause, Error::ReadOnly), "{cause}"),
    }
}

#[test]
fn several_say_at_once() {
    let shelf = Shelf::new();
    shelf.open();
    thread::scope(|scope| {
        for part in 0..4_u8 {
            let shelf = &shelf;
            scope.spawn(move || {
                let catalogue = shelf.open();
                (0..20).for_each(|number| catalogue.say_differ(&[pair(200, part * 20 + number)]).unwrap());
            });
        }
    });
    let (mut said, damaged) = shelf.said();
    said.sort_unstable();
    assert_eq!((said, damaged), ((0..80).map(|number| pair(number, 200)).collect(), 0));
}

/// Each column in turn; what is left of the row is never believed.
#[test]
fn damaged_verdicts_are_left_out() {
    for edit in [
        "UPDATE verdict SET a = CAST(x'00' || substr(a, 2) AS BLOB) WHERE id = 1",
        "UPDATE verdict SET a = x'00' WHERE id = 1",
        "UPDATE verdict SET a = zeroblob(3000000) WHERE id = 1",
        "UPDATE verdict SET b = CAST(substr(b, 1, 31) || x'ff' AS BLOB) WHERE id = 1",
        "UPDATE verdict SET b = x'' WHERE id = 1",
        "UPDATE verdict SET (a, b) = (b, a) WHERE id = 1",
        "UPDATE verdict SET said_s = said_s + 1 WHERE id = 1",
        "UPDATE verdict SET seal = seal + 1 WHERE id = 1",
        "UPDATE verdict SET seal = (SELECT seal FROM verdict WHERE id = 2), b = zeroblob(32) WHERE id = 1",
    ] {
        let shelf = Shelf::new();
        let catalogue = shelf.open();
        catalogue.say_differ(&[pair(1, 2), pair(3, 4)]).unwrap();
        assert_eq!(shelf.sql(edit), 1, "{edit}");
        assert_eq!(shelf.said(), (vec![pair(3, 4)], 1), "{edit}");
        assert_eq!(catalogue.status().unwrap().verdicts, 1, "{edit}");
        let faults = catalogue.verify().unwrap().faults;
        assert_eq!(faults, ["1 of the verdicts are damaged: their seals do not match"], "{edit}");
        // Said again it is whole; what is no pair any more goes.
        catalogue.say_differ(&[pair(1, 2)]).unwrap();
        catalogue.compact().unwrap();
        let (mut said, damaged) = shelf.said();
        said.sort_unstable();
        assert_eq!((said, damaged), (vec![pair(1, 2), pair(3, 4)], 0), "{edit}");
        assert_eq!(catalogue.verify().unwrap().faults, [""; 0], "{edit}");
    }
}

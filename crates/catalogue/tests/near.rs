//! Codes of pictures: kept, found again, swept, merged, and left out where they are damaged.

// This file is a test as a whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation)] // Random numbers are cut on purpose.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use pixtwin_catalogue::{Catalogue, Entry, Error, Facts, Forget, Header, Maker, Near, Place, Stamp, Want};
use pixtwin_testkit::draw::Seeded;
use rusqlite::Connection;
use tempfile::TempDir;

fn maker(rules: &str, near: bool) -> Maker {
    Maker { rules: rules.to_owned(), decoder: |format| format!("decoder of {}", format.unwrap_or("nothing")), near }
}

fn near(number: u64) -> Near {
    let mut random = Seeded(number);
    let codes = std::array::from_fn(|_| std::array::from_fn(|_| random.number()));
    let rest = vec![number as u8; (number % 129) as usize].into();
    Near { codes, usable: random.number() as u32 & 0x0fff_ffff, quality: (number % 101) as u8, rest }
}

/// A picture with codes, and every fifth without.
fn entry(number: u64) -> Entry {
    let stamp = Stamp { inode: number, size: 10, modified_ns: 1, changed_ns: 1 };
    let header = Header { width: 4, height: 3, head_bytes: 1, whole_bytes: 1, first_rows: 0 };
    let has_codes = !number.is_multiple_of(5);
    let facts = Facts {
        format: Some("PNG".to_owned()),
        header: Some(header),
        size_key: Some(number),
        near: has_codes.then(|| Box::new(near(number))),
        looks: number.is_multiple_of(3).then(|| vec![7; (number % 601) as usize].into()),
        ..Facts::default()
    };
    Entry { stamp, facts }
}

fn name(number: u64) -> String {
    format!("{number:06}.png")
}

struct Shelf {
    home: TempDir,
    folder: PathBuf,
}

impl Shelf {
    fn new() -> Self {
        // In memory where there is such a folder: a disk takes long for thousands of files.
        let memory = Path::new("/dev/shm");
        let home = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
        let folder = home.path().join("pictures");
        fs::create_dir(&folder).unwrap();
        Self { home, folder }
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("catalogue")
    }

    fn open(&self) -> Catalogue {
        Catalogue::open(&self.file(), Want::Write, maker("rules 1", true)).unwrap()
    }

    fn learn(&self, numbers: impl IntoIterator<Item = u64>, entry: impl Fn(u64) -> Entry) {
        let catalogue = self.open();
        let folder = catalogue.folder(&self.folder).unwrap();
        let writer = catalogue.writer().unwrap();
        for number in numbers {
            writer.learn(&folder, name(number).as_bytes(), entry(number));
        }
        writer.finish().unwrap();
    }

    fn device(&self) -> u64 {
        self.folder.metadata().unwrap().dev()
    }

    fn sql(&self) -> Connection {
        Connection::open(self.file()).unwrap()
    }

    fn count(&self, sql: &str) -> i64 {
        self.sql().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// That recalling and sweeping give back exactly the codes of these pictures.
    #[track_caller]
    fn assert_known(&self, numbers: &BTreeSet<u64>) {
        let catalogue = self.open();
        let mut reader = catalogue.reader().unwrap();
        for number in numbers {
            let known = entry(*number);
            let found = reader.recall(&self.folder, name(*number).as_bytes(), self.device(), &known.stamp).unwrap();
            assert_eq!(found.as_ref(), Some(&known), "{number}");
        }
        assert!(!reader.has_met_damage());
        let expected = numbers.iter().filter(|number| **number % 5 != 0).map(|number| (path(self, *number), *number));
        assert_eq!(swept(&catalogue), expected.collect::<BTreeMap<_, _>>());
        assert_eq!(catalogue.verify().unwrap().faults, [""; 0]);
    }
}

fn path(shelf: &Shelf, number: u64) -> PathBuf {
    shelf.folder.join(name(number))
}

/// All holders with the numbers of their pictures; what is swept of each is what it has.
fn swept(catalogue: &Catalogue) -> BTreeMap<PathBuf, u64> {
    let mut sweep = catalogue.sweep().unwrap();
    let mut seen = BTreeMap::new();
    sweep
        .each(0..Near::CODES, &mut |block| {
            assert_eq!(block.usable().len(), block.places());
            for (at, usable) in block.usable().iter().enumerate() {
                let code = |code: usize| [block.plane(code, 0)[at], block.plane(code, 1)[at]];
                let codes: [[u64; 2]; Near::CODES] = std::array::from_fn(code);
                seen.insert(Place { block: block.id(), at: at as u32 }, (*usable, codes));
            }
        })
        .unwrap();
    assert_eq!((sweep.left_out(), sweep.has_met_damage()), (0, false));
    let places: Vec<Place> = seen.keys().rev().copied().collect();
    let holders = sweep.holders_at(&places).unwrap();
    let mut found = BTreeMap::new();
    for (place, holder) in holders {
        let kept = holder.entry.facts.near.unwrap();
        let firsts = kept.codes.map(|[first, second, ..]| [first, second]);
        assert_eq!(seen[&place], (kept.usable, firsts), "{place:?}");
        assert!(holder.is_current && holder.absent.is_none());
        let number = holder.entry.stamp.inode;
        assert_eq!(*kept, near(number));
        assert!(found.insert(holder.path, number).is_none());
    }
    found
}

#[test]
fn codes_are_kept_and_swept() {
    let shelf = Shelf::new();
    assert!(matches!(shelf.open().sweep(), Err(Error::Ignorant)));
    shelf.learn(0..5000, entry);
    shelf.assert_known(&(0..5000).collect());
    // Some codes alone, and none where there are none.
    let mut sweep = shelf.open().sweep().unwrap();
    let mut blocks = 0;
    sweep
        .each(23..28, &mut |block| {
            blocks += 1;
            assert!(block.plane(22, 0).is_empty() && block.plane(28, 0).is_empty() && block.plane(25, 2).is_empty());
            assert_eq!(block.plane(23, 1).len(), block.places());
        })
        .unwrap();
    assert!(blocks >= 2);
}

#[test]
fn who_does_not_want_codes_does_not_get_them() {
    let shelf = Shelf::new();
    shelf.learn(0..10, entry);
    let catalogue = Catalogue::open(&shelf.file(), Want::Read, maker("rules 1", false)).unwrap();
    let mut reader = catalogue.reader().unwrap();
    let known = entry(1);
    let found = reader.recall(&shelf.folder, name(1).as_bytes(), shelf.device(), &known.stamp).unwrap().unwrap();
    assert_eq!(found.facts, Facts { near: None, ..known.facts });
    assert_eq!(swept(&catalogue).len(), 8);
}

#[test]
fn what_is_learnt_slowly_makes_no_small_blocks() {
    let shelf = Shelf::new();
    for number in 0..40 {
        shelf.learn([number], entry);
    }
    shelf.assert_known(&(0..40).collect());
    assert_eq!(shelf.count("SELECT count(*) FROM code_block"), 1);
}

#[test]
fn known_codes_are_not_written_again() {
    let shelf = Shelf::new();
    shelf.learn(0..100, entry);
    // The same once more, and other facts without codes.
    shelf.learn(0..100, entry);
    shelf.learn(0..100, |number| Entry {
        facts: Facts { content: Some([1; 32]), format: Some("PNG".to_owned()), ..Facts::default() },
        ..entry(number)
    });
    assert_eq!(shelf.count("SELECT sum(places) FROM code_block"), 80);
    let mut reader = shelf.open().reader().unwrap();
    let found =
        reader.recall(&shelf.folder, name(1).as_bytes(), shelf.device(), &entry(1).stamp).unwrap().unwrap().facts;
    assert_eq!((found.near, found.content), (Some(Box::new(near(1))), Some([1; 32])));
}

#[test]
fn gone_and_changed_pictures_leave_gaps_that_compacting_fills() {
    let shelf = Shelf::new();
    (0..4600).for_each(|number| fs::write(path(&shelf, number), "").unwrap());
    shelf.learn(0..4500, entry);
    // In another state, and then again in the first.
    shelf.learn(0..3000, |number| {
        let other = entry(number);
        let stamp = Stamp { changed_ns: 2, ..other.stamp };
        Entry { stamp, facts: Facts { near: Some(Box::new(near(number + 1))), ..other.facts } }
    });
    shelf.learn(0..3000, |number| Entry { stamp: Stamp { changed_ns: 3, ..entry(number).stamp }, ..entry(number) });
    let three = |number| Entry { stamp: Stamp { changed_ns: 3, ..entry(number).stamp }, ..entry(number) };
    shelf.learn(4500..4600, three);
    let catalogue = shelf.open();
    // A sweep that has begun goes on with what there was.
    let mut sweep = catalogue.sweep().unwrap();
    let mut places = Vec::new();
    sweep.each(0..1, &mut |block| places.push(Place { block: block.id(), at: 0 })).unwrap();
    let before = sweep.holders_at(&places).unwrap().len();
    for number in (0..4600).filter(|number| number % 7 == 0) {
        fs::remove_file(path(&shelf, number)).unwrap();
    }
    let left = (0..4600).filter(|number| number % 7 != 0 && number % 5 != 0).count() as i64;
    assert!(shelf.count("SELECT sum(places) FROM code_block") > 3680 + 2 * 2400 - 1);
    assert_eq!(catalogue.forget(Forget::Gone).unwrap(), 658);
    assert_eq!(sweep.holders_at(&places).unwrap().len(), before);
    drop(sweep);
    let found = swept(&catalogue);
    catalogue.compact().unwrap();
    assert_eq!(swept(&catalogue), found);
    assert_eq!(found.len() as i64, left);
    assert_eq!(shelf.count("SELECT sum(places) FROM code_block"), left);
    assert_eq!(shelf.count("SELECT count(*) FROM code_block"), (left + 2047) / 2048);
    assert_eq!(shelf.count("SELECT count(*) FROM code_part"), (left + 511) / 512);
    assert_eq!(catalogue.verify().unwrap().faults, [""; 0]);
    // Nothing is left to do.
    let numbers = shelf.count("SELECT sum(id) FROM code_block");
    catalogue.compact().unwrap();
    assert_eq!(shelf.count("SELECT sum(id) FROM code_block"), numbers);
    // All gone.
    catalogue.forget(Forget::Below(Path::new("/"))).unwrap();
    assert_eq!(shelf.count("SELECT (SELECT count(*) FROM code_block) + (SELECT count(*) FROM code_part)"), 0);
}

#[test]
fn rules_keep_their_codes_apart() {
    let shelf = Shelf::new();
    shelf.learn(0..10, entry);
    let other = Catalogue::open(&shelf.file(), Want::Write, maker("rules 2", true)).unwrap();
    // All ten are pictures; none has codes by rules that nobody has used. What has none by the only rules was looked at.
    assert_eq!((other.count_without_near().unwrap(), shelf.open().count_without_near().unwrap()), (10, 0));
    assert!(matches!(other.sweep(), Err(Error::Ignorant)));
    let folder = other.folder(&shelf.folder).unwrap();
    let writer = other.writer().unwrap();
    for number in 4..7 {
        writer.learn(&folder, name(number).as_bytes(), entry(number));
    }
    writer.learn(&folder, b"text.txt", Entry { facts: Facts::default(), ..entry(90) });
    writer.finish().unwrap();
    assert_eq!((other.count_without_near().unwrap(), shelf.open().count_without_near().unwrap()), (8, 2));
    // Eleven files are known in fourteen ways; of every fifth picture there are no codes, nor of a text.
    let status = other.status().unwrap();
    let volume = &status.volumes[0];
    assert_eq!((status.volumes.len(), volume.files, volume.entries, volume.pictures), (1, 11, 14, 10));
    let figures =
        status.rules.iter().map(|rules| (&*rules.name, rules.files, rules.pictures, rules.codes, rules.digests));
    assert_eq!(figures.collect::<Vec<_>>(), [("rules 1", 10, 10, 8, 0), ("rules 2", 4, 3, 2, 0)]);
    assert_eq!(status.rules[1].records, 1);
    assert_eq!(swept(&other).into_values().collect::<Vec<_>>(), [4, 6]);
    [4, 6, 9].iter().for_each(|number| fs::write(path(&shelf, *number), "").unwrap());
    other.compact().unwrap();
    assert_eq!(swept(&other).into_values().collect::<Vec<_>>(), [4, 6]);
    assert_eq!(swept(&shelf.open()).into_values().collect::<Vec<_>>(), [4, 6, 9]);
    assert_eq!(shelf.count("SELECT sum(places) FROM code_block"), 5);
}

#[test]
fn what_is_too_long_is_not_kept() {
    let shelf = Shelf::new();
    let long = |number: u64| {
        let mut entry = entry(number);
        match number {
            1 => entry.facts.near.as_mut().unwrap().rest = vec![0; 129].into(),
            2 => entry.facts.looks = Some(vec![0; 601].into()),
            _ => {}
        }
        entry
    };
    shelf.learn(1..4, long);
    shelf.assert_known(&[3].into());
    assert_eq!(shelf.count("SELECT count(*) FROM file"), 1);
}

#[test]
fn a_catalogue_of_version_1_is_brought_up_to_date() {
    let shelf = Shelf::new();
    shelf.sql().execute_batch(include_str!("version_1.sql")).unwrap();
    let read_only = Catalogue::open(&shelf.file(), Want::Read, maker("rules 1", true));
    assert!(matches!(read_only, Err(Error::Older(1))));
    let catalogue = shelf.open();
    assert_eq!(catalogue.status().unwrap().version, 3);
    assert_eq!(catalogue.verify().unwrap().faults, [""; 0]);
    let mut found = Vec::new();
    catalogue.list(&mut |kept| found.push((kept.path, kept.entry))).unwrap();
    assert_eq!(found.len(), 3);
    let (path, one) = &found[1];
    assert_eq!((path.to_str(), one.stamp.changed_ns), (Some("/a/one.png"), 10));
    assert_eq!((one.facts.digest, one.facts.near.clone(), &one.facts.looks), (Some([3; 32]), None, &None));
    assert_eq!(catalogue.reader().unwrap().holders(&[0x0303_0303_0303_0303]).unwrap()[0].entry, *one);
    assert_eq!(found[2].1.facts.failure("whole"), Some("it is \"cut\""));
    let other = Catalogue::open(&shelf.file(), Want::Read, maker("rules 2", true)).unwrap();
    assert_eq!(other.count_without_near().unwrap(), 2);
    assert_eq!(swept(&catalogue).len(), 0);
    // What is learnt afterwards is kept beside it.
    shelf.learn(0..10, entry);
    shelf.assert_known(&(0..10).collect());
    assert_eq!(catalogue.count_without_near().unwrap(), 0);
}

#[test]
fn several_runs_write_at_once() {
    let shelf = Shelf::new();
    std::thread::scope(|scope| {
        for part in 0..4 {
            let shelf = &shelf;
            scope.spawn(move || {
                for first in (0..600).step_by(60) {
                    shelf.learn((first..first + 60).filter(|number| number % 4 == part), entry);
                }
            });
        }
    });
    shelf.assert_known(&(0..600).collect());
}

/// A byte in each of the columns of blocks, in turn.
#[test]
fn damaged_codes_are_left_out_and_learnt_again() {
    for edit in [
        "UPDATE code_block SET planes = CAST(x'00' || substr(planes, 2) AS BLOB)",
        "UPDATE code_block SET planes = CAST(substr(planes, 1, length(planes) - 1) || x'00' AS BLOB)",
        "UPDATE code_block SET planes = substr(planes, 2)",
        "UPDATE code_block SET usable = CAST(x'00' || substr(usable, 2) AS BLOB)",
        "UPDATE code_block SET sums = CAST(x'00' || substr(sums, 2) AS BLOB)",
        "UPDATE code_block SET seal = seal + 1",
        "UPDATE code_block SET places = places - 1",
        "UPDATE code_block SET id = id + 1",
        "UPDATE code_part SET pictures = CAST(x'ff' || substr(pictures, 2) AS BLOB)",
        "UPDATE code_part SET pictures = CAST(substr(pictures, 1, length(pictures) - 9) || x'ffffffffffffffffff' AS BLOB)",
        "UPDATE code_part SET first_file = first_file + 1",
        "UPDATE code_part SET rest_bytes = rest_bytes - 1",
        "DELETE FROM code_block",
        "DELETE FROM code_part",
        "UPDATE file SET proof = proof + 1",
        "UPDATE file SET place = place + 1 WHERE place IS NOT NULL",
    ] {
        let shelf = Shelf::new();
        shelf.learn(0..20, entry);
        assert!(shelf.sql().execute(edit, []).unwrap() > 0, "{edit}");
        let catalogue = shelf.open();
        assert_ne!(catalogue.verify().unwrap().faults, [""; 0], "{edit}");
        let mut reader = catalogue.reader().unwrap();
        for number in 0..20 {
            let known = entry(number);
            let found = reader.recall(&shelf.folder, name(number).as_bytes(), shelf.device(), &known.stamp).unwrap();
            if let Some(found) = found {
                assert!(found.facts.near.is_none() || found == known, "{edit}");
            }
        }
        assert!(reader.has_met_damage(), "{edit}");
        let mut sweep = catalogue.sweep().unwrap();
        let mut places = Vec::new();
        let take = &mut |block: pixtwin_catalogue::BlockView<'_>| {
            places.extend((0..block.places() as u32).map(|at| Place { block: block.id(), at }));
        };
        sweep.each(0..Near::CODES, take).unwrap();
        for (_, holder) in sweep.holders_at(&places).unwrap() {
            assert_eq!(*holder.entry.facts.near.unwrap(), near(holder.entry.stamp.inode), "{edit}");
        }
        let is_said = sweep.has_met_damage() || edit.starts_with("DELETE") || edit.contains("file");
        assert!(is_said, "{edit}");
        drop(sweep);
        // What is learnt of the same files makes it whole; compacting drops what is damaged.
        shelf.learn(0..20, entry);
        (0..20).for_each(|number| fs::write(path(&shelf, number), "").unwrap());
        catalogue.compact().unwrap();
        shelf.assert_known(&(0..20).collect());
    }
}

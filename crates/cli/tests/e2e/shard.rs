//! Searches in parts, and their merge.

use pixtwin_testkit::{
    Dir,
    draw::{Seeded, noise},
    encode::png,
    library,
};

use crate::{pixtwin, ran};

/// Writes the records of all parts and gives their names, last first.
fn record(dir: &Dir, records: &Dir, count: usize, arguments: &[&str]) -> Vec<String> {
    let record = |number: usize| {
        let part = format!("{number}/{count}");
        let recorded = ran(dir, &[arguments, &["-q", "--shard", &part]].concat());
        assert_eq!((recorded.code, recorded.err()), (0, ""), "{part}");
        records.write(format!("{number}"), &recorded.stdout);
        records.join(format!("{number}")).to_str().unwrap().to_owned()
    };
    (1..=count).rev().map(record).collect()
}

#[track_caller]
fn assert_merged(dir: &Dir, arguments: &[&str], format: &[&str]) {
    let expected = ran(dir, &[arguments, format].concat());
    for count in [1, 2, 3, 7] {
        let records = Dir::new();
        let names = record(dir, &records, count, arguments);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        // The merge needs no pictures.
        let merged = ran(&records, &[&["merge"][..], &names, format].concat());
        let is_same =
            (merged.code, &merged.stdout, &merged.stderr) == (expected.code, &expected.stdout, &expected.stderr);
        assert!(is_same, "{count} parts, {arguments:?} {format:?}: {}", merged.stdout.escape_ascii());
    }
}

#[test]
fn the_merge_of_the_parts_reports_what_one_scan_reports() {
    let dir = library();
    dir.mkdir("closed").chmod("closed", 0o000);
    for flags in [&[][..], &["--tier", "bytes"], &["--alpha", "ignore-hidden"], &["--orient"], &["-L", "-H"]] {
        assert_merged(&dir, &[&["scan", "."], flags].concat(), &["--format", "json"]);
    }
    for format in ["text", "csv", "null"] {
        assert_merged(&dir, &["scan", "."], &["--format", format]);
    }
    dir.chmod("closed", 0o700);
}

#[test]
fn the_merge_of_the_parts_reports_what_one_find_reports() {
    let dir = library();
    for flags in [&[][..], &["--tier", "bytes"]] {
        let queries = ["find", "icons/4.png", "photos/003.jpg", "icons/0.png", "--in", "."];
        assert_merged(&dir, &[&queries, flags].concat(), &[]);
        assert_merged(&dir, &[&queries, flags].concat(), &["--format", "json"]);
    }
    assert_merged(&dir, &["find", "photos/001.jpg", "--in", "icons"], &[]);
}

#[test]
fn parts_that_do_not_make_a_whole_are_refused() {
    let dir = Dir::new();
    dir.write("a.png", png(&noise(4, 4, 1))).write("b.png", png(&noise(4, 4, 2))).write("text", "no record, but long");
    let part = |name: &str, arguments: &[&str]| {
        let recorded = pixtwin(&dir, &[&["scan", "-q", "a.png", "b.png"], arguments].concat()).end();
        dir.write(name, &recorded.stdout);
        recorded.stdout
    };
    let first = part("1", &["--shard", "1/2"]);
    part("2", &["--shard", "2/2"]);
    part("of-3", &["--shard", "2/3"]);
    part("bytes", &["--shard", "2/2", "--tier", "bytes"]);
    dir.write("cut", &first[..first.len() - 1]);
    let refused = |records: &[&str], reason: &str| {
        ran(&dir, &[&["merge"], records].concat()).assert(2, "", &format!("error: cannot merge{reason}\n"));
    };
    refused(&["1"], ": of 2 shards these are missing: 2");
    refused(&["1", "1", "2"], " `1`: it is shard 1 again, after `1`");
    refused(&["1", "of-3"], " `of-3`: it is one of 3 shards, the others of 2");
    refused(&["1", "bytes"], " `bytes`: it was searched with tier bytes, the others otherwise");
    refused(&["cut", "2"], " `cut`: it is cut short: its part was not searched to the end");
    refused(&["1", "text"], " `text`: it is no record of a shard, or one of another version");
    ran(&dir, &["merge", "nowhere"]).assert(2, "", "error: cannot read `nowhere`: no such file or directory\n");
    let usage = ran(&dir, &["scan", "--shard", "3/2", "."]);
    assert_eq!(usage.code, 2);
    assert!(usage.err().contains("parts are numbered from 1 to their number, like 2/5"), "{}", usage.err());
}

#[test]
fn a_damaged_record_is_refused_whatever_the_damage() {
    let dir = Dir::new();
    for number in 0..20 {
        dir.write(format!("{number}.png"), png(&noise(4, 4, number / 2)));
    }
    let whole = ran(&dir, &["scan", "-q", "--shard", "1/1", "."]).stdout;
    let (records, mut random) = (Dir::new(), Seeded(1));
    for _ in 0..pixtwin_testkit::cases(60, 600) {
        let mut damaged = whole.clone();
        let at = random.below(damaged.len() as u32) as usize;
        match random.below(3) {
            0 => damaged[at] ^= 1 << random.below(8),
            1 => damaged.truncate(at),
            _ => damaged.splice(at..at, [random.below(256) as u8]).for_each(drop),
        }
        records.write("damaged", &damaged);
        let merged = ran(&records, &["merge", "damaged"]);
        assert_eq!((merged.code, merged.out()), (2, ""), "{}", merged.err());
        assert!(merged.err().starts_with("error: cannot merge `damaged`: "), "{}", merged.err());
    }
}

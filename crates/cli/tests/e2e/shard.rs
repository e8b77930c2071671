//! Searches in parts, and their merge.

use pixtwin_testkit::{
    Dir, Ran,
    draw::{Drawing, Seeded, icon, landscape, noise},
    encode::{Jpeg, Subsampling, TiffCompression, apng, chunk, exif, gif, jpeg_with_segment, png, qoi, tga, tiff},
    library,
};

use crate::{pixtwin, ran};

/// Writes the records of all parts and gives their names, last first.
fn record(dir: &Dir, records: &Dir, count: usize, arguments: &[&str]) -> Vec<String> {
    let record = |number: usize| {
        let part = format!("{number}/{count}");
        let recorded = bound(dir, &[arguments, &["-q", "--shard", &part]].concat());
        assert_eq!((recorded.code, recorded.err()), (0, ""), "{part}");
        records.write(format!("{number}"), &recorded.stdout);
        records.join(format!("{number}")).to_str().unwrap().to_owned()
    };
    (1..=count).rev().map(record).collect()
}

/// The program run by a user whom permissions bind.
fn bound(dir: &Dir, arguments: &[&str]) -> Ran {
    pixtwin(dir, arguments).bound_by_permissions().end()
}

#[track_caller]
fn assert_merged(dir: &Dir, arguments: &[&str], formats: &[&str], counts: &[usize]) {
    for count in counts {
        let records = Dir::new();
        let names = record(dir, &records, *count, arguments);
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for format in formats {
            let expected = bound(dir, &[arguments, &["--format", format]].concat());
            // The merge needs no pictures.
            let merged = ran(&records, &[&["merge", "--format", format][..], &names].concat());
            let is_same =
                (merged.code, &merged.stdout, &merged.stderr) == (expected.code, &expected.stdout, &expected.stderr);
            assert!(
                is_same,
                "{count} parts, {arguments:?} {format}:\n{}{}---- and not\n{}{}",
                merged.stdout.escape_ascii(),
                merged.err(),
                expected.stdout.escape_ascii(),
                expected.err(),
            );
        }
    }
}

const FORMATS: [&str; 4] = ["text", "json", "csv", "null"];

/// What the library has not: files that cannot be read, and pictures whose fault is reached only if they are alike.
fn with_traps(dir: &Dir) {
    let photo = landscape(200, 300, 77);
    let jpeg = Jpeg::new(Subsampling::S420).write(&photo);
    // Nobody has this size: a scan does not notice that it is cut.
    dir.write("traps/alone.png", &png(&noise(61, 300, 1))[..9000]);
    // These have a size, and some of them the first rows, of others.
    dir.write("traps/photo.jpg", &jpeg).write("traps/cut.jpg", &jpeg[..jpeg.len() - 300]);
    dir.write("traps/said.jpg", jpeg_with_segment(&jpeg, 0xfe, b"hello"));
    dir.write("traps/turned.jpg", jpeg_with_segment(&jpeg, 0xe1, &exif(6)));
    let deep = png(&landscape(64, 300, 9));
    dir.write("traps/deep-cut.png", &deep[..deep.len() - 40]).write("traps/deep.png", &deep);
    let mut wrong = deep.clone();
    let at = wrong.len() - 60;
    wrong[at] ^= 0x10;
    dir.write("traps/deep-wrong.png", &wrong).write("traps/deep-wrong-too.png", &wrong);
    let hidden = icon(48, 3);
    dir.write("traps/clear.png", png(&hidden))
        .write("traps/clear-other.png", png(&hidden.with_hidden_colour([9, 8, 7])));
    let frames = [landscape(40, 30, 1), landscape(40, 30, 2)];
    dir.write("traps/moves.gif", gif(&frames.each_ref().map(|frame| frame.opaque().with_levels_of(2)), 10));
    dir.write("traps/moves.png", apng(&frames, (1, 10))).write("traps/moves-too.png", apng(&frames, (10, 100)));
    dir.write("traps/still.png", png(&frames[0])).write("traps/strips.tif", tiff(&photo, TiffCompression::None, 7));
    dir.write("traps/phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1");
    dir.write("traps/phone-too.heic", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1");
    // What a file is can depend on the name: most is learnt under the right one.
    dir.write("traps/old.dat", tga(&icon(32, 8), true)).link("traps/old.dat", "traps/old.tga");
    dir.write("traps/icon-8.qoi", qoi(&icon(32, 8)));
    dir.write("traps/none.txt", "").link("traps/none.txt", "traps/none.png");
    for number in 0..12 {
        dir.link("traps/photo.jpg", format!("traps/name-{number}.jpg"));
    }
    dir.write("traps/secret.png", png(&icon(16, 1))).chmod("traps/secret.png", 0o000);
    dir.write("closed/a.png", png(&icon(16, 1))).chmod("closed", 0o000);
    dir.write("half-closed/a.png", png(&icon(16, 1))).chmod("half-closed", 0o444);
    dir.fifo("traps/pipe.png").symlink("nowhere", "traps/dangling.png").symlink("..", "traps/up");
    dir.write(".hidden/icon.png", png(&icon(16, 1)));
}

fn open_again(dir: &Dir) {
    dir.chmod("closed", 0o700).chmod("half-closed", 0o700);
}

type Damage = fn(&[u8]) -> Vec<u8>;

/// How image data can be wrong where only decoding shows it.
const DAMAGES: [Damage; 3] = [
    |data| data[..data.len() * 4 / 5].to_vec(),
    |data| {
        let mut data = data.to_vec();
        let checksum = data.len() - 1;
        data[checksum] ^= 1;
        data
    },
    |data| {
        let mut data = data.to_vec();
        let half = data.len() / 2;
        data.iter_mut().skip(half).step_by(7).for_each(|byte| *byte ^= 0x55);
        data
    },
];

/// A PNG with image data in two chunks, the last of four bytes, and damaged.
fn damaged(drawing: &Drawing, damage: Damage) -> Vec<u8> {
    let whole = png(drawing);
    let data = damage(&whole[41..whole.len() - 16]);
    let (start, end) = data.split_at(data.len() - 4);
    [&whole[..33], &chunk(*b"IDAT", start), &chunk(*b"IDAT", end), &chunk(*b"IEND", b"")].concat()
}

#[test]
fn damage_is_judged_alike_whichever_picture_is_looked_at_first() {
    for (height, margin, kind) in [4, 6, 10, 12, 40, 60, 80, 600]
        .into_iter()
        .flat_map(|height| [0, height * 3 / 4, height].map(|margin| (height, margin)))
        .flat_map(|(height, margin)| (0..DAMAGES.len()).map(move |kind| (height, margin, kind)))
    {
        let dir = Dir::new();
        let base = noise(40, height, 1);
        let parts_at = |row: u32, seed: u64| {
            let other = noise(40, height, seed);
            let below = |x, y| if y < row { base.pixel(x, y) } else { other.pixel(x, y) };
            Drawing::new(40, height, |x, y| if y < margin { [9; 4] } else { below(x, y) })
        };
        let [whole, other, third] =
            [(height, 1), (height / 4, 2), (height / 5, 3)].map(|(row, seed)| parts_at(row, seed));
        let mut judged = Vec::new();
        // A rotated order of names, so that each is first once.
        for turn in 0..5 {
            let name = |number: usize, what: &str| format!("{turn}/{}-{what}.png", (number + turn) % 5);
            dir.write(name(0, "whole"), png(&whole)).write(name(1, "other"), png(&other));
            dir.write(name(2, "bad-third"), damaged(&third, DAMAGES[kind]));
            dir.write(name(3, "bad-whole"), damaged(&whole, DAMAGES[kind])).write(name(4, "same"), qoi(&whole));
            for threads in ["1", "2"] {
                let run = ran(&dir, &["scan", &turn.to_string(), "--threads", threads, "--format", "null"]);
                let of_kind = |what: &str| (run.out().contains(what), run.err().contains(&format!("{what}.png: ")));
                judged.push(["whole.", "same", "other", "bad-third", "bad-whole"].map(of_kind));
            }
            if turn < 2 {
                assert_merged(&dir, &["scan", &turn.to_string()], &["json"], &[2]);
            }
        }
        let case = format!("{height} rows, {margin} of them margin, damage {kind}");
        assert!(judged.iter().all(|other| *other == judged[0]), "{case}: {judged:?}");
        let [(whole, _), (same, _), .., (is_twin, _)] = judged[0];
        assert!(whole && same && !is_twin, "{case}: {judged:?}");
    }
}

#[test]
fn the_merge_of_the_parts_of_a_tree_full_of_traps_reports_what_one_scan_reports() {
    let dir = library();
    with_traps(&dir);
    assert_eq!(bound(&dir, &["scan", "."]).code, 3);
    assert_merged(&dir, &["scan", "."], &FORMATS, &[1, 2, 3, 7]);
    assert_merged(&dir, &["scan", ".", "--tier", "bytes"], &FORMATS, &[2, 7]);
    for flags in [&["--alpha", "ignore-hidden"][..], &["--orient"], &["-L", "-H"], &["--min-size", "300"], &["-j", "1"]]
    {
        assert_merged(&dir, &[&["scan", "."], flags].concat(), &["json", "text"], &[3]);
    }
    // Roots that overlap, are named twice in other words, or are files.
    assert_merged(&dir, &["scan", "traps", "./traps", "icons", "traps/moves.gif"], &["json"], &[3]);
    open_again(&dir);
}

#[test]
fn the_merge_of_the_parts_of_a_tree_full_of_traps_reports_what_one_find_reports() {
    let dir = library();
    with_traps(&dir);
    let queries = ["traps/name-3.jpg", "traps/deep.png", "traps/moves.png", "traps/old.tga", "icons/4.png"];
    let find = [&["find"], &queries[..], &["--in", "."]].concat();
    assert_merged(&dir, &find, &FORMATS, &[1, 2, 3, 7]);
    for flags in [&["--tier", "bytes"][..], &["--orient"], &["--alpha", "ignore-hidden"], &["-L", "-H"]] {
        assert_merged(&dir, &[&find, flags].concat(), &["json", "text"], &[3]);
    }
    assert_merged(&dir, &["find", "traps/alone.png", "--in", "traps", "--tier", "bytes"], &["text"], &[2]);
    open_again(&dir);
}

/// Whatever is wrong with the files, and wherever their names fall.
#[test]
fn the_merge_of_the_parts_of_any_tree_reports_what_one_search_reports() {
    let mut random = Seeded(5);
    for _ in 0..pixtwin_testkit::cases(8, 400) {
        let dir = Dir::new();
        dir.mkdir("0").mkdir("1").mkdir("2");
        let jpeg = |number| Jpeg::new(Subsampling::S420).write(&landscape(80, 60, number));
        for number in 0..30 {
            let seed = u64::from(random.below(2));
            let mut content = match random.below(6) {
                0 => jpeg(seed),
                1 => jpeg_with_segment(&jpeg(seed), 0xfe, b"said"),
                2 => png(&landscape(80, 60, seed)),
                3 => png(&landscape(80, 300, 1).with_sample_changed(3, 250 + random.below(2), 0)),
                4 => qoi(&icon(16, seed)),
                _ => png(&icon(16, seed)),
            };
            let at = random.below(content.len() as u32) as usize;
            match random.below(5) {
                0 => content[at] ^= 1 << random.below(8),
                1 => content.truncate(at),
                _ => {}
            }
            let name = format!("{}/{number}.{}", random.below(3), ["png", "jpg", "dat"][random.below(3) as usize]);
            dir.write(&name, content);
            if random.below(4) == 0 {
                dir.link(&name, format!("{}/{number}-too.png", random.below(3)));
            }
        }
        dir.write("asked.png", png(&landscape(80, 60, 0))).write("asked.qoi", qoi(&icon(16, 0)));
        let count = 1 + random.below(5) as usize;
        for tier in ["pixels", "bytes"] {
            assert_merged(&dir, &["scan", ".", "--tier", tier], &["json", "text"], &[count]);
            let find = ["find", "asked.png", "asked.qoi", "--in", ".", "--tier", tier];
            assert_merged(&dir, &find, &["json"], &[count]);
        }
    }
}

#[test]
fn a_folder_that_one_part_alone_cannot_list_is_reported() {
    let dir = Dir::new();
    for number in 0..20 {
        dir.write(format!("a/{number}.png"), png(&noise(4, 4, number))).write(format!("b/{number}"), "text");
    }
    let records = Dir::new();
    records.write("1", bound(&dir, &["scan", "-q", ".", "--shard", "1/2"]).stdout);
    dir.chmod("a", 0o000);
    records.write("2", bound(&dir, &["scan", "-q", ".", "--shard", "2/2"]).stdout);
    dir.chmod("a", 0o700);
    let merged = ran(&records, &["merge", "--format", "json", "1", "2"]);
    assert_eq!(merged.code, 5, "{}", merged.err());
    let fault = "part 2 met 20 files of the tree, and part 1 met 40; the result is not complete";
    assert!(merged.err().contains(&format!("error: {fault}\n")), "{}", merged.err());
    assert!(merged.err().contains("not compared: ./a: permission denied\n"), "{}", merged.err());
    assert!(merged.out().contains("\"complete\":false"), "{}", merged.out());
}

#[test]
fn a_file_that_is_renamed_between_two_parts_is_no_twin_of_itself_and_none_is_lost() {
    // Some of the new names fall into the part that is to come, some into the one that has been.
    for new in ["aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh"] {
        let dir = Dir::new();
        dir.write("p.png", png(&noise(4, 4, 1))).write("old.png", png(&noise(4, 4, 1))).write("q.png", "text");
        let records = Dir::new();
        records.write("1", bound(&dir, &["scan", "-q", ".", "--shard", "1/2"]).stdout);
        std::fs::rename(dir.join("old.png"), dir.join(format!("{new}.png"))).unwrap();
        records.write("2", bound(&dir, &["scan", "-q", ".", "--shard", "2/2"]).stdout);
        let merged = ran(&records, &["merge", "--format", "json", "1", "2"]);
        assert_eq!(merged.code, 5, "{new}: {}", merged.err());
        let fault = "part 1 and part 2 each met 3 files of the tree, and not the same ones";
        assert!(merged.err().contains(&format!("error: {fault}; the result is not complete\n")), "{}", merged.err());
        assert!(merged.out().contains("\"complete\":false"), "{}", merged.out());
        let is_under_both = ["old.png", &format!("{new}.png")].iter().all(|name| merged.out().contains(*name));
        let is_stale = merged.err().contains("not compared: ./old.png: changed while it was being compared\n");
        assert_eq!(is_stale, is_under_both, "{new}: {}", merged.err());
    }
}

#[test]
fn a_record_that_nobody_takes_is_an_error() {
    let dir = Dir::new();
    for number in 0..400 {
        dir.write(format!("{number}.png"), png(&noise(8, 8, number)));
    }
    let cut = pixtwin(&dir, &["scan", "-q", "--shard", "1/1", "."]).end_reading_only(100);
    assert_eq!((cut.code, cut.err()), (2, "error: cannot write the record: broken pipe\n"));
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
    part("elsewhere", &["text", "--shard", "2/2"]);
    refused(&["1", "elsewhere"], " `elsewhere`: other folders were searched than by the others");
    dir.write("longer", [&first[..], b"\n"].concat());
    refused(&["longer", "2"], " `longer`: it is damaged: something follows its end");
    let asked = pixtwin(&dir, &["find", "-q", "a.png", "--in", "b.png", "--shard", "1/1"]).end();
    dir.write("asked", &asked.stdout);
    let message = "error: --check is for records of scan: without it, a find says no with 1\n";
    ran(&dir, &["merge", "--check", "asked"]).assert(2, "", message);
}

#[test]
fn what_is_no_part_is_refused() {
    let dir = Dir::new();
    let reasons = [
        ("0/4", "the first part is 1"),
        ("5/4", "the last part is 4/4"),
        ("1/0", "there is at least one part, as in 1/1"),
        ("a/b", "write the number of the part and of all parts, like 2/5"),
        ("3", "write the number of the part and of all parts, like 2/5"),
    ];
    for (part, reason) in reasons {
        let usage = ran(&dir, &["scan", "--shard", part, "."]);
        let message = format!("error: invalid value '{part}' for '--shard <I/N>': {reason}\n");
        assert!(usage.code == 2 && usage.err().starts_with(&message), "{}", usage.err());
    }
    for flag in [&["--check"][..], &["--format", "json"], &["--unread", "list"], &["--storage", "shared"]] {
        let usage = ran(&dir, &[&["scan", "--shard", "1/1", "."], flag].concat());
        assert!(usage.code == 2 && usage.err().contains("cannot be used with"), "{}", usage.err());
    }
    assert!(dir.names().is_empty());
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

//! What is kept from one search to the next: it changes how long a search takes, and nothing else.

use std::{
    fs::{self, File, FileTimes},
    path::Path,
    time::Duration,
};

use pixtwin_testkit::{
    Dir, Ran,
    draw::{Seeded, noise},
    encode::{png, qoi, tga},
    library,
};

use crate::{pixtwin, ran};

/// A library of planted twins, with files that cannot be read.
fn library_with_traps() -> Dir {
    let dir = library();
    let noise = png(&noise(61, 300, 1));
    dir.write("traps/cut.png", &noise[..9000]).write("traps/cut twin.png", &noise[..9001]);
    dir.write("traps/from-phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").write("traps/empty.jpg", "");
    dir.write("traps/notes.txt", "no picture").write("traps/named.png", "no picture either");
    dir
}

/// The bytes of a report and how the program ended.
pub(crate) fn report(ran: &Ran) -> (i32, String, String) {
    (ran.code, String::from_utf8_lossy(&ran.stdout).into_owned(), ran.err().to_owned())
}

/// How many bytes of files the last run read, by its table.
fn bytes_read(ran: &Ran) -> u64 {
    let rows = ran.err().lines().skip_while(|line| !line.starts_with("rung")).skip(1);
    let cells = rows.filter(|row| row.ends_with('B')).map(|row| row.split_whitespace().rev().take(2).collect());
    cells.map(|cells: Vec<&str>| u64::from(cells != ["B", "0"])).sum()
}

#[test]
fn a_report_does_not_depend_on_what_is_known() {
    let (dir, kept) = (library_with_traps(), Dir::new());
    dir.settle();
    let near = [&["--tier", "turned", "--orient"][..], &["--tier", "similar"]];
    let exact = [&[][..], &["--tier", "bytes"], &["--orient", "--alpha", "ignore-hidden"]];
    for (number, flags) in exact.into_iter().chain(near).enumerate() {
        for format in ["text", "json", "csv", "null"] {
            let scan = |more: &[&str]| ran(&dir, &[&["scan", ".", "--format", format][..], flags, more].concat());
            let file = |name: &str| kept.join(format!("{name}{number}{format}")).to_str().unwrap().to_owned();
            let expected = report(&scan(&["--no-catalogue"]));
            assert_eq!(expected.0, 3);
            let whole = file("whole");
            assert_eq!(report(&scan(&["--catalogue", &whole])), expected, "while it is filled");
            assert_eq!(report(&scan(&["--catalogue", &whole])), expected, "by what is known");
            assert_eq!(report(&scan(&["--catalogue", &whole, "--threads", "1"])), expected, "on one thread");
            assert_eq!(report(&scan(&["--catalogue", &whole, "--paranoid"])), expected, "looked at again");
            // Half of the library alone makes other pictures alone, and other looks fail.
            let half = file("half");
            for part in ["traps", "icons", "photos", "broken"].iter().filter(|part| dir.join(part).is_dir()) {
                let _ = ran(&dir, &[&["scan", part, "--catalogue", &half][..], flags].concat());
            }
            assert_eq!(report(&scan(&["--catalogue", &half])), expected, "half of it known");
        }
    }
}

#[test]
fn a_catalogue_does_not_count_itself() {
    let dir = Dir::new();
    dir.write("p/a.png", png(&noise(50, 50, 1))).write("p/b.qoi", qoi(&noise(50, 50, 1))).write("p/notes.txt", "text");
    dir.settle();
    let expected = report(&ran(&dir, &["scan", ".", "--format", "json", "--no-catalogue"]));
    for _ in 0..3 {
        assert_eq!(report(&ran(&dir, &["scan", ".", "--format", "json", "--catalogue", "p/kept"])), expected);
    }
    assert!(dir.join("p/kept").exists());
}

#[test]
fn an_unchanged_library_is_not_read_again() {
    let (dir, kept) = (library_with_traps(), Dir::new());
    dir.settle();
    let kept = kept.join("c").to_str().unwrap().to_owned();
    for flags in [&[][..], &["--tier", "bytes"], &["--tier", "similar"]] {
        let scan = || ran(&dir, &[&["scan", ".", "--verbose", "--catalogue", &kept][..], flags].concat());
        assert!(bytes_read(&scan()) > 0);
        let again = scan();
        assert_eq!(bytes_read(&again), 0, "{}", again.err());
    }
}

/// One change of a file that a program could make, after which its length and the time of its last change are the same.
fn attack(path: &Path, other: &[u8], way: u32) {
    let times = FileTimes::new().set_modified(path.metadata().unwrap().modified().unwrap());
    match way {
        // Written over in place.
        0 => fs::write(path, other).unwrap(),
        // Another file takes the name.
        1 => {
            let beside = path.with_extension("new");
            fs::write(&beside, other).unwrap();
            fs::rename(beside, path).unwrap();
        }
        // Removed and made anew, often with the same number.
        2 => {
            fs::remove_file(path).unwrap();
            fs::write(path, other).unwrap();
        }
        // The names of two files are exchanged.
        _ => {
            let beside = path.with_extension("new");
            let third = path.with_extension("third");
            fs::write(&beside, other).unwrap();
            File::options().write(true).open(&beside).unwrap().set_times(times).unwrap();
            fs::rename(path, &third).unwrap();
            fs::rename(&beside, path).unwrap();
            fs::remove_file(&third).unwrap();
        }
    }
    File::options().write(true).open(path).unwrap().set_times(times).unwrap();
}

#[test]
fn no_stale_entry_is_believed() {
    let count = pixtwin_testkit::cases(40, 3200) as usize;
    let (dir, kept) = (Dir::new(), Dir::new());
    let mut random = Seeded(5);
    // Uncompressed: other pixels take as many bytes.
    let (one, other) = (tga(&noise(40, 40, 1), false), tga(&noise(40, 40, 2), false));
    assert_eq!(one.len(), other.len());
    for number in 0..count {
        dir.write(format!("{}/{number}.tga", number % 7), &one);
    }
    dir.settle();
    let kept = kept.join("c").to_str().unwrap().to_owned();
    let groups = || -> Vec<usize> {
        let lines = ran(&dir, &["scan", ".", "--quiet", "--format", "json", "--catalogue", &kept]).only_out();
        let groups = lines.lines().filter(|line| line.contains("\"group\""));
        let mut sizes: Vec<usize> = groups.map(|group| group.matches("\"proof\"").count()).collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(groups(), [count]);
    let changed: Vec<usize> = (0..count).filter(|_| random.below(3) == 0).collect();
    assert!(changed.len() >= pixtwin_testkit::cases(3, 1000) as usize);
    for number in &changed {
        attack(&dir.join(format!("{}/{number}.tga", number % 7)), &other, random.below(4));
    }
    let mut expected = vec![changed.len(), count - changed.len()];
    expected.sort_unstable();
    assert_eq!(groups(), expected);
}

#[test]
fn a_folder_that_was_renamed_keeps_its_entries() {
    let (dir, kept) = (Dir::new(), Dir::new());
    dir.write("old/sub/a.png", png(&noise(50, 50, 1))).write("old/b.png", png(&noise(20, 20, 2)));
    dir.write("old/sub/c.qoi", qoi(&noise(50, 50, 1)));
    dir.settle();
    let kept = kept.join("c").to_str().unwrap().to_owned();
    let scan = |flags: &[&str]| ran(&dir, &[&["scan", ".", "--verbose", "--catalogue", &kept][..], flags].concat());
    assert!(bytes_read(&scan(&[])) > 0);
    fs::rename(dir.join("old"), dir.join("new")).unwrap();
    let again = scan(&[]);
    assert_eq!(bytes_read(&again), 0, "{}", again.err());
    assert!(again.out().contains("new/sub/a.png") && !again.out().contains("old"), "{}", again.out());
    // And they are found where they are now.
    let found = ran(&dir, &["find", "new/sub/a.png", "--catalogue", &kept]);
    assert!(found.out().contains("new/sub/c.qoi") && !found.out().contains("old"), "{}", found.out());
}

#[test]
fn what_has_just_changed_is_not_kept() {
    let (dir, kept) = (Dir::new(), Dir::new());
    let kept = kept.join("c").to_str().unwrap().to_owned();
    let scan = || ran(&dir, &["scan", ".", "--verbose", "--catalogue", &kept]);
    dir.write("a.png", png(&noise(50, 50, 1)));
    let _ = scan();
    // Within one tick of the clock all times of the file are the same as before.
    dir.write("a.png", png(&noise(50, 50, 2)));
    assert!(bytes_read(&scan()) > 0);
}

#[test]
fn the_catalogue_is_asked_without_a_walk() {
    let (dir, kept) = (Dir::new(), Dir::new());
    let picture = noise(60, 40, 1);
    dir.write("a/1.png", png(&picture)).write("b/2.qoi", qoi(&picture)).write("b/3.png", png(&picture));
    dir.write("b/4.png", png(&noise(60, 40, 2))).write("b/5.png", png(&noise(61, 40, 3)));
    dir.write("asked.tga", tga(&picture, false));
    dir.settle();
    let kept = kept.join("c").to_str().unwrap().to_owned();
    let find = |flags: &[&str]| {
        ran(&dir, &[&["find", "asked.tga", "--format", "null", "--catalogue", &kept][..], flags].concat())
    };
    // Where nobody has looked yet nothing is known, and nothing is made.
    let nowhere = find(&[]);
    assert_eq!((nowhere.code, nowhere.out()), (2, ""));
    assert!(nowhere.err().contains("there is no catalogue") && !Path::new(&kept).exists(), "{}", nowhere.err());
    let _ = ran(&dir, &["scan", "a", "b", "--catalogue", &kept]);
    let names = |ran: &Ran| -> Vec<String> {
        let root = format!("{}/", dir.path().canonicalize().unwrap().display());
        ran.out().split('\0').filter(|name| !name.is_empty()).map(|name| name.replace(&root, "")).collect()
    };
    let by_other_rules = find(&["--orient"]);
    assert_eq!(by_other_rules.code, 2);
    assert!(by_other_rules.err().contains("nothing is known by these rules yet"), "{}", by_other_rules.err());
    for flags in [&[][..], &["--in", "catalogue"], &["--paranoid"]] {
        let found = find(flags);
        assert_eq!((found.code, names(&found)), (0, vec!["a/1.png".into(), "b/2.qoi".into(), "b/3.png".into()]));
    }
    // What has changed since is looked at; what is gone is not named.
    dir.write("b/2.qoi", qoi(&noise(60, 40, 9)));
    fs::remove_file(dir.join("b/3.png")).unwrap();
    assert_eq!(names(&find(&[])), ["a/1.png"]);
    // A picture of which only the size was known is looked at now.
    dir.write("asked.tga", tga(&noise(61, 40, 3), false));
    assert_eq!(names(&find(&[])), ["b/5.png"]);
}

#[test]
fn a_search_goes_on_without_a_catalogue_that_cannot_be_used() {
    let (dir, kept) = (Dir::new(), Dir::new());
    dir.write("a.png", png(&noise(50, 50, 1))).write("b.qoi", qoi(&noise(50, 50, 1)));
    let expected = ran(&dir, &["scan", ".", "--no-catalogue"]);
    kept.write("text", "this is no database, and long enough for the header of one: ".repeat(20));
    kept.mkdir("folder").write("closed/c", "").chmod("closed", 0o500).write("empty", "");
    let cases = [
        ("text", "it is no catalogue of pixtwin"),
        ("folder", "it cannot be opened"),
        ("closed/new", "it cannot be opened"),
        ("text/below", "it cannot be opened"),
    ];
    for (name, reason) in cases {
        let path = kept.join(name).to_str().unwrap().to_owned();
        let found = pixtwin(&dir, &["scan", ".", "--catalogue", &path]).bound_by_permissions().end();
        assert_eq!((found.code, &found.stdout), (0, &expected.stdout), "{name}");
        let said = format!("error: cannot use the catalogue `{path}`: {reason}");
        assert!(found.err().contains(&said), "{name}: {}", found.err());
        let asked = pixtwin(&dir, &["find", "a.png", "--catalogue", &path]).bound_by_permissions().end();
        assert_eq!(asked.code, 2, "{name}");
    }
    // An empty file is as good as none.
    let path = kept.join("empty").to_str().unwrap().to_owned();
    let found = ran(&dir, &["scan", ".", "--catalogue", &path]);
    assert_eq!((found.code, found.err()), (0, expected.err()));
}

#[test]
fn a_run_with_less_memory_refuses_what_it_would_refuse_by_itself() {
    let (dir, kept) = (Dir::new(), Dir::new());
    let picture = noise(700, 500, 1);
    dir.write("a.png", png(&picture)).write("b.qoi", qoi(&picture)).write("c.tga", tga(&picture, false));
    dir.settle();
    let kept = kept.join("c").to_str().unwrap().to_owned();
    for memory in ["2G", "100k", "400k", "1M", "20M", "100M"] {
        let scan = |more: &[&str]| report(&ran(&dir, &[&["scan", ".", "--memory", memory][..], more].concat()));
        assert_eq!(scan(&["--catalogue", &kept]), scan(&["--no-catalogue"]), "{memory}");
    }
}

#[test]
fn what_is_forgotten_meanwhile_ends_no_run() {
    let (dir, kept) = (Dir::new(), Dir::new());
    for number in 0..300 {
        dir.write(format!("{}/{number}.png", number % 9), png(&noise(120, 120, number)));
    }
    dir.settle();
    let kept = kept.join("c").to_str().unwrap().to_owned();
    let running = pixtwin(&dir, &["scan", ".", "--digests", "--threads", "1", "--catalogue", &kept]).start();
    for _ in 0..20 {
        let _ = ran(&dir, &["catalogue", "forget", ".", "--catalogue", &kept]);
    }
    let ended = running.end_within(Duration::from_secs(100));
    assert_eq!((ended.code, ended.err().contains("catalogue")), (0, false), "{}", ended.err());
    assert_eq!(ran(&dir, &["catalogue", "verify", "--catalogue", &kept]).code, 0);
}

/// A file system of its own, mounted here, then there, then away; `$1` is the program.
const MOUNTS: &str = r#"
    set -e
    mkdir here there
    mount -t tmpfs disk here
    cp *.png *.qoi here
    mount --bind here there
    # Nothing is kept of what has just changed.
    sleep 4
    "$1" scan here --catalogue c --quiet > first
    umount here
    "$1" scan there --catalogue c --verbose > second 2> seen
    "$1" find asked.tga --catalogue c --format null > mounted
    # A folder of the same disk lies over it: it is away, and not gone.
    mkdir there/sub
    cp c.png there/sub
    mount --bind there/sub there
    "$1" catalogue forget --gone --catalogue c
    "$1" find asked.tga --catalogue c > shadowed
    umount there
    # And another.
    mount -t tmpfs over there
    "$1" catalogue forget --gone --catalogue c
    "$1" find asked.tga --catalogue c > covered
    umount there
    umount there
    "$1" find asked.tga --catalogue c > away
    "$1" catalogue forget --gone --catalogue c
    "$1" catalogue compact --catalogue c
    "$1" find asked.tga --catalogue c > still
    "$1" find undecided.tga --catalogue c > undecided 2> reasons || echo $? >> undecided
"#;

#[test]
fn a_disk_keeps_its_entries_wherever_it_is_mounted_and_while_it_is_away() {
    let dir = Dir::new();
    let picture = noise(60, 40, 1);
    dir.write("a.png", png(&picture)).write("b.qoi", qoi(&picture)).write("asked.tga", tga(&picture, false));
    // Nobody else has its size, so that nothing else of it is learnt.
    dir.write("c.png", png(&noise(61, 40, 2))).write("undecided.tga", tga(&noise(61, 40, 2), false));
    let program = env!("CARGO_BIN_EXE_pixtwin");
    let words = ["--map-root-user", "--mount", "sh", "-c", MOUNTS, "sh", program];
    let ran = dir.run("unshare", words).end();
    assert_eq!(ran.code, 0, "{}", ran.err());
    let text = |name: &str| String::from_utf8(dir.read(name)).unwrap();
    assert!(text("first").contains("here/a.png") && text("second").contains("there/a.png"), "{}", text("first"));
    let first_look = text("seen").lines().find(|row| row.starts_with("first look")).unwrap().to_owned();
    assert_eq!(first_look.split_whitespace().skip(2).take(2).collect::<Vec<_>>(), ["3", "0"], "{first_look}");
    let root = dir.path().canonicalize().unwrap();
    let there = |name: &str| format!("{}/there/{name}", root.display());
    let mut mounted: Vec<String> = text("mounted").split_terminator('\0').map(str::to_owned).collect();
    mounted.sort_unstable();
    assert_eq!(mounted, [there("a.png"), there("b.qoi")]);
    for name in ["shadowed", "covered", "away", "still"] {
        let said = text(name);
        assert_eq!(said.matches("same pixels; not mounted: tmpfs ").count(), 2, "{name}: {said}");
        assert!(said.contains(&there("a.png")) && !said.contains("c.png"), "{name}: {said}");
    }
    // What cannot be decided is listed, and is not called absent.
    assert!(text("undecided").ends_with("no twin\n3\n"), "{}", text("undecided"));
    assert!(text("reasons").contains(&format!("{}: not enough of it is known", there("c.png"))), "{}", text("reasons"));
}

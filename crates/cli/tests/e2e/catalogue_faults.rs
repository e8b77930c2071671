//! Catalogues in trouble: runs that are killed, disks that are full, several runs at once, files that are damaged. The report
//! is the same, what was known stays known, and what went wrong is said.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
    thread,
    time::{Duration, Instant, SystemTime},
};

use pixtwin_testkit::{
    Dir, Ran, Run, cases,
    draw::{Seeded, icon},
    encode::{png, qoi},
};
use rusqlite::Connection;

use crate::{catalogue::report, pixtwin, ran};

/// What is said of a catalogue that cannot be used, whatever the reason.
const SAID: &str = "error: cannot use the catalogue `";

/// Files and folders of the library.
const FILES: u64 = 1200;
const FOLDERS: u64 = 12;

/// Icons in threes that are twins, none changed within the last seconds; and what a search reports of them.
fn library() -> &'static (Dir, Reported) {
    static LIBRARY: LazyLock<(Dir, Reported)> = LazyLock::new(|| {
        let dir = icons(FILES);
        let expected = report(&ran(&dir, &["scan", ".", "--no-catalogue"]));
        assert_eq!(expected.0, 3);
        (dir, expected)
    });
    &LIBRARY
}

fn icons(files: u64) -> Dir {
    let dir = Dir::new();
    for number in 0..files {
        let which = number / 3;
        let (folder, icon) = (number % FOLDERS, icon(16 + 8 * (which % 4) as u32, which));
        let name = format!("{folder}/{number}.{}", if number % 3 == 0 { "qoi" } else { "png" });
        dir.write(name, if number % 3 == 0 { qoi(&icon) } else { png(&icon) });
    }
    dir.write("0/empty.jpg", "");
    dir.settle();
    dir
}

/// Exit code, standard output, standard error.
type Reported = (i32, String, String);

fn scan<'a>(dir: &'a Dir, catalogue: &Path, more: &[&str]) -> Run<'a> {
    let words = ["scan", ".", "--catalogue", catalogue.to_str().unwrap()];
    pixtwin(dir, &[&words[..], more].concat())
}

/// That this is the report of the library, and whether the catalogue was said to be of no use.
#[track_caller]
fn assert_report(ran: &Ran, what: &str) -> bool {
    let (code, out, err) = &library().1;
    let found = (ran.code, ran.out());
    assert!(found == (*code, out), "{what}: code {}\n{}\n{}", ran.code, ran.out(), ran.err());
    let is_told = ran.err().contains(SAID);
    assert!(ran.err() == err || is_told, "{what}: {}", ran.err());
    is_told
}

/// The files of a catalogue, copied to where nobody uses them.
fn copied(catalogue: &Path, to: &Dir) -> PathBuf {
    let beside = |path: &Path, end: &str| PathBuf::from(format!("{}{end}", path.display()));
    let copy = to.join("copy");
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(beside(&copy, end));
    }
    for end in ["", "-wal"] {
        let _ = fs::copy(beside(catalogue, end), beside(&copy, end));
    }
    copy
}

/// How many files a catalogue knows, and with digests, which is whole.
#[track_caller]
fn assert_whole(catalogue: &Path, what: &str) -> (u64, u64) {
    let connection = Connection::open(catalogue).unwrap();
    let ask = |sql: &str| -> rusqlite::Result<String> { connection.query_row(sql, [], |row| row.get(0)) };
    assert_eq!(ask("PRAGMA integrity_check").as_deref(), Ok("ok"), "{what}");
    let foreign: i64 =
        connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    assert_eq!(foreign, 0, "{what}");
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    // Killed before it was made.
    if version == 0 {
        return (0, 0);
    }
    let count = |sql: &str| -> i64 { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    let files = count("SELECT count(*) FROM file");
    (files.cast_unsigned(), count("SELECT count(*) FROM file WHERE digest IS NOT NULL").cast_unsigned())
}

/// From when on a run is killed after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// Its start.
    OfAnything,
    /// When its log holds more than new tables.
    OfWriting,
}

#[test]
fn a_run_that_is_killed_leaves_a_whole_catalogue() {
    let (dir, _) = library();
    let (kept, aside) = (Dir::new(), Dir::new());
    let catalogue = kept.join("c");
    let began = Instant::now();
    assert!(!assert_report(&scan(dir, &catalogue, &[]).end(), "undisturbed"));
    let whole_run = u32::try_from(began.elapsed().as_micros()).unwrap();
    let all = assert_whole(&catalogue, "undisturbed");
    let mut random = Seeded(7);
    let log_bytes = || fs::metadata(format!("{}-wal", catalogue.display())).map_or(0, |found| found.len());
    let kill = |flags: &[&str], after_us: u32, moment: Moment| {
        let mut job = scan(dir, &catalogue, flags).start();
        while moment == Moment::OfWriting && log_bytes() < 70_000 && job.runs() {
            thread::yield_now();
        }
        thread::sleep(Duration::from_micros(after_us.into()));
        // It may have ended by now.
        job.kill();
        let ran = job.end_within(Duration::from_secs(10));
        assert!(ran.code == 128 + 9 || ran.code == 3, "{}: {}", ran.code, ran.err());
        ran.code != 3
    };
    let mut tally: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut kills, mut round) = (0, 0);
    let wanted = cases(25, 1000);
    while kills < wanted {
        round += 1;
        // From nothing, or everything written over.
        let is_new = random.below(3) == 0;
        if is_new {
            for end in ["", "-wal", "-shm"] {
                let _ = fs::remove_file(format!("{}{end}", catalogue.display()));
            }
        }
        let flags: &[&str] = if is_new { &[] } else { &["--paranoid"] };
        // The first milliseconds, anywhere, or once it has begun to write what it learnt.
        let (after, moment) = match random.below(10) {
            0 => (random.below(8_000), Moment::OfAnything),
            1..=3 => (random.below(whole_run + whole_run / 10), Moment::OfAnything),
            _ => (random.below(6_000), Moment::OfWriting),
        };
        let mut killed = u32::from(kill(flags, after, moment));
        let log = log_bytes();
        let name = match (killed, log) {
            (0, _) => "had ended",
            (_, 0) => "without a log",
            _ => "with a log to recover",
        };
        *tally.entry(name).or_default() += 1;
        // A log was left: the next run recovers it, and is killed at that, and the one after it.
        if log > 0 {
            for _ in 0..=random.below(2) {
                let is_killed = kill(&[], random.below(12_000), Moment::OfAnything);
                killed += u32::from(is_killed);
                *tally.entry("while it was opened after a kill").or_default() += u32::from(is_killed);
            }
        }
        kills += killed;
        let what = format!("round {round}, killed after {after} us, {moment:?}");
        if catalogue.exists() {
            assert_whole(&copied(&catalogue, &aside), &what);
        }
        assert!(!assert_report(&scan(dir, &catalogue, &[]).end(), &what), "{what}: the catalogue was not used");
        assert_eq!(assert_whole(&copied(&catalogue, &aside), &what).0, all.0, "{what}");
        assert!(round < 20 * wanted, "{tally:?}");
    }
    println!("soak: catalogues after {kills} kills: {tally:?}");
}

#[test]
fn a_slow_run_that_is_killed_loses_less_than_five_seconds() {
    let mut random = Seeded(31);
    let (mut kills, mut due_in_all, mut lost_longest) = (0, 0, Duration::ZERO);
    let (known, _) = library();
    let began = Instant::now();
    assert!(!assert_report(&scan(known, &Dir::new().join("c"), &["--threads", "1"]).end(), "undisturbed"));
    // Four times as many files, slowed down to some fourteen seconds; the more at a time, the less the writer is slowed down.
    let usual = began.elapsed();
    let pause = Duration::from_secs(7) / u32::try_from(usual.as_millis()).unwrap().max(1);
    for round in 0..cases(1, 8) {
        // Nobody has read these files before: the system notes when each is read first.
        let (dir, kept) = (icons(4 * FILES), Dir::new());
        let catalogue = kept.join("c");
        let began = Instant::now();
        let end = Duration::from_millis(6500 + u64::from(random.below(1500)));
        let mut job = scan(&dir, &catalogue, &["--threads", "1"]).start();
        while !kept.join("c-shm").exists() && job.runs() {
            thread::yield_now();
        }
        thread::sleep(usual / 12);
        // From here on two thousandths of a second at a time.
        while began.elapsed() < end && job.runs() {
            job.stop(false);
            thread::sleep(Duration::from_millis(2));
            job.stop(true);
            thread::sleep(pause);
        }
        job.kill();
        let killed = SystemTime::now();
        let code = job.end_within(Duration::from_secs(10)).code;
        let what = format!("round {round}, killed after {end:?}");
        if code == 3 {
            // It was too fast.
            continue;
        }
        assert_eq!(code, 128 + 9, "{what}");
        kills += 1;
        let known = names(&catalogue);
        let read = |name: &PathBuf| {
            let found = dir.path().join(name).metadata().unwrap();
            let read = found.accessed().unwrap();
            (read > found.modified().unwrap() + Duration::from_secs(1)).then_some(read)
        };
        for (name, read) in dir.names().iter().filter_map(|name| Some((name, read(name)?))) {
            let ago = killed.duration_since(read).unwrap_or_default();
            let is_known = known.contains(name.file_name().unwrap().as_encoded_bytes());
            assert!(is_known || ago < Duration::from_secs(5), "{what}: {name:?}, which it had read {ago:?} before");
            due_in_all += u32::from(ago >= Duration::from_secs(5));
            lost_longest = lost_longest.max(if is_known { Duration::ZERO } else { ago });
        }
    }
    // On a file system that does not note it there is nothing to see.
    println!(
        "soak: {kills} slow runs killed: {due_in_all} files were read more than five seconds before, and all are known; the \
         oldest that is not was read {:.1} s before",
        lost_longest.as_secs_f64()
    );
}

/// The names of the files that a catalogue knows.
fn names(catalogue: &Path) -> BTreeSet<Vec<u8>> {
    let connection = Connection::open(catalogue).unwrap();
    let mut statement = connection.prepare("SELECT name FROM file").unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.collect::<Result<_, _>>().unwrap()
}

/// Words that run a script as root of a file system of its own.
fn with_own_mounts(dir: &Dir, script: &str) -> Vec<String> {
    let may = dir.run("unshare", ["--mount", "true"]).end().code == 0;
    let user: &[&str] = if may { &[] } else { &["--user", "--map-root-user"] };
    let words = [&["--mount"][..], user, &["--", "sh", "-ec", script]].concat();
    words.into_iter().map(str::to_owned).collect()
}

/// A catalogue of half of the library.
fn half(kept: &Dir) -> PathBuf {
    let catalogue = kept.join("half");
    let (dir, _) = library();
    let words: Vec<String> = (0..FOLDERS / 2).map(|folder| folder.to_string()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ran = ran(dir, &[&["scan", "--catalogue", catalogue.to_str().unwrap()], &words[..]].concat());
    assert_eq!(ran.code, 3);
    catalogue
}

/// That all the older one knows is also known by the newer.
#[track_caller]
fn assert_kept(old: &Path, new: &Path, what: &str) {
    let (before, after) = (assert_whole(old, what), assert_whole(new, what));
    assert!(after.0 >= before.0 && after.1 >= before.1, "{what}: {before:?} {after:?}");
    let connection = Connection::open(new).unwrap();
    connection.execute("ATTACH ?1 AS old", [old.to_str().unwrap()]).unwrap();
    let lost: i64 = connection
        .query_row(
            "SELECT count(*) FROM old.file AS old LEFT JOIN main.file AS new USING (id) WHERE new.id IS NULL \
             OR (old.name, old.inode, old.size, old.mtime_ns, old.ctime_ns) <> (new.name, new.inode, new.size, new.mtime_ns, \
             new.ctime_ns) OR (old.digest IS NOT NULL AND new.digest IS NOT old.digest) \
             OR (old.payload IS NOT NULL AND new.payload IS NOT old.payload)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(lost, 0, "{what}");
}

#[test]
fn a_full_disk_costs_the_new_entries_and_nothing_else() {
    let (dir, _) = library();
    let (kept, small, out) = (Dir::new(), Dir::new(), Dir::new());
    let old = half(&kept);
    let old_kib = fs::metadata(&old).unwrap().len() / 1024;
    let mut random = Seeded(11);
    let (mut full, mut enough) = (0, 0);
    // $1 size, $2 the small disk, $3 the old catalogue or nothing, $4 where it is copied to, $5 size after a while, $6 a
    // while, $7... the program.
    let script = r#"mount -t tmpfs -o size="$1"k none "$2"
        if [ -n "$3" ]; then cp "$3" "$2/c"; fi
        (sleep "$6"; mount -o remount,size="$5"k "$2" || true) 2>/dev/null &
        to=$4 disk=$2 code=0
        shift 6
        "$@" || code=$?
        wait
        cp "$disk"/c* "$to"/ 2>/dev/null || true
        exit "$code""#;
    for round in 0..cases(8, 70) {
        let is_new = round % 4 == 3;
        let shrinks = round % 4 == 2;
        let size = if is_new { 4 + u64::from(random.below(700)) } else { old_kib + 8 + u64::from(random.below(700)) };
        let (size, later) = if shrinks { (4096, old_kib + u64::from(random.below(200))) } else { (size, size) };
        let delay = format!("0.{:03}", random.below(600));
        for name in out.names() {
            fs::remove_file(out.path().join(name)).unwrap();
        }
        let before = if is_new { "" } else { old.to_str().unwrap() };
        let disk = small.path().to_str().unwrap();
        let words = with_own_mounts(dir, script).into_iter().chain(
            ["sh", &size.to_string(), disk, before, out.path().to_str().unwrap(), &later.to_string(), &delay]
                .map(str::to_owned),
        );
        let catalogue = format!("{disk}/c");
        let words = words.chain(
            [env!("CARGO_BIN_EXE_pixtwin"), "scan", ".", "--catalogue", &catalogue, "--paranoid"].map(str::to_owned),
        );
        let what = format!("round {round}, {size} KiB, {later} KiB later, old one of {old_kib} KiB: {}", !is_new);
        let is_told = assert_report(&dir.run("unshare", words).end(), &what);
        *(if is_told { &mut full } else { &mut enough }) += 1;
        if !is_new {
            assert_kept(&old, &copied(&out.join("c"), &kept), &what);
        }
        // With room again all goes on.
        let again = scan(dir, &out.join("c"), &[]).end();
        assert!(!assert_report(&again, &what), "{what}: {}", again.err());
    }
    assert!(full > 0);
    println!("soak: small disks: {full} were full, {enough} were enough");
}

#[test]
fn a_file_that_may_not_grow_costs_the_new_entries_and_nothing_else() {
    let (dir, _) = library();
    let kept = Dir::new();
    let old = half(&kept);
    let old_blocks = u32::try_from(fs::metadata(&old).unwrap().len() / 512).unwrap();
    let mut random = Seeded(12);
    let (mut refused, mut enough) = (0, 0);
    for round in 0..cases(6, 40) {
        let catalogue = kept.join("grows");
        let is_new = round % 3 == 2;
        for end in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", catalogue.display()));
        }
        if !is_new {
            fs::copy(&old, &catalogue).unwrap();
        }
        let blocks = 1 + random.below(old_blocks * 3);
        let script = format!("ulimit -f {blocks} && exec \"$0\" \"$@\"");
        let program = [env!("CARGO_BIN_EXE_pixtwin"), "scan", ".", "--paranoid", "--catalogue"];
        let words = [&["-c", &script][..], &program, &[catalogue.to_str().unwrap()]].concat();
        let what = format!("round {round}, {blocks} blocks of 512 bytes");
        let is_told = assert_report(&dir.run("sh", words).end(), &what);
        *(if is_told { &mut refused } else { &mut enough }) += 1;
        if !is_new {
            assert_kept(&old, &copied(&catalogue, &kept), &what);
        }
        let again = scan(dir, &catalogue, &[]).end();
        assert!(!assert_report(&again, &what), "{what}: {}", again.err());
    }
    assert!(refused > 0);
    println!("soak: files that may not grow: {refused} were refused, {enough} were enough");
}

#[test]
fn a_catalogue_that_may_only_be_read_stays_as_it_is() {
    let (dir, _) = library();
    let kept = Dir::new();
    let old = half(&kept);
    let before = fs::read(&old).unwrap();
    let bound = |catalogue: &Path| scan(dir, catalogue, &[]).bound_by_permissions().end();
    // The file, its folder, both.
    for (file, folder) in [(0o400, 0o700), (0o600, 0o500), (0o400, 0o500)] {
        kept.mkdir("in").write("in/c", &before).chmod("in/c", file).chmod("in", folder);
        let ran = bound(&kept.join("in/c"));
        assert!(assert_report(&ran, "read-only"), "{file:o} {folder:o}: {}", ran.err());
        kept.chmod("in", 0o700).chmod("in/c", 0o600);
        assert!(kept.read("in/c") == before);
    }
    // A file system that may only be read.
    let script = r#"mount -t tmpfs none "$1"
        cp "$2" "$1/c"
        mount -o remount,ro "$1"
        exec "$3" scan . --catalogue "$1/c""#;
    let mount = Dir::new();
    let paths = [mount.path(), &old].map(|path| path.to_str().unwrap().to_owned());
    let words = with_own_mounts(dir, script).into_iter().chain(["sh".to_owned()]).chain(paths);
    let ran = dir.run("unshare", words.chain([env!("CARGO_BIN_EXE_pixtwin").to_owned()])).end();
    assert!(assert_report(&ran, "read-only file system"), "{}", ran.err());
}

#[test]
fn several_runs_at_once_have_one_catalogue() {
    let (dir, _) = library();
    let kept = Dir::new();
    let alone = kept.join("alone");
    assert!(!assert_report(&scan(dir, &alone, &[]).end(), "alone"));
    let all = assert_whole(&alone, "alone");
    let mut longest = Duration::ZERO;
    let rounds = cases(2, 60);
    for round in 0..rounds {
        // Eight make it at once; five and two write it over; some read while others write.
        let catalogue = kept.join(format!("c{round}"));
        for (runs, flags) in [(8, ["", ""]), (5, ["--paranoid", "--paranoid"]), (2, ["--paranoid", "--threads=1"])] {
            let began = Instant::now();
            let jobs: Vec<_> = (0..runs)
                .map(|run| {
                    let flags: &[&str] = match flags[run % 2] {
                        "" => &[],
                        _ => &flags[run % 2..=run % 2],
                    };
                    scan(dir, &catalogue, flags).start()
                })
                .collect();
            for (run, job) in jobs.into_iter().enumerate() {
                let ran = job.end_within(Duration::from_secs(60));
                let what = format!("round {round}, run {run} of {runs}");
                assert!(!assert_report(&ran, &what), "{what}: {}", ran.err());
            }
            longest = longest.max(began.elapsed());
            assert_eq!(assert_whole(&catalogue, "after all").0, all.0, "round {round}, {runs} runs");
        }
        fs::remove_file(&catalogue).unwrap();
    }
    println!("soak: {rounds} times eight, five and two runs at once, longest {:.1} s", longest.as_secs_f64());
}

#[test]
fn a_run_does_not_wait_for_ever_for_another() {
    let (dir, _) = library();
    let kept = Dir::new();
    let catalogue = half(&kept);
    let holder = Connection::open(&catalogue).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    let ran = scan(dir, &catalogue, &[]).end();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(assert_report(&ran, "locked"));
    assert!(ran.err().contains("another program has had it locked for too long\nhint: "), "{}", ran.err());
    holder.execute_batch("COMMIT").unwrap();
    assert!(!assert_report(&scan(dir, &catalogue, &[]).end(), "free again"));
}

/// One damage to the bytes of a catalogue.
fn damage(file: &mut Vec<u8>, random: &mut Seeded) -> &'static str {
    let len = file.len() as u32;
    let mut place = |below: u32| random.below(below) as usize;
    match place(6) {
        0 => {
            (0..=place(30)).for_each(|_| file[place(len)] ^= 1 << place(8));
            "bits"
        }
        1 => {
            (0..=place(3)).for_each(|_| file[place(100)] = place(256) as u8);
            "header"
        }
        2 => {
            file.truncate(place(len));
            "truncated"
        }
        3 => {
            let (from, to) = (place(len / 8192) * 8192, place(len / 8192) * 8192);
            file.copy_within(from..from + 8192, to);
            "page"
        }
        4 => {
            let length = 1 + place(400);
            let (from, to) = (place(len - 400), place(len - 400));
            file.copy_within(from..from + length, to);
            "range"
        }
        _ => {
            let from = place(len);
            let end = (from + place(20_000)).min(file.len());
            file[from..end].fill(0);
            "zeros"
        }
    }
}

#[test]
fn a_damaged_catalogue_changes_no_report() {
    let (dir, _) = library();
    let kept = Dir::new();
    let catalogue = kept.join("c");
    assert!(!assert_report(&scan(dir, &catalogue, &[]).end(), "undamaged"));
    let whole = fs::read(&catalogue).unwrap();
    let (mut told, mut silent) = (0, 0);
    for number in 0..cases(20, 1000) {
        let mut mutant = whole.clone();
        let kind = damage(&mut mutant, &mut Seeded(number.into()));
        for end in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{end}", catalogue.display()));
        }
        fs::write(&catalogue, mutant).unwrap();
        let flags: &[&str] = if number % 4 == 0 { &["--paranoid"] } else { &[] };
        let ran = scan(dir, &catalogue, flags).end();
        let is_told = assert_report(&ran, &format!("mutant {number}, {kind}"));
        *(if is_told { &mut told } else { &mut silent }) += 1;
    }
    assert!(told > 0);
    println!("soak: searches with damaged catalogues: {told} said so, {silent} had no need to");
}

/// `ulimit -f`: by default the system would end the program at a write beyond it.
#[test]
fn a_limit_of_file_sizes_is_like_a_full_disk() {
    let (dir, _) = library();
    let kept = Dir::new();
    let (catalogue, out) = (kept.join("c").to_str().unwrap().to_owned(), kept.join("out"));
    let limited = |blocks: u32, to: &str, more: &[&str]| {
        let script = format!("ulimit -f {blocks}; exec env --default-signal=XFSZ \"$@\" > {to}");
        let words = ["-c", &script, "sh", env!("CARGO_BIN_EXE_pixtwin"), "scan", "."];
        dir.run("sh", words.into_iter().chain(more.iter().copied()).map(str::to_owned)).end()
    };
    for tier in ["pixels", "similar"] {
        let flags = ["--tier", tier, "--catalogue", &catalogue];
        let ran = limited(64, "/dev/stdout", &flags);
        assert!([0, 3].contains(&ran.code), "{tier}: {} {}", ran.code, ran.err());
        assert!(ran.err().contains("the catalogue"), "{tier}: {}", ran.err());
        let ran = limited(1, out.to_str().unwrap(), &["--tier", tier, "--no-catalogue", "--format", "json"]);
        assert_eq!(ran.code, 2, "{tier}: {}", ran.err());
        assert!(ran.err().contains("file too large"), "{tier}: {}", ran.err());
        kept.names().into_iter().for_each(|name| fs::remove_file(kept.path().join(name)).unwrap());
    }
}

//! What was learnt five seconds before a kill is on the disk.

// This file is a test as a whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use pixtwin_catalogue::{Catalogue, Entry, Facts, Maker, Near, Stamp, Want};
use pixtwin_testkit::{cases, draw::Seeded};
use rusqlite::Connection;

/// At most so much work is lost.
const MOST_LOST: Duration = Duration::from_secs(5);

/// Names the catalogue to the process that is killed.
const FILE: &str = "PIXTWIN_TEST_CATALOGUE";

fn maker() -> Maker {
    Maker {
        rules: "rules 1".to_owned(),
        decoder: |format| format!("decoder of {}", format.unwrap_or("nothing")),
        near: true,
    }
}

/// Learns a file a millisecond, for ever, and says of each that it is learnt. It is no test, but what the test kills.
#[test]
fn learns_until_it_is_killed() {
    let Some(file) = env::var_os(FILE) else { return };
    let file = Path::new(&file);
    let catalogue = Catalogue::open(file, Want::Write, maker()).unwrap();
    let folder = catalogue.folder(file.parent().unwrap()).unwrap();
    let writer = catalogue.writer().unwrap();
    let began = Instant::now();
    for number in 0_u32.. {
        let stamp = Stamp { inode: number.into(), size: 1, modified_ns: 1, changed_ns: 1 };
        let near = Near { codes: [[number.into(); 4]; Near::CODES], usable: 1, quality: 1, rest: Box::default() };
        let facts = Facts { near: Some(Box::new(near)), ..Facts::default() };
        writer.learn(&folder, &number.to_be_bytes(), Entry { stamp, facts });
        // The test may not be told: then nobody waits for this.
        writeln!(std::io::stdout(), "learnt {number}").unwrap();
        assert!(began.elapsed() < Duration::from_secs(60), "nobody kills it");
        thread::sleep(Duration::from_millis(1));
    }
}

/// One run of the above that is killed after a while; says how many files it had learnt five seconds before, how many of
/// all, and how many are in the catalogue.
fn killed(after: Duration) -> (usize, usize, usize) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("catalogue");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "learns_until_it_is_killed", "--nocapture"])
        .env(FILE, &file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reader = thread::spawn(move || {
        let told = lines.map_while(Result::ok).filter(|line| line.starts_with("learnt"));
        told.map(|_| Instant::now()).collect::<Vec<_>>()
    });
    thread::sleep(after);
    let end = Instant::now();
    child.kill().unwrap();
    child.wait().unwrap();
    let learnt = reader.join().unwrap();
    let due = learnt.iter().filter(|at| **at + MOST_LOST <= end).count();
    let connection = Connection::open(&file).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    // In the order in which they were learnt, without a gap.
    let (count, last): (i64, i64) = connection
        .query_row("SELECT count(*), coalesce(max(inode), -1) FROM file", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(count, last + 1, "some are missing");
    let places: i64 =
        connection.query_row("SELECT coalesce(sum(places), 0) FROM code_block", [], |row| row.get(0)).unwrap();
    assert_eq!(places, count, "codes and entries are written together");
    assert_eq!(Catalogue::open(&file, Want::Read, maker()).unwrap().verify().unwrap().faults, [""; 0]);
    (due, learnt.len(), usize::try_from(count).unwrap())
}

#[test]
fn at_most_five_seconds_of_work_are_lost() {
    let mut random = Seeded(21);
    let (mut kills, mut longest) = (0, Duration::ZERO);
    // They sleep most of the time: many at once.
    for _ in 0..cases(1, 10) {
        let runs: Vec<_> = (0..cases(4, 10))
            .map(|_| Duration::from_millis(5500 + u64::from(random.below(4000))))
            .map(|after| thread::spawn(move || (after, killed(after))))
            .collect();
        for run in runs {
            let (after, (due, learnt, there)) = run.join().unwrap();
            assert!(due > 100, "{due} of {learnt} in {after:?}: it learns too slowly to show anything");
            assert!(there >= due, "killed after {after:?}: {there} of {learnt} are there, {due} were due");
            let lost = u32::try_from(learnt.saturating_sub(there)).unwrap();
            longest = longest.max(after * lost / u32::try_from(learnt).unwrap());
            kills += 1;
        }
    }
    println!("soak: {kills} kills of a run that learns, at most {:.1} s of it lost", longest.as_secs_f64());
}

//! Ranks that die, hosts that vanish, cables that are cut.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use pixtwin_testkit::{
    Cluster, Dir, Mpi, Ran, cases,
    draw::{Seeded, landscape},
    encode::{Png, PngColour},
};

use crate::{IMAGES, PIXTWIN};

/// With the settings of the test cluster nothing may take longer.
const LONGEST: Duration = Duration::from_secs(30);

/// Photographs that keep two hosts busy for some seconds: equal up to their last row.
pub(crate) fn library() -> &'static [Dir; 2] {
    static LIBRARY: LazyLock<[Dir; 2]> = LazyLock::new(|| {
        let picture = landscape(1600, 1200, 1);
        let quick = Png { level: 1, ..Png::new(PngColour::Rgb) };
        [0, 1].map(|host| {
            let dir = Dir::new();
            for number in 0..64 {
                let copy = picture.clone().with_sample_changed(number, 1199, host);
                dir.write(format!("{number:02}.png"), quick.write(&copy));
            }
            dir.write("twin.png", quick.write(&picture));
            dir
        })
    });
    &LIBRARY
}

fn scan(cluster: &Cluster, mpi: Mpi) -> pixtwin_testkit::Run<'_> {
    // All on one processor, and nothing known from the run before: longer, and as good.
    let words =
        ["-c", "0", PIXTWIN, "scan", IMAGES, "--format", "json", "-j1", "--progress", "always", "--no-catalogue"];
    cluster.run(mpi, &mpi.ranks_per_host(4, 2), "taskset", words)
}

/// The summary of a report, if one was written.
fn summary(ran: &Ran) -> Option<&str> {
    ran.out().lines().find(|line| line.starts_with("{\"type\":\"summary\""))
}

/// A run in which something went wrong: it ends in time, and does not say that it is complete.
#[track_caller]
fn assert_cut(ran: &Ran, missing: &str, what: &str) {
    let said = format!("{what}: code {}\n{}\n{}", ran.code, ran.out(), ran.err());
    let summary = summary(ran).unwrap_or_else(|| panic!("no summary: {said}"));
    assert!(summary.contains("\"complete\":false") && summary.contains(missing), "{said}");
    assert!(ran.err().contains("the result is not complete"), "{said}");
}

/// What a disturbed run may come to: the whole report, if it was disturbed too late, or one that says it is not whole.
fn assert_true_to_fact(ran: &Ran, whole: &str, missing: &str, what: &str) -> &'static str {
    let said = format!("{what}: code {}\n{}\n{}", ran.code, ran.out(), ran.err());
    match summary(ran) {
        Some(summary) if summary.contains("\"complete\":true") => {
            assert_eq!(ran.out(), whole, "{said}");
            "whole"
        }
        Some(summary) => {
            assert!(summary.contains("\"complete\":false") && ran.code != 0, "{said}");
            assert!(summary.contains(missing), "{said}");
            "named by the root"
        }
        // Disturbed before the ranks had met, or with the root itself: the launcher names it.
        None => {
            assert!(ran.code != 0 && !ran.err().is_empty(), "{said}");
            "named by the launcher"
        }
    }
}

/// Counts outcomes, for the figures of a long run.
#[derive(Default)]
struct Tally(std::collections::BTreeMap<&'static str, u32>, Duration);

impl Tally {
    fn add(&mut self, outcome: &'static str, took: Duration) {
        *self.0.entry(outcome).or_default() += 1;
        self.1 = self.1.max(took);
    }

    fn print(&self, what: &str) {
        let outcomes: Vec<String> = self.0.iter().map(|(outcome, count)| format!("{count} {outcome}")).collect();
        println!("soak: {what}: {}; longest {:.1} s", outcomes.join(", "), self.1.as_secs_f64());
    }
}

#[test]
fn a_killed_rank_is_named_and_the_next_run_is_undisturbed() {
    let folders = library();
    let cluster = Cluster::up(folders);
    let (mut random, mut tally) = (Seeded(3), Tally::default());
    let whole = scan(&cluster, Mpi::OpenMpi4).end();
    assert!(summary(&whole).is_some_and(|summary| summary.contains("\"complete\":true")), "{}", whole.err());
    for round in 0..cases(5, 200) {
        let rank = random.below(4) as usize;
        let mut job = cluster.spawn(scan(&cluster, Mpi::OpenMpi4));
        let ranks = job.ranks(4);
        std::thread::sleep(Duration::from_millis(random.below(4000).into()));
        // It may have ended by now.
        ranks[rank].try_kill();
        let killed = Instant::now();
        let ran = job.end_within(LONGEST);
        let what = format!("round {round}, rank {rank} killed");
        let outcome = assert_true_to_fact(&ran, whole.out(), &format!("rank {rank} on "), &what);
        tally.add(outcome, killed.elapsed());
        if round % 10 == 4 {
            let again = scan(&cluster, Mpi::OpenMpi4).end();
            assert_eq!((again.code, again.out()), (0, whole.out()), "after round {round}: {}", again.err());
        }
    }
    tally.print("ranks killed");
}

#[test]
fn a_host_that_loses_power_is_named() {
    let folders = library();
    let mut tally = Tally::default();
    let mut random = Seeded(4);
    for round in 0..cases(1, 20) {
        let cluster = Cluster::up(folders);
        let whole = if round == 0 { scan(&cluster, Mpi::OpenMpi4).end().out().to_owned() } else { String::new() };
        let mut job = cluster.spawn(scan(&cluster, Mpi::OpenMpi4));
        let _ranks = job.ranks(4);
        std::thread::sleep(Duration::from_millis(700 + u64::from(random.below(500))));
        cluster.off("h2");
        let off = Instant::now();
        let ran = job.end_within(LONGEST);
        let outcome = assert_true_to_fact(&ran, &whole, "rank 2 on h2\",\"rank 3 on h2", "h2 off");
        tally.add(outcome, off.elapsed());
    }
    tally.print("hosts off");
}

#[test]
fn a_cable_that_is_cut_is_named() {
    let folders = library();
    let mut tally = Tally::default();
    for _ in 0..cases(1, 10) {
        let cluster = Cluster::up(folders);
        let mut job = cluster.spawn(scan(&cluster, Mpi::OpenMpi4));
        let _ranks = job.ranks(4);
        std::thread::sleep(Duration::from_millis(900));
        cluster.cut("h2");
        let cut = Instant::now();
        let ran = job.end_within(LONGEST);
        let outcome = assert_true_to_fact(&ran, "", "rank 2 on h2\",\"rank 3 on h2", "h2 cut");
        tally.add(outcome, cut.elapsed());
    }
    tally.print("cables cut");
}

#[test]
fn a_stopped_rank_is_named_within_ten_seconds() {
    let folders = library();
    let cluster = Cluster::up(folders);
    for mpi in [Mpi::OpenMpi4, Mpi::Mpich5] {
        let mut job = cluster.spawn(scan(&cluster, mpi));
        let ranks = job.ranks(4);
        std::thread::sleep(Duration::from_millis(900));
        ranks[3].stop();
        let ran = job.end_within(Duration::from_secs(10));
        assert_cut(&ran, "\"missing\":[\"rank 3 on h2\"]", "rank 3 stopped");
        assert_ne!(ran.code, 0);
        // It took more than five seconds and less than ten: one line for all ranks, not one of each.
        let is_progress = |line: &&str| line.contains(" read, ") && line.contains("/s");
        assert_eq!(ran.err().lines().filter(is_progress).count(), 1, "{}", ran.err());
    }
}

#[test]
fn one_rank_that_is_told_to_end_ends_all() {
    let folders = library();
    let cluster = Cluster::up(folders);
    let mut job = cluster.spawn(scan(&cluster, Mpi::OpenMpi4));
    let ranks = job.ranks(4);
    std::thread::sleep(Duration::from_millis(900));
    ranks[2].terminate();
    let ran = job.end_within(Duration::from_secs(10));
    assert_cut(&ran, "\"missing\":[]", "rank 2 terminated");
    assert!(ran.code != 0 && ran.err().contains("interrupted; the result is not complete"), "{}", ran.err());
}

#[test]
fn an_interruption_leaves_no_process_behind() {
    let folders = library();
    let cluster = Cluster::up(folders);
    let before = cluster.processes();
    for interrupt in [pixtwin_testkit::Running::interrupt, pixtwin_testkit::Running::terminate] {
        let mut job = cluster.spawn(scan(&cluster, Mpi::OpenMpi4));
        let _ranks = job.ranks(4);
        std::thread::sleep(Duration::from_millis(900));
        interrupt(&job.launcher);
        let ran = job.end_within(Duration::from_secs(10));
        assert!(ran.code != 0 && !ran.out().contains("\"complete\":true"), "{}", ran.out());
        let gone = Instant::now();
        while cluster.processes() != before {
            assert!(gone.elapsed() < Duration::from_secs(5), "left: {:?}", cluster.processes());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

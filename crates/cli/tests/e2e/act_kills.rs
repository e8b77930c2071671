//! Runs that are killed at any moment: nothing is lost, `recover` cleans up, and `undo` brings all back.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use pixtwin_testkit::{Census, Snapshot, cases, draw::Seeded};

use crate::acts::{ACTIONS, Album, is_victim};

const GROUPS: u64 = 60;
const LONGEST: Duration = Duration::from_secs(30);

/// What was killed, and how far it was.
type Tally = BTreeMap<String, u32>;

/// What there was before a run, and the words by which failures name it.
struct Began {
    library: Snapshot,
    census: Census,
    what: String,
}

/// From when on a command is killed after a while.
#[derive(Clone, Copy, Debug)]
enum Moment {
    Any,
    Writing,
    Changing,
}

/// Kills runs of one album.
struct Killer {
    album: Album,
    random: Seeded,
    /// How long each of the commands takes that are killed.
    usual: BTreeMap<&'static str, Duration>,
    kills: u32,
    /// Of them those of `recover` and `undo`.
    kills_of_repairs: u32,
    tally: Tally,
}

impl Killer {
    fn new() -> Self {
        let album = Album::new(GROUPS);
        let (usual, tally) = (BTreeMap::new(), Tally::new());
        Self { album, random: Seeded(41), usual, kills: 0, kills_of_repairs: 0, tally }
    }

    /// Runs a command that is killed: anywhere, or a moment after it has begun to write, or to change files. Whether it was, or
    /// had ended.
    fn kill(&mut self, command: &'static str, words: &[&str]) -> bool {
        let usual = self.usual.get(command).copied().unwrap_or(Duration::from_millis(20));
        let (moment, longest) = match self.random.below(6) {
            0 => (Moment::Any, usual * 9 / 8),
            1 | 2 => (Moment::Writing, usual / 2),
            _ => (Moment::Changing, usual / 8),
        };
        let (journals, ends) = (self.album.journal_bytes(), self.album.ends());
        let mut job = self.album.pixtwin(words).start();
        let began = Instant::now();
        let is_there = || match moment {
            Moment::Any => true,
            Moment::Writing => self.album.journal_bytes() != journals,
            Moment::Changing => self.album.ends() != ends,
        };
        while !is_there() && job.runs() {
            thread::yield_now();
        }
        thread::sleep(Duration::from_micros(self.random.below(longest.as_micros() as u32).into()));
        let had_run = began.elapsed();
        job.kill();
        let ran = job.end_within(LONGEST);
        let was_killed = ran.code == 128 + 9;
        self.kills += u32::from(was_killed);
        self.kills_of_repairs += u32::from(was_killed && ["recover", "undo"].contains(&command));
        assert!(was_killed || [0, 4].contains(&ran.code), "{words:?}: {}", ran.err());
        // The machine is not always equally fast.
        let seen = if was_killed { had_run.max(usual) } else { had_run.min(usual) };
        self.usual.insert(command, (usual * 7 + seen) / 8);
        was_killed
    }

    fn note(&mut self, what: String) {
        *self.tally.entry(what).or_default() += 1;
    }

    /// One run that is killed, and all that may be killed after it.
    fn round(&mut self, round: u32) {
        let action = ACTIONS[round as usize % ACTIONS.len()];
        self.album.fill(action).plan(action);
        let what = format!("round {round}, {action}");
        let began = Began { library: self.album.library(), census: self.album.census(), what };
        let words = self.album.apply(action);
        let command = if action == "delete" { "apply --to delete" } else { "apply" };
        if self.kill(command, &words) {
            let phase = self.phase(&began, action);
            self.note(format!("{command}, {phase}"));
        }
        self.recovered(&began, action);
        if action != "delete" && self.random.below(4) == 0 {
            self.purged(&began);
        } else {
            self.undone(&began, action);
        }
    }

    /// How far a killed run was, as the user can see.
    fn phase(&self, began: &Began, action: &str) -> &'static str {
        let now = self.album.library();
        let unchanged = now.unchanged_since(&began.library);
        let stay = began.library.count(|name| !is_victim(action, name));
        match unchanged {
            _ if action == "reflink" => "which cannot be seen",
            _ if unchanged == began.library.len() => "before the changes",
            _ if unchanged <= stay => "after the changes",
            _ => "within the changes",
        }
    }

    /// Recovers, killed at it or not, and looks at all.
    #[track_caller]
    fn recovered(&mut self, began: &Began, action: &str) {
        for _ in 0..self.random.below(3) {
            if self.kill("recover", &["recover"]) {
                self.note("recover".to_owned());
            }
            self.assert_nothing_lost(began, action);
        }
        let ran = self.album.pixtwin(&["recover"]).end();
        assert_eq!(ran.code, 0, "{}: recover: {}", began.what, ran.err());
        self.assert_nothing_lost(began, action);
        let disks = self.album.disks();
        let again = self.album.pixtwin(&["recover"]).end();
        assert_eq!(again.code, 0, "{}: recover again: {}", began.what, again.err());
        for (now, before) in self.album.disks().iter().zip(&disks) {
            now.assert_same(before, &format!("{}: a second recover", began.what));
        }
    }

    /// Undoes it, killed at it or not, and holds all against what was there before.
    #[track_caller]
    fn undone(&mut self, began: &Began, action: &str) {
        for _ in 0..self.random.below(3) {
            if self.kill("undo", &["undo", "--yes"]) {
                self.note("undo".to_owned());
                self.recovered(began, action);
            }
        }
        let ran = self.album.pixtwin(&["undo", "--yes"]).end();
        if action == "delete" && self.is_purged(began) {
            return;
        }
        let what = format!("{}: undo: code {}, {}{}", began.what, ran.code, ran.out(), ran.err());
        self.album.library().assert_same(&began.library, &what);
        assert_eq!(self.album.census(), began.census, "{what}");
    }

    fn is_purged(&self, began: &Began) -> bool {
        self.album.census().fewer_since(&began.census) > 0
    }

    /// Purges, killed at it and not, and looks at all.
    #[track_caller]
    fn purged(&mut self, began: &Began) {
        if self.kill("purge", &["purge", "--yes"]) {
            self.note("purge".to_owned());
            self.recovered(began, "delete");
        }
        let ran = self.album.pixtwin(&["purge", "--yes"]).end();
        assert!([0, 2].contains(&ran.code), "{}: purge: code {}, {}", began.what, ran.code, ran.err());
        self.assert_nothing_lost(began, "delete");
    }

    /// Of nothing there are fewer files; or if some are gone for good, of each picture and of all bytes that stay one is left.
    #[track_caller]
    fn assert_nothing_lost(&self, began: &Began, action: &str) {
        let what = &began.what;
        self.album.assert_pictures(what);
        self.album.assert_no_strays(&began.library, what);
        let now = self.album.census();
        if action == "delete" {
            let lost: Vec<_> = began.census.contents().filter(|content| now.count(content) == 0).collect();
            let other_bytes = self.album.contents_in("c/");
            assert!(lost.iter().all(|content| other_bytes.contains(content)), "{what}: contents are lost");
        } else {
            assert_eq!(now.fewer_since(&began.census), 0, "{what}: files are lost");
        }
    }
}

#[test]
fn what_is_killed_loses_nothing_and_can_be_undone() {
    let mut killer = Killer::new();
    let wanted = cases(20, 1000);
    let mut round = 0;
    while killer.kills < wanted || killer.kills_of_repairs * 5 < killer.kills {
        killer.round(round);
        round += 1;
        assert!(round < 10 * wanted, "{:?}", killer.tally);
    }
    let Killer { kills, kills_of_repairs, tally, .. } = killer;
    println!("soak: {kills} kills in {round} rounds, {kills_of_repairs} of recover and undo: nothing lost; {tally:?}");
}

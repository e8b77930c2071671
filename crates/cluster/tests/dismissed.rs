//! What people said of pairs of pictures holds for all ranks, by the catalogue of the root.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::path::Path;

use common::{gallery, settings};
use pixtwin_cluster::{
    Seat, Storage, Terms, run,
    world::{carrier::Timing, threads},
};
use pixtwin_engine::{
    Alone, Group, Match, Memory, PixelDigest, Progress, Report, Run, Selection, Settings, Team, Tier, Trust, Unread,
    Verdicts, scan,
};
use pixtwin_testkit::Dir;

/// The groups of a report, without hosts.
#[derive(Default)]
struct Groups(Vec<Group>);

impl Report for Groups {
    fn group(&mut self, mut group: Group) {
        group.files.iter_mut().for_each(|file| file.host = None);
        self.0.push(group);
    }
    fn found(&mut self, _: usize, _: Match) {}
    fn unread(&mut self, _: Unread) {}
}

fn near() -> Settings {
    Settings { tier: Tier::Similar(31), ..settings() }
}

/// The groups, and how many pairs were left out, of a search by one process with this catalogue.
fn alone(kept: Option<&Path>) -> (Vec<Group>, u64) {
    let (settings, progress, mut groups) = (near(), Progress::default(), Groups::default());
    let memory = kept.map(|kept| Memory::open(kept, &settings, Trust::Believe).unwrap());
    let run = Run { settings: &settings, memory: memory.as_ref(), progress: &progress };
    let counts = scan(&mut Alone::default(), &[gallery()], &Selection::default(), run, &mut groups).unwrap();
    (groups.0, counts.pairs.dismissed)
}

/// The same of ranks, each with the catalogue of its number.
fn on_ranks(storage: Storage, kept: &[Option<&Path>]) -> (Vec<Group>, u64) {
    let terms = Terms { storage, settings: Vec::new(), roots: vec![gallery()] };
    let seat = &Seat { version: "1", host: "h".to_owned(), terms, timing: Timing::default() };
    std::thread::scope(|scope| {
        let rank = |link| {
            let (settings, progress, mut groups) = (near(), Progress::default(), Groups::default());
            let work = |team: &mut _| {
                let kept = kept[Team::rank(team)];
                let memory = kept.map(|kept| Memory::open(kept, &settings, Trust::Believe).unwrap());
                let run = Run { settings: &settings, memory: memory.as_ref(), progress: &progress };
                scan(team, &[gallery()], &Selection::default(), run, &mut groups)
            };
            let ran = run(link, seat, &progress, |_| {}, || {}, work).unwrap();
            (groups.0, ran.result.unwrap().unwrap().unwrap().pairs.dismissed)
        };
        let ranks: Vec<_> =
            threads::links(kept.len()).into_iter().map(|link| scope.spawn(move || rank(link))).collect();
        let mut ended: Vec<_> = ranks.into_iter().map(|rank| rank.join().unwrap()).collect();
        ended.swap_remove(0)
    })
}

fn shown((groups, dismissed): (Vec<Group>, u64)) -> (Vec<String>, u64) {
    (groups.iter().map(|group| format!("{group:?}")).collect(), dismissed)
}

#[test]
fn the_root_says_what_was_dismissed_for_any_number_of_ranks() {
    let dir = Dir::new();
    let (kept, other) = (dir.join("kept"), dir.join("other"));
    let (before, none) = alone(None);
    // Every near picture of the first group that has some.
    let digest = |at: usize, group: &Group| group.files[at].near.as_ref().unwrap().digest.unwrap();
    let group =
        before.iter().find(|group| group.files.iter().any(|file| file.near.as_ref().unwrap().nearness.is_some()));
    let group = group.unwrap();
    let pairs: Vec<(PixelDigest, PixelDigest)> =
        (1..group.files.len()).map(|at| (digest(at, group), digest(0, group))).filter(|(a, b)| a != b).collect();
    Verdicts::open(&kept).unwrap().say_differ(&pairs).unwrap();
    let expected = shown(alone(Some(&kept)));
    let before = shown((before, none));
    assert!(expected.0 != before.0 && expected.1 == pairs.len() as u64 && before.1 == 0, "{expected:?}");
    for size in [1, 2, 3, 8] {
        for storage in [Storage::Local, Storage::Shared] {
            let mut catalogues = vec![None; size];
            catalogues[0] = Some(kept.as_path());
            assert_eq!(shown(on_ranks(storage, &catalogues)), expected, "{size} ranks, {storage:?}");
        }
    }
    // What other hosts have does not count.
    let catalogues = [Some(other.as_path()), Some(kept.as_path()), Some(kept.as_path())];
    assert_eq!(shown(on_ranks(Storage::Local, &catalogues)), before);
}

//! Whole searches over ranks that are threads.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a panic is how a test fails")]

mod common;

use std::path::{Path, PathBuf};

use common::{gallery, settings};

use pixtwin_cluster::{
    Seat, Storage, Terms, run,
    world::{carrier::Timing, threads},
};
use pixtwin_engine::{Alone, Counts, Failure, Group, Match, Progress, Report, Run, Selection, Unread, find, scan};

/// A report as a list of lines, without hosts.
#[derive(Default)]
struct Lines(Vec<String>);

impl Report for Lines {
    fn group(&mut self, mut group: Group) {
        group.files.iter_mut().for_each(|file| file.host = None);
        self.0.push(format!("{group:?}"));
    }

    fn found(&mut self, query: usize, mut found: Match) {
        found.host = None;
        self.0.push(format!("{query} {found:?}"));
    }

    fn unread(&mut self, mut unread: Unread) {
        unread.host = None;
        self.0.push(format!("{unread:?}"));
    }
}

/// Figures that the report shows: how the work was shared is none of its business.
fn figures(counts: &Counts) -> [u64; 6] {
    [counts.files, counts.pictures, counts.others, counts.repeated, counts.small, counts.hidden]
}

fn alone(query: Option<&Path>) -> (Vec<String>, [u64; 6]) {
    let (mut lines, selection, progress) = (Lines::default(), Selection::default(), Progress::default());
    let roots = [gallery()];
    let run = Run { settings: &settings(), memory: None, progress: &progress };
    let counts = match query {
        Some(query) => {
            let queries = [query.to_owned()];
            find(&mut Alone::default(), &queries, &roots, &selection, run, &mut lines)
        }
        None => scan(&mut Alone::default(), &roots, &selection, run, &mut lines),
    };
    (lines.0, figures(&counts.unwrap()))
}

fn on_ranks(size: usize, storage: Storage, query: Option<&Path>) -> (Vec<String>, [u64; 6]) {
    let terms = Terms { storage, settings: Vec::new(), roots: vec![gallery()] };
    let seat = &Seat { version: "1", host: "h".to_owned(), terms, timing: Timing::default() };
    let mut results: Vec<_> = std::thread::scope(|scope| {
        let ranks: Vec<_> = threads::links(size)
            .into_iter()
            .map(|link| {
                scope.spawn(move || {
                    let (mut lines, progress) = (Lines::default(), Progress::default());
                    let (selection, roots) = (Selection::default(), [gallery()]);
                    let alone = Run { settings: &settings(), memory: None, progress: &progress };
                    let work = |team: &mut _| -> Result<Counts, Failure> {
                        match query {
                            Some(query) => {
                                let queries = [query.to_owned()];
                                find(team, &queries, &roots, &selection, alone, &mut lines)
                            }
                            None => scan(team, &roots, &selection, alone, &mut lines),
                        }
                    };
                    let ran = run(link, seat, &progress, |_| {}, || {}, work).unwrap();
                    let counts = ran.result.unwrap().unwrap().unwrap();
                    (lines.0, figures(&counts))
                })
            })
            .collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
    });
    assert!(results.iter().skip(1).all(|(lines, _)| lines.is_empty()), "only the root reports");
    results.swap_remove(0)
}

#[test]
fn the_report_is_the_same_for_any_number_of_ranks() {
    let (expected, figures) = alone(None);
    assert!(expected.len() > 3);
    for size in [1, 2, 3, 8, 40] {
        for storage in [Storage::Local, Storage::Shared] {
            assert_eq!(on_ranks(size, storage, None), (expected.clone(), figures), "{size} ranks, {storage:?}");
        }
    }
}

#[test]
fn a_find_is_the_same_for_any_number_of_ranks() {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![gallery()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort_unstable();
    let mut matches = 0;
    for query in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "png")) {
        let expected = alone(Some(query));
        matches += expected.0.len();
        assert_eq!(on_ranks(3, Storage::Local, Some(query)), expected, "{}", query.display());
        assert_eq!(on_ranks(2, Storage::Shared, Some(query)), expected, "{}", query.display());
    }
    assert!(matches > 5);
}

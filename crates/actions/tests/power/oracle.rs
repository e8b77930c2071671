//! Whether anything was lost, and whether what was said is true.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use pixtwin_actions::{Acted, Action, Undone, plan::Task};

use crate::{
    library::{Library, STATE, picture},
    sim::{Body, Node, Number, World},
    stage::{Act, Said},
};

/// A file as its user sees it: content, permissions, owner, time, attributes, and the first of its names.
pub(crate) type Row = (Body, u32, (u32, u32), i64, BTreeMap<std::ffi::OsString, Vec<u8>>, PathBuf);

/// Everything but the state folder, and but folders.
pub(crate) fn files(world: &World) -> BTreeMap<PathBuf, (Number, Node)> {
    let seen = world.seen().into_iter();
    seen.filter(|(path, (_, node))| !path.starts_with(STATE) && node.entries().is_none()).collect()
}

/// All files, as users see them.
pub(crate) fn rows(world: &World) -> BTreeMap<PathBuf, Row> {
    let files = files(world);
    let mut first: BTreeMap<Number, PathBuf> = BTreeMap::new();
    for (path, (number, _)) in &files {
        first.entry(*number).or_insert_with(|| path.clone());
    }
    let row = |(path, (number, node)): (PathBuf, (Number, Node))| {
        let Node { body, dress, .. } = node;
        (path, (body, dress.mode, dress.owner, dress.modified_ns, dress.extended, first[&number].clone()))
    };
    files.into_iter().map(row).collect()
}

/// All files outside quarantines, and the contents of those inside.
pub(crate) fn outside(world: &World) -> (BTreeMap<PathBuf, Row>, Vec<Body>) {
    let (inside, mut outside): (BTreeMap<_, _>, BTreeMap<_, _>) =
        rows(world).into_iter().partition(|(path, _)| is_quarantine(path));
    outside.values_mut().filter(|row| is_quarantine(&row.5)).for_each(|row| row.5 = PathBuf::new());
    // When a link was made is nobody's matter.
    outside.values_mut().filter(|row| matches!(row.0, Body::Symlink(_))).for_each(|row| row.3 = 0);
    let mut held: Vec<_> = inside.into_values().map(|row| row.0).collect();
    held.sort_by_key(|body| format!("{body:?}"));
    (outside, held)
}

fn contents(world: &World) -> BTreeSet<Vec<u8>> {
    files(world).into_values().filter_map(|(_, node)| node.content().cloned()).collect()
}

/// Nothing is lost: every content that there was, or, where files were purged, every picture; and of each group the file
/// that stays is where it was.
pub(crate) fn nothing_lost(library: &Library, now: &World, is_purged: bool) {
    let (before, after) = (contents(&library.world), contents(now));
    if !is_purged {
        let lost: Vec<_> = before.difference(&after).map(|content| content.escape_ascii().to_string()).collect();
        assert!(lost.is_empty(), "lost contents: {lost:?}");
    }
    let pictures = |of: &BTreeSet<Vec<u8>>| of.iter().map(|content| picture(content).to_vec()).collect::<BTreeSet<_>>();
    let (before, after) = (pictures(&before), pictures(&after));
    let lost: Vec<_> = before.difference(&after).map(|picture| picture.escape_ascii().to_string()).collect();
    assert!(lost.is_empty(), "lost pictures: {lost:?}");
    let (was, is) = (files(&library.world), files(now));
    for group in &library.plan.groups {
        for file in group.files.iter().filter(|file| file.task != Task::Remove) {
            let same = |files: &BTreeMap<PathBuf, (Number, Node)>| {
                files.get(&file.path).map(|(number, node)| (*number, node.body.clone(), node.dress.mode))
            };
            assert_eq!(same(&is), same(&was), "the file that stays: {}", file.path.display());
        }
    }
}

/// Everything is as it was, but what was purged is gone.
pub(crate) fn all_as_before(library: &Library, now: &World, is_purged: bool) {
    let (was, is) = (rows(&library.world), rows(now));
    let added: Vec<_> = is.keys().filter(|path| !was.contains_key(*path)).collect();
    assert!(added.is_empty(), "names that were not there: {added:?}");
    for (path, row) in &was {
        match is.get(path) {
            // Links that took its place stay.
            Some(now) if is_purged => {
                let shows =
                    |body: &Body| if let Body::File(content) = body { Some(picture(content).to_vec()) } else { None };
                assert!(shows(&now.0).is_none_or(|now| Some(now) == shows(&row.0)), "{}", path.display());
            }
            Some(now) => assert_eq!(now, row, "{}", path.display()),
            None => assert!(is_purged, "missing: {}", path.display()),
        }
    }
    no_quarantine(now);
}

fn no_quarantine(now: &World) {
    let quarantines: Vec<_> = now.seen().into_keys().filter(|path| is_quarantine(path)).collect();
    assert!(quarantines.is_empty(), "left: {quarantines:?}");
}

pub(crate) fn is_quarantine(path: &Path) -> bool {
    path.iter().any(|part| part.as_encoded_bytes().starts_with(b".pixtwin-quarantine-"))
}

/// No names but those that the runs tell of: so many files in quarantine, and so many that were moved elsewhere.
pub(crate) fn nothing_stray(library: &Library, now: &World, held: (u64, u64), is_purged: bool) {
    let (was, is) = (files(&library.world), files(now));
    let added = is.keys().filter(|path| !was.contains_key(*path));
    let (inside, outside): (Vec<_>, Vec<_>) = added.partition(|path| is_quarantine(path));
    let of_trash = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "trashinfo");
    let (notes, outside): (Vec<_>, Vec<_>) = outside.into_iter().partition(of_trash);
    assert!(inside.len() as u64 <= held.0, "{inside:?} in quarantine, {held:?} told of");
    assert!(outside.len() as u64 <= held.1, "{outside:?} added, {held:?} told of");
    assert!(notes.len() <= outside.len(), "{notes:?} for {outside:?}");
    if held.0 == 0 {
        no_quarantine(now);
    }
    if is_purged {
        return;
    }
    // What is nowhere but in a name must be told of.
    let gone = was.keys().filter(|path| !is.contains_key(*path)).count() as u64;
    assert!(gone <= held.1, "{gone} names are gone, {held:?} told of");
    let links =
        is.iter().filter(|(path, (_, node))| was.get(*path).is_some_and(|(_, before)| before.body != node.body));
    assert!(links.count() as u64 <= held.1, "names lead elsewhere and are not told of");
}

/// What was said, file by file, is what is there.
pub(crate) fn told_the_truth(library: &Library, before: &World, now: &World, act: &Act, said: &Said) {
    let (original, was, is) = (files(&library.world), files(before), files(now));
    let content = |path: &Path| is.get(path).and_then(|(_, node)| node.content().cloned());
    let wanted = |path: &Path| original.get(path).and_then(|(_, node)| node.content().cloned());
    let number = |files: &BTreeMap<PathBuf, (Number, Node)>, path: &Path| files.get(path).map(|(number, _)| *number);
    for acted in &said.acted {
        match acted {
            Acted::Done { path, at, kept, action, .. } => {
                let is_gone = matches!(action, Action::Quarantine | Action::Trash | Action::Move(_) | Action::Delete);
                assert!(!is_gone || content(path).is_none(), "still there: {acted:?}");
                match action {
                    Action::HardLink => assert_eq!(number(&is, path), number(&is, kept.as_ref().unwrap()), "{acted:?}"),
                    Action::Symlink => assert!(matches!(is[path].1.body, Body::Symlink(_)), "{acted:?}"),
                    Action::Reflink => assert_eq!(number(&is, path), number(&was, path), "{acted:?}"),
                    // What is deleted may be purged by now.
                    Action::Delete => {}
                    _ => assert_eq!(content(at), wanted(path), "{acted:?}"),
                }
            }
            Acted::Refused(refused) if refused.reason.contains("it lies at `") => {
                let path = refused.path.as_deref().unwrap();
                let at = refused.reason.rsplit('`').nth(1).unwrap();
                let is_there = number(&is, path) == number(&was, path);
                let may_be = refused.reason.contains("; unless it is there, it lies at `") && is_there;
                assert!(may_be || content(Path::new(at)) == wanted(path), "{refused:?}");
            }
            Acted::Refused(refused) => {
                let path = refused.path.as_deref().unwrap();
                assert_eq!(number(&is, path), number(&was, path), "{refused:?}");
            }
        }
    }
    for undone in &said.undone {
        match undone {
            Undone::Done(path) if act == &Act::Undo => assert_eq!(content(path), wanted(path), "{undone:?}"),
            Undone::Done(_) => {}
            Undone::Refused { path, at, .. } => {
                let is_there = content(at) == wanted(path) || number(&is, path) == number(&original, path);
                assert!(is_there, "it is not there: {undone:?}");
            }
        }
    }
}

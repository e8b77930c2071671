//! What the page is told of a result, a list and a group.

use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt, path::PathBuf};

use pixtwin_actions::plan::{Task, Tier as Bond};
use pixtwin_engine::{Nearness, PixelDigest, Tier, keep::Rule, view_name};
use pixtwin_planning::{FoundFile, FoundGroup, KeepRule, nearness::words};
use serde_json::{Value, json};

use super::{
    Desk,
    choices::{Choice, totals},
    path::PathShown,
    scan::{DISTANCE, WITHIN},
    table::{FileId, GroupId, State, Table},
    time_shown,
};

/// As many files of a group are named in a list.
const MOST_NAMES: usize = 6;

impl Desk {
    /// What lies on the desk.
    pub(crate) fn state_shown(&self) -> Value {
        let table = self.table();
        let job = self.jobs.current();
        let is_scanning = job.as_ref().is_some_and(|job| job.is_scan() && !job.is_over());
        let stage = match (&table, is_scanning) {
            (_, true) => "scanning",
            (None, false) => "empty",
            (Some(_), false) => "ready",
        };
        let places = self.setting.places.iter().enumerate();
        let places: Vec<Value> =
            places.map(|(number, place)| json!({ "place": number, "text": PathShown::of(place).text() })).collect();
        let folders = table.as_ref().map_or(&[][..], |table| &table.facets.folders);
        let rules = self.setting.rules.rules.iter().filter_map(|rule| rule_shown(rule, folders));
        let (distance, within) = match self.setting.tier {
            Tier::Similar(distance) => (distance, WITHIN),
            Tier::Within(within) => (DISTANCE, within),
            _ => (DISTANCE, WITHIN),
        };
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "host": pixtwin_actions::plan::this_host(),
            "stage": stage,
            "job": job.map(|job| job.state()),
            "places": places,
            "scan": {
                "tier": self.setting.tier.name(), "tiers": ["bytes", "pixels", "turned", "within", "similar"],
                "distance": distance, "within": within,
            },
            "rules": rules_shown(self.setting.rules.roots.is_some()),
            "default_rules": rules.collect::<Vec<_>>(),
            "references": self.setting.rules.references.iter().map(|path| PathShown::of(path)).collect::<Vec<_>>(),
            "actions": actions_shown(),
            "can_remember": self.can_remember(),
            "result": table.as_ref().map(|table| result_shown(table)),
            "totals": table.as_ref().map(|table| totals(table, &table.lock())),
        })
    }
}

/// A rule as the page can ask for it; nothing for one of a folder that is not offered.
fn rule_shown(rule: &KeepRule, folders: &[(PathBuf, u64)]) -> Option<Value> {
    let folder =
        |wanted: &PathBuf| folders.iter().position(|(path, _)| path.canonicalize().is_ok_and(|real| real == *wanted));
    match (&rule.rule, rule.text.split_once('=')) {
        (Rule::In(path), _) => Some(json!({ "name": "in", "value": folder(path)? })),
        (Rule::NotIn(path), _) => Some(json!({ "name": "not-in", "value": folder(path)? })),
        (Rule::Name(_), Some((name, glob))) => Some(json!({ "name": name, "value": glob })),
        _ => Some(json!({ "name": rule.text, "value": null })),
    }
}

fn rules_shown(has_places: bool) -> Value {
    let rules = [
        ("metadata", "with the richest metadata: EXIF date, GPS, ICC profile, rating", None),
        ("encoding", "the original before what was converted from it, then the smaller file", None),
        ("oldest", "changed first", None),
        ("newest", "changed last", None),
        ("oldest=exif", "taken first, by the date in EXIF", None),
        ("newest=exif", "taken last, by the date in EXIF", None),
        ("shortest-path", "with the shortest path", None),
        ("in", "in a folder", Some("folder")),
        ("not-in", "not in a folder", Some("folder")),
        ("name", "with a name that matches", Some("glob")),
        ("first-argument", "below the first place searched", None),
    ];
    let is_offered = |name: &str| has_places || name != "first-argument";
    let rule = |(name, text, takes): (&str, &str, Option<&str>)| json!({ "name": name, "text": text, "takes": takes });
    rules.into_iter().filter(|(name, ..)| is_offered(name)).map(rule).collect()
}

fn actions_shown() -> Value {
    json!([
        { "name": "quarantine", "text": "Move into quarantine, on the same file system; can be undone until it is purged" },
        { "name": "trash", "text": "Move into the trash of the desktop; can be undone" },
        { "name": "hardlink", "text": "Replace by hard links to the file that stays; can be undone" },
        { "name": "symlink", "text": "Replace by symbolic links to the file that stays; can be undone" },
        { "name": "reflink", "text": "Share the blocks of equal files, where the file system can; every file stays" },
    ])
}

fn result_shown(table: &Table) -> Value {
    let state = table.lock();
    let found = &table.found;
    let shown = |group: &GroupId| table.is_shown(&state, *group);
    let groups: Vec<GroupId> = (0..found.groups.len()).filter(shown).collect();
    let freed: u64 = groups.iter().map(|group| freed(table, &state, *group)).fold(0, u64::saturating_add);
    let facets = &table.facets;
    let folder = |(number, (path, files)): (usize, &(PathBuf, u64))| json!({ "folder": number, "text": PathShown::of(path).text(), "files": files });
    json!({
        "result": table.number,
        "origin": table.origin,
        "complete": found.is_complete,
        "groups": groups.len(),
        "files": groups.iter().map(|group| table.shown(&state, *group).count()).sum::<usize>(),
        "freed": freed,
        "unread": found.unread.len(),
        "dismissed": state.differing.0.len(),
        "elsewhere": found.elsewhere(),
        "tiers": facets.tiers.iter().map(|(tier, groups)| json!({ "name": tier, "groups": groups })).collect::<Vec<_>>(),
        "formats": facets.formats.iter().map(|(name, files)| json!({ "name": name, "files": files })).collect::<Vec<_>>(),
        "labels": facets.labels.iter().map(|(name, files)| json!({ "name": name, "files": files })).collect::<Vec<_>>(),
        "folders": facets.folders.iter().enumerate().map(folder).collect::<Vec<_>>(),
        "can_act": found.unfit.is_none(),
        "cannot_act": found.unfit,
    })
}

/// The files that were not compared, and why, from one on.
pub(crate) fn unread_shown(table: &Table, from: usize, count: usize) -> Value {
    let files = table.found.unread.iter().skip(from).take(count);
    let files: Vec<Value> =
        files.map(|(path, reason)| json!({ "path": PathShown::of(path), "reason": reason })).collect();
    json!({ "from": from, "count": table.found.unread.len(), "files": files })
}

/// Bytes that are freed when one of the files that are shown stays.
pub(crate) fn freed(table: &Table, state: &State, group: GroupId) -> u64 {
    let Some(found) = table.group(group) else { return 0 };
    let sizes: Vec<u64> = table.shown(state, group).map(|(_, _, file)| file.bytes).collect();
    match sizes.len() == found.files.len() {
        true => found.freed_bytes,
        false => sizes
            .iter()
            .copied()
            .fold(0, u64::saturating_add)
            .saturating_sub(sizes.iter().copied().max().unwrap_or_default()),
    }
}

/// A group in a list.
pub(crate) fn row(table: &Table, state: &State, group: GroupId) -> Option<Value> {
    let found = table.group(group)?;
    let files: Vec<(usize, FileId, &FoundFile)> = table.shown(state, group).collect();
    let name = |(at, file, found): &(usize, FileId, &FoundFile)| {
        let path = PathShown::of(found.path());
        let decision = state.choices.of_file(group, *at);
        json!({
            "file": file, "text": path.name(), "parts": path.parts(), "format": found.format, "bytes": found.bytes,
            "here": found.is_here,
            "task": decision.map(|decision| decision.task), "reason": decision.map(|decision| &decision.reason),
        })
    };
    let other = held_against(found, &files);
    let near = files.iter().filter_map(|(_, _, file)| file.nearness).map(|near| words(near, other)).next();
    Some(json!({
        "group": group,
        "tier": found.bond(),
        "files": files.len(),
        "freed": freed(table, state, group),
        "width": found.size.map(|size| size.0),
        "height": found.size.map(|size| size.1),
        "names": files.iter().take(MOST_NAMES).map(name).collect::<Vec<_>>(),
        "more": files.len().saturating_sub(MOST_NAMES),
        "near": near,
        "stays": files.iter().find_map(|file| stays(state, group, *file)),
        "undecided": undecided(state, group),
    }))
}

/// The file, if it is to stay: it can be one that a list does not name.
fn stays(state: &State, group: GroupId, (at, file, found): (usize, FileId, &FoundFile)) -> Option<Value> {
    let decision = state.choices.of_file(group, at).filter(|decision| decision.task == Task::Keep)?;
    Some(json!({ "file": file, "text": PathShown::of(found.path()).name(), "reason": decision.reason }))
}

fn undecided(state: &State, group: GroupId) -> Option<&str> {
    match state.choices.of(group) {
        Choice::Undecided(reason) => Some(reason),
        Choice::Open | Choice::Made(_) => None,
    }
}

/// A group, with all that is known of its files.
pub(crate) fn group(table: &Table, number: GroupId) -> Option<Value> {
    let state = table.lock();
    let found = table.group(number)?;
    let files: Vec<(usize, FileId, &FoundFile)> = table.shown(&state, number).collect();
    let first = files.first().map(|(_, _, file)| *file)?;
    let other = held_against(found, &files);
    let shown = files.iter().map(|file| file_shown(&state, (number, found, first, other), *file));
    let shown: Vec<Value> = shown.collect();
    Some(json!({
        "group": number,
        "tier": found.bond(),
        "digest": found.digest.map(|digest| digest.to_string()),
        // The same 32 bytes in the same digits.
        "blake3": found.blake3.map(|hash| PixelDigest(hash).to_string()),
        "width": found.size.map(|size| size.0),
        "height": found.size.map(|size| size.1),
        "freed": freed(table, &state, number),
        "undecided": undecided(&state, number),
        "proof": proof(found, &files),
        "common_parts": common_parts(&files),
        "files": shown,
    }))
}

fn file_shown(
    state: &State,
    (number, group, first, other): (GroupId, &FoundGroup, &FoundFile, &str),
    (at, id, file): (usize, FileId, &FoundFile),
) -> Value {
    let decision = state.choices.of_file(number, at);
    let (width, height) = file.size.or(group.size).unzip();
    let modified = file.is_here.then(|| modified(file)).flatten();
    json!({
        "file": id,
        "path": PathShown::of(file.path()),
        "links": file.paths.iter().skip(1).map(|path| PathShown::of(path)).collect::<Vec<_>>(),
        "host": file.host,
        "here": file.is_here,
        "format": file.format,
        "bytes": file.bytes,
        "width": width,
        "height": height,
        "modified": modified,
        "task": decision.map(|decision| decision.task),
        "reason": decision.map(|decision| &decision.reason),
        "proof": proof_of_file(at, file, (first, other)),
        "near": file.nearness.map(|near| near_shown(near, other)),
        "repeated": file.is_repeated,
        "differs": file.differs,
    })
}

fn near_shown(near: Nearness, other: &str) -> Value {
    let words = words(near, other);
    match near {
        Nearness::Turned { turn, .. } => json!({ "words": words, "turn": turn }),
        Nearness::Within(largest) => json!({ "words": words, "largest": largest }),
        Nearness::Similar { distance, view, is_view_of_other, label } => json!({
            "words": words, "distance": distance, "view": view_name(view),
            "view_of": if is_view_of_other { "first" } else { "this" }, "label": label.name(),
        }),
    }
}

/// When its content changed last.
fn modified(file: &FoundFile) -> Option<String> {
    Some(time_shown(fs::symlink_metadata(file.path()).ok()?.mtime()))
}

/// Whether the file has gone that the others are near to. What is equal after a turn is so to every other.
fn is_left_behind(group: &FoundGroup, files: &[(usize, FileId, &FoundFile)]) -> bool {
    matches!(group.bond(), Bond::Within | Bond::Similar) && files.first().is_some_and(|(at, ..)| *at > 0)
}

/// What the files of a near group are held against, in words.
fn held_against(group: &FoundGroup, files: &[(usize, FileId, &FoundFile)]) -> &'static str {
    if is_left_behind(group, files) { "a file that has gone" } else { "the first" }
}

/// What proves that all are one picture, as a sentence.
fn proof(group: &FoundGroup, files: &[(usize, FileId, &FoundFile)]) -> String {
    let formats: BTreeSet<&str> = files.iter().map(|(_, _, file)| &*file.format).collect();
    let formats = formats.into_iter().collect::<Vec<_>>().join(" and ");
    if is_left_behind(group, files) {
        return "Near to a file that has gone from here, and perhaps not to each other: look before you decide."
            .to_owned();
    }
    match group.bond() {
        Bond::Bytes => "Same bytes: every byte of the files is equal.".to_owned(),
        Bond::Pixels if files.iter().all(|(_, _, file)| file.proof == "payload" || file.proof == "bytes") => {
            format!("Same pixels: what the pixels depend on is equal byte for byte; decoded {formats}.")
        }
        Bond::Pixels => format!("Same pixels: every one is equal; decoded {formats}."),
        Bond::Turned => "Same picture after a turn or a flip: nothing was guessed, all was compared.".to_owned(),
        Bond::Within => "Nearly equal: every channel of every pixel is within the distance asked for.".to_owned(),
        Bond::Similar => "Similar: look before you decide.".to_owned(),
    }
}

fn proof_of_file(at: usize, file: &FoundFile, (first, other): (&FoundFile, &str)) -> String {
    if at == 0 {
        return "the first of its group".to_owned();
    }
    if let Some(near) = file.nearness {
        return words(near, other);
    }
    match &*file.proof {
        "bytes" => "same bytes as another file of the group".to_owned(),
        "payload" => "same pixels: what they depend on is equal byte for byte, only metadata differs".to_owned(),
        _ if first.format == file.format => format!("same pixels: {} encoded anew", file.format),
        _ => format!("same pixels: decoded {} and {}", first.format, file.format),
    }
}

/// How many parts, from the first folder on, the paths of all files share.
fn common_parts(files: &[(usize, FileId, &FoundFile)]) -> usize {
    let parts: Vec<Vec<_>> = files.iter().map(|(_, _, file)| file.path().components().collect()).collect();
    let Some(first) = parts.first() else { return 0 };
    // The name is never common: it is what is read first.
    let folders = parts.iter().map(Vec::len).min().unwrap_or_default().saturating_sub(1);
    (0..folders).take_while(|at| parts.iter().all(|other| other.get(*at) == first.get(*at))).count()
}

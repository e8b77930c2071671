//! What must hold of a plan before any of it is carried out.

use std::{
    collections::HashMap,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{
    Group, Header, Task, Tier,
    read::{Draft, Drafts, Refused},
};
use crate::disk::Identity;

/// What is wrong with a header, as a clause.
pub(super) fn header(header: &Header) -> Result<(), String> {
    if header.host.is_empty() {
        return Err("it names no host".to_owned());
    }
    if header.roots.is_empty() {
        return Err("it names no roots".to_owned());
    }
    for (what, paths) in [("root", &header.roots), ("reference", &header.references)] {
        if paths.iter().any(|path| !is_root(path.as_os_str().as_bytes())) {
            return Err(format!("a {what} is no absolute path without `.`, `..` and empty parts"));
        }
    }
    Ok(())
}

/// The groups that may be carried out, and those that may not. What two groups share is in neither.
pub(super) fn sound(header: &Header, mut drafts: Drafts) -> (Vec<Group>, Vec<Refused>) {
    for draft in &mut drafts.groups {
        if let Err(reason) = group(header, &draft.group) {
            draft.blame(|| reason);
        }
    }
    blame_shared(&mut drafts.groups);
    let (mut groups, mut refused) = (Vec::new(), Vec::new());
    for Draft { group, fault } in drafts.groups {
        match fault {
            None => groups.push(group),
            Some(reason) => refused.push(Refused { group: group.number, reason }),
        }
    }
    (groups, refused)
}

/// A file in two groups, by its path or by its number on the device, is wrong in both.
fn blame_shared(groups: &mut [Draft]) {
    let mut paths: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut files: HashMap<(u64, u64), usize> = HashMap::new();
    let mut blamed = Vec::new();
    for (at, draft) in groups.iter().enumerate() {
        for file in &draft.group.files {
            let path = *paths.entry(file.path.as_os_str().as_bytes().to_vec()).or_insert(at);
            let inode = *files.entry(file.identity.place()).or_insert(at);
            blamed.extend([path, inode].into_iter().filter(|other| *other != at).flat_map(|other| [at, other]));
        }
    }
    for at in blamed {
        if let Some(draft) = groups.get_mut(at) {
            draft.blame(|| "a file of it is in another group as well".to_owned());
        }
    }
}

/// What is wrong with one group, as a clause.
fn group(header: &Header, group: &Group) -> Result<(), String> {
    paths(&header.roots, group)?;
    names(group)?;
    let goes = group.files_to(Task::Remove).next().is_some();
    if !goes {
        return Ok(());
    }
    if group.files_to(Task::Remove).any(|file| header.is_reference(&file.path)) {
        return Err("a file of it that would go lies in a reference folder, where all stay".to_owned());
    }
    if group.undecided.is_some() {
        return Err("it is undecided, and yet files of it would go".to_owned());
    }
    if group.files_to(Task::Keep).next().is_none() {
        return Err("no file of it would be kept".to_owned());
    }
    contents(group)
}

fn paths(roots: &[PathBuf], group: &Group) -> Result<(), String> {
    let mut seen = HashMap::new();
    for file in &group.files {
        let path = file.path.as_os_str().as_bytes();
        if !is_normal(path) {
            return Err("a path in it is not absolute, or has `.`, `..`, empty parts or a NUL byte".to_owned());
        }
        if !roots.iter().any(|root| is_below(path, root)) {
            return Err("a file of it is not below any of the roots".to_owned());
        }
        if seen.insert(path, ()).is_some() {
            return Err("a path is in it twice".to_owned());
        }
    }
    Ok(())
}

/// All names of one file share its state, and all go or none.
fn names(group: &Group) -> Result<(), String> {
    let mut files: HashMap<(u64, u64), (Identity, Task)> = HashMap::new();
    for file in &group.files {
        let (identity, task) = *files.entry(file.identity.place()).or_insert((file.identity, file.task));
        if identity != file.identity {
            return Err("two names of one file disagree about its state".to_owned());
        }
        if (task == Task::Remove) != (file.task == Task::Remove) {
            return Err("of two names of one file one would go and one stay".to_owned());
        }
    }
    Ok(())
}

/// What the files are said to have in common can be true.
fn contents(group: &Group) -> Result<(), String> {
    let acted_on = || group.files.iter().filter(|file| file.task != Task::Leave);
    if !group.tier.is_exact() && acted_on().any(|file| file.blake3.is_none()) {
        return Err("its pictures are not equal, and of one the hash of its bytes is missing".to_owned());
    }
    let Some(first) = acted_on().next().filter(|_| group.tier == Tier::Bytes) else { return Ok(()) };
    if acted_on().any(|file| file.identity.bytes != first.identity.bytes) {
        return Err("its files are said to be equal byte for byte, and have different lengths".to_owned());
    }
    let mut hashes = acted_on().filter_map(|file| file.blake3);
    let hash = hashes.next();
    if hashes.any(|other| Some(other) != hash) {
        return Err("its files are said to be equal byte for byte, and have different hashes".to_owned());
    }
    Ok(())
}

/// The root of all folders, or a normal path.
fn is_root(path: &[u8]) -> bool {
    path == b"/" || is_normal(path)
}

/// An absolute path of which every part is a name.
fn is_normal(path: &[u8]) -> bool {
    let is_name = |part: &[u8]| !matches!(part, b"" | b"." | b"..") && !part.contains(&0);
    path.strip_prefix(b"/").is_some_and(|parts| parts.split(|byte| *byte == b'/').all(is_name))
}

/// Whether a normal path is the root or below it.
fn is_below(path: &[u8], root: &Path) -> bool {
    let root = root.as_os_str().as_bytes();
    let rest = path.strip_prefix(root);
    root == b"/" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

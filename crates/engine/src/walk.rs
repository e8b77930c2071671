//! Lists the files of the folders that are searched.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use ignore::{
    DirEntry, WalkBuilder, WalkState,
    overrides::{Override, OverrideBuilder},
};

use crate::{
    file::{Listed, kind_of, words_of},
    report::{Counts, Failure, Unread},
    settings::{Links, Selection},
};

/// The files found, sorted by path, and what could not be listed.
pub(crate) struct Listing {
    pub(crate) files: Vec<Listed>,
    pub(crate) unread: Vec<Unread>,
    pub(crate) counts: Counts,
}

/// What the threads of the walk fill together.
#[derive(Default)]
struct Found {
    files: Mutex<Vec<PathBuf>>,
    unread: Mutex<Vec<Unread>>,
    hidden: Mutex<Vec<PathBuf>>,
    links: Mutex<Vec<PathBuf>>,
}

/// Checks the globs of a selection.
///
/// # Errors
/// The first glob that cannot be understood, and why.
pub fn check_globs(selection: &Selection) -> Result<(), Failure> {
    overrides(Path::new("."), selection).map(drop)
}

/// Lists every file below `roots`; a root may be a file itself.
///
/// # Errors
/// If a root does not exist or a glob cannot be understood. What cannot be listed below a root is in the listing.
pub(crate) fn list(roots: &[PathBuf], selection: &Selection, threads: usize) -> Result<Listing, Failure> {
    let found = Found::default();
    for root in roots {
        if let Err(cause) = root.metadata() {
            return Err(Failure { step: "search", path: Some(root.clone()), reason: words_of(&cause) });
        }
    }
    for root in roots {
        list_root(root, selection, threads, &found)?;
    }
    // Roots that overlap reach a path twice.
    let once = |list: Mutex<Vec<PathBuf>>| {
        let mut paths = list.into_inner().unwrap_or_else(PoisonError::into_inner);
        paths.sort_unstable();
        paths.dedup();
        paths
    };
    let paths = once(found.files);
    let counts = Counts {
        files: paths.len() as u64,
        hidden: once(found.hidden).len() as u64,
        links: once(found.links).len() as u64,
        ..Counts::default()
    };
    let unread = found.unread.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Listing { files: paths.into_iter().map(Listed::new).collect(), unread, counts })
}

fn list_root(root: &Path, selection: &Selection, threads: usize, found: &Found) -> Result<(), Failure> {
    let globs = overrides(root, selection)?;
    // The walker takes a lone dash for standard input.
    let root = if root == Path::new("-") { Path::new("./-") } else { root };
    let walk = WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(selection.links == Links::Follow)
        .threads(threads)
        .build_parallel();
    walk.run(|| {
        Box::new(|entry| {
            match entry {
                Ok(entry) => return visit(&entry, selection, &globs, found),
                Err(cause) => found.add_unread(unlisted(root, &cause)),
            }
            WalkState::Continue
        })
    });
    Ok(())
}

fn visit(entry: &DirEntry, selection: &Selection, globs: &Override, found: &Found) -> WalkState {
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    let is_root = entry.depth() == 0;
    if !is_root {
        if !selection.hidden && entry.file_name().as_encoded_bytes().starts_with(b".") {
            add(&found.hidden, entry.path());
            return WalkState::Skip;
        }
        if globs.matched(entry.path(), is_folder).is_ignore() {
            return WalkState::Skip;
        }
    }
    if is_folder {
        return WalkState::Continue;
    }
    let path = entry.path();
    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
    if is_file {
        add(&found.files, path);
    } else if entry.path_is_symlink() && !is_root {
        add(&found.links, path);
    } else {
        // A link given by the user is followed; a pipe, a socket or a device is named, and never opened.
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => add(&found.files, path),
            Ok(metadata) => found.add_unread(Unread { path: path.to_owned(), reason: kind_of(&metadata).to_owned() }),
            Err(cause) => found.add_unread(Unread { path: path.to_owned(), reason: words_of(&cause) }),
        }
    }
    WalkState::Continue
}

impl Found {
    fn add_unread(&self, unread: Unread) {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).push(unread);
    }
}

fn add(list: &Mutex<Vec<PathBuf>>, path: &Path) {
    list.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
}

/// A folder or link that could not be followed, as a line of the report.
fn unlisted(root: &Path, cause: &ignore::Error) -> Unread {
    match cause {
        ignore::Error::WithPath { path, err } => Unread { path: path.clone(), reason: clause(err) },
        ignore::Error::WithDepth { err, .. } => unlisted(root, err),
        ignore::Error::Loop { child, ancestor } => {
            Unread { path: child.clone(), reason: format!("a link that leads back to {ancestor:?}") }
        }
        other => Unread { path: root.to_owned(), reason: clause(other) },
    }
}

fn clause(cause: &ignore::Error) -> String {
    match cause {
        ignore::Error::Loop { ancestor, .. } => format!("a link that leads back to {ancestor:?}"),
        ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } => clause(err),
        ignore::Error::Io(cause) => words_of(cause),
        other => other.to_string(),
    }
}

fn overrides(root: &Path, selection: &Selection) -> Result<Override, Failure> {
    let mut builder = OverrideBuilder::new(root);
    let include = selection.include.iter().map(|glob| (glob, ""));
    let exclude = selection.exclude.iter().map(|glob| (glob, "!"));
    for (glob, mark) in include.chain(exclude) {
        let failed = |reason: String| Failure { step: "use a glob", path: None, reason };
        if glob.is_empty() {
            return Err(failed("it is empty".to_owned()));
        }
        // The builder reads lines of a .gitignore, where these have another meaning at the start.
        let escape = if glob.starts_with(['!', '#']) { "\\" } else { "" };
        builder.add(&format!("{mark}{escape}{glob}")).map_err(|cause| failed(cause.to_string()))?;
    }
    builder.build().map_err(|cause| Failure { step: "use the globs", path: None, reason: cause.to_string() })
}

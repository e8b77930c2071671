//! Walks the folders that are searched and puts the files it finds on the shelf.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use ignore::{
    DirEntry, WalkBuilder, WalkState,
    overrides::{Override, OverrideBuilder},
};

use crate::{
    file::{Mark, kind_of, words_of},
    look::Looker,
    memory::Memory,
    progress::Progress,
    report::{Failure, Unread},
    sets::Sets,
    settings::{Links, Selection},
    shelf::{BATCH_FILES, Shelf, Waiting},
};

/// What a walk found beside files.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) unread: Vec<Unread>,
    pub(crate) hidden: u64,
    pub(crate) links: u64,
}

/// What the threads of the walk share.
struct Walk<'a> {
    selection: &'a Selection,
    /// Whose files are passed over.
    memory: Option<&'a Memory>,
    /// If there are any, a place below another is passed over there, for it is walked by itself.
    sets: Option<&'a Sets>,
    shelf: &'a Shelf,
    progress: &'a Progress,
    /// Paths seen so far, kept only where roots overlap and reach a path twice.
    seen: Option<Mutex<HashSet<PathBuf>>>,
    unread: Mutex<Vec<Unread>>,
    hidden: AtomicU64,
    links: AtomicU64,
}

/// A folder or file to search.
struct Root<'a> {
    path: &'a Path,
    globs: Override,
    /// What below it is walked by itself.
    elsewhere: HashSet<PathBuf>,
}

/// Checks the globs of a selection.
///
/// # Errors
/// The first glob that cannot be understood, and why.
pub fn check_globs(selection: &Selection) -> Result<(), Failure> {
    overrides(Path::new("."), selection).map(drop)
}

/// Puts every file below `roots` on the shelf, in no particular order; a root may be a file itself. What cannot be
/// listed is in the result.
///
/// # Errors
/// If a glob cannot be understood.
///
/// # Cost
/// Blocks until the walk is done; waits where those who take from the shelf are slower. Memory does not grow with the
/// number of files, unless roots overlap.
pub(crate) fn list(
    roots: &[PathBuf],
    selection: &Selection,
    sets: Option<&Sets>,
    looker: &Looker<'_>,
    shelf: &Shelf,
) -> Result<Walked, Failure> {
    let Looker { threads, memory, progress, .. } = *looker;
    let walk = Walk {
        selection,
        memory,
        sets,
        shelf,
        progress,
        seen: overlap(roots).then(Mutex::default),
        unread: Mutex::default(),
        hidden: AtomicU64::new(0),
        links: AtomicU64::new(0),
    };
    roots.iter().try_for_each(|root| walk.list_root(root, threads))?;
    Ok(Walked {
        unread: walk.unread.into_inner().unwrap_or_else(PoisonError::into_inner),
        hidden: walk.hidden.into_inner(),
        links: walk.links.into_inner(),
    })
}

/// A root as paths below it begin. The walker takes a lone dash for standard input.
pub(crate) fn as_walked(root: &Path) -> &Path {
    if root == Path::new("-") { Path::new("./-") } else { root }
}

/// Whether one root lies below another, or is named twice.
fn overlap(roots: &[PathBuf]) -> bool {
    let mut others = roots.iter().enumerate();
    others.any(|(at, root)| roots.iter().enumerate().any(|(other, above)| other != at && root.starts_with(above)))
}

impl Root<'_> {
    fn has_elsewhere(&self, path: &Path) -> bool {
        !self.elsewhere.is_empty() && path.strip_prefix(self.path).is_ok_and(|below| self.elsewhere.contains(below))
    }
}

impl Walk<'_> {
    fn list_root(&self, root: &Path, threads: usize) -> Result<(), Failure> {
        let globs = overrides(root, self.selection)?;
        let elsewhere = self.sets.map(|sets| sets.below(root)).unwrap_or_default();
        let root = &Root { path: as_walked(root), globs, elsewhere };
        let walk = WalkBuilder::new(root.path)
            .standard_filters(false)
            .follow_links(self.selection.links == Links::Follow)
            .threads(threads)
            .build_parallel();
        walk.run(|| {
            let mut batch = Batch { files: Vec::new(), walk: self };
            Box::new(move |entry| {
                match entry {
                    Ok(entry) => return self.visit(&entry, root, &mut batch),
                    Err(cause) => self.add_unread(unlisted(root.path, &cause)),
                }
                WalkState::Continue
            })
        });
        Ok(())
    }

    fn visit(&self, entry: &DirEntry, root: &Root<'_>, batch: &mut Batch<'_>) -> WalkState {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        let is_root = entry.depth() == 0;
        if self.progress.is_given_up() {
            return WalkState::Quit;
        }
        if !is_root {
            if root.has_elsewhere(entry.path()) {
                return WalkState::Skip;
            }
            if !self.selection.hidden && entry.file_name().as_encoded_bytes().starts_with(b".") {
                self.count(&self.hidden, entry.path());
                return WalkState::Skip;
            }
            if root.globs.matched(entry.path(), is_folder).is_ignore() {
                return WalkState::Skip;
            }
        }
        if is_folder {
            return WalkState::Continue;
        }
        let path = entry.path();
        // What the catalogue holds may not change what it says of the folder it lies in.
        if self.memory.is_some_and(|memory| memory.is_own(path)) {
            return WalkState::Continue;
        }
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        if is_file {
            batch.add(path);
        } else if entry.path_is_symlink() && !is_root {
            self.count(&self.links, path);
        } else {
            // A link given by the user is followed; a pipe, a socket or a device is named, and never opened.
            match path.metadata() {
                Ok(metadata) if metadata.is_file() => batch.add(path),
                Ok(metadata) => self.add_unread(Unread::new(path, kind_of(&metadata).to_owned())),
                Err(cause) => self.add_unread(Unread::new(path, words_of(&cause))),
            }
        }
        WalkState::Continue
    }

    /// Whether a path is met for the first time.
    fn is_new(&self, path: &Path) -> bool {
        let Some(seen) = &self.seen else { return true };
        seen.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned())
    }

    fn count(&self, counter: &AtomicU64, path: &Path) {
        if self.is_new(path) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn add_unread(&self, unread: Unread) {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).push(unread);
    }
}

/// The files that one thread of the walk has found and not put up yet.
struct Batch<'a> {
    files: Vec<Waiting>,
    walk: &'a Walk<'a>,
}

impl Batch<'_> {
    fn add(&mut self, path: &Path) {
        if self.walk.is_new(path) {
            // One that is gone by now is for the look to report.
            let mark = if self.walk.shelf.wants_marks() { path.metadata().ok() } else { None };
            let mark = mark.map(|found| Mark::of(&found));
            self.files.push(Waiting { path: path.to_owned(), mark });
            if self.files.len() >= BATCH_FILES {
                self.put_up();
            }
        }
    }

    fn put_up(&mut self) {
        let files = std::mem::take(&mut self.files);
        self.walk.progress.add_total(files.len());
        self.walk.shelf.put(files);
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.put_up();
    }
}

/// A folder or link that could not be followed, as a line of the report.
fn unlisted(root: &Path, cause: &ignore::Error) -> Unread {
    match cause {
        ignore::Error::WithPath { path, err } => Unread::new(path, clause(err)),
        ignore::Error::WithDepth { err, .. } => unlisted(root, err),
        ignore::Error::Loop { child, ancestor } => {
            Unread::new(child, format!("a link that leads back to {ancestor:?}"))
        }
        other => Unread::new(root, clause(other)),
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
        let failed = |reason: String| Failure::cannot("use a glob", None, reason);
        if glob.is_empty() {
            return Err(failed("it is empty".to_owned()));
        }
        // The builder reads lines of a .gitignore, where these have another meaning at the start.
        let escape = if glob.starts_with(['!', '#']) { "\\" } else { "" };
        builder.add(&format!("{mark}{escape}{glob}")).map_err(|cause| failed(cause.to_string()))?;
    }
    builder.build().map_err(|cause| Failure::cannot("use the globs", None, cause.to_string()))
}

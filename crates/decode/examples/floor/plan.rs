//! The plan: which file needs which work, as `compare/floor` writes it.
//!
//! Pairs of fields, each ended by a NUL: `folder` and a path, then the files in it, each a task and a name. A task is a
//! list of stages joined by `+`, as in `header+head`.

use std::{
    ffi::CString,
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::visit::Scope;

/// One kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// The names in a folder are listed.
    Folder,
    /// A file is opened, and its first bytes tell what it is.
    Sniff,
    /// The same, and the size of the picture is read.
    Header,
    /// The first rows are decoded.
    Head,
    /// All bytes are read and hashed.
    Bytes,
    /// What the pixels depend on is read and hashed.
    Payload,
    /// Everything is decoded to make sure that it can be.
    Confirm,
    /// Everything is decoded for its digest.
    Whole,
}

impl Stage {
    /// All stages, in their order.
    pub(crate) const ALL: [Self; 8] =
        [Self::Folder, Self::Sniff, Self::Header, Self::Head, Self::Bytes, Self::Payload, Self::Confirm, Self::Whole];

    /// The name in plans and tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Sniff => "sniff",
            Self::Header => "header",
            Self::Head => "head",
            Self::Bytes => "bytes",
            Self::Payload => "payload",
            Self::Confirm => "confirm",
            Self::Whole => "whole",
        }
    }

    fn of_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name().as_bytes() == name)
    }
}

/// A folder to list, or a file with its work.
pub(crate) struct Job {
    /// Which folder of the plan.
    pub(crate) folder: usize,
    /// The name in the folder; none for the folder itself.
    pub(crate) name: Option<CString>,
    /// The work, in the order of the stages.
    pub(crate) stages: Vec<Stage>,
}

impl Job {
    /// Whether the file is looked into beyond its header.
    pub(crate) fn goes_on(&self) -> bool {
        self.stages.last().is_some_and(|last| *last > Stage::Header)
    }
}

/// All the work of a library.
pub(crate) struct Plan {
    /// The paths of the folders.
    pub(crate) folders: Vec<CString>,
    /// The folders and files, in the order of the plan.
    pub(crate) jobs: Vec<Job>,
}

impl Plan {
    /// Reads a plan.
    pub(crate) fn read(text: &[u8]) -> Result<Self, String> {
        let mut plan = Self { folders: Vec::new(), jobs: Vec::new() };
        let mut fields = text.strip_suffix(b"\0").unwrap_or(text).split(|byte| *byte == 0);
        while let (Some(task), Some(name)) = (fields.next(), fields.next()) {
            let name = CString::new(name).map_err(|cause| cause.to_string())?;
            let stages = task.split(|byte| *byte == b'+').map(Stage::of_name).collect::<Option<Vec<Stage>>>();
            let mut stages = stages.ok_or_else(|| format!("no task of the plan: {}", task.escape_ascii()))?;
            stages.sort_unstable();
            if stages == [Stage::Folder] {
                plan.folders.push(name);
                plan.jobs.push(Job { folder: plan.folders.len() - 1, name: None, stages });
            } else {
                let folder = plan.folders.len().checked_sub(1).ok_or("the plan begins with no folder")?;
                plan.jobs.push(Job { folder, name: Some(name), stages });
            }
        }
        Ok(plan)
    }

    /// The jobs of a scope, to be taken by threads.
    pub(crate) fn desk(&self, scope: Scope) -> Desk<'_> {
        let is_in = |job: &&Job| match scope {
            Scope::Only(stage) => job.stages.contains(&stage),
            Scope::Everything => true,
        };
        Desk { jobs: self.jobs.iter().filter(is_in).collect(), next: AtomicUsize::new(0) }
    }
}

/// How many jobs a thread takes at once: files of one folder mostly, and few enough to end together.
const BATCH: usize = 16;

/// Where threads take jobs from.
pub(crate) struct Desk<'a> {
    jobs: Vec<&'a Job>,
    next: AtomicUsize,
}

impl<'a> Desk<'a> {
    /// The next jobs, until none are left.
    pub(crate) fn take(&self) -> Option<&[&'a Job]> {
        let from = self.next.fetch_add(BATCH, Ordering::Relaxed);
        let to = self.jobs.len().min(from.saturating_add(BATCH));
        self.jobs.get(from..to).filter(|batch| !batch.is_empty())
    }
}

//! What is done to one file: all that is needed to do it, to find out after a crash how far it went, and to undo it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    disk::{Identity, State},
    plan::Tier,
    trash::Entry,
};

/// What becomes of the files that go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// They are moved into a folder of ours on their own file system.
    Quarantine,
    /// They are moved into the trash of the desktop.
    Trash,
    /// Their names become further names of the file that stays.
    HardLink,
    /// Their blocks on the disk become those of the file that stays.
    Reflink,
    /// Their names become symbolic links to the file that stays.
    Symlink,
    /// They are moved below a folder.
    Move(#[serde(with = "crate::place")] PathBuf),
    /// Quarantine, and, if the run proved whole, purge.
    Delete,
}

impl Action {
    /// Its name, as `apply --to` takes it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Quarantine => "quarantine",
            Self::Trash => "trash",
            Self::HardLink => "hardlink",
            Self::Reflink => "reflink",
            Self::Symlink => "symlink",
            Self::Move(_) => "move",
            Self::Delete => "delete",
        }
    }

    /// Whether names are taken away, so that what belongs to a picture must go with it.
    pub(crate) fn parts_names(&self) -> bool {
        matches!(self, Self::Quarantine | Self::Trash | Self::Move(_) | Self::Delete)
    }
}

/// How one file is changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Deed {
    /// It is renamed to where it is held.
    Aside,
    /// It is copied to another file system, and then renamed to where it is held.
    Carry {
        /// The copy.
        #[serde(with = "crate::place")]
        copy: PathBuf,
        /// The name of a copy that is not yet whole, there or on its way back.
        part: String,
    },
    /// A further name of the keeper takes its place.
    HardLink,
    /// A symbolic link with that text takes its place.
    Symlink {
        /// What it says.
        #[serde(with = "crate::place")]
        target: PathBuf,
    },
    /// It shares the blocks of the keeper; nothing is moved.
    Share,
}

/// Who looks after a file that was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Holder {
    /// We do: `purge` ends it.
    Quarantine,
    /// The user does.
    Others,
}

/// A file that stays, as it was when the two were compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    #[serde(with = "crate::place")]
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
}

/// What a trash is told of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// The trash.
    #[serde(with = "crate::place")]
    pub(crate) trash: PathBuf,
    /// The text of the `.trashinfo` file.
    pub(crate) text: String,
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// Its number in the run.
    pub(crate) number: u64,
    /// The file that goes.
    #[serde(with = "crate::place")]
    pub(crate) victim: PathBuf,
    /// What it was when it was compared.
    pub(crate) identity: Identity,
    /// How many names it had then.
    #[serde(default = "one")]
    pub(crate) names: u64,
    /// How many of its bytes were in blocks that no other file shared; all, where that is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) own_bytes: Option<u64>,
    /// What it was compared with; nothing for a sidecar that has no equal.
    pub(crate) kept: Option<Kept>,
    /// How they are the same.
    pub(crate) tier: Tier,
    pub(crate) deed: Deed,
    /// Where the file itself lies afterwards; for links, first the name at which the link is made.
    #[serde(with = "crate::place")]
    pub(crate) held: PathBuf,
    pub(crate) holder: Holder,
    /// What the trash is told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<Note>,
    /// The step whose picture this sidecar travels with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sidecar_of: Option<u64>,
}

/// As many names as most files have.
fn one() -> u64 {
    1
}

impl Step {
    /// Whether that is the file, with the length and the time that it had. Its number alone would not tell: a new file gets
    /// that of one that is gone.
    pub(crate) fn is_of(&self, state: &State) -> bool {
        let (now, was) = (state.identity, self.identity);
        (now.inode, now.bytes, now.modified_ns) == (was.inode, was.bytes, was.modified_ns)
    }

    /// Where the file itself lies afterwards, or the copy of it that went elsewhere.
    pub(crate) fn original_place(&self) -> &Path {
        match &self.deed {
            Deed::Carry { copy, .. } => copy,
            Deed::Aside | Deed::HardLink | Deed::Symlink { .. } | Deed::Share => &self.held,
        }
    }

    /// Where its content is found afterwards by who looks for it.
    pub(crate) fn resting_place(&self) -> &Path {
        match &self.deed {
            Deed::Aside => &self.held,
            Deed::Carry { copy, .. } => copy,
            Deed::HardLink | Deed::Symlink { .. } | Deed::Share => &self.victim,
        }
    }

    /// Its place in the trash, if it goes there.
    pub(crate) fn entry(&self) -> Option<Entry> {
        let Note { trash, text } = self.note.clone()?;
        let name = self.resting_place().file_name()?.to_owned();
        Some(Entry { trash, name, note: text })
    }
}

//! What acting frees: a file with several names frees its blocks with the last of them.

use std::collections::HashMap;

use crate::step::{Deed, Holder, Step};

/// A count of bytes that are free once nothing holds the files that went.
#[derive(Debug, Default)]
pub(crate) struct Freed {
    pub(crate) bytes: u64,
    /// How many names of a file went, by its device and inode.
    gone: HashMap<(u64, u64), u64>,
}

impl Freed {
    /// Counts a step that was done to a file of so many names.
    pub(crate) fn count(&mut self, step: &Step, names: u64) {
        let is_moved_only = step.deed == Deed::Share || step.holder == Holder::Others && step.note.is_none();
        if !is_moved_only && step.sidecar_of.is_none() {
            self.count_name((step.identity.device, step.identity.inode), names, step.identity.bytes);
        }
    }

    /// Counts one name of a file of so many.
    pub(crate) fn count_name(&mut self, place: (u64, u64), names: u64, bytes: u64) {
        let gone = self.gone.entry(place).or_default();
        *gone += 1;
        if *gone == names {
            self.bytes += bytes;
        }
    }
}

//! What acting frees: a file with several names frees its blocks with the last of them, and never those that it shares.

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
    /// Counts what a step frees. What is only moved goes on holding its blocks.
    pub(crate) fn count(&mut self, step: &Step) {
        let is_moved_only = step.holder == Holder::Others && step.note.is_none();
        if !is_moved_only {
            self.count_file(step);
        }
    }

    /// Counts the file of a step, wherever it went: its own bytes, once all of its names went. Gives what that adds.
    pub(crate) fn count_file(&mut self, step: &Step) -> u64 {
        if step.deed == Deed::Share {
            return 0;
        }
        let own_bytes = step.own_bytes.unwrap_or(step.identity.bytes);
        self.count_name(step.identity.place(), step.names, own_bytes)
    }

    /// Counts one name of a file of so many, and gives what that adds.
    pub(crate) fn count_name(&mut self, place: (u64, u64), names: u64, own_bytes: u64) -> u64 {
        let gone = self.gone.entry(place).or_default();
        *gone += 1;
        if *gone != names {
            return 0;
        }
        self.bytes += own_bytes;
        own_bytes
    }
}

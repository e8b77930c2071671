//! Results in each of the forms they can be printed in.

pub(crate) mod text;

pub(crate) mod json;

pub(crate) mod json_compare;

pub(crate) mod csv;

pub(crate) mod null;

pub(crate) mod unread;

pub(crate) mod printer;

use pixtwin_engine::Proof;

/// The figures at the end of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals<'a> {
    pub(crate) files: u64,
    pub(crate) pictures: u64,
    pub(crate) unread: u64,
    pub(crate) found: Found,
    /// The ranks that were lost: the result is not complete.
    pub(crate) missing: &'a [String],
}

/// What a run found, in figures.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    /// A scan: groups, the files in them, and what a clean-up would free.
    Groups { groups: u64, twins: u64, freed_bytes: u64 },
    /// A find: twins of the pictures asked about.
    Matches(u64),
    /// Digests were computed.
    Digests,
}

/// A proof as reports name it.
pub(crate) const fn proof_name(proof: Proof) -> &'static str {
    match proof {
        Proof::Bytes => "bytes",
        Proof::Payload => "payload",
        Proof::Pixels => "pixels",
    }
}

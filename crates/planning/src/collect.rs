//! Keeps what a search reports.

use pixtwin_actions::plan::Tier;
use pixtwin_engine::{Group, Match, Member, Report, Unread};

use crate::found::{Found, FoundFile, FoundGroup};

/// Keeps the groups of a scan.
///
/// # Cost
/// Some hundred bytes a file of a group, and its names.
#[derive(Debug)]
pub struct Collector {
    found: Found,
    tier: Tier,
}

impl Collector {
    /// Keeps the groups of a search for this tier, on this host.
    #[must_use]
    pub fn new(tier: pixtwin_engine::Tier) -> Self {
        let tier = match tier {
            pixtwin_engine::Tier::Bytes => Tier::Bytes,
            pixtwin_engine::Tier::Pixels => Tier::Pixels,
            pixtwin_engine::Tier::Turned => Tier::Turned,
            pixtwin_engine::Tier::Within(_) => Tier::Within,
            pixtwin_engine::Tier::Similar(_) => Tier::Similar,
        };
        Self { found: Found { is_complete: true, ..Found::default() }, tier }
    }

    /// Keeps a group.
    pub fn keep(&mut self, group: &Group) {
        self.found.groups.push(FoundGroup {
            number: self.found.groups.len() as u64 + 1,
            tier: self.tier,
            digest: group.digest,
            blake3: group.blake3,
            size: group.size,
            freed_bytes: group.freed_bytes(),
            files: group.files.iter().map(file_of).collect(),
        });
    }

    /// Keeps a file that was not compared.
    pub fn keep_unread(&mut self, unread: &Unread) {
        self.found.unread.push((unread.path.clone(), unread.reason.clone()));
    }

    /// What was found.
    #[must_use]
    pub fn into_found(self) -> Found {
        self.found
    }
}

impl Report for Collector {
    fn group(&mut self, group: Group) {
        self.keep(&group);
    }

    /// A scan asks about no picture.
    fn found(&mut self, _query: usize, _found: Match) {}

    fn unread(&mut self, unread: Unread) {
        self.keep_unread(&unread);
    }
}

fn file_of(file: &Member) -> FoundFile {
    let near = file.near.as_ref();
    FoundFile {
        paths: std::iter::once(&file.path).chain(&file.other_paths).cloned().collect(),
        host: file.host.clone(),
        is_here: true,
        bytes: file.bytes,
        format: file.format.clone(),
        proof: file.proof.name().into(),
        is_repeated: file.is_repeated(),
        is_equal: near.is_none_or(|near| near.nearness.is_none()),
        size: near.and_then(|near| near.size),
        digest: near.and_then(|near| near.digest),
        nearness: near.and_then(|near| near.nearness),
        differs: file.differs.clone(),
    }
}

//! Which pictures exist more than once?

use std::{collections::HashMap, path::PathBuf};

use pixtwin_matching::{Candidate, Everyone, Exchange, Proof, Twins, group, proof_between};
use pixtwin_pixel::Depth;

use crate::{
    equal_bytes::{self, Blob},
    evidence,
    file::Listed,
    first_look::{DecodedPayloads, look_at_all, look_for_pixels},
    ladder,
    look::{Looker, Picture},
    pool,
    progress::{Progress, Stage},
    report::{Counts, Failure, Group, Member, Unread},
    settings::{Selection, Settings, Tier},
    walk,
};

/// What a scan found.
#[derive(Clone, Debug, Default)]
pub struct Scanned {
    /// The groups of twins, sorted by their first path.
    pub groups: Vec<Group>,
    /// Files that were not compared, sorted by path.
    pub unread: Vec<Unread>,
    /// What was looked at.
    pub counts: Counts,
}

/// Every group of twins below `roots`. The result does not depend on the number of threads or the order of the roots.
///
/// # Errors
/// If a root does not exist or a glob cannot be understood. Files that cannot be read are in the result.
///
/// # Cost
/// Blocks until done. Beside the memory of the settings it holds some 300 bytes a picture.
pub fn scan(
    roots: &[PathBuf],
    selection: &Selection,
    settings: &Settings,
    progress: &Progress,
) -> Result<Scanned, Failure> {
    let mut looker = Looker::new(settings, progress);
    looker.min_bytes = selection.min_bytes;
    let mut searched = search(&looker, roots, selection, settings.tier, &mut Everyone)?;
    let groups = group(&searched.candidates);
    let groups = confirm(&looker, &mut searched, groups);
    let groups = describe(&looker, &searched, &groups);
    searched.sort_unread();
    searched.counts.bytes_read = progress.bytes();
    Ok(Scanned { groups, unread: searched.unread, counts: searched.counts })
}

/// What a search left over: candidates, and what is known of their files.
pub(crate) struct Searched {
    pub(crate) files: Vec<Listed>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) subjects: HashMap<usize, Subject>,
    pub(crate) unread: Vec<Unread>,
    pub(crate) counts: Counts,
}

/// What a candidate is.
pub(crate) enum Subject {
    Picture(Box<Picture>),
    Blob(Blob),
}

impl Subject {
    pub(crate) fn format_name(&self) -> &'static str {
        match self {
            Self::Picture(picture) => picture.format.name(),
            Self::Blob(blob) => blob.format,
        }
    }
}

/// Walks the folders and climbs the ladder with what it finds.
pub(crate) fn search(
    looker: &Looker<'_>,
    roots: &[PathBuf],
    selection: &Selection,
    tier: Tier,
    exchange: &mut dyn Exchange,
) -> Result<Searched, Failure> {
    let walk::Listing { files, mut unread, mut counts } = walk::list(roots, selection, looker.threads)?;
    looker.progress.begin(Stage::FirstLook, files.len());
    let (files, candidates, subjects) = match tier {
        Tier::Pixels => {
            let decoded = DecodedPayloads::default();
            let shared: &dyn Exchange = exchange;
            let kept = look_at_all(looker, files, &mut counts, &mut unread, |listed, held| {
                look_for_pixels(looker, shared, &decoded, listed, held)
            });
            let pictures = numbered(kept.found, |picture: &mut Picture, at| picture.file = at);
            let climbed = ladder::climb(looker, &kept.files, pictures, exchange, &mut unread);
            counts.rungs = climbed.rungs;
            let subjects =
                climbed.pictures.into_iter().map(|picture| (picture.file, Subject::Picture(Box::new(picture))));
            (kept.files, climbed.candidates, subjects.collect())
        }
        Tier::Bytes => {
            let kept = look_at_all(looker, files, &mut counts, &mut unread, |listed, _| {
                equal_bytes::look_for_bytes(looker, listed)
            });
            let blobs = numbered(kept.found, |blob: &mut Blob, at| blob.file = at);
            let (candidates, blobs, rungs) = equal_bytes::climb(looker, &kept.files, blobs, exchange, &mut unread);
            counts.rungs = rungs;
            let subjects = blobs.into_iter().map(|blob| (blob.file, Subject::Blob(blob)));
            (kept.files, candidates, subjects.collect())
        }
    };
    Ok(Searched { files, candidates, subjects, unread, counts })
}

fn numbered<T>(mut found: Vec<T>, set: impl Fn(&mut T, usize)) -> Vec<T> {
    found.iter_mut().enumerate().for_each(|(at, item)| set(item, at));
    found
}

/// Decodes one picture of every group that has no digest yet. Equal payloads prove equal pixels, but only if there are
/// any: of a group whose pictures cannot be decoded, all files are listed as unread.
fn confirm(looker: &Looker<'_>, searched: &mut Searched, groups: Vec<Twins>) -> Vec<Twins> {
    let mut slots: Vec<(Twins, Vec<Unread>)> = groups.into_iter().map(|twins| (twins, Vec::new())).collect();
    looker.progress.begin(Stage::Comparing, slots.len());
    let known: &Searched = searched;
    pool::for_each(
        &mut slots,
        looker.threads,
        || (),
        |(), (twins, unread)| {
            confirm_one(looker, known, twins, unread);
            looker.progress.add_done();
        },
    );
    let mut confirmed = Vec::with_capacity(slots.len());
    for (twins, mut unread) in slots {
        searched.unread.append(&mut unread);
        if twins.files.len() > 1 {
            confirmed.push(twins);
        }
    }
    confirmed
}

/// Decodes the files in turn until one succeeds; those that do not leave the group.
fn confirm_one(looker: &Looker<'_>, searched: &Searched, twins: &mut Twins, unread: &mut Vec<Unread>) {
    while let (None, Some((file, _))) = (twins.digest, twins.files.first().copied()) {
        let (Some(listed), Some(Subject::Picture(picture))) = (searched.files.get(file), searched.subjects.get(&file))
        else {
            return;
        };
        let mut picture = (**picture).clone();
        match looker.decode(listed, &mut picture, Depth::Whole) {
            Ok(()) => twins.digest = picture.known.fingerprint.digest,
            Err(reason) => {
                unread.push(Unread { path: listed.path.clone(), reason });
                twins.files.remove(0);
            }
        }
    }
}

/// Makes the groups ready to be printed: reads what the twins hold beside their pixels.
fn describe(looker: &Looker<'_>, searched: &Searched, groups: &[Twins]) -> Vec<Group> {
    let of_file: HashMap<usize, &Candidate> =
        searched.candidates.iter().map(|candidate| (candidate.file, candidate)).collect();
    let mut slots: Vec<(&Twins, Option<Group>)> = groups.iter().map(|twins| (twins, None)).collect();
    looker.progress.begin(Stage::Reporting, slots.len());
    pool::for_each(
        &mut slots,
        looker.threads,
        || (),
        |(), (twins, slot)| {
            *slot = describe_one(looker, searched, &of_file, twins);
            looker.progress.add_done();
        },
    );
    slots.into_iter().filter_map(|(_, group)| group).collect()
}

fn describe_one(
    looker: &Looker<'_>,
    searched: &Searched,
    of_file: &HashMap<usize, &Candidate>,
    twins: &Twins,
) -> Option<Group> {
    let (first, _) = twins.files.first()?;
    let first_candidate = of_file.get(first)?;
    let members = twins.files.iter().filter_map(|(file, proof)| {
        let proof_to_first = proof_between(first_candidate, of_file.get(file)?);
        member(looker, searched, (*first, *file), (*proof, proof_to_first))
    });
    let files: Vec<Member> = members.collect();
    let size = match searched.subjects.get(first) {
        Some(Subject::Picture(picture)) => Some((picture.header.width, picture.header.height)),
        _ => None,
    };
    Some(Group { size, digest: twins.digest, files })
}

fn member(
    looker: &Looker<'_>,
    searched: &Searched,
    (first, file): (usize, usize),
    (proof, proof_to_first): (Proof, Proof),
) -> Option<Member> {
    let listed = searched.files.get(file)?;
    let names_seen = 1 + listed.other_paths.len() as u64;
    Some(Member {
        path: listed.path.clone(),
        other_paths: listed.other_paths.clone(),
        has_names_elsewhere: listed.identity.is_some_and(|identity| identity.names > names_seen),
        bytes: listed.bytes(),
        format: searched.subjects.get(&file)?.format_name(),
        proof,
        proof_to_first,
        differs: if proof_to_first == Proof::Bytes {
            Vec::new()
        } else {
            searched.differences(looker, first, file).unwrap_or_else(|reason| vec![format!("unknown: {reason}")])
        },
    })
}

impl Searched {
    /// Brings the files that were not compared into their order. One that was reached twice is listed once.
    pub(crate) fn sort_unread(&mut self) {
        self.unread.sort_unstable();
        self.unread.dedup();
    }

    fn differences(&self, looker: &Looker<'_>, first: usize, other: usize) -> Result<Vec<String>, String> {
        let read = |file: usize| match (self.files.get(file), self.subjects.get(&file)) {
            (Some(listed), Some(Subject::Picture(picture))) => looker.metadata(listed, picture.format),
            _ => Ok(pixtwin_decode::Metadata::default()),
        };
        let format = |file: usize| self.subjects.get(&file).map(Subject::format_name);
        Ok(evidence::differences(&read(first)?, &read(other)?, format(first) == format(other)))
    }
}

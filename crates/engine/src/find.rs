//! Does this picture exist already, and where?

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use pixtwin_decode::Sniffed;
use pixtwin_matching::{Asked, Candidate, Proof, Rung, proof_between};
use pixtwin_pixel::{Depth, HEAD_ROWS, PixelDigest};

use crate::{
    equal_bytes,
    examine::identify,
    file::Listed,
    look::Looker,
    progress::Progress,
    report::{Counts, Failure, Unread},
    scan::{Searched, search},
    settings::{Selection, Settings, Tier},
};

/// What a find found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// For each picture asked about, in their order, its twins, sorted by path.
    pub matches: Vec<Vec<Match>>,
    /// Files that were not compared, sorted by path.
    pub unread: Vec<Unread>,
    /// What was looked at.
    pub counts: Counts,
}

/// A twin of a picture that was asked about.
#[derive(Clone, Debug)]
pub struct Match {
    /// Where it is.
    pub path: PathBuf,
    /// Further names of the same file (hard links), sorted.
    pub other_paths: Vec<PathBuf>,
    /// What ties it to the picture asked about.
    pub proof: Proof,
    /// The name of its format.
    pub format: &'static str,
    /// Length in bytes.
    pub bytes: u64,
}

/// Every twin of each of `queries` below `roots`, the queries themselves left out: a file is never its own twin,
/// whatever name it is reached by.
///
/// # Errors
/// If a query cannot be read, a root does not exist, or a glob cannot be understood. Files below the roots that cannot
/// be read are in the result.
///
/// # Cost
/// Blocks until done. Decodes the queries whole, and of the other pictures only those that have the size and the first
/// rows of a query.
pub fn find(
    queries: &[PathBuf],
    roots: &[PathBuf],
    selection: &Selection,
    settings: &Settings,
    progress: &Progress,
) -> Result<Found, Failure> {
    let mut looker = Looker::new(settings, progress);
    let mut asked = Asked::default();
    let mut known = Vec::with_capacity(queries.len());
    for path in queries {
        let failure = |reason| Failure { step: "read", path: Some(path.clone()), reason };
        known.push(match settings.tier {
            Tier::Pixels => ask_for_pixels(&looker, path, &mut asked).map_err(failure)?,
            Tier::Bytes => ask_for_bytes(&looker, path, &mut asked).map_err(failure)?,
        });
    }
    looker.min_bytes = selection.min_bytes;
    let mut searched = search(&looker, roots, selection, settings.tier, &mut asked)?;
    let matches = matches(&searched, &known);
    searched.sort_unread();
    searched.counts.bytes_read = progress.bytes();
    Ok(Found { matches, unread: searched.unread, counts: searched.counts })
}

/// Looks at a picture whole and adds its key on every rung.
fn ask_for_pixels(looker: &Looker<'_>, path: &Path, asked: &mut Asked) -> Result<(Listed, Candidate), String> {
    let (listed, mut picture) = identify(looker, path)?;
    looker.decode(&listed, &mut picture, Depth::Whole)?;
    looker.hash(&listed, &mut picture)?;
    let heads = (0..HEAD_ROWS.len()).map(Rung::Head);
    for rung in [Rung::Header, Rung::Payload, Rung::Whole].into_iter().chain(heads) {
        asked.add(rung, picture.key(rung).ok_or("its keys could not be computed")?);
    }
    let hashes = picture.known.hashes.as_deref().copied().ok_or("it could not be hashed")?;
    let digest = picture.known.fingerprint.digest;
    Ok((listed, Candidate { file: 0, bytes: hashes.bytes, payload: hashes.payload, digest }))
}

/// Adds the keys of a file of which equal files are wanted.
fn ask_for_bytes(looker: &Looker<'_>, path: &Path, asked: &mut Asked) -> Result<(Listed, Candidate), String> {
    let mut listed = Listed::new(path.to_owned());
    if looker.sniff(&mut listed)? == Sniffed::Other {
        return Err("not a picture in any known format".to_owned());
    }
    let mut bytes = [0; 32];
    for rung in [Rung::Length, Rung::Start, Rung::Bytes] {
        let (key, hash) = equal_bytes::key_of(looker, &listed, rung)?;
        asked.add(rung, key);
        bytes = hash.unwrap_or(bytes);
    }
    Ok((listed, Candidate { file: 0, bytes, payload: bytes, digest: None }))
}

fn matches(searched: &Searched, queries: &[(Listed, Candidate)]) -> Vec<Vec<Match>> {
    // A candidate that left its payload to another has that one's digest.
    let digests: HashMap<[u8; 32], PixelDigest> =
        searched.candidates.iter().filter_map(|candidate| Some((candidate.payload, candidate.digest?))).collect();
    let mut by_key: HashMap<[u8; 32], Vec<&Candidate>> = HashMap::new();
    for candidate in &searched.candidates {
        by_key.entry(candidate.payload).or_default().push(candidate);
        if let Some(digest) = candidate.digest.as_ref().or_else(|| digests.get(&candidate.payload)) {
            by_key.entry(digest.0).or_default().push(candidate);
        }
    }
    let of_query = |(listed, query): &(Listed, Candidate)| {
        let mut files: Vec<&Candidate> = [Some(query.payload), query.digest.map(|digest| digest.0)]
            .into_iter()
            .flatten()
            .flat_map(|key| by_key.get(&key).into_iter().flatten().copied())
            .collect();
        files.sort_unstable_by_key(|candidate| candidate.file);
        files.dedup_by_key(|candidate| candidate.file);
        files.into_iter().filter_map(|candidate| searched.as_match(listed, query, candidate)).collect()
    };
    queries.iter().map(of_query).collect()
}

impl Searched {
    /// A candidate as the report shows it, unless it is the file asked about itself.
    fn as_match(&self, query: &Listed, asked: &Candidate, candidate: &Candidate) -> Option<Match> {
        let listed = self.files.get(candidate.file)?;
        if listed.identity?.is_unchanged(&query.identity?) {
            return None;
        }
        Some(Match {
            path: listed.path.clone(),
            other_paths: listed.other_paths.clone(),
            proof: proof_between(asked, candidate),
            format: self.subjects.get(&candidate.file)?.format_name(),
            bytes: listed.bytes(),
        })
    }
}

//! Does this picture exist already, and where?

use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::HashMap,
    path::{Path, PathBuf},
};

use pixtwin_decode::Sniffed;
use pixtwin_matching::{Asked, Candidate, Proof, Rung, proof_between};
use pixtwin_pixel::{HEAD_ROWS, Key, PixelDigest};
use serde::{Deserialize, Serialize};

use crate::{
    against::unknown_rungs,
    equal_bytes,
    examine::identify,
    file::{Identity, Listed},
    look::Looker,
    near,
    picture::Picture,
    refusal::Refusal,
    report::{Absent, Counts, Failure, Nearby, Report},
    scan::{Searched, search_all},
    settings::{Run, Selection, Tier},
    team::Team,
    wire,
};

/// A twin of a picture that was asked about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Match {
    /// Where it is.
    #[serde(with = "wire::path")]
    pub path: PathBuf,
    /// The host it lies on, if the run has several.
    pub host: Option<String>,
    /// Further names of the same file (hard links), sorted.
    #[serde(with = "wire::paths")]
    pub other_paths: Vec<PathBuf>,
    /// What ties it to the picture asked about.
    #[serde(with = "wire::proof")]
    pub proof: Proof,
    /// The name of its format.
    pub format: Cow<'static, str>,
    /// Length in bytes.
    pub bytes: u64,
    /// The volume it lies on, if that is not mounted: the file was there when it was seen last.
    pub absent: Option<Absent>,
    /// Where pictures need not be equal: its width, height and digest, and how near it is to the picture asked about.
    pub near: Option<Nearby>,
}

/// A picture that was asked about, as every rank must know it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Query {
    pub(crate) identity: Option<Identity>,
    /// Where the picture lies, which may be no host that is searched.
    host: Option<String>,
    bytes: [u8; 32],
    payload: [u8; 32],
    digest: Option<[u8; 32]>,
    #[serde(with = "wire::rung_keys")]
    keys: Vec<(Rung, Key)>,
}

/// Reports, at the root of the team, every twin of each of `queries` below `roots`, the queries themselves left out: a
/// file is never its own twin, whatever name it is reached by. Only the root reads the queries.
///
/// # Errors
/// If a query cannot be read, a root does not exist on any host, a glob cannot be understood, or a rank is lost. Files
/// below the roots that cannot be read are reported.
///
/// # Cost
/// Blocks until done. Decodes the queries whole, and of the other pictures only those that have the size and the first
/// rows of a query.
pub fn find<T: Team>(
    team: &mut T,
    queries: &[PathBuf],
    roots: &[PathBuf],
    selection: &Selection,
    run: Run<'_>,
    report: &mut dyn Report,
) -> Result<Counts, Failure> {
    let (settings, looker) = (run.settings, Looker::of(run));
    if settings.tier.is_near() {
        return near::find_all(team, queries, roots, selection, run, report);
    }
    let read =
        if team.rank() == 0 { read_queries(&looker, queries, settings.tier, team.host()) } else { Ok(Vec::new()) };
    let queries = team.hear_root_all(read)??;
    find_queries(team, &queries, roots, selection, run, report)
}

/// Reports every twin of what is asked about, which all ranks know by now.
pub(crate) fn find_queries<T: Team>(
    team: &mut T,
    queries: &[Query],
    roots: &[PathBuf],
    selection: &Selection,
    run: Run<'_>,
    report: &mut dyn Report,
) -> Result<Counts, Failure> {
    let Run { settings, progress, .. } = run;
    let mut looker = Looker::of(run);
    let mut asked = asked(queries);
    looker.min_bytes = selection.min_bytes;
    looker.offers = team.offers();
    let mut searched = Searched::default();
    let found = search_all(&looker, &mut searched, roots, selection, settings.tier, team, Some(&mut asked));
    let found = found.and_then(|()| {
        let matches = matches(&searched, queries, (team.rank(), team.host()));
        Ok(team.merge_all(matches, order, &mut |(query, found)| report.found(query, found))?)
    });
    searched.close_all(found, team, progress, report)
}

pub(crate) fn asked(queries: &[Query]) -> Asked {
    let mut asked = Asked::default();
    queries.iter().flat_map(|query| &query.keys).for_each(|(rung, key)| asked.add(*rung, *key));
    queries.iter().flat_map(unknown_rungs).for_each(|rung| asked.add_unknown(rung));
    asked
}

pub(crate) fn order((query, a): &(usize, Match), (other, b): &(usize, Match)) -> Ordering {
    (query, &a.path, &a.host).cmp(&(other, &b.path, &b.host))
}

pub(crate) fn read_queries(
    looker: &Looker<'_>,
    paths: &[PathBuf],
    tier: Tier,
    host: Option<&str>,
) -> Result<Vec<Query>, Failure> {
    let read = |path: &PathBuf| {
        let query = match tier {
            Tier::Bytes => ask_for_bytes(looker, path, host),
            _ => ask_for_pixels(looker, path, host),
        };
        query.map_err(|reason| Failure::cannot("read", Some(path), reason))
    };
    paths.iter().map(read).collect()
}

/// Looks at a picture whole and keeps its key on every rung.
fn ask_for_pixels(looker: &Looker<'_>, path: &Path, host: Option<&str>) -> Result<Query, Refusal> {
    let (listed, mut picture) = identify(looker, path)?;
    looker.decode(&listed, &mut picture)?;
    looker.hash(&listed, &mut picture)?;
    Query::of_picture(&listed, &picture, host)
}

impl Query {
    /// A picture that was looked at whole.
    pub(crate) fn of_picture(listed: &Listed, picture: &Picture, host: Option<&str>) -> Result<Self, Refusal> {
        let heads = (0..HEAD_ROWS.len()).map(Rung::Head);
        let rungs = [Rung::Header, Rung::Payload, Rung::Whole].into_iter().chain(heads);
        let keys: Option<_> = rungs.map(|rung| Some((rung, picture.key(rung)?))).collect();
        let hashes = picture.known.hashes().ok_or("it could not be hashed")?;
        Ok(Self {
            identity: listed.identity,
            host: host.map(str::to_owned),
            bytes: hashes.bytes,
            payload: hashes.payload,
            digest: picture.known.digest().map(|digest| digest.0),
            keys: keys.ok_or("its keys could not be computed")?,
        })
    }
}

/// Keeps the keys of a file of which equal files are wanted.
fn ask_for_bytes(looker: &Looker<'_>, path: &Path, host: Option<&str>) -> Result<Query, Refusal> {
    let mut listed = Listed::new(path);
    if looker.sniff(&mut listed)? == Sniffed::Other {
        return Err("not a picture in any known format".into());
    }
    let (mut bytes, mut keys) = ([0; 32], Vec::new());
    for rung in [Rung::Length, Rung::Start, Rung::Bytes] {
        let (key, hash) = equal_bytes::key_of(looker, &listed, rung)?;
        keys.push((rung, key));
        bytes = hash.unwrap_or(bytes);
    }
    let host = host.map(str::to_owned);
    Ok(Query { identity: listed.identity, host, bytes, payload: bytes, digest: None, keys })
}

/// The twins of each query on this rank, each with the number of its query, in the order of the report.
pub(crate) fn matches(searched: &Searched, queries: &[Query], place: (usize, Option<&str>)) -> Vec<(usize, Match)> {
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
    let of_query = |(number, query): (usize, &Query)| {
        let mut files: Vec<&Candidate> = [Some(query.payload), query.digest]
            .into_iter()
            .flatten()
            .flat_map(|key| by_key.get(&key).into_iter().flatten().copied())
            .collect();
        files.sort_unstable_by_key(|candidate| candidate.file);
        files.dedup_by_key(|candidate| candidate.file);
        let found = files.into_iter().filter_map(|candidate| searched.as_match(query, candidate, place));
        found.map(|found| (number, found)).collect::<Vec<_>>()
    };
    queries.iter().enumerate().flat_map(of_query).collect()
}

impl Query {
    /// A picture of which no file is here.
    pub(crate) fn of_keys(keys: Vec<(Rung, Key)>, bytes: [u8; 32], payload: [u8; 32], digest: [u8; 32]) -> Self {
        Self { identity: None, host: None, bytes, payload, digest: Some(digest), keys }
    }

    /// What was asked, wherever it lay.
    pub(crate) fn content(&self) -> ([u8; 32], Option<[u8; 32]>) {
        (self.payload, self.digest)
    }

    /// Its pixel digest, if it was decoded.
    pub(crate) fn digest(&self) -> Option<PixelDigest> {
        self.digest.map(PixelDigest)
    }

    /// Hash of all bytes of its file.
    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.bytes
    }

    /// Its key of the first rows of this number.
    pub(crate) fn head(&self, number: usize) -> Option<Key> {
        self.key(Rung::Head(number))
    }

    /// The keys by which a picture is found that is not known whole: of its size and its first rows.
    pub(crate) fn probing_keys(&self) -> impl Iterator<Item = Key> {
        [Rung::Header, Rung::Head(0)].into_iter().filter_map(|rung| self.key(rung))
    }

    pub(crate) fn key(&self, rung: Rung) -> Option<Key> {
        self.keys.iter().find(|(known, _)| *known == rung).map(|(_, key)| *key)
    }

    pub(crate) fn evidence(&self) -> Candidate {
        let digest = self.digest.map(PixelDigest);
        Candidate { file: 0, bytes: self.bytes, payload: self.payload, digest }
    }

    /// Whether a file is the very file that was asked about.
    pub(crate) fn is(&self, identity: &Identity, rank: usize, host: Option<&str>) -> bool {
        let Some(asked) = self.identity else { return false };
        match host {
            // All ranks see one tree, and only the root its devices as the query has them.
            None if rank > 0 => identity.is_unchanged_elsewhere(&asked),
            _ => self.host.as_deref() == host && identity.is_unchanged(&asked),
        }
    }
}

impl Searched {
    /// A candidate as the report shows it, unless it is the file asked about itself.
    fn as_match(&self, query: &Query, candidate: &Candidate, place: (usize, Option<&str>)) -> Option<Match> {
        let (rank, host) = place;
        let listed = self.files.get(candidate.file)?;
        if query.is(&listed.identity?, rank, host) {
            return None;
        }
        Some(Match {
            path: listed.path(),
            host: host.map(str::to_owned),
            other_paths: listed.other_paths().to_vec(),
            proof: proof_between(&query.evidence(), candidate),
            format: self.subjects.get(&candidate.file)?.format_name(),
            bytes: listed.bytes(),
            absent: None,
            near: None,
        })
    }
}

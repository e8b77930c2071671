//! Which pictures are near one that is asked about?

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

use pixtwin_matching::{Proof, proof_between};
use pixtwin_pixel::{Apart, Key};
use serde::{Deserialize, Serialize};

use crate::{
    examine::identify,
    find::{self, Match, Query},
    look::{Looker, WHOLE_WINDOW_BYTES, reopen, still_unchanged},
    near::{
        dismissed::leave_out_all,
        nearness::Finder,
        seen::{Looks, Seen},
        sights::{Stored, is_flat},
        spool::fail_all,
        trace::key_of_size,
        turned::class_bytes,
        within,
    },
    opened::Opened,
    refusal::Refusal,
    report::{Counts, Failure, Nearby, Nearness, Report},
    scan::Searched,
    settings::{Run, Selection, Tier},
    team::Team,
};

/// A picture that was asked about, as every rank must know it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Sought {
    pub(crate) query: Query,
    /// How it is stored.
    pub(crate) stored: Stored,
    /// The key of its size.
    size_key: [u8; 16],
    /// What the tier keeps of it.
    pub(crate) record: Vec<u8>,
}

impl Sought {
    /// The key that pictures share which can be near it by their sizes.
    pub(crate) fn size_key(&self) -> Key {
        Key(self.size_key)
    }
}

/// Reports, at the root of the team, every picture that is near one of `queries`, as [`find::find`] does.
pub(crate) fn find_all<T: Team>(
    team: &mut T,
    queries: &[PathBuf],
    roots: &[PathBuf],
    selection: &Selection,
    run: Run<'_>,
    report: &mut dyn Report,
) -> Result<Counts, Failure> {
    let mut looker = Looker::of(run);
    let read = match team.rank() {
        0 => read_all(&Looks::new(&looker, run.settings.tier), queries, team.host()),
        _ => Ok(Vec::new()),
    };
    let sought = team.hear_root_all(read)??;
    looker.min_bytes = selection.min_bytes;
    let looks = Looks::new(&looker, run.settings.tier);
    let flat_queries = count_flat(looks.tier, &sought).filter(|_| team.rank() == 0);
    let sizes: Vec<Key> = sought.iter().map(Sought::size_key).collect();
    let mut searched = Searched::default();
    let found = searched.see_all(&looks, roots, selection, team, Some(&sizes)).and_then(|seen| {
        let mut matches = matches_all(&looks, &mut searched, (&seen, &sought), (queries, selection), team)?;
        let memory = looker.memory.filter(|_| !selection.dismissed);
        searched.counts.pairs.dismissed = leave_out_all(&mut matches, &sought, memory, team)?;
        Ok(team.merge_all(matches, find::order, &mut |(query, found)| report.found(query, found))?)
    });
    searched.counts.flat.queries = flat_queries;
    searched.close_all(found, team, run.progress, report)
}

/// What this rank's pictures are to those asked about, which lie at these paths; of `within` they are measured before.
pub(crate) fn matches_all<T: Team>(
    looks: &Looks<'_>,
    searched: &mut Searched,
    (seen, sought): (&[Seen], &[Sought]),
    (queries, selection): (&[PathBuf], &Selection),
    team: &mut T,
) -> Result<Vec<(usize, Match)>, Failure> {
    let apart = match looks.tier {
        Tier::Within(levels) => within::apart_all(looks, searched, (seen, sought), (queries, levels), team)?,
        _ => HashMap::new(),
    };
    let place = (team.rank(), team.host());
    let matches = matches(looks, searched, seen, sought, (selection, &apart), place);
    fail_all(matches, team)
}

/// How many of the pictures asked about have no code that may be compared; nothing where the tier compares none.
pub(crate) fn count_flat(tier: Tier, sought: &[Sought]) -> Option<u64> {
    let count = || sought.iter().filter(|sought| is_flat(tier, &sought.record)).count();
    matches!(tier, Tier::Similar(_)).then(|| count() as u64)
}

/// Looks at the pictures asked about, whole.
pub(crate) fn read_all(looks: &Looks<'_>, paths: &[PathBuf], host: Option<&str>) -> Result<Vec<Sought>, Failure> {
    let read = |path: &PathBuf| read(looks, path, host).map_err(|reason| Failure::cannot("read", Some(path), reason));
    paths.iter().map(read).collect()
}

fn read(looks: &Looks<'_>, path: &Path, host: Option<&str>) -> Result<Sought, Refusal> {
    let (listed, mut picture) = identify(looks.looker, path)?;
    let (file, identity) = reopen(&listed)?;
    let mut source = Opened::new(&file, identity.bytes, WHOLE_WINDOW_BYTES, looks.looker.progress);
    let mut record = looks.record(&mut source, &mut picture)?;
    if looks.tier == Tier::Turned {
        record.extend(class_bytes(Some(looks.looker.turn_class_of(&mut source, &picture)?)));
    }
    still_unchanged(&file, &identity)?;
    looks.looker.hash(&listed, &mut picture)?;
    Ok(Sought {
        query: Query::of_picture(&listed, &picture, host)?,
        stored: Stored::of(&picture),
        size_key: key_of_size(looks.tier, &picture.header).0,
        record,
    })
}

/// The files of this rank that are near a picture asked about, in the order of the report.
fn matches(
    looks: &Looks<'_>,
    searched: &mut Searched,
    seen: &[Seen],
    sought: &[Sought],
    (selection, apart): (&Selection, &HashMap<(usize, usize), Apart>),
    place: (usize, Option<&str>),
) -> io::Result<Vec<(usize, Match)>> {
    let mut found = Vec::new();
    for (number, sought) in sought.iter().enumerate() {
        let mut finder = Finder::new(looks, sought, selection);
        for one in seen {
            let within = apart.get(&(number, one.picture.at())).map(|apart| Nearness::Within(apart.0));
            let nearness = match one.picture.known.digest() == sought.query.digest() {
                true => Some(None),
                false if within.is_some() => Some(within),
                false => finder.nearness(&searched.files, one)?.map(Some),
            };
            if let Some(nearness) = nearness {
                found.extend(searched.near_match(sought, one, nearness, place).map(|found| (number, found)));
            }
        }
        finder.refused.into_iter().for_each(|(file, reason)| searched.cannot_compare(file, reason));
    }
    found.sort_by(find::order);
    Ok(found)
}

impl Searched {
    fn near_match(
        &self,
        sought: &Sought,
        seen: &Seen,
        nearness: Option<Nearness>,
        (rank, host): (usize, Option<&str>),
    ) -> Option<Match> {
        let listed = self.files.get(seen.picture.at())?;
        if sought.query.is(&listed.identity?, rank, host) {
            return None;
        }
        let evidence = seen.evidence()?;
        let proof = proof_of(nearness, || proof_between(&sought.query.evidence(), &evidence));
        Some(Match {
            path: listed.path(),
            host: host.map(str::to_owned),
            other_paths: listed.other_paths().to_vec(),
            proof,
            format: seen.picture.format.name().into(),
            bytes: listed.bytes(),
            absent: None,
            near: Some(Nearby {
                size: Some((seen.picture.header.width, seen.picture.header.height)),
                digest: seen.picture.known.digest(),
                nearness,
                is_repeated: false,
            }),
        })
    }
}

/// What proves a picture near, or else equal.
pub(crate) fn proof_of(nearness: Option<Nearness>, equal: impl FnOnce() -> Proof) -> Proof {
    match nearness {
        None => equal(),
        Some(Nearness::Turned { .. }) => Proof::Turned,
        Some(Nearness::Within(_)) => Proof::Within,
        Some(Nearness::Similar { .. }) => Proof::Similar,
    }
}

//! Does the catalogue know this picture, and where is it? No folder is walked.

use std::{collections::HashMap, io, path::PathBuf};

use pixtwin_catalogue::{Error, Facts, Holder};
use pixtwin_matching::{Candidate, Proof, proof_between};
use pixtwin_pixel::PixelDigest;

use crate::{
    earlier::Earlier,
    facts::{METADATA, number_of, outcome_of, stamp_of},
    file::{Listed, words_of},
    find::{self, Match, Query, asked, matches, read_queries},
    first_look::{Outcome, Scratch, look_for_pixels},
    look::Looker,
    memory::Memory,
    near,
    picture::key_of_hash,
    progress::Stage,
    refusal::Refusal,
    report::{Absent, Counts, Failure, Report, Unread},
    scan::Searched,
    settings::{Run, Selection},
    team::Team,
};

/// Why a file is not compared of which not enough is known, and which cannot be looked at.
const UNDECIDED: &str = "not enough of it is known, and its volume is not mounted";

/// Reports, at the root of the team, every twin of each of `queries` that the catalogues of the ranks' hosts know, the
/// queries themselves left out. Of files that are there it is made sure that they are still the same; one of which too
/// little is known is looked at. Files on volumes that are not there are reported as they were seen last.
///
/// # Errors
/// If a query cannot be read, a host has no catalogue, or a rank is lost.
///
/// # Cost
/// Decodes the queries whole. Of the catalogue it reads what has the digest, or, where that is not known, the first rows or
/// the size of a query.
pub fn find_in_catalogue<T: Team>(
    team: &mut T,
    queries: &[PathBuf],
    selection: &Selection,
    run: Run<'_>,
    report: &mut dyn Report,
) -> Result<Counts, Failure> {
    let Run { settings, memory, progress } = run;
    if settings.tier.is_near() {
        return near::find_in_catalogue_all(team, queries, selection, run, report);
    }
    let looker = Looker::of(run);
    let read =
        if team.rank() == 0 { read_queries(&looker, queries, settings.tier, team.host()) } else { Ok(Vec::new()) };
    let queries = team.hear_root_all(read)??;
    let mut held = ask_all(memory, team, |memory| memory.holders(&probes(&queries)))?;
    let mut searched = Searched::default();
    let mut absent = Vec::new();
    let mut files = Vec::new();
    progress.begin(Stage::FirstLook, 0);
    let mut exchange = asked(&queries);
    let mut counted = 0;
    tell_digests(&mut held);
    for holder in held {
        if holder.absent.is_some() {
            counted += 1;
            searched.judge_absent(holder, &queries, team.host(), &mut absent);
        } else {
            // What is another by now, or was seen by another decoder, is looked at.
            files.extend(look_at(memory, &holder, outcome_of, |listed| {
                look_for_pixels(&looker, Some(&exchange), &Earlier::default(), listed, &mut Scratch::default())
            }));
        }
    }
    files.sort_unstable_by(|(a, _), (b, _)| a.order(b));
    let found = searched.take_names_all(team, files).and_then(|pictures| {
        searched.climb_for_pixels(&looker, pictures, &mut exchange)?;
        let mut found = matches(&searched, &queries, (team.rank(), team.host()));
        found.append(&mut absent);
        found.sort_by(find::order);
        team.merge_all(found, find::order, &mut |(query, found)| report.found(query, found))
    });
    searched.counts.files += counted;
    searched.counts.pictures += counted;
    searched.close_all(found.map_err(Failure::from), team, progress, report)
}

/// What rows are found by that can be twins of the pictures asked about.
fn probes(queries: &[Query]) -> Vec<u64> {
    let mut probes: Vec<u64> = queries
        .iter()
        .flat_map(|query| {
            let digest = query.digest().map(|digest| key_of_hash(&digest.0));
            digest.into_iter().chain(query.probing_keys()).map(number_of)
        })
        .collect();
    probes.sort_unstable();
    probes.dedup();
    probes
}

/// Lets files know the digest of their payload: where several have one payload, a scan decodes it once.
fn tell_digests(holders: &mut [Holder]) {
    let known = |holder: &Holder| {
        let facts = &holder.entry.facts;
        holder.is_current.then_some((facts.format.clone()?, facts.payload?, facts.digest?))
    };
    let digests: HashMap<(String, [u8; 32]), [u8; 32]> =
        holders.iter().filter_map(known).map(|(format, payload, digest)| ((format, payload), digest)).collect();
    for holder in holders.iter_mut().filter(|holder| holder.is_current) {
        let facts = &mut holder.entry.facts;
        let payload = facts.format.clone().zip(facts.payload);
        facts.digest = facts.digest.or_else(|| digests.get(&payload?).copied());
    }
}

/// What the catalogue of this host answers. One rank of each host asks, for they have one catalogue; of the others nothing
/// is to be had.
pub(crate) fn ask_all<T: Team, Answer: Default>(
    memory: Option<&Memory>,
    team: &mut T,
    ask: impl FnOnce(&Memory) -> Result<Answer, Error>,
) -> Result<Answer, Failure> {
    let cannot = |reason: &str| Failure::cannot("ask the catalogue", None, reason);
    let answer = match memory.filter(|_| team.is_walker()) {
        Some(memory) => match ask(memory) {
            // Others may know.
            Err(Error::Ignorant) if team.size() > 1 => Ok(Answer::default()),
            answer => answer.map_err(|cause| cannot(&cause.to_string())),
        },
        None if memory.is_none() => Err(cannot("there is none that can be used")),
        None => Ok(Answer::default()),
    };
    if team.any_all(answer.is_err())? {
        return Err(answer.err().unwrap_or_else(|| cannot("that of another host cannot be used")));
    }
    answer
}

/// A file that is there, as the first look leaves it: by what is `known` of it, if it is believed and the file is still the
/// same, or else looked at `afresh`; nothing where it is gone.
pub(crate) fn look_at<Found>(
    memory: Option<&Memory>,
    holder: &Holder,
    known: impl FnOnce(&Facts) -> Option<Result<Outcome<Found>, Refusal>>,
    afresh: impl FnOnce(&mut Listed) -> Result<Outcome<Found>, Refusal>,
) -> Option<(Listed, Outcome<Found>)> {
    let mut listed = Listed::new(&holder.path);
    let identity = match listed.stat() {
        Ok(identity) => identity,
        Err(cause) if is_gone(&cause) => return None,
        Err(cause) => return Some((listed, Outcome::Unread(words_of(&cause).into()))),
    };
    let facts = &holder.entry.facts;
    let is_believed = memory.is_some_and(|memory| memory.is_believed(facts));
    let is_same = is_believed && holder.is_current && stamp_of(&identity) == holder.entry.stamp;
    if is_same && let Some(outcome) = known(facts) {
        return Some((listed.with(Some(identity)), outcome.unwrap_or_else(Outcome::Unread)));
    }
    let outcome = afresh(&mut listed);
    Some((listed, outcome.unwrap_or_else(Outcome::Unread)))
}

/// The volume of a file that is away.
pub(crate) fn absence(absent: &pixtwin_catalogue::Absent) -> Absent {
    Absent { volume: absent.identity.clone(), host: absent.host.clone(), seen_s: absent.seen_s }
}

/// Whether there is no file any more, rather than that it cannot be read.
fn is_gone(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// What is known of a file against a picture that is asked about.
enum Verdict {
    Twin(Proof),
    Other,
    Undecided,
}

impl Query {
    fn judge(&self, facts: &Facts) -> Verdict {
        let (payload, digest) = self.content();
        if let (Some(ours), Some(theirs)) = (facts.digest, digest) {
            return if ours == theirs { Verdict::Twin(self.proof(facts)) } else { Verdict::Other };
        }
        if facts.payload == Some(payload) || facts.content == Some(self.bytes()) {
            return Verdict::Twin(self.proof(facts));
        }
        let differs = |(number, known): (usize, u64)| self.head(number).is_some_and(|key| number_of(key) != known);
        let known = facts.keys.iter().enumerate().filter_map(|(number, key)| Some((number, (*key)?.get())));
        let is_other_size = facts.size_key.is_some_and(|size| !self.probing_keys().any(|key| number_of(key) == size));
        if is_other_size || known.into_iter().any(differs) { Verdict::Other } else { Verdict::Undecided }
    }

    pub(crate) fn proof(&self, facts: &Facts) -> Proof {
        let digest = facts.digest.map(PixelDigest);
        // What is not known proves nothing: it equals no hash.
        let (bytes, payload) = (facts.content.unwrap_or_default(), facts.payload.unwrap_or_default());
        proof_between(&self.evidence(), &Candidate { file: 0, bytes, payload, digest })
    }
}

impl Searched {
    /// Decides by what is known of a file that cannot be looked at.
    fn judge_absent(&mut self, holder: Holder, queries: &[Query], host: Option<&str>, found: &mut Vec<(usize, Match)>) {
        let Holder { path, absent, entry, is_current } = holder;
        let facts = &entry.facts;
        for (number, query) in queries.iter().enumerate() {
            match query.judge(facts) {
                Verdict::Other if is_current => {}
                Verdict::Twin(proof) if is_current => found.push((
                    number,
                    Match {
                        path: path.clone(),
                        host: host.map(str::to_owned),
                        other_paths: Vec::new(),
                        proof,
                        format: facts.format.clone().unwrap_or_default().into(),
                        bytes: entry.stamp.size,
                        absent: absent.as_ref().map(absence),
                        near: None,
                    },
                )),
                _ => {
                    let failure = facts.failures.iter().find(|(look, _)| look != METADATA);
                    let reason = failure.map_or(UNDECIDED, |(_, reason)| reason.as_str());
                    self.unread.push(Unread::new(&path, Refusal::from(reason)));
                }
            }
        }
    }
}

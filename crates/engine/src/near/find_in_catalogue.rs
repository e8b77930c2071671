//! Which pictures that the catalogue knows are near one that is asked about? No folder is walked.
//!
//! The codes are swept for places that can be near, and of other tiers the records are read; who can be near is looked at as a
//! scan would.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    path::PathBuf,
    slice,
};

use pixtwin_catalogue::{BlockView, Error, Facts, Holder, Place, Sweep};
use pixtwin_matching::near::{Planes, sweep};
use pixtwin_pixel::{Code, PixelDigest, Sight, View};

use crate::{
    facts::{number_of, outcome_of},
    file::Listed,
    find::{self, Match},
    find_in_catalogue::{absence, ask_all, look_at},
    first_look::{Outcome, Scratch},
    look::Looker,
    memory::Memory,
    near::{
        candidates,
        dismissed::leave_out_all,
        find::{Sought, count_flat, matches_all, proof_of, read_all},
        recall::kept_sight,
        seen::Looks,
        sights::{Stored, sight_of},
        similar,
    },
    picture::key_of_hash,
    progress::Stage,
    refusal::Refusal,
    report::{Counts, Failure, Nearby, Nearness, Report, Unread},
    scan::Searched,
    settings::{Run, Selection, Tier},
    team::Team,
};

/// Reports, at the root of the team, every picture that is near one of `queries` and that the catalogues of the
/// ranks' hosts know, as [`crate::find_in_catalogue`] does.
pub(crate) fn find_in_catalogue_all<T: Team>(
    team: &mut T,
    queries: &[PathBuf],
    selection: &Selection,
    run: Run<'_>,
    report: &mut dyn Report,
) -> Result<Counts, Failure> {
    let looker = Looker::of(run);
    let looks = Looks::new(&looker, run.settings.tier);
    let read = if team.rank() == 0 { read_all(&looks, queries, team.host()) } else { Ok(Vec::new()) };
    let sought = team.hear_root_all(read)??;
    run.progress.begin(Stage::FirstLook, 0);
    let held = ask_all(run.memory, team, |memory| hold(memory, run.settings.tier, &sought))?;
    let mut searched = Searched::default();
    if let Some(memory) = looker.memory.filter(|_| team.is_walker() && held.unknown > 0) {
        let tier = run.settings.tier.name();
        let pictures = if held.unknown == 1 { "picture" } else { "pictures" };
        let reason = format!("it knows {} {pictures} that no scan with --tier {tier} has looked at", held.unknown);
        searched.unread.push(Unread::new(memory.path(), reason));
    }
    let (mut absent, mut files, mut counted) = (Vec::new(), Vec::new(), 0);
    for holder in held.holders {
        if holder.absent.is_some() {
            counted += 1;
            match run.settings.tier {
                Tier::Similar(_) => {
                    absent.extend(away(&holder, &sought, (run.settings.tier, selection), team.host()));
                }
                _ => searched.judge_away(&holder, (run.settings.tier, &sought), team.host(), &mut absent),
            }
        } else {
            let known = |facts: &Facts| looks.recalled(facts);
            let afresh = |listed: &mut Listed| looks.first(listed, &mut Scratch::default());
            files.extend(look_at(run.memory, &holder, known, afresh));
        }
    }
    files.sort_unstable_by(|(a, _), (b, _)| a.order(b));
    let found = searched.take_names_all(team, files).map_err(Failure::from).and_then(|mut seen| {
        seen.iter_mut().zip(0..).for_each(|(seen, number)| seen.picture.file = number);
        looks.complete(&searched.files, &mut seen, &mut searched.unread);
        let mut found = matches_all(&looks, &mut searched, (&seen, &sought), (queries, selection), team)?;
        found.append(&mut absent);
        found.sort_by(find::order);
        let memory = looker.memory.filter(|_| !selection.dismissed);
        searched.counts.pairs.dismissed = leave_out_all(&mut found, &sought, memory, team)?;
        Ok(team.merge_all(found, find::order, &mut |(query, found)| report.found(query, found))?)
    });
    searched.counts.files += counted;
    searched.counts.pictures += counted;
    searched.counts.flat.queries = count_flat(run.settings.tier, &sought).filter(|_| team.rank() == 0);
    searched.close_all(found, team, run.progress, report)
}

/// Whom a catalogue knows that can be near, and how many it knows of whom that cannot be said.
#[derive(Default)]
struct Held {
    holders: Vec<Holder>,
    unknown: u64,
}

fn hold(memory: &Memory, tier: Tier, sought: &[Sought]) -> Result<Held, Error> {
    match tier {
        Tier::Similar(distance) => hold_similar(memory, distance, sought),
        _ => Ok(Held {
            holders: memory.holders_where(&mut |facts| candidates::may_be_near(facts, tier, sought))?,
            unknown: memory.count_without_near()?,
        }),
    }
}

fn hold_similar(memory: &Memory, distance: u8, sought: &[Sought]) -> Result<Held, Error> {
    let mut sweep = memory.sweep()?;
    let places = near_places(&mut sweep, sought, distance.into())?;
    let mut holders: Vec<Holder> = sweep.holders_at(&places)?.into_iter().map(|(_, holder)| holder).collect();
    // Copies have no codes of their own: they are known by their digest.
    let digests = holders.iter().filter_map(|holder| holder.entry.facts.digest);
    let digests = digests.chain(sought.iter().filter_map(|sought| sought.query.digest().map(|digest| digest.0)));
    let probes: BTreeSet<u64> = digests.map(|digest| number_of(key_of_hash(&digest))).collect();
    let copies = memory.holders(&probes.into_iter().collect::<Vec<_>>())?;
    let met: BTreeSet<PathBuf> = holders.iter().map(|holder| holder.path.clone()).collect();
    let mut copies: Vec<Holder> = copies.into_iter().filter(|holder| !met.contains(&holder.path)).collect();
    tell_codes(&mut copies, &holders);
    holders.append(&mut copies);
    Ok(Held { holders, unknown: memory.count_without_near()? })
}

/// Lets copies know the codes of the picture that they show.
fn tell_codes(copies: &mut [Holder], holders: &[Holder]) {
    let known = holders.iter().map(|holder| &holder.entry.facts);
    let known: HashMap<_, _> = known.filter_map(|facts| Some((facts.digest?, facts.near.as_ref()?))).collect();
    for facts in copies.iter_mut().map(|copy| &mut copy.entry.facts).filter(|facts| facts.near.is_none()) {
        facts.near = facts.digest.and_then(|digest| known.get(&digest).copied().cloned());
    }
}

/// Codes that are asked about, and the codes of the catalogue that they are compared with.
struct Question {
    positions: Range<usize>,
    codes: Vec<Code>,
}

/// All questions of a picture. A stored picture that asks in a turned form is found by the turned forms of this one.
fn questions(sight: &Sight) -> Vec<Question> {
    let codes = |views: &[View]| views.iter().filter_map(|view| sight.code(*view)).collect::<Vec<_>>();
    let mut asking = codes(&View::ASKING);
    asking.extend(sight.turned_whole());
    let stored = codes(&View::STORED);
    let regions = View::REGIONS.into_iter().map(|region| {
        let at = usize::from(region.number());
        Question { positions: at..at + 1, codes: codes(&[region]) }
    });
    let first = [Question { positions: 0..2, codes: asking }, Question { positions: 2..23, codes: stored }];
    first.into_iter().chain(regions).collect()
}

/// The places whose codes can be near to those of a picture asked about, and perhaps some more.
fn near_places(sweep: &mut Sweep, sought: &[Sought], distance: u32) -> Result<Vec<Place>, Error> {
    let questions: Vec<Question> =
        sought.iter().filter_map(|sought| sight_of(&sought.record)).flat_map(|sight| questions(&sight)).collect();
    let mut places = BTreeSet::new();
    sweep.each(0..View::CODES, &mut |block| {
        for question in &questions {
            for position in question.positions.clone() {
                add_near(&block, position, &question.codes, distance, &mut places);
            }
        }
    })?;
    Ok(places.into_iter().collect())
}

/// The first half of a code tells nearly all pairs apart.
fn add_near(block: &BlockView<'_>, position: usize, codes: &[Code], distance: u32, places: &mut BTreeSet<Place>) {
    const NOTHING: [u64; Place::MOST] = [0; Place::MOST];
    let halves: Vec<Code> = codes.iter().map(|Code([a, b, ..])| Code([*a, *b, 0, 0])).collect();
    let words = [block.plane(position, 0), block.plane(position, 1), &NOTHING, &NOTHING];
    sweep(&halves, distance, Planes { words }, |sighted| {
        let usable = block.usable().get(sighted.position).is_some_and(|usable| usable >> position & 1 == 1);
        let at = u32::try_from(sighted.position).ok().filter(|_| usable);
        places.extend(at.map(|at| Place { block: block.id(), at }));
    });
}

/// What is known of a file that cannot be looked at, against each picture asked about.
fn away(
    holder: &Holder,
    sought: &[Sought],
    (tier, selection): (Tier, &Selection),
    host: Option<&str>,
) -> Vec<(usize, Match)> {
    let facts = &holder.entry.facts;
    let Tier::Similar(distance) = tier else { return Vec::new() };
    let Some(sight) = facts.near.as_deref().and_then(kept_sight).filter(|_| holder.is_current) else {
        return Vec::new();
    };
    let Some(Ok(Outcome::Candidate(picture))) = outcome_of(facts) else { return Vec::new() };
    let stored = Stored::of(&picture);
    let nearness = |sought: &Sought| -> Option<Option<Nearness>> {
        if facts.digest.map(PixelDigest) == sought.query.digest() {
            return Some(None);
        }
        let ours = sight_of(&sought.record)?;
        similar::between((&ours, sought.stored), (&sight, stored), distance, selection.label).map(Some)
    };
    let found = sought.iter().enumerate().filter_map(|(number, sought)| Some((number, sought, nearness(sought)?)));
    found.map(|(number, sought, nearness)| (number, match_away(holder, facts, sought, nearness, host))).collect()
}

impl Searched {
    /// A file on a volume that is not there cannot be compared again: it is reported if it is equal, else listed, for it may be
    /// near.
    fn judge_away(
        &mut self,
        holder: &Holder,
        (tier, sought): (Tier, &[Sought]),
        host: Option<&str>,
        found: &mut Vec<(usize, Match)>,
    ) {
        let facts = &holder.entry.facts;
        let mut is_decided = true;
        for (number, sought) in sought.iter().enumerate() {
            let is_equal = facts.digest.is_some() && facts.digest.map(PixelDigest) == sought.query.digest();
            if is_equal && holder.is_current {
                found.push((number, match_away(holder, facts, sought, None, host)));
            } else {
                is_decided &= !candidates::may_be_near(facts, tier, slice::from_ref(sought));
            }
        }
        if !is_decided {
            self.unread.push(Unread::new(&holder.path, Refusal::from(AWAY)));
        }
    }
}

/// Why a file is not compared that may be near.
const AWAY: &str = "it may be near, and its volume is not mounted";

fn match_away(
    holder: &Holder,
    facts: &Facts,
    sought: &Sought,
    nearness: Option<Nearness>,
    host: Option<&str>,
) -> Match {
    Match {
        path: holder.path.clone(),
        host: host.map(str::to_owned),
        other_paths: Vec::new(),
        proof: proof_of(nearness, || sought.query.proof(facts)),
        format: facts.format.clone().unwrap_or_default().into(),
        bytes: holder.entry.stamp.size,
        absent: holder.absent.as_ref().map(absence),
        near: Some(Nearby {
            size: facts.header.map(|header| (header.width, header.height)),
            digest: facts.digest.map(PixelDigest),
            nearness,
            is_repeated: false,
        }),
    }
}

//! Pictures that are similar: they met, and a second look says that they are one picture.

use std::{
    collections::{BTreeSet, HashMap},
    io,
};

use pixtwin_matching::near::{Label, Meeting, meet, second_look};
use pixtwin_pixel::{Sight, View};
use serde::{Deserialize, Serialize};

use crate::{
    gather::ask_each_all,
    look::Looker,
    near::{
        classes::Class,
        edges::{Edge, Edges},
        meetings::meetings_all,
        met::{Meetings, Met},
        notes,
        sights::{Sights, Stored, sight_of},
        spool::fail_all,
    },
    pool,
    progress::Stage,
    report::{Failure, Nearness, PairCount},
    settings::Selection,
    team::Team,
};

/// How many pairs are looked at a second time at once: a kilobyte travels for each.
const LOOKED_AT_ONCE: usize = 1 << 15;

/// How many of them one thread looks at.
const LOOKED_BY_ONE: usize = 512;

/// The pairs of similar pictures of which one has its home at this rank.
pub(crate) fn edges_all<T: Team>(
    sights: &Sights<'_>,
    classes: &[Class],
    (distance, selection): (u8, &Selection),
    team: &mut T,
    counts: &mut PairCount,
) -> Result<Edges, Failure> {
    sights.looks.looker.progress.begin(Stage::Codes, 0);
    let met = meetings_all(sights, distance, team, counts)?;
    sights.looks.looker.progress.begin(Stage::Pairs, met.count);
    look_again_all(sights, classes, met, selection.label, team, counts)
}

/// Looks at each pair a second time: those that are one picture are near.
fn look_again_all<T: Team>(
    sights: &Sights<'_>,
    classes: &[Class],
    mut met: Meetings,
    label: Option<Label>,
    team: &mut T,
    counts: &mut PairCount,
) -> Result<Edges, Failure> {
    let Looker { threads, progress, .. } = *sights.looks.looker;
    let mut edges = Edges::default();
    loop {
        let chunk: Vec<Met> = met.by_ref().take(LOOKED_AT_ONCE).collect();
        if !team.any_all(!chunk.is_empty())? {
            return Ok(edges);
        }
        let others: BTreeSet<(usize, usize)> = chunk.iter().map(|met| (met.home as usize, met.at as usize)).collect();
        let others: Vec<(usize, usize)> = others.into_iter().collect();
        let told: Vec<Option<Told>> = ask_each_all(team, &others, |asked| {
            let tell = |at: usize| {
                let mut record = Vec::new();
                sights.read(at, &mut record).ok()?;
                Some(Told { number: classes.get(at)?.number, stored: *sights.stored.get(at)?, record })
            };
            asked.into_iter().map(tell).collect()
        })?;
        let others: HashMap<_, Other> =
            others.into_iter().zip(told).filter_map(|(at, told)| Some((at, told?.read()?))).collect();
        let mut parts: Vec<(&[Met], io::Result<Vec<Edge>>)> =
            chunk.chunks(LOOKED_BY_ONE).map(|part| (part, Ok(Vec::new()))).collect();
        pool::for_each(&mut parts, threads, |(part, looked)| {
            *looked = look_again(sights, classes, part, &others, label);
            progress.add_done_of(part.len());
        });
        let looked: io::Result<Vec<Vec<Edge>>> = parts.into_iter().map(|(_, looked)| looked).collect();
        let looked = fail_all(looked, team)?;
        counts.stayed += looked.iter().map(Vec::len).sum::<usize>() as u64;
        edges.extend(looked.into_iter().flatten());
    }
}

/// What the home of a picture tells of it.
#[derive(Serialize, Deserialize)]
struct Told {
    number: u32,
    stored: Stored,
    record: Vec<u8>,
}

impl Told {
    fn read(self) -> Option<Other> {
        let Self { number, stored, record } = self;
        Some(Other { number, stored, sight: sight_of(&record)? })
    }
}

/// A picture that was met.
struct Other {
    number: u32,
    stored: Stored,
    sight: Sight,
}

fn look_again(
    sights: &Sights<'_>,
    classes: &[Class],
    chunk: &[Met],
    others: &HashMap<(usize, usize), Other>,
    wanted: Option<Label>,
) -> io::Result<Vec<Edge>> {
    let (mut edges, mut bytes, mut last) = (Vec::new(), Vec::new(), None);
    for met in chunk {
        let other = others.get(&(met.home as usize, met.at as usize)).ok_or(io::ErrorKind::UnexpectedEof)?;
        let Some(class) = classes.get(met.asker as usize).filter(|class| class.number != other.number) else {
            continue;
        };
        let ours = sights.stored.get(met.asker as usize).copied().unwrap_or_default();
        let asker = match last.take() {
            Some((at, sight)) if at == met.asker => sight,
            _ => sights.read(met.asker as usize, &mut bytes)?,
        };
        if let (Some(asking), Some(stored)) = (View::from_number(met.asking), View::from_number(met.stored)) {
            let meeting = Meeting { asking, stored, distance: met.distance.into() };
            let label = second_look(&asker, &other.sight, meeting).map(|label| ours.judge(other.stored, label));
            if let Some(label) = label.filter(|label| wanted.is_none_or(|wanted| wanted == *label)) {
                edges.push(Edge { a: other.number, b: class.number, nearness: nearness(meeting, false, label) });
            }
        }
        last = Some((met.asker, asker));
    }
    Ok(edges)
}

/// How near a picture is that asked, or was asked.
fn nearness(meeting: Meeting, was_asked: bool, label: Label) -> Nearness {
    Nearness::Similar {
        distance: u8::try_from(meeting.distance).unwrap_or(u8::MAX),
        view: meeting.asking.number(),
        is_view_of_other: was_asked,
        label,
    }
}

/// How near a picture is to one that is asked about: each asks the other, as in a scan.
pub(crate) fn between(
    (sought, ours): (&Sight, Stored),
    (found, theirs): (&Sight, Stored),
    distance: u8,
    wanted: Option<Label>,
) -> Option<Nearness> {
    let ask = |(asker, other): (&Sight, &Sight), was_asked| {
        let meeting = meet(asker, other, distance.into())?;
        let label = ours.judge(theirs, second_look(asker, other, meeting)?);
        wanted.is_none_or(|wanted| wanted == label).then(|| nearness(meeting, was_asked, label))
    };
    let both = [ask((found, sought), false), ask((sought, found), true)];
    both.into_iter().flatten().min_by_key(|nearness| notes::note(*nearness))
}

#[cfg(test)]
mod tests {
    use pixtwin_pixel::{Code, Signature};

    use super::*;
    use crate::{Alpha, Orientation, Settings, Tier, near::seen::Looks, progress::Progress, team::Alone};

    /// Two pictures with the same codes and one without any.
    #[test]
    fn all_steps_are_counted_to_their_end() {
        let settings = Settings {
            tier: Tier::Similar(31),
            alpha: Alpha::Exact,
            orientation: Orientation::AsStored,
            threads: 2,
            memory_bytes: 1 << 20,
            sharers: 1,
        };
        let (progress, mut team, mut counts) = (Progress::default(), Alone::default(), PairCount::default());
        let looker = Looker::new(&settings, &progress);
        let looks = Looks::new(&looker, settings.tier);
        let record = |usable: u32| {
            let codes = std::array::from_fn(|view| Code([0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(view as u64 + 1); 4]));
            let signature = Signature::from_bytes(&[7; Signature::BYTES]);
            looks.keep(&Sight { codes, usable, quality: 100, signature }.to_bytes()).unwrap()
        };
        let records: Vec<u32> = [(1 << View::CODES) - 1, (1 << View::CODES) - 1, 0].map(record).into();
        let stored = vec![Stored { size: (9, 9), frames: 1, is_exact: false }; 3];
        let sights = Sights { looks: &looks, records, stored, home: 0 };
        let class = |number| Class { number, digest: [0; 32], files: Vec::new() };
        let classes = [0, 1, 2].map(class);
        let met = meetings_all(&sights, 31, &mut team, &mut counts).unwrap();
        // Each meets the other.
        assert_eq!((met.count, counts), (2, PairCount { codes: 56, met: 2, stayed: 0, near: 0, dismissed: 0 }));
        let (stage, done, total, _) = progress.own();
        assert!(stage == Stage::Codes && done == total && done > 0, "{stage:?} {done} {total}");
        let selection = Selection::default();
        edges_all(&sights, &classes, (31, &selection), &mut team, &mut counts).unwrap();
        assert_eq!(progress.own(), (Stage::Pairs, 2, 2, 0));
        assert_eq!((counts.met, counts.stayed), (4, 2));
    }
}

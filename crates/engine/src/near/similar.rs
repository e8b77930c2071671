//! Pictures that are similar: they met, and a second look says that they are one picture.

use std::{
    collections::{BTreeSet, HashMap},
    io,
};

use pixtwin_matching::near::{Label, Meeting, meet, second_look};
use pixtwin_pixel::Sight;
use serde::{Deserialize, Serialize};

use crate::{
    gather::ask_each_all,
    near::{
        classes::Class,
        edges::{Edge, Place},
        meetings::{Met, meetings_all},
        sights::{Sights, Stored, sight_of},
        spool::fail_all,
    },
    pool,
    progress::Stage,
    report::{Failure, Nearness},
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
) -> Result<Vec<Edge>, Failure> {
    sights.looks.looker.progress.begin(Stage::Comparing, 0);
    let mut met = meetings_all(sights, distance, team)?;
    // Both meetings of a pair together: the one that counts first.
    met.sort_unstable_by_key(|met| (pair(met, sights.home), order(met), met.asker > met.at));
    look_again_all(sights, classes, &met, selection.label, team)
}

/// Which two pictures met: the same for both meetings of a pair whose home is here.
fn pair(met: &Met, home: u32) -> (u32, u32, u32) {
    match met.home == home {
        true => (met.asker.min(met.at), home, met.asker.max(met.at)),
        false => (met.asker, met.home, met.at),
    }
}

/// How near the two are, before a second look: the order of their edges.
fn order(met: &Met) -> (u16, u8, bool) {
    met.meeting().map_or((u16::MAX, 0, false), |meeting| nearness(meeting, false, Label::Edited).order())
}

/// Looks at each pair a second time: those that are one picture are near.
fn look_again_all<T: Team>(
    sights: &Sights<'_>,
    classes: &[Class],
    met: &[Met],
    label: Option<Label>,
    team: &mut T,
) -> Result<Vec<Edge>, Failure> {
    let mut edges = Vec::new();
    let mut chunks = met.chunks(LOOKED_AT_ONCE);
    loop {
        let chunk = chunks.next().unwrap_or_default();
        if !team.any_all(!chunk.is_empty())? {
            return Ok(edges);
        }
        let others = others_all(sights, classes, chunk, team)?;
        let mut parts: Vec<(&[Met], io::Result<Vec<Edge>>)> =
            chunk.chunks(LOOKED_BY_ONE).map(|part| (part, Ok(Vec::new()))).collect();
        pool::for_each(&mut parts, sights.looks.looker.threads, |(part, looked)| {
            *looked = look_again(sights, classes, part, &others, label);
        });
        let looked: io::Result<Vec<Vec<Edge>>> = parts.into_iter().map(|(_, looked)| looked).collect();
        edges.extend(fail_all(looked, team)?.into_iter().flatten());
    }
}

/// What the home of a picture tells of it.
#[derive(Serialize, Deserialize)]
struct Told {
    number: u32,
    stored: Stored,
    record: Vec<u8>,
}

/// Pictures that others met, by their homes and places there.
type Others = HashMap<(u32, u32), Other>;

/// A picture that another met.
struct Other {
    number: u32,
    stored: Stored,
    sight: Sight,
}

/// All pictures that these met, from their homes.
fn others_all<T: Team>(sights: &Sights<'_>, classes: &[Class], met: &[Met], team: &mut T) -> Result<Others, Failure> {
    let others: BTreeSet<(usize, usize)> = met.iter().map(|met| (met.home as usize, met.at as usize)).collect();
    let others: Vec<(usize, usize)> = others.into_iter().collect();
    let told: Vec<Option<Told>> = ask_each_all(team, &others, |asked| {
        let tell = |at: usize| {
            let mut record = Vec::new();
            sights.read_bytes(at, &mut record).ok()?;
            Some(Told { number: classes.get(at)?.number, stored: *sights.stored.get(at)?, record })
        };
        asked.into_iter().map(tell).collect()
    })?;
    let other = |(place, told): ((usize, usize), Option<Told>)| {
        let Told { number, stored, record } = told?;
        let place = (u32::try_from(place.0).ok()?, u32::try_from(place.1).ok()?);
        Some((place, Other { number, stored, sight: sight_of(&record)? }))
    };
    Ok(others.into_iter().zip(told).filter_map(other).collect())
}

fn look_again(
    sights: &Sights<'_>,
    classes: &[Class],
    met: &[Met],
    others: &Others,
    wanted: Option<Label>,
) -> io::Result<Vec<Edge>> {
    let (mut edges, mut bytes, mut read, mut near) = (Vec::new(), Vec::new(), None, None);
    for met in met {
        let other = others.get(&(met.home, met.at)).ok_or(io::ErrorKind::UnexpectedEof)?;
        let Some(class) = classes.get(met.asker as usize) else { continue };
        let pair = pair(met, sights.home);
        // Of two edges between the same pictures only the first would count.
        if class.number == other.number || near == Some(pair) {
            continue;
        }
        let asker = match others.get(&(sights.home, met.asker)) {
            Some(asker) => &asker.sight,
            None => {
                let (_, sight) = match read.take() {
                    Some((at, sight)) if at == met.asker => read.insert((at, sight)),
                    _ => read.insert((met.asker, sights.read(met.asker as usize, &mut bytes)?)),
                };
                sight
            }
        };
        let ours = sights.stored.get(met.asker as usize).copied().unwrap_or_default();
        let Some(meeting) = met.meeting() else { continue };
        let label = second_look(asker, &other.sight, meeting).map(|label| ours.judge(other.stored, label));
        if let Some(label) = label.filter(|label| wanted.is_none_or(|wanted| wanted == *label)) {
            let own = Place { number: class.number, home: sights.home, at: met.asker };
            let theirs = Place { number: other.number, home: met.home, at: met.at };
            edges.push(edge(own, theirs, nearness(meeting, false, label)));
            near = Some(pair);
        }
    }
    Ok(edges)
}

/// The picture with the smaller number comes first, whoever asked.
fn edge(asker: Place, other: Place, nearness: Nearness) -> Edge {
    match asker.number < other.number {
        true => Edge { a: other, b: asker, nearness },
        false => Edge { a: asker, b: other, nearness: nearness.reversed() },
    }
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
    both.into_iter().flatten().min_by_key(Nearness::order)
}

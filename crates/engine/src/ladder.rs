//! The ladder: ever dearer looks at ever fewer pictures.
//!
//! Each rung computes a key for the pictures still in play, asks which keys others hold too, and lets go of those that
//! are alone. Two pictures that are twins have the same key on every rung, so a picture that is alone has no twin.
//! The ladder knows nothing of who answers: a table on one machine, or the ranks of a cluster. Every rank climbs every
//! rung, also with no picture left, for the others ask it.

use std::collections::HashSet;

use pixtwin_matching::{Candidate, Exchange, Loss, Rung, Standing};
use pixtwin_pixel::Key;

use crate::{
    file::Listed,
    look::{Looker, Picture},
    looks,
    report::{RungCount, Unread},
};

/// The rungs, bottom up. The payload comes after the first look at the rows: it reads the whole file, which most
/// pictures of a common size are spared.
const RUNGS: [Rung; 7] =
    [Rung::Header, Rung::Head(0), Rung::Payload, Rung::Head(1), Rung::Head(2), Rung::Head(3), Rung::Whole];

/// What the ladder came to.
pub(crate) struct Climbed<Subject> {
    /// Those that could not be told from all others: to be grouped.
    pub(crate) candidates: Vec<Candidate>,
    /// What is behind them, in the same order.
    pub(crate) subjects: Vec<Subject>,
    pub(crate) rungs: Vec<RungCount>,
}

/// A picture on the ladder.
struct Climber {
    picture: Picture,
    /// Another picture with the same payload goes on for this one.
    is_spoken_for: bool,
    /// Nobody holds its keys.
    is_alone: bool,
    refusal: Option<String>,
    /// After it could not be read, others of its payload were asked to speak in its place.
    is_mourned: bool,
}

impl Climber {
    fn is_in_play(&self) -> bool {
        !self.is_spoken_for && !self.is_alone && self.refusal.is_none()
    }
}

/// Sends the pictures up the ladder.
pub(crate) fn climb(
    looker: &Looker<'_>,
    files: &[Listed],
    pictures: Vec<Picture>,
    exchange: &mut dyn Exchange,
    unread: &mut Vec<Unread>,
) -> Result<Climbed<Picture>, Loss> {
    let mut climbers: Vec<_> = pictures
        .into_iter()
        .map(|picture| Climber { picture, is_spoken_for: false, is_alone: false, refusal: None, is_mourned: false })
        .collect();
    let mut rungs = Vec::new();
    let mut speaks_for_others = false;
    for rung in RUNGS {
        rungs.push(climb_rung(looker, files, &mut climbers, rung, exchange)?);
        speaks_for_others |= rung == Rung::Payload;
        // From the payload on, one that is alone may still speak for others that share its payload.
        if !speaks_for_others {
            climbers.retain(|climber| !climber.is_alone);
        }
    }
    Ok(settle(files, climbers, rungs, unread))
}

fn climb_rung(
    looker: &Looker<'_>,
    files: &[Listed],
    climbers: &mut [Climber],
    rung: Rung,
    exchange: &mut dyn Exchange,
) -> Result<RungCount, Loss> {
    let bytes_before = looker.progress.bytes();
    let mut looked = look_where_missing(looker, files, climbers, rung);
    while promote(climbers, exchange)? {
        looked += look_where_missing(looker, files, climbers, rung);
    }
    let mut in_play = Vec::new();
    let mut keys: Vec<Key> = Vec::new();
    for climber in climbers.iter_mut().filter(|climber| climber.is_in_play()) {
        match climber.picture.key(rung) {
            Some(key) => {
                keys.push(key);
                in_play.push(climber);
            }
            None => climber.refusal = Some("the decoder gave fewer rows than were asked for".to_owned()),
        }
    }
    let mut count = RungCount {
        rung,
        asked: keys.len() as u64,
        looked,
        settled: 0,
        joined: 0,
        bytes: looker.progress.bytes() - bytes_before,
    };
    for (climber, standing) in in_play.iter_mut().zip(exchange.ask(rung, &keys)?) {
        match standing {
            // A payload of its own proves nothing: the pixels can still be another's.
            Standing::Later if rung == Rung::Payload => climber.is_spoken_for = true,
            Standing::Alone if rung != Rung::Payload => climber.is_alone = true,
            _ => {}
        }
        count.settled += u64::from(climber.is_alone);
        count.joined += u64::from(climber.is_spoken_for);
    }
    Ok(count)
}

/// Looks at every picture in play whose key is not known, and says how many those were.
fn look_where_missing(looker: &Looker<'_>, files: &[Listed], climbers: &mut [Climber], rung: Rung) -> u64 {
    let is_missing = |climber: &&mut Climber| climber.is_in_play() && climber.picture.key(rung).is_none();
    let mut missing: Vec<&mut Climber> = climbers.iter_mut().filter(is_missing).collect();
    looks::look_at_all(
        looker,
        files,
        &mut missing,
        rung,
        |climber| Some(&climber.picture),
        |climber, looked| match looked {
            Ok(known) => climber.picture.take(known),
            Err(reason) => climber.refusal = Some(reason),
        },
    );
    missing.len() as u64
}

/// Where the one that spoke for a payload could not be read after all, another of the same payload takes its place: it
/// may lie on a better disk, or on another host. Says whether any speaker was lost, here or elsewhere.
fn promote(climbers: &mut [Climber], exchange: &mut dyn Exchange) -> Result<bool, Loss> {
    let mut lost = Vec::new();
    for climber in climbers.iter_mut().filter(|climber| climber.refusal.is_some() && !climber.is_mourned) {
        climber.is_mourned = true;
        lost.extend(climber.picture.key(Rung::Payload).filter(|_| !climber.is_spoken_for));
    }
    let silent: HashSet<Key> = exchange.union(lost)?.into_iter().collect();
    if silent.is_empty() {
        return Ok(false);
    }
    // One of each payload offers itself; the exchange sees to it that no two speak for one.
    let mut offered = HashSet::new();
    let mut heirs = Vec::new();
    for climber in climbers.iter_mut().filter(|climber| climber.is_spoken_for && climber.refusal.is_none()) {
        let payload = climber.picture.key(Rung::Payload);
        if let Some(payload) = payload.filter(|payload| silent.contains(payload) && offered.insert(*payload)) {
            heirs.push((climber, payload));
        }
    }
    let keys: Vec<Key> = heirs.iter().map(|(_, payload)| *payload).collect();
    for ((climber, _), standing) in heirs.iter_mut().zip(exchange.ask(Rung::Payload, &keys)?) {
        climber.is_spoken_for = standing == Standing::Later;
    }
    Ok(true)
}

/// Sorts those that went through into candidates and refusals.
fn settle(
    files: &[Listed],
    climbers: Vec<Climber>,
    rungs: Vec<RungCount>,
    unread: &mut Vec<Unread>,
) -> Climbed<Picture> {
    let mut climbed = Climbed { candidates: Vec::new(), subjects: Vec::new(), rungs };
    for climber in climbers {
        let hashes = climber.picture.known.hashes.as_deref().copied();
        match (climber.refusal, hashes) {
            (None, Some(hashes)) => {
                climbed.candidates.push(Candidate {
                    file: climber.picture.file,
                    bytes: hashes.bytes,
                    payload: hashes.payload,
                    digest: climber.picture.known.fingerprint.digest,
                });
                climbed.subjects.push(climber.picture);
            }
            (Some(reason), _) => {
                unread.extend(files.get(climber.picture.file).map(|file| Unread::new(&file.path, reason)));
            }
            (None, None) => {}
        }
    }
    climbed
}

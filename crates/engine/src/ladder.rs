//! The ladder: ever dearer looks at ever fewer pictures.
//!
//! Each rung computes a key for the pictures still in play, asks which keys others hold too, and lets go of those that
//! are alone. Two pictures that are twins have the same key on every rung, so a picture that is alone has no twin.
//! The ladder knows nothing of who answers: a table on one machine, or the ranks of a cluster. Every rank climbs every
//! rung, also with no picture left, for the others ask it.

use std::collections::HashSet;

use pixtwin_matching::{Candidate, Exchange, Loss, Rung, Standing};
use pixtwin_pixel::{HEAD_ROWS, Key};

use crate::{
    file::Listed,
    look::Looker,
    looks,
    picture::Picture,
    refusal::Refusal,
    report::{RungCount, Unread},
};

/// The rungs, bottom up. The payload comes after the first look at the rows: it reads the whole file, which most
/// pictures of a common size are spared. Those whose payload is known already are joined before.
fn rungs() -> impl Iterator<Item = Rung> {
    let deeper = (1..HEAD_ROWS.len()).map(Rung::Head);
    [Rung::Header, Rung::HeldPayload, Rung::Head(0), Rung::Payload].into_iter().chain(deeper).chain([Rung::Whole])
}

/// What the ladder came to.
pub(crate) struct Climbed<Subject> {
    /// Those that could not be told from all others: to be grouped.
    pub(crate) candidates: Vec<Candidate>,
    /// What is behind them, in the same order.
    pub(crate) subjects: Vec<Subject>,
    pub(crate) rungs: Vec<RungCount>,
}

/// Where a picture stands on the ladder.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Climb {
    /// Another picture with the same payload goes on for this one.
    is_spoken_for: bool,
    /// Nobody holds its keys.
    is_alone: bool,
    /// Others may have its payload: it must stay when it is alone.
    speaks: bool,
    /// It could not be read.
    is_refused: bool,
    /// After it could not be read, others of its payload were asked to speak in its place.
    is_mourned: bool,
}

impl Climb {
    fn is_in_play(self) -> bool {
        !self.is_spoken_for && !self.is_alone && !self.is_refused
    }
}

/// What the rungs of one ladder share.
struct Ladder<'a> {
    looker: &'a Looker<'a>,
    files: &'a [Listed],
    unread: &'a mut Vec<Unread>,
}

/// Sends the pictures up the ladder.
///
/// # Cost
/// Beside the pictures themselves some 30 bytes for each that is in play on a rung.
pub(crate) fn climb(
    looker: &Looker<'_>,
    files: &[Listed],
    mut pictures: Vec<Picture>,
    exchange: &mut dyn Exchange,
    unread: &mut Vec<Unread>,
) -> Result<Climbed<Picture>, Loss> {
    let mut ladder = Ladder { looker, files, unread };
    let mut counts = Vec::new();
    for rung in rungs().filter(|rung| exchange.wants(*rung)).collect::<Vec<_>>() {
        counts.push(ladder.climb_rung(&mut pictures, rung, exchange)?);
        pictures.retain(|picture| !picture.standing.is_alone || picture.standing.speaks);
    }
    Ok(settle(pictures, counts))
}

impl Ladder<'_> {
    fn refuse(&mut self, picture: &mut Picture, reason: impl Into<String>) {
        picture.standing.is_refused = true;
        self.unread.extend(self.files.get(picture.at()).map(|file| Unread::new(&file.path(), reason)));
    }

    fn climb_rung(
        &mut self,
        pictures: &mut [Picture],
        rung: Rung,
        exchange: &mut dyn Exchange,
    ) -> Result<RungCount, Loss> {
        let progress = self.looker.progress;
        let bytes_before = progress.bytes();
        let mut looked = 0;
        if rung != Rung::HeldPayload {
            looked = self.look_where_missing(pictures, rung);
            while promote(pictures, exchange)? {
                looked += self.look_where_missing(pictures, rung);
            }
        }
        let mut in_play: Vec<&mut Picture> = Vec::new();
        for picture in pictures.iter_mut().filter(|picture| picture.standing.is_in_play()) {
            match picture.key(rung) {
                Some(_) => in_play.push(picture),
                None if rung == Rung::HeldPayload => {}
                None => self.refuse(picture, "the decoder gave fewer rows than were asked for"),
            }
        }
        if let Rung::HeldPayload | Rung::Payload = rung {
            // Who is known best speaks for the others of a payload.
            in_play.sort_by_key(|picture| picture.known.ignorance());
        }
        let keys: Vec<Key> = in_play.iter().filter_map(|picture| picture.key(rung)).collect();
        let asked = keys.len() as u64;
        let mut count =
            RungCount { rung, asked, looked, settled: 0, joined: 0, bytes: progress.bytes() - bytes_before };
        for (picture, standing) in in_play.iter_mut().zip(exchange.ask(rung, &keys)?) {
            let climb = &mut picture.standing;
            match (rung, standing) {
                (Rung::HeldPayload | Rung::Payload, Standing::Later) => climb.is_spoken_for = true,
                (Rung::HeldPayload | Rung::Payload, Standing::First) => climb.speaks = true,
                // A payload of its own proves nothing: the pixels can still be another's.
                (Rung::HeldPayload | Rung::Payload, Standing::Alone) => {}
                (_, Standing::Alone) => climb.is_alone = true,
                _ => {}
            }
            count.settled += u64::from(climb.is_alone);
            count.joined += u64::from(climb.is_spoken_for);
        }
        if rung == Rung::Payload && exchange.wants(Rung::Head(0)) {
            count.settled += ask_again(pictures, Rung::Head(0), exchange)?;
        }
        Ok(count)
    }

    /// Looks at every picture in play whose key is not known, and says how many those were.
    fn look_where_missing(&mut self, pictures: &mut [Picture], rung: Rung) -> u64 {
        let is_missing = |picture: &&mut Picture| picture.standing.is_in_play() && picture.key(rung).is_none();
        let mut missing: Vec<(&mut Picture, Option<Refusal>)> =
            pictures.iter_mut().filter(is_missing).map(|picture| (picture, None)).collect();
        looks::look_at_all(
            self.looker,
            self.files,
            &mut missing,
            rung,
            |(picture, _)| Some(&**picture),
            |(picture, refusal), looked| match looked {
                Ok(known) => picture.known.add(known),
                Err(reason) => *refusal = Some(reason),
            },
        );
        let looked = missing.len() as u64;
        for (picture, refusal) in missing {
            refusal.into_iter().for_each(|reason| self.refuse(picture, reason));
        }
        looked
    }
}

/// Asks about keys of a former rung once more, and says how many pictures are alone by now: those who shared a key can have
/// turned out to be of one payload, and the one that speaks for them need not be looked at further.
fn ask_again(pictures: &mut [Picture], rung: Rung, exchange: &mut dyn Exchange) -> Result<u64, Loss> {
    let mut in_play: Vec<&mut Picture> =
        pictures.iter_mut().filter(|picture| picture.standing.is_in_play() && picture.key(rung).is_some()).collect();
    let keys: Vec<Key> = in_play.iter().filter_map(|picture| picture.key(rung)).collect();
    let standings = exchange.ask(rung, &keys)?;
    let mut settled = 0;
    for (picture, _) in in_play.iter_mut().zip(standings).filter(|(_, standing)| *standing == Standing::Alone) {
        picture.standing.is_alone = true;
        settled += 1;
    }
    Ok(settled)
}

/// Where the one that spoke for a payload could not be read after all, another of the same payload takes its place: it
/// may lie on a better disk, or on another host. Says whether any speaker was lost, here or elsewhere.
fn promote(pictures: &mut [Picture], exchange: &mut dyn Exchange) -> Result<bool, Loss> {
    let mut lost = Vec::new();
    for picture in pictures.iter_mut().filter(|picture| picture.standing.is_refused && !picture.standing.is_mourned) {
        picture.standing.is_mourned = true;
        lost.extend(picture.key(Rung::Payload).filter(|_| !picture.standing.is_spoken_for));
    }
    let silent: HashSet<Key> = exchange.union(lost)?.into_iter().collect();
    if silent.is_empty() {
        return Ok(false);
    }
    // One of each payload offers itself; the exchange sees to it that no two speak for one.
    let mut offered = HashSet::new();
    let mut heirs = Vec::new();
    let can_speak = |climb: Climb| climb.is_spoken_for && !climb.is_refused;
    for picture in pictures.iter_mut().filter(|picture| can_speak(picture.standing)) {
        let payload = picture.key(Rung::Payload);
        if let Some(payload) = payload.filter(|payload| silent.contains(payload) && offered.insert(*payload)) {
            heirs.push((picture, payload));
        }
    }
    let keys: Vec<Key> = heirs.iter().map(|(_, payload)| *payload).collect();
    for ((picture, _), standing) in heirs.iter_mut().zip(exchange.ask(Rung::Payload, &keys)?) {
        let climb = &mut picture.standing;
        climb.is_spoken_for = standing == Standing::Later;
        climb.speaks |= !climb.is_spoken_for;
    }
    Ok(true)
}

/// The candidates among those that went through.
fn settle(pictures: Vec<Picture>, rungs: Vec<RungCount>) -> Climbed<Picture> {
    let mut climbed = Climbed { candidates: Vec::new(), subjects: Vec::new(), rungs };
    for picture in pictures.into_iter().filter(|picture| !picture.standing.is_refused) {
        if let Some(hashes) = picture.known.hashes() {
            climbed.candidates.push(Candidate {
                file: picture.at(),
                bytes: hashes.bytes,
                payload: hashes.payload,
                digest: picture.known.digest(),
            });
            climbed.subjects.push(picture);
        }
    }
    climbed
}

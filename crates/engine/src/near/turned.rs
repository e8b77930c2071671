//! Which pictures are equal after a turn.
//!
//! The record of a picture is its order-free key and, of a JPEG, the class of its coefficients. Pictures that share the key
//! are decoded once more, whole and into memory, for the class of their pixels: equal classes are turned copies.

use std::io;

use pixtwin_matching::{Rung, Standing};
use pixtwin_pixel::{Key, TurnClass, Turns};
use serde::{Deserialize, Serialize};

use crate::{
    gather::ask_each_all,
    near::{
        classes::{Class, Place},
        edges::{Edge, Edges},
        seen::{Looks, Seen, seen_at},
        spool::fail_all,
    },
    picture::key_of_hash,
    pool,
    progress::Stage,
    refusal::Refusal,
    report::{Failure, Nearness, RungCount, Unread},
    scan::Searched,
    team::Team,
};

/// Bytes of a record: the order-free key, and the class of the coefficients or zeros.
pub(crate) const RECORD_BYTES: usize = 16 + CLASS_BYTES;

/// Bytes of a class: what is least, and the turns that lead there.
const CLASS_BYTES: usize = 33;

/// Pictures of one class that are held against every other: of pixels there are eight at most.
const MOST_PAIRED: usize = 64;

/// What is kept of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) key: Key,
    pub(crate) coefficients: Option<TurnClass>,
}

/// A class as it travels: what is least, and the turns that lead there as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct ClassOf {
    by_coefficients: bool,
    least: [u8; 32],
    place: Place,
    turns: u8,
}

impl Record {
    /// The key and the class behind each other.
    pub(crate) fn of(key: Key, coefficients: Option<TurnClass>) -> Vec<u8> {
        [&key.0[..], &class_bytes(coefficients)].concat()
    }

    /// Whether the two pictures can be equal after a turn: by their pixels or their coefficients.
    pub(crate) fn may_be_turned(&self, other: &Self) -> bool {
        let coefficients = self.coefficients.zip(other.coefficients);
        self.key == other.key || coefficients.is_some_and(|(ours, theirs)| ours.least == theirs.least)
    }

    /// Reads it back; nothing if it is too short.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (key, rest) = bytes.split_first_chunk()?;
        Some(Self { key: Key(*key), coefficients: class_at(rest) })
    }
}

/// A class as bytes, zeros for none.
pub(crate) fn class_bytes(class: Option<TurnClass>) -> [u8; CLASS_BYTES] {
    let mut bytes = [0; CLASS_BYTES];
    if let Some(class) = class {
        let parts = class.least.into_iter().chain([class.turns.bits()]);
        bytes.iter_mut().zip(parts).for_each(|(place, byte)| *place = byte);
    }
    bytes
}

/// The class at the start of some bytes.
pub(crate) fn class_at(bytes: &[u8]) -> Option<TurnClass> {
    let (least, rest) = bytes.split_first_chunk()?;
    let turns = *rest.first()?;
    (turns != 0).then_some(TurnClass { least: *least, turns: Turns::from_bits(turns) })
}

/// How near one picture is to another by their classes, if they are equal after a turn.
pub(crate) fn nearness(one: &TurnClass, other: &TurnClass, by_coefficients: bool) -> Option<Nearness> {
    let (turn, back) = (one.turn_to(other)?.exif(), other.turn_to(one)?.exif());
    Some(Nearness::Turned { turn, back, by_coefficients })
}

/// The pairs of pictures of all ranks that are equal after a turn, each at one of them. Pictures whose frames cannot be
/// held are listed.
///
/// # Cost
/// Some 50 bytes travel for every file. Pictures that share their order-free key with another are decoded once more.
pub(crate) fn edges_all<T: Team>(
    looks: &Looks<'_>,
    searched: &mut Searched,
    (seen, classes): (&[Seen], &[Class]),
    team: &mut T,
) -> Result<Edges, Failure> {
    let mut found = coefficients_all(looks, (seen, classes), team)?;
    found.extend(pixels_all(looks, searched, (seen, classes), team)?);
    let mut to: Vec<Vec<ClassOf>> = (0..team.size()).map(|_| Vec::new()).collect();
    for class in found {
        to.get_mut(team.owner(key_of_hash(&class.least))).into_iter().for_each(|to| to.push(class));
    }
    let mut owned: Vec<ClassOf> = team.swap_all(to)?.into_iter().flatten().collect();
    owned.sort_unstable();
    owned.dedup_by_key(|class| (class.by_coefficients, class.least, class.place));
    let mut edges = Edges::default();
    let equal = owned.chunk_by(|a, b| (a.by_coefficients, a.least) == (b.by_coefficients, b.least));
    equal.for_each(|equal| edges.extend(pairs(equal)));
    Ok(edges)
}

/// Every two of one class.
fn pairs(equal: &[ClassOf]) -> impl Iterator<Item = Edge> {
    let pair = move |a: &ClassOf, b: &ClassOf| {
        let nearness = nearness(&b.class(), &a.class(), a.by_coefficients)?;
        Some(Edge { a: a.place.number, b: b.place.number, nearness })
    };
    let others = equal.iter().enumerate();
    others.flat_map(move |(at, b)| equal.iter().take(at.min(MOST_PAIRED)).filter_map(move |a| pair(a, b)))
}

/// The classes of coefficients of the pictures whose home is this rank: of several files of one picture any may have some.
fn coefficients_all<T: Team>(
    looks: &Looks<'_>,
    (seen, classes): (&[Seen], &[Class]),
    team: &mut T,
) -> Result<Vec<ClassOf>, Failure> {
    let mut places = Vec::new();
    let mut wanted = Vec::new();
    for (at, class) in classes.iter().enumerate() {
        let mut payloads = Vec::new();
        for file in &class.files {
            if !payloads.contains(&file.payload) && payloads.len() < MOST_PAIRED {
                payloads.push(file.payload);
                places.push(class.place(team.rank(), at));
                wanted.push((file.rank, file.file));
            }
        }
    }
    let mut read = Ok(());
    let answers = ask_each_all(team, &wanted, |files| {
        let class_of = |file| match record_of(looks, seen, file) {
            Ok(record) => class_bytes(record.and_then(|record| record.coefficients)).to_vec(),
            Err(cause) => {
                read = Err(cause);
                Vec::new()
            }
        };
        files.into_iter().map(class_of).collect()
    })?;
    fail_all(read, team)?;
    let found = places.into_iter().zip(answers);
    Ok(found.filter_map(|(place, answer)| Some(ClassOf::new(place, class_at(&answer)?, true))).collect())
}

/// The classes of pixels of the pictures whose home is this rank, of those that share their order-free key.
fn pixels_all<T: Team>(
    looks: &Looks<'_>,
    searched: &mut Searched,
    (seen, classes): (&[Seen], &[Class]),
    team: &mut T,
) -> Result<Vec<ClassOf>, Failure> {
    let rank = team.rank();
    let key_of = |(at, class): (usize, &Class)| -> io::Result<Option<(Key, Place, usize)>> {
        let record = record_of(looks, seen, class.own_file())?;
        Ok(record.map(|record| (record.key, class.place(rank, at), class.own_file())))
    };
    let keyed: io::Result<Vec<_>> = classes.iter().enumerate().filter_map(|class| key_of(class).transpose()).collect();
    let keyed = fail_all(keyed, team)?;
    let keys: Vec<Key> = keyed.iter().map(|(key, ..)| *key).collect();
    let standings = team.stand_all(&keys)?;
    let shared = keyed.into_iter().zip(standings).filter(|(_, standing)| *standing != Standing::Alone);
    let mut asked: Vec<(Place, usize, Result<TurnClass, Refusal>)> =
        shared.map(|((_, place, file), _)| (place, file, Err("it was not looked at".into()))).collect();
    let bytes = looks.looker.progress.bytes();
    looks.looker.progress.begin(Stage::Comparing, asked.len());
    let files = &searched.files;
    pool::for_each(&mut asked, looks.looker.threads, |(_, file, class)| {
        if let (Some(listed), Some(seen)) = (files.get(*file), seen_at(seen, *file)) {
            *class = looks.looker.turn_class(listed, &seen.picture);
        }
        looks.looker.progress.add_done();
    });
    let (asked_about, looked) = (keys.len() as u64, asked.len() as u64);
    searched.counts.rungs.push(RungCount {
        rung: Rung::OrderFree,
        asked: asked_about,
        looked,
        settled: asked_about - looked,
        joined: 0,
        bytes: looks.looker.progress.bytes() - bytes,
    });
    let mut found = Vec::new();
    for (place, file, class) in asked {
        match class {
            Ok(class) => found.push(ClassOf::new(place, class, false)),
            Err(refusal) => searched.cannot_compare(file, refusal),
        }
    }
    Ok(found)
}

fn record_of(looks: &Looks<'_>, seen: &[Seen], file: usize) -> io::Result<Option<Record>> {
    seen_at(seen, file).map_or(Ok(None), |seen| looks.turned_record(seen))
}

impl ClassOf {
    fn new(place: Place, TurnClass { least, turns }: TurnClass, by_coefficients: bool) -> Self {
        Self { by_coefficients, least, place, turns: turns.bits() }
    }

    fn class(&self) -> TurnClass {
        TurnClass { least: self.least, turns: Turns::from_bits(self.turns) }
    }
}

impl Looks<'_> {
    /// What is kept of a picture.
    ///
    /// # Errors
    /// If it cannot be read back.
    pub(crate) fn turned_record(&self, seen: &Seen) -> io::Result<Option<Record>> {
        let Some(record) = seen.record else { return Ok(None) };
        let mut bytes = Vec::new();
        self.spool.read(record, &mut bytes)?;
        Ok(Record::read(&bytes))
    }
}

impl Searched {
    /// Lists a picture that was not compared to the end.
    pub(crate) fn cannot_compare(&mut self, file: usize, reason: Refusal) {
        self.unread.extend(self.files.get(file).map(|listed| Unread::new(&listed.path(), reason)));
    }
}

#[cfg(test)]
mod tests {
    use pixtwin_pixel::Turn;

    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was() {
        let class = TurnClass { least: [7; 32], turns: Turns::from_bits(0x90) };
        for coefficients in [None, Some(class)] {
            let bytes = Record::of(Key([3; 16]), coefficients);
            assert_eq!(bytes.len(), RECORD_BYTES);
            assert_eq!(Record::read(&bytes), Some(Record { key: Key([3; 16]), coefficients }));
        }
        assert_eq!(Record::read(&[0; 15]), None);
    }

    /// Pictures that are alike after a flip: two turns lead from one to the other, and each way has a smallest number of its
    /// own.
    #[test]
    fn both_ways_are_named_by_their_smallest_number() {
        let of = |bits| TurnClass { least: [1; 32], turns: Turns::from_bits(bits) };
        // A quarter turn clockwise leads to what is least, and so does a flip along the rising diagonal, for what is least is
        // alike after a flip.
        let flip = Turn::ALL.into_iter().find(|flip| Turn::Clockwise.then(*flip) == Turn::Transverse).unwrap();
        let (one, other) = (of(0b0110_0000), of(1 | 1 << (flip.exif() - 1)));
        assert_eq!(nearness(&one, &other, false), Some(Nearness::Turned { turn: 6, back: 7, by_coefficients: false }));
        assert_eq!(nearness(&one, &TurnClass { least: [2; 32], ..other }, true), None);
    }
}

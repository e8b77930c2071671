//! Pictures that are similar: their codes are joined, and pairs looked at a second time.

use std::{
    collections::BTreeSet,
    io,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use pixtwin_matching::{
    Loss,
    near::{Batch, Hit, Index, Label, Meeting, Order, Part, meet, second_look},
};
use pixtwin_pixel::{Code, Sight, View};
use serde::{Deserialize, Serialize};

use crate::{
    file::words_of,
    gather::ask_each_all,
    near::{
        classes::Class,
        edges::{Edge, Place},
        seen::{Looks, Seen},
    },
    picture::Picture,
    pool,
    progress::Stage,
    report::{Failure, Nearness},
    settings::Selection,
    team::Team,
};

/// How many pictures of all ranks are searched at once: 88 bytes each.
const SEARCHED_AT_ONCE: usize = 1 << 22;

/// How many pictures' codes travel at once.
const TOLD_AT_ONCE: usize = 1 << 16;

/// How many pictures ask at once: 30 codes of 44 bytes each.
const ASKING_AT_ONCE: usize = 4096;

/// How many codes ask at once that are held.
const HELD_AT_ONCE: usize = 1 << 17;

/// Up to how many asking codes are held instead of being read for every pass: 36 bytes each. Of one view all are.
const MOST_HELD: usize = 1 << 21;

/// How many pairs are looked at a second time at once: a kilobyte travels for each.
const LOOKED_AT_ONCE: usize = 1 << 15;

/// How many of them one thread looks at.
const LOOKED_BY_ONE: usize = 512;

/// How many hits are kept before those of one pair are joined.
const MOST_HITS: usize = 1 << 22;

/// Views of one picture are numbered below this.
const VIEWS: u32 = 64;

/// The sights of this rank's own pictures, each at the place of its class.
pub(crate) struct Sights<'a> {
    looks: &'a Looks<'a>,
    /// The number of the record of each.
    records: Vec<u32>,
    /// How each is stored.
    stored: Vec<Stored>,
    /// This rank.
    home: u32,
}

/// How a picture is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) size: (u32, u32),
    pub(crate) frames: u32,
    /// Its format keeps every pixel as it was.
    pub(crate) is_exact: bool,
}

impl Stored {
    pub(crate) fn of(picture: &Picture) -> Self {
        let (size, frames) = ((picture.header.width, picture.header.height), picture.known.frames());
        Self { size, frames, is_exact: picture.format.keeps_every_pixel() }
    }

    /// What a second look said, unless that would take another size or a format with loss, or there are more frames than
    /// the first, which it looked at.
    fn judge(self, other: Self, label: Label) -> Label {
        let is_unscaled_and_exact = self.size == other.size && self.is_exact && other.is_exact;
        if is_unscaled_and_exact || self.frames.max(other.frames) > 1 { Label::Edited } else { label }
    }
}

impl<'a> Sights<'a> {
    pub(crate) fn new(looks: &'a Looks<'a>, seen: &[Seen], classes: &[Class], rank: usize) -> Self {
        let of_class = |class: &Class| {
            let at = seen.binary_search_by_key(&class.own_file(), |seen| seen.picture.at()).ok();
            at.and_then(|at| seen.get(at)).map_or((u32::MAX, Stored::default()), |seen| {
                let is_exact = class.files.iter().all(|file| file.is_exact);
                (seen.record.unwrap_or(u32::MAX), Stored { is_exact, ..Stored::of(&seen.picture) })
            })
        };
        let (records, stored) = classes.iter().map(of_class).unzip();
        Self { looks, records, stored, home: u32::try_from(rank).unwrap_or(u32::MAX) }
    }

    fn read(&self, at: usize, bytes: &mut Vec<u8>) -> io::Result<Sight> {
        let record = self.records.get(at).ok_or(io::ErrorKind::NotFound)?;
        self.looks.spool.read(*record, bytes)?;
        sight_of(bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// A sight from its record.
pub(crate) fn sight_of(record: &[u8]) -> Option<Sight> {
    record.first_chunk().map(Sight::from_bytes)
}

/// Codes of a run of one rank's pictures, as they travel.
#[derive(Serialize, Deserialize)]
struct Piece {
    home: u32,
    /// The place of the first picture, which has this number of a record.
    first: u32,
    /// One for each picture and view.
    codes: Vec<Option<[u64; 4]>>,
}

/// A meeting of two pictures: one of this rank, and one wherever it lies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Met {
    asker: u32,
    home: u32,
    at: u32,
    /// Not of the pictures as they are.
    is_through_view: bool,
    distance: u8,
    asking: u8,
    stored: u8,
}

/// The pairs of similar pictures of which one has its home at this rank.
pub(crate) fn edges_all<T: Team>(
    sights: &Sights<'_>,
    classes: &[Class],
    (distance, selection): (u8, &Selection),
    team: &mut T,
) -> Result<Vec<Edge>, Failure> {
    sights.looks.looker.progress.begin(Stage::Comparing, 0);
    let mut met = Vec::new();
    search_all(sights, &View::STORED, &View::ASKING, distance, team, &mut met)?;
    for region in View::REGIONS {
        search_all(sights, &[region], &[region], distance, team, &mut met)?;
    }
    join_pairs(&mut met);
    look_again_all(sights, classes, &met, selection.label, team)
}

/// Joins codes of this rank's pictures with those that all ranks have of these views.
fn search_all<T: Team>(
    sights: &Sights<'_>,
    stored: &[View],
    asking: &[View],
    distance: u8,
    team: &mut T,
    met: &mut Vec<Met>,
) -> Result<(), Failure> {
    let at_once = SEARCHED_AT_ONCE / team.size();
    let mut from = 0;
    loop {
        let to = sights.records.len().min(from + at_once);
        let mut runs = Runs { views: stored, runs: Vec::new(), codes: 0 };
        let mut index = Index::with_room((to - from) * stored.len() * team.size(), distance.into());
        let read = tell_codes_all(sights, (from, to), team, &mut runs, &mut index)?;
        let joined = read.and_then(|()| join(sights, asking, &index, &runs, met));
        fail_all(joined, team)?;
        from = to;
        if !team.any_all(from < sights.records.len())? {
            return Ok(());
        }
    }
}

/// Ends the search on all ranks if one could not read what it keeps.
pub(crate) fn fail_all<T: Team, Done>(done: io::Result<Done>, team: &mut T) -> Result<Done, Failure> {
    let folder = std::env::temp_dir();
    let failed = |reason: &str| {
        Failure::cannot(
            "keep what is compared in a temporary file",
            Some(&folder),
            format!("{reason} (TMPDIR names another folder)"),
        )
    };
    let is_failed = team.any_all(done.is_err())?;
    match done {
        Ok(done) if !is_failed => Ok(done),
        Ok(_) => Err(failed("on another rank")),
        Err(cause) => Err(failed(&words_of(&cause))),
    }
}

/// Where the codes of an index come from: runs of pictures of one rank each.
struct Runs<'a> {
    views: &'a [View],
    /// The number of the first code, the rank, and the place of the first picture there.
    runs: Vec<(u32, u32, u32)>,
    codes: u32,
}

impl Runs<'_> {
    fn add(&mut self, piece: &Piece, index: &mut Index) {
        self.runs.push((self.codes, piece.home, piece.first));
        for (code, number) in piece.codes.iter().zip(self.codes..) {
            code.iter().for_each(|code| index.push(Code(*code), number));
        }
        self.codes += u32::try_from(piece.codes.len()).unwrap_or(u32::MAX);
    }

    /// The rank, the place of the picture there, and the view.
    fn find(&self, number: u32) -> Option<(u32, u32, View)> {
        let at = self.runs.partition_point(|(first, ..)| *first <= number).checked_sub(1)?;
        let (first, home, first_at) = self.runs.get(at)?;
        let (offset, views) = (number - first, u32::try_from(self.views.len()).ok()?);
        let view = self.views.get(usize::try_from(offset % views).ok()?)?;
        Some((*home, first_at + offset / views, *view))
    }
}

/// Lets all ranks know the codes of this rank's pictures from one place to another.
fn tell_codes_all<T: Team>(
    sights: &Sights<'_>,
    (mut from, to): (usize, usize),
    team: &mut T,
    runs: &mut Runs<'_>,
    index: &mut Index,
) -> Result<io::Result<()>, Loss> {
    let home = sights.home;
    let (mut bytes, mut failed) = (Vec::new(), Ok(()));
    while team.any_all(from < to)? {
        let end = to.min(from + TOLD_AT_ONCE);
        let first = u32::try_from(from).unwrap_or(u32::MAX);
        let mut piece = Piece { home, first, codes: Vec::with_capacity((end - from) * runs.views.len()) };
        for at in from..end {
            match sights.read(at, &mut bytes) {
                Ok(sight) => piece.codes.extend(runs.views.iter().map(|view| sight.code(*view).map(|code| code.0))),
                Err(cause) => failed = Err(cause),
            }
        }
        from = end;
        team.tell_all(vec![piece])?.iter().for_each(|piece| runs.add(piece, index));
    }
    Ok(failed)
}

/// Each thread asks with one batch after the other.
fn join(sights: &Sights<'_>, asking: &[View], index: &Index, runs: &Runs<'_>, met: &mut Vec<Met>) -> io::Result<()> {
    if index.is_empty() {
        return Ok(());
    }
    let asking = Asking::new(sights, asking)?;
    let threads = sights.looks.looker.threads;
    let found = Mutex::new(Found { met: std::mem::take(met), most: MOST_HITS });
    let (failed, mut room) = (Mutex::new(Ok(())), Order::default());
    for pass in index.passes() {
        let ordered = index.ordered(pass, room);
        let next = AtomicUsize::new(0);
        pool::on_threads(threads, || {
            let (mut batch, mut own) = (Batch::default(), Vec::new());
            loop {
                match asking.fill(&mut batch, next.fetch_add(1, Ordering::Relaxed)) {
                    Ok(true) => ordered
                        .join(batch.sorted(pass), Part::WHOLE, &mut |hit| own.extend(met_of(hit, sights.home, runs))),
                    Ok(false) => break,
                    Err(cause) => *failed.lock().unwrap_or_else(PoisonError::into_inner) = Err(cause),
                }
                if own.len() > MOST_HITS / threads {
                    add(&found, &mut own);
                }
            }
            add(&found, &mut own);
        });
        room = ordered.into_room();
    }
    *met = found.into_inner().unwrap_or_else(PoisonError::into_inner).met;
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The codes with which this rank's pictures ask, each with the place of the picture and the view.
enum Asking<'a> {
    Held(Vec<(Code, u32)>),
    Read(&'a Sights<'a>, &'a [View]),
}

impl<'a> Asking<'a> {
    fn new(sights: &'a Sights<'a>, views: &'a [View]) -> io::Result<Self> {
        let most = sights.records.len().saturating_mul(views.len());
        if views.len() > 1 && most > MOST_HELD {
            return Ok(Self::Read(sights, views));
        }
        let mut held = Vec::with_capacity(most);
        each_code(sights, views, 0..sights.records.len(), |code, number| held.push((code, number)))?;
        Ok(Self::Held(held))
    }

    /// Makes the batch of this number; says whether there is one.
    fn fill(&self, batch: &mut Batch, number: usize) -> io::Result<bool> {
        batch.clear();
        match self {
            Self::Held(codes) => {
                let codes = codes.chunks(HELD_AT_ONCE).nth(number);
                codes.into_iter().flatten().for_each(|(code, asker)| batch.push(*code, *asker));
                Ok(codes.is_some())
            }
            Self::Read(sights, views) => {
                let from = number * ASKING_AT_ONCE;
                let to = sights.records.len().min(from + ASKING_AT_ONCE);
                each_code(sights, views, from..to, |code, asker| batch.push(code, asker))?;
                Ok(from < to)
            }
        }
    }
}

/// The codes of these views of these pictures.
fn each_code(
    sights: &Sights<'_>,
    views: &[View],
    pictures: Range<usize>,
    mut take: impl FnMut(Code, u32),
) -> io::Result<()> {
    let mut bytes = Vec::new();
    for at in pictures {
        let sight = sights.read(at, &mut bytes)?;
        let first = u32::try_from(at).unwrap_or(u32::MAX).saturating_mul(VIEWS);
        for view in views {
            sight.code(*view).into_iter().for_each(|code| take(code, first + u32::from(view.number())));
        }
    }
    Ok(())
}

/// What all threads have found.
struct Found {
    met: Vec<Met>,
    /// When there are more, those of one pair are joined.
    most: usize,
}

/// Adds what a thread has found.
fn add(found: &Mutex<Found>, own: &mut Vec<Met>) {
    join_pairs(own);
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    found.met.append(own);
    if found.met.len() > found.most {
        join_pairs(&mut found.met);
        found.most = MOST_HITS.max(2 * found.met.len());
    }
}

/// A picture does not meet itself.
fn met_of(hit: Hit, own: u32, runs: &Runs<'_>) -> Option<Met> {
    let asker = hit.asker / VIEWS;
    let (home, at, stored) = runs.find(hit.stored)?;
    (home != own || at != asker).then_some(())?;
    let asking = View::from_number(u8::try_from(hit.asker % VIEWS).ok()?)?;
    let meeting = Meeting { asking, stored, distance: hit.distance };
    Some(Met {
        asker,
        home,
        at,
        is_through_view: !meeting.is_plain(),
        distance: u8::try_from(hit.distance).ok()?,
        asking: asking.number(),
        stored: stored.number(),
    })
}

/// Keeps the first meeting of each pair, in the order of `meet`.
fn join_pairs(met: &mut Vec<Met>) {
    met.sort_unstable();
    met.dedup_by_key(|met| (met.asker, met.home, met.at));
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
        let mut parts: Vec<(&[Met], io::Result<Vec<Edge>>)> =
            chunk.chunks(LOOKED_BY_ONE).map(|part| (part, Ok(Vec::new()))).collect();
        pool::for_each(&mut parts, sights.looks.looker.threads, |(part, looked)| {
            *looked = look_again(sights, classes, (part, &others, &told), label);
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

/// Pairs, the other pictures of theirs, and what their homes told of these.
type Chunk<'a> = (&'a [Met], &'a [(usize, usize)], &'a [Option<Told>]);

fn look_again(
    sights: &Sights<'_>,
    classes: &[Class],
    (chunk, others, told): Chunk<'_>,
    wanted: Option<Label>,
) -> io::Result<Vec<Edge>> {
    let (mut edges, mut bytes, mut last) = (Vec::new(), Vec::new(), None);
    for met in chunk {
        let place = others.binary_search(&(met.home as usize, met.at as usize)).ok();
        let other = place.and_then(|at| told.get(at)?.as_ref());
        let Told { number, stored: theirs, record } = other.ok_or(io::ErrorKind::UnexpectedEof)?;
        let (Some(class), Some(other)) = (classes.get(met.asker as usize), sight_of(record)) else { continue };
        let ours = sights.stored.get(met.asker as usize).copied().unwrap_or_default();
        if class.number == *number {
            continue;
        }
        let asker = match last.take() {
            Some((at, sight)) if at == met.asker => sight,
            _ => sights.read(met.asker as usize, &mut bytes)?,
        };
        if let (Some(asking), Some(stored)) = (View::from_number(met.asking), View::from_number(met.stored)) {
            let meeting = Meeting { asking, stored, distance: met.distance.into() };
            let label = second_look(&asker, &other, meeting).map(|label| ours.judge(*theirs, label));
            if let Some(label) = label.filter(|label| wanted.is_none_or(|wanted| wanted == *label)) {
                let own = Place { number: class.number, home: sights.home, at: met.asker };
                let theirs = Place { number: *number, home: met.home, at: met.at };
                edges.push(edge(own, theirs, nearness(meeting, false, label)));
            }
        }
        last = Some((met.asker, asker));
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

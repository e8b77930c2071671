//! The search for pictures whose codes are near each other: which of all ranks' pictures those of this rank meet.

use std::{
    io,
    ops::Range,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use pixtwin_matching::{
    Loss,
    near::{Batch, Hit, Index, Meeting, Order, Ordered, Part, Pass, Sorted},
};
use pixtwin_pixel::{Code, View};
use serde::{Deserialize, Serialize};

use crate::{
    look::Looker,
    near::{
        met::{Found, Homes, Meetings, Own},
        sights::Sights,
        spool::fail_all,
    },
    pool,
    progress::Stage,
    report::{Failure, PairCount},
    team::Team,
};

/// How many pictures of all ranks are searched at once: 88 bytes each.
const SEARCHED_AT_ONCE: usize = 1 << 22;

/// How many pictures' codes travel at once.
const TOLD_AT_ONCE: usize = 1 << 16;

/// How many pictures ask at once: 30 codes of 44 bytes each.
const ASKING_AT_ONCE: usize = 4096;

/// How many parts a pass of codes that are held has: so many that all threads end together.
const PARTS: u32 = 64;

/// Up to how many asking codes are held instead of being read for every pass: 44 bytes each. Of one view all are.
const MOST_HELD: usize = 1 << 21;

/// How many hits the threads keep together before those of one pair are joined: 12 bytes each.
const MOST_HITS: usize = 1 << 21;

/// Views of one picture are numbered below this.
const VIEWS: u32 = 64;

/// Pictures of a rank and their views have numbers of 32 bits together.
const MOST_OF_A_RANK: usize = 1 << 26;

/// Codes of a run of one rank's pictures, as they travel.
#[derive(Serialize, Deserialize)]
struct Piece {
    home: u32,
    /// The place of the first picture, which has this number of a record.
    first: u32,
    /// One for each picture and view.
    codes: Vec<Option<[u64; 4]>>,
}

/// Whom this rank's pictures meet within `distance` bits: of each pair the first meeting.
///
/// # Cost
/// Some five bytes for each pair of thousands of which every two meet, 12 at most where they are few.
pub(crate) fn meetings_all<T: Team>(
    sights: &Sights<'_>,
    distance: u8,
    team: &mut T,
    counts: &mut PairCount,
) -> Result<Meetings, Failure> {
    let found = Found::new(Homes::number_all(sights.records.len(), team)?);
    counts.codes += search_all(sights, &View::STORED, &View::ASKING, distance, team, &found)?;
    for region in View::REGIONS {
        search_all(sights, &[region], &[region], distance, team, &found)?;
    }
    let met = found.into_meetings();
    counts.met += met.count as u64;
    Ok(met)
}

/// Joins codes of this rank's pictures with those that all ranks have of these views, and says how many codes of any view this
/// rank's pictures have.
fn search_all<T: Team>(
    sights: &Sights<'_>,
    stored: &[View],
    asking: &[View],
    distance: u8,
    team: &mut T,
    found: &Found,
) -> Result<u64, Failure> {
    let at_once = SEARCHED_AT_ONCE / team.size();
    let (mut from, mut own_codes) = (0, 0);
    loop {
        let to = sights.records.len().min(from + at_once);
        let mut runs = Runs { views: stored, runs: Vec::new(), codes: 0, own_codes: 0 };
        let mut index = Index::with_room((to - from) * stored.len() * team.size(), distance.into());
        let read = tell_codes_all(sights, (from, to), team, &mut runs, &mut index)?;
        let joined = read.and_then(|()| join(sights, asking, &index, &runs, found));
        fail_all(joined, team)?;
        own_codes += runs.own_codes;
        from = to;
        if !team.any_all(from < sights.records.len())? {
            return Ok(own_codes);
        }
    }
}

/// Where the codes of an index come from: runs of pictures of one rank each.
struct Runs<'a> {
    views: &'a [View],
    /// The number of the first code, the rank, and the place of the first picture there.
    runs: Vec<(u32, u32, u32)>,
    codes: u32,
    /// How many codes of any view the pictures of this rank among them have.
    own_codes: u64,
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
                Ok(sight) => {
                    runs.own_codes += u64::from(sight.usable.count_ones());
                    piece.codes.extend(runs.views.iter().map(|view| sight.code(*view).map(|code| code.0)));
                }
                Err(cause) => failed = Err(cause),
            }
        }
        from = end;
        team.tell_all(vec![piece])?.iter().for_each(|piece| runs.add(piece, index));
    }
    Ok(failed)
}

/// All threads ask with the codes of this rank's pictures.
fn join(sights: &Sights<'_>, asking: &[View], index: &Index, runs: &Runs<'_>, found: &Found) -> io::Result<()> {
    if index.is_empty() {
        return Ok(());
    }
    let mut asking = Asking::new(sights, asking)?;
    let Looker { threads, progress, .. } = *sights.looks.looker;
    progress.begin(Stage::Codes, index.passes().count() * asking.pieces());
    let (failed, mut room) = (Mutex::new(Ok(())), Order::default());
    for pass in index.passes() {
        let ordered = index.ordered(pass, room);
        let (next, asking) = (AtomicUsize::new(0), asking.sorted(pass));
        pool::on_threads(threads, || {
            let (mut batch, mut own) = (Batch::default(), Own::new(found, MOST_HITS / threads));
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let mut hit = |hit| met_of(hit, sights.home, runs).into_iter().for_each(|met| own.add(met));
                match asking.ask(&ordered, &mut batch, number, &mut hit) {
                    Ok(true) => progress.add_done(),
                    Ok(false) => break,
                    Err(cause) => *failed.lock().unwrap_or_else(PoisonError::into_inner) = Err(cause),
                }
            }
        });
        room = ordered.into_room();
    }
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The codes with which this rank's pictures ask, each with the place of the picture and the view.
enum Asking<'a> {
    /// All of them: the fewer batches, the less often each bucket of the index is looked at.
    Held(Batch),
    Read(&'a Sights<'a>, &'a [View]),
}

impl<'a> Asking<'a> {
    fn new(sights: &'a Sights<'a>, views: &'a [View]) -> io::Result<Self> {
        if sights.records.len() > MOST_OF_A_RANK {
            return Err(io::Error::other("more than 67 million pictures on one rank: use more ranks"));
        }
        let most = sights.records.len().saturating_mul(views.len());
        if views.len() > 1 && most > MOST_HELD {
            return Ok(Self::Read(sights, views));
        }
        let mut held = Batch::with_room(most);
        each_code(sights, views, 0..sights.records.len(), |code, number| held.push(code, number))?;
        Ok(Self::Held(held))
    }

    /// How many pieces of work a pass has.
    fn pieces(&self) -> usize {
        match self {
            Self::Held(_) => PARTS as usize,
            Self::Read(sights, _) => sights.records.len().div_ceil(ASKING_AT_ONCE),
        }
    }

    /// Ready for a pass.
    fn sorted(&mut self, pass: Pass) -> Ready<'_> {
        match self {
            Self::Held(batch) => Ready::Held(batch.sorted(pass), Part::all(PARTS).collect()),
            Self::Read(sights, views) => Ready::Read { sights, views, pass },
        }
    }
}

/// Codes that are ready to ask in a pass.
enum Ready<'a> {
    Held(Sorted<'a>, Vec<Part>),
    Read { sights: &'a Sights<'a>, views: &'a [View], pass: Pass },
}

impl Ready<'_> {
    /// Does the piece of work of this number; says whether there is one. The batch is only room.
    fn ask(
        &self,
        ordered: &Ordered<'_>,
        batch: &mut Batch,
        number: usize,
        hit: &mut impl FnMut(Hit),
    ) -> io::Result<bool> {
        match self {
            Self::Held(sorted, parts) => {
                let part = parts.get(number);
                part.into_iter().for_each(|part| ordered.join(*sorted, *part, hit));
                Ok(part.is_some())
            }
            Self::Read { sights, views, pass } => {
                let from = number * ASKING_AT_ONCE;
                let to = sights.records.len().min(from + ASKING_AT_ONCE);
                batch.clear();
                each_code(sights, views, from..to, |code, asker| batch.push(code, asker))?;
                ordered.join(batch.sorted(*pass), Part::WHOLE, hit);
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

/// Who asks, whom it met where, and how. A picture does not meet itself.
fn met_of(hit: Hit, own: u32, runs: &Runs<'_>) -> Option<(u32, (u32, u32), Meeting)> {
    let asker = hit.asker / VIEWS;
    let (home, at, stored) = runs.find(hit.stored)?;
    (home != own || at != asker).then_some(())?;
    let asking = View::from_number(u8::try_from(hit.asker % VIEWS).ok()?)?;
    Some((asker, (home, at), Meeting { asking, stored, distance: hit.distance }))
}

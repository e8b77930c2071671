//! The ranks of a world as a team that searches together.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
};

use pixtwin_engine::{Loss, Offers, Record, Shelf, Standing, Team};
use pixtwin_pixel::Key;

use crate::{
    crew::Crew,
    keys,
    records::{self, Reader, Writer},
    world::{
        World,
        exchange::{self, Kind, nonsense},
    },
};

/// A team of ranks.
#[derive(Debug)]
pub struct Ranks<W> {
    world: W,
    crew: Crew,
    shelf: Arc<Shelf>,
    offers: Option<Arc<Offers>>,
}

impl<W: World> Ranks<W> {
    pub(crate) fn new(world: W, crew: Crew, shelf: Arc<Shelf>, offers: Option<Arc<Offers>>) -> Self {
        Self { world, crew, shelf, offers }
    }

    /// A team of ranks on hosts of these names, of which nothing was asked: for tests of what letters can do.
    #[doc(hidden)]
    #[must_use]
    pub fn of_hosts(world: W, hosts: &[&str]) -> Self {
        Self::new(world, Crew::of_hosts(hosts), Arc::default(), None)
    }

    /// Who is in it.
    #[must_use]
    pub fn crew(&self) -> &Crew {
        &self.crew
    }

    /// The world below.
    #[must_use]
    pub fn world(&self) -> &W {
        &self.world
    }

    fn read_all<R: Record>(&mut self, from: usize, bytes: &[u8]) -> Result<Vec<R>, Loss> {
        records::read_all(bytes).map_err(|_| nonsense(&mut self.world, from))
    }
}

impl<W: World> Team for Ranks<W> {
    fn rank(&self) -> usize {
        self.world.rank()
    }

    fn size(&self) -> usize {
        self.world.size()
    }

    fn host(&self) -> Option<&str> {
        self.crew.host_of_files(self.world.rank())
    }

    fn is_walker(&self) -> bool {
        self.crew.walker_of(self.world.rank()) == self.world.rank()
    }

    fn shelf(&self) -> Arc<Shelf> {
        Arc::clone(&self.shelf)
    }

    fn offers(&self) -> Option<Arc<Offers>> {
        self.offers.clone()
    }

    fn stand_all(&mut self, keys: &[Key]) -> Result<Vec<Standing>, Loss> {
        keys::stand_all(&mut self.world, keys)
    }

    fn swap_all<R: Record>(&mut self, to: Vec<Vec<R>>) -> Result<Vec<Vec<R>>, Loss> {
        let (rank, size, piece_bytes) = (self.world.rank(), self.world.size(), self.world.piece_bytes());
        let mut to = to;
        let own = to.get_mut(rank).map(std::mem::take).unwrap_or_default();
        let mut writers: Vec<_> = to.into_iter().map(|records| Writer::new(records, piece_bytes)).collect();
        let mut taken: Vec<(Reader<R>, Vec<R>)> = (0..size).map(|_| (Reader::new(), Vec::new())).collect();
        let mut wrong = None;
        self.world.all_to_all(&mut |to| writers.get_mut(to)?.next_piece(), &mut |from, piece| {
            let Some((reader, records)) = taken.get_mut(from) else { return };
            reader.add(&piece);
            loop {
                match reader.next_record() {
                    Ok(Some(record)) => records.push(record),
                    Ok(None) => break,
                    Err(_) => {
                        wrong = Some(from);
                        break;
                    }
                }
            }
        })?;
        let cut = taken.iter().position(|(reader, _)| !reader.is_empty());
        if let Some(from) = wrong.or(cut) {
            return Err(nonsense(&mut self.world, from));
        }
        let mut swapped: Vec<Vec<R>> = taken.into_iter().map(|(_, records)| records).collect();
        if let Some(slot) = swapped.get_mut(rank) {
            *slot = own;
        }
        Ok(swapped)
    }

    fn tell_all<R: Record>(&mut self, mine: Vec<R>) -> Result<Vec<R>, Loss> {
        let gathered = self.world.gather(records::write_all(mine))?;
        let told = self.world.broadcast(gathered.concat())?;
        self.read_all(0, &told)
    }

    fn hear_root_all<R: Record>(&mut self, mine: R) -> Result<R, Loss> {
        let bytes = if self.world.rank() == 0 { records::write_all(vec![mine]) } else { Vec::new() };
        let heard = self.world.broadcast(bytes)?;
        let mut heard = self.read_all(0, &heard)?;
        heard.pop().ok_or_else(|| nonsense(&mut self.world, 0))
    }

    fn merge_all<R: Record>(
        &mut self,
        sorted: Vec<R>,
        order: fn(&R, &R) -> Ordering,
        take: &mut dyn FnMut(R),
    ) -> Result<(), Loss> {
        if self.world.rank() == 0 {
            return merge(&mut self.world, sorted, order, take);
        }
        let mut writer = Writer::new(sorted, self.world.piece_bytes());
        exchange::exchange(&mut self.world, &[0], &[], &mut |_| writer.next_piece(), &mut |_, _| {})
    }
}

/// What the root has of one rank.
struct Source<R> {
    reader: Reader<R>,
    pieces: VecDeque<Vec<u8>>,
    has_ended: bool,
}

/// The first record of a source that was not taken yet.
struct Head<R> {
    record: R,
    source: usize,
    order: fn(&R, &R) -> Ordering,
}

impl<R> Ord for Head<R> {
    /// The heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (self.order)(&other.record, &self.record).then(other.source.cmp(&self.source))
    }
}

impl<R> PartialOrd for Head<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R> PartialEq for Head<R> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<R> Eq for Head<R> {}

/// Takes the records of all ranks in one order. A piece is acknowledged when it is needed, so that the root holds two
/// pieces of each rank at most.
fn merge<W: World, R: Record>(
    world: &mut W,
    own: Vec<R>,
    order: fn(&R, &R) -> Ordering,
    take: &mut dyn FnMut(R),
) -> Result<(), Loss> {
    exchange::begin(world);
    let mut own = own.into_iter();
    let mut sources: Vec<Source<R>> = (0..world.size())
        .map(|rank| Source { reader: Reader::new(), pieces: VecDeque::new(), has_ended: rank == 0 })
        .collect();
    let mut heads = BinaryHeap::new();
    heads.extend(own.next().map(|record| Head { record, source: 0, order }));
    for source in 1..world.size() {
        heads.extend(next_of(world, &mut sources, source)?.map(|record| Head { record, source, order }));
    }
    while let Some(Head { record, source, .. }) = heads.pop() {
        take(record);
        let next = if source == 0 { own.next() } else { next_of(world, &mut sources, source)? };
        heads.extend(next.map(|record| Head { record, source, order }));
    }
    Ok(())
}

/// The next record of a rank; waits for it.
fn next_of<W: World, R: Record>(world: &mut W, sources: &mut [Source<R>], rank: usize) -> Result<Option<R>, Loss> {
    loop {
        let Some(source) = sources.get_mut(rank) else { return Ok(None) };
        match source.reader.next_record() {
            Ok(Some(record)) => return Ok(Some(record)),
            Ok(None) => {}
            Err(_) => return Err(nonsense(world, rank)),
        }
        if let Some(piece) = source.pieces.pop_front() {
            source.reader.add(&piece);
            exchange::post(world, rank, Kind::Taken, &[])?;
        } else if source.has_ended {
            return if source.reader.is_empty() { Ok(None) } else { Err(nonsense(world, rank)) };
        } else {
            let letter = exchange::next_letter(world)?;
            let from = letter.from;
            match (letter.kind, sources.get_mut(from)) {
                (Kind::Piece, Some(source)) if !source.has_ended => source.pieces.push_back(letter.into_piece()),
                (Kind::End, Some(source)) => source.has_ended = true,
                _ => return Err(nonsense(world, from)),
            }
        }
    }
}

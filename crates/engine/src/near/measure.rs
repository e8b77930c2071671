//! How far pictures are apart, pixel by pixel, wherever their files lie.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

use pixtwin_decode::{InMemory, Sniffed, Source};
use pixtwin_matching::Loss;
use pixtwin_pixel::{Against, Apart, Depth, Raster, RasterSink};

use crate::{
    file::Listed,
    look::{Looker, WHOLE_WINDOW_BYTES, raster_bytes, reopen, still_unchanged},
    near::fetch::{AT_ONCE, Far, Fetched, fetch_all},
    opened::Opened,
    picture::{Known, Picture},
    pool,
    progress::Progress,
    refusal::Refusal,
    report::Unread,
    team::Team,
};

/// Two pictures to be held against each other: one of this rank, and one wherever it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    /// Which of [`Measurer::ours`].
    pub(crate) own: usize,
    pub(crate) other: Far,
    /// The caller's own number for it.
    pub(crate) number: usize,
}

/// Holds pictures of this rank in memory, and lets others pass by.
pub(crate) struct Measurer<'a> {
    /// Half of the memory is for the decoders, half for what is held.
    looker: Looker<'a>,
    ours: Vec<Option<(&'a Listed, &'a Picture)>>,
    /// The files that ranks can ask this one for.
    served: Vec<Option<&'a Listed>>,
    most: Apart,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Measured {
    /// How far the pictures of some pairs are apart; those of the others are too far.
    pub(crate) apart: Vec<(usize, Apart)>,
    /// Files of this rank that could not be compared.
    pub(crate) unread: Vec<Unread>,
    /// The same of all ranks, until they are told.
    refused: Vec<(Far, Refusal)>,
}

/// A picture that passes by, those that it is held against, and what came of it.
struct Passing<S> {
    far: Far,
    source: S,
    /// Pictures of this rank, each with the number of the pair.
    against: Vec<(usize, usize)>,
    found: Result<Vec<Option<Apart>>, Refusal>,
}

type Held = HashMap<usize, Vec<Raster>>;

impl<'a> Measurer<'a> {
    pub(crate) fn new(
        looker: &Looker<'a>,
        ours: Vec<Option<(&'a Listed, &'a Picture)>>,
        served: Vec<Option<&'a Listed>>,
        most: Apart,
    ) -> Self {
        Self { looker: looker.halved(), ours, served, most }
    }

    /// Measures how far the pictures of each pair are apart.
    ///
    /// # Cost
    /// As many pictures of this rank are decoded and held as fit into half of its share of the memory, at least one; then
    /// each that is to be held against some of them is decoded once, and not further than some of them are near. Files
    /// of other ranks come whole, four at a time.
    pub(crate) fn measure_all<T: Team>(&self, mut pairs: Vec<Pair>, team: &mut T) -> Result<Measured, Loss> {
        pairs.sort_unstable();
        let (mut rest, mut measured) = (&pairs[..], Measured::default());
        while team.any_all(!rest.is_empty())? {
            let (block, after) = rest.split_at_checked(self.block(rest)).unwrap_or_default();
            rest = after;
            let held = self.hold(block, &mut measured, team.rank());
            let mut others: BTreeMap<Far, Vec<(usize, usize)>> = BTreeMap::new();
            for pair in block.iter().filter(|pair| held.contains_key(&pair.own)) {
                others.entry(pair.other).or_default().push((pair.own, pair.number));
            }
            let (here, elsewhere) = others.into_iter().partition(|(far, _)| far.rank == team.rank());
            self.pass_own(here, &held, &mut measured);
            self.pass_others_all(elsewhere, &held, &mut measured, team)?;
        }
        self.tell_all(measured, team)
    }

    pub(crate) fn progress(&self) -> &Progress {
        self.looker.progress
    }

    fn own(&self, at: usize) -> Option<(&'a Listed, &'a Picture)> {
        self.ours.get(at).copied().flatten()
    }

    /// How many pairs have pictures of this rank that are held together.
    fn block(&self, pairs: &[Pair]) -> usize {
        let (mut room, mut count) = (self.looker.share_bytes(), 0);
        for of_one in pairs.chunk_by(|a, b| a.own == b.own) {
            let own = of_one.first().and_then(|pair| self.own(pair.own));
            let bytes = own.map_or(0, |(_, picture)| held_bytes(picture));
            if count > 0 && bytes > room {
                break;
            }
            room = room.saturating_sub(bytes);
            count += of_one.len();
        }
        count
    }

    fn hold(&self, block: &[Pair], measured: &mut Measured, rank: usize) -> Held {
        let of_each = block.chunk_by(|a, b| a.own == b.own).filter_map(<[Pair]>::first);
        let mut slots: Vec<_> = of_each.map(|pair| (pair.own, Err(Refusal::from("")))).collect();
        pool::for_each(&mut slots, self.looker.threads, |(own, slot)| {
            *slot = match self.own(*own) {
                Some((listed, picture)) => self.raster(listed, picture),
                None => Err("it is not listed".into()),
            };
        });
        let mut held = Held::new();
        for (own, slot) in slots {
            match (slot, self.own(own)) {
                (Ok(frames), _) => drop(held.insert(own, frames)),
                (Err(refusal), Some((listed, _))) => {
                    measured.unread.push(Unread::new(&listed.path(), refusal));
                }
                (Err(refusal), None) => measured.refused.push((Far { rank, at: own }, refusal)),
            }
        }
        held
    }

    fn raster(&self, listed: &Listed, picture: &Picture) -> Result<Vec<Raster>, Refusal> {
        let mut sink = RasterSink::within(self.looker.most_bytes());
        self.looker.decode_into(listed, picture, Depth::Whole, &mut sink)?;
        sink.finish().ok_or_else(|| self.looker.too_large(held_bytes(picture)))
    }

    /// Lets files of this rank pass by.
    fn pass_own(&self, others: BTreeMap<Far, Vec<(usize, usize)>>, held: &Held, measured: &mut Measured) {
        let mut passing: Vec<_> = others.into_iter().map(|(far, against)| Passing::new(far, (), against)).collect();
        pool::for_each(&mut passing, self.looker.threads, |passing| {
            passing.found = self.pass_file(passing.far.at, &passing.against, held);
            self.looker.progress.add_done_of(passing.against.len());
        });
        passing.into_iter().for_each(|passing| passing.tell(measured));
    }

    fn pass_file(&self, at: usize, against: &[(usize, usize)], held: &Held) -> Result<Vec<Option<Apart>>, Refusal> {
        let listed = self.served.get(at).copied().flatten().ok_or("it is not listed")?;
        let (file, identity) = reopen(listed)?;
        let mut source = Opened::new(&file, identity.bytes, WHOLE_WINDOW_BYTES, self.looker.progress);
        let found = self.pass(&mut source, listed.name(), against, held)?;
        still_unchanged(&file, &identity)?;
        Ok(found)
    }

    /// Lets files of other ranks pass by, a few at a time.
    fn pass_others_all<T: Team>(
        &self,
        others: BTreeMap<Far, Vec<(usize, usize)>>,
        held: &Held,
        measured: &mut Measured,
        team: &mut T,
    ) -> Result<(), Loss> {
        let mut others = others.into_iter();
        loop {
            let (wanted, against): (Vec<Far>, Vec<_>) = others.by_ref().take(AT_ONCE).unzip();
            if !team.any_all(!wanted.is_empty())? {
                return Ok(());
            }
            let most_bytes = self.looker.most_bytes() / AT_ONCE as u64;
            let fetched = fetch_all(&self.looker, &wanted, most_bytes, &self.served, team)?;
            let all = wanted.into_iter().zip(fetched).zip(against);
            let mut passing: Vec<_> =
                all.map(|((far, fetched), against)| Passing::new(far, fetched, against)).collect();
            pool::for_each(&mut passing, self.looker.threads, |passing| {
                passing.found = match &passing.source {
                    Ok(Fetched { name, content }) => {
                        self.pass(&mut InMemory::new(content), name, &passing.against, held)
                    }
                    Err(refusal) => Err(refusal.clone()),
                };
                self.looker.progress.add_done_of(passing.against.len());
            });
            passing.into_iter().for_each(|passing| passing.tell(measured));
        }
    }

    /// Decodes a picture and holds it against some that are in memory.
    fn pass(
        &self,
        source: &mut dyn Source,
        name: &Path,
        against: &[(usize, usize)],
        held: &Held,
    ) -> Result<Vec<Option<Apart>>, Refusal> {
        let Sniffed::Picture(format) = self.looker.sniff_open(source, name)? else {
            return Err("it is no picture any more".into());
        };
        let picture = Picture::new(format, self.looker.header_open(source, format)?, Known::default());
        let others: Vec<&[Raster]> =
            against.iter().map(|(own, _)| held.get(own).map(Vec::as_slice).unwrap_or_default()).collect();
        let mut sink = Against::new(&others, self.looker.alpha(), self.most);
        self.looker.decode_charged(source, &picture, Depth::Whole, &mut sink)?;
        sink.finish().ok_or_else(|| "the decoder gave fewer rows than before".into())
    }

    /// Lets the ranks know which of their files could not be compared elsewhere.
    fn tell_all<T: Team>(&self, mut measured: Measured, team: &mut T) -> Result<Measured, Loss> {
        let mut to: Vec<Vec<(usize, Refusal)>> = (0..team.size()).map(|_| Vec::new()).collect();
        for (far, refusal) in measured.refused.drain(..) {
            to.get_mut(far.rank).into_iter().for_each(|to| to.push((far.at, refusal.clone())));
        }
        for (at, refusal) in team.swap_all(to)?.into_iter().flatten() {
            let listed = self.served.get(at).copied().flatten();
            measured.unread.extend(listed.map(|listed| Unread::new(&listed.path(), refusal)));
        }
        Ok(measured)
    }
}

impl<S> Passing<S> {
    fn new(far: Far, source: S, against: Vec<(usize, usize)>) -> Self {
        Self { far, source, against, found: Err("it was not looked at".into()) }
    }

    fn tell(self, measured: &mut Measured) {
        match self.found {
            Ok(found) => {
                let pairs = self.against.into_iter().zip(found);
                measured.apart.extend(pairs.filter_map(|((_, number), apart)| Some((number, apart?))));
            }
            Err(refusal) => measured.refused.push((self.far, refusal)),
        }
    }
}

/// What a picture takes at most whose frames are held.
fn held_bytes(picture: &Picture) -> u64 {
    let frame_bytes = raster_bytes(picture.header.width, picture.header.height);
    frame_bytes.saturating_mul(u64::from(picture.known.frames().max(1)))
}

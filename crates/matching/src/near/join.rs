//! The exact join: all pairs of many codes and many within a distance.
//!
//! A code is cut into 16 slots of 16 bits. Of two codes within the distance `T`, some slot must differ by at most `T / 16`
//! bits, and more: going round the ring of slots there is one from which on, for every length `l`, the first `l` slots
//! together differ by at most `l T / 16` bits. The join therefore orders the codes by each slot in turn, takes the pairs
//! of buckets whose values differ by at most `T / 16` bits, and compares the two slots that follow, 32 bits, sixteen
//! codes at a time. What is left is compared as a whole. A pair is told of in the first slot that has the property only,
//! so no pairs need to be remembered.
//!
//! # Source
//! Norouzi, Punjani and Fleet, "Fast exact search in Hamming space with multi-index hashing", 2014; Qin and Xiao,
//! "Pigeonring: a principle for faster thresholded similarity search", 2018. The ring is the cycle lemma: of numbers with a
//! sum of at most 0, some rotation has no positive partial sum.

use pixtwin_pixel::Code;

use super::{
    MOST_DISTANCE, Part,
    order::{BUCKETS, Entry, Order, SLOTS, value, window},
    simd::{LANES, Near, Simd},
    sweep::{Planes, sweep},
};

/// How many lanes are gathered before they are compared: as many as stay in the first cache.
const MOST_LANES: usize = 4096;
/// How many stored codes are compared with the lanes before the pairs that are left are looked at: bounds their list.
const MOST_STORED: usize = 256;
/// Up to how many stored codes all are compared, if the buckets looked at are those that differ by one bit: measured, the
/// two ways meet about there. With more neighbours it is as much more.
const FEW: usize = 2048;

/// Two codes within the distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hit {
    /// The number of the code that was asked about.
    pub asker: u32,
    /// The number of the stored code.
    pub stored: u32,
    /// In how many bits they differ.
    pub distance: u32,
}

/// One way through the codes. All of [`Index::passes`] together find each pair once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Every code is compared with every stored one: the only pass over few codes.
    Whole,
    /// In the order of this slot, 0 to 15.
    Slot(u32),
}

/// The codes that are searched, each with a number of the caller's, such as which picture it is of and which of its codes.
///
/// # Cost
/// 36 bytes a code, and 8 more a code for each [`Order`] in use: 88 bytes for a picture with two codes.
#[derive(Clone, Debug)]
pub struct Index {
    codes: Vec<Code>,
    numbers: Vec<u32>,
    distance: u32,
}

impl Index {
    /// An index that will find pairs of at most `distance` bits, [`MOST_DISTANCE`] at most, with room for so many codes.
    #[must_use]
    pub fn with_room(codes: usize, distance: u32) -> Self {
        let (numbers, codes) = (Vec::with_capacity(codes), Vec::with_capacity(codes));
        Self { codes, numbers, distance: distance.min(MOST_DISTANCE) }
    }

    /// Adds a code, with a number that hits will name it by. At most 2^32 codes.
    pub fn push(&mut self, code: Code, number: u32) {
        self.codes.push(code);
        self.numbers.push(number);
    }

    /// How many codes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is no code.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The ways through the codes that together find every pair once. Any order, any thread, any rank.
    pub fn passes(&self) -> impl Iterator<Item = Pass> + use<> {
        let is_few = self.len() <= FEW << (2 * self.radius().saturating_sub(1));
        let whole = is_few.then_some(Pass::Whole);
        whole.into_iter().chain((0..SLOTS).filter(move |_| !is_few).map(Pass::Slot))
    }

    /// Makes the index ready for a pass, in the memory of an order used before, or a new one (`Order::default()`).
    #[must_use]
    pub fn ordered(&self, pass: Pass, mut room: Order) -> Ordered<'_> {
        let mut planes: [Vec<u64>; 4] = Default::default();
        match pass {
            Pass::Slot(slot) => room.sort(&self.codes, slot),
            Pass::Whole => {
                for code in &self.codes {
                    planes.iter_mut().zip(code.0).for_each(|(plane, word)| plane.push(word));
                }
            }
        }
        Ordered {
            index: self,
            pass,
            order: room,
            planes,
            classes: classes(self.distance),
            simd: Simd::of_this_processor(),
        }
    }

    /// All pairs of a code asked about and a stored one within the distance, each once, on this thread.
    ///
    /// # Errors
    /// The first error of the askers; the search ends with it.
    pub fn join<A: Askers>(&self, askers: &mut A, mut hit: impl FnMut(Hit)) -> Result<(), A::Error> {
        let (mut room, mut batch) = (Order::default(), Batch::default());
        for pass in self.passes() {
            let ordered = self.ordered(pass, room);
            askers.rewind()?;
            loop {
                batch.clear();
                askers.fill(&mut batch)?;
                if batch.is_empty() {
                    break;
                }
                ordered.join(batch.sorted(pass), Part::WHOLE, &mut hit);
            }
            room = ordered.into_room();
        }
        Ok(())
    }

    /// All unordered pairs of stored codes within the distance, each once, on this thread. The code that was added first is
    /// the asker.
    pub fn join_itself(&self, mut hit: impl FnMut(Hit)) {
        let mut room = Order::default();
        for pass in self.passes() {
            let ordered = self.ordered(pass, room);
            ordered.join_itself(Part::WHOLE, &mut hit);
            room = ordered.into_room();
        }
    }

    /// In how many bits a slot may differ.
    const fn radius(&self) -> u32 {
        self.distance / SLOTS
    }
}

/// Where the codes asked about come from: batches of them, all of them anew for each pass.
pub trait Askers {
    /// What can go wrong.
    type Error;

    /// Goes back to the first code.
    ///
    /// # Errors
    /// As the source of the codes says.
    fn rewind(&mut self) -> Result<(), Self::Error>;

    /// Puts the next codes into an empty batch; none when there are no more. A batch of an eighth of the stored codes, or of
    /// 2^17 if that is more, costs little beside the comparisons.
    ///
    /// # Errors
    /// As the source of the codes says.
    fn fill(&mut self, batch: &mut Batch) -> Result<(), Self::Error>;
}

/// Codes that are asked about, each with a number of the caller's.
///
/// # Cost
/// 44 bytes a code, and 256 KiB.
#[derive(Debug, Default)]
pub struct Batch {
    codes: Vec<Code>,
    numbers: Vec<u32>,
    order: Order,
}

impl Batch {
    /// An empty batch with room for so many codes.
    #[must_use]
    pub fn with_room(codes: usize) -> Self {
        Self { codes: Vec::with_capacity(codes), numbers: Vec::with_capacity(codes), order: Order::default() }
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.codes.clear();
        self.numbers.clear();
    }

    /// Adds a code, with a number that hits will name it by.
    pub fn push(&mut self, code: Code, number: u32) {
        self.codes.push(code);
        self.numbers.push(number);
    }

    /// How many codes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is no code.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Makes the batch ready for a pass.
    pub fn sorted(&mut self, pass: Pass) -> Sorted<'_> {
        if let Pass::Slot(slot) = pass {
            self.order.sort(&self.codes, slot);
        }
        Sorted { batch: self, pass }
    }
}

/// A batch that is ready for a pass.
#[derive(Clone, Copy, Debug)]
pub struct Sorted<'a> {
    batch: &'a Batch,
    pass: Pass,
}

/// An index that is ready for a pass. Threads may share it.
#[derive(Debug)]
pub struct Ordered<'a> {
    index: &'a Index,
    pass: Pass,
    order: Order,
    planes: [Vec<u64>; 4],
    classes: Vec<Class>,
    simd: Simd,
}

impl Ordered<'_> {
    /// Tells of the pairs of a code of the batch and a stored one that this pass finds in this part. A batch that is ready
    /// for another pass has none.
    pub fn join(&self, batch: Sorted<'_>, part: Part, hit: &mut impl FnMut(Hit)) {
        if batch.pass == self.pass {
            let Batch { codes, numbers, order } = batch.batch;
            self.run(Asking { codes, numbers, order, is_stored: false }, part, hit);
        }
    }

    /// Tells of the pairs of stored codes that this pass finds in this part.
    pub fn join_itself(&self, part: Part, hit: &mut impl FnMut(Hit)) {
        let Index { codes, numbers, .. } = self.index;
        self.run(Asking { codes, numbers, order: &self.order, is_stored: true }, part, hit);
    }

    /// The memory of the order, for the next pass.
    #[must_use]
    pub fn into_room(self) -> Order {
        self.order
    }

    fn run(&self, asking: Asking<'_>, part: Part, hit: &mut impl FnMut(Hit)) {
        match self.pass {
            Pass::Whole => self.run_whole(asking, part, hit),
            Pass::Slot(slot) => {
                let mut round = Round { ordered: self, asking, slot, lanes: Lanes::default(), near: Vec::new() };
                part.range(BUCKETS).for_each(|value| round.bucket(value, hit));
            }
        }
    }

    fn run_whole(&self, asking: Asking<'_>, part: Part, hit: &mut impl FnMut(Hit)) {
        let planes = Planes { words: self.planes.each_ref().map(Vec::as_slice) };
        let askers = part.range(asking.codes.len());
        let first = askers.start;
        sweep(asking.codes.get(askers).unwrap_or_default(), self.index.distance, planes, |sighted| {
            let asker = first + sighted.query;
            if asking.is_stored && asker >= sighted.position {
                return;
            }
            let stored = self.index.numbers.get(sighted.position);
            if let (Some(&asker), Some(&stored)) = (asking.numbers.get(asker), stored) {
                hit(Hit { asker, stored, distance: sighted.distance });
            }
        });
    }
}

/// The codes asked about.
#[derive(Clone, Copy)]
struct Asking<'a> {
    codes: &'a [Code],
    numbers: &'a [u32],
    order: &'a Order,
    /// Whether they are the stored codes themselves.
    is_stored: bool,
}

/// Buckets that are compared together: their values differ from that of the stored ones by these bits.
#[derive(Clone, Debug)]
struct Class {
    /// In ascending order, so that the equal value is the first.
    masks: Vec<u16>,
    /// By how many bits the window may differ at most in the nearest of these buckets.
    limit: u32,
    /// By how many bits less it may differ in buckets that are not of the equal value.
    step: u32,
}

/// The neighbours of a bucket that a distance asks for: those of the equal value and of one other bit together, for their
/// limits are nearly the same and many lanes are compared faster, then those of two bits, and of three.
fn classes(distance: u32) -> Vec<Class> {
    let radius = distance / SLOTS;
    let three = 3 * distance / SLOTS;
    let masks = |bits: std::ops::RangeInclusive<u32>| {
        (0..=u16::MAX).filter(|mask| bits.contains(&mask.count_ones())).collect::<Vec<_>>()
    };
    let near = Class { masks: masks(0..=radius.min(1)), limit: three, step: radius.min(1) };
    let far = (2..=radius).map(|bits| Class { masks: masks(bits..=bits), limit: three - bits, step: 0 });
    std::iter::once(near).chain(far).collect()
}

/// Lanes of codes asked about, and where these are.
#[derive(Default)]
struct Lanes {
    windows: Vec<u32>,
    positions: Vec<u32>,
    /// How many of them, the first ones, are of the stored bucket's own value.
    equal: usize,
}

impl Lanes {
    fn clear(&mut self) {
        self.windows.clear();
        self.positions.clear();
        self.equal = 0;
    }

    /// Adds as many as there is room for, and gives back the others.
    fn take<'e>(&mut self, entries: &'e [Entry], is_equal: bool) -> &'e [Entry] {
        let room = MOST_LANES - self.positions.len().min(MOST_LANES);
        let (taken, left) = entries.split_at_checked(room).unwrap_or((entries, &[]));
        self.windows.extend(taken.iter().map(|entry| entry.window));
        self.positions.extend(taken.iter().map(|entry| entry.position));
        if is_equal {
            self.equal = self.positions.len();
        }
        left
    }
}

/// One slot of a join.
struct Round<'a> {
    ordered: &'a Ordered<'a>,
    asking: Asking<'a>,
    slot: u32,
    lanes: Lanes,
    near: Vec<Near>,
}

impl Round<'_> {
    /// A stored bucket against the near ones of those asked about.
    fn bucket(&mut self, value: usize, hit: &mut impl FnMut(Hit)) {
        let (ordered, order) = (self.ordered, self.asking.order);
        let stored = ordered.order.bucket(value);
        if stored.is_empty() {
            return;
        }
        for class in &ordered.classes {
            self.lanes.clear();
            for mask in &class.masks {
                let other = value ^ usize::from(*mask);
                if self.asking.is_stored && other < value {
                    continue;
                }
                let mut entries = order.bucket(other);
                while !entries.is_empty() {
                    entries = self.lanes.take(entries, *mask == 0);
                    if self.lanes.positions.len() >= MOST_LANES {
                        self.compare(stored, class, hit);
                        self.lanes.clear();
                    }
                }
            }
            self.compare(stored, class, hit);
        }
    }

    fn compare(&mut self, stored: &[Entry], class: &Class, hit: &mut impl FnMut(Hit)) {
        // Lanes that stay unused are compared as well; their pairs have no position, and are none.
        self.lanes.windows.resize(self.lanes.windows.len().next_multiple_of(LANES), 0);
        for stored in stored.chunks(MOST_STORED) {
            let mut near = std::mem::take(&mut self.near);
            near.clear();
            let lanes = self.lanes.windows.as_chunks().0;
            self.ordered.simd.tile(stored, lanes, class.limit, &mut near);
            for near in &near {
                self.check(stored, class, *near, hit);
            }
            self.near = near;
        }
    }

    /// Whether a pair that the window let pass is one to tell of.
    fn check(&self, stored: &[Entry], class: &Class, near: Near, hit: &mut impl FnMut(Hit)) -> Option<()> {
        let (index, asking) = (self.ordered.index, self.asking);
        let (lane, entry) = (near.lane as usize, stored.get(near.stored as usize)?);
        let position = *self.lanes.positions.get(lane)? as usize;
        let is_equal = lane < self.lanes.equal;
        let other = *self.lanes.windows.get(lane)?;
        if !is_equal && (entry.window ^ other).count_ones() + class.step > class.limit {
            return None;
        }
        // Within one bucket each pair comes twice.
        let home = entry.position as usize;
        if asking.is_stored && is_equal && position >= home {
            return None;
        }
        let (asked, code) = (asking.codes.get(position)?, index.codes.get(home)?);
        let distance = asked.distance(*code);
        if distance > index.distance || (0..self.slot).any(|slot| is_found(asked, code, slot, index.distance)) {
            return None;
        }
        let (mut asker, mut stored) = (*asking.numbers.get(position)?, *index.numbers.get(home)?);
        if asking.is_stored && home < position {
            (asker, stored) = (stored, asker);
        }
        hit(Hit { asker, stored, distance });
        Some(())
    }
}

/// Whether the pass of a slot comes upon a pair.
fn is_found(a: &Code, b: &Code, slot: u32, distance: u32) -> bool {
    let own = (value(a, slot) ^ value(b, slot)).count_ones();
    own <= distance / SLOTS && own + (window(a, slot) ^ window(b, slot)).count_ones() <= 3 * distance / SLOTS
}

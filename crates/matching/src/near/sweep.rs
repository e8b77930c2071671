//! A few codes against many.

use pixtwin_pixel::Code;

use super::simd::{Blocks, Simd, WIDTH};

/// Codes laid out for a sweep: the first words of all codes, then the second, third and fourth ones. All four are of one
/// length; of longer ones the rest is not looked at.
#[derive(Clone, Copy, Debug)]
pub struct Planes<'a> {
    /// Word `n` of each code, in the order of the codes.
    pub words: [&'a [u64]; 4],
}

impl Planes<'_> {
    fn code(&self, position: usize) -> Option<Code> {
        let [a, b, c, d] = self.words.map(|plane| plane.get(position).copied());
        Some(Code([a?, b?, c?, d?]))
    }

    fn len(&self) -> usize {
        self.words.iter().map(|plane| plane.len()).min().unwrap_or_default()
    }
}

/// A code of the planes that is within the distance of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighted {
    /// Which query.
    pub query: usize,
    /// Which code of the planes.
    pub position: usize,
    /// In how many bits the two differ.
    pub distance: u32,
}

/// Compares every query with every code of the planes and tells of those that differ by at most `distance` bits, in no
/// order that is promised, each once.
///
/// # Cost
/// Reads the first two words of every code once for four queries, the others only where these are within the distance:
/// 16 bytes a code. Some nanosecond for a code and query.
pub fn sweep(queries: &[Code], distance: u32, planes: Planes<'_>, mut hit: impl FnMut(Sighted)) {
    let simd = Simd::of_this_processor();
    let (fours, rest) = queries.as_chunks::<4>();
    for (four, first) in fours.iter().zip((0..).step_by(4)) {
        some(simd, *four, first, distance, planes, &mut hit);
    }
    for (query, at) in rest.iter().zip(fours.len() * 4..) {
        some(simd, [*query], at, distance, planes, &mut hit);
    }
}

/// The sweep of as many queries as are held in registers.
pub(super) fn some<const Q: usize>(
    simd: Simd,
    queries: [Code; Q],
    first: usize,
    distance: u32,
    planes: Planes<'_>,
    hit: &mut impl FnMut(Sighted),
) {
    let beginnings = queries.map(|Code([a, b, _, _])| [a, b]);
    let mut check = |position| {
        let Some(code) = planes.code(position) else { return };
        for (query, at) in queries.iter().zip(first..) {
            let apart = query.distance(code);
            if apart <= distance {
                hit(Sighted { query: at, position, distance: apart });
            }
        }
    };
    let count = planes.len();
    let [a, b] = [planes.words[0], planes.words[1]].map(|plane| plane.get(..count).unwrap_or_default().as_chunks().0);
    let mut blocks = Blocks { first: a, second: b };
    let mut begin = 0;
    while let Some(at) = simd.prefilter(beginnings, blocks, u64::from(distance)) {
        let found = begin + at * WIDTH;
        (found..found + WIDTH).for_each(&mut check);
        begin = found + WIDTH;
        let [a, b] = [blocks.first, blocks.second].map(|blocks| blocks.get(at + 1..).unwrap_or_default());
        blocks = Blocks { first: a, second: b };
    }
    (count - count % WIDTH..count).for_each(check);
}

//! Which keys are held more than once among all ranks: every key has an owner, and the owners answer.
//!
//! A rank sorts its keys, so that those of one owner lie together, and sends each key once, or twice if it holds it more
//! than once: a key that all pictures share costs its owner no more than two entries a rank. The owner merges the sorted
//! lists and answers each entry with one byte.

use std::{cmp::Reverse, collections::BinaryHeap};

use pixtwin_engine::{Loss, Standing, halves, owner_of};
use pixtwin_pixel::Key;

use crate::world::{World, exchange::nonsense};

const KEY_BYTES: usize = 16;

/// One standing for each key, in their order. Of all equal keys on all ranks one is the first; which, is left to chance,
/// so that the work that falls to the first is spread.
///
/// # Errors
/// [`Loss`].
///
/// # Cost
/// At its most 24 bytes a key of this rank and 18 bytes a key that it owns, which is as many if the keys are hashes, and
/// the pieces under way.
pub(crate) fn stand_all<W: World>(world: &mut W, keys: &[Key]) -> Result<Vec<Standing>, Loss> {
    let sorted = Sorted::new(keys, world.size());
    let owned = send_keys(world, &sorted)?;
    let answers = answer(owned);
    let answers = send_answers(world, answers)?;
    sorted.standings(world, &answers, keys.len())
}

/// The keys of a rank in the order of their owners.
struct Sorted {
    entries: Vec<([u64; 2], u32)>,
    /// Where the entries of each owner begin, and where the last end.
    bounds: Vec<usize>,
}

impl Sorted {
    fn new(keys: &[Key], size: usize) -> Self {
        // More keys than this on one rank would not fit into its memory.
        let numbered = keys.iter().zip(0_u32..);
        let mut entries: Vec<([u64; 2], u32)> = numbered.map(|(key, at)| (halves(*key), at)).collect();
        entries.sort_unstable();
        let owner = |([high, low], _): &([u64; 2], u32)| owner_of(key_of([*high, *low]), size);
        let bounds = (0..=size).map(|rank| entries.partition_point(|entry| owner(entry) < rank)).collect();
        Self { entries, bounds }
    }

    /// The entries from a place on that have the same key.
    fn run(&self, begin: usize) -> &[([u64; 2], u32)] {
        let rest = self.entries.get(begin..).unwrap_or_default();
        let len = rest.first().map_or(0, |(key, _)| rest.iter().take_while(|(other, _)| other == key).count());
        rest.get(..len).unwrap_or_default()
    }

    /// The standings of the keys in their first order, from the answers of the owners.
    fn standings<W: World>(self, world: &mut W, answers: &[Vec<u8>], len: usize) -> Result<Vec<Standing>, Loss> {
        let mut standings = vec![Standing::Alone; len];
        let mut at = 0;
        let mut given = answers.iter().flatten();
        while at < self.entries.len() {
            let run = self.run(at);
            at += run.len();
            let mut standing = Standing::Alone;
            for (number, (_, place)) in run.iter().enumerate() {
                // The third and further holders of this rank were not sent: they stand as the second.
                if number < 2 {
                    standing = match given.next() {
                        Some(0) if run.len() == 1 => Standing::Alone,
                        Some(1) => Standing::First,
                        Some(2) => Standing::Later,
                        _ => return Err(world.fail("the owner of a key gave an answer that makes no sense".to_owned())),
                    };
                } else {
                    standing = Standing::Later;
                }
                standings.get_mut(*place as usize).into_iter().for_each(|slot| *slot = standing);
            }
            debug_assert!(run.len() < 3 || standing == Standing::Later);
        }
        Ok(standings)
    }
}

fn key_of(halves: [u64; 2]) -> Key {
    let mut key = [0; KEY_BYTES];
    key.as_chunks_mut().0.iter_mut().zip(halves).for_each(|(bytes, half)| *bytes = half.to_be_bytes());
    Key(key)
}

/// Sends the keys to their owners, and gives those that this rank owns, sorted, of each rank.
fn send_keys<W: World>(world: &mut W, sorted: &Sorted) -> Result<Vec<Vec<[u64; 2]>>, Loss> {
    let mut owned: Vec<Vec<[u64; 2]>> = vec![Vec::new(); world.size()];
    let mut begins = sorted.bounds.clone();
    let piece_bytes = world.piece_bytes() / KEY_BYTES * KEY_BYTES;
    let mut next = |to: usize| {
        let (begin, end) = (begins.get_mut(to)?, *sorted.bounds.get(to + 1)?);
        let mut piece = Vec::with_capacity(piece_bytes.min((end - *begin) * KEY_BYTES));
        while *begin < end && piece.len() < piece_bytes {
            let run = sorted.run(*begin);
            // A second entry says that this rank holds it more than once. It may overrun the piece by a key.
            for ([high, low], _) in run.iter().take(2) {
                piece.extend(high.to_le_bytes());
                piece.extend(low.to_le_bytes());
            }
            *begin += run.len();
        }
        (!piece.is_empty()).then_some(piece)
    };
    let mut wrong = None;
    world.all_to_all(&mut next, &mut |from, piece| {
        let (numbers, rest) = piece.as_chunks();
        let (pairs, odd) = numbers.as_chunks();
        let number = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
        if let Some(owned) = owned.get_mut(from) {
            let begin = owned.len().saturating_sub(1);
            owned.extend(pairs.iter().map(|[high, low]| [number(high), number(low)]));
            if !rest.is_empty() || !odd.is_empty() || !owned.get(begin..).is_some_and(<[_]>::is_sorted) {
                wrong = Some(from);
            }
        }
    })?;
    match wrong {
        Some(from) => Err(nonsense(world, from)),
        None => Ok(owned),
    }
}

/// An answer for each entry of each rank: alone, the first of several, or another of them.
fn answer(owned: Vec<Vec<[u64; 2]>>) -> Vec<Vec<u8>> {
    let mut answers: Vec<Vec<u8>> = owned.iter().map(|keys| Vec::with_capacity(keys.len())).collect();
    let mut lists: Vec<_> = owned.iter().map(|keys| keys.iter().copied()).collect();
    let mut heads: BinaryHeap<Reverse<([u64; 2], usize)>> =
        lists.iter_mut().enumerate().filter_map(|(rank, keys)| Some(Reverse((keys.next()?, rank)))).collect();
    let mut holders = Vec::new();
    while let Some(Reverse((key, rank))) = heads.pop() {
        holders.clear();
        let mut next = Some((key, rank));
        while let Some((_, rank)) = next {
            holders.push(rank);
            if let Some(following) = lists.get_mut(rank).and_then(Iterator::next) {
                heads.push(Reverse((following, rank)));
            }
            next = heads.peek().filter(|Reverse((other, _))| *other == key).map(|Reverse(head)| *head);
            if next.is_some() {
                heads.pop();
            }
        }
        // A hash is as good as a throw of dice.
        let first = usize::try_from(key[1] % holders.len() as u64).unwrap_or(0);
        for (at, rank) in holders.iter().enumerate() {
            let answer = match (holders.len(), at == first) {
                (1, _) => 0,
                (_, true) => 1,
                (_, false) => 2,
            };
            answers.get_mut(*rank).into_iter().for_each(|answers| answers.push(answer));
        }
    }
    answers
}

/// Sends the answers back, and gives those of each owner.
fn send_answers<W: World>(world: &mut W, answers: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Loss> {
    let mut heard = vec![Vec::new(); world.size()];
    let piece_bytes = world.piece_bytes();
    let mut sent = vec![0; world.size()];
    let mut next = |to: usize| {
        let begin = sent.get_mut(to)?;
        let piece = answers.get(to)?.get(*begin..)?.chunks(piece_bytes).next()?.to_vec();
        *begin += piece.len();
        Some(piece)
    };
    world.all_to_all(&mut next, &mut |from, piece| {
        heard.get_mut(from).into_iter().for_each(|heard| heard.extend(&piece));
    })?;
    Ok(heard)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::world::simulate;

    /// Keys of few or many kinds: `kinds` of them, `len` on each rank.
    fn keys(rank: usize, len: u64, kinds: u64) -> Vec<Key> {
        (0..len).map(|at| Key::of(&((at * 7919 + rank as u64 * 104_729) % kinds).to_le_bytes())).collect()
    }

    #[test]
    fn standings_are_those_of_all_keys_together() {
        for (size, len, kinds) in
            [(1, 100, 40), (2, 0, 1), (2, 100, 1), (3, 1000, 400), (5, 200, 5000), (4, 90_000, 70_000)]
        {
            let standings = simulate(size, |world| {
                let own = if world.rank() == 1 && len == 1000 { Vec::new() } else { keys(world.rank(), len, kinds) };
                let standings = stand_all(world, &own).unwrap();
                own.into_iter().zip(standings).collect::<Vec<_>>()
            });
            let mut holders: HashMap<Key, (u32, u32)> = HashMap::new();
            for (key, standing) in standings.iter().flatten() {
                let (held, first) = holders.entry(*key).or_default();
                *held += 1;
                *first += u32::from(*standing == Standing::First);
            }
            for (key, standing) in standings.iter().flatten() {
                let (held, first) = holders[key];
                assert_eq!((held > 1, held > 1), (*standing != Standing::Alone, first == 1), "{size} ranks");
            }
        }
    }
}

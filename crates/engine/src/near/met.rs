//! Which pictures met, in little memory however many.

use std::sync::{Mutex, PoisonError};

use pixtwin_matching::{
    Loss,
    near::{Meeting, Pair, Pairs, Run},
};

use crate::team::Team;

/// How many pairs each thread remembers, so as not to keep them again: 12 bytes each.
const RECENT: usize = 1 << 15;

/// A meeting of two pictures: one of this rank, and one wherever it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Met {
    pub(crate) asker: u32,
    pub(crate) home: u32,
    pub(crate) at: u32,
    pub(crate) distance: u8,
    pub(crate) asking: u8,
    pub(crate) stored: u8,
}

/// Meetings of this rank's pictures, by the picture that asks; what was read is freed.
pub(crate) struct Meetings {
    /// How many there were at first.
    pub(crate) count: usize,
    met: <Run as IntoIterator>::IntoIter,
    homes: Homes,
}

impl Iterator for Meetings {
    type Item = Met;

    fn next(&mut self) -> Option<Met> {
        let Pair { a: asker, b, note } = self.met.next()?;
        let (home, at) = self.homes.find(b);
        let bits = |from: u32, count: u32| u8::try_from(note >> from & ((1 << count) - 1)).unwrap_or_default();
        Some(Met { asker, home, at, distance: bits(12, 8), asking: bits(6, 6), stored: bits(0, 6) })
    }
}

/// The bit of the note on a meeting that is not of the pictures as they are.
const THROUGH_VIEW: u32 = 1 << 20;

/// A meeting as a note: the smaller, the earlier in the order of `meet`.
fn note(meeting: Meeting) -> u32 {
    let through_view = if meeting.is_plain() { 0 } else { THROUGH_VIEW };
    let views = u32::from(meeting.asking.number()) << 6 | u32::from(meeting.stored.number());
    through_view | meeting.distance << 12 | views
}

/// The pictures of all ranks, numbered one rank after the other.
pub(crate) struct Homes {
    /// The number of the first of each rank.
    firsts: Vec<u32>,
}

impl Homes {
    pub(crate) fn number_all<T: Team>(pictures: usize, team: &mut T) -> Result<Self, Loss> {
        let mut before = 0;
        let first = |count: usize| {
            before += count;
            u32::try_from(before - count).unwrap_or(u32::MAX)
        };
        let counts = team.tell_all(vec![pictures])?.into_iter();
        Ok(Self { firsts: counts.map(first).collect() })
    }

    fn number(&self, home: u32, at: u32) -> u32 {
        self.firsts.get(home as usize).map_or(u32::MAX, |first| first.saturating_add(at))
    }

    /// The rank, and the place there.
    fn find(&self, number: u32) -> (u32, u32) {
        let home = self.firsts.partition_point(|first| *first <= number).saturating_sub(1);
        let first = self.firsts.get(home).copied().unwrap_or_default();
        (u32::try_from(home).unwrap_or(u32::MAX), number - first)
    }
}

/// What one thread finds. It goes to the others' at the latest when this is dropped.
pub(crate) struct Own<'a> {
    found: &'a Found,
    most: usize,
    held: Vec<Pair>,
    /// Each at a place that follows from its numbers. Two pictures mostly meet through several views right after each other.
    recent: Vec<Pair>,
}

impl<'a> Own<'a> {
    /// At most so many are held.
    pub(crate) fn new(found: &'a Found, most: usize) -> Self {
        let none = Pair { a: u32::MAX, b: u32::MAX, note: u32::MAX };
        Self { found, most, held: Vec::new(), recent: vec![none; RECENT] }
    }

    /// Adds who asked, whom it met, by rank and place there, and how.
    pub(crate) fn add(&mut self, (asker, (home, at), meeting): (u32, (u32, u32), Meeting)) {
        self.add_pair(Pair { a: asker, b: self.found.homes.number(home, at), note: note(meeting) });
    }

    fn add_pair(&mut self, pair: Pair) {
        let place = (pair.a.wrapping_mul(0x9e37_79b1) ^ pair.b.wrapping_mul(0x85eb_ca77)) as usize >> 8 & (RECENT - 1);
        if let Some(recent) = self.recent.get_mut(place) {
            if (recent.a, recent.b) == (pair.a, pair.b) && recent.note <= pair.note {
                return;
            }
            *recent = pair;
        }
        self.held.push(pair);
        if self.held.len() >= self.most {
            self.found.add(&mut self.held);
        }
    }
}

impl Drop for Own<'_> {
    fn drop(&mut self) {
        self.found.add(&mut self.held);
    }
}

/// What all threads have found.
pub(crate) struct Found {
    homes: Homes,
    met: Mutex<Pairs>,
}

impl Found {
    pub(crate) fn new(homes: Homes) -> Self {
        Self { homes, met: Mutex::default() }
    }

    /// What was found, in order.
    pub(crate) fn into_meetings(self) -> Meetings {
        let met = self.met.into_inner().unwrap_or_else(PoisonError::into_inner);
        let met = met.into_run();
        Meetings { count: met.len(), met: met.into_iter(), homes: self.homes }
    }

    /// Adds what a thread has found, of which nothing is left.
    fn add(&self, own: &mut Vec<Pair>) {
        let run = Run::of(own);
        self.met.lock().unwrap_or_else(PoisonError::into_inner).add_run(run);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pixtwin_pixel::View;

    use super::*;

    /// Two ranks, the second with 100 pictures; every two meet through many views, in no order.
    #[test]
    fn of_each_pair_the_first_meeting_is_left() {
        let found = Found::new(Homes { firsts: vec![0, 90] });
        let mut expected = BTreeMap::new();
        let mut own = Own::new(&found, 1000);
        for step in 0..60_000u32 {
            let number = step.wrapping_mul(0x9e37_79b1) >> 7;
            let (asker, place) = (number % 100, number / 100 % 190);
            let met = if place < 90 { (0, place) } else { (1, place - 90) };
            let asking = View::ASKING[number as usize / 7 % View::ASKING.len()];
            let meeting = Meeting { asking, stored: View::STORED[step as usize % 2], distance: number / 11 % 32 };
            let order = (!meeting.is_plain(), meeting.distance, meeting.asking, meeting.stored);
            let first = expected.entry((asker, met)).or_insert(order);
            *first = order.min(*first);
            own.add((asker, met, meeting));
        }
        drop(own);
        let meetings: Vec<Met> = found.into_meetings().collect();
        assert_eq!(meetings.len(), expected.len());
        for (met, ((asker, place), (_, distance, asking, stored))) in meetings.iter().zip(expected) {
            assert_eq!((met.asker, (met.home, met.at)), (asker, place));
            assert_eq!((u32::from(met.distance), met.asking, met.stored), (distance, asking.number(), stored.number()));
        }
    }
}

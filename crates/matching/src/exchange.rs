//! The one question of the search: which of my keys does anyone else hold?

use std::collections::{HashMap, HashSet};

use pixtwin_pixel::Key;

/// The looks at a picture, from the cheapest to the dearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rung {
    /// Width and height.
    Header,
    /// The payload, of the files that were read whole at the first look.
    HeldPayload,
    /// The first rows, down to the n-th of `pixtwin_pixel::HEAD_ROWS`.
    Head(usize),
    /// The bytes of the file that its pixels depend on.
    Payload,
    /// Every pixel.
    Whole,
    /// The length of the file, where only equal files are wanted.
    Length,
    /// The first bytes of the file, likewise.
    Start,
    /// All bytes of the file, likewise.
    Bytes,
    /// Every pixel in whatever order, where turned pictures are wanted.
    OrderFree,
}

/// What the others answered about one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody else holds it.
    Alone,
    /// Others hold it too, and this one speaks for all of them from here on.
    First,
    /// Others hold it too, and one of them speaks for this one.
    Later,
}

/// The others can no longer be asked: one of them was lost, and no answer can be complete any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss;

/// Answers which keys are held by others: a table on one machine, a round of messages on a cluster.
pub trait Exchange {
    /// Whether a rung can tell pictures apart at all: where not, nobody need be looked at for it.
    fn wants(&self, _rung: Rung) -> bool {
        true
    }

    /// One standing for each key, in their order. Who is `First` among equal keys depends on the order of the keys
    /// and may not matter to the result.
    ///
    /// # Errors
    /// [`Loss`], if the others cannot be asked.
    fn ask(&mut self, rung: Rung, keys: &[Key]) -> Result<Vec<Standing>, Loss>;

    /// These keys, and those that the others gave: news that all must hear.
    ///
    /// # Errors
    /// As [`Exchange::ask`].
    fn union(&mut self, mine: Vec<Key>) -> Result<Vec<Key>, Loss>;
}

/// Every picture is compared with every other: the exchange of a scan on one machine.
#[derive(Debug, Default)]
pub struct Everyone;

impl Exchange for Everyone {
    fn ask(&mut self, _rung: Rung, keys: &[Key]) -> Result<Vec<Standing>, Loss> {
        Ok(standings(keys))
    }

    fn union(&mut self, mine: Vec<Key>) -> Result<Vec<Key>, Loss> {
        Ok(mine)
    }
}

/// Every picture is compared with a few that were asked about: the exchange of a find.
#[derive(Debug, Default)]
pub struct Asked {
    keys: HashMap<Rung, HashSet<Key>>,
    /// Rungs of which the key of some picture is not known: it could be any.
    unknown: HashSet<Rung>,
}

impl Asked {
    /// Adds a key of a picture that was asked about.
    pub fn add(&mut self, rung: Rung, key: Key) {
        self.keys.entry(rung).or_default().insert(key);
    }

    /// Says that a picture was asked about whose key of this rung is not known.
    pub fn add_unknown(&mut self, rung: Rung) {
        self.unknown.insert(rung);
    }

    /// Whether a picture with this key of the header rung can be a twin of one that was asked about. Saves dearer looks.
    #[must_use]
    pub fn may_match(&self, header: Key) -> bool {
        self.holds(Rung::Header, header)
    }

    /// Whether a picture that was asked about has this key.
    #[must_use]
    pub fn holds(&self, rung: Rung, key: Key) -> bool {
        let rung = if rung == Rung::HeldPayload { Rung::Payload } else { rung };
        self.unknown.contains(&rung) || self.keys.get(&rung).is_some_and(|keys| keys.contains(&key))
    }
}

impl Exchange for Asked {
    fn wants(&self, rung: Rung) -> bool {
        !self.unknown.contains(&rung)
    }

    fn ask(&mut self, rung: Rung, keys: &[Key]) -> Result<Vec<Standing>, Loss> {
        let mut answers = standings(keys);
        for (answer, key) in answers.iter_mut().zip(keys) {
            match (rung, self.holds(rung, *key)) {
                // The picture asked about has been looked at whole: it speaks for all that share its payload.
                (Rung::HeldPayload | Rung::Payload, true) => *answer = Standing::Later,
                // Another payload can still hold the same pixels.
                (Rung::HeldPayload | Rung::Payload, false) => {}
                (_, true) => *answer = Standing::First,
                (_, false) => *answer = Standing::Alone,
            }
        }
        Ok(answers)
    }

    fn union(&mut self, mine: Vec<Key>) -> Result<Vec<Key>, Loss> {
        Ok(mine)
    }
}

/// Sorts numbers of keys, each with the first half of its key beside it: of a million keys a table would take several times
/// the memory, and to look up each key where it lies twice the time.
fn standings(keys: &[Key]) -> Vec<Standing> {
    let mut standings = vec![Standing::Alone; keys.len()];
    let key_of = |number: &u32| keys.get(*number as usize).copied();
    let half = |key: &Key| key.0.first_chunk().map_or(0, |half| u64::from_le_bytes(*half));
    let mut numbers: Vec<(u64, u32)> = (0..).zip(keys).map(|(number, key)| (half(key), number)).collect();
    numbers.sort_unstable();
    for alike in numbers.chunk_by_mut(|(a, _), (b, _)| a == b).filter(|alike| alike.len() > 1) {
        alike.sort_by_key(|(_, number)| key_of(number));
        for holders in alike.chunk_by(|(_, a), (_, b)| key_of(a) == key_of(b)).filter(|holders| holders.len() > 1) {
            for (at, (_, number)) in holders.iter().enumerate() {
                if let Some(standing) = standings.get_mut(*number as usize) {
                    *standing = if at == 0 { Standing::First } else { Standing::Later };
                }
            }
        }
    }
    standings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::of(name.as_bytes())
    }

    #[test]
    fn a_scan_compares_all_with_all() {
        let keys = [key("a"), key("b"), key("a"), key("a"), key("c")];
        use Standing::{Alone, First, Later};
        assert_eq!(Everyone.ask(Rung::Header, &keys).unwrap(), [First, Alone, Later, Later, Alone]);
    }

    #[test]
    fn a_find_compares_all_with_the_pictures_asked_about() {
        let mut asked = Asked::default();
        asked.add(Rung::Header, key("a"));
        asked.add(Rung::Payload, key("p"));
        use Standing::{Alone, First, Later};
        assert_eq!(asked.ask(Rung::Header, &[key("a"), key("b"), key("b")]).unwrap(), [First, Alone, Alone]);
        let payloads = [key("p"), key("q"), key("r"), key("q")];
        assert_eq!(asked.ask(Rung::Payload, &payloads).unwrap(), [Later, First, Alone, Later]);
        assert!(asked.may_match(key("a")) && !asked.may_match(key("b")));
    }
}

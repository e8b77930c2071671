//! The seam to others that search together with this process. One process alone is a team of one.

use std::{cmp::Ordering, sync::Arc};

use pixtwin_matching::{Everyone, Exchange, Loss, Rung, Standing};
use pixtwin_pixel::Key;
use serde::{Serialize, de::DeserializeOwned};

use crate::{offers::Offers, shelf::Shelf};

/// Something that can travel from one rank to another.
pub trait Record: Serialize + DeserializeOwned + Send {}

impl<T: Serialize + DeserializeOwned + Send> Record for T {}

/// The ranks that do one search together, numbered from 0, the root. All of them make the same calls in the same order:
/// those whose names end in `_all` return only when every rank has made them.
///
/// # Errors
/// Every call gives [`Loss`] from the moment that a rank is lost: then no answer can be complete any more.
pub trait Team {
    /// Which rank this is.
    fn rank(&self) -> usize;

    /// How many ranks there are.
    fn size(&self) -> usize;

    /// The host on which the files of this rank lie; nothing where all ranks see the same files.
    fn host(&self) -> Option<&str>;

    /// Whether this rank walks the folders, for itself and for all that share its files.
    fn is_walker(&self) -> bool;

    /// Where this rank finds the files it is to look at. The walker fills it; others' are filled by the team.
    fn shelf(&self) -> Arc<Shelf>;

    /// Looks that this rank shares with others that see the same files; nothing if there are none.
    fn offers(&self) -> Option<Arc<Offers>> {
        None
    }

    /// One standing for each key among the keys of all ranks. Of equal keys one is the first, whichever.
    ///
    /// # Errors
    /// [`Loss`].
    fn stand_all(&mut self, keys: &[Key]) -> Result<Vec<Standing>, Loss>;

    /// Sends `to[r]` to rank `r`, and gives what every rank sent to this one, in the order of the ranks.
    ///
    /// # Errors
    /// [`Loss`].
    fn swap_all<R: Record>(&mut self, to: Vec<Vec<R>>) -> Result<Vec<Vec<R>>, Loss>;

    /// What all ranks called with, in the order of the ranks.
    ///
    /// # Errors
    /// [`Loss`].
    fn tell_all<R: Record>(&mut self, mine: Vec<R>) -> Result<Vec<R>, Loss>;

    /// What the root called with; the others' is dropped.
    ///
    /// # Errors
    /// [`Loss`].
    fn hear_root_all<R: Record>(&mut self, mine: R) -> Result<R, Loss>;

    /// Brings what all ranks hold to the root in one order. Each rank's own must be in that order. The root's memory
    /// does not grow with what the others hold.
    ///
    /// # Errors
    /// [`Loss`]. The root has taken a part by then.
    fn merge_all<R: Record>(
        &mut self,
        sorted: Vec<R>,
        order: fn(&R, &R) -> Ordering,
        take: &mut dyn FnMut(R),
    ) -> Result<(), Loss>;

    /// The rank that looks after a key: the same on every rank, and the keys spread evenly.
    fn owner(&self, key: Key) -> usize {
        owner_of(key, self.size())
    }

    /// Whether any rank called with yes.
    ///
    /// # Errors
    /// [`Loss`].
    fn any_all(&mut self, mine: bool) -> Result<bool, Loss> {
        Ok(self.tell_all(vec![mine])?.contains(&true))
    }

    /// Asks every rank its questions and gives the answers in their order. `answer` gives one answer a question.
    ///
    /// # Errors
    /// [`Loss`].
    fn ask_all<Q: Record, A: Record>(
        &mut self,
        questions: Vec<Vec<Q>>,
        answer: impl FnMut(Vec<Q>) -> Vec<A>,
    ) -> Result<Vec<Vec<A>>, Loss> {
        let asked = self.swap_all(questions)?;
        self.swap_all(asked.into_iter().map(answer).collect())
    }
}

/// The rank that looks after a key among `size` ranks: where the key lies in the range of all keys, which are hashes and
/// spread over it evenly. Keys in ascending order have owners in ascending order.
#[must_use]
pub fn owner_of(key: Key, size: usize) -> usize {
    let [high, _] = halves(key);
    usize::try_from((u128::from(high) * size as u128) >> 64).unwrap_or(0)
}

/// A key as two numbers, the higher first: ordered like the key.
#[must_use]
pub fn halves(key: Key) -> [u64; 2] {
    let half = |at: usize| key.0.iter().skip(at).take(8).fold(0, |half, byte| (half << 8) | u64::from(*byte));
    [half(0), half(8)]
}

/// One process that searches by itself.
#[derive(Debug, Default)]
pub struct Alone(Arc<Shelf>);

impl Team for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn host(&self) -> Option<&str> {
        None
    }

    fn is_walker(&self) -> bool {
        true
    }

    fn shelf(&self) -> Arc<Shelf> {
        Arc::clone(&self.0)
    }

    fn stand_all(&mut self, keys: &[Key]) -> Result<Vec<Standing>, Loss> {
        Everyone.ask(Rung::Header, keys)
    }

    fn swap_all<R: Record>(&mut self, to: Vec<Vec<R>>) -> Result<Vec<Vec<R>>, Loss> {
        Ok(to)
    }

    fn tell_all<R: Record>(&mut self, mine: Vec<R>) -> Result<Vec<R>, Loss> {
        Ok(mine)
    }

    fn hear_root_all<R: Record>(&mut self, mine: R) -> Result<R, Loss> {
        Ok(mine)
    }

    fn merge_all<R: Record>(
        &mut self,
        sorted: Vec<R>,
        _order: fn(&R, &R) -> Ordering,
        take: &mut dyn FnMut(R),
    ) -> Result<(), Loss> {
        sorted.into_iter().for_each(take);
        Ok(())
    }
}

/// The exchange of a scan: every picture of the team is compared with every other.
pub(crate) struct AllOf<'a, T>(pub(crate) &'a mut T);

impl<T: Team> Exchange for AllOf<'_, T> {
    fn ask(&mut self, _rung: Rung, keys: &[Key]) -> Result<Vec<Standing>, Loss> {
        self.0.stand_all(keys)
    }

    fn union(&mut self, mine: Vec<Key>) -> Result<Vec<Key>, Loss> {
        let told = self.0.tell_all(mine.into_iter().map(|key| key.0).collect())?;
        Ok(told.into_iter().map(Key).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_spread_evenly_over_the_ranks_in_their_order() {
        let mut keys: Vec<Key> = (0..40_000_u32).map(|number| Key::of(&number.to_le_bytes())).collect();
        keys.sort_unstable();
        let owners: Vec<usize> = keys.iter().map(|key| owner_of(*key, 7)).collect();
        assert!(owners.is_sorted());
        let owned: Vec<usize> = (0..7).map(|rank| owners.iter().filter(|owner| **owner == rank).count()).collect();
        assert!(owned.iter().all(|count| (5400..6000).contains(count)), "{owned:?}");
        assert_eq!((owner_of(Key([255; 16]), 3), owner_of(Key([0; 16]), 3), owner_of(Key([255; 16]), 1)), (2, 0, 0));
        assert_eq!(halves(Key([1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3])), [0x0100_0000_0000_0002, 3]);
    }
}

//! What many threads have met, by parts of hashes.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

use pixtwin_pixel::Key;

/// How many keys of a kind are remembered; then those of a share are forgotten, which costs time alone.
const MOST_KEYS: usize = 1 << 18;

/// Keys are kept in shares, so that threads seldom wait for each other.
const SHARES: usize = 16;

/// Something for each hash, by its first eight bytes.
type ByHash<T> = HashMap<u64, T, BuildHasherDefault<AsIs>>;

/// Maps of hashes, one for each share of them.
pub(crate) struct Shares<T>([Mutex<ByHash<T>>; SHARES]);

impl<T> Default for Shares<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl<T> Shares<T> {
    /// The first eight bytes of a hash as a number, and the share it belongs to.
    pub(crate) fn of(&self, hash: &[u8]) -> (u64, MutexGuard<'_, ByHash<T>>) {
        let number = hash.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let [first, ..] = &self.0;
        let share = usize::try_from(number >> 60).ok().and_then(|at| self.0.get(at)).unwrap_or(first);
        (number, share.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Forgets what a share holds if one more would be too many.
pub(crate) fn make_room<T>(share: &mut ByHash<T>) {
    if share.len() >= MOST_KEYS / SHARES {
        share.clear();
    }
}

/// Keys that were met.
#[derive(Default)]
pub(crate) struct KeySet(Shares<()>);

impl KeySet {
    /// Whether a key was met before. It is from now on.
    pub(crate) fn meets(&self, key: Key) -> bool {
        let (number, mut share) = self.0.of(&key.0);
        if share.contains_key(&number) {
            return true;
        }
        make_room(&mut share);
        share.insert(number, ());
        false
    }
}

/// Takes a number that is a hash already.
#[derive(Default)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        // The table takes its place from the low bits, the share has the same high ones.
        self.0 = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded() {
        let keys = KeySet::default();
        for number in 0..2 * MOST_KEYS as u64 {
            keys.meets(Key::of(&number.to_le_bytes()));
        }
        let held: usize = keys.0.0.iter().map(|share| share.lock().unwrap().len()).sum();
        assert!(held <= MOST_KEYS && held > MOST_KEYS / 4, "{held}");
    }
}

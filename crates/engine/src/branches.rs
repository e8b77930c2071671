//! Where pictures part that have the same first rows: how far down each has to be decoded to know it from the others.
//!
//! The keys of ever more rows are a tree: pictures go the same way down from the root until their rows differ. A look
//! that is alone on its way can stop there. Only the work depends on that, never the result: whoever stopped too early,
//! for another came the same way later, is looked at again by the rung that needs the next key.

use pixtwin_pixel::Key;

use crate::key_set::KeySet;

/// Keys of first rows that were met on all threads.
#[derive(Default)]
pub(crate) struct Branches {
    met: KeySet,
    /// Keys below which another was met.
    gone_through: KeySet,
}

impl Branches {
    /// Whether a look that found `key`, and before it `above`, is to go on: another picture came this way, or nobody got
    /// below `above` so far and someone has to go first.
    pub(crate) fn goes_on(&self, above: Key, key: Key) -> bool {
        let is_first = !self.gone_through.meets(above);
        let is_met = self.met.meets(key);
        is_first || is_met
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_goes_on_and_others_as_long_as_they_are_on_a_known_way() {
        let branches = Branches::default();
        let [top, a, b, a2] = ["top", "a", "b", "a2"].map(|name| Key::of(name.as_bytes()));
        // The first of all, then one that parts from it at once.
        assert!(branches.goes_on(top, a) && branches.goes_on(a, a2));
        assert!(!branches.goes_on(top, b));
        // One that goes the way of the first, and one that finds the second where it stopped.
        assert!(branches.goes_on(top, a) && branches.goes_on(a, a2));
        assert!(branches.goes_on(top, b));
    }
}

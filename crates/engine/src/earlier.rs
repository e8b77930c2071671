//! What the first looks have met so far, on all threads: whether a dearer look is likely to be needed, while the file is
//! open anyway.
//!
//! Only the work depends on what is told here, never the result: every look that is left out is made up for on the
//! ladder, if it is needed there.

use std::sync::atomic::{AtomicUsize, Ordering};

use pixtwin_pixel::Key;

use crate::key_set::{KeySet, Shares, make_room};

/// How many pictures that are like no other so far are kept with all that is known of them, in some 200 bytes each.
const MOST_KEPT: usize = 1 << 16;

/// Keys and payloads that were met.
#[derive(Default)]
pub(crate) struct Earlier {
    sizes: KeySet,
    corners: KeySet,
    payloads: Shares<Holder>,
    kept: AtomicUsize,
}

/// The file by which a payload was met first.
struct Holder {
    bytes: u32,
    is_decoded: bool,
}

/// Whether a payload was met before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    /// Not yet.
    New,
    /// In a file that is equal, or one whose picture is known: nothing more need be learnt.
    Known,
    /// In another file, and nobody has decoded the picture whole; this is for the caller to do.
    InOtherFile,
}

impl Earlier {
    /// Whether this size was met before. It is from now on.
    pub(crate) fn meets_size(&self, size: Key) -> bool {
        self.sizes.meets(size)
    }

    /// Whether this first key was met before. It is from now on.
    pub(crate) fn meets_corner(&self, corner: Key) -> bool {
        self.corners.meets(corner)
    }

    /// Whether this payload was met before. It is from now on, in a file with these bytes.
    pub(crate) fn meet_payload(&self, payload: &[u8; 32], bytes: &[u8; 32]) -> Met {
        let [low, ..] = *bytes.as_chunks::<4>().0 else { return Met::New };
        let bytes = u32::from_le_bytes(low);
        let (number, mut payloads) = self.payloads.of(payload);
        match payloads.get_mut(&number) {
            Some(holder) if holder.is_decoded || holder.bytes == bytes => Met::Known,
            Some(holder) => {
                holder.is_decoded = true;
                Met::InOtherFile
            }
            None => {
                make_room(&mut payloads);
                payloads.insert(number, Holder { bytes, is_decoded: false });
                Met::New
            }
        }
    }
}

impl Earlier {
    /// Whether what is known of one more picture, of which nothing was met before, can be kept. A large library is of
    /// pictures that nobody else has, mostly: of these the first key is enough.
    pub(crate) fn has_room(&self) -> bool {
        self.kept.fetch_add(1, Ordering::Relaxed) < MOST_KEPT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_met_is_met_again() {
        let earlier = Earlier::default();
        let (a, b) = (Key::of(b"a"), Key::of(b"b"));
        assert_eq!([a, b, a, b].map(|key| earlier.meets_size(key)), [false, false, true, true]);
        assert_eq!([a, a].map(|key| earlier.meets_corner(key)), [false, true]);
    }

    #[test]
    fn a_payload_in_two_files_is_decoded_once() {
        let earlier = Earlier::default();
        let meet = |payload: u8, bytes: u8| earlier.meet_payload(&[payload; 32], &[bytes; 32]);
        assert_eq!((meet(1, 1), meet(1, 1), meet(2, 2)), (Met::New, Met::Known, Met::New));
        assert_eq!((meet(1, 3), meet(1, 4), meet(1, 1)), (Met::InOtherFile, Met::Known, Met::Known));
    }
}

//! Codes in the order of one slot.

use pixtwin_pixel::Code;

/// How many slots a code is cut into. Slot `k` is bits `16 k` to `16 k + 15` of the code.
pub(super) const SLOTS: u32 = 16;
/// How many values a slot has.
pub(super) const BUCKETS: usize = 1 << 16;

/// What the join reads of a code: the two slots that follow, and where the code is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Entry {
    pub(super) window: u32,
    pub(super) position: u32,
}

/// Codes in the order of the value of one slot: a list of positions with the two slots that follow, by buckets of equal
/// value. The memory is kept when it is used for another slot.
///
/// # Cost
/// 8 bytes a code, and 256 KiB. A sort passes twice over the codes.
#[derive(Debug, Default)]
pub struct Order {
    /// Where the bucket of each value begins; one more value than there are buckets.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

impl Order {
    /// Puts codes in the order of a slot, 0 to 15. Equal values stay in the order of the codes.
    pub(super) fn sort(&mut self, codes: &[Code], slot: u32) {
        self.starts.clear();
        self.starts.resize(BUCKETS + 2, 0);
        self.entries.resize(codes.len(), Entry::default());
        // Counted two places on: the place of the next code of a bucket is one place on, and when all are placed, that is
        // where the bucket after it begins.
        for code in codes {
            if let Some(count) = self.starts.get_mut(usize::from(value(code, slot)) + 2) {
                *count += 1;
            }
        }
        let mut before = 0;
        for start in &mut self.starts {
            before += *start;
            *start = before;
        }
        for (code, position) in codes.iter().zip(0..) {
            let Some(next) = self.starts.get_mut(usize::from(value(code, slot)) + 1) else { continue };
            if let Some(entry) = self.entries.get_mut(*next as usize) {
                *entry = Entry { window: window(code, slot), position };
            }
            *next += 1;
        }
    }

    /// The codes whose slot has this value.
    pub(super) fn bucket(&self, value: usize) -> &[Entry] {
        match self.starts.get(value..value + 2) {
            Some(&[from, to]) => self.entries.get(from as usize..to as usize).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// The value of a slot, 0 to 15.
pub(super) fn value(code: &Code, slot: u32) -> u16 {
    let [a, b, c, d] = code.0;
    let word = match slot / 4 {
        0 => a,
        1 => b,
        2 => c,
        _ => d,
    };
    #[allow(clippy::cast_possible_truncation, reason = "the lowest 16 bits are meant")]
    let value = (word >> (16 * (slot % 4))) as u16;
    value
}

/// The values of the two slots that follow a slot; the first follows the last.
pub(super) fn window(code: &Code, slot: u32) -> u32 {
    let after = |steps| u32::from(value(code, (slot + steps) % SLOTS));
    after(1) | after(2) << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_follow_each_other_in_a_ring() {
        let code = Code([0x3333_2222_1111_0000, 0x7777_6666_5555_4444, 0xbbbb_aaaa_9999_8888, 0xffff_eeee_dddd_cccc]);
        let all: Vec<_> = (0..SLOTS).map(|slot| value(&code, slot)).collect();
        assert_eq!(all, (0..16).map(|slot| 0x1111 * slot).collect::<Vec<u16>>());
        assert_eq!(window(&code, 2), 0x4444_3333);
        assert_eq!(window(&code, 14), 0x0000_ffff);
        assert_eq!(window(&code, 15), 0x1111_0000);
    }

    #[test]
    fn every_code_is_in_the_bucket_of_its_value() {
        let codes: Vec<_> = [0xffff, 0, 7, 0xffff, 7, 7].map(|value| Code([0, value << 32, 0, 0])).into();
        let mut order = Order::default();
        order.sort(&codes[..2], 0);
        order.sort(&codes, 6);
        let bucket = |value| order.bucket(value).iter().map(|entry| entry.position).collect::<Vec<_>>();
        assert_eq!([bucket(0), bucket(7), bucket(0xffff)], [vec![1], vec![2, 4, 5], vec![0, 3]]);
        assert_eq!(bucket(8), [0; 0]);
    }
}

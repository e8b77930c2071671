//! How near two pictures are, as a number that is kept with the pair: of several the smallest counts.

use pixtwin_matching::near::Label;

use crate::{near::view_name, report::Nearness, settings::Tier};

/// The bit of a meeting through a view.
const THROUGH_VIEW: u32 = 1 << 16;

/// The number of what is said of the picture with the smaller number, below 2^17. In the order of what is nearer, but that
/// of several turns of a pair the one counts that is smallest as said of the other.
pub(crate) fn note(nearness: Nearness) -> u32 {
    match nearness {
        Nearness::Turned { turn, back, by_coefficients } => {
            let turn_bits = |turn: u8| u32::from(turn.wrapping_sub(1) & 7);
            u32::from(by_coefficients) << 6 | turn_bits(back) << 3 | turn_bits(turn)
        }
        Nearness::Within(largest) => largest.into(),
        Nearness::Similar { distance, view, is_view_of_other, label } => {
            // Those of the pictures as they are come first, as in a join.
            let through_view = if view_name(view).is_some() { THROUGH_VIEW } else { 0 };
            let is_edited = u32::from(label == Label::Edited);
            through_view
                | u32::from(distance) << 8
                | u32::from(view & 63) << 2
                | u32::from(is_view_of_other) << 1
                | is_edited
        }
    }
}

/// What a number of this tier says; nothing of a tier without.
pub(crate) fn nearness(tier: Tier, note: u32) -> Option<Nearness> {
    let bits = |from: u32, count: u32| u8::try_from(note >> from & ((1 << count) - 1)).unwrap_or_default();
    match tier {
        Tier::Bytes | Tier::Pixels => None,
        Tier::Turned => {
            Some(Nearness::Turned { turn: bits(0, 3) + 1, back: bits(3, 3) + 1, by_coefficients: bits(6, 1) == 1 })
        }
        Tier::Within(_) => Some(Nearness::Within(u16::try_from(note).unwrap_or(u16::MAX))),
        Tier::Similar(_) => Some(Nearness::Similar {
            distance: bits(8, 8),
            view: bits(2, 6),
            is_view_of_other: bits(1, 1) == 1,
            label: if bits(0, 1) == 1 { Label::Edited } else { Label::ReEncoded },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Nearness {
        /// Which of several ways in which two pictures are near counts: the smallest.
        fn order(&self) -> (u16, u8, bool) {
            match *self {
                // Pixels prove more than coefficients.
                Self::Turned { turn, by_coefficients, .. } => (by_coefficients.into(), turn, false),
                Self::Within(largest) => (largest, 0, false),
                Self::Similar { distance, view, is_view_of_other, .. } => {
                    // Those of the pictures as they are come first, as in a join.
                    let through_view = if view_name(view).is_some() { 1 << 8 } else { 0 };
                    (through_view + u16::from(distance), view, is_view_of_other)
                }
            }
        }
    }

    fn all(tier: Tier) -> Vec<Nearness> {
        let flags = [false, true];
        match tier {
            Tier::Turned => {
                let turns = (1..=8).flat_map(|turn| (1..=8).map(move |back| (turn, back)));
                let of = |(turn, back)| flags.map(|by_coefficients| Nearness::Turned { turn, back, by_coefficients });
                turns.flat_map(of).collect()
            }
            Tier::Within(_) => [0, 1, 257, u16::MAX].map(Nearness::Within).into(),
            _ => {
                let views = (0..=255).flat_map(|distance| (0..64).map(move |view| (distance, view)));
                let labels = [Label::ReEncoded, Label::Edited];
                let of = |(distance, view)| {
                    let of =
                        move |(is_view_of_other, label)| Nearness::Similar { distance, view, is_view_of_other, label };
                    flags.into_iter().flat_map(move |flag| labels.map(|label| (flag, label))).map(of)
                };
                views.flat_map(of).collect()
            }
        }
    }

    #[test]
    fn a_note_says_all_and_is_ordered_as_what_it_says() {
        for tier in [Tier::Turned, Tier::Within(3), Tier::Similar(31)] {
            let mut all = all(tier);
            for one in &all {
                assert_eq!(nearness(tier, note(*one)), Some(*one));
            }
            all.sort_by_key(|one| note(*one));
            let said = |one: &Nearness| if tier == Tier::Turned { one.reversed().order() } else { one.order() };
            assert!(all.iter().map(said).is_sorted());
        }
    }
}

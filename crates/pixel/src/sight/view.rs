//! The ways in which a picture is looked at.

use crate::turn::Turn;

/// One way to look at a picture, which has a code of its own: the whole, without its border, a part of that, tilted, or
/// turned.
///
/// Numbered from 0: the [`View::CODES`] that a sight keeps, then the seven turned forms of [`View::TRIMMED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct View(u8);

/// What of the picture without its border a view shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shown {
    /// A part: how much is cut off on the left, top, right and bottom, as parts of its sides.
    Part([f32; 4]),
    /// All of it, turned by so many degrees anticlockwise about its centre, the corners black.
    Tilted(f32),
}

impl View {
    /// How many codes a sight keeps.
    pub const CODES: usize = 28;

    /// How many views there are: those of the kept codes, and the turned forms.
    pub const COUNT: usize = Self::CODES + Turn::ALL.len() - 1;

    /// The whole picture, with its border: the code that PDQ gives.
    pub const WHOLE: Self = Self(0);

    /// The picture without its border.
    pub const TRIMMED: Self = Self(1);

    /// The views that others' codes are compared with.
    pub const STORED: [Self; 2] = [Self::WHOLE, Self::TRIMMED];

    /// The views whose codes are looked for among the stored ones of others: all but the regions.
    pub const ASKING: [Self; 30] = [
        Self(0),
        Self(1),
        Self(2),
        Self(3),
        Self(4),
        Self(5),
        Self(6),
        Self(7),
        Self(8),
        Self(9),
        Self(10),
        Self(11),
        Self(12),
        Self(13),
        Self(14),
        Self(15),
        Self(16),
        Self(17),
        Self(18),
        Self(19),
        Self(20),
        Self(21),
        Self(22),
        Self(28),
        Self(29),
        Self(30),
        Self(31),
        Self(32),
        Self(33),
        Self(34),
    ];

    /// The views that are compared only with the same view of others.
    pub const REGIONS: [Self; 5] = [Self(23), Self(24), Self(25), Self(26), Self(27)];

    /// The views whose codes a sight keeps, in the order of their numbers: all but the turned forms.
    pub fn kept() -> impl Iterator<Item = Self> {
        (0..Self::COUNT as u8).take(Self::CODES).map(Self)
    }

    /// The view with that number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        if (number as usize) < Self::COUNT { Some(Self(number)) } else { None }
    }

    /// The number of the view, which is the place of its code in a sight if it is below [`View::CODES`].
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The turn, if the view is a turned form.
    #[must_use]
    pub fn turn(self) -> Option<Turn> {
        let turned = usize::from(self.0).checked_sub(Self::CODES)?;
        Turn::ALL.get(turned + 1).copied()
    }

    /// Whether the view is one of the [`View::REGIONS`].
    #[must_use]
    pub fn is_region(self) -> bool {
        Self::REGIONS.contains(&self)
    }

    /// In words, to follow "seen": `border trimmed`, `cut 4 % left`, `a quarter turn clockwise`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self, self.turn()) {
            (Self::WHOLE, _) => "whole",
            (Self::TRIMMED, _) => "border trimmed",
            (_, Some(turn)) => turn.describe(),
            _ => PARTS.get(usize::from(self.0) - 2).map_or("", |(name, _)| name),
        }
    }

    /// What it shows of the picture without its border; all for [`View::WHOLE`] and the turned forms.
    pub(super) fn shown(self) -> Shown {
        const ALL: Shown = Shown::Part([0.0; 4]);
        usize::from(self.0).checked_sub(2).and_then(|at| PARTS.get(at)).map_or(ALL, |(_, shown)| *shown)
    }

    /// How much of the picture without its border a view cuts off on the left, top, right and bottom, and by how many
    /// degrees it is tilted anticlockwise. Nothing for the turned forms, see [`View::turn`].
    #[must_use]
    pub fn cut_and_tilt(self) -> ([f32; 4], f32) {
        match self.shown() {
            Shown::Part(cut) => (cut, 0.0),
            Shown::Tilted(degrees) => ([0.0; 4], degrees),
        }
    }
}

/// The views beyond the first two, in the order of their numbers.
///
/// # Source
/// Chosen by measured recall on one half of the photos, see `docs/accuracy.md`.
const PARTS: [(&str, Shown); View::CODES - 2] = [
    ("inset 1.5 %", Shown::Part([0.015; 4])),
    ("inset 3.5 %", Shown::Part([0.035; 4])),
    ("inset 5.5 %", Shown::Part([0.055; 4])),
    ("inset 7.5 %", Shown::Part([0.075; 4])),
    ("inset 9.5 %", Shown::Part([0.095; 4])),
    ("cut 4 % left", Shown::Part([0.04, 0.0, 0.0, 0.0])),
    ("cut 8.5 % left", Shown::Part([0.085, 0.0, 0.0, 0.0])),
    ("cut 4 % top", Shown::Part([0.0, 0.04, 0.0, 0.0])),
    ("cut 8.5 % top", Shown::Part([0.0, 0.085, 0.0, 0.0])),
    ("cut 4 % right", Shown::Part([0.0, 0.0, 0.04, 0.0])),
    ("cut 8.5 % right", Shown::Part([0.0, 0.0, 0.085, 0.0])),
    ("cut 4 % bottom", Shown::Part([0.0, 0.0, 0.0, 0.04])),
    ("cut 8.5 % bottom", Shown::Part([0.0, 0.0, 0.0, 0.085])),
    ("turned 1.2 degrees left", Shown::Tilted(1.2)),
    ("turned 2.4 degrees left", Shown::Tilted(2.4)),
    ("turned 3.6 degrees left", Shown::Tilted(3.6)),
    ("turned 4.8 degrees left", Shown::Tilted(4.8)),
    ("turned 1.2 degrees right", Shown::Tilted(-1.2)),
    ("turned 2.4 degrees right", Shown::Tilted(-2.4)),
    ("turned 3.6 degrees right", Shown::Tilted(-3.6)),
    ("turned 4.8 degrees right", Shown::Tilted(-4.8)),
    ("top 60 %", Shown::Part([0.0, 0.0, 0.0, 0.4])),
    ("bottom 60 %", Shown::Part([0.0, 0.4, 0.0, 0.0])),
    ("left 60 %", Shown::Part([0.0, 0.0, 0.4, 0.0])),
    ("right 60 %", Shown::Part([0.4, 0.0, 0.0, 0.0])),
    ("centre 60 %", Shown::Part([0.2; 4])),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_view_has_a_name_of_its_own_and_asks_or_is_a_region() {
        let all: Vec<View> = (0..=u8::MAX).map_while(View::from_number).collect();
        assert_eq!(all.len(), View::COUNT);
        let names: BTreeSet<&str> = all.iter().map(|view| view.name()).collect();
        assert!(names.len() == View::COUNT && !names.contains(""));
        let used: BTreeSet<View> = View::ASKING.into_iter().chain(View::REGIONS).collect();
        assert_eq!(used, all.into_iter().collect());
        assert_eq!(View(28).turn(), Some(Turn::FlipHorizontal));
        assert_eq!(View(34).turn(), Some(Turn::Anticlockwise));
        assert!(View::REGIONS.iter().all(|region| region.is_region() && region.name().ends_with("60 %")));
    }
}

//! The eight ways to turn and flip a picture.

/// A quarter turn or flip, numbered as EXIF orientations are: what a viewer does to the stored picture to show it.
///
/// # Source
/// EXIF 2.32, tag 0x0112.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Turn {
    /// 1: shown as stored.
    #[default]
    None,
    /// 2: left and right change sides.
    FlipHorizontal,
    /// 3: half a turn.
    Half,
    /// 4: top and bottom change sides.
    FlipVertical,
    /// 5: rows become columns.
    Transpose,
    /// 6: a quarter turn clockwise.
    Clockwise,
    /// 7: rows become columns, from the other corner.
    Transverse,
    /// 8: a quarter turn anticlockwise.
    Anticlockwise,
}

impl Turn {
    /// All eight, in the order of their EXIF numbers.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::FlipHorizontal,
        Self::Half,
        Self::FlipVertical,
        Self::Transpose,
        Self::Clockwise,
        Self::Transverse,
        Self::Anticlockwise,
    ];

    /// The turn with that EXIF number, 1 to 8.
    ///
    /// ```
    /// use pixtwin_pixel::Turn;
    /// assert_eq!(Turn::from_exif(6), Some(Turn::Clockwise));
    /// assert_eq!(Turn::from_exif(0), None);
    /// ```
    #[must_use]
    pub fn from_exif(number: u32) -> Option<Self> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        Self::ALL.get(index).copied()
    }

    /// The EXIF number, 1 to 8.
    #[must_use]
    pub const fn exif(self) -> u8 {
        self as u8 + 1
    }

    /// In words, to follow "equal after": `a quarter turn clockwise`.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::None => "no turn",
            Self::FlipHorizontal => "a flip left to right",
            Self::Half => "half a turn",
            Self::FlipVertical => "a flip top to bottom",
            Self::Transpose => "a flip along the falling diagonal",
            Self::Clockwise => "a quarter turn clockwise",
            Self::Transverse => "a flip along the rising diagonal",
            Self::Anticlockwise => "a quarter turn anticlockwise",
        }
    }

    /// Whether width and height change places.
    #[must_use]
    pub const fn swaps_sides(self) -> bool {
        matches!(self, Self::Transpose | Self::Clockwise | Self::Transverse | Self::Anticlockwise)
    }

    /// This turn and then the next one, as one turn.
    ///
    /// ```
    /// use pixtwin_pixel::Turn;
    /// assert_eq!(Turn::Clockwise.then(Turn::Clockwise), Turn::Half);
    /// assert_eq!(Turn::Transpose.then(Turn::FlipHorizontal), Turn::Clockwise);
    /// ```
    #[must_use]
    pub const fn then(self, next: Self) -> Self {
        let ((swap, x, y), (swap_next, x_next, y_next)) = (self.parts(), next.parts());
        // A flip before a transposition is the flip of the other axis after it.
        let (x, y) = if swap_next { (y, x) } else { (x, y) };
        Self::of_parts(swap != swap_next, x != x_next, y != y_next)
    }

    /// The turn that takes this one back.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self {
            Self::Clockwise => Self::Anticlockwise,
            Self::Anticlockwise => Self::Clockwise,
            other => other,
        }
    }

    /// Of what it is made: whether it transposes, then whether it changes left and right, then top and bottom.
    #[must_use]
    pub const fn parts(self) -> (bool, bool, bool) {
        match self {
            Self::None => (false, false, false),
            Self::FlipHorizontal => (false, true, false),
            Self::Half => (false, true, true),
            Self::FlipVertical => (false, false, true),
            Self::Transpose => (true, false, false),
            Self::Clockwise => (true, true, false),
            Self::Transverse => (true, true, true),
            Self::Anticlockwise => (true, false, true),
        }
    }

    const fn of_parts(swap: bool, x: bool, y: bool) -> Self {
        match (swap, x, y) {
            (false, false, false) => Self::None,
            (false, true, false) => Self::FlipHorizontal,
            (false, true, true) => Self::Half,
            (false, false, true) => Self::FlipVertical,
            (true, false, false) => Self::Transpose,
            (true, true, false) => Self::Clockwise,
            (true, true, true) => Self::Transverse,
            (true, false, true) => Self::Anticlockwise,
        }
    }

    /// The size of a picture after the turn.
    #[must_use]
    pub const fn size(self, (width, height): (u32, u32)) -> (u32, u32) {
        if self.swaps_sides() { (height, width) } else { (width, height) }
    }

    /// Where the pixel at `(x, y)` of the turned picture lies in the stored one of `width` by `height` pixels.
    #[must_use]
    pub const fn stored(self, (x, y): (u32, u32), (width, height): (u32, u32)) -> (u32, u32) {
        let (right, bottom) = (width.saturating_sub(1), height.saturating_sub(1));
        match self {
            Self::None => (x, y),
            Self::FlipHorizontal => (right.saturating_sub(x), y),
            Self::Half => (right.saturating_sub(x), bottom.saturating_sub(y)),
            Self::FlipVertical => (x, bottom.saturating_sub(y)),
            Self::Transpose => (y, x),
            Self::Clockwise => (y, bottom.saturating_sub(x)),
            Self::Transverse => (right.saturating_sub(y), bottom.saturating_sub(x)),
            Self::Anticlockwise => (right.saturating_sub(y), x),
        }
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "pictures of tests are small")]
mod tests {
    use super::*;

    /// Every pixel of a picture that no turn leaves as it is, by where it was.
    fn places(turn: Turn, stored: &[Vec<u32>]) -> Vec<Vec<u32>> {
        let size = (stored[0].len() as u32, stored.len() as u32);
        let (width, height) = turn.size(size);
        let place = |x, y| {
            let (x, y) = turn.stored((x, y), size);
            stored[y as usize][x as usize]
        };
        (0..height).map(|y| (0..width).map(|x| place(x, y)).collect()).collect()
    }

    #[test]
    fn all_products_are_what_two_turns_do() {
        let stored = vec![vec![0, 1, 2], vec![3, 4, 5]];
        for first in Turn::ALL {
            for next in Turn::ALL {
                let twice = places(next, &places(first, &stored));
                assert_eq!(places(first.then(next), &stored), twice, "{first:?} then {next:?}");
            }
            assert_eq!(places(first.inverse(), &places(first, &stored)), stored);
        }
    }

    /// The letters `ab` over `cd` over `ef`, turned: checked by hand against the pictures in the EXIF standard.
    #[test]
    fn every_turn_of_a_small_picture() {
        let stored = ["ab", "cd", "ef"];
        let shown: Vec<String> = Turn::ALL
            .iter()
            .map(|turn| {
                let (width, height) = if turn.swaps_sides() { (3, 2) } else { (2, 3) };
                let row = |y: u32| -> String {
                    let letter = |x: u32| {
                        let (sx, sy) = turn.stored((x, y), (2, 3));
                        stored[sy as usize].as_bytes()[sx as usize] as char
                    };
                    (0..width).map(letter).collect()
                };
                (0..height).map(row).collect::<Vec<_>>().join("/")
            })
            .collect();
        assert_eq!(shown, ["ab/cd/ef", "ba/dc/fe", "fe/dc/ba", "ef/cd/ab", "ace/bdf", "eca/fdb", "fdb/eca", "bdf/ace"]);
    }
}

//! Where in a picture its border ends.

use super::reduce::Copy;

/// How far a sample of the border may be from the border's colour, of 255.
///
/// # Source
/// Chosen on photos with borders stored as JPEG, as is [`SHARE`].
const TOLERANCE: u8 = 12;

/// The share of a line's pixels that must have the border's colour, in thousandths.
const SHARE: usize = 985;

/// The part of a side that may be cut off, in hundredths.
const MOST_CUT: usize = 45;

/// The part of a side that must be left, in hundredths; if less is, nothing is cut.
const LEAST_LEFT: usize = 20;

/// How often all four sides are cut: the second time gets through a title bar and then the margin of a screenshot.
const ROUNDS: usize = 2;

/// The picture without its border, in pixels of the small copy: half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inside {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) right: usize,
    pub(super) bottom: usize,
}

impl Inside {
    pub(super) const fn all(copy: &Copy) -> Self {
        Self { left: 0, top: 0, right: copy.width, bottom: copy.height }
    }
}

/// The picture without a border of one colour on any of its sides.
///
/// # Cost
/// Reads the border and one line beyond it.
pub(super) fn inside(copy: &Copy) -> Inside {
    let mut inside = Inside::all(copy);
    let (most_x, most_y) = (copy.width * MOST_CUT / 100, copy.height * MOST_CUT / 100);
    for _ in 0..ROUNDS {
        let colour = first_of_row(copy, inside, inside.top);
        while inside.top < most_y && is_row(copy, inside, inside.top, colour) {
            inside.top += 1;
        }
        let colour = first_of_row(copy, inside, inside.bottom - 1);
        while inside.bottom > copy.height - most_y && is_row(copy, inside, inside.bottom - 1, colour) {
            inside.bottom -= 1;
        }
        let colour = first_of_column(copy, inside, inside.left);
        while inside.left < most_x && is_column(copy, inside, inside.left, colour) {
            inside.left += 1;
        }
        let colour = first_of_column(copy, inside, inside.right - 1);
        while inside.right > copy.width - most_x && is_column(copy, inside, inside.right - 1, colour) {
            inside.right -= 1;
        }
    }
    let is_enough = (inside.right - inside.left) * 100 >= copy.width * LEAST_LEFT
        && (inside.bottom - inside.top) * 100 >= copy.height * LEAST_LEFT;
    if is_enough { inside } else { Inside::all(copy) }
}

fn row(copy: &Copy, inside: Inside, y: usize) -> impl Iterator<Item = &[u8; 4]> {
    copy.row(y, inside.left, inside.right).iter()
}

fn column(copy: &Copy, inside: Inside, x: usize) -> impl Iterator<Item = &[u8; 4]> {
    let pixels = copy.pixels.get(inside.top * copy.width + x..).unwrap_or_default();
    pixels.iter().step_by(copy.width).take(inside.bottom - inside.top)
}

fn first_of_row(copy: &Copy, inside: Inside, y: usize) -> [u8; 4] {
    row(copy, inside, y).next().copied().unwrap_or_default()
}

fn first_of_column(copy: &Copy, inside: Inside, x: usize) -> [u8; 4] {
    column(copy, inside, x).next().copied().unwrap_or_default()
}

fn is_row(copy: &Copy, inside: Inside, y: usize, colour: [u8; 4]) -> bool {
    is_border(row(copy, inside, y), inside.right - inside.left, colour)
}

fn is_column(copy: &Copy, inside: Inside, x: usize, colour: [u8; 4]) -> bool {
    is_border(column(copy, inside, x), inside.bottom - inside.top, colour)
}

/// Whether enough of `count` pixels have the colour; stops as soon as too many have not.
fn is_border<'a>(pixels: impl Iterator<Item = &'a [u8; 4]>, count: usize, colour: [u8; 4]) -> bool {
    let most_others = count - (count * SHARE).div_ceil(1000);
    let is_other = |pixel: &&[u8; 4]| pixel.iter().zip(colour).any(|(a, b)| a.abs_diff(b) > TOLERANCE);
    pixels.filter(is_other).take(most_others + 1).count() <= most_others
}

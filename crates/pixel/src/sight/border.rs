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

/// How often all four sides are cut at most: what is left of them after a title bar may be the margin of a screenshot.
const MOST_ROUNDS: usize = 4;

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

/// The picture without a border of one colour on any of its sides. Of a turned picture it is the same, turned.
///
/// # Cost
/// Reads the border and one line beyond it.
pub(super) fn inside(copy: &Copy) -> Inside {
    let mut inside = Inside::all(copy);
    for _ in 0..MOST_ROUNDS {
        let less = cut(copy, inside);
        if less == inside {
            break;
        }
        inside = less;
    }
    let is_enough = (inside.right - inside.left) * 100 >= copy.width * LEAST_LEFT
        && (inside.bottom - inside.top) * 100 >= copy.height * LEAST_LEFT;
    if is_enough { inside } else { Inside::all(copy) }
}

/// Cuts all four sides, each as far as the picture was before.
fn cut(copy: &Copy, inside: Inside) -> Inside {
    let Inside { left, top, right, bottom } = inside;
    let (most_x, most_y) = (copy.width * MOST_CUT / 100, copy.height * MOST_CUT / 100);
    let row = |y: usize| copy.row(y, left, right).iter();
    let column = |x: usize| {
        let pixels = copy.pixels.get(top * copy.width + x..).unwrap_or_default();
        pixels.iter().step_by(copy.width).take(bottom - top)
    };
    Inside {
        left: left + border(left..most_x, column, bottom - top),
        top: top + border(top..most_y, row, right - left),
        right: right - border((copy.width - most_x..right).rev(), column, bottom - top),
        bottom: bottom - border((copy.height - most_y..bottom).rev(), row, right - left),
    }
}

/// How many of these lines, from the first on, have the colour of one end of the first: of that which more have.
fn border<'a, Pixels: DoubleEndedIterator<Item = &'a [u8; 4]>>(
    mut lines: impl Iterator<Item = usize> + Clone,
    line: impl Fn(usize) -> Pixels,
    count: usize,
) -> usize {
    let all = lines.clone();
    let Some(first) = lines.next() else { return 0 };
    let (start, end) = (line(first).next(), line(first).next_back());
    let depth = |colour: &[u8; 4]| all.clone().take_while(|at| is_border(line(*at), count, *colour)).count();
    let of_start = start.map_or(0, depth);
    end.filter(|end| Some(*end) != start).map_or(of_start, |end| of_start.max(depth(end)))
}

/// Whether enough of `count` pixels have the colour; stops as soon as too many have not.
fn is_border<'a>(pixels: impl Iterator<Item = &'a [u8; 4]>, count: usize, colour: [u8; 4]) -> bool {
    let most_others = count - (count * SHARE).div_ceil(1000);
    let is_other = |pixel: &&[u8; 4]| pixel.iter().zip(colour).any(|(a, b)| a.abs_diff(b) > TOLERANCE);
    pixels.filter(is_other).take(most_others + 1).count() <= most_others
}

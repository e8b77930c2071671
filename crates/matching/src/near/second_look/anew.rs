//! Whether a picture was only stored anew: scaled or compressed.

use pixtwin_pixel::{Sight, View};

use super::agree::{distance, mean_distance};

/// The largest difference of a block's brightness in two encodings of one picture, of 255.
///
/// # Source
/// All limits of this module: measured together on 440 photos and 97 edits of each, "RE-ENCODED" in `docs/accuracy.md`. A
/// line of text changes some block by 7 (19 of 20 photos), a watermark by 8, scaling and compression by 2 (9 of 10).
const MOST_LUMA: u8 = 2;

/// The largest difference of a block's colour: a mark of red of a tenth of the height changes 5 (19 of 20 photos).
const MOST_CHROMA: u8 = 1;

/// The largest distance of two codes of one view.
const MOST_APART: u32 = 31;

/// The largest mean distance of the codes of all views but the whole.
const MOST_MEAN: f32 = 8.0;

/// The largest share of the distance to the next inset that the distance of equal insets may be: of a picture cut by 1 % on
/// each side it is a half, by 0.5 % a fourth, of scaled and compressed ones a seventh.
const MOST_ZOOM: f32 = 0.2;

/// What a block's brightness changes on average where some change by [`MOST_LUMA`], at least: text changes a few blocks and
/// leaves the others as they were (0.05 to 0.12), scaling and compression change all (0.25 and more).
const LEAST_EVEN: f32 = 0.2;

/// The largest mean distance of the codes where no block's brightness changes, and by how much more for each 1 of 255 that
/// they change on average: text changes codes more.
const MOST_UNSEEN: (f32, f32) = (1.0, 20.0);

/// By how much the logarithms of two ratios of sides may differ: one in a hundred.
const MOST_RATIO: u16 = 15;

/// By how many parts of 255 two borders may differ.
const MOST_INSIDE: u8 = 1;

/// How many views are insets one within the other, from [`View::TRIMMED`] on.
const INSETS: u8 = 6;

/// Whether all that is known of two pictures is what is left alike by scaling and compressing.
pub(super) fn is_only_stored_anew(one: &Sight, two: &Sight) -> bool {
    let (a, b) = (&one.signature, &two.signature);
    let differs = |a: &[u8], b: &[u8], most: u8| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > most);
    one.code(View::WHOLE).is_some()
        && two.code(View::WHOLE).is_some()
        && a.ratio.abs_diff(b.ratio) <= MOST_RATIO
        && !differs(&a.inside, &b.inside, MOST_INSIDE)
        && !differs(a.luma.as_flattened(), b.luma.as_flattened(), MOST_LUMA)
        && !differs(a.chroma.as_flattened().as_flattened(), b.chroma.as_flattened().as_flattened(), MOST_CHROMA)
        && View::kept().all(|view| distance(one, two, view).is_none_or(|distance| distance <= MOST_APART))
        && mean_distance(one, two).is_none_or(|mean| mean <= MOST_MEAN && is_even(one, two, mean))
        && is_of_one_size(one, two)
}

/// Whether what changed did so all over the picture, as by scaling and compression, and not in some place of it.
fn is_even(one: &Sight, two: &Sight, mean_distance: f32) -> bool {
    let (one, two) = (one.signature.luma.as_flattened(), two.signature.luma.as_flattened());
    let changes = || one.iter().zip(two).map(|(one, two)| one.abs_diff(*two));
    let mean = changes().map(f32::from).sum::<f32>() / one.len() as f32;
    let (least, more) = MOST_UNSEEN;
    mean_distance <= least + more * mean && (mean >= LEAST_EVEN || changes().all(|change| change < MOST_LUMA))
}

/// Whether the insets of one are nearer to the same of the other than to the next larger or smaller: both show the picture
/// to the same edge.
fn is_of_one_size(one: &Sight, two: &Sight) -> bool {
    let between = |a: u8, b: u8| {
        let code = |sight: &Sight, view: u8| sight.codes.get(usize::from(view)).copied().unwrap_or_default();
        code(one, a).distance(code(two, b)) as f32
    };
    let same = (1..=INSETS).map(|view| between(view, view)).sum::<f32>() / f32::from(INSETS);
    let steps = f32::from(INSETS - 1);
    let smaller = (1..INSETS).map(|view| between(view + 1, view)).sum::<f32>() / steps;
    let larger = (1..INSETS).map(|view| between(view, view + 1)).sum::<f32>() / steps;
    same <= MOST_ZOOM * smaller.min(larger).max(1.0)
}

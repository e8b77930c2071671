//! A second look at two pictures whose codes are near: are they one picture, and was it only stored anew?

use pixtwin_pixel::{Sight, View};

mod alike;

mod place;

use alike::Comparison;

/// Through which views two pictures met, and how near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// The view of the first picture: one of [`View::ASKING`] or [`View::REGIONS`].
    pub asking: View,
    /// The view of the second picture: one of [`View::STORED`], or the same region.
    pub stored: View,
    /// In how many bits their codes differ.
    pub distance: u32,
}

/// What a pair near each other is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// One picture, of which at least one was only scaled or compressed: may be selected in bulk.
    ReEncoded,
    /// One picture that was edited: a person looks.
    Edited,
}

/// The label of a pair that met, or nothing if they are two pictures.
///
/// # Cost
/// Some hundred additions and multiplications.
#[must_use]
pub fn second_look(asker: &Sight, other: &Sight, meeting: Meeting) -> Option<Label> {
    if is_only_stored_anew(asker, other) {
        return Some(Label::ReEncoded);
    }
    Comparison::new(asker, other, meeting)
        .is_one_picture(asker.quality.min(other.quality), meeting)
        .then_some(Label::Edited)
}

/// The largest difference of a block's brightness or colour in two encodings of one picture.
const MOST_BLOCK: u8 = 6;

/// The largest distance of any two codes of one view in two encodings of one picture.
const MOST_DISTANCE: u32 = 31;

/// By how much the logarithms of two ratios of sides may differ: one in a hundred.
const MOST_RATIO: u16 = 15;

/// By how many parts of 255 two borders may differ: one pixel of the small copies each.
const MOST_INSIDE: u8 = 2;

fn is_only_stored_anew(one: &Sight, two: &Sight) -> bool {
    let (a, b) = (&one.signature, &two.signature);
    let differs = |a: &[u8], b: &[u8], most: u8| a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > most);
    let are_codes_near = View::ASKING
        .into_iter()
        .chain(View::REGIONS)
        .all(|view| one.code(view).zip(two.code(view)).is_none_or(|(one, two)| one.distance(two) <= MOST_DISTANCE));
    one.code(View::WHOLE).is_some()
        && two.code(View::WHOLE).is_some()
        && a.ratio.abs_diff(b.ratio) <= MOST_RATIO
        && !differs(&a.inside, &b.inside, MOST_INSIDE)
        && !differs(a.luma.as_flattened(), b.luma.as_flattened(), MOST_BLOCK)
        && !differs(a.chroma.as_flattened().as_flattened(), b.chroma.as_flattened().as_flattened(), MOST_BLOCK)
        && are_codes_near
}

//! A second look at two pictures whose codes are near: are they one picture, and was it only stored anew?

use pixtwin_pixel::{Sight, View};

mod alike;

mod place;

use alike::{Comparison, others};

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
    let is_one = if meeting.asking.is_region() {
        // A region says nothing of the rest of the pictures: text or a logo may cover some of it, not most.
        let whole = Meeting { asking: View::TRIMMED, stored: View::TRIMMED, ..meeting };
        let region = Comparison::new(asker, other, meeting);
        meeting.distance <= MOST_REGION
            && region.has_shapes()
            && region.is_one_picture()
            && others(asker, other, whole, region.fit()) <= MOST_OTHERS
    } else {
        Comparison::new(asker, other, meeting).is_one_picture()
    };
    is_one.then_some(Label::Edited)
}

/// The largest distance of two regions.
///
/// # Source
/// Of the edits of photos that met through a region, 99.6 of 100 have no more; of other drawings, 69 of 100.
const MOST_REGION: u32 = 24;

/// How many of 64 blocks may be of another brightness in pictures of which one region is the same: three lines of text of
/// 8 % of the height reach into 24.
const MOST_OTHERS: usize = 24;

/// The largest difference of a block's brightness or colour in two encodings of one picture.
///
/// # Source
/// This, [`MOST_DISTANCE`] and [`MOST_INSIDE`] together are met by few edits and by most encodings, see "Views and the
/// second look" in `docs/accuracy.md`.
const MOST_BLOCK: u8 = 2;

/// The largest distance of any two codes of one view, but for the whole, in two encodings of one picture.
const MOST_DISTANCE: u32 = 8;

/// By how much the logarithms of two ratios of sides may differ: one in a hundred.
const MOST_RATIO: u16 = 15;

/// By how many parts of 255 two borders may differ.
const MOST_INSIDE: u8 = 1;

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

#[cfg(test)]
mod tests {
    use pixtwin_pixel::{Channels, Delay, Frame, Row, RowSink, SightSink};

    use super::*;

    #[allow(clippy::cast_possible_truncation, reason = "255 at most")]
    /// A picture of some waves, its colours mixed as told.
    fn sight(mix: [f32; 3], phase: f32) -> Sight {
        let mut sink = SightSink::default();
        let _ = sink.picture(1);
        let _ = sink.frame(Frame { width: 96, height: 64, delay: Delay::NONE });
        for y in 0..64 {
            let pixel = |x: usize| {
                let (x, y) = (x as f32 / 96.0, y as f32 / 64.0);
                let wave =
                    ((x * 7.0 + phase).sin() * 2.0 + (y * 17.0 + x * x * 9.0).cos() + (x * y * 40.0).sin()) / 4.0;
                mix.map(|part| (255.0 * part * (0.5 + 0.45 * wave)) as u8)
            };
            let row: Vec<u8> = (0..96).flat_map(pixel).collect();
            let _ = sink.row(Row::eight(Channels::Rgb, &row));
        }
        sink.finish().unwrap()
    }

    const PLAIN: Meeting = Meeting { asking: View::TRIMMED, stored: View::TRIMMED, distance: 0 };

    #[test]
    fn a_picture_is_its_own_encoding_its_grey_form_is_edited_and_its_recoloured_form_another() {
        // Red and green with the same brightness: their codes are equal.
        let red = sight([1.0, 0.1, 0.1], 0.0);
        let green = sight([0.1, 0.559, 0.1], 0.0);
        let grey = sight([0.369, 0.369, 0.369], 0.0);
        let white = sight([1.0; 3], 0.0);
        assert_eq!(second_look(&white, &white, PLAIN), Some(Label::ReEncoded));
        assert_eq!(second_look(&red, &grey, PLAIN), Some(Label::Edited));
        assert_eq!(second_look(&grey, &red, PLAIN), Some(Label::Edited));
        assert_eq!(second_look(&red, &green, PLAIN), None);
    }

    #[test]
    fn pictures_of_other_brightness_are_refused() {
        let (one, two) = (sight([1.0; 3], 0.0), sight([1.0; 3], 3.0));
        assert_eq!(second_look(&one, &two, PLAIN), None);
        let region = Meeting { asking: View::REGIONS[0], stored: View::REGIONS[0], distance: 0 };
        assert_eq!(second_look(&one, &two, region), None);
    }
}

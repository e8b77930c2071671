//! A second look at two pictures whose codes are near: are they one picture, and was it only stored anew?

use pixtwin_pixel::{Sight, View};

mod agree;

mod alike;

mod anew;

mod place;

use agree::{mean_distance, nearest};
use alike::Comparison;
use anew::is_only_stored_anew;

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
/// Wherever they met, they are one picture too if the wholes or one region are alike: the nearest meeting is not always the
/// one that shows it.
///
/// # Cost
/// Some thousand additions and multiplications.
#[must_use]
pub fn second_look(asker: &Sight, other: &Sight, meeting: Meeting) -> Option<Label> {
    if is_only_stored_anew(asker, other) {
        return Some(Label::ReEncoded);
    }
    let is_one = if meeting.asking.turn().is_some() {
        is_turned_alike(asker, other, meeting)
    } else {
        let is_of_view = !meeting.asking.is_region() && !View::STORED.contains(&meeting.asking);
        (is_of_view && is_part_alike(asker, other, meeting))
            || is_whole_alike(asker, other, meeting)
            || is_region_alike(asker, other)
    };
    is_one.then_some(Label::Edited)
}

/// What remains of brightness may be this share of the deviation for each bit that the distance is below
/// [`MOST_WHOLE`]: a picture of other brightness or contrast is near in both.
///
/// # Source
/// This and all limits below: measured on the edits of 440 photos and all pairs of 6,885 drawings, "The second look" in
/// `docs/accuracy.md`.
const BITS_OF_REST: f32 = 15.0;

/// The largest distance of two wholes that are equal but for brightness.
const MOST_WHOLE: f32 = 22.0;

/// The least standard deviation of the brightness of blocks, of 255: rings of fine lines have 2 to 3, some up to 7.
const LEAST_SPREAD: f32 = 3.5;

/// The same, of wholes further apart than [`MOST_FAINT`].
const LEAST_FAR_SPREAD: f32 = 8.0;

/// The largest distance of two faint wholes: of rings of fine lines most have more.
const MOST_FAINT: u32 = 8;

fn is_whole_alike(asker: &Sight, other: &Sight, meeting: Meeting) -> bool {
    let whole = if View::STORED.contains(&meeting.asking) {
        Some(meeting)
    } else {
        nearest(asker, other, View::STORED).map(|(view, distance)| Meeting { asking: view, stored: view, distance })
    };
    whole.is_some_and(|whole| {
        let found = Comparison::new(asker, other, whole);
        let least = if whole.distance <= MOST_FAINT { LEAST_SPREAD } else { LEAST_FAR_SPREAD };
        whole.distance as f32 + BITS_OF_REST * found.rest_of_luma() <= MOST_WHOLE
            && found.spread() >= least
            && found.correlation() >= 0.8
            && found.rest_of_colour() <= MOST_COLOUR
    })
}

/// The largest root mean square of the colour differences that are left after the best factor, of 255.
const MOST_COLOUR: f32 = 6.0;

/// A view shows a part, or it is tilted: its edges are not quite those of the other, so its brightness may differ more.
fn is_part_alike(asker: &Sight, other: &Sight, meeting: Meeting) -> bool {
    let found = Comparison::new(asker, other, meeting);
    found.spread() >= LEAST_SPREAD && found.correlation() >= 0.8 && found.rest_of_colour() <= MOST_COLOUR
}

/// A turn changes no picture: what fits must fit well.
fn is_turned_alike(asker: &Sight, other: &Sight, meeting: Meeting) -> bool {
    let found = Comparison::new(asker, other, meeting);
    found.spread() >= LEAST_SPREAD && found.correlation() >= 0.97 && found.rest_of_colour() <= MOST_COLOUR / 2.0
}

/// The largest sum of the mean distance of all views and twice that of the nearest region.
const MOST_AROUND: f32 = 70.0;

/// The largest distance of two regions.
const MOST_REGION: u32 = 24;

/// The least standard deviation of the brightness of a region's blocks: stars of many points have 12 to 16.
const LEAST_REGION_SPREAD: f32 = 16.0;

/// The most that may remain of the brightness of a region, as a share of its deviation.
const MOST_REGION_REST: f32 = 0.2;

/// A region says nothing of the rest of the pictures: text or a logo may cover some of it, so that the codes of all views
/// are still near on the whole.
fn is_region_alike(asker: &Sight, other: &Sight) -> bool {
    let Some((region, distance)) = nearest(asker, other, View::REGIONS) else { return false };
    let found = Comparison::new(asker, other, Meeting { asking: region, stored: region, distance });
    distance <= MOST_REGION
        && mean_distance(asker, other).is_some_and(|mean| mean + 2.0 * distance as f32 <= MOST_AROUND)
        && found.rest_of_luma() <= MOST_REGION_REST
        && found.spread() >= LEAST_REGION_SPREAD
        && found.rest_of_colour() <= MOST_COLOUR
}

#[cfg(test)]
mod tests {
    use pixtwin_pixel::{Channels, Delay, Frame, Row, RowSink, SightSink};

    use super::*;

    /// A picture of so many pixels whose colours are told for each point, 0 to 1 from the left and from the top.
    #[allow(clippy::cast_possible_truncation, reason = "255 at most")]
    fn drawn(width: u32, height: u32, colour: impl Fn(f32, f32) -> [f32; 3]) -> Sight {
        let mut sink = SightSink::default();
        let _ = sink.picture(1);
        let _ = sink.frame(Frame { width, height, delay: Delay::NONE });
        for y in 0..height {
            let pixel = |x: u32| {
                let at = |along: u32, side: u32| (along as f32 + 0.5) / side as f32;
                colour(at(x, width), at(y, height)).map(|part| (255.0 * part) as u8)
            };
            let row: Vec<u8> = (0..width).flat_map(pixel).collect();
            let _ = sink.row(Row::eight(Channels::Rgb, &row));
        }
        sink.finish().unwrap()
    }

    fn waves(x: f32, y: f32, phase: f32) -> f32 {
        let wave = ((x * 7.0 + phase).sin() * 2.0 + (y * 17.0 + x * x * 9.0).cos() + (x * y * 40.0).sin()) / 4.0;
        0.5 + 0.45 * wave
    }

    /// A picture of some waves, its colours mixed as told.
    fn sight(mix: [f32; 3], phase: f32) -> Sight {
        drawn(96, 64, |x, y| mix.map(|part| part * waves(x, y, phase)))
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

    #[test]
    fn a_scaled_picture_was_stored_anew_but_not_one_with_a_mark_or_a_narrow_cut() {
        let grey = |x: f32, y: f32| [waves(x, y, 0.0); 3];
        let whole = drawn(240, 160, grey);
        let scaled = drawn(180, 120, grey);
        assert_eq!(second_look(&whole, &scaled, PLAIN), Some(Label::ReEncoded));
        let marked = drawn(240, 160, |x, y| if x > 0.9 && y > 0.9 { [0.9, 0.1, 0.1] } else { grey(x, y) });
        assert_eq!(second_look(&whole, &marked, PLAIN), Some(Label::Edited));
        let cut = drawn(240, 160, |x, y| grey(0.01 + x * 0.98, 0.01 + y * 0.98));
        assert_eq!(second_look(&whole, &cut, PLAIN), Some(Label::Edited));
    }

    #[test]
    fn a_far_whole_of_other_contrast_is_refused_and_a_near_one_kept() {
        let (one, two) = (sight([1.0; 3], 0.0), sight([0.7; 3], 0.0));
        let looked = |distance| second_look(&one, &two, Meeting { distance, ..PLAIN });
        // The regions are equal: it is one picture even where the wholes are far. Without them it is not.
        assert_eq!(looked(31), Some(Label::Edited));
        let [one, two] = [one, two].map(|sight| Sight { usable: 0b11, ..sight });
        let looked = |distance| second_look(&one, &two, Meeting { distance, ..PLAIN });
        assert_eq!((looked(20), looked(31)), (Some(Label::Edited), None));
    }

    #[test]
    fn a_turned_picture_is_kept_and_one_of_fine_lines_refused() {
        let grey = |x: f32, y: f32| [waves(x, y, 0.0); 3];
        let (one, two) = (drawn(96, 64, grey), drawn(96, 64, |x, y| grey(1.0 - x, y)));
        let asking = View::ASKING.into_iter().find(|view| view.turn().is_some()).unwrap();
        let flipped = Meeting { asking, stored: View::TRIMMED, distance: 4 };
        assert_eq!(second_look(&one, &two, flipped), Some(Label::Edited));
        let faint = |x: f32, y: f32| [0.9 + 0.02 * waves(x, y, 0.0); 3];
        let (one, two) = (drawn(96, 64, faint), drawn(96, 64, |x, y| faint(1.0 - x, y)));
        assert_eq!(second_look(&one, &two, flipped), None);
    }
}

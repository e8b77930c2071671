//! A second look at two pictures whose codes are near: are they one picture, and was it only stored anew?

use pixtwin_pixel::{Sight, View};

mod agree;

mod alike;

mod anew;

mod place;

use agree::{mean_distance, nearest, nearest_of_views};
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
    /// One picture, of which at least one was only scaled or compressed, as far as codes and blocks tell.
    ReEncoded,
    /// One picture that was edited: a person looks.
    Edited,
}

impl Label {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReEncoded => "RE-ENCODED",
            Self::Edited => "EDITED",
        }
    }

    /// The label of this name; nothing if there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::ReEncoded, Self::Edited].into_iter().find(|label| label.name() == name)
    }
}

/// The label of a pair that met, or nothing if they are two pictures.
///
/// How much must be alike depends on how much there is to see: two pictures full of detail do not meet by chance. Of others,
/// but for those that met turned, they are one picture too if the wholes, one region or a view that is quite near are alike: the nearest
/// meeting is not always the one that shows it.
///
/// # Cost
/// Some thousand additions and multiplications.
#[must_use]
pub fn second_look(asker: &Sight, other: &Sight, meeting: Meeting) -> Option<Label> {
    if is_only_stored_anew(asker, other) {
        return Some(Label::ReEncoded);
    }
    let found = Comparison::new(asker, other, meeting);
    let is_one = (are_rich(asker, other) && is_rich_alike(asker, other, meeting, &found))
        || is_poor_alike(asker, other, meeting, &found);
    is_one.then_some(Label::Edited)
}

fn is_poor_alike(asker: &Sight, other: &Sight, meeting: Meeting, found: &Comparison) -> bool {
    if meeting.asking.turn().is_some() {
        return is_turned_alike(found);
    }
    let is_of_view = !meeting.asking.is_region() && !meeting.is_plain();
    (is_of_view && is_part_alike(found))
        || is_whole_alike(asker, other, meeting, found)
        || is_region_alike(asker, other)
        || is_view_alike(asker, other)
}

/// The largest share of a picture full of detail that is of one brightness, of 255: 96 of 100 photos have no more, 1 of 100
/// drawings has as little.
///
/// # Source
/// This and all limits below: chosen on 140 photos and their edits and on one half of the pairs of 6,885 drawings that
/// meet, "The second look" in `docs/accuracy.md`.
const MOST_FLAT: u8 = 76;

/// The largest root mean square of the colour differences of two such pictures, of 255: edited photos have up to 10, backs of
/// playing cards of other colours 20 and more.
const MOST_RICH_COLOUR: f32 = 12.0;

/// The largest mean distance of all views of two such pictures that met in a region: stars of many points, a texture of
/// lines, have 40 to 80, edited photos up to 50.
const MOST_RICH_MEAN: f32 = 50.0;

fn are_rich(asker: &Sight, other: &Sight) -> bool {
    asker.signature.flat.max(other.signature.flat) <= MOST_FLAT
}

/// That both met is nearly enough: brightness may fall off to the edges, or be of another curve.
fn is_rich_alike(asker: &Sight, other: &Sight, meeting: Meeting, found: &Comparison) -> bool {
    found.rest_of_colour() <= MOST_RICH_COLOUR
        && found.spread() >= LEAST_SPREAD
        && (!meeting.asking.is_region() || mean_distance(asker, other).is_some_and(|mean| mean <= MOST_RICH_MEAN))
}

/// What remains of brightness may be this share of the deviation for each bit that the distance is below
/// [`MOST_WHOLE`]: a picture of other brightness or contrast is near in both.
const BITS_OF_REST: f32 = 20.0;

/// The largest distance of two wholes that are equal but for brightness.
const MOST_WHOLE: f32 = 22.0;

/// The least standard deviation of the brightness of blocks, of 255: rings of fine lines have 2 to 3, some up to 7.
const LEAST_SPREAD: f32 = 3.5;

/// The same, of wholes further apart than [`MOST_FAINT`].
const LEAST_FAR_SPREAD: f32 = 8.0;

/// The largest distance of two faint wholes: of rings of fine lines most have more.
const MOST_FAINT: u32 = 8;

fn is_whole_alike(asker: &Sight, other: &Sight, meeting: Meeting, found: &Comparison) -> bool {
    if meeting.is_plain() {
        return is_plain_alike(meeting, found);
    }
    nearest(asker, other, View::STORED).is_some_and(|(view, distance)| {
        let whole = Meeting { asking: view, stored: view, distance };
        is_plain_alike(whole, &Comparison::new(asker, other, whole))
    })
}

fn is_plain_alike(whole: Meeting, found: &Comparison) -> bool {
    let least = if whole.distance <= MOST_FAINT { LEAST_SPREAD } else { LEAST_FAR_SPREAD };
    whole.distance as f32 + BITS_OF_REST * found.rest_of_luma() <= MOST_WHOLE
        && found.spread() >= least
        && found.correlation() >= 0.8
        && found.rest_of_colour() <= MOST_COLOUR
}

/// The largest root mean square of the colour differences that are left after the best factor, of 255.
const MOST_COLOUR: f32 = 6.0;

/// A view shows a part, or it is tilted: its edges are not quite those of the other, so its brightness may differ more.
fn is_part_alike(found: &Comparison) -> bool {
    found.spread() >= LEAST_SPREAD && found.correlation() >= 0.8 && found.rest_of_colour() <= MOST_COLOUR
}

/// The largest distance of a view of two pictures that met elsewhere.
const MOST_VIEW: u32 = 20;

/// Of a picture that is cut by 2 % the wholes meet too, and count as nearer than the view that shows the cut.
fn is_view_alike(asker: &Sight, other: &Sight) -> bool {
    nearest_of_views(asker, other)
        .is_some_and(|seen| seen.distance <= MOST_VIEW && is_part_alike(&Comparison::new(asker, other, seen)))
}

/// A turn changes no picture: what fits must fit well.
fn is_turned_alike(found: &Comparison) -> bool {
    found.spread() >= LEAST_SPREAD && found.correlation() >= 0.97 && found.rest_of_colour() <= MOST_COLOUR / 2.0
}

/// The largest sum of the mean distance of all views and twice that of the nearest region.
const MOST_AROUND: f32 = 60.0;

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
    if distance > MOST_REGION
        || mean_distance(asker, other).is_none_or(|mean| mean + 2.0 * distance as f32 > MOST_AROUND)
    {
        return false;
    }
    let found = Comparison::new(asker, other, Meeting { asking: region, stored: region, distance });
    found.rest_of_luma() <= MOST_REGION_REST
        && found.spread() >= LEAST_REGION_SPREAD
        && found.rest_of_colour() <= MOST_COLOUR
}

#[cfg(test)]
mod tests {
    use pixtwin_pixel::{Channels, Delay, Frame, Row, RowSink, SightSink, Signature};

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

    /// The picture as if it were of few colours: as much is asked of it as of a drawing.
    fn poor(sight: Sight) -> Sight {
        Sight { signature: Signature { flat: MOST_FLAT + 1, ..sight.signature }, ..sight }
    }

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
        let [one, two] = [0.0, 3.0].map(|phase| poor(sight([1.0; 3], phase)));
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
        let [one, two] = [1.0, 0.7].map(|part| poor(sight([part; 3], 0.0)));
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

    #[test]
    fn two_pictures_full_of_detail_may_differ_in_brightness_but_not_in_colour() {
        let dark = |x: f32, y: f32| (-(2.0 * x - 1.0).powi(2) - (2.0 * y - 1.0).powi(2)).exp();
        let (plain, dimmed) = (sight([1.0; 3], 0.0), drawn(96, 64, |x, y| [dark(x, y) * waves(x, y, 0.0); 3]));
        assert!(plain.signature.flat.max(dimmed.signature.flat) <= MOST_FLAT);
        let far = Meeting { distance: 31, ..PLAIN };
        assert_eq!(second_look(&plain, &dimmed, far), Some(Label::Edited));
        assert_eq!(second_look(&plain, &poor(dimmed.clone()), far), None);
        let (red, green) = (sight([1.0, 0.1, 0.1], 0.0), sight([0.1, 0.559, 0.1], 0.0));
        assert_eq!(second_look(&red, &green, far), None);
    }

    #[test]
    fn of_two_textures_a_region_is_not_enough() {
        let one = sight([1.0; 3], 0.0);
        let region = View::REGIONS[0];
        let met = Meeting { asking: region, stored: region, distance: 0 };
        // Every other bit of all views but one is another.
        let other = |differ: u64| {
            let mut other = one.clone();
            for (code, view) in other.codes.iter_mut().zip(View::kept()) {
                code.0.iter_mut().for_each(|word| *word ^= if view == region { 0 } else { differ });
            }
            second_look(&one, &other, met)
        };
        assert_eq!((other(0x1111_1111_1111_1111), other(0x0101_0101_0101_0101)), (None, Some(Label::Edited)));
    }

    #[test]
    fn a_cut_is_seen_where_the_wholes_met_as_well() {
        let whole = poor(drawn(240, 160, |x, y| [waves(x, y, 0.0); 3]));
        let inset = drawn(240, 160, |x, y| [waves(0.035 + x * 0.93, 0.035 + y * 0.93, 0.0); 3]);
        let [plain, seen] = [PLAIN, nearest_of_views(&whole, &inset).unwrap()];
        assert_eq!((seen.asking.name(), seen.distance <= MOST_VIEW), ("inset 3.5 %", true));
        let far = Meeting { distance: 31, ..plain };
        assert_eq!(second_look(&whole, &inset, far), Some(Label::Edited));
        assert_eq!(second_look(&inset, &whole, far), None);
    }

    #[test]
    fn what_changed_in_one_place_alone_was_not_stored_anew() {
        let one = sight([1.0; 3], 0.0);
        let with = |blocks: usize, by: u8, bits: u64| {
            let mut other = one.clone();
            other.signature.luma.as_flattened_mut().iter_mut().take(blocks).for_each(|luma| *luma += by);
            other.codes.iter_mut().for_each(|code| code.0[0] ^= bits);
            second_look(&one, &other, PLAIN)
        };
        let (anew, edited) = (Some(Label::ReEncoded), Some(Label::Edited));
        assert_eq!([with(64, 1, 0), with(16, 2, 0), with(2, 2, 0), with(64, 3, 0)], [anew, anew, edited, edited]);
        // Five bits of each code are much where 2 of 64 blocks changed by 1, and little where all did.
        assert_eq!([with(64, 1, 0b11111), with(2, 1, 0b11111), with(2, 1, 0b1)], [anew, edited, anew]);
    }
}

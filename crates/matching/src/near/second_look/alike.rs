//! How alike the brightness and colours of two pictures are, where both show the same.
#![allow(clippy::cast_possible_truncation, reason = "places in a grid of eight by eight")]

use pixtwin_pixel::{Sight, Signature};

use super::{
    Meeting,
    place::{Point, in_trimmed},
};

/// How many points along a side are compared.
const POINTS: usize = 8;

/// Two pictures at the points that both show.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Comparison {
    luma: Moments,
    chroma: Moments,
}

/// Sums of two pictures' values.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f32,
    one: f32,
    two: f32,
    one_squared: f32,
    two_squared: f32,
    product: f32,
}

impl Moments {
    fn add(&mut self, one: f32, two: f32) {
        self.count += 1.0;
        self.one += one;
        self.two += two;
        self.one_squared += one * one;
        self.two_squared += two * two;
        self.product += one * two;
    }

    /// The root mean square of what is left of the second picture's values after those of the first, times the best
    /// factor that is not negative.
    fn rest(&self) -> f32 {
        let factor = (self.product / self.one_squared.max(1.0)).max(0.0);
        let rest = self.two_squared - 2.0 * factor * self.product + factor * factor * self.one_squared;
        (rest.max(0.0) / self.count.max(1.0)).sqrt()
    }

    /// The sums with the pictures exchanged.
    const fn swapped(self) -> Self {
        let Self { one, two, one_squared, two_squared, .. } = self;
        Self { one: two, two: one, one_squared: two_squared, two_squared: one_squared, ..self }
    }

    /// The variances of both and their covariance.
    fn spread(&self) -> (f32, f32, f32) {
        let count = self.count.max(1.0);
        let (one, two) = (self.one / count, self.two / count);
        (self.one_squared / count - one * one, self.two_squared / count - two * two, self.product / count - one * two)
    }
}

/// The points that both pictures show, as places in the one and the other without their borders.
fn points(asker: &Sight, other: &Sight, meeting: Meeting) -> impl Iterator<Item = (Point, Point)> {
    (0..POINTS * POINTS).filter_map(move |at| {
        let point = [at % POINTS, at / POINTS].map(|along| (along as f32 + 0.5) / POINTS as f32);
        Some((in_trimmed(asker, meeting.asking, point)?, in_trimmed(other, meeting.stored, point)?))
    })
}

impl Comparison {
    pub(super) fn new(asker: &Sight, other: &Sight, meeting: Meeting) -> Self {
        let mut found = Self::default();
        for (one, two) in points(asker, other, meeting) {
            found.luma.add(luma_at(&asker.signature, one), luma_at(&other.signature, two));
            let (one, two) = (chroma_at(&asker.signature, one), chroma_at(&other.signature, two));
            for (one, two) in one.into_iter().zip(two) {
                found.chroma.add(one - 128.0, two - 128.0);
            }
        }
        found
    }

    /// The factor and the sum that make the brightness of the first picture that of the second.
    pub(super) fn fit(&self) -> [f32; 2] {
        let (one, _, both) = self.luma.spread();
        let factor = both / one.max(1.0);
        let count = self.luma.count.max(1.0);
        [factor, (self.luma.two - factor * self.luma.one) / count]
    }

    /// Whether both have shapes large enough for the blocks to see: drawings of fine lines, such as stars of many points,
    /// have none, and share most of a region's code.
    pub(super) fn has_shapes(&self) -> bool {
        let (one, two, _) = self.luma.spread();
        one.min(two) >= LEAST_SPREAD * LEAST_SPREAD
    }

    /// Whether the brightness of one is that of the other, brighter, darker or of another contrast, and the colours of
    /// one those of the other, stronger or weaker.
    pub(super) fn is_one_picture(&self) -> bool {
        let (one, two, both) = self.luma.spread();
        both >= LEAST_CORRELATION * (one * two).sqrt().max(1.0)
            && self.chroma.rest().min(self.chroma.swapped().rest()) <= MOST_COLOUR
    }
}

/// The least correlation of two pictures' brightness.
///
/// # Source
/// 99 of 100 pairs of photos and their edits have more: "Views and the second look" in `docs/accuracy.md`.
const LEAST_CORRELATION: f32 = 0.75;

/// The least standard deviation of the brightness of a region's blocks, of 255.
///
/// # Source
/// Of 12,190 pairs of drawings that met only in a region, 9 of 10 have less; of edited photos, 1 of 10.
const LEAST_SPREAD: f32 = 16.0;

/// The largest root mean square of the colour differences that are left after the best factor, of 255.
///
/// # Source
/// As that of [`LEAST_CORRELATION`].
const MOST_COLOUR: f32 = 6.0;

/// How far the brightness of a block may be from what fits, of 255.
const MOST_STEP: f32 = 24.0;

/// At how many points the brightness of the second picture is not what [`Comparison::fit`] makes of the first's.
pub(super) fn others(asker: &Sight, other: &Sight, meeting: Meeting, [factor, sum]: [f32; 2]) -> usize {
    points(asker, other, meeting)
        .filter(|(one, two)| {
            (luma_at(&asker.signature, *one) * factor + sum - luma_at(&other.signature, *two)).abs() > MOST_STEP
        })
        .count()
}

fn luma_at(signature: &Signature, point: Point) -> f32 {
    between(point, signature.luma.len(), |row, column| {
        signature.luma.get(row).and_then(|row| row.get(column)).map_or(0.0, |luma| f32::from(*luma))
    })
}

fn chroma_at(signature: &Signature, point: Point) -> [f32; 2] {
    [0, 1].map(|which| {
        between(point, signature.chroma.len(), |row, column| {
            let pair = signature.chroma.get(row).and_then(|row| row.get(column));
            pair.and_then(|pair| pair.get(which)).map_or(128.0, |chroma| f32::from(*chroma))
        })
    })
}

/// The value at a point between the centres of blocks, from the four nearest.
fn between([x, y]: Point, blocks: usize, value: impl Fn(usize, usize) -> f32) -> f32 {
    let split = |along: f32| {
        let along = (along * blocks as f32 - 0.5).clamp(0.0, blocks as f32 - 1.0);
        let first = (along as usize).min(blocks - 2);
        (first, along - first as f32)
    };
    let ((column, x), (row, y)) = (split(x), split(y));
    let across = |row: usize| value(row, column) * (1.0 - x) + value(row, column + 1) * x;
    across(row) * (1.0 - y) + across(row + 1) * y
}

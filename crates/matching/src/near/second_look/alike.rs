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

    /// The standard deviation of the brightness of the picture that has the smaller one, of 255.
    pub(super) fn spread(&self) -> f32 {
        let (one, two, _) = self.luma.spread();
        one.min(two).max(0.0).sqrt()
    }

    /// The correlation of both pictures' brightness.
    pub(super) fn correlation(&self) -> f32 {
        let (one, two, both) = self.luma.spread();
        both / (one * two).max(0.0).sqrt().max(1.0)
    }

    /// What is left of the second picture's brightness when that of the first is made brighter, darker or of another
    /// contrast to fit it: its root mean square as a share of the smaller deviation.
    pub(super) fn rest_of_luma(&self) -> f32 {
        let (one, two, both) = self.luma.spread();
        (two - both * both / one.max(1.0)).max(0.0).sqrt() / self.spread().max(1.0)
    }

    /// What is left of the colours of one when those of the other are made stronger or weaker to fit them, root mean
    /// square, of 255: the better way round, for a grey picture has none of the other's.
    pub(super) fn rest_of_colour(&self) -> f32 {
        self.chroma.rest().min(self.chroma.swapped().rest())
    }
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

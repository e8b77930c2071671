//! How alike the brightness and colours of two pictures are, where both show the same.
#![allow(clippy::cast_possible_truncation, reason = "places in a grid of eight by eight")]

use pixtwin_pixel::{Sight, Signature, View};

use super::{
    Meeting,
    place::{Point, in_trimmed},
};

/// How many points along a side are compared.
const POINTS: usize = 8;

/// Two pictures at the points that both show.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Comparison {
    points: f32,
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

    /// The variances of both and their covariance.
    fn spread(&self) -> (f32, f32, f32) {
        let count = self.count.max(1.0);
        let (one, two) = (self.one / count, self.two / count);
        (self.one_squared / count - one * one, self.two_squared / count - two * two, self.product / count - one * two)
    }
}

impl Comparison {
    pub(super) fn new(asker: &Sight, other: &Sight, meeting: Meeting) -> Self {
        let mut found = Self::default();
        for at in 0..POINTS * POINTS {
            let point = [at % POINTS, at / POINTS].map(|along| (along as f32 + 0.5) / POINTS as f32);
            let (Some(one), Some(two)) =
                (in_trimmed(asker, meeting.asking, point), in_trimmed(other, meeting.stored, point))
            else {
                continue;
            };
            found.points += 1.0;
            found.luma.add(luma_at(&asker.signature, one), luma_at(&other.signature, two));
            let (one, two) = (chroma_at(&asker.signature, one), chroma_at(&other.signature, two));
            for (one, two) in one.into_iter().zip(two) {
                found.chroma.add(one - 128.0, two - 128.0);
            }
        }
        found
    }

    /// Whether the brightness of one is that of the other, brighter, darker or of another contrast, and the colours of
    /// one those of the other, stronger or weaker.
    pub(super) fn is_one_picture(&self, quality: u8, meeting: Meeting) -> bool {
        let least = if quality < 100 || meeting.asking.number() > View::TRIMMED.number() { 0.9 } else { 0.85 };
        let (one, two, both) = self.luma.spread();
        let correlation = both / (one * two).sqrt().max(1.0);
        let scale = (self.chroma.product / self.chroma.one_squared.max(1.0)).max(0.0);
        let rest =
            self.chroma.two_squared - 2.0 * scale * self.chroma.product + scale * scale * self.chroma.one_squared;
        correlation >= least && (rest.max(0.0) / self.chroma.count.max(1.0)).sqrt() <= 12.0
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

//! Rows to their canonical form, and to the digest.

use std::hint::black_box;

use pixtwin_pixel::{Alpha, Canonical, Channels, Delay, Depth, Digester, Frame, HEAD_ROWS, Row, RowSink};
use pixtwin_testkit::draw::Seeded;

use crate::unit::Unit;

/// The batch of canonical forms.
pub(crate) const CANONICAL: &str = "canonical";
/// The batch of digests.
pub(crate) const DIGEST: &str = "digest";

/// Ways to store a row; `opaque`: its alpha says nothing, `narrow`: eight of its sixteen bits say it all.
pub(crate) const LAYOUTS: [&str; 12] = [
    "grey-8",
    "grey-alpha-8",
    "grey-alpha-8-opaque",
    "rgb-8",
    "rgba-8",
    "rgba-8-opaque",
    "rgba-8-hidden-ignored",
    "cmyk-8",
    "grey-16",
    "rgb-16",
    "rgb-16-narrow",
    "rgba-16",
];

/// How far the digest of rows goes: the key of the first rows, or the digest.
pub(crate) const DEPTHS: [&str; 2] = ["head", "whole"];

/// Pixels in a row.
const WIDTH: usize = 1024;
/// How often one row is taken, so that a unit is more than a call.
const ROWS: usize = 64;
/// Rows of the picture that is digested.
const HEIGHT: usize = 256;

/// One unit for each of [`LAYOUTS`].
pub(crate) fn canonical() -> Vec<Unit> {
    LAYOUTS.map(|layout| Unit { name: layout, items: (WIDTH * ROWS) as u64, work: canonical_work(layout) }).into()
}

fn canonical_work(layout: &str) -> Box<dyn FnMut()> {
    let channels = channels_of(layout);
    let alpha = if layout.ends_with("hidden-ignored") { Alpha::IgnoreHidden } else { Alpha::Exact };
    let mut random = Seeded(1);
    let mut narrow: Vec<u8> = (0..WIDTH * channels.count()).map(|_| random.below(256) as u8).collect();
    if layout.ends_with("opaque") {
        narrow.chunks_mut(channels.count()).for_each(|pixel| *pixel.last_mut().unwrap() = 255);
    }
    let low = |sample: u8| if layout.ends_with("narrow") { sample } else { sample ^ 1 };
    let wide: Vec<u16> = narrow.iter().map(|&sample| u16::from_be_bytes([sample, low(sample)])).collect();
    let is_wide = layout.contains("16");
    let mut out = Vec::new();
    Box::new(move || {
        out.clear();
        for _ in 0..ROWS {
            let row = if is_wide { Row::sixteen(channels, &wide) } else { Row::eight(channels, &narrow) };
            Canonical::append(&black_box(row), alpha, &mut out);
        }
        black_box(&out);
    })
}

fn channels_of(layout: &str) -> Channels {
    match layout.split_once(['8', '1']).map_or(layout, |(channels, _)| channels) {
        "grey-" => Channels::Grey,
        "grey-alpha-" => Channels::GreyAlpha,
        "rgb-" => Channels::Rgb,
        "rgba-" => Channels::Rgba,
        "cmyk-" => Channels::Cmyk,
        other => panic!("no layout begins with `{other}`"),
    }
}

/// One unit for each of [`DEPTHS`], of rows with red, green and blue.
pub(crate) fn digest() -> Vec<Unit> {
    DEPTHS
        .map(|name| {
            let (depth, rows) = match name {
                "head" => (Depth::Corner, HEAD_ROWS[0]),
                _ => (Depth::Whole, HEIGHT as u32),
            };
            Unit { name, items: u64::from(rows) * WIDTH as u64, work: digest_work(depth) }
        })
        .into()
}

fn digest_work(depth: Depth) -> Box<dyn FnMut()> {
    let mut random = Seeded(2);
    let samples: Vec<u8> = (0..WIDTH * 3 + HEIGHT).map(|_| random.below(256) as u8).collect();
    Box::new(move || {
        let mut digester = Digester::new(Alpha::Exact, depth);
        let _ = digester.picture(1);
        let _ = digester.frame(Frame { width: WIDTH as u32, height: HEIGHT as u32, delay: Delay::NONE });
        // Each row begins one sample further, so that none is like the one above it.
        for start in 0..HEIGHT {
            let row = Row::eight(Channels::Rgb, &samples[start..start + WIDTH * 3]);
            if digester.row(black_box(row)).is_break() {
                break;
            }
        }
        black_box(digester.finish());
    })
}

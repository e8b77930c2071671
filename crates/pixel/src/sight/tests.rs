use std::ops::ControlFlow;

use proptest::prelude::*;

use super::*;
use crate::{
    raster::RasterSink,
    row::{Channels, Delay, Frame, Row, RowSink},
    turn::Turn,
};

/// A picture of so many soft spots, drawn from a seed.
fn spots(width: u32, height: u32, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let spots: Vec<[f32; 7]> = (0..60).map(|_| std::array::from_fn(|_| random())).collect();
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let (x, y) = ((x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32);
            let mut pixel = [128.0_f32; 3];
            for [cx, cy, wide, high, colour @ ..] in &spots {
                let (dx, dy) = ((x - cx) / (0.02 + 0.15 * wide), (y - cy) / (0.02 + 0.15 * high));
                let strength = (-dx * dx - dy * dy).exp() * 160.0;
                pixel.iter_mut().zip(colour).for_each(|(sum, part)| *sum += strength * (part - 0.5));
            }
            rgb.extend(pixel.map(|sample| sample.clamp(0.0, 255.0) as u8));
        }
    }
    rgb
}

/// Gives a picture of red, green and blue to a sink.
fn show(sink: &mut dyn RowSink, width: u32, height: u32, rgb: &[u8]) -> ControlFlow<()> {
    sink.picture(1)?;
    sink.frame(Frame { width, height, delay: Delay::NONE })?;
    rgb.chunks_exact(width as usize * 3).try_for_each(|row| sink.row(Row::eight(Channels::Rgb, row)))
}

fn sight_of(width: u32, height: u32, rgb: &[u8]) -> Sight {
    let mut sink = SightSink::default();
    let _ = show(&mut sink, width, height, rgb);
    sink.finish().unwrap()
}

/// The picture with so many pixels of a colour on each side: left, top, right, bottom.
fn framed(width: u32, height: u32, rgb: &[u8], [left, top, right, bottom]: [u32; 4], colour: [u8; 3]) -> Sight {
    let row = |pixels: u32| colour.repeat(pixels as usize);
    let wide = left + width + right;
    let mut framed = row(wide * top);
    for inner in rgb.chunks_exact(width as usize * 3) {
        framed.extend(row(left));
        framed.extend(inner);
        framed.extend(row(right));
    }
    framed.extend(row(wide * bottom));
    sight_of(wide, top + height + bottom, &framed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_sight_survives_its_bytes(seed: u64, width in 1_u32..90, height in 1_u32..90) {
        let sight = sight_of(width, height, &spots(width, height, seed));
        prop_assert_eq!(Sight::from_bytes(&sight.to_bytes()), sight);
    }

    #[test]
    fn the_codes_of_turned_pictures_are_known_from_the_upright_one(seed: u64, width in 40_u32..=256, height in 40_u32..=256) {
        let rgb = spots(width, height, seed);
        let upright = sight_of(width, height, &rgb);
        let mut raster = RasterSink::default();
        let _ = show(&mut raster, width, height, &rgb);
        let raster = raster.finish().unwrap().pop().unwrap();
        for view in View::ASKING.into_iter().filter(|view| view.turn().is_some()) {
            let mut sink = SightSink::default();
            let _ = raster.replay(view.turn().unwrap_or(Turn::None), &mut sink);
            let turned = sink.finish().unwrap();
            if let (Some(ours), Some(theirs)) = (upright.code(view), turned.code(View::TRIMMED)) {
                prop_assert!(ours.distance(theirs) <= 4, "{}: {}", view.name(), ours.distance(theirs));
            }
        }
    }

    #[test]
    fn a_border_is_trimmed(seed: u64, width in 100_u32..256, height in 100_u32..256, sides in prop::array::uniform4(0_u32..20)) {
        let rgb = spots(width, height, seed);
        let plain = sight_of(width, height, &rgb);
        let framed = framed(width, height, &rgb, sides, [250, 30, 30]);
        if let (Some(ours), Some(theirs)) = (plain.code(View::TRIMMED), framed.code(View::TRIMMED)) {
            prop_assert!(ours.distance(theirs) <= 16, "{}", ours.distance(theirs));
        }
    }
}

#[test]
fn pictures_of_any_shape_have_a_sight() {
    for (width, height) in
        [(1, 1), (1, 900), (900, 1), (5, 5), (4, 90), (3, 3), (300_000, 5), (64, 64), (65, 63), (257, 2)]
    {
        let rgb = spots(width, height, 3);
        let sight = sight_of(width, height, &rgb);
        if width.min(height) < 5 {
            assert_eq!((sight.usable, sight.quality), (0, 0), "{width} x {height}");
        }
        let uniform = sight_of(width, height, &vec![77; rgb.len()]);
        assert_eq!((uniform.usable, uniform.quality), (0, 0), "{width} x {height}");
        assert!(uniform.code(View::TRIMMED).is_none());
    }
}

/// A search makes one sight for all pictures of one digest: nothing but the pixels may tell.
#[test]
fn equal_pixels_have_one_sight_however_they_are_stored() {
    let sight_of_rows = |width: u32, height: u32, row: &dyn Fn(usize) -> Vec<u16>, channels: Channels, wide: bool| {
        let mut sink = SightSink::default();
        let _ = sink.picture(1);
        let _ = sink.frame(Frame { width, height, delay: Delay::NONE });
        for y in 0..height as usize {
            let (sixteen, eight) = (row(y), row(y).iter().map(|sample| *sample as u8).collect::<Vec<_>>());
            let _ = match wide {
                true => {
                    let samples: Vec<u16> = sixteen.iter().map(|sample| sample * 257).collect();
                    sink.row(Row::sixteen(channels, &samples))
                }
                false => sink.row(Row::eight(channels, &eight)),
            };
        }
        sink.finish().unwrap()
    };
    for (width, height) in [(40, 33), (64, 64), (300, 290), (523, 401)] {
        let rgb = spots(width, height, 7);
        let pixel = |y: usize, x: usize| {
            let at = 3 * (y * width as usize + x);
            [rgb[at], rgb[at + 1], rgb[at + 2]].map(u16::from)
        };
        let row = |sample: &dyn Fn(usize, usize) -> Vec<u16>, y: usize| -> Vec<u16> {
            (0..width as usize).flat_map(|x| sample(y, x)).collect()
        };
        let alpha = |y: usize, x: usize| ((x * 7 + y * 5) % 300).min(255) as u16;
        let colour = |y: usize, x: usize| pixel(y, x).to_vec();
        let with_opaque = |y: usize, x: usize| [&pixel(y, x)[..], &[255]].concat();
        let with_alpha = |y: usize, x: usize| [&pixel(y, x)[..], &[alpha(y, x)]].concat();
        let grey = |y: usize, x: usize| vec![pixel(y, x)[1]];
        let grey_alpha = |y: usize, x: usize| vec![pixel(y, x)[1], alpha(y, x)];
        let thrice = |y: usize, x: usize| vec![pixel(y, x)[1]; 3];
        let thrice_alpha = |y: usize, x: usize| [&[pixel(y, x)[1]; 3][..], &[alpha(y, x)]].concat();
        type Samples<'a> = &'a dyn Fn(usize, usize) -> Vec<u16>;
        let equal: [&[(Samples<'_>, Channels)]; 4] = [
            &[(&colour, Channels::Rgb), (&with_opaque, Channels::Rgba)],
            &[(&with_alpha, Channels::Rgba)],
            &[(&grey, Channels::Grey), (&thrice, Channels::Rgb)],
            &[(&grey_alpha, Channels::GreyAlpha), (&thrice_alpha, Channels::Rgba)],
        ];
        for forms in equal {
            let sights: Vec<Sight> = forms
                .iter()
                .flat_map(|(samples, channels)| [false, true].map(|wide| (*samples, *channels, wide)))
                .map(|(samples, channels, wide)| sight_of_rows(width, height, &|y| row(samples, y), channels, wide))
                .collect();
            assert!(sights.windows(2).all(|pair| pair[0] == pair[1]), "{width} x {height}");
        }
    }
}

#[test]
fn a_picture_that_ends_early_has_no_sight() {
    let rgb = spots(50, 50, 1);
    for rows in [0, 1, 49] {
        let mut sink = SightSink::default();
        let _ = show(&mut sink, 50, 50, &rgb[..rows * 150]);
        assert!(sink.finish().is_none());
    }
}

#[test]
fn symmetric_pictures_are_not_near_one_another_for_that() {
    let symmetric = |seed| {
        let quarter = spots(64, 64, seed);
        let at = |x: usize, y: usize| &quarter[(y.min(127 - y) * 64 + x.min(127 - x)) * 3..][..3];
        let rgb: Vec<u8> = (0..128 * 128).flat_map(|n| at(n % 128, n / 128)).copied().collect();
        sight_of(128, 128, &rgb).code(View::TRIMMED).unwrap()
    };
    let codes: Vec<Code> = (0..8).map(symmetric).collect();
    for (n, code) in codes.iter().enumerate() {
        assert_eq!(*code, symmetric(n as u64));
        assert!(codes[..n].iter().all(|other| code.distance(*other) > 64), "{n}");
    }
}

/// The waves that are not there in a picture that is its own mirror image, across, down, both or after half a turn, must not
/// hide that another is the same picture turned.
#[test]
fn symmetric_pictures_are_known_when_they_are_turned() {
    type Fold = fn(u32, u32, u32, u32) -> (u32, u32);
    let folds: [Fold; 4] = [
        |x, y, width, _| (x.min(width - 1 - x), y),
        |x, y, _, height| (x, y.min(height - 1 - y)),
        |x, y, width, height| (x.min(width - 1 - x), y.min(height - 1 - y)),
        |x, y, width, height| if y < height / 2 { (x, y) } else { (width - 1 - x, height - 1 - y) },
    ];
    let mut compared = 0;
    for (fold, seed) in folds.iter().zip(1..).flat_map(|(fold, kind)| (0..8).map(move |seed| (fold, kind * 100 + seed)))
    {
        let (width, height) = if seed % 2 == 0 { (48, 48) } else { (120, 80) };
        let drawn = spots(width, height, seed);
        let pixel = |at: u32| {
            let (x, y) = fold(at % width, at / width, width, height);
            let start = (y * width + x) as usize * 3;
            [drawn[start], drawn[start + 1], drawn[start + 2]]
        };
        let rgb: Vec<u8> = (0..width * height).flat_map(pixel).collect();
        let upright = sight_of(width, height, &rgb);
        let mut raster = RasterSink::default();
        let _ = show(&mut raster, width, height, &rgb);
        let raster = raster.finish().unwrap().pop().unwrap();
        for turn in Turn::ALL {
            let mut sink = SightSink::default();
            let _ = raster.replay(turn, &mut sink);
            let Some(code) = sink.finish().unwrap().code(View::TRIMMED) else { continue };
            compared += 1;
            let forms = View::ASKING.into_iter().filter(|view| view.turn().is_some()).chain([View::TRIMMED]);
            let nearest = forms.filter_map(|view| Some(upright.code(view)?.distance(code))).min();
            assert!(nearest.is_some_and(|nearest| nearest <= 4), "{turn:?} of {width} x {height}, {seed}: {nearest:?}");
        }
    }
    assert!(compared > 100, "{compared}");
}

/// What is trimmed does not depend on which corner it is looked at from, also where an edge has two colours.
#[test]
fn the_border_of_a_turned_picture_is_the_border_turned() {
    let (width, height) = (221, 149);
    for seed in 0..40 {
        let rgb = spots(width, height, seed);
        let mut raster = RasterSink::default();
        let _ = show(&mut raster, width, height, &rgb);
        let raster = raster.finish().unwrap().pop().unwrap();
        let [left, top, right, bottom] = sight_of(width, height, &rgb).signature.inside;
        let expected = [
            (Turn::FlipHorizontal, [255 - right, top, 255 - left, bottom]),
            (Turn::Half, [255 - right, 255 - bottom, 255 - left, 255 - top]),
            (Turn::Transpose, [top, left, bottom, right]),
        ];
        for (turn, expected) in expected {
            let mut sink = SightSink::default();
            let _ = raster.replay(turn, &mut sink);
            let inside = sink.finish().unwrap().signature.inside;
            let is_near = inside.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= 1);
            assert!(is_near, "{turn:?} of {seed}: {inside:?}, not {expected:?}");
        }
    }
}

/// Stripes have no wave that is both across and down.
#[test]
fn stripes_have_no_code_but_pdq() {
    let rgb: Vec<u8> = (0..96 * 96).flat_map(|at| [[200, 10, 30], [250; 3], [20, 30, 160]][at % 96 / 32]).collect();
    let sight = sight_of(96, 96, &rgb);
    assert!(sight.code(View::WHOLE).is_some() && sight.code(View::TRIMMED).is_none(), "{:b}", sight.usable);
}

/// Sides that are no multiples of four: no pixel may belong to one block in a picture and to another in its mirror image.
#[test]
fn the_colours_of_a_turned_picture_are_its_colours_turned() {
    for (width, height, seed) in [(15, 14, 1), (221, 149, 2), (47, 253, 3), (3, 5, 4)] {
        let rgb = spots(width, height, seed);
        let mut raster = RasterSink::default();
        let _ = show(&mut raster, width, height, &rgb);
        let raster = raster.finish().unwrap().pop().unwrap();
        let chroma = |turn: Turn| {
            let mut sink = SightSink::default();
            let _ = raster.replay(turn, &mut sink);
            sink.finish().unwrap().signature.chroma
        };
        let (upright, across, along) = (chroma(Turn::None), chroma(Turn::FlipHorizontal), chroma(Turn::Transpose));
        assert!(upright.as_flattened().iter().any(|pair| *pair != [128; 2]), "{width} x {height}");
        for (y, x) in (0..4).flat_map(|y| (0..4).map(move |x| (y, x))) {
            assert_eq!((upright[y][x], upright[y][x]), (across[y][3 - x], along[x][y]), "{width} x {height}, {x} {y}");
        }
    }
}

/// Rings are their own mirror images across, down and along both diagonals: the signs of the few waves that they have are often
/// the same.
#[test]
fn rings_of_other_widths_are_not_near() {
    let rings = |width: f32| -> Vec<u8> {
        let level = |at: u32| {
            let (x, y) = ((at % 120) as f32 - 59.5, (at / 120) as f32 - 59.5);
            let from_ring = (x.hypot(y) - 40.0).abs();
            if from_ring < width { 20 } else { 250 }
        };
        (0..120 * 120).flat_map(|at| [level(at); 3]).collect()
    };
    let codes: Vec<Code> =
        (6..14).filter_map(|width| sight_of(120, 120, &rings(width as f32)).code(View::TRIMMED)).collect();
    assert_eq!(codes.len(), 8);
    for (at, one) in codes.iter().enumerate() {
        let nearest = codes.iter().skip(at + 1).map(|other| one.distance(*other)).min();
        assert!(nearest.is_none_or(|nearest| nearest > 40), "{at}: {nearest:?}");
    }
}

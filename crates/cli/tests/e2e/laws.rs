//! What holds for every picture.

use pixtwin_testkit::{
    Dir, Drawing, cases,
    draw::noise,
    encode::{Bmp, Filter, Png, PngColour, TiffCompression, pam, png, qoi, tga, tiff, webp},
};
use proptest::{prelude::*, test_runner::Config};

use crate::{assert_strangers, assert_twins, ran};

fn drawings() -> impl Strategy<Value = Drawing> {
    (1..40_u32, 1..40_u32, any::<u64>()).prop_map(|(width, height, seed)| noise(width, height, seed))
}

fn png_ways() -> impl Strategy<Value = Png> {
    let filter = prop_oneof![(0..5_u8).prop_map(Filter::All), Just(Filter::Mixed)];
    let depth = prop_oneof![Just(8), Just(16)];
    (filter, depth, 0..10_u32, any::<bool>(), 1..5000_usize).prop_map(
        |(filter, depth, level, is_interlaced, idat_bytes)| Png {
            filter,
            depth,
            level,
            is_interlaced,
            idat_bytes,
            ..Png::new(PngColour::Rgba)
        },
    )
}

fn config() -> Config {
    // A failure is drawn from its seed again: nothing is written beside the tests.
    Config { cases: cases(8, 60), failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn writing_anew_without_loss_keeps_the_digest(drawn in drawings(), way in png_ways()) {
        assert_twins(&[
            ("a.bmp", Bmp::Rgba.write(&drawn)),
            ("a.pam", pam(&drawn)),
            ("a.png", way.write(&drawn)),
            ("a.qoi", qoi(&drawn)),
            ("a.tga", tga(&drawn, true)),
            ("a.tif", tiff(&drawn, TiffCompression::Lzw, 3)),
            ("a.webp", webp(&drawn, &[])),
        ]);
    }

    #[test]
    fn any_change_of_any_pixel_changes_the_digest(drawn in drawings(), at in any::<(u32, u32)>(), channel in 0..4_usize) {
        let (x, y) = (at.0 % drawn.width, at.1 % drawn.height);
        assert_strangers(&[("a.png", png(&drawn)), ("b.qoi", qoi(&drawn.clone().with_sample_changed(x, y, channel)))]);
    }

    #[test]
    fn a_flip_or_other_sides_change_the_digest(seed in any::<u64>(), width in 2..30_u32, height in 2..30_u32) {
        // Noise of this size is symmetric once in 2^64 seeds.
        let drawn = noise(width, height * 2, seed);
        let files = [
            ("a.png", png(&drawn)),
            ("flipped.png", png(&drawn.flipped())),
            ("mirrored.png", png(&drawn.mirrored())),
            ("transposed.png", png(&drawn.transposed())),
            ("turned.png", png(&drawn.shown_under(6))),
            ("wider.png", png(&drawn.reflowed(width * 2))),
        ];
        let squares = width * 2 == height * 2;
        assert_strangers(if squares { &files[..5] } else { &files });
    }

    #[test]
    fn threads_and_order_change_no_byte_of_a_report(seeds in prop::collection::vec(0..6_u64, 2..25)) {
        let dir = Dir::new();
        for (number, seed) in seeds.iter().enumerate() {
            let drawn = noise(9, 9, *seed);
            let file = if number % 2 == 0 { png(&drawn) } else { qoi(&drawn) };
            dir.write(format!("{}/{number}", number % 3), file);
        }
        dir.mkdir("2");
        let reports = [["-j1", "0", "1", "2"], ["-j2", "2", "0", "1"], ["-j7", "1", "2", "0"]]
            .map(|arguments| ran(&dir, &[&["scan", "--format", "json"], &arguments[..]].concat()));
        for report in &reports {
            prop_assert_eq!((&report.stdout, &report.stderr), (&reports[0].stdout, &reports[0].stderr));
        }
    }
}

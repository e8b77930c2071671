//! The classes of JPEGs, against files that `cjpeg` wrote and `jpegtran` turned.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // This file is a test as a whole.

use std::{fs, path::Path, process::Command};

use pixtwin_decode::{Error, Format, InMemory, Limits};
use pixtwin_pixel::{Turn, TurnClass};
use pixtwin_testkit::{Dir, cases, draw};

const PLENTY: Limits = Limits { memory_bytes: 1 << 30 };

/// What `jpegtran` calls the turns.
const TURNS: [(&[&str], Turn); 7] = [
    (&["-flip", "horizontal"], Turn::FlipHorizontal),
    (&["-rotate", "180"], Turn::Half),
    (&["-flip", "vertical"], Turn::FlipVertical),
    (&["-transpose"], Turn::Transpose),
    (&["-rotate", "90"], Turn::Clockwise),
    (&["-transverse"], Turn::Transverse),
    (&["-rotate", "270"], Turn::Anticlockwise),
];

fn run(dir: &Dir, words: &[&str]) {
    let ran = Command::new(words[0]).args(&words[1..]).current_dir(dir.path()).output().unwrap();
    assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

fn class_of(bytes: &[u8]) -> Result<Option<TurnClass>, Error> {
    Format::Jpeg.turn_class(&mut InMemory::new(bytes), PLENTY)
}

fn class(dir: &Dir, name: &str) -> TurnClass {
    class_of(&fs::read(dir.path().join(name)).unwrap()).unwrap().unwrap()
}

/// A picture without symmetry, of that many pixels, as `photo.ppm`.
fn photo(width: u32, height: u32) -> Dir {
    let dir = Dir::new();
    let drawing = draw::landscape(width, height, 7);
    dir.write("photo.ppm", [format!("P6 {width} {height} 255\n").into_bytes(), drawing.rgb()].concat());
    dir
}

fn encode(dir: &Dir, options: &[&str]) {
    run(dir, &[&["cjpeg"], options, &["-outfile", "a.jpg", "photo.ppm"]].concat());
}

fn jpegtran(dir: &Dir, options: &[&str], from: &str, to: &str) {
    run(dir, &[&["jpegtran"], options, &["-outfile", to, from]].concat());
}

#[test]
fn every_turn_of_jpegtran_is_found() {
    let samplings: [&[&str]; 9] = [
        &["-sample", "1x1"],
        &["-sample", "2x2"],
        &["-sample", "2x1"],
        &["-sample", "1x2"],
        &["-sample", "4x1"],
        &["-sample", "1x4"],
        &["-grayscale"],
        &["-rgb"],
        &["-sample", "1x1,2x2,1x1"],
    ];
    let ways: [&[&str]; 6] = [
        &[],
        &["-progressive"],
        &["-arithmetic"],
        &["-restart", "1"],
        &["-optimize"],
        &["-arithmetic", "-progressive"],
    ];
    let dir = photo(96, 64);
    let tried = cases(2, 6) as usize;
    for (number, sampling) in samplings.into_iter().enumerate() {
        for from in 0..tried {
            encode(&dir, &[sampling, ways[(number + from) % 6]].concat());
            let stored = class(&dir, "a.jpg");
            assert_eq!(stored.turns.count(), 1);
            for (at, (options, turn)) in TURNS.into_iter().enumerate() {
                // Each turn is written in another way than the picture was.
                let way = ways[(number + at + 1) % 6];
                jpegtran(&dir, &[options, way].concat(), "a.jpg", "b.jpg");
                assert_eq!(stored.turn_to(&class(&dir, "b.jpg")), Some(turn), "{sampling:?} {way:?}");
            }
        }
    }
}

/// What `jpegtran` can do to an edge in the middle of an MCU: nothing, so that only some of its turns are whole.
#[test]
fn edges_that_are_no_multiple_of_the_mcu() {
    for (width, height, sampling) in
        [(90, 64, "2x2"), (96, 50, "2x2"), (90, 50, "1x1"), (88, 64, "2x1"), (96, 72, "2x2")]
    {
        let dir = photo(width, height);
        encode(&dir, &["-sample", sampling]);
        let stored = class(&dir, "a.jpg");
        let (mcu_width, mcu_height) = match sampling {
            "2x2" => (16, 16),
            "2x1" => (16, 8),
            _ => (8, 8),
        };
        for (options, turn) in TURNS {
            jpegtran(&dir, options, "a.jpg", "b.jpg");
            let (swaps, x, y) = turn.parts();
            let (x, y) = if swaps { (y, x) } else { (x, y) };
            let is_whole = (!x || width % mcu_width == 0) && (!y || height % mcu_height == 0);
            let found = stored.turn_to(&class(&dir, "b.jpg"));
            assert_eq!(found, is_whole.then_some(turn), "{width} x {height} {sampling} {turn:?}");
            jpegtran(&dir, &[options, &["-trim"]].concat(), "a.jpg", "b.jpg");
            assert_eq!(stored.turn_to(&class(&dir, "b.jpg")), is_whole.then_some(turn));
        }
    }
}

#[test]
fn a_turn_of_a_turn_is_the_product_of_both() {
    let dir = photo(64, 48);
    encode(&dir, &["-sample", "2x1"]);
    for (first_options, first) in TURNS {
        jpegtran(&dir, first_options, "a.jpg", "b.jpg");
        for (next_options, next) in TURNS {
            jpegtran(&dir, next_options, "b.jpg", "c.jpg");
            assert_eq!(class(&dir, "a.jpg").turn_to(&class(&dir, "c.jpg")), Some(first.then(next)));
        }
    }
}

#[test]
fn one_changed_picture_step_or_sampling_has_another_class() {
    let dir = photo(64, 48);
    encode(&dir, &["-sample", "2x2", "-quality", "75"]);
    let stored = class(&dir, "a.jpg");
    let others: [&[&str]; 5] = [
        &["-sample", "2x2", "-quality", "76"],
        &["-sample", "2x1", "-quality", "75"],
        &["-grayscale", "-quality", "75"],
        &["-rgb", "-quality", "75"],
        &["-sample", "2x2", "-quality", "75", "-dct", "fast"],
    ];
    for other in others {
        encode(&dir, other);
        assert_eq!(stored.turn_to(&class(&dir, "a.jpg")), None, "{other:?}");
    }
}

#[test]
fn how_a_picture_is_coded_does_not_count() {
    let fixture = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/jpeg/fixtures");
        class_of(&fs::read(folder.join(name)).unwrap()).unwrap()
    };
    let plain = fixture("420.jpg");
    assert!(plain.is_some());
    assert_eq!(fixture("420-progressive.jpg"), plain);
    // The reader of coefficients does not know sequential files of several scans.
    assert_eq!(fixture("420-three-scans.jpg"), None);
    // The pixels of this one are guessed where its scans tell nothing.
    assert_eq!(fixture("420-missing-scans.jpg"), None);
    for inks in ["cmyk.jpg", "ycck.jpg", "fine-chroma.jpg", "rgb.jpg", "grey.jpg"] {
        assert!(fixture(inks).is_some() && fixture(inks) != plain);
    }
}

#[test]
fn a_plain_picture_is_its_own_turn_in_every_way() {
    let dir = Dir::new();
    dir.write("photo.ppm", [b"P6 32 32 255\n".as_slice(), &[77; 32 * 32 * 3]].concat());
    encode(&dir, &["-sample", "1x1", "-quality", "100"]);
    let stored = class(&dir, "a.jpg");
    assert_eq!(stored.turns.count(), 8);
    assert_eq!(stored.turn_to(&stored), Some(Turn::None));
}

#[test]
fn damaged_and_cut_files_end_without_a_panic() {
    let dir = photo(64, 48);
    for way in [&["-progressive"][..], &["-arithmetic"], &["-restart", "1"]] {
        encode(&dir, way);
        let whole = fs::read(dir.path().join("a.jpg")).unwrap();
        for cut in (0..whole.len()).step_by(cases(97, 7) as usize) {
            assert!(class_of(&whole[..cut]).is_err(), "cut at {cut}");
            let mut damaged = whole.clone();
            damaged[cut] ^= 0x55;
            let found = class_of(&damaged);
            assert!(!matches!(&found, Err(error) if error.to_string().contains("gave up")), "{cut}: {found:?}");
        }
        let little = Limits { memory_bytes: 100_000 };
        let refused = Format::Jpeg.turn_class(&mut InMemory::new(&whole), little);
        assert!(matches!(refused, Err(Error::TooLarge { .. })), "{refused:?}");
    }
}

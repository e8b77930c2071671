//! `--tier turned`: equal after one of the eight turns.

use std::collections::BTreeMap;

use pixtwin_testkit::{
    Dir, Drawing,
    draw::{landscape, noise},
    encode::{
        Png, PngColour, TiffCompression, apng, exif, gif, jpeg_pixels, jpeg_with_segment, pam, png, qoi, tga, tiff,
        webp,
    },
};
use serde_json::Value;

use crate::ran;

/// What is said of each file that is no keeper, by name: the turn that makes it the first of its group, and what is equal.
type Turns = BTreeMap<String, (u64, String)>;

/// The groups, each with the name of its first file.
fn groups(dir: &Dir, flags: &[&str]) -> Vec<(String, Turns)> {
    let report = ran(dir, &[&["scan", "--tier", "turned", "--format", "json", "-q"], flags, &["."]].concat());
    assert_eq!(report.code, 0, "{}", report.err());
    let lines = report.out().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let groups = lines.filter(|line| line["type"] == "group");
    groups
        .map(|group| {
            let files = group["files"].as_array().unwrap();
            let name = |file: &Value| file["path"]["text"].as_str().unwrap().trim_start_matches("./").to_owned();
            let turn =
                |file: &Value| (file["turn"].as_u64().unwrap_or(1), file["equal"].as_str().unwrap_or("").to_owned());
            (name(&files[0]), files[1..].iter().map(|file| (name(file), turn(file))).collect())
        })
        .collect()
}

/// Whether the drawing is the other one after the turn.
fn is_after(one: &Drawing, turn: u64, other: &Drawing) -> bool {
    one.shown_under(turn as u8) == *other
}

#[test]
fn all_turns_in_many_formats_are_one_group() {
    let stored = landscape(23, 14, 3);
    let dir = Dir::new();
    let mut drawings = BTreeMap::new();
    for turn in 1..=8 {
        let drawing = stored.shown_under(turn);
        let (name, file) = match turn {
            1 => ("1.png", png(&drawing)),
            2 => ("2.qoi", qoi(&drawing)),
            3 => ("3.tga", tga(&drawing, true)),
            4 => ("4.tif", tiff(&drawing, TiffCompression::Lzw, 5)),
            5 => ("5.pam", pam(&drawing)),
            6 => ("6.webp", webp(&drawing, &[])),
            7 => ("7.png", Png { is_interlaced: true, ..Png::new(PngColour::Rgba) }.write(&drawing)),
            _ => ("8.qoi", qoi(&drawing)),
        };
        dir.write(name, file);
        drawings.insert(name.to_owned(), drawing);
    }
    dir.write("other.png", png(&landscape(23, 14, 4)));
    let found = groups(&dir, &[]);
    let [(first, turns)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(turns.len(), 7);
    for (name, (turn, equal)) in turns {
        assert!(is_after(&drawings[name], *turn, &drawings[first]), "{name} after {turn} is {first}");
        assert_eq!(equal, "pixels");
    }
    for threads in ["-j1", "-j2", "-j5"] {
        assert_eq!(groups(&dir, &[threads]), found);
    }
    // Each finds all others, with the turn that makes them it.
    let report = ran(&dir, &["find", "--tier", "turned", "-q", "--format", "json", "6.webp", "--in", "."]);
    assert_eq!(report.code, 0, "{}", report.err());
    let matches: Vec<Value> = report.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let matches: Vec<&Value> = matches.iter().filter(|line| line["type"] == "match").collect();
    assert_eq!(matches.len(), 7);
    for found in matches {
        let name = found["path"]["text"].as_str().unwrap().trim_start_matches("./");
        assert!(is_after(&drawings[name], found["turn"].as_u64().unwrap(), &drawings["6.webp"]), "{found}");
    }
}

#[test]
fn pixels_in_another_order_are_no_turn() {
    let drawing = noise(20, 20, 5);
    let pixels: Vec<[u8; 4]> = drawing.pixels().collect();
    let moved = Drawing::new(20, 20, |x, y| pixels[((y * 20 + x + 1) % 400) as usize]);
    let swapped = drawing.clone().with_pixel(3, 4, drawing.pixel(9, 9)).with_pixel(9, 9, drawing.pixel(3, 4));
    let dir = Dir::new();
    dir.write("a.png", png(&drawing)).write("moved.png", png(&moved)).write("swapped.png", png(&swapped));
    assert_eq!(groups(&dir, &[]), []);
    assert_eq!(ran(&dir, &["find", "--tier", "turned", "-q", "a.png", "--in", "."]).code, 1);
}

#[test]
fn animations_turn_as_a_whole() {
    let frames = [landscape(12, 7, 1), landscape(12, 7, 2)].map(|frame| frame.with_levels_of(2));
    let turned = |turn| frames.clone().map(|frame| frame.shown_under(turn));
    let [first, second] = frames.clone();
    let mixed = [first.shown_under(2), second.shown_under(4)];
    let backwards = [second.shown_under(2), first.shown_under(2)];
    let dir = Dir::new();
    dir.write("a.gif", gif(&frames, 10)).write("turned.png", apng(&turned(6), (1, 10)));
    dir.write("mixed.png", apng(&mixed, (1, 10))).write("backwards.png", apng(&backwards, (1, 10)));
    dir.write("slow.png", apng(&turned(6), (1, 5)));
    let found = groups(&dir, &[]);
    let [(first, turns)] = &found[..] else { panic!("{found:?}") };
    let (other, turn) = if first == "a.gif" { ("turned.png", 8) } else { ("a.gif", 6) };
    assert_eq!(turns, &BTreeMap::from([(other.to_owned(), (turn, "pixels".to_owned()))]));
}

/// The turn that is named of two files, the first of which is the other's keeper or not, is the smallest that does it.
#[track_caller]
fn assert_smallest(one: &Drawing, other: &Drawing, expected: [u64; 2]) {
    let dir = Dir::new();
    dir.write("one.png", png(one)).write("other.png", png(other));
    let found = groups(&dir, &[]);
    let [(first, turns)] = &found[..] else { panic!("{found:?}") };
    let (first, member) = if first == "one.png" { (one, other) } else { (other, one) };
    let smallest = (1..=8).find(|turn| is_after(member, *turn, first)).unwrap();
    assert_eq!(turns.values().map(|(turn, _)| *turn).collect::<Vec<_>>(), [smallest]);
    assert!(expected.contains(&smallest), "{smallest}");
}

#[test]
fn symmetric_pictures_and_lines_name_the_smallest_number() {
    // Alike on both sides: a quarter turn one way or a flip, and each direction has a smallest number of its own.
    let half = landscape(6, 9, 2);
    let both = Drawing::new(12, 9, |x, y| half.pixel(if x < 6 { x } else { 11 - x }, y));
    assert_smallest(&both, &both.shown_under(6), [6, 7]);
    // A row of pixels from top to bottom, or from bottom to top.
    let row = landscape(9, 1, 2);
    assert_smallest(&row, &row.shown_under(6), [5, 6]);
    assert_smallest(&row, &row.shown_under(8), [7, 6]);
    assert_smallest(&row, &row.shown_under(3), [2, 2]);
}

fn run(dir: &Dir, words: &[&str]) {
    let ran = dir.run(words[0], &words[1..]).end();
    assert_eq!(ran.code, 0, "{words:?}: {}", ran.err());
}

#[test]
fn jpegs_that_jpegtran_turned_are_found_by_their_coefficients() {
    let dir = Dir::new();
    dir.write("photo.ppm", pixtwin_testkit::encode::ppm(&landscape(96, 64, 5)));
    run(&dir, &["cjpeg", "-sample", "2x2", "-outfile", "a.jpg", "photo.ppm"]);
    let turns: [(&[&str], u64); 7] = [
        (&["-flip", "horizontal"], 2),
        (&["-rotate", "180"], 3),
        (&["-flip", "vertical"], 4),
        (&["-transpose"], 5),
        (&["-rotate", "90"], 6),
        (&["-transverse"], 7),
        (&["-rotate", "270"], 8),
    ];
    for (options, turn) in turns {
        let name = format!("{turn}.jpg");
        run(&dir, &[&["jpegtran", "-progressive"], options, &["-outfile", &name, "a.jpg"]].concat());
    }
    std::fs::remove_file(dir.join("photo.ppm")).unwrap();
    let report = ran(&dir, &["find", "--tier", "turned", "-q", "--format", "json", "a.jpg", "--in", "."]);
    let matches: Vec<Value> = report.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let matches: Vec<&Value> = matches.iter().filter(|line| line["type"] == "match").collect();
    assert_eq!(matches.len(), 7, "{}{}", report.out(), report.err());
    let inverse = |turn: u64| match turn {
        6 => 8,
        8 => 6,
        other => other,
    };
    for found in matches {
        let name = found["path"]["text"].as_str().unwrap().trim_start_matches("./");
        let made: u64 = name.trim_end_matches(".jpg").parse().unwrap();
        assert_eq!(found["turn"].as_u64(), Some(inverse(made)), "{found}");
    }
    let found = groups(&dir, &[]);
    assert_eq!((found.len(), found[0].1.len()), (1, 7), "{found:?}");
}

#[test]
fn what_a_camera_means_is_found_beside_what_it_stored() {
    let dir = Dir::new();
    dir.write("photo.ppm", pixtwin_testkit::encode::ppm(&landscape(40, 24, 6)));
    run(&dir, &["cjpeg", "-sample", "2x2", "-outfile", "plain.jpg", "photo.ppm"]);
    std::fs::remove_file(dir.join("photo.ppm")).unwrap();
    let plain = dir.read("plain.jpg");
    dir.write("tagged.jpg", jpeg_with_segment(&plain, 0xe1, &[b"Exif\0\0".as_slice(), &exif(6)].concat()));
    dir.write("upright.png", png(&jpeg_pixels(&plain).shown_under(6)));
    let report = ran(&dir, &["find", "--tier", "turned", "-q", "tagged.jpg", "--in", "."]);
    report.assert(
        0,
        "tagged.jpg\n  ./plain.jpg  JPEG, same payload\n  ./upright.png  PNG, same pixels after a quarter turn anticlockwise\n",
        "",
    );
}

#[test]
fn a_picture_that_is_too_large_to_be_turned_is_listed() {
    let dir = Dir::new();
    let drawing = noise(1500, 1200, 1);
    dir.write("a.qoi", qoi(&drawing)).write("b.qoi", qoi(&drawing.shown_under(2)));
    let report = ran(&dir, &["scan", "--tier", "turned", "--memory", "8M", "."]);
    assert_eq!(report.code, 3, "{}{}", report.out(), report.err());
    assert!(report.err().contains("a.qoi") && report.err().contains("b.qoi"), "{}", report.err());
    assert_eq!(groups(&dir, &[]).len(), 1);
}

#[test]
fn groups_between_sets_are_whole() {
    let (dir, drawing) = (Dir::new(), noise(40, 24, 1));
    for turn in [1, 2, 3] {
        dir.write(format!("train/{turn}.png"), png(&drawing.shown_under(turn)));
    }
    for turn in [6, 7] {
        dir.write(format!("test/{turn}.png"), png(&drawing.shown_under(turn)));
    }
    let other = noise(40, 24, 2);
    dir.write("train/other.png", png(&other)).write("train/turned.png", png(&other.mirrored()));
    let report = ran(&dir, &["scan", "--tier", "turned", "-q", "--format", "json", "--between", "train", "test"]);
    let lines: Vec<Value> = report.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sizes: Vec<usize> = lines
        .iter()
        .filter(|line| line["type"] == "group")
        .map(|line| line["files"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [5], "{}", report.out());
}

//! `--tier within=K`: pictures of one size of which no channel of any pixel differs by more than K.

use pixtwin_testkit::{
    Dir, Drawing,
    draw::{Seeded, landscape, noise},
    encode::{Jpeg, Png, PngColour, Subsampling, apng, jpeg_pixels, pam, pgm, png, ppm, ppm16},
    library,
};
use serde_json::Value;

use crate::{digest, ran};

/// A file of a group: its path, and the largest difference from the first, of 65535.
type Member = (String, Option<u64>);

/// The groups of a scan, and its exit code.
fn groups(dir: &Dir, tier: &str, flags: &[&str]) -> (Vec<Vec<Member>>, i32) {
    let ran = ran(dir, &[&["scan", ".", "--tier", tier, "--format", "json"][..], flags].concat());
    let lines = ran.out().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let groups = lines.filter(|line| line["type"] == "group").map(|group| {
        // A path that is no text is told by its bytes.
        let name = |path: &Value| path["text"].as_str().map_or_else(|| path.to_string(), str::to_owned);
        let member = |file: &Value| (name(&file["path"]), file["largest"].as_u64());
        group["files"].as_array().unwrap().iter().map(member).collect()
    });
    (groups.collect(), ran.code)
}

/// How far two files are apart by a scan, of 65535; nothing if they make no group.
#[track_caller]
fn apart(a: &[u8], b: &[u8], levels: u32) -> Option<u64> {
    let dir = Dir::new();
    dir.write("a", a).write("b", b);
    let (groups, code) = groups(&dir, &format!("within={levels}"), &[]);
    assert_eq!(code, 0);
    match &groups[..] {
        [] => None,
        [group] => {
            assert_eq!(group.len(), 2);
            Some(group[1].1.unwrap())
        }
        more => panic!("{more:?}"),
    }
}

/// Whether two files are reported just where they are so far apart, of 65535, and with that figure.
#[track_caller]
fn assert_apart(a: &[u8], b: &[u8], far: u32) {
    let levels = far.div_ceil(257);
    assert_eq!(apart(a, b, levels), Some(far.into()));
    if levels > 0 {
        assert_eq!(apart(a, b, levels - 1), None);
    }
}

fn grey_levels() -> Drawing {
    Drawing::new(9, 7, |x, y| [100 + (x as u8), 120 + (y as u8), 90, 110 + (x as u8)])
}

#[test]
fn every_channel_counts_up_to_the_bound() {
    let base = grey_levels();
    for (channel, by) in [(0, 1), (1, 10), (2, 90), (3, 3)] {
        let mut changed = base.clone();
        changed.rgba[4 * 40 + channel] += by;
        assert_apart(&png(&base), &pam(&changed), u32::from(by) * 257);
    }
}

/// Samples of sixteen bits, of a grey picture.
fn grey16(samples: &[u16]) -> Vec<u8> {
    let header = format!("P5\n{} 1\n65535\n", samples.len()).into_bytes();
    header.into_iter().chain(samples.iter().flat_map(|sample| sample.to_be_bytes())).collect()
}

#[test]
fn sixteen_bits_count_exactly() {
    for by in [1, 256, 257, 258, 2569, 2570, 2571, 65_535] {
        assert_apart(&grey16(&[0, 0, 9]), &grey16(&[0, by, 9]), by.into());
    }
    let eight = Drawing::solid(3, 1, [10, 10, 10, 255]);
    assert_apart(&pgm(&eight), &grey16(&[2570, 2570, 2570 + 258]), 258);
    assert_apart(&ppm16(&eight), &grey16(&[2570, 2570 - 257, 2570]), 257);
}

#[test]
fn layouts_of_the_decoders_count_for_nothing() {
    let grey = Drawing::new(20, 9, |x, y| [(x * 7 + y) as u8, (x * 7 + y) as u8, (x * 7 + y) as u8, 255]);
    let near = grey.map(|[r, g, b, a]| [r, g + 2, b, a]);
    let of = |colour| Png::new(colour).write(&grey);
    for file in [pgm(&grey), ppm(&grey), pam(&grey), of(PngColour::Palette), of(PngColour::GreyAlpha)] {
        assert_apart(&ppm(&near), &file, 514);
        assert_apart(&file, &png(&near), 514);
    }
    // A picture that is not opaque is as far from one without alpha as its alpha is from 255.
    assert_apart(&pgm(&grey), &pam(&grey.map(|[r, g, b, _]| [r, g, b, 250])), 5 * 257);
}

#[test]
fn hidden_colour_counts_unless_it_is_ignored() {
    let dir = Dir::new();
    let base = noise(8, 8, 3).with_pixel(2, 2, [9, 9, 9, 0]);
    dir.write("a.png", png(&base)).write("b.png", png(&base.clone().with_pixel(2, 2, [200, 9, 9, 0])));
    assert!(groups(&dir, "within=100", &[]).0.is_empty());
    assert_eq!(groups(&dir, "within=191", &[]).0.len(), 1);
    assert_eq!(groups(&dir, "within=1", &["--alpha", "ignore-hidden"]).0.len(), 1);
}

#[test]
fn a_jpeg_and_the_same_encoded_anew() {
    let first = Jpeg { quality: 95, ..Jpeg::new(Subsampling::S444) }.write(&landscape(90, 61, 5));
    let again = Jpeg { quality: 98, ..Jpeg::new(Subsampling::S444) }.write(&jpeg_pixels(&first));
    let (a, b) = (jpeg_pixels(&first), jpeg_pixels(&again));
    let far = a.rgba.iter().zip(&b.rgba).map(|(a, b)| u32::from(a.abs_diff(*b))).max().unwrap();
    assert!((1..40).contains(&far), "{far}");
    assert_apart(&first, &again, far * 257);
}

#[test]
fn animations_are_near_frame_by_frame_and_in_time() {
    let frames = [noise(6, 5, 1).map(|[r, g, b, a]| [r / 2, g, b, a]), noise(6, 5, 2)];
    let changed = [frames[0].map(|[r, g, b, a]| [r + 3, g, b, a]), frames[1].clone()];
    let late = [frames[0].clone(), frames[1].map(|[r, g, b, a]| [r, g, b ^ 1, a])];
    assert_apart(&apng(&frames, (1, 10)), &apng(&changed, (1, 10)), 3 * 257);
    assert_apart(&apng(&frames, (1, 10)), &apng(&late, (1, 10)), 257);
    assert_eq!(apart(&apng(&frames, (1, 10)), &apng(&changed, (1, 11)), 255), None);
    assert_eq!(apart(&apng(&frames, (1, 10)), &apng(&frames[..1], (1, 10)), 255), None);
}

#[test]
fn other_sizes_are_never_near() {
    let grey = Drawing::solid(6, 4, [9, 9, 9, 255]);
    assert_eq!(apart(&png(&grey), &png(&grey.reflowed(4)), 255), None);
    assert_eq!(apart(&png(&grey), &png(&grey.cropped(0, 0, 6, 3)), 255), None);
    assert_apart(&png(&grey), &png(&grey.map(|_| [255, 9, 9, 255])), 246 * 257);
}

/// Each is near the next only: no group may have two that are not near its first.
#[test]
fn a_chain_is_no_group() {
    let dir = Dir::new();
    for level in 0..100_u8 {
        dir.write(format!("{level:03}.png"), png(&Drawing::solid(5, 5, [2 * level, 40, 40, 255])));
    }
    let (groups, _) = groups(&dir, "within=2", &[]);
    let level = |member: &Member| member.0.trim_start_matches("./")[..3].parse::<u64>().unwrap();
    let mut named = [false; 100];
    for group in &groups {
        for member in group {
            named[level(member) as usize] = true;
            let far = 2 * level(member).abs_diff(level(&group[0]));
            assert!(far <= 2, "{group:?}");
            assert_eq!(member.1.unwrap_or(0), far * 257);
        }
    }
    assert!(named.iter().all(|is_named| *is_named));
}

#[test]
fn nothing_but_equal_pictures_is_within_nothing() {
    let dir = library();
    dir.write("near-a.png", png(&grey_levels())).write("near-b.png", png(&grey_levels().with_sample_changed(3, 3, 1)));
    let names = |tier| {
        let names = |group: Vec<Member>| -> Vec<String> {
            let mut names: Vec<String> = group.into_iter().map(|(name, _)| name).collect();
            names.sort_unstable();
            names
        };
        let mut groups: Vec<_> = groups(&dir, tier, &[]).0.into_iter().map(names).collect();
        groups.sort_unstable();
        groups
    };
    assert!(names("pixels").len() > 2);
    assert_eq!(names("within=0"), names("pixels"));
    assert_eq!(names("within=1").iter().filter(|group| group.iter().any(|name| name.contains("near"))).count(), 1);
}

/// Random pictures, and random changes of them, against all pairs by hand.
#[test]
fn the_pairs_of_brute_force() {
    let (dir, mut seeded) = (Dir::new(), Seeded(7));
    let mut all = Vec::new();
    for number in 0..40_u32 {
        let (base, reach) = (noise(17, 11, u64::from(number / 8)), 1 + seeded.below(9));
        let mut change = |sample: u8| (u32::from(sample) / 2 + 40 + seeded.below(reach)) as u8;
        let drawing = Drawing::new(17, 11, |x, y| base.pixel(x, y).map(&mut change));
        dir.write(format!("{number:02}.png"), png(&drawing));
        all.push(drawing);
    }
    let far = |a: &Drawing, b: &Drawing| a.rgba.iter().zip(&b.rgba).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    for levels in [1, 4, 6, 8] {
        let wanted: Vec<bool> = (0..40).map(|a| (0..40).any(|b| a != b && far(&all[a], &all[b]) <= levels)).collect();
        assert!(levels < 6 || wanted.iter().any(|is| *is), "{levels}");
        let mut named = vec![false; 40];
        let number = |member: &Member| member.0.trim_start_matches("./")[..2].parse::<usize>().unwrap();
        for group in groups(&dir, &format!("within={levels}"), &["--threads", "3"]).0 {
            let keeper = number(&group[0]);
            for member in &group {
                named[number(member)] = true;
                let far = far(&all[keeper], &all[number(member)]);
                assert!(far <= levels);
                assert_eq!(member.1.unwrap_or(0), u64::from(far) * 257);
            }
            // Nobody near the keeper is left out.
            let near = (0..40).filter(|other| far(&all[keeper], &all[*other]) <= levels).count();
            assert!(group.len() == near || group.len() > 1, "{group:?}");
        }
        assert_eq!(named, wanted, "{levels}");
    }
}

#[test]
fn a_find_measures_as_a_scan_does() {
    let dir = Dir::new();
    let base = grey_levels();
    dir.write("query.png", png(&base)).write("in/equal.pam", pam(&base));
    dir.write("in/near.png", png(&base.map(|[r, g, b, a]| [r, g + 4, b, a])));
    dir.write("in/far.png", png(&base.map(|[r, g, b, a]| [r, g, b, a - 5])));
    let found = |tier: &str| {
        let found = ran(&dir, &["find", "query.png", "--in", "in", "--tier", tier, "--format", "json"]);
        let lines = found.out().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found = lines.filter(|line| line["path"]["text"].is_string());
        found
            .map(|line| (line["path"]["text"].as_str().unwrap().to_owned(), line["largest"].as_u64()))
            .collect::<Vec<_>>()
    };
    let equal = ("in/equal.pam".to_owned(), None);
    let near = ("in/near.png".to_owned(), Some(4 * 257));
    assert_eq!(found("within=3"), std::slice::from_ref(&equal));
    assert_eq!(found("within=4"), [equal.clone(), near.clone()]);
    assert_eq!(found("within=5"), [equal, ("in/far.png".to_owned(), Some(5 * 257)), near]);
}

#[test]
fn what_differs_is_said_in_words() {
    let dir = Dir::new();
    let base = grey_levels();
    dir.write("a.png", png(&base)).write("b.png", png(&base.map(|[r, g, b, a]| [r + 3, g, b, a])));
    let said = ran(&dir, &["scan", "--tier", "within=5", "."]);
    assert!(said.out().contains("no channel differs by more than 3 of 255"), "{}", said.out());
    assert_ne!(digest(&dir, "a.png"), digest(&dir, "b.png"));
}

/// Row by row such a picture is looked at in little memory; to be held it needs more, and is not left out in silence.
#[test]
fn what_cannot_be_held_is_listed() {
    let dir = Dir::new();
    let base = Drawing::solid(1500, 1000, [9, 9, 9, 255]);
    dir.write("a.ppm", ppm(&base)).write("b.ppm", ppm(&base.with_pixel(3, 3, [10, 9, 9, 255])));
    let small = groups(&dir, "within=1", &["--memory", "4M"]);
    assert_eq!(small, (Vec::new(), 3));
    let large = groups(&dir, "within=1", &["--memory", "64M"]);
    assert_eq!((large.0.len(), large.1), (1, 0));
}

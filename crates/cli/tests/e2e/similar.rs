//! `--tier similar`: pictures that somebody would call the same, edited.

use std::collections::BTreeSet;

use pixtwin_testkit::{
    Dir, Ran,
    draw::{Drawing, Seeded, landscape, noise},
    encode::{Jpeg, Subsampling, TiffCompression, jpeg_with_segment, png, qoi, tiff},
};
use serde_json::Value;

use crate::ran;

const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;

fn jpeg(drawing: &Drawing, quality: u8) -> Vec<u8> {
    let mut encoder = Jpeg::new(Subsampling::S420);
    encoder.quality = quality;
    encoder.write(drawing)
}

/// Half as wide and high, each pixel the mean of four.
fn halved(drawing: &Drawing) -> Drawing {
    Drawing::new(drawing.width / 2, drawing.height / 2, |x, y| {
        let four = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(right, down)| drawing.pixel(2 * x + right, 2 * y + down));
        std::array::from_fn(|channel| (four.iter().map(|pixel| u32::from(pixel[channel])).sum::<u32>() / 4) as u8)
    })
}

fn framed(drawing: &Drawing, side: u32, colour: [u8; 4]) -> Drawing {
    let inside = |at: u32, len: u32| at.checked_sub(side).filter(|at| *at < len);
    Drawing::new(drawing.width + 2 * side, drawing.height + 2 * side, |x, y| {
        match (inside(x, drawing.width), inside(y, drawing.height)) {
            (Some(x), Some(y)) => drawing.pixel(x, y),
            _ => colour,
        }
    })
}

/// A landscape with grass, clouds and grain: like a photo, it has hardly two neighbouring pixels that are the same.
fn photo(seed: u64) -> Drawing {
    let (smooth, mut random) = (landscape(WIDTH, HEIGHT, seed).opaque(), Seeded(seed));
    let mut patches = |side: u32| -> Vec<i32> {
        let count = (WIDTH.div_ceil(side) * HEIGHT.div_ceil(side)) as usize;
        (0..count).map(|_| random.below(25) as i32 - 12).collect()
    };
    let texture = [1, 5, 17].map(|side| (side, patches(side)));
    Drawing::new(WIDTH, HEIGHT, |x, y| {
        let patch = |(side, patches): &(u32, Vec<i32>)| patches[(y / side * WIDTH.div_ceil(*side) + x / side) as usize];
        let change: i32 = texture.iter().map(patch).sum();
        let [red, green, blue, alpha] = smooth.pixel(x, y);
        let [red, green, blue] = [red, green, blue].map(|sample| (i32::from(sample) + change).clamp(0, 255) as u8);
        [red, green, blue, alpha]
    })
}

/// Pictures that are edits of one, and others that are not.
fn library() -> Dir {
    let one = photo(1);
    let dir = Dir::new();
    dir.write("one.png", png(&one)).write("copies/one.qoi", qoi(&one));
    dir.write("mail/small.png", png(&halved(&one))).write("mail/one.jpg", jpeg(&one, 60));
    dir.write("mail/framed.png", png(&framed(&one, 16, [255, 255, 255, 255])));
    dir.write("mail/flipped.png", png(&one.mirrored())).write("mail/turned.png", png(&one.shown_under(6)));
    dir.write("mail/cut.png", png(&one.cropped(12, 9, WIDTH - 24, HEIGHT - 18)));
    for seed in 2..8 {
        dir.write(format!("others/{seed}.png"), png(&photo(seed)));
    }
    dir.write("others/plain.png", png(&Drawing::solid(64, 64, [9, 9, 9, 255])));
    dir.write("others/plainer.png", png(&Drawing::solid(64, 65, [9, 9, 8, 255])));
    dir
}

const EDITS: [&str; 6] = [
    "./mail/cut.png",
    "./mail/flipped.png",
    "./mail/framed.png",
    "./mail/one.jpg",
    "./mail/small.png",
    "./mail/turned.png",
];

fn lines(ran: &Ran) -> Vec<Value> {
    ran.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn path(value: &Value) -> String {
    value["path"]["text"].as_str().unwrap().to_owned()
}

/// The files of each group, and what is said of each.
fn groups(ran: &Ran) -> Vec<Vec<Value>> {
    let groups = lines(ran).into_iter().filter(|line| line["type"] == "group");
    groups.map(|group| group["files"].as_array().unwrap().clone()).collect()
}

fn scan(dir: &Dir, more: &[&str]) -> Ran {
    ran(dir, &[&["scan", ".", "--tier", "similar", "--format", "json", "--no-catalogue"][..], more].concat())
}

#[test]
fn edits_of_a_picture_are_found_and_others_are_not() {
    let dir = library();
    let found = scan(&dir, &["-q"]);
    assert_eq!((found.code, found.err()), (0, ""));
    let groups = groups(&found);
    let named: BTreeSet<String> = groups.iter().flatten().map(path).collect();
    let wanted: BTreeSet<String> =
        EDITS.iter().chain(&["./one.png", "./copies/one.qoi"]).map(ToString::to_string).collect();
    assert_eq!(named, wanted, "{groups:?}");
    for file in groups.iter().flatten().filter(|file| file["distance"].is_u64()) {
        assert!(file["distance"].as_u64().unwrap() <= 31, "{file}");
        let is_only_stored_anew = ["./mail/one.jpg", "./mail/small.png"].contains(&&*path(file));
        if path(file) != "./mail/framed.png" && !is_only_stored_anew {
            assert_eq!(file["label"], "EDITED", "{file}");
        }
    }
    // What is turned says how.
    let view = |name: &str| {
        let file = groups.iter().flatten().find(|file| path(file) == name).unwrap();
        format!("{} of {}", file["view"].as_str().unwrap(), file["view_of"].as_str().unwrap())
    };
    assert!(view("./mail/flipped.png").starts_with("a flip left to right of "), "{}", view("./mail/flipped.png"));
    assert!(view("./mail/turned.png").contains("quarter turn"), "{}", view("./mail/turned.png"));
}

#[test]
fn every_member_is_near_to_the_first_of_its_group() {
    let dir = library();
    for distance in ["0", "10", "31", "63"] {
        for linkage in ["star", "complete"] {
            let found = scan(&dir, &["-q", "--distance", distance, "--linkage", linkage]);
            for files in groups(&found) {
                let most = distance.parse::<u64>().unwrap();
                let near = |file: &Value| file["distance"].as_u64().is_none_or(|distance| distance <= most);
                assert!(files.iter().skip(1).all(near) && files[0]["distance"].is_null(), "{files:?}");
            }
        }
    }
}

#[test]
fn a_label_can_be_asked_for() {
    let dir = library();
    for (wanted, label) in [("re-encoded", "RE-ENCODED"), ("edited", "EDITED")] {
        let found = scan(&dir, &["-q", "--label", wanted]);
        let labels: BTreeSet<String> =
            groups(&found).iter().flatten().filter_map(|file| Some(file["label"].as_str()?.to_owned())).collect();
        assert_eq!(labels, BTreeSet::from([label.to_owned()]));
    }
    let wrong = ran(&dir, &["scan", ".", "--label", "edited"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err().contains("--distance and --label are for --tier similar"), "{}", wrong.err());
}

#[test]
fn find_answers_in_both_directions_with_and_without_a_catalogue() {
    let (dir, kept) = (library(), Dir::new());
    dir.settle();
    let kept = kept.join("c").to_str().unwrap().to_owned();
    let catalogue = ["--catalogue", &kept];
    assert_eq!(
        ran(&dir, &[&["scan", "-q", ".", "--tier", "similar", "--format", "null"][..], &catalogue].concat()).code,
        0
    );
    for query in EDITS.iter().chain(&["./one.png"]) {
        let find = |more: &[&str]| {
            let found =
                ran(&dir, &[&["find", query, "--tier", "similar", "--format", "json", "-q"][..], more].concat());
            assert_eq!((found.code, found.err()), (0, ""), "{query}");
            lines(&found)
        };
        let walked = find(&["--in", ".", "--no-catalogue"]);
        let names: BTreeSet<String> = walked.iter().filter(|line| line["type"] == "match").map(path).collect();
        assert!(!names.is_empty() && !names.contains(*query), "{query}: {names:?}");
        assert!(*query != "./one.png" || names.len() > 4, "{names:?}");
        assert!(names.iter().all(|name| !name.contains("others")), "{query}: {names:?}");
        // Paths in the catalogue are whole.
        let asked = find(&catalogue);
        let tails = |lines: &[Value]| {
            let tail = |line: &Value| {
                (path(line).rsplit('/').next().unwrap().to_owned(), line["distance"].clone().to_string())
            };
            lines.iter().filter(|line| line["type"] == "match").map(tail).collect::<BTreeSet<_>>()
        };
        assert_eq!(tails(&asked), tails(&walked), "{query}");
    }
}

#[test]
fn the_report_is_the_same_on_any_number_of_threads_and_in_any_order() {
    let dir = library();
    let expected = scan(&dir, &["-q"]).stdout;
    for threads in ["1", "2", "5"] {
        assert_eq!(scan(&dir, &["-q", "-j", threads]).stdout, expected);
    }
    // The same files made in another order have other numbers, and are met in another order.
    let again = Dir::new();
    let mut names: Vec<String> =
        EDITS.iter().chain(&["./one.png", "./copies/one.qoi"]).map(ToString::to_string).collect();
    names.extend((2..8).map(|seed| format!("./others/{seed}.png")));
    names.extend(["./others/plain.png".to_owned(), "./others/plainer.png".to_owned()]);
    for name in names.iter().rev() {
        again.write(name, dir.read(name));
    }
    assert_eq!(scan(&again, &["-q"]).stdout, expected);
}

#[test]
fn many_equal_pictures_are_one_group_that_costs_little() {
    let count = pixtwin_testkit::cases(500, 100_000);
    let (dir, one) = (Dir::new(), landscape(96, 64, 3).opaque());
    let jpeg = jpeg(&one, 90);
    for number in 0..count {
        let tagged = jpeg_with_segment(&jpeg, 0xfe, number.to_string().as_bytes());
        dir.write(format!("{}/{number}.jpg", number % 100), tagged);
    }
    let found = scan(&dir, &["-q"]);
    let groups = groups(&found);
    assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [usize::try_from(count).unwrap()]);
}

#[test]
fn what_has_no_detail_is_near_to_nothing() {
    let dir = Dir::new();
    for number in 0..12 {
        dir.write(format!("{number}.png"), png(&Drawing::solid(100 + number, 80, [number as u8, 0, 0, 255])));
    }
    dir.write("a.png", png(&noise(3, 3, 1))).write("b.png", png(&noise(1, 400, 1)));
    let found = scan(&dir, &["-q"]);
    assert_eq!(groups(&found), Vec::<Vec<Value>>::new());
}

/// Noise has detail in each of the 28 views.
#[test]
fn verbose_says_what_was_compared() {
    let dir = Dir::new();
    let (one, turned) = (noise(96, 96, 1).opaque(), noise(96, 96, 2).opaque());
    dir.write("a.png", png(&one)).write("copy.qoi", qoi(&one)).write("flat.png", png(&Drawing::solid(96, 96, [5; 4])));
    dir.write("b.png", png(&one.clone().with_sample_changed(3, 3, 1))).write("c.png", png(&turned));
    let turned = turned.mirrored();
    let says = |tier: &str, line: &str| {
        let said = ran(&dir, &["scan", ".", "--tier", tier, "--no-catalogue", "-v"]);
        assert_eq!(said.code, 0, "{}", said.err());
        let is_said = said.err().lines().any(|said| said.split_whitespace().eq(line.split_whitespace()));
        assert!(is_said, "{tier}: {}", said.err());
    };
    says("similar", "84 codes compared: 2 meetings, 2 after a second look; 1 pair of pictures is near");
    says("within=255", "6 pairs measured: 6 pairs of pictures are near");
    dir.write("d.png", png(&turned));
    // Of five distinct pictures two share their pixels; each file is read once more, but for what is told by its bytes.
    let read =
        std::fs::metadata(dir.join("c.png")).unwrap().len() + std::fs::metadata(dir.join("d.png")).unwrap().len();
    let shown = format!("{:.0} KiB", read as f64 / 1024.0);
    says("turned", &format!("pixels in any order 5 2 3 0 {shown}"));
    says("pixels", "width and height 6 0 0 0 0 B");
}

#[test]
fn pairs_between_sets_are_reported_though_each_has_nearer_ones_in_its_own() {
    let one = landscape(WIDTH, HEIGHT, 1).opaque();
    let dir = Dir::new();
    dir.write("train/a.png", png(&one)).write("train/b.jpg", jpeg(&one, 90)).write("test/c.jpg", jpeg(&one, 50));
    dir.write("train/d.png", png(&landscape(WIDTH, HEIGHT, 2).opaque()));
    dir.write("train/e.jpg", jpeg(&landscape(WIDTH, HEIGHT, 2).opaque(), 70));
    let found = ran(&dir, &["scan", "-q", "--tier", "similar", "--format", "json", "--between", "train", "test"]);
    let groups = groups(&found);
    let names: BTreeSet<String> = groups.iter().flatten().map(path).collect();
    assert_eq!(names.iter().map(String::as_str).collect::<Vec<_>>(), ["test/c.jpg", "train/a.png", "train/b.jpg"]);
    assert!(groups.iter().all(|files| files.iter().any(|file| path(file) == "test/c.jpg")), "{groups:?}");
}

#[test]
fn a_plan_of_similar_pictures_keeps_the_first_and_is_refused_in_bulk() {
    let dir = library();
    let said =
        ran(&dir, &["scan", ".", "--tier", "similar", "--no-catalogue", "-q", "--plan", "plan", "--keep", "newest"]);
    assert_eq!(said.code, 0, "{}", said.err());
    let plan = String::from_utf8(dir.read("plan")).unwrap();
    let kept: Vec<Value> = plan.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is = |line: &&Value, task: &str| line["do"] == task;
    assert!(kept.iter().any(|line| is(&line, "remove")));
    assert!(kept.iter().filter(|line| line["type"] == "group").all(|line| line["tier"] != "pixels"), "{plan}");
    let state = dir.join("state");
    let applied = ran(&dir, &["apply", "plan", "--yes", "--state", state.to_str().unwrap()]);
    assert_eq!(applied.code, 4, "{}", applied.err());
    let are_there = || EDITS.iter().filter(|name| dir.join(name).exists()).count();
    assert_eq!(are_there(), EDITS.len());
    // One pair is looked at by a person.
    let before = dir.names();
    std::fs::create_dir(dir.join("held")).unwrap();
    let pair = ["apply", "plan", "--pair", "1", "--yes", "--state", state.to_str().unwrap(), "--quarantine", "held"];
    let applied = ran(&dir, &pair);
    assert_eq!(applied.code, 0, "{}", applied.err());
    assert_eq!(before.iter().filter(|name| !dir.path().join(name).exists()).count(), 1);
    let undone = ran(&dir, &["undo", "--yes", "--state", state.to_str().unwrap()]);
    assert_eq!(undone.code, 0, "{}", undone.err());
    assert!(before.iter().all(|name| dir.path().join(name).exists()));
}

/// Between two files of one size of which neither format must have lost anything, what differs was edited, however little.
#[test]
fn what_is_kept_without_loss_is_not_only_encoded_anew() {
    let (dir, one) = (Dir::new(), photo(3));
    let marked =
        Drawing::new(
            WIDTH,
            HEIGHT,
            |x, y| if x.abs_diff(160) < 3 && y == 120 { [0, 0, 0, 255] } else { one.pixel(x, y) },
        );
    dir.write("a.tif", tiff(&one, TiffCompression::None, 16)).write("b.png", png(&marked));
    dir.write("c.tif", tiff(&marked.with_sample_changed(9, 9, 0), TiffCompression::None, 16))
        .write("d.jpg", jpeg(&one, 90));
    let found = scan(&dir, &["-q"]);
    let labels: BTreeSet<(String, String)> = groups(&found)
        .iter()
        .flatten()
        .filter_map(|file| Some((path(file), file["label"].as_str()?.to_owned())))
        .collect();
    assert!(
        labels.len() == 3 && labels.iter().all(|(name, label)| (name == "./d.jpg") == (label == "RE-ENCODED")),
        "{labels:?}"
    );
}

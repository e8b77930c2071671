//! The order in which files are told, made and looked at changes no report of pictures that are nearly the same.

use pixtwin_testkit::{
    Dir, cases,
    draw::{Drawing, Seeded, landscape},
    encode::{Jpeg, Subsampling, png},
};

use crate::ran;

/// Names and contents: of each of some pictures a chain of cuts, turned forms, an encoding and small changes.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for seed in 0..4_u64 {
        let one = landscape(160, 120, seed / 2).opaque();
        let mut add = |name: &str, content| files.push((format!("{name}{seed}"), content));
        for cut in 0..6 {
            add(&format!("cut{cut}-"), png(&one.cropped(4 * cut, 3 * cut, 160 - 8 * cut, 120 - 6 * cut)));
        }
        add("flipped", png(&one.mirrored()));
        add("turned", png(&one.shown_under(6)));
        add("brighter", png(&one.map(|[red, green, blue, alpha]| [red / 2 + 90, green / 2 + 90, blue, alpha])));
        add("changed", png(&one.clone().with_sample_changed(7 + seed as u32, 5, 1)));
        let mut jpeg = Jpeg::new(Subsampling::S420);
        jpeg.quality = 40 + 10 * seed as u8;
        add("jpeg", jpeg.write(&one));
        add("other", png(&Drawing::new(64, 48, |x, y| [(x * seed as u32) as u8, (y * 5) as u8, 9, 255])));
    }
    files
}

fn shuffle<Thing>(things: &mut [Thing], random: &mut Seeded) {
    for last in (1..things.len()).rev() {
        things.swap(last, random.below(last as u32 + 1) as usize);
    }
}

#[test]
fn the_order_of_files_changes_no_report() {
    let (mut files, mut random) = (files(), Seeded(11));
    let tiers: [&[&str]; 5] = [
        &["turned"],
        &["within=10"],
        &["similar"],
        &["similar", "--linkage", "complete", "--distance", "45"],
        &["similar", "--distance", "12"],
    ];
    let mut expected = None;
    let turns = cases(3, 100);
    for turn in 0..turns {
        let dir = Dir::new();
        shuffle(&mut files, &mut random);
        files.iter().for_each(|(name, content)| {
            dir.write(name, content);
        });
        let mut told: Vec<&str> = files.iter().map(|(name, _)| &**name).collect();
        shuffle(&mut told, &mut random);
        let threads = (1 + random.below(5)).to_string();
        let reports = tiers.map(|tier| {
            let options = ["-q", "--format", "json", "--no-catalogue", "--threads", &threads, "--tier"];
            let found = ran(&dir, &[&["scan"][..], &told, &options, tier].concat());
            assert_eq!((found.code, found.err()), (0, ""));
            found.out().to_owned()
        });
        assert!(reports.iter().all(|report| report.lines().count() > 3), "{reports:?}");
        let first = expected.get_or_insert_with(|| reports.clone());
        assert_eq!(*first, reports, "turn {turn}, {threads} threads");
    }
    println!("soak: {} files in {turns} orders, {} reports each, byte for byte the same", files.len(), tiers.len());
}

//! `--tier within=K`: one report for any number of ranks, wherever the pictures lie.

use pixtwin_testkit::{
    Drawing,
    draw::{Seeded, noise},
    encode::{apng, png, tga},
    library,
};

use crate::{alone, here, without_hosts};

const FOOTER: &[u8] = b"\0\0\0\0\0\0\0\0TRUEVISION-XFILE.\0";

#[test]
fn near_pictures_of_all_ranks_are_one_report() {
    let dir = library();
    let mut seeded = Seeded(3);
    for number in 0..30_u32 {
        let mut change = |sample: u8| (u32::from(sample) / 2 + 40 + seeded.below(2 + number % 5)) as u8;
        let base = noise(40, 30, u64::from(number / 10));
        let drawing = Drawing::new(40, 30, |x, y| base.pixel(x, y).map(&mut change));
        match number % 3 {
            0 => dir.write(format!("near/{number}.png"), png(&drawing)),
            // Without its footer the format is told by the extension alone.
            1 => dir.write(format!("near/{number}.tga"), tga(&drawing, false).strip_suffix(FOOTER).unwrap()),
            _ => dir.write(format!("near/{number}.png"), apng(&[drawing], (1, 10))),
        };
    }
    for flags in [&["scan", "."][..], &["scan", ".", "--linkage", "complete"], &["find", "near/0.png", "--in", "."]] {
        let json = [flags, &["--tier", "within=4", "--format", "json"]].concat();
        let expected = alone(&dir, &json);
        assert!(expected.out().contains("\"largest\":"), "{}", expected.out());
        for ranks in [2, 3, 8] {
            for storage in ["local", "shared"] {
                let ran = here(&dir, ranks, &[&json[..], &["--storage", storage]].concat());
                assert_eq!(ran.code, expected.code, "{ranks} ranks, {storage}: {}", ran.err());
                assert_eq!(without_hosts(ran.out()), expected.out(), "{ranks} ranks, {storage}, {flags:?}");
            }
        }
    }
}

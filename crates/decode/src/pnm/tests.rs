use super::*;
use crate::{
    Format,
    checks::{
        assert_cuts_are_refused, assert_is_refused, assert_stops_anywhere, decode, metadata, payload, pixels, rgb, rgba,
    },
};

fn pnm(file: &[u8]) -> Vec<[u16; 4]> {
    pixels(Format::Pnm, file)
}

#[test]
fn one_is_black_in_a_bitmap() {
    let expected = [rgb(0, 0, 0), rgb(255, 255, 255), rgb(0, 0, 0)];
    assert_eq!(pnm(b"P1\n3 1\n101\n"), expected);
    assert_eq!(pnm(b"P1\n3 1\n1 0 #x\n 1"), expected);
    assert_eq!(pnm(b"P4\n3 1\n\xbf"), expected);
}

#[test]
fn plain_and_raw_are_the_same_picture() {
    let expected = [rgb(1, 2, 3), rgb(255, 0, 10)];
    assert_eq!(pnm(b"P6 2 1 255\n\x01\x02\x03\xff\x00\x0a"), expected);
    assert_eq!(pnm(b"P3 2 # width\n1 255\n1 2 3\n255 0 10"), expected);
    assert_eq!(pnm(b"P5\n2 1\n255\n\x07\x08"), pnm(b"P2\n2 1\n255\n7 8\n"));
}

#[test]
fn other_maxima_are_scaled_to_sixteen_bits() {
    let grey = |value: u16| [value, value, value, 65535];
    assert_eq!(pnm(b"P2 3 1 15 0 7 15"), [rgb(0, 0, 0), rgb(119, 119, 119), rgb(255, 255, 255)]);
    assert_eq!(pnm(b"P2 2 1 1000 500 1000"), [grey(32768), grey(65535)]);
    assert_eq!(pnm(b"P5 2 1 1023\n\x02\x00\x03\xff"), [grey(32800), grey(65535)]);
    assert_eq!(pnm(b"P5 1 1 65535\n\x12\x34"), [grey(0x1234)]);
}

#[test]
fn a_sample_above_the_maximum_is_refused() {
    for file in [&b"P5 1 1 100\n\x65"[..], b"P2 1 1 100\n101", b"P2 1 1 65535\n65536", b"P2 1 1 7\n99999999999"] {
        assert!(matches!(decode(Format::Pnm, file), Err(Error::Corrupt(_))));
    }
}

#[test]
fn a_pam_has_the_channels_of_its_tuple_type() {
    let pam = |depth: u8, max: u16, kind: &str, raster: &[u8]| {
        let head = format!("P7\nWIDTH 1\nHEIGHT 1\n# note\nDEPTH {depth}\nMAXVAL {max}\nTUPLTYPE {kind}\nENDHDR\n");
        pnm(&[head.as_bytes(), raster].concat())
    };
    assert_eq!(pam(1, 1, "BLACKANDWHITE", &[1]), [rgb(255, 255, 255)]);
    assert_eq!(pam(2, 1, "BLACKANDWHITE_ALPHA", &[0, 0]), [rgba(0, 0, 0, 0)]);
    assert_eq!(pam(1, 255, "GRAYSCALE", &[9]), [rgb(9, 9, 9)]);
    assert_eq!(pam(2, 255, "GRAYSCALE_ALPHA", &[9, 8]), [rgba(9, 9, 9, 8)]);
    assert_eq!(pam(3, 255, "RGB", &[1, 2, 3]), [rgb(1, 2, 3)]);
    assert_eq!(pam(4, 255, "RGB_ALPHA", &[1, 2, 3, 4]), [rgba(1, 2, 3, 4)]);
    assert_eq!(pam(4, 65535, "RGB_ALPHA", &[0, 1, 0, 2, 0, 3, 0, 4]), [[1, 2, 3, 4]]);
}

#[test]
fn further_raw_pictures_are_frames_and_other_bytes_are_none() {
    let two = decode(Format::Pnm, b"P5 2 1 255\nabP6 1 1 255\nabc").unwrap();
    assert_eq!(two.len(), 2);
    assert_eq!(two[1].pixel(0, 0), rgb(97, 98, 99));
    let one = b"P5 2 1 255\nabP5is what comes here";
    assert_eq!(decode(Format::Pnm, one).unwrap().len(), 1);
    assert_eq!(metadata(Format::Pnm, one).items[0].name, "trailing bytes");
    assert!(decode(Format::Pnm, b"P5 2 1 255\nabP5 2 1 255\na").is_err());
}

#[test]
fn a_further_picture_with_a_bad_header_is_not_dropped() {
    for rest in ["P5 x 1 255\nab", "P6 1 1 70000\nabcdef", "P5 is what comes here", "P7 \nWIDTH 1\n"] {
        let file = [b"P5 2 1 255\nab", rest.as_bytes()].concat();
        assert!(matches!(decode(Format::Pnm, &file), Err(Error::Corrupt(_))), "{rest}");
        assert!(matches!(payload(Format::Pnm, &file), Err(Error::Corrupt(_))), "{rest}");
    }
    let planes = b"P5 2 1 255\nabP7\nWIDTH 1\nHEIGHT 1\nDEPTH 9\nMAXVAL 255\nENDHDR\nabcdefghi";
    assert!(matches!(decode(Format::Pnm, planes), Err(Error::Unsupported(_))));
}

#[test]
fn every_further_picture_of_one_size_needs_one_row() {
    let file = [&b"P5 100 5000 255\n"[..], &[7; 500_000]].concat().repeat(4);
    let header = Format::Pnm.header(&mut crate::InMemory::new(&file)).unwrap();
    assert!(header.whole_bytes < 8192, "{} bytes", header.whole_bytes);
    assert_eq!(decode(Format::Pnm, &file).unwrap().len(), 4);
    // One with longer rows is promised too.
    let mixed = [&b"P5 1 1 255\naP5 500000 1 255\n"[..], &[7; 500_000]].concat();
    assert_eq!(decode(Format::Pnm, &mixed).unwrap().len(), 2);
}

#[test]
fn every_cut_is_refused() {
    for file in [
        &b"P6 # c\n2 2 255\nabcdefghijkl"[..],
        b"P4\n9 2\nabcd",
        b"P5 2 2 1000\n\x01\x02\x01\x02\x01\x02\x01\x02",
        b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nTUPLTYPE GRAYSCALE\nENDHDR\nab",
        b"P1\n3 2\n101011",
    ] {
        assert_cuts_are_refused(Format::Pnm, file);
    }
    // The last digit of a plain number cannot be missed; all before it can.
    let plain = b"P3 2 1 255\n1 2 3 4 5 6";
    assert_cuts_are_refused(Format::Pnm, plain);
}

#[test]
fn a_promise_that_the_file_cannot_keep_costs_nothing() {
    for file in [&b"P6 4294967295 4294967295 65535\nabc"[..], b"P1 65535 65535\n1", b"P3 65535 65535 255\n1 2 3"] {
        assert_is_refused(Format::Pnm, file);
    }
    for file in [&b"P6 0 1 255\n"[..], b"P6 1 1 0\na", b"P6 1 1 65536\na", b"P6 -1 1 255\na"] {
        assert!(decode(Format::Pnm, file).is_err());
    }
}

#[test]
fn stopping_gives_the_same_rows() {
    assert_stops_anywhere(Format::Pnm, b"P5 2 4 255\nabcdefgh");
    assert_stops_anywhere(Format::Pnm, b"P2 2 4 9\n1 2 3 4 5 6 7 8");
}

#[test]
fn comments_are_metadata_and_no_payload() {
    let key = |file| payload(Format::Pnm, file).unwrap();
    assert_eq!(key(b"P5 2 1 255\nab"), key(b"P5 # a comment\n2 1 255\nabtail"));
    assert_eq!(key(b"P2 2 1 255\n1 2"), key(b"P2 2 1 255\n1 # one\n2\n"));
    assert_ne!(key(b"P5 2 1 255\nab"), key(b"P5 1 2 255\nab"));
    assert_ne!(key(b"P5 2 1 255\nab"), key(b"P5 2 1 254\nab"));
    assert_ne!(key(b"P5 2 1 255\nab"), key(b"P5 2 1 255\nac"));
    let items = metadata(Format::Pnm, b"P5 # a comment\n2 1 255\nab").items;
    assert_eq!(items.iter().map(|item| item.name).collect::<Vec<_>>(), ["comment"]);
}

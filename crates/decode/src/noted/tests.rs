use exif::{Field, Rational, experimental::Writer};
use pixtwin_testkit::{
    Drawing,
    draw::icon,
    encode::{Jpeg, Png, Subsampling, chunk, jpeg_with_segment, png},
};
use proptest::prelude::*;

use super::*;
use crate::{Format, Metadata, checks::metadata};

/// EXIF data of these fields, written by the other half of the crate that reads it.
fn exif_of(fields: &[(Tag, Value)], little_endian: bool) -> Vec<u8> {
    let fields: Vec<Field> =
        fields.iter().map(|(tag, value)| Field { tag: *tag, ifd_num: In::PRIMARY, value: value.clone() }).collect();
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut out = std::io::Cursor::new(Vec::new());
    writer.write(&mut out, little_endian).unwrap();
    out.into_inner()
}

fn text(text: &str) -> Value {
    Value::Ascii(vec![text.as_bytes().to_vec()])
}

fn degrees(parts: [(u32, u32); 3]) -> Value {
    Value::Rational(parts.map(|(num, denom)| Rational { num, denom }).to_vec())
}

fn all_fields() -> Vec<(Tag, Value)> {
    vec![
        (Tag::DateTime, text("2025:01:01 00:00:00")),
        (RATING, Value::Short(vec![4])),
        (Tag::DateTimeOriginal, text("2024:05:17 10:31:00")),
        (Tag::DateTimeDigitized, text("2024:05:18 10:31:00")),
        (Tag::GPSLatitudeRef, text("N")),
        (Tag::GPSLatitude, degrees([(48, 1), (51, 1), (2940, 100)])),
        (Tag::GPSLongitudeRef, text("E")),
        (Tag::GPSLongitude, degrees([(2, 1), (17, 1), (4020, 100)])),
    ]
}

fn noted(exif: &[u8]) -> Noted {
    let mut found = Metadata::default();
    found.add_exif(exif);
    found.noted
}

fn jpeg() -> Vec<u8> {
    Jpeg::new(Subsampling::S444).write(&icon(16, 1))
}

fn png_with(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let plain = png(&icon(16, 1));
    // Behind the signature and the header.
    [&plain[..33], &chunk(*kind, body), &plain[33..]].concat()
}

#[test]
fn exif_tells_date_position_and_stars() {
    let expected = Noted {
        date: Some("2024:05:17 10:31:00".to_owned()),
        position: Some("N 48/1,51/1,2940/100 E 2/1,17/1,4020/100".to_owned()),
        rating: Some("4".to_owned()),
        unreadable: None,
    };
    for little_endian in [false, true] {
        let exif = exif_of(&all_fields(), little_endian);
        assert_eq!(noted(&exif), expected);
        let file = jpeg_with_segment(&jpeg(), 0xe1, &[b"Exif\0\0", &exif[..]].concat());
        assert_eq!(metadata(Format::Jpeg, &file).noted, expected);
        assert_eq!(metadata(Format::Png, &png_with(b"eXIf", &exif)).noted, expected);
        assert_eq!(metadata(Format::Tiff, &tiff_of(&exif, little_endian)).noted, expected);
    }
}

/// A TIFF of one grey pixel with the tags of some EXIF data: its directory is moved behind, with what a picture needs.
fn tiff_of(exif: &[u8], little_endian: bool) -> Vec<u8> {
    let two = |number: u16| if little_endian { number.to_le_bytes() } else { number.to_be_bytes() };
    let four = |number: u32| if little_endian { number.to_le_bytes() } else { number.to_be_bytes() };
    let number = |at: usize, len: usize| {
        let bytes = &exif[at..at + len];
        let add = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        if little_endian { bytes.iter().rev().fold(0, add) } else { bytes.iter().fold(0, add) }
    };
    let first = number(4, 4);
    let mut entries: Vec<Vec<u8>> =
        (0..number(first, 2)).map(|at| exif[first + 2 + 12 * at..][..12].to_vec()).collect();
    let mut file = exif.to_vec();
    let pixel = u32::try_from(file.len()).unwrap();
    file.extend_from_slice(&[7, 0]);
    for (tag, value) in [(256_u16, 1), (257, 1), (258, 8), (262, 1), (273, pixel), (277, 1), (278, 1), (279, 1)] {
        entries.push([&two(tag)[..], &two(4), &four(1), &four(value)].concat());
    }
    let tag_of = |entry: &Vec<u8>| if little_endian { [entry[1], entry[0]] } else { [entry[0], entry[1]] };
    entries.sort_by_key(tag_of);
    let place = u32::try_from(file.len()).unwrap();
    file[4..8].copy_from_slice(&four(place));
    file.extend_from_slice(&two(u16::try_from(entries.len()).unwrap()));
    file.extend(entries.concat());
    file.extend_from_slice(&[0; 4]);
    file
}

#[test]
fn the_first_date_that_is_one_counts() {
    let date = |fields: &[(Tag, &str)]| {
        let fields: Vec<_> = fields.iter().map(|(tag, date)| (*tag, text(date))).collect();
        noted(&exif_of(&fields, true)).date
    };
    let blank = (Tag::DateTimeOriginal, "    :  :     :  :  ");
    let zero = (Tag::DateTimeDigitized, "0000:00:00 00:00:00");
    assert_eq!(date(&[blank, zero]), None);
    let changed = (Tag::DateTime, "2020:02:02 02:02:02");
    assert_eq!(date(&[changed, blank, zero]).as_deref(), Some("2020:02:02 02:02:02"));
    assert_eq!(date(&[(Tag::DateTimeOriginal, "\u{1b}[31m")]).as_deref(), Some("\\x1b[31m"));
}

#[test]
fn a_position_without_numbers_is_none() {
    let mut fields = all_fields();
    fields[5].1 = degrees([(0, 0), (0, 0), (0, 0)]);
    assert_eq!(noted(&exif_of(&fields, true)).position, None);
    fields.truncate(5);
    assert_eq!(noted(&exif_of(&fields, true)).position, None);
}

#[test]
fn xmp_tells_what_exif_does_not() {
    let packet = br#"<rdf:Description xmp:RatingPercent="99" xmp:Rating = '3' exif:GPSLatitude="48,51.5N">
        <exif:GPSLongitude> 2,17E </exif:GPSLongitude><exif:DateTimeOriginal>2024-05-17</exif:DateTimeOriginal>"#;
    let mut found = Noted::default();
    found.add_xmp(packet);
    let expected = Noted {
        date: Some("2024-05-17".to_owned()),
        position: Some("48,51.5N 2,17E".to_owned()),
        rating: Some("3".to_owned()),
        unreadable: None,
    };
    assert_eq!(found, expected);
    let segment = [b"http://ns.adobe.com/xap/1.0/\0", &packet[..]].concat();
    assert_eq!(metadata(Format::Jpeg, &jpeg_with_segment(&jpeg(), 0xe1, &segment)).noted, expected);
    let text = [b"XML:com.adobe.xmp\0\0\0\0\0", &packet[..]].concat();
    assert_eq!(metadata(Format::Png, &png_with(b"iTXt", &text)).noted, expected);
    let mut both = noted(&exif_of(&all_fields(), true));
    both.add_xmp(packet);
    assert_eq!(both, noted(&exif_of(&all_fields(), true)));
}

#[test]
fn what_cannot_be_looked_through_is_not_taken_for_nothing() {
    let exif = exif_of(&all_fields(), true);
    let cut = &exif[..exif.len() - 60];
    let found = [noted(cut), noted(&vec![0; usize::try_from(LONGEST_EXIF).unwrap() + 1]), noted(b"no EXIF")];
    assert!(found.iter().all(|found| found.unreadable.is_some() && found.date.is_none()), "{found:?}");
    assert_eq!(found[0], noted(cut));
    assert_ne!(found[0].unreadable, found[1].unreadable);
    // Compressed, and no zlib stream.
    let text = b"XML:com.adobe.xmp\0\x01\0\0\0 packed";
    assert!(metadata(Format::Png, &png_with(b"iTXt", text)).noted.unreadable.is_some());
    assert_eq!(
        metadata(
            Format::Png,
            &Png::new(pixtwin_testkit::encode::PngColour::Rgba).write(&Drawing {
                width: 1,
                height: 1,
                rgba: vec![0; 4]
            })
        )
        .noted,
        Noted::default()
    );
}

proptest! {
    /// Damage never makes it panic, nor hold more than the data.
    #[test]
    fn damage_is_no_panic(at in 0_usize..400, byte: u8, packet in prop::collection::vec(prop_oneof![Just(b'<'), Just(b'>'), Just(b'='), Just(b'"'), any::<u8>()], 0..200)) {
        let mut exif = exif_of(&all_fields(), true);
        let len = exif.len();
        exif[at % len] = byte;
        let mut found = noted(&exif);
        let packet = [b" xmp:Rating", &packet[..], b" xmp:Rating"].concat();
        found.add_xmp(&packet);
        for value in [found.date, found.position, found.rating].into_iter().flatten() {
            prop_assert!(value.len() <= 4 * LONGEST_VALUE && value.is_ascii());
        }
    }
}

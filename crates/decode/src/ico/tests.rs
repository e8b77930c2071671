//! Files built byte by byte.

use pixtwin_pixel::{Alpha, Digester, PixelDigest, Raster, RasterSink};

use super::*;
use crate::InMemory;

const LIMITS: Limits = Limits { memory_bytes: 1 << 20 };

/// A directory of entries; `kind` is 1 for icons, 2 for cursors. What the directory says of sizes is wrong on purpose.
fn file(kind: u8, hot_spot: (u16, u16), entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, 0, u8::try_from(entries.len()).unwrap(), 0];
    let mut offset = 6 + 16 * entries.len();
    for entry in entries {
        bytes.extend([77, 77, 0, 0]);
        bytes.extend([hot_spot.0.to_le_bytes(), hot_spot.1.to_le_bytes()].concat());
        bytes.extend(u32::try_from(entry.len()).unwrap().to_le_bytes());
        bytes.extend(u32::try_from(offset).unwrap().to_le_bytes());
        offset += entry.len();
    }
    bytes.extend(entries.concat());
    bytes
}

/// A bitmap: header, then what is given.
fn dib(width: u32, height: u32, bits: u16, rest: &[&[u8]]) -> Vec<u8> {
    let mut bytes = [40, width, height * 2].map(u32::to_le_bytes).concat();
    bytes.extend([1_u16.to_le_bytes(), bits.to_le_bytes()].concat());
    bytes.extend([0; 24]);
    bytes.extend(rest.concat());
    bytes
}

fn png(width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(::png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(rgba).unwrap();
    writer.finish().unwrap();
    bytes
}

fn decoded(bytes: &[u8]) -> Result<Vec<Raster>, Error> {
    let mut sink = RasterSink::default();
    Format::Ico.rows(&mut InMemory::new(bytes), Depth::Whole, LIMITS, &mut sink)?;
    Ok(sink.finish().expect("every row came"))
}

fn digest(format: Format, bytes: &[u8]) -> PixelDigest {
    let mut digester = Digester::new(Alpha::Exact, Depth::Whole);
    format.rows(&mut InMemory::new(bytes), Depth::Whole, LIMITS, &mut digester).unwrap();
    digester.finish().digest.unwrap()
}

fn payload(bytes: &[u8]) -> Result<[u8; 32], Error> {
    Format::Ico.payload(&mut InMemory::new(bytes), LIMITS)
}

fn pixels(raster: &Raster) -> Vec<[u16; 4]> {
    let frame = raster.frame();
    (0..frame.height).flat_map(|y| (0..frame.width).map(move |x| raster.pixel(x, y).map(|v| v / 257))).collect()
}

#[test]
fn every_depth_is_read_bottom_up_with_its_mask() {
    // Two pixels a row, two rows; the mask hides the right pixel of the upper row, which is stored last.
    let mask: &[u8] = &[0, 0, 0, 0, 0x40, 0, 0, 0];
    let (a, b, c, d) = ([1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]);
    let palette: Vec<u8> = [a, b, c, d].iter().flat_map(|&[r, g, b]| [b, g, r, 0]).collect();
    let used = |mut bytes: Vec<u8>, entries: u8| {
        bytes[32] = entries;
        bytes
    };
    let true_colors = |bytes_per_pixel: usize| {
        let row = |left: [u8; 3], right: [u8; 3]| {
            let mut row: Vec<u8> = [left, right]
                .iter()
                .flat_map(|&[r, g, b]| [b, g, r, 0].into_iter().take(bytes_per_pixel).collect::<Vec<u8>>())
                .collect();
            row.resize(8, 0);
            row
        };
        [row(c, d), row(a, b)].concat()
    };
    let files = [
        used(dib(2, 2, 4, &[&palette, &[0x23, 0, 0, 0, 0x01, 0, 0, 0], mask]), 4),
        used(dib(2, 2, 8, &[&palette, &[2, 3, 0, 0, 0, 1, 0, 0], mask]), 4),
        dib(2, 2, 24, &[&true_colors(3), mask]),
        // Alpha 0 everywhere means that nobody wrote any.
        dib(2, 2, 32, &[&true_colors(4), mask]),
    ];
    let opaque = |[r, g, b]: [u8; 3], alpha| [u16::from(r), u16::from(g), u16::from(b), alpha];
    for file_bytes in files {
        let raster = decoded(&file(1, (1, 8), &[file_bytes])).unwrap().remove(0);
        assert_eq!(pixels(&raster), [opaque(a, 255), opaque(b, 0), opaque(c, 255), opaque(d, 255)]);
    }
    let two_colors: Vec<u8> = palette[..8].to_vec();
    let bytes = file(1, (1, 1), &[dib(2, 2, 1, &[&two_colors, &[0x40, 0, 0, 0, 0x80, 0, 0, 0], mask])]);
    let raster = decoded(&bytes).unwrap().remove(0);
    assert_eq!(pixels(&raster), [opaque(b, 255), opaque(a, 0), opaque(a, 255), opaque(b, 255)]);
    // Five bits a sample: 31 is full, and no bit of precision is lost.
    let bytes = file(1, (1, 16), &[dib(1, 1, 16, &[&[0x01, 0x7c, 0, 0], &[0; 4]])]);
    assert_eq!(decoded(&bytes).unwrap()[0].pixel(0, 0), [65535, 0, 2114, 65535]);
}

#[test]
fn an_icon_of_one_entry_is_the_twin_of_its_png() {
    let rgba = [1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11, 255, 13, 14, 15, 128];
    let [p, q, r, s] = *rgba.as_chunks::<4>().0 else { unreachable!() };
    let bgra: Vec<u8> = [r, s, p, q].iter().flat_map(|&[r, g, b, a]| [b, g, r, a]).collect();
    let stored = png(2, 2, &rgba);
    let expected = digest(Format::Png, &stored);
    // With alpha the mask does not count, and may be missing.
    let bitmap = file(1, (1, 32), &[dib(2, 2, 32, &[&bgra, &[255; 8]])]);
    let without_mask = file(1, (1, 32), &[dib(2, 2, 32, &[&bgra])]);
    for bytes in [file(1, (1, 32), &[stored]), bitmap, without_mask] {
        assert_eq!(digest(Format::Ico, &bytes), expected);
        let header = Format::Ico.header(&mut InMemory::new(&bytes)).unwrap();
        assert_eq!((header.width, header.height), (2, 2), "not the 77 x 77 of the directory");
    }
}

#[test]
fn every_entry_is_a_frame() {
    let small = png(1, 1, &[1, 2, 3, 4]);
    let large = png(3, 1, &[9; 12]);
    let bytes = file(1, (0, 0), &[large.clone(), small.clone()]);
    let frames = decoded(&bytes).unwrap();
    assert_eq!(frames.iter().map(|raster| raster.frame().width).collect::<Vec<_>>(), [3, 1]);
    assert_ne!(digest(Format::Ico, &bytes), digest(Format::Ico, &file(1, (0, 0), &[small, large])));
    let mut digester = Digester::new(Alpha::Exact, Depth::Rows(16));
    Format::Ico.rows(&mut InMemory::new(&bytes), Depth::Rows(16), LIMITS, &mut digester).unwrap();
    let head = digester.finish();
    assert_eq!((head.frames, head.width, head.heads[0].is_some()), (2, 3, true));
}

#[test]
fn a_cut_icon_is_no_picture() {
    let color = dib(9, 3, 24, &[&[5; 28 * 3], &[0; 12]]);
    let bytes = file(1, (1, 24), &[color, png(2, 1, &[7; 8])]);
    assert!(decoded(&bytes).is_ok());
    for len in 0..bytes.len() {
        assert!(decoded(&bytes[..len]).is_err(), "rows of {len} bytes");
        assert!(payload(&bytes[..len]).is_err(), "payload of {len} bytes");
    }
}

#[test]
fn a_large_claim_costs_no_memory() {
    for (width, height) in [(65_535, 65_535), (i32::MAX as u32, 1), (1, i32::MAX as u32 / 2)] {
        for bits in [1, 8, 16, 32] {
            let bytes = file(1, (1, bits), &[dib(width, height, bits, &[&[0; 100]])]);
            let error = decoded(&bytes).unwrap_err();
            assert!(matches!(error, Error::TooLarge { .. } | Error::Corrupt(_)), "{error}");
            assert!(payload(&bytes).is_err());
        }
    }
    // A thousand entries that are all the same data.
    let one = png(1, 1, &[1; 4]);
    let mut bytes = vec![0, 0, 1, 0, 0xe8, 3];
    for _ in 0..1000 {
        bytes.extend([[1, 1, 0, 0], [1, 0, 32, 0]].concat());
        bytes.extend([u32::try_from(one.len()).unwrap() + 30_000, 16_006].map(u32::to_le_bytes).concat());
    }
    bytes.extend(one);
    bytes.resize(bytes.len() + 30_000, 0);
    assert_eq!(decoded(&bytes).unwrap_err().to_string(), "the entries of the icon directory overlap");
}

#[test]
fn the_payload_is_the_data_and_not_its_place() {
    let rgba = |low| dib(1, 1, 32, &[&[low, 2, 3, 255], &[0; 4]]);
    let plain = payload(&file(1, (1, 32), &[rgba(1)])).unwrap();
    assert_eq!(payload(&file(2, (5, 6), &[rgba(1)])).unwrap(), plain);
    let mut with_resolution = rgba(1);
    with_resolution[24] = 99;
    assert_eq!(payload(&file(1, (1, 32), &[with_resolution])).unwrap(), plain);
    assert_ne!(payload(&file(1, (1, 32), &[rgba(0)])).unwrap(), plain);
    assert_ne!(payload(&file(1, (1, 32), &[rgba(1), rgba(1)])).unwrap(), plain);
}

/// An APNG of one red pixel in its one frame, whose image data, which is no frame, is `rgba`.
fn apng_with_a_picture_apart(rgba: [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, 1, 1);
    encoder.set_color(::png::ColorType::Rgba);
    encoder.set_animated(1, 0).unwrap();
    encoder.set_sep_def_img(true).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&rgba).unwrap();
    writer.write_image_data(&[255, 0, 0, 255]).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn the_payload_of_an_apng_entry_is_the_image_data_that_is_shown() {
    let [blue, green] = [[0, 0, 255, 255], [0, 255, 0, 255]].map(|rgba| {
        let bytes = file(1, (1, 32), &[apng_with_a_picture_apart(rgba)]);
        assert_eq!(pixels(&decoded(&bytes).unwrap()[0]), [rgba.map(u16::from)]);
        bytes
    });
    assert_ne!(digest(Format::Ico, &blue), digest(Format::Ico, &green));
    assert_ne!(payload(&blue).unwrap(), payload(&green).unwrap());
    let still = file(1, (1, 32), &[png(1, 1, &[0, 0, 255, 255])]);
    assert_eq!(digest(Format::Ico, &blue), digest(Format::Ico, &still));
    assert_eq!(payload(&blue).unwrap(), payload(&still).unwrap());
}

#[test]
fn the_hot_spot_is_metadata() {
    let entry = png(1, 1, &[1; 4]);
    let of = |kind| {
        let mut bytes = file(kind, (3, 4), std::slice::from_ref(&entry));
        bytes.push(0);
        Format::Ico.metadata(&mut InMemory::new(&bytes)).unwrap().items
    };
    let named: Vec<(&str, Option<String>)> = of(2).into_iter().map(|item| (item.name, item.value)).collect();
    assert_eq!(named, [("hot spot", Some("3, 4".to_owned())), ("trailing bytes", Some("1 byte".to_owned()))]);
    assert_eq!(of(1).len(), 1);
}

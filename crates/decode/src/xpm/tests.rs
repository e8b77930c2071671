use crate::{
    Error, Format, InMemory, Sniffed,
    checks::{
        assert_cuts_are_refused, assert_is_refused, assert_stops_anywhere, decode, metadata, payload, pixels, rgb, rgba,
    },
    sniff,
};

/// A file as programs write it, from its strings.
fn file(strings: &[&str]) -> Vec<u8> {
    let list = strings.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(",\n");
    format!("/* XPM */\nstatic char *icon[] = {{\n/* width height ... */\n{list}}}").into_bytes()
}

const ICON: [&str; 6] = ["3 2 3 1", "  c None", ". c #102030", "+ c red", " .+", "++."];

fn icon() -> Vec<u8> {
    file(&ICON)
}

#[test]
fn characters_stand_for_colours() {
    let (clear, blue, red) = (rgba(0, 0, 0, 0), rgb(16, 32, 48), rgb(255, 0, 0));
    assert_eq!(pixels(Format::Xpm, &icon()), [clear, blue, red, red, red, blue]);
}

#[test]
fn several_characters_may_make_one_pixel() {
    let two = file(&["2 1 2 2", "ab c #000001", "ba c #000002", "abba"]);
    assert_eq!(pixels(Format::Xpm, &two), [rgb(0, 0, 1), rgb(0, 0, 2)]);
    let nine = file(&["1 1 1 9", "abcdefghi c red", "abcdefghi"]);
    assert!(matches!(decode(Format::Xpm, &nine), Err(Error::Unsupported(_))));
}

fn colour(line: &str) -> Result<[u16; 4], Error> {
    let file = file(&["1 1 1 1", &format!("x{line}"), "x"]);
    decode(Format::Xpm, &file).map(|frames| frames[0].pixel(0, 0))
}

#[test]
fn every_way_to_write_a_colour_is_read() {
    let values = [
        (" c #f0a", rgb(255, 0, 170)),
        (" c #FF00aa", rgb(255, 0, 170)),
        (" c #fff000800", [65535, 0, 32776, 65535]), // 0x800 / 4095 * 65535 is 32775.5
        (" c #12345678ffff", [0x1234, 0x5678, 0xffff, 65535]),
        (" c #121200007f7f", rgb(0x12, 0, 0x7f)),
        ("\tc\tNONE", [0; 4]),
        (" c Gray", rgb(190, 190, 190)),
        (" c light  Slate Gray", rgb(119, 136, 153)),
        (" m white c blue", rgb(0, 0, 255)),
        (" s None g4 white m black g gray50", rgb(127, 127, 127)),
        (" m black g4 #fff s border", rgb(255, 255, 255)),
    ];
    for (line, value) in values {
        assert_eq!(colour(line).unwrap(), value, "{line}");
    }
}

#[test]
fn colours_without_a_known_value_are_refused() {
    for line in [" c %0000", " s border", " c no such colour", " s None"] {
        assert!(matches!(colour(line), Err(Error::Unsupported(_))), "{line}");
    }
    for line in ["", " c", " c #12", " c #12345g", " #123456", " c #1234567890123"] {
        assert!(matches!(colour(line), Err(Error::Corrupt(_))), "{line}");
    }
}

#[test]
fn every_cut_is_refused() {
    assert_cuts_are_refused(Format::Xpm, &icon());
}

#[test]
fn damage_is_named() {
    let of = |strings: &[&str]| decode(Format::Xpm, &file(strings)).unwrap_err().to_string();
    let [size, clear, blue, red, first, second] = ICON;
    assert_eq!(of(&[size, clear, blue, red, first]), "the list of strings ends after row 1 of 2");
    assert_eq!(of(&[size, clear, blue, red, first, "++"]), "row 2 has 2 characters instead of 3");
    assert_eq!(of(&[size, clear, blue, red, first, "++.."]), "row 2 has 4 characters instead of 3");
    assert_eq!(of(&[size, clear, blue, red, first, "++x"]), "row 2 has a pixel `x` that is no colour of the table");
    assert_eq!(
        of(&[size, clear, blue, red, first, "++\0"]),
        "row 2 has a pixel `\\x00` that is no colour of the table"
    );
    assert_eq!(of(&[size, clear, blue, ". c red", first, second]), "`.` stands for two colours");
    assert_eq!(of(&["3 2 3", clear, blue, red, first, second]), "the first string is no size: `3 2 3`");
    assert_eq!(of(&["3 0 3 1", clear, blue, red, first, second]), "the first string is no size: `3 0 3 1`");
}

#[test]
fn the_c_around_the_strings_must_make_sense() {
    let text = String::from_utf8(icon()).unwrap();
    let fails = |from: &str, to: &str| decode(Format::Xpm, text.replace(from, to).as_bytes()).unwrap_err();
    assert!(matches!(fails("c red\",", "c red\""), Error::Unsupported(_)));
    assert!(matches!(fails("c red\",", "c red\", x"), Error::Corrupt(_)));
    assert!(matches!(fails("c red\",", "c red\n\","), Error::Corrupt(_)));
    assert!(matches!(fails("{", ";"), Error::Corrupt(_)));
    let odd = text.replace("[] = {", "[]/* { \" */={// {\"\n").replace('}', " , }").replace(",\n", "\r\n,");
    assert_eq!(pixels(Format::Xpm, odd.as_bytes()), pixels(Format::Xpm, &icon()));
}

#[test]
fn a_promise_that_the_file_cannot_keep_costs_nothing() {
    for size in ["65535 65535 3 1", "3 2 4294967295 1", "4294967295 4294967295 4294967295 8"] {
        assert_is_refused(Format::Xpm, &file(&[size, "  c None"]));
    }
}

#[test]
fn stopping_gives_the_same_rows() {
    assert_stops_anywhere(Format::Xpm, &icon());
}

#[test]
fn comments_hot_spot_and_extensions_are_metadata() {
    let [_, clear, blue, red, first, second] = ICON;
    let extended = |size| file(&[size, clear, red, blue, first, second, "XPMEXT author me", "XPMENDEXT"]);
    let mut tagged = b" \n".to_vec();
    tagged.extend(extended("3 2 3 1 1 0 XPMEXT"));
    tagged.extend(b" ; /* made by hand */ tail");
    assert_eq!(payload(Format::Xpm, &icon()).unwrap(), payload(Format::Xpm, &tagged).unwrap());
    let items = metadata(Format::Xpm, &tagged).items;
    let named: Vec<_> = items.iter().map(|item| (item.name, item.value.as_deref())).collect();
    let expected = [
        ("comment", None),
        ("hot spot", Some("1, 0")),
        ("extensions", Some("2 lines")),
        ("trailing bytes", Some("23 bytes")),
    ];
    assert_eq!(named, expected);
    assert!(decode(Format::Xpm, &extended("3 2 3 1 1 -1 XPMEXT")).is_err());
    for (at, other) in [(2, ". c #102031"), (4, " ++"), (1, "  c white")] {
        let mut strings = ICON;
        strings[at] = other;
        assert_ne!(payload(Format::Xpm, &icon()).unwrap(), payload(Format::Xpm, &file(&strings)).unwrap());
    }
}

#[test]
fn it_is_told_by_its_first_comment() {
    let told = |bytes: &[u8]| sniff(&mut InMemory::new(bytes), None).unwrap();
    assert_eq!(told(b"\n /* XPM */ static"), Sniffed::Picture(Format::Xpm));
    assert_eq!(told(b"! XPM2\n"), Sniffed::Unsupported("XPM of version 2"));
    assert_eq!(told(b"/* XPM pictures are read here */"), Sniffed::Other);
}

//! X pixmaps.

use std::fmt::Write;

use crate::Drawing;

/// The file, of up to 256 colours, two characters a pixel. A pixel is opaque or has alpha 0 and becomes `None`.
///
/// # Source
/// XPM Manual, version 3.4i.
#[must_use]
pub fn xpm(drawing: &Drawing) -> Vec<u8> {
    let (colours, indices) = drawing.palette().expect("a pixmap of two characters has up to 256 colours");
    let name_of = |index: u8| [b'a' + index / 16, b'a' + index % 16].map(char::from).iter().collect::<String>();
    let mut text = String::from("/* XPM */\nstatic char *picture[] = {\n");
    writeln!(text, "\"{} {} {} 2\",", drawing.width, drawing.height, colours.len()).unwrap();
    for (index, [red, green, blue, alpha]) in colours.iter().enumerate() {
        let colour = match alpha {
            0 => "None".to_owned(),
            255 => format!("#{red:02x}{green:02x}{blue:02x}"),
            _ => panic!("a pixmap has no alpha of {alpha}"),
        };
        writeln!(text, "\"{} c {colour}\",", name_of(index as u8)).unwrap();
    }
    let rows: Vec<String> = indices
        .chunks(drawing.width as usize)
        .map(|row| format!("\"{}\"", row.iter().map(|index| name_of(*index)).collect::<String>()))
        .collect();
    writeln!(text, "{}\n}};", rows.join(",\n")).unwrap();
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixmap_is_c_source() {
        let drawn =
            Drawing { width: 2, height: 2, rgba: [[1, 2, 255, 255], [0; 4], [0; 4], [1, 2, 255, 255]].concat() };
        let expected = "/* XPM */\nstatic char *picture[] = {\n\"2 2 2 2\",\n\"aa c #0102ff\",\n\"ab c None\",\n\
                        \"aaab\",\n\"abaa\"\n};\n";
        assert_eq!(String::from_utf8(xpm(&drawn)).unwrap(), expected);
    }
}

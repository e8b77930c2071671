//! Truevision TGA.

use crate::Drawing;

/// A true-colour TGA with alpha and the footer of version 2, plain or run-length coded.
#[must_use]
pub fn tga(drawing: &Drawing, is_packed: bool) -> Vec<u8> {
    let mut file = vec![0; 18];
    file[2] = if is_packed { 10 } else { 2 };
    file[12..14].copy_from_slice(&(drawing.width as u16).to_le_bytes());
    file[14..16].copy_from_slice(&(drawing.height as u16).to_le_bytes());
    // Eight bits of alpha; rows from the bottom.
    (file[16], file[17]) = (32, 8);
    for y in (0..drawing.height).rev() {
        let row: Vec<[u8; 4]> = (0..drawing.width)
            .map(|x| drawing.pixel(x, y))
            .map(|[red, green, blue, alpha]| [blue, green, red, alpha])
            .collect();
        if !is_packed {
            file.extend(row.concat());
            continue;
        }
        for run in row.chunk_by(PartialEq::eq).flat_map(|run| run.chunks(128)) {
            file.push(0x80 | (run.len() as u8 - 1));
            file.extend(run[0]);
        }
    }
    file.extend([0; 8]);
    file.extend(b"TRUEVISION-XFILE.\0");
    file
}

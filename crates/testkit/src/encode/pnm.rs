//! PGM, PPM and PAM.

use crate::Drawing;

/// Red alone as PGM.
#[must_use]
pub fn pgm(drawing: &Drawing) -> Vec<u8> {
    let header = format!("P5\n{} {}\n255\n", drawing.width, drawing.height).into_bytes();
    header.into_iter().chain(drawing.pixels().map(|pixel| pixel[0])).collect()
}

/// Red, green and blue as PPM.
#[must_use]
pub fn ppm(drawing: &Drawing) -> Vec<u8> {
    let header = format!("P6\n{} {}\n255\n", drawing.width, drawing.height).into_bytes();
    [header, drawing.rgb()].concat()
}

/// Red, green and blue as PPM of sixteen bits.
#[must_use]
pub fn ppm16(drawing: &Drawing) -> Vec<u8> {
    let header = format!("P6\n{} {}\n65535\n", drawing.width, drawing.height).into_bytes();
    header.into_iter().chain(drawing.rgb().into_iter().flat_map(|sample| [sample, sample])).collect()
}

/// All four channels as PAM.
#[must_use]
pub fn pam(drawing: &Drawing) -> Vec<u8> {
    let (width, height) = (drawing.width, drawing.height);
    let header =
        format!("P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n").into_bytes();
    [header, drawing.rgba.clone()].concat()
}

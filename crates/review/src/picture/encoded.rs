//! Pictures in a form that browsers show.

use libjpeg_turbo_rs::{Encoder, PixelFormat, Subsampling};
use pixtwin_engine::{Preview, Reduced};

/// A picture that this program encoded: pixels, and nothing that the file held beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// JPEG or PNG.
    pub bytes: Vec<u8>,
    /// `image/jpeg` or `image/png`.
    pub media_type: &'static str,
    /// Width and height of what is encoded, in pixels.
    pub size: (u32, u32),
    /// Width and height of the whole picture as it is shown.
    pub whole: (u32, u32),
}

pub(super) const JPEG: &str = "image/jpeg";
pub(super) const PNG: &str = "image/png";

/// How much may get lost in an opaque picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// JPEG of quality 80 with a quarter of the colours: some ten kilobytes.
    OfThumbnails,
    /// JPEG of quality 92 with all colours.
    Little,
    /// PNG.
    None,
}

/// Encodes a copy.
///
/// # Errors
/// What the encoder says.
pub(super) fn encode(preview: &Preview, loss: Loss) -> Result<Encoded, String> {
    let Preview { copy, whole, .. } = preview;
    let size = (copy.width, copy.height);
    let (bytes, media_type) = match loss {
        Loss::OfThumbnails if copy.is_opaque() => (jpeg(size, &copy.rgba, 80, Subsampling::S420)?, JPEG),
        Loss::Little if copy.is_opaque() => (jpeg(size, &copy.rgba, 92, Subsampling::S444)?, JPEG),
        _ => return encode_lossless(copy, *whole),
    };
    Ok(Encoded { bytes, media_type, size, whole: *whole })
}

/// Encodes a copy as PNG.
///
/// # Errors
/// What the encoder says.
pub(super) fn encode_lossless(copy: &Reduced, whole: (u32, u32)) -> Result<Encoded, String> {
    let size = (copy.width, copy.height);
    Ok(Encoded { bytes: png(size, &copy.rgba)?, media_type: PNG, size, whole })
}

fn jpeg((width, height): (u32, u32), rgba: &[u8], quality: u8, subsampling: Subsampling) -> Result<Vec<u8>, String> {
    let rgb: Vec<u8> = rgba.as_chunks::<4>().0.iter().flat_map(|&[r, g, b, _]| [r, g, b]).collect();
    let encoder = Encoder::new(&rgb, width as usize, height as usize, PixelFormat::Rgb);
    encoder.quality(quality).subsampling(subsampling).encode().map_err(|cause| cause.to_string())
}

/// PNG of red, green, blue and alpha in eight bits.
fn png((width, height): (u32, u32), rgba: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(rgba)?;
        writer.finish()
    });
    written.map_err(|cause| cause.to_string())?;
    Ok(bytes)
}

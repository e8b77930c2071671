//! What the tags hold beside the pixels.

use pixtwin_pixel::Turn;

use super::{
    ifd::Directory,
    page::tag::{EXTRA_SAMPLES, ORIENTATION},
};
use crate::{Error, Metadata, Source};

/// Longest value that is read, in bytes; of a longer one only the length counts.
const VALUE_BYTES: u64 = 64 << 20;

/// Adds the metadata of one page.
pub(super) fn collect(
    source: &mut dyn Source,
    directory: &Directory,
    is_first: bool,
    found: &mut Metadata,
) -> Result<(), Error> {
    for tag in directory.tags() {
        let Some(name) = name_of(tag) else { continue };
        if directory.count(tag) > VALUE_BYTES {
            found.add(name, &directory.count(tag).to_le_bytes());
            continue;
        }
        match tag {
            34665 | 34853 => add_directory(source, directory, tag, found)?,
            _ => {
                let bytes = directory.bytes(source, tag)?;
                found.add(name, &bytes);
            }
        }
    }
    if directory.numbers(source, EXTRA_SAMPLES, 1)?.first() == Some(&1) {
        found.add("associated alpha", &[1]);
    }
    let orientation = directory.number(source, ORIENTATION)?.and_then(|number| u32::try_from(number).ok());
    if let (true, Some(turn)) = (is_first, orientation.and_then(Turn::from_exif)) {
        found.orientation = turn;
    }
    Ok(())
}

/// Adds an EXIF or GPS directory by its tags and values: its places in the file are no part of it.
fn add_directory(source: &mut dyn Source, parent: &Directory, tag: u16, found: &mut Metadata) -> Result<(), Error> {
    let Some(at) = parent.number(source, tag)? else { return Ok(()) };
    let mut content = Vec::new();
    // Damage here does not touch the pixels: what can be read is told.
    if let Ok(directory) = Directory::read(source, at, parent.layout) {
        for tag in directory.tags() {
            content.extend_from_slice(&tag.to_le_bytes());
            if directory.count(tag) <= VALUE_BYTES {
                let value = directory.bytes(source, tag).unwrap_or_default();
                content.extend_from_slice(&(value.len() as u64).to_le_bytes());
                content.extend_from_slice(&value);
            }
        }
    }
    found.add(if tag == 34665 { "EXIF" } else { "GPS" }, &content);
    Ok(())
}

/// The name of a tag that holds metadata.
fn name_of(tag: u16) -> Option<&'static str> {
    Some(match tag {
        // Document name, description, maker, model, page name, software, artist, host, copyright.
        269..=272 | 285 | 305 | 315 | 316 | 33432 => "text",
        282 | 283 | 296 => "resolution",
        301 => "gamma",
        306 => "time",
        318 | 319 => "chromaticities",
        700 => "XMP",
        33723 => "IPTC",
        34377 => "Photoshop data",
        34665 => "EXIF",
        34675 => "ICC profile",
        34853 => "GPS",
        42112 => "GDAL metadata",
        33550 | 33922 | 34264 | 34735..=34737 => "georeference",
        _ => return None,
    })
}

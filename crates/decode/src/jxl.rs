//! JPEG XL: stills and animations of 8 or 16 bits a sample, decoded whole by `jxl`.
//!
//! A losslessly compressed picture gives its stored integers exactly, whatever the decoder. Lossy JPEG XL, which
//! includes what was converted from JPEG, defines its pixels only within a tolerance: there the rows are those of this
//! decoder (`jxl` 0.8.0; libjxl differs by 1 in many pixels), so two lossy files are compared by one and the same
//! decoder, but the PNG that another program saved from one need not be its twin.
//!
//! The orientation in the header is reported, not applied, and colours stay in the file's own encoding. Refused are
//! floating point and other depths, CMYK, spot colours and premultiplied alpha: their stored
//! integers are not to be had, or could not be checked against another decoder. Depth and other extra channels are no part of the picture.

mod container;

mod decode;

use pixtwin_pixel::{Depth, Key, RowSink, Turn};

use crate::{
    Error, FirstRows, Header, Limits, Metadata, Source,
    codec::{Codec, charge},
    source::{feed, read_at},
};
use container::{Container, LONGEST_BOX};
use decode::{Reader, Scan};

/// The codec of [`Format::Jxl`](crate::Format::Jxl).
pub(crate) struct Jxl;

impl Codec for Jxl {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let file_bytes = source.byte_len();
        let mut reader = Reader::open(source, Scan::Frames, u64::MAX)?;
        let info = reader.info()?;
        let whole_bytes = info.memory_bytes(file_bytes);
        Ok(Header {
            width: info.width,
            height: info.height,
            whole_bytes,
            head_bytes: whole_bytes,
            first_rows: FirstRows::Whole,
        })
    }

    fn rows(&self, source: &mut dyn Source, _: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        Container::survey(source)?;
        let file_bytes = source.byte_len();
        let mut reader = Reader::open(source, Scan::Frames, limits.memory_bytes)?;
        charge(reader.info()?.memory_bytes(file_bytes), limits)?;
        let delays = reader.delays(limits)?;
        Reader::open(source, Scan::Pixels, limits.memory_bytes)?.rows(&delays, sink)
    }

    fn payload(&self, source: &mut dyn Source, limits: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let container = Container::survey(source)?;
        let mut reader = Reader::open(source, Scan::Frames, limits.memory_bytes)?;
        reader.info()?;
        reader.delays(limits)?;
        let bare_end = reader.file_bytes();
        let parts = container.map_or_else(|| vec![(0, bare_end)], |container| container.codestream);
        for (offset, len) in parts {
            feed(source, offset, len, "the codestream", take)?;
        }
        Ok(())
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        let container = Container::survey(source)?;
        let mut metadata = Metadata::default();
        for part in container.iter().flat_map(|container| &container.others) {
            let content = part.content(source)?;
            match &part.name {
                // Four bytes say how far the TIFF structure is from there.
                b"Exif" => match content.split_first_chunk::<4>() {
                    Some((skip, rest)) => {
                        let skip = usize::try_from(u32::from_be_bytes(*skip)).unwrap_or(usize::MAX);
                        metadata.add_exif(rest.get(skip..).unwrap_or_default());
                    }
                    None => metadata.add("EXIF", &content),
                },
                b"xml " => metadata.add_xmp(&content),
                b"jumb" => metadata.add("JUMBF", &content),
                b"jbrd" => metadata.add("JPEG reconstruction data", &content),
                b"jhgm" => metadata.add("gain map", &content),
                b"brob" if content.starts_with(b"Exif") || content.starts_with(b"xml ") => {
                    metadata.add_closed(packed_name(&content), Key::of(&content));
                }
                b"brob" => metadata.add(packed_name(&content), &content),
                b"jxll" | b"jxli" | b"ftyp" | b"JXL " => {}
                _ => metadata.add("unknown box", &content),
            }
        }
        let mut reader = Reader::open(source, Scan::Frames, LONGEST_BOX)?;
        let info = reader.info()?;
        if let Some(profile) = &info.icc_profile {
            metadata.add("ICC profile", profile);
        }
        if let Some(loops) = info.loops {
            let value = if loops == 0 { "for ever".to_owned() } else { loops.to_string() };
            metadata.add_value("loop count", &loops.to_le_bytes(), value);
        }
        // EXIF has no say: the header alone tells a viewer how to turn the picture.
        metadata.orientation = Turn::from_exif(info.orientation).unwrap_or_default();
        if container.is_none() {
            reader.delays(Limits { memory_bytes: LONGEST_BOX })?;
            let end = reader.file_bytes();
            metadata.add_trailing(source, end)?;
        }
        Ok(metadata)
    }
}

/// The name of Brotli-packed metadata. It is named and keyed as it is stored, packed.
fn packed_name(content: &[u8]) -> &'static str {
    match content.first_chunk::<4>() {
        Some(b"Exif") => "EXIF",
        Some(b"xml ") => "XMP",
        Some(b"jumb") => "JUMBF",
        _ => "unknown box",
    }
}

/// Whether the file is a bare codestream, without boxes round it.
fn is_bare(source: &mut dyn Source) -> Result<bool, Error> {
    Ok(read_at::<2>(source, 0, "the header")? == [0xff, 0x0a])
}

#[cfg(test)]
mod tests;

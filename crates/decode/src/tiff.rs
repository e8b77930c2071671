//! TIFF and BigTIFF, both byte orders: every page of the main chain is a frame, also those marked as reduced copies.
//!
//! Samples are given as stored: colour premultiplied by alpha stays so, and is reported. A fourth sample whose meaning
//! the file leaves open counts as alpha, so that no difference in it is overlooked.

mod extract;
mod fax;
mod ifd;
mod jpeg;
mod metadata;
mod page;
mod rows;
mod unpack;

use pixtwin_pixel::{Delay, Depth, Frame, RowSink, Turn};

use self::{
    ifd::Directories,
    page::{Packing, Page},
};
use crate::{
    Error, FirstRows, Header, Limits, Metadata, Source,
    codec::{Codec, charge, mixed_orientation},
    source::feed,
};

/// The codec of TIFF.
pub(crate) struct Tiff;

impl Codec for Tiff {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let directories = Directories::open(source)?;
        let mut first: Option<Page> = None;
        let mut whole_bytes = 0;
        let mut walk = directories.walk();
        while let Some(directory) = walk.next(source)? {
            let page = Page::read(source, &directory, first.is_none())?;
            whole_bytes = page.memory_bytes().max(whole_bytes);
            first.get_or_insert(page);
        }
        let first = first.ok_or_else(|| Error::corrupt("the file has no page"))?;
        Ok(Header {
            width: first.width,
            height: first.height,
            whole_bytes,
            head_bytes: first.memory_bytes(),
            first_rows: FirstRows::cheap_if(
                first.chunk_height < first.height || first.is_streamed() && first.packing != Packing::Jpeg,
            ),
        })
    }

    fn rows(&self, source: &mut dyn Source, _: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        let directories = Directories::open(source)?;
        let mut frames = 0;
        let mut walk = directories.walk();
        while walk.next(source)?.is_some() {
            frames += 1;
        }
        if sink.picture(frames).is_break() {
            return Ok(());
        }
        let mut is_first = true;
        let mut walk = directories.walk();
        while let Some(directory) = walk.next(source)? {
            let page = Page::read(source, &directory, is_first)?;
            is_first = false;
            charge(page.memory_bytes(), limits)?;
            let chunks = page.chunks(source, &directory)?;
            let frame = Frame { width: page.width, height: page.height, delay: Delay::NONE };
            if sink.frame(frame).is_break() || !rows::give(&page, &chunks, source, sink)? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn payload(&self, source: &mut dyn Source, limits: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let directories = Directories::open(source)?;
        let mut is_first = true;
        let mut walk = directories.walk();
        while let Some(directory) = walk.next(source)? {
            let page = Page::read(source, &directory, is_first)?;
            is_first = false;
            charge(page.memory_bytes(), limits)?;
            page.feed(take);
            for (at, len) in page.chunks(source, &directory)? {
                take(&len.to_le_bytes());
                feed(source, at, len, "a strip", take)?;
            }
        }
        Ok(())
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        let directories = Directories::open(source)?;
        let mut collector = metadata::Collector::new(source.byte_len());
        let mut walk = directories.walk();
        while let Some(directory) = walk.next(source)? {
            collector.page(source, &directory, &mut walk.room)?;
        }
        Ok(collector.found)
    }

    fn orientation(&self, source: &mut dyn Source) -> Result<Turn, Error> {
        let directories = Directories::open(source)?;
        let mut first = None;
        let mut walk = directories.walk();
        while let Some(directory) = walk.next(source)? {
            let turn = metadata::turn(source, &directory)?;
            if *first.get_or_insert(turn) != turn {
                return Err(mixed_orientation());
            }
        }
        Ok(first.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;

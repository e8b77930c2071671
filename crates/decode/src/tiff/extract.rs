//! The few tags that tell when and where a picture was taken, for the reader of EXIF.

use super::ifd::Directory;
use crate::{Source, noted};

/// A tag: its number, type, count, and the bytes of its values.
type Tag = (u16, u16, u32, Vec<u8>);

/// The tags worth taking of a page, of its EXIF and of its GPS directory.
const WANTED: [&[u16]; 3] = [&[306, 0x4746], &[36867, 36868], &[1, 2, 3, 4, 5, 6]];

/// The tags of a page that lead to the other two.
const POINTERS: [u16; 2] = [34665, 34853];

/// A TIFF structure of the tags of interest alone, in the byte order of the file they come from.
pub(super) struct Extract {
    /// The tags of the page, of its EXIF and of its GPS directory: number, type, count, and the bytes of the values.
    directories: [Vec<Tag>; 3],
    is_big_endian: bool,
}

impl Extract {
    /// What is in a page, as far as it can be read: what cannot is nothing that anybody could have read.
    pub(super) fn of_page(source: &mut dyn Source, page: &Directory) -> Self {
        let below = |source: &mut dyn Source, pointer| {
            let at = page.number(source, pointer).ok()??;
            Directory::read(source, at, page.layout).ok()
        };
        let [exif, gps] = POINTERS.map(|pointer| below(source, pointer));
        let wanted = [Some(page), exif.as_ref(), gps.as_ref()].into_iter().zip(WANTED);
        let mut found = wanted
            .map(|(directory, wanted)| directory.map_or_else(Vec::new, |directory| take(source, directory, wanted)));
        let mut next = || found.next().unwrap_or_default();
        Self { directories: [next(), next(), next()], is_big_endian: page.layout.is_big_endian }
    }

    /// Parses it; nothing if there is nothing.
    pub(super) fn parse(self) -> Option<exif::Exif> {
        if self.directories.iter().all(Vec::is_empty) {
            return None;
        }
        noted::parse(&self.write()?)
    }

    fn write(self) -> Option<Vec<u8>> {
        let is_big = self.is_big_endian;
        let two = |number: u16| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
        let four = |number: u32| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
        let [mut page, exif, gps] = self.directories;
        let count = page.len() + usize::from(!exif.is_empty()) + usize::from(!gps.is_empty());
        let length = |entries: usize| u32::try_from(2 + entries * 12 + 4).ok();
        let mut next = 8 + length(count)?;
        for (pointer, directory) in POINTERS.into_iter().zip([&exif, &gps]) {
            if !directory.is_empty() {
                page.push((pointer, 4, 1, four(next).to_vec()));
                next += length(directory.len())?;
            }
        }
        page.sort_unstable_by_key(|(tag, ..)| *tag);
        let mut out = Vec::new();
        out.extend_from_slice(if is_big { b"MM\0*" } else { b"II*\0" });
        out.extend_from_slice(&four(8));
        let mut values = Vec::new();
        for directory in [page, exif, gps].iter().filter(|directory| !directory.is_empty()) {
            out.extend_from_slice(&two(u16::try_from(directory.len()).ok()?));
            for (tag, kind, count, bytes) in directory {
                out.extend_from_slice(&[two(*tag), two(*kind)].concat());
                out.extend_from_slice(&four(*count));
                let mut place = [0; 4];
                match place.get_mut(..bytes.len()) {
                    Some(inside) => inside.copy_from_slice(bytes),
                    None => {
                        place = four(next + u32::try_from(values.len()).ok()?);
                        values.extend_from_slice(bytes);
                        values.resize(values.len().next_multiple_of(2), 0);
                    }
                }
                out.extend_from_slice(&place);
            }
            out.extend_from_slice(&[0; 4]);
        }
        out.extend_from_slice(&values);
        Some(out)
    }
}

fn take(source: &mut dyn Source, directory: &Directory, wanted: &[u16]) -> Vec<Tag> {
    let mut found = Vec::new();
    for &tag in wanted.iter().filter(|tag| directory.has(**tag)) {
        let Some((kind, count, bytes)) = directory.short_value(source, tag) else { continue };
        found.push((tag, kind, count, bytes));
    }
    found
}

//! Looks at files that somebody else holds open: are they the same picture, and what is in them beside the pixels?

use std::{
    fs::File,
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use pixtwin_decode::{Format, Metadata, Sniffed};
use pixtwin_pixel::{Alpha, Depth, PixelDigest, Raster, RasterSink, Turn};

use crate::{
    budget::Budget,
    file::{self, Identity, words_of},
    look::{HEADER_WINDOW_BYTES, Looker, WHOLE_WINDOW_BYTES, feed, still_unchanged},
    opened::Opened,
    picture::{Known, Picture},
    progress::Progress,
    refusal::Refusal,
    settings::{Orientation, Settings},
};

/// What a picture holds beside its pixels that its owner would miss. Equal values are equal content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// When it was taken, as EXIF has it.
    pub date: Option<String>,
    /// Where it was taken, as EXIF has it.
    pub position: Option<String>,
    /// A hash of its ICC profile, in hexadecimal digits.
    pub profile: Option<String>,
    /// Its stars, as EXIF or XMP has them.
    pub rating: Option<String>,
    /// How a viewer turns the stored picture before it shows it.
    pub orientation: Turn,
    /// A hash of what follows the picture in its file, in hexadecimal digits: the film of a motion photo, a second picture.
    /// Of a file with more pieces of metadata than are listed, also of those that are not.
    pub trailing: Option<String>,
    /// A hash of EXIF or XMP data that could not be looked through: what it says may be any of the above but the profile.
    pub unreadable: Option<String>,
    /// How many pieces of metadata of all kinds it has.
    pub items: usize,
}

/// Looks at open files, whatever their names, from several threads at once, within the memory of its settings.
///
/// # Cost
/// Half of the memory is for the decoders, half for pictures that are held to be compared.
pub struct OpenFiles<'a> {
    looker: Looker<'a>,
    held: Budget,
}

impl<'a> OpenFiles<'a> {
    /// Ready to look. Of the settings, memory and threads count: pixels are compared as they are stored, all of them.
    #[must_use]
    pub fn new(settings: &Settings, progress: &'a Progress) -> Self {
        let half = settings.memory_bytes / 2;
        let exact = Settings {
            memory_bytes: half,
            alpha: Alpha::Exact,
            orientation: Orientation::AsStored,
            ..settings.clone()
        };
        Self { looker: Looker::new(&exact, progress), held: Budget::new(half, 1) }
    }

    /// BLAKE3 of all bytes of a file.
    ///
    /// # Errors
    /// If it cannot be read, or changes meanwhile, and why, as a clause.
    ///
    /// # Cost
    /// Reads it once.
    pub fn content_hash(&self, file: &File) -> Result<[u8; 32], String> {
        let hash = || {
            let open = OpenFile::new(file)?;
            let mut hasher = blake3::Hasher::new();
            feed(&mut self.window(&open, WHOLE_WINDOW_BYTES), &mut hasher)?;
            still_unchanged(file, &open.identity)?;
            Ok(*hasher.finalize().as_bytes())
        };
        hash().map_err(|refusal: Refusal| refusal.into())
    }

    /// Whether both show the same picture: number of frames, their sides and delays, and every stored sample of every pixel.
    /// Pictures that are too large to be held side by side are compared by their pixel digests, 256 bits each.
    ///
    /// # Errors
    /// If one of them cannot be decoded to its end, or changes meanwhile, and why, as a clause.
    ///
    /// # Cost
    /// Decodes both, twice where they are too large to be held.
    pub fn has_same_pixels(&self, a: &File, b: &File) -> Result<bool, String> {
        let same = || {
            let (ours, theirs) = (self.identify(a)?, self.identify(b)?);
            let size = |picture: &Picture| (picture.header.width, picture.header.height);
            if size(&ours.1) != size(&theirs.1) {
                return Ok(false);
            }
            match self.frames_of_both(&ours, &theirs)? {
                Some([ours, theirs]) => Ok(are_equal(&ours, &theirs)),
                None => Ok(self.digest(ours)? == self.digest(theirs)?),
            }
        };
        same().map_err(|refusal: Refusal| refusal.into())
    }

    /// What the picture holds beside its pixels. Formats that are not read have no particulars.
    ///
    /// # Errors
    /// If it cannot be read, or changes meanwhile, and why, as a clause.
    pub fn particulars(&self, file: &File) -> Result<Particulars, String> {
        let found = || {
            let open = OpenFile::new(file)?;
            let metadata = match self.sniff(&open)? {
                Sniffed::Picture(format) => self.metadata(&open, format)?,
                Sniffed::Unsupported(_) | Sniffed::Other => Metadata::default(),
            };
            still_unchanged(file, &open.identity)?;
            Ok(particulars_of(metadata))
        };
        found().map_err(|refusal: Refusal| refusal.into())
    }

    fn sniff(&self, open: &OpenFile<'_>) -> Result<Sniffed, Refusal> {
        self.looker.sniff_open(&mut self.window(open, HEADER_WINDOW_BYTES), &open.name)
    }

    fn metadata(&self, open: &OpenFile<'_>, format: Format) -> Result<Metadata, Refusal> {
        format.metadata(&mut self.window(open, HEADER_WINDOW_BYTES)).map_err(|cause| Refusal::from(&cause))
    }

    fn identify<'b>(&self, file: &'b File) -> Result<(OpenFile<'b>, Picture), Refusal> {
        let open = OpenFile::new(file)?;
        let format = match self.sniff(&open)? {
            Sniffed::Picture(format) => format,
            Sniffed::Unsupported(name) => return Err(format!("{name} pictures are not supported").into()),
            Sniffed::Other => return Err("not a picture in any known format".into()),
        };
        let header = self.looker.header_open(&mut self.window(&open, HEADER_WINDOW_BYTES), format)?;
        Ok((open, Picture::new(format, header, Known::default())))
    }

    /// The frames of both, if they can be held.
    fn frames_of_both(
        &self,
        (a, ours): &(OpenFile<'_>, Picture),
        (b, theirs): &(OpenFile<'_>, Picture),
    ) -> Result<Option<[Vec<Raster>; 2]>, Refusal> {
        // Eight bytes a pixel at most; animations may have more than one share, if there is more.
        let still = (u64::from(ours.header.width) * u64::from(ours.header.height)).saturating_mul(16);
        let share = self.held.most() / self.looker.threads.max(1) as u64;
        let Some(charge) = self.held.take(still.max(share).min(self.held.most())) else { return Ok(None) };
        let Some(ours) = self.frames(a, ours, charge.bytes() / 2)? else { return Ok(None) };
        let Some(theirs) = self.frames(b, theirs, charge.bytes() / 2)? else { return Ok(None) };
        Ok(Some([ours, theirs]))
    }

    fn frames(&self, open: &OpenFile<'_>, picture: &Picture, bytes: u64) -> Result<Option<Vec<Raster>>, Refusal> {
        let mut sink = RasterSink::within(bytes);
        self.looker.decode_charged(&mut self.window(open, WHOLE_WINDOW_BYTES), picture, Depth::Whole, &mut sink)?;
        still_unchanged(open.file, &open.identity)?;
        Ok(sink.finish())
    }

    fn digest(&self, (open, mut picture): (OpenFile<'_>, Picture)) -> Result<PixelDigest, Refusal> {
        self.looker.decode_source(&mut self.window(&open, WHOLE_WINDOW_BYTES), &mut picture)?;
        still_unchanged(open.file, &open.identity)?;
        picture.known.digest().ok_or_else(|| "it was not decoded whole".into())
    }

    fn window<'b>(&'b self, open: &OpenFile<'b>, bytes: usize) -> Opened<'b> {
        Opened::new(open.file, open.identity.bytes, bytes, self.looker.progress)
    }
}

/// Opens a regular file for reading, without waiting for the other end of a pipe.
///
/// # Errors
/// If it is anything else, or the system says no.
pub fn open_regular(path: &Path) -> io::Result<File> {
    Ok(file::open(path)?.0)
}

/// An open file, and what it was when it was first looked at.
pub(crate) struct OpenFile<'a> {
    pub(crate) file: &'a File,
    pub(crate) identity: Identity,
    /// What the system calls it now: the name tells a TGA without a signature, and nothing else.
    pub(crate) name: PathBuf,
}

impl<'a> OpenFile<'a> {
    pub(crate) fn new(file: &'a File) -> Result<Self, Refusal> {
        let metadata = file.metadata().map_err(|cause| words_of(&cause))?;
        if !metadata.is_file() {
            return Err("not a regular file".into());
        }
        let name = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap_or_default();
        Ok(Self { file, identity: Identity::of(&metadata), name })
    }
}

fn are_equal(ours: &[Raster], theirs: &[Raster]) -> bool {
    let is_equal =
        |(a, b): (&Raster, &Raster)| a.frame().delay == b.frame().delay && a.equals(b, Turn::None, Alpha::Exact);
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(is_equal)
}

fn particulars_of(metadata: Metadata) -> Particulars {
    let hash_of = |names: &[&str]| -> Option<String> {
        let item = metadata.items.iter().find(|item| names.contains(&item.name))?;
        Some(item.content.0.iter().map(|byte| format!("{byte:02x}")).collect())
    };
    let profile = hash_of(&["ICC profile"]);
    let trailing = hash_of(&["trailing bytes", "further items"]);
    let items = metadata.items.len();
    let noted = metadata.noted;
    Particulars {
        date: noted.date,
        position: noted.position,
        profile,
        rating: noted.rating,
        orientation: metadata.orientation,
        trailing,
        unreadable: noted.unreadable,
        items,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use pixtwin_testkit::{
        Drawing,
        draw::{icon, landscape},
        encode::{Jpeg, Subsampling, gif, jpeg_pixels, jpeg_with_segment, png, qoi, tga},
    };

    use super::*;
    use crate::settings::Tier;

    fn settings(memory_bytes: u64) -> Settings {
        Settings {
            tier: Tier::Pixels,
            // Neither counts here.
            alpha: Alpha::IgnoreHidden,
            orientation: Orientation::AsShown,
            threads: 2,
            memory_bytes,
            sharers: 1,
        }
    }

    fn file_of(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn same(a: &[u8], b: &[u8], memory_bytes: u64) -> Result<bool, String> {
        let progress = Progress::default();
        OpenFiles::new(&settings(memory_bytes), &progress).has_same_pixels(&file_of(a), &file_of(b))
    }

    #[test]
    fn pictures_are_compared_to_the_last_pixel_with_and_without_room() {
        let picture = landscape(301, 200, 1).opaque();
        let mut other = picture.clone();
        *other.rgba.last_mut().unwrap() ^= 1;
        // In the second place there is room to decode row by row, and none to hold both.
        for memory_bytes in [1 << 30, 400 << 10] {
            let same = |a: &[u8], b: &[u8]| same(a, b, memory_bytes);
            assert_eq!(same(&png(&picture), &qoi(&picture)), Ok(true), "{memory_bytes}");
            assert_eq!(same(&png(&picture), &qoi(&other)), Ok(false), "{memory_bytes}");
        }
    }

    #[test]
    fn the_way_that_holds_both_and_the_digests_agree() {
        let progress = Progress::default();
        let picture = landscape(301, 200, 1).opaque();
        let (a, b) = (file_of(&png(&picture)), file_of(&qoi(&picture)));
        for (memory_bytes, holds) in [(1 << 30, true), (400 << 10, false)] {
            let files = OpenFiles::new(&settings(memory_bytes), &progress);
            let (ours, theirs) = (files.identify(&a).unwrap(), files.identify(&b).unwrap());
            assert_eq!(files.frames_of_both(&ours, &theirs).unwrap().is_some(), holds, "{memory_bytes}");
        }
    }

    #[test]
    fn hidden_colours_sides_frames_and_inks_count() {
        let hidden = |red| png(&Drawing { width: 1, height: 1, rgba: vec![red, 0, 0, 0] });
        assert_eq!(same(&hidden(1), &hidden(2), 1 << 30), Ok(false));
        let of_sides = |width, height| png(&Drawing { width, height, rgba: vec![9; 64] });
        assert_eq!(same(&of_sides(2, 8), &of_sides(4, 4), 1 << 30), Ok(false));
        let frame = |level: u8| Drawing { width: 4, height: 4, rgba: [level, level, level, 255].repeat(16) };
        let animation = |frames: &[Drawing], delay| gif(frames, delay);
        let one = animation(&[frame(0), frame(255)], 10);
        assert_eq!(same(&one, &animation(&[frame(0), frame(255)], 10), 1 << 30), Ok(true));
        assert_eq!(same(&one, &animation(&[frame(0), frame(255)], 20), 1 << 30), Ok(false));
        assert_eq!(same(&one, &animation(&[frame(0), frame(255), frame(0)], 10), 1 << 30), Ok(false));
        assert_eq!(same(&one, &animation(&[frame(0), frame(128)], 10), 1 << 30), Ok(false));
        let inks = Jpeg::new(Subsampling::S444).write_inks(&frame(200));
        assert_eq!(
            same(&inks, &png(&jpeg_pixels(&Jpeg::new(Subsampling::S444).write(&frame(200)))), 1 << 30),
            Ok(false)
        );
    }

    #[test]
    fn what_cannot_be_decoded_to_its_end_is_no_twin() {
        let whole = png(&icon(64, 1));
        let cut = &whole[..whole.len() - 1];
        assert!(same(&whole, cut, 1 << 30).is_err());
        assert!(same(cut, &whole, 1 << 30).is_err());
        assert_eq!(same(&whole, b"text", 1 << 30), Err("not a picture in any known format".to_owned()));
    }

    #[test]
    fn the_name_tells_a_picture_without_signature() {
        let dir = tempfile::tempdir().unwrap();
        let picture = icon(16, 3).opaque();
        let named = |name: &str, bytes: &[u8]| {
            std::fs::write(dir.path().join(name), bytes).unwrap();
            File::open(dir.path().join(name)).unwrap()
        };
        let progress = Progress::default();
        let files = OpenFiles::new(&settings(1 << 30), &progress);
        // Without the footer that says what it is.
        let bytes = tga(&picture, false);
        let bare = &bytes[..bytes.len() - 26];
        assert_eq!(files.has_same_pixels(&named("a.tga", bare), &named("a.png", &png(&picture))), Ok(true));
    }

    #[test]
    fn particulars_are_those_of_the_content() {
        let progress = Progress::default();
        let files = OpenFiles::new(&settings(1 << 30), &progress);
        let plain = Jpeg::new(Subsampling::S444).write(&icon(16, 1));
        let found = files.particulars(&file_of(&plain)).unwrap();
        assert_eq!((found.profile, found.rating.is_none()), (None, true));
        let profile =
            |content: &str| jpeg_with_segment(&plain, 0xe2, format!("ICC_PROFILE\0\x01\x01{content}").as_bytes());
        let of = |bytes: &[u8]| files.particulars(&file_of(bytes)).unwrap().profile.unwrap();
        assert_eq!(of(&profile("a")), of(&profile("a")));
        assert_ne!(of(&profile("a")), of(&profile("b")));
        let rated = jpeg_with_segment(&plain, 0xe1, b"http://ns.adobe.com/xap/1.0/\0<x xmp:Rating=\"5\"/>");
        assert_eq!(files.particulars(&file_of(&rated)).unwrap().rating.as_deref(), Some("5"));
        let followed = |film: &[u8]| files.particulars(&file_of(&[&plain[..], film].concat())).unwrap().trailing;
        assert_eq!(followed(b""), None);
        assert!(followed(b"film").is_some());
        assert_eq!(followed(b"film"), followed(b"film"));
        assert_ne!(followed(b"film"), followed(b"moving"));
        // So many comments that what follows is not listed by itself.
        let head = [&plain[..2], &[0xff, 0xfe, 0, 2].repeat(20_000), &plain[2..]].concat();
        let followed = |film: &[u8]| files.particulars(&file_of(&[&head[..], film].concat())).unwrap().trailing;
        assert_ne!(followed(b"film"), followed(b""));
        // What is no picture has none, and what is broken is not taken for that.
        assert_eq!(files.particulars(&file_of(b"text")), Ok(Particulars::default()));
        assert!(files.particulars(&file_of(&plain[..plain.len() - 2])).is_err());
    }
}

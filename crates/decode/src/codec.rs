//! What every format can do, and the fence round all of them.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use pixtwin_pixel::{Depth, RowSink, Turn, TurnClass};

use crate::{Error, Format, Metadata, Source};

/// What the first bytes of a picture promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Width in pixels of the first frame, or of the canvas of an animation.
    pub width: u32,
    /// Height in pixels of the same.
    pub height: u32,
    /// Bytes of memory that decoding it whole holds at once, an upper estimate made from the header alone.
    pub whole_bytes: u64,
    /// Bytes of memory that decoding a few first rows holds at once; equal to `whole_bytes` for a format that cannot
    /// stop early.
    pub head_bytes: u64,
    /// What a look at the first rows costs.
    pub first_rows: FirstRows,
}

/// What a look at the first rows costs beside a whole decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstRows {
    /// The less, the fewer they are.
    Cheap,
    /// The file is gone through to its end, though not all of it is decoded.
    Dear,
    /// As much: the decoder cannot stop after a few rows.
    Whole,
}

impl FirstRows {
    /// Cheap, or else as much as a whole decode.
    pub(crate) fn cheap_if(is_cheap: bool) -> Self {
        if is_cheap { Self::Cheap } else { Self::Whole }
    }
}

impl Header {
    /// Whether the decoder can stop after a few rows.
    #[must_use]
    pub fn stops_early(&self) -> bool {
        self.first_rows != FirstRows::Whole
    }
}

/// What one decode may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of memory held at once.
    pub memory_bytes: u64,
}

/// One format.
///
/// Each function may be called on its own, with the source at any position, and reads only what it needs. A codec
/// checks the estimate of its header against the limits before it allocates, and never guesses a pixel: a file that
/// ends early, or whose checksum fails, is an error.
pub(crate) trait Codec: Sync {
    /// Reads the size, from as few bytes as the format allows.
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error>;

    /// Decodes to rows. Stops without error when the sink answers `Break`; `depth` says beforehand how many rows it
    /// will take, for decoders that can save work by knowing.
    fn rows(&self, source: &mut dyn Source, depth: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error>;

    /// Whether it gives whole rows until the sink answers `Break`, however few it was told beforehand.
    fn can_go_on(&self) -> bool {
        false
    }

    /// Feeds everything that the pixels depend on, and nothing else, to `take`: if two files of one format feed the
    /// same bytes, their pixels are the same. On the way it checks that the file is whole as far as that shows
    /// without decoding: lengths, checksums, end marks.
    fn payload(&self, source: &mut dyn Source, limits: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error>;

    /// Lists what the file holds beside the pixels.
    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error>;

    /// How a viewer turns the picture, as the metadata says it; an error if that is not the same for all pages.
    fn orientation(&self, source: &mut dyn Source) -> Result<Turn, Error> {
        let metadata = self.metadata(source)?;
        if metadata.mixed_orientation { Err(mixed_orientation()) } else { Ok(metadata.orientation) }
    }

    /// The class of what the file holds in place of pixels, if that can be turned without loss.
    fn turn_class(&self, _: &mut dyn Source, _: Limits) -> Result<Option<TurnClass>, Error> {
        Ok(None)
    }
}

impl Format {
    /// Width, height and cost of a picture.
    ///
    /// # Errors
    /// [`Error::Corrupt`] or [`Error::Unsupported`] if it is no readable picture of this format.
    pub fn header(self, source: &mut dyn Source) -> Result<Header, Error> {
        let header = fenced(|| self.codec().header(source))?;
        if header.width == 0 || header.height == 0 {
            return Err(Error::corrupt(format!("the header says {} x {} pixels", header.width, header.height)));
        }
        Ok(header)
    }

    /// Decodes the picture into `sink`: its number of frames, then frames and rows from the top.
    ///
    /// # Errors
    /// Any kind; after an error the sink holds the rows before it, which prove nothing about the picture.
    pub fn rows(
        self,
        source: &mut dyn Source,
        depth: Depth,
        limits: Limits,
        sink: &mut dyn RowSink,
    ) -> Result<(), Error> {
        fenced(|| self.codec().rows(source, depth, limits, sink))
    }

    /// Whether a decode that was told a small depth may go deeper: the decoder gives whole rows until the sink answers
    /// `Break`.
    #[must_use]
    pub fn can_go_on(self) -> bool {
        self.codec().can_go_on()
    }

    /// The hash of everything in the file that its pixels depend on: equal hashes in one format prove equal pixels.
    /// Damage that shows without decoding (a missing end, a wrong checksum) is an error.
    ///
    /// # Errors
    /// As [`Format::rows`].
    ///
    /// # Cost
    /// Reads the file once; decodes nothing.
    pub fn payload(self, source: &mut dyn Source, limits: Limits) -> Result<[u8; 32], Error> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.name().as_bytes());
        fenced(|| {
            self.codec().payload(source, limits, &mut |bytes| {
                hasher.update(bytes);
            })
        })?;
        Ok(*hasher.finalize().as_bytes())
    }

    /// What the file holds beside its pixels.
    ///
    /// # Errors
    /// As [`Format::rows`].
    pub fn metadata(self, source: &mut dyn Source) -> Result<Metadata, Error> {
        fenced(|| self.codec().metadata(source))
    }

    /// How a viewer turns the picture: the orientation of [`Format::metadata`], from as few bytes as the format
    /// allows.
    ///
    /// # Errors
    /// As [`Format::rows`]; [`Error::Unsupported`] if its pages are turned differently, so that no turn is right.
    pub fn orientation(self, source: &mut dyn Source) -> Result<Turn, Error> {
        fenced(|| self.codec().orientation(source))
    }

    /// The class of what a lossy file holds in place of pixels, and can be turned without loss: the quantised coefficients
    /// of a JPEG. Two files of one class are turned copies of one compressed picture, as `jpegtran` makes them, though
    /// their pixels differ by rounding. Nothing for all other formats, for the few JPEGs whose decoder guesses
    /// coefficients that no scan tells, and for those of several scans that are not progressive.
    ///
    /// Edges count: a picture can be flipped across a side only if that is a multiple of the MCU. `jpegtran` leaves the
    /// blocks at such an edge where they are, and what it makes is no turned copy; nor is what it makes with `-trim`, which
    /// has another size. Quantisation steps, sampling and colours count as well; how the file is coded does not.
    ///
    /// It may be asked only of a file that [`Format::rows`] decoded to its end: damage is not always noticed here.
    ///
    /// # Errors
    /// As [`Format::rows`].
    ///
    /// # Cost
    /// Reads the file once; holds it and its coefficients, 2 bytes each: for colour 6 bytes a pixel, or 3 where the colours
    /// have a quarter of the samples. Somewhat more time than a decode.
    pub fn turn_class(self, source: &mut dyn Source, limits: Limits) -> Result<Option<TurnClass>, Error> {
        fenced(|| self.codec().turn_class(source, limits))
    }
}

thread_local! {
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a decoder, where a panic is caught and becomes the reason of one unread file. A
/// program's panic hook asks this to keep quiet about those.
#[must_use]
pub fn is_decoding() -> bool {
    DECODING.get()
}

/// Runs one decoder; a panic inside costs this one picture.
pub(crate) fn fenced<T>(decode: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let was_decoding = DECODING.replace(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    DECODING.set(was_decoding);
    decoded.unwrap_or_else(|cause| {
        let what = cause
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| cause.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Err(Error::corrupt(format!("the decoder gave up: {what}")))
    })
}

/// Why no turn is right for a picture.
pub(crate) fn mixed_orientation() -> Error {
    Error::unsupported("pages that are turned differently")
}

/// Refuses a decode that needs more than its limit.
pub(crate) fn charge(needed: u64, limits: Limits) -> Result<(), Error> {
    if needed > limits.memory_bytes {
        return Err(Error::TooLarge { needed, budget: limits.memory_bytes });
    }
    Ok(())
}

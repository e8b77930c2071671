//! Scanlines: image data inflated piece by piece, and the filters undone.

use fdeflate::Decompressor;

use super::{chunk::ImageData, filter::unfilter};
use crate::Error;

/// How far back deflate may refer: that much of what was inflated has to stay.
/// Source: RFC 1951 section 2.
const LOOKBACK_BYTES: usize = 32 << 10;

/// Bytes inflated between two looks for a whole row: few enough to stay in the nearest cache.
const STEP_BYTES: usize = 16 << 10;

/// The least that is inflated at once.
const LEAST_STEP_BYTES: usize = 1 << 10;

/// Rows are taken from the window until this much is free behind the look-back, then it moves on.
const AHEAD_BYTES: usize = 64 << 10;

/// Room that every step of inflating has at least. fdeflate 0.3.7 leaves bytes out of the checksum if the rest of one
/// back reference, at most 258 bytes, does not fit into the room it is given.
const SPARE_BYTES: usize = 512;

/// Memory that [`Scanlines`] holds for rows of that many bytes without the filter byte, an upper estimate.
pub(super) fn cost(row_bytes: u64) -> u64 {
    let decompressor = size_of::<Decompressor>() as u64;
    decompressor + (LOOKBACK_BYTES + AHEAD_BYTES + STEP_BYTES + SPARE_BYTES + 1) as u64 + row_bytes.saturating_mul(3)
}

/// Gives the rows of one image as bytes, filters undone.
pub(super) struct Scanlines {
    inflater: Box<Decompressor>,
    /// What was inflated last: at least [`LOOKBACK_BYTES`] of it, or all.
    window: Vec<u8>,
    taken: usize,
    filled: usize,
    /// How much is inflated between two looks for a whole row.
    step: usize,
    previous: Vec<u8>,
    current: Vec<u8>,
    pixel_bytes: usize,
}

impl Scanlines {
    /// For rows of at most `row_bytes` bytes, `total` bytes in all with the filter bytes; filters look
    /// `pixel_bytes` back. If no more than `rows` are likely to be taken, little more is inflated than they need; if it
    /// is one, never more than the next: of a damaged stream every row before the damage is given.
    pub(super) fn new(row_bytes: usize, total: u64, pixel_bytes: usize, rows: Option<u32>) -> Self {
        let wanted = rows.map_or(STEP_BYTES, |rows| (row_bytes + 1).saturating_mul(rows as usize));
        let step = if rows == Some(1) { 0 } else { wanted.clamp(LEAST_STEP_BYTES, STEP_BYTES) };
        let ahead = if rows.is_some() { STEP_BYTES } else { AHEAD_BYTES };
        let most = LOOKBACK_BYTES + ahead + row_bytes + 1;
        let window = usize::try_from(total).unwrap_or(most).min(most) + SPARE_BYTES;
        Self {
            inflater: Box::new(Decompressor::new()),
            window: vec![0; window],
            taken: 0,
            filled: 0,
            step,
            previous: vec![0; row_bytes],
            current: vec![0; row_bytes],
            pixel_bytes,
        }
    }

    /// Forgets the row before: the next one is the first of a pass.
    pub(super) fn begin_pass(&mut self) {
        // The row given last becomes the row above when the next one is asked for.
        self.current.fill(0);
    }

    /// The next row, of `row_bytes` bytes; nothing if the data ends before it does.
    pub(super) fn next(&mut self, data: &mut ImageData<'_, '_>, row_bytes: usize) -> Result<Option<&[u8]>, Error> {
        while self.filled - self.taken <= row_bytes {
            self.make_room(row_bytes + 1);
            if !self.inflate(data, self.taken + row_bytes + 1)? {
                return Ok(None);
            }
        }
        let end = self.taken + 1 + row_bytes;
        let line = self.window.get(self.taken..end).unwrap_or_default();
        self.taken = end;
        std::mem::swap(&mut self.previous, &mut self.current);
        let (Some((&filter, raw)), Some(previous), Some(current)) =
            (line.split_first(), self.previous.get(..row_bytes), self.current.get_mut(..row_bytes))
        else {
            return Err(Error::corrupt("a row is longer than the header says"));
        };
        unfilter(filter, self.pixel_bytes, raw, previous, current)?;
        Ok(Some(current))
    }

    /// Inflates to the end of the stream, where its checksum is compared. What is left over is no pixel's.
    pub(super) fn finish(&mut self, data: &mut ImageData<'_, '_>) -> Result<(), Error> {
        while !self.inflater.is_done() {
            self.taken = self.filled;
            self.make_room(1);
            if !self.inflate(data, self.filled + LEAST_STEP_BYTES)? && !self.inflater.is_done() {
                return Err(Error::corrupt(format!("{} ends before the end of its zlib stream", data.name())));
            }
        }
        Ok(())
    }

    /// Moves the window on if less than `wanted` bytes can follow what was taken.
    fn make_room(&mut self, wanted: usize) {
        let is_full = self.filled + SPARE_BYTES > self.window.len();
        let fits = self.taken + wanted <= self.window.len();
        let start = self.taken.min(self.filled.saturating_sub(LOOKBACK_BYTES));
        if start > 0 && (is_full || !fits) {
            self.window.copy_within(start..self.filled, 0);
            self.taken -= start;
            self.filled -= start;
        }
        // A stream with more data than rows: the small window of a small picture cannot move yet.
        if self.filled + SPARE_BYTES > self.window.len() {
            self.window.resize(self.filled + STEP_BYTES, 0);
        }
    }

    /// Inflates a step, or to `end` where that is further. Says no if there was nothing left to inflate.
    fn inflate(&mut self, data: &mut ImageData<'_, '_>, end: usize) -> Result<bool, Error> {
        let limit = self.window.len().min(end.max(self.filled + self.step));
        let name = data.name();
        let piece = data.peek()?;
        let is_last = piece.is_none();
        let room = self.window.get_mut(..limit).unwrap_or_default();
        let (consumed, produced) = self
            .inflater
            .read(piece.unwrap_or_default(), room, self.filled, false)
            .map_err(|cause| Error::corrupt(format!("{name} cannot be inflated: {}", reason(&cause))))?;
        if consumed > 0 {
            data.advance(consumed);
        }
        self.filled += produced;
        let stuck = consumed == 0 && produced == 0;
        Ok(!(self.inflater.is_done() && produced == 0 || is_last && stuck))
    }
}

fn reason(cause: &fdeflate::DecompressionError) -> &'static str {
    use fdeflate::DecompressionError as Cause;
    match cause {
        Cause::WrongChecksum => "the checksum of its content is wrong",
        Cause::BadZlibHeader => "it has no zlib header",
        Cause::DistanceTooFarBack | Cause::InputStartsWithRun => "it refers to bytes before its start",
        _ => "it is not a deflate stream",
    }
}

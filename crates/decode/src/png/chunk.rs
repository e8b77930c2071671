//! The chunks of a PNG file, one after the other, with their checksums.

use std::io::{Read, SeekFrom};

use crate::{Error, Source};

/// What every PNG file starts with.
pub(super) const SIGNATURE: &[u8; 8] = b"\x89PNG\r\n\x1a\n";

/// Chunks that nobody looks at are stepped over by a seek from this length on; below, reading on is cheaper.
const SEEK_FROM_BYTES: u32 = 64 << 10;

/// The chunks of the specification and of its register of extensions that no pixel depends on.
const BESIDE_PIXELS: [&[u8; 4]; 23] = [
    b"bKGD", b"cHRM", b"cICP", b"cLLI", b"eXIf", b"gAMA", b"gIFg", b"gIFx", b"hIST", b"iCCP", b"iTXt", b"mDCV",
    b"oFFs", b"pCAL", b"pHYs", b"sBIT", b"sCAL", b"sPLT", b"sRGB", b"sTER", b"tEXt", b"tIME", b"zTXt",
];

/// The head of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Four letters.
    pub(super) kind: [u8; 4],
    /// Length of the body in bytes.
    pub(super) len: u32,
}

impl Chunk {
    pub(super) fn parse(head: [u8; 8]) -> Result<Self, Error> {
        let [a, b, c, d, kind @ ..] = head;
        let len = u32::from_be_bytes([a, b, c, d]);
        if !kind.iter().all(u8::is_ascii_alphabetic) {
            return Err(Error::corrupt("a chunk has no name where one must be"));
        }
        if len > i32::MAX as u32 {
            return Err(Error::corrupt(format!("the {} chunk claims {len} bytes", name(kind))));
        }
        Ok(Self { kind, len })
    }

    pub(super) fn name(&self) -> String {
        name(self.kind)
    }

    /// Whether a decoder that does not know the chunk must give up.
    pub(super) fn is_critical(&self) -> bool {
        self.kind.first().is_some_and(u8::is_ascii_uppercase)
    }

    /// Whether no pixel depends on it for sure. An unknown name may be a damaged `tRNS`, so only known ones count.
    fn is_beside_pixels(&self) -> bool {
        BESIDE_PIXELS.contains(&&self.kind)
    }
}

fn name(kind: [u8; 4]) -> String {
    kind.iter().copied().map(char::from).collect()
}

/// What to do with a chunk whose content does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skip {
    /// Compare its checksum all the same: the picture is claimed to be whole.
    Checked,
    /// Go on as fast as possible.
    Unchecked,
}

/// Walks through the chunks; each must be read, skipped or streamed to its end before the next.
pub(super) struct Chunks<'a> {
    source: &'a mut dyn Source,
    crc: crc32fast::Hasher,
    skip: Skip,
}

impl<'a> Chunks<'a> {
    /// Starts at the first chunk of the file.
    pub(super) fn open(source: &'a mut dyn Source, skip: Skip) -> Result<Self, Error> {
        source.seek(SeekFrom::Start(0))?;
        let mut signature = [0; 8];
        source.read_exact(&mut signature).map_err(|cause| Error::reading(cause, "the signature"))?;
        if &signature != SIGNATURE {
            return Err(Error::corrupt("the PNG signature is missing"));
        }
        Ok(Self { source, crc: crc32fast::Hasher::new(), skip })
    }

    /// The head of the next chunk.
    pub(super) fn next(&mut self) -> Result<Chunk, Error> {
        let mut head = [0; 8];
        self.source.read_exact(&mut head).map_err(|cause| match Error::reading(cause, "") {
            Error::Corrupt(_) => Error::corrupt("the file ends before its IEND chunk"),
            other => other,
        })?;
        let chunk = Chunk::parse(head)?;
        self.crc.reset();
        self.crc.update(&chunk.kind);
        Ok(chunk)
    }

    /// The whole body, which must not be longer than `max` bytes.
    pub(super) fn body(&mut self, chunk: Chunk, max: u32) -> Result<Vec<u8>, Error> {
        if chunk.len > max {
            return Err(Error::corrupt(format!("the {} chunk is {} bytes long", chunk.name(), chunk.len)));
        }
        // Reserved only as far as the file can fill it.
        let len = u64::from(chunk.len).min(self.source.byte_len());
        let mut body = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
        (&mut *self.source).take(u64::from(chunk.len)).read_to_end(&mut body)?;
        if body.len() as u64 != u64::from(chunk.len) {
            return Err(ends_within(chunk));
        }
        self.crc.update(&body);
        self.end(chunk)?;
        Ok(body)
    }

    /// A body of exactly `N` bytes.
    pub(super) fn exact<const N: usize>(&mut self, chunk: Chunk) -> Result<[u8; N], Error> {
        if chunk.len as usize != N {
            return Err(Error::corrupt(format!("the {} chunk is {} bytes long", chunk.name(), chunk.len)));
        }
        let mut body = [0; N];
        self.source.read_exact(&mut body).map_err(|cause| Error::reading(cause, &chunk_place(chunk)))?;
        self.crc.update(&body);
        self.end(chunk)?;
        Ok(body)
    }

    /// Steps over the chunk.
    pub(super) fn skip(&mut self, chunk: Chunk) -> Result<(), Error> {
        if self.skip == Skip::Unchecked && chunk.len >= SEEK_FROM_BYTES {
            self.source.seek(SeekFrom::Current(i64::from(chunk.len) + 4))?;
            return Ok(());
        }
        let mut left = chunk.len;
        while left > 0 {
            let taken = self.peek(chunk, left)?.len();
            self.advance(taken);
            left -= u32::try_from(taken).unwrap_or(left);
        }
        self.end(chunk)
    }

    /// The next bytes of the body that are at hand, at least one and at most `left` of them.
    pub(super) fn peek(&mut self, chunk: Chunk, left: u32) -> Result<&[u8], Error> {
        let piece = self.source.fill_buf()?;
        if piece.is_empty() {
            return Err(ends_within(chunk));
        }
        let len = piece.len().min(left as usize);
        Ok(piece.get(..len).unwrap_or(piece))
    }

    /// Takes note of the first `len` bytes that [`Self::peek`] gave.
    pub(super) fn advance(&mut self, len: usize) {
        // The bytes are still in the buffer, so this reads nothing.
        if let Ok(piece) = self.source.fill_buf() {
            self.crc.update(piece.get(..len).unwrap_or(piece));
        }
        self.source.consume(len);
    }

    /// Compares the checksum behind the body. Damage to what stands beside the pixels does not touch them.
    pub(super) fn end(&mut self, chunk: Chunk) -> Result<(), Error> {
        let mut stored = [0; 4];
        self.source.read_exact(&mut stored).map_err(|cause| Error::reading(cause, &chunk_place(chunk)))?;
        let computed = self.crc.clone().finalize();
        if u32::from_be_bytes(stored) != computed && !chunk.is_beside_pixels() {
            return Err(Error::corrupt(format!("the checksum of the {} chunk is wrong", chunk.name())));
        }
        Ok(())
    }

    /// Where the next unread byte lies in the file.
    pub(super) fn position(&mut self) -> Result<u64, Error> {
        Ok(self.source.stream_position()?)
    }

    /// Bytes between the next unread byte and the end of the file.
    pub(super) fn bytes_left(&mut self) -> Result<u64, Error> {
        let at = self.position()?;
        Ok(self.source.byte_len().saturating_sub(at))
    }
}

fn chunk_place(chunk: Chunk) -> String {
    format!("the {} chunk", chunk.name())
}

fn ends_within(chunk: Chunk) -> Error {
    Error::corrupt(format!("the file ends within {}", chunk_place(chunk)))
}

/// The compressed data of one image: the bodies of chunks of one kind that follow each other.
pub(super) struct ImageData<'c, 'a> {
    pub(super) chunks: &'c mut Chunks<'a>,
    chunk: Chunk,
    left: u32,
    /// The sequence number that the next chunk of an animation must have.
    sequence: &'c mut u32,
    after: Option<Chunk>,
}

impl<'c, 'a> ImageData<'c, 'a> {
    /// The data that begins with `first`, whose head was just read.
    pub(super) fn new(chunks: &'c mut Chunks<'a>, first: Chunk, sequence: &'c mut u32) -> Result<Self, Error> {
        let mut data = Self { chunks, chunk: first, left: 0, sequence, after: None };
        data.enter(first)?;
        Ok(data)
    }

    fn enter(&mut self, chunk: Chunk) -> Result<(), Error> {
        self.chunk = chunk;
        self.left = chunk.len;
        if &chunk.kind == b"fdAT" {
            let Some(left) = chunk.len.checked_sub(4) else {
                return Err(Error::corrupt("a fdAT chunk has no sequence number"));
            };
            let mut number = [0; 4];
            self.chunks.source.read_exact(&mut number).map_err(|cause| Error::reading(cause, "the fdAT chunk"))?;
            self.chunks.crc.update(&number);
            check_sequence(self.sequence, u32::from_be_bytes(number))?;
            self.left = left;
        }
        Ok(())
    }

    /// The next bytes at hand, or nothing after the last.
    pub(super) fn peek(&mut self) -> Result<Option<&[u8]>, Error> {
        while self.left == 0 {
            if self.after.is_some() {
                return Ok(None);
            }
            self.chunks.end(self.chunk)?;
            let next = self.chunks.next()?;
            if next.kind == self.chunk.kind {
                self.enter(next)?;
            } else {
                self.after = Some(next);
            }
        }
        self.chunks.peek(self.chunk, self.left).map(Some)
    }

    pub(super) fn advance(&mut self, len: usize) {
        self.chunks.advance(len);
        self.left = self.left.saturating_sub(u32::try_from(len).unwrap_or(u32::MAX));
    }

    /// Reads on to the end, and gives the head of the chunk after it.
    pub(super) fn finish(mut self) -> Result<Chunk, Error> {
        loop {
            let len = self.peek()?.map(<[u8]>::len);
            match (len, self.after) {
                (Some(len), _) => self.advance(len),
                (None, Some(after)) => return Ok(after),
                (None, None) => return Err(ends_within(self.chunk)),
            }
        }
    }

    /// `IDAT` or `fdAT`.
    pub(super) fn name(&self) -> &'static str {
        if &self.chunk.kind == b"fdAT" { "fdAT" } else { "IDAT" }
    }
}

/// Compares a sequence number of an animation with the one whose turn it is.
pub(super) fn check_sequence(expected: &mut u32, found: u32) -> Result<(), Error> {
    if *expected != found {
        return Err(Error::corrupt(format!("the animation has part {found} where part {expected} must be")));
    }
    *expected = expected.wrapping_add(1);
    Ok(())
}

//! The pixel digest, and the shorter keys that tell pictures apart before all of their rows are known.

use std::{fmt, ops::ControlFlow, str::FromStr};

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::{
    canonical::{Alpha, Canonical},
    corner::{CORNER_ROWS, Corner},
    row::{Frame, Row, RowSink},
};

/// The first bytes of the hashed stream: the name and the version of the rules in `docs/pixel-digest.md`.
const MAGIC: &[u8; 8] = b"pixtwin\x01";

/// BLAKE3 gains from long input: rows are collected to this many bytes before they are hashed (measured: 1.9 GB/s fed
/// by 12 kB rows, 4.6 GB/s by 128 KiB).
const BATCH_BYTES: usize = 128 << 10;

/// Numbers of rows of the first frame after which a [`Fingerprint`] keeps a key.
///
/// The first key is of their left ends only, and tells most pictures apart that have one size: it is the price of opening
/// the file that counts there. The others are of whole rows, each of twice as many as the one before: where two pictures
/// part is known to a factor of two.
///
/// Below a margin, rows at the top that are all equal, the key comes later: as many as half of these rows must follow the
/// margin, for a white top tells no two scans apart. Not more than [`MOST_MARGIN`] times as many rows are waited for.
pub const HEAD_ROWS: [u32; 10] = [CORNER_ROWS, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];

/// How deep a look goes that needs one of the keys of whole rows: it finds others on its way, and each next look costs
/// sixteen times as much, so that all the shallow ones together cost a small part of the last.
const LOOK_ROWS: [u32; 3] = [32, 512, 8192];

/// At how many times its rows a key comes at the latest, however deep the margin.
pub const MOST_MARGIN: u32 = 64;

/// 128 bits over what one rung of the search looks at. Equal pictures have equal keys. Unequal keys prove that two
/// pictures differ; equal ones prove nothing by themselves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub [u8; 16]);

impl Key {
    /// The key of some bytes, of BLAKE3.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from(&blake3::hash(bytes))
    }

    /// The key of a size in pixels: quick, for every picture is asked for it.
    #[must_use]
    pub fn of_size(width: u32, height: u32) -> Self {
        Self(xxh3_128([width.to_le_bytes(), height.to_le_bytes()].as_flattened()).to_le_bytes())
    }
}

impl From<&blake3::Hash> for Key {
    fn from(hash: &blake3::Hash) -> Self {
        Self(hash.as_bytes().first_chunk().copied().unwrap_or_default())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

/// The pixel digest: two pictures have the same one exactly if they are twins. Displayed as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PixelDigest(pub [u8; 32]);

impl fmt::Display for PixelDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for PixelDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl FromStr for PixelDigest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut digest = [0; 32];
        for (at, byte) in digest.iter_mut().enumerate() {
            let digits = text.get(at * 2..at * 2 + 2).filter(|_| is_digest).ok_or(NotADigest)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotADigest)?;
        }
        Ok(Self(digest))
    }
}

/// A text is no digest: that has 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADigest;

impl fmt::Display for NotADigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a digest has 64 hexadecimal digits")
    }
}

impl std::error::Error for NotADigest {}

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// How far into a picture a look goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// The left ends of the first rows of the first frame: [`CORNER_COLUMNS`](crate::CORNER_COLUMNS) pixels of
    /// [`CORNER_ROWS`] rows. A decoder may give rows that are cut there.
    Corner,
    /// The first rows of the first frame, all of them if it has fewer.
    Rows(u32),
    /// Every row of every frame.
    Whole,
}

impl Depth {
    /// The look that finds the n-th key of a [`Fingerprint`], and others beside it; behind the last, a whole look.
    #[must_use]
    pub fn of_head(number: usize) -> Self {
        let Some(rows) = HEAD_ROWS.get(number) else { return Self::Whole };
        if number == 0 {
            return Self::Corner;
        }
        LOOK_ROWS.iter().find(|look| *look >= rows).map_or(Self::Whole, |look| Self::Rows(*look))
    }

    /// How many rows of the first frame a decoder gives before it looks whether more are wanted; nothing if that is all.
    #[must_use]
    pub const fn rows(self) -> Option<u32> {
        match self {
            Self::Corner => Some(CORNER_ROWS),
            Self::Rows(rows) => Some(rows),
            Self::Whole => None,
        }
    }
}

/// What a [`Digester`] learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// A key for each of [`HEAD_ROWS`], as far as the rows went. A picture with no more rows than that has the first half
    /// of its digest there; in the first place, always, the key of the left ends of its rows.
    pub heads: [Option<Key>; HEAD_ROWS.len()],
    /// The pixel digest, if it was asked for and every row of every frame came.
    pub digest: Option<PixelDigest>,
    /// Frames of the picture.
    pub frames: u32,
    /// Width of the first frame in pixels.
    pub width: u32,
    /// Height of the first frame in pixels.
    pub height: u32,
}

impl Fingerprint {
    /// Forgets what is of the whole picture: all its rows may have come, but its decoder was not done.
    pub fn forget_whole(&mut self) {
        self.digest = None;
        let height = self.height;
        let heads = self.heads.iter_mut().zip(HEAD_ROWS).skip(1);
        heads.filter(|(_, rows)| *rows >= height).for_each(|(head, _)| *head = None);
    }
}

/// Takes rows and makes a [`Fingerprint`] of them.
///
/// The keys of the first rows are of XXH3, six times as fast as BLAKE3: they only tell pictures apart. The digest,
/// which proves that two are the same, is of BLAKE3.
///
/// ```
/// use pixtwin_pixel::{Alpha, Channels, Delay, Depth, Digester, Frame, Row, RowSink};
/// use std::ops::ControlFlow;
///
/// let mut digester = Digester::new(Alpha::Exact, Depth::Whole);
/// assert_eq!(digester.picture(1), ControlFlow::Continue(()));
/// assert_eq!(digester.frame(Frame { width: 1, height: 1, delay: Delay::NONE }), ControlFlow::Continue(()));
/// assert_eq!(digester.row(Row::eight(Channels::Grey, &[255])), ControlFlow::Continue(()));
/// assert!(digester.finish().digest.is_some());
/// ```
///
/// # Cost
/// Holds [`Digester`]'s own batch of 128 KiB and one row more; one pass over the rows.
pub struct Digester {
    hasher: blake3::Hasher,
    head_hasher: Xxh3,
    /// The next of [`HEAD_ROWS`] that a key of whole rows is of.
    next_head: usize,
    /// What makes the first key, until it is there.
    corner: Option<Corner>,
    batch: Vec<u8>,
    alpha: Alpha,
    depth: Depth,
    learnt: Fingerprint,
    frames_left: u32,
    rows_left: u32,
    row_pixels: u32,
    rows_of_first_frame: Option<u32>,
    /// The canonical form of the first row, while all rows were equal to it.
    margin: Option<Vec<u8>>,
    /// How many rows follow the margin.
    rows_after_margin: u32,
    is_regular: bool,
}

impl Digester {
    /// A digester that asks for no more rows than `depth` needs.
    #[must_use]
    pub fn new(alpha: Alpha, depth: Depth) -> Self {
        Self {
            hasher: blake3::Hasher::new(),
            head_hasher: Xxh3::new(),
            next_head: 1,
            corner: None,
            batch: Vec::new(),
            alpha,
            depth,
            learnt: Fingerprint { heads: [None; HEAD_ROWS.len()], digest: None, frames: 0, width: 0, height: 0 },
            frames_left: 0,
            rows_left: 0,
            row_pixels: 0,
            rows_of_first_frame: None,
            margin: None,
            rows_after_margin: 0,
            is_regular: true,
        }
    }

    /// Whether as much was seen as was asked for. A decoder that was told how many rows are wanted may have stopped there,
    /// in the middle of a margin.
    #[must_use]
    pub fn is_satisfied(&self) -> bool {
        match self.depth {
            Depth::Whole => true,
            Depth::Corner => self.learnt.heads.first().is_some_and(Option::is_some),
            Depth::Rows(wanted) => {
                self.rows_of_first_frame.is_some_and(|rows| self.rows_left == 0 || self.is_deep(rows, wanted))
            }
        }
    }

    /// The n-th key of the first rows, as soon as there is one.
    #[must_use]
    pub fn head(&self, number: usize) -> Option<Key> {
        self.learnt.heads.get(number).copied().flatten()
    }

    /// Whether so many rows are enough for the key of `wanted` rows.
    fn is_deep(&self, rows: u32, wanted: u32) -> bool {
        rows >= wanted && (self.rows_after_margin >= wanted / 2 || rows >= wanted.saturating_mul(MOST_MARGIN))
    }

    /// Takes note of whether the row that begins there in the batch is still of the margin.
    fn note_margin(&mut self, start: usize) {
        let row = self.batch.get(start..).unwrap_or_default();
        match &self.margin {
            _ if self.rows_after_margin > 0 => self.rows_after_margin += 1,
            None => self.margin = Some(row.to_vec()),
            Some(first) if first == row => {}
            Some(_) => (self.margin, self.rows_after_margin) = (None, 1),
        }
    }

    /// What was learnt from the rows so far. The digest is there only if it was asked for ([`Depth::Whole`]) and every
    /// promised row came, in its promised width.
    #[must_use]
    pub fn finish(mut self) -> Fingerprint {
        let is_whole = self.learnt.frames > 0 && self.frames_left == 0 && self.rows_left == 0;
        if is_whole && self.is_regular && self.depth == Depth::Whole {
            self.flush();
            let digest = self.hasher.finalize();
            self.learnt.digest = Some(PixelDigest(*digest.as_bytes()));
            // Who needs more rows than the picture has decodes it whole.
            let heads = self.learnt.heads.iter_mut().zip(HEAD_ROWS).skip(1);
            for (head, _) in heads.filter(|(_, rows)| *rows >= self.learnt.height) {
                *head = Some(Key::from(&digest));
            }
        }
        self.learnt
    }

    /// Hashes the rows collected so far. Those of one batch are all of the first frame, or none.
    fn flush(&mut self) {
        if self.rows_of_first_frame.is_some() && self.next_rows().is_some() {
            self.head_hasher.update(&self.batch);
        }
        if self.depth == Depth::Whole {
            self.hasher.update(&self.batch);
        }
        self.batch.clear();
    }

    /// How many rows the next key of whole rows is of, if the picture has more than that.
    fn next_rows(&self) -> Option<u32> {
        HEAD_ROWS.get(self.next_head).copied().filter(|rows| *rows < self.learnt.height)
    }

    /// Keeps the keys that end at this row, and says whether the look is deep enough.
    fn keep_heads(&mut self) -> ControlFlow<()> {
        let Some(rows) = self.rows_of_first_frame else { return ControlFlow::Continue(()) };
        let frame_ended = self.rows_left == 0;
        while self.next_rows().is_some_and(|wanted| frame_ended || self.is_deep(rows, wanted)) {
            self.flush();
            let key = Key(self.head_hasher.digest128().to_le_bytes());
            self.learnt.heads.get_mut(self.next_head).into_iter().for_each(|head| *head = Some(key));
            self.next_head += 1;
        }
        match self.depth {
            Depth::Rows(wanted) if frame_ended || self.is_deep(rows, wanted) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    /// Shows a row to what makes the first key.
    fn keep_corner(&mut self, row: &Row<'_>) {
        let is_last = self.rows_left == 0;
        let key = self.corner.as_mut().and_then(|corner| corner.row(row, self.alpha, is_last));
        if let (Some(key), [first, ..]) = (key, &mut self.learnt.heads) {
            *first = Some(key);
            self.corner = None;
        }
    }
}

impl RowSink for Digester {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.learnt.frames = frames;
        self.frames_left = frames;
        self.batch.extend_from_slice(MAGIC);
        self.batch.push(match self.alpha {
            Alpha::Exact => 0,
            Alpha::IgnoreHidden => 1,
        });
        self.batch.extend_from_slice(&frames.to_le_bytes());
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.is_regular &= self.rows_left == 0 && self.frames_left > 0;
        self.frames_left = self.frames_left.saturating_sub(1);
        self.rows_of_first_frame = match self.rows_of_first_frame {
            None if self.learnt.width == 0 => {
                (self.learnt.width, self.learnt.height) = (frame.width, frame.height);
                self.corner = Some(Corner::new(self.learnt.frames, frame));
                Some(0)
            }
            _ => None,
        };
        self.rows_left = frame.height;
        self.row_pixels = frame.width;
        for field in [frame.width, frame.height, frame.delay.numerator(), frame.delay.denominator()] {
            self.batch.extend_from_slice(&field.to_le_bytes());
        }
        ControlFlow::Continue(())
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.is_regular &= self.rows_left > 0 && row.width() == self.row_pixels as usize;
        self.rows_left = self.rows_left.saturating_sub(1);
        self.keep_corner(&row);
        if self.depth == Depth::Corner {
            return if self.is_satisfied() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        }
        let start = self.batch.len();
        Canonical::append(&row, self.alpha, &mut self.batch);
        if self.rows_of_first_frame.is_some() && self.next_rows().is_some() {
            self.note_margin(start);
        }
        if self.batch.len() >= BATCH_BYTES {
            self.flush();
        }
        if let Some(rows) = &mut self.rows_of_first_frame {
            *rows += 1;
            return self.keep_heads();
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Channels, Delay};

    fn digest_of(width: u32, height: u32, depth: Depth) -> Fingerprint {
        digest_below(0, width, height, depth).0
    }

    /// A picture with a margin, and rows that differ below; says as well how many rows were taken.
    fn digest_below(margin: u32, width: u32, height: u32, depth: Depth) -> (Fingerprint, u32) {
        let mut digester = Digester::new(Alpha::Exact, depth);
        let _ = digester.picture(1);
        let _ = digester.frame(Frame { width, height, delay: Delay::NONE });
        let mut taken = 0;
        for y in 0..height {
            taken += 1;
            let samples = vec![if y < margin { 5 } else { 1 + y.to_le_bytes()[0] % 4 }; width as usize];
            if digester.row(Row::eight(Channels::Grey, &samples)).is_break() {
                break;
            }
        }
        assert!(digester.is_satisfied());
        (digester.finish(), taken)
    }

    #[test]
    fn a_key_waits_for_the_rows_below_a_margin() {
        let rows = |margin, depth| digest_below(margin, 3, 20_000, depth).1;
        let corner = |margin| rows(margin, Depth::Corner);
        assert_eq!((corner(0), corner(3), corner(4), corner(100), corner(20_000)), (6, 6, 7, 103, 256));
        let top = |margin| rows(margin, Depth::Rows(32));
        assert_eq!((top(0), top(16), top(17), top(100), top(20_000)), (32, 32, 33, 116, 32 * MOST_MARGIN));
        for at in [0, 1] {
            let key = |margin, depth| digest_below(margin, 3, 20_000, depth).0.heads[at];
            assert_eq!(key(100, Depth::of_head(at)), key(100, Depth::Rows(8192)));
            assert_ne!(key(100, Depth::of_head(at)), key(101, Depth::of_head(at)));
        }
    }

    #[test]
    fn the_first_key_is_of_the_left_ends_of_rows() {
        let key_of = |width: u32, changed: usize| {
            let mut digester = Digester::new(Alpha::Exact, Depth::Corner);
            let _ = digester.picture(1);
            let _ = digester.frame(Frame { width: 1000, height: 9, delay: Delay::NONE });
            let mut samples = vec![7; width as usize * 4];
            samples[changed] = 8;
            let mut flow = ControlFlow::Continue(());
            for y in 0..6 {
                assert!(flow.is_continue(), "row {y}");
                samples[0] = y;
                flow = digester.row(Row::eight(Channels::Rgba, &samples));
            }
            assert!(flow.is_break());
            digester.finish().heads[0].unwrap()
        };
        // A cut row gives the same key; what lies behind the cut does not count, what lies before it does.
        assert_eq!(key_of(1000, 256 * 4), key_of(272, 256 * 4));
        assert_eq!(key_of(1000, 256 * 4), key_of(1000, 999 * 4 + 3));
        assert_ne!(key_of(1000, 256 * 4), key_of(1000, 255 * 4));
    }

    #[test]
    fn the_stream_is_the_one_of_the_specification() {
        let mut stream = b"pixtwin\x01\0".to_vec();
        for field in [1_u32, 2, 1, 0, 1] {
            stream.extend(field.to_le_bytes());
        }
        stream.extend([1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(digest_of(2, 1, Depth::Whole).digest.map(|d| d.0), Some(*blake3::hash(&stream).as_bytes()));
    }

    #[test]
    fn sides_are_part_of_the_picture() {
        assert_ne!(digest_of(2, 8, Depth::Whole).digest, digest_of(4, 4, Depth::Whole).digest);
        assert_ne!(digest_of(2, 8, Depth::Whole).heads, digest_of(4, 4, Depth::Whole).heads);
    }

    #[test]
    fn a_shallow_look_finds_the_keys_of_a_whole_one() {
        let whole = digest_of(3, 20_000, Depth::Whole);
        for at in 0..HEAD_ROWS.len() {
            let shallow = digest_of(3, 20_000, Depth::of_head(at));
            assert_eq!(shallow.digest, None);
            assert_eq!(shallow.heads[at], whole.heads[at]);
            assert!(shallow.heads[at].is_some());
        }
        let all = digest_of(3, 100, Depth::Whole);
        let digest = all.digest.map(|digest| digest.0.first_chunk().copied().map(Key).unwrap());
        assert_eq!(all.heads[3..], [digest; 7]);
        assert_eq!(all.heads[..3], digest_of(3, 100, Depth::Rows(64)).heads[..3]);
        assert!(all.heads[2].is_some() && all.heads[2] != digest);
    }

    #[test]
    fn a_deep_look_finds_the_keys_on_its_way() {
        let deep = digest_of(3, 20_000, Depth::of_head(2));
        assert_eq!(Depth::of_head(2), Depth::Rows(512));
        assert_eq!(
            deep.heads.map(|head| head.is_some()),
            [true, true, true, true, true, true, false, false, false, false]
        );
        for (at, rows) in HEAD_ROWS.iter().enumerate().take(6).skip(1) {
            assert_eq!(digest_of(3, 20_000, Depth::Rows(*rows)).heads[at], deep.heads[at]);
        }
    }

    #[test]
    fn a_missing_or_narrow_row_gives_no_digest() {
        for rows in [&[1_u8, 2][..], &[1]] {
            let mut digester = Digester::new(Alpha::Exact, Depth::Whole);
            let _ = digester.picture(1);
            let _ = digester.frame(Frame { width: 2, height: if rows.len() == 2 { 2 } else { 1 }, delay: Delay::NONE });
            let _ = digester.row(Row::eight(Channels::Grey, rows));
            assert_eq!(digester.finish().digest, None);
        }
    }
}

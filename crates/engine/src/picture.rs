//! A picture of the search, and what is known of it.

use std::num::{NonZeroU32, NonZeroU64};

use pixtwin_decode::{Format, Header};
use pixtwin_matching::Rung;
use pixtwin_pixel::{Fingerprint, HEAD_ROWS, Key, PixelDigest};

use crate::ladder::Climb;

/// A picture of the search and what is known of it so far. There is one for every file: it is kept small.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    /// Which of the listed files.
    pub(crate) file: u32,
    pub(crate) format: Format,
    /// Where it stands on the ladder.
    pub(crate) standing: Climb,
    pub(crate) header: Header,
    pub(crate) known: Known,
    /// The catalogue knew it, and may know more of it than this.
    pub(crate) is_recalled: bool,
    /// What the catalogue knows of it beside its pixels, by number.
    pub(crate) remark: Option<NonZeroU32>,
}

/// What the looks at one picture have found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// The first key.
    corner: Option<HalfKey>,
    /// What only a part of the pictures is looked at for.
    learnt: Option<Box<Learnt>>,
}

/// The first half of a key of first rows. 64 bits tell pictures apart well enough; those that they do not are looked at
/// further.
pub(crate) type HalfKey = NonZeroU64;

#[derive(Clone, Debug, Default)]
struct Learnt {
    /// Keys of the first rows; the first is above.
    heads: [Option<HalfKey>; HEAD_ROWS.len()],
    digest: Option<PixelDigest>,
    frames: u32,
    /// Of the payload and of the whole file.
    hashes: Option<Hashes>,
}

/// Hashes of what is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hashes {
    /// Of the bytes that the pixels depend on.
    pub(crate) payload: [u8; 32],
    /// Of all bytes.
    pub(crate) bytes: [u8; 32],
}

impl Known {
    pub(crate) fn of(fingerprint: &Fingerprint, hashes: Option<Hashes>) -> Self {
        let half = |key: Key| key.0.first_chunk().and_then(|half| HalfKey::new(u64::from_le_bytes(*half)));
        let heads = fingerprint.heads.map(|key| key.map(|key| half(key).unwrap_or(HalfKey::MIN)));
        let Fingerprint { digest, frames, .. } = *fingerprint;
        Self::from_halves(heads, digest, frames, hashes)
    }

    /// The same, of keys that are halved already.
    pub(crate) fn from_halves(
        mut heads: [Option<HalfKey>; HEAD_ROWS.len()],
        digest: Option<PixelDigest>,
        frames: u32,
        hashes: Option<Hashes>,
    ) -> Self {
        let corner = heads.first_mut().and_then(Option::take);
        let is_more = digest.is_some() || hashes.is_some() || heads.iter().any(Option::is_some);
        let learnt = is_more.then(|| Box::new(Learnt { heads, digest, frames, hashes }));
        Self { corner, learnt }
    }

    /// A key of the first rows, if it is known.
    pub(crate) fn head(&self, number: usize) -> Option<Key> {
        let half = match number {
            0 => self.corner?,
            _ => self.learnt.as_ref()?.heads.get(number).copied().flatten()?,
        };
        Some(Key(u128::from(half.get()).to_le_bytes()))
    }

    /// All keys of the first rows, as far as they are known.
    pub(crate) fn halves(&self) -> [Option<HalfKey>; HEAD_ROWS.len()] {
        let mut halves = self.learnt.as_ref().map_or([None; HEAD_ROWS.len()], |learnt| learnt.heads);
        halves.iter_mut().take(1).for_each(|first| *first = self.corner);
        halves
    }

    pub(crate) fn digest(&self) -> Option<PixelDigest> {
        self.learnt.as_ref()?.digest
    }

    pub(crate) fn hashes(&self) -> Option<Hashes> {
        self.learnt.as_ref()?.hashes
    }

    pub(crate) fn set_hashes(&mut self, hashes: Hashes) {
        self.learnt.get_or_insert_default().hashes = Some(hashes);
    }

    /// Frames, as far as they are known.
    pub(crate) fn frames(&self) -> u32 {
        self.learnt.as_ref().map_or(0, |learnt| learnt.frames)
    }

    /// Forgets all but the first key: to learn it again costs less than the memory of all pictures would.
    pub(crate) fn forget_more(&mut self) {
        self.learnt = None;
    }

    /// How little is known of the pixels: 0 is all.
    pub(crate) fn ignorance(&self) -> u8 {
        match (self.digest(), self.corner) {
            (Some(_), _) => 0,
            (None, Some(_)) => 1,
            (None, None) => 2,
        }
    }

    /// Adds what another look has found.
    pub(crate) fn add(&mut self, found: Self) {
        self.corner = self.corner.or(found.corner);
        let Some(found) = found.learnt else { return };
        let ours = self.learnt.get_or_insert_default();
        for (head, found) in ours.heads.iter_mut().zip(found.heads) {
            *head = head.or(found);
        }
        ours.digest = ours.digest.or(found.digest);
        ours.hashes = ours.hashes.or(found.hashes);
        ours.frames = ours.frames.max(found.frames);
    }
}

impl Picture {
    pub(crate) fn new(format: Format, header: Header, known: Known) -> Self {
        Self { file: 0, format, standing: Climb::default(), header, known, is_recalled: false, remark: None }
    }

    /// Which of the listed files.
    pub(crate) fn at(&self) -> usize {
        self.file as usize
    }

    /// The key of a rung, if it is known.
    pub(crate) fn key(&self, rung: Rung) -> Option<Key> {
        match rung {
            Rung::Header => Some(header_key(&self.header)),
            Rung::Head(number) => self.known.head(number),
            Rung::HeldPayload | Rung::Payload => self.known.hashes().map(|hashes| key_of_hash(&hashes.payload)),
            Rung::Whole => self.known.digest().map(|digest| key_of_hash(&digest.0)),
            Rung::Length | Rung::Start | Rung::Bytes | Rung::OrderFree => None,
        }
    }

    /// All that is known of its pixels.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut heads = [None; HEAD_ROWS.len()];
        heads.iter_mut().enumerate().for_each(|(number, head)| *head = self.known.head(number));
        let (digest, frames) = (self.known.digest(), self.known.frames());
        Fingerprint { heads, digest, frames, width: self.header.width, height: self.header.height }
    }
}

/// The key that stands for a hash: its first half.
pub(crate) fn key_of_hash(hash: &[u8; 32]) -> Key {
    Key(hash.first_chunk().copied().unwrap_or_default())
}

/// The key of the header rung: of width and height. A hash, so that the keys of all rungs spread evenly.
pub(crate) fn header_key(header: &Header) -> Key {
    size_key(header.width, header.height)
}

/// The same of a picture whose header was not read here.
pub(crate) fn size_key(width: u32, height: u32) -> Key {
    Key::of_size(width, height)
}

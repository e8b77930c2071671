//! Looks at files: opens them, makes sure they are still what they were, and asks the decoders within the budget.

use std::{fs::File, io::BufRead, path::Path, sync::Arc};

use pixtwin_decode::{Error, FirstRows, Format, Header, InMemory, Limits, Metadata, Sniffed, Source, sniff};
use pixtwin_pixel::{Alpha, Turn};

use crate::{
    branches::Branches,
    budget::Budget,
    evidence::Remark,
    file::{Identity, Listed, words_of},
    memory::Memory,
    merge::Recorded,
    offers::Offers,
    opened::{Opened, read_whole},
    picture::{Hashes, Picture},
    progress::Progress,
    refusal::Refusal,
    settings::{Orientation, Run, Settings},
};

mod decode;

mod sinks;

mod turn;

/// Windows on files: small where a look needs a few hundred bytes, large where it reads on.
pub(crate) const HEADER_WINDOW_BYTES: usize = 4 << 10;
const ROWS_WINDOW_BYTES: usize = 32 << 10;
pub(crate) const WHOLE_WINDOW_BYTES: usize = 256 << 10;

/// A file up to this length is held in memory when all of it has to be hashed.
const HELD_FILE_BYTES: u64 = 64 << 20;

/// What finding the payload takes beside the file: tables, offsets of strips and the like.
const PAYLOAD_BYTES: u64 = 1 << 20;

/// What finding the payload of a picture may take at least, however small the picture.
const PAYLOAD_LIMIT_BYTES: u64 = 16 << 20;

/// Looks at files on behalf of one run. Every refusal is a clause for the report.
pub(crate) struct Looker<'a> {
    /// How many files are looked at at once.
    pub(crate) threads: usize,
    /// Files shorter than this are passed over.
    pub(crate) min_bytes: u64,
    pub(crate) progress: &'a Progress,
    /// What earlier runs learnt, if it is kept.
    pub(crate) memory: Option<&'a Memory>,
    /// Looks shared with other ranks that see the same files, if there are any.
    pub(crate) offers: Option<Arc<Offers>>,
    /// Looks that were done before, which stand for those at the files.
    pub(crate) recorded: Option<Recorded>,
    branches: Branches,
    alpha: Alpha,
    orientation: Orientation,
    budget: Budget,
}

impl<'a> Looker<'a> {
    pub(crate) fn new(settings: &Settings, progress: &'a Progress) -> Self {
        Self {
            threads: settings.threads,
            min_bytes: 0,
            memory: None,
            offers: None,
            recorded: None,
            branches: Branches::default(),
            alpha: settings.alpha,
            orientation: settings.orientation,
            budget: Budget::new(settings.memory_bytes, settings.sharers),
            progress,
        }
    }

    /// Looks on behalf of a run, with what it knows.
    pub(crate) fn of(run: Run<'a>) -> Self {
        Self { memory: run.memory, ..Self::new(run.settings, run.progress) }
    }

    /// The same with half of the memory, and without what earlier looks found: who holds pictures needs the other half.
    pub(crate) fn halved(&self) -> Self {
        Self {
            threads: self.threads,
            min_bytes: self.min_bytes,
            progress: self.progress,
            memory: None,
            offers: None,
            recorded: None,
            branches: Branches::default(),
            alpha: self.alpha,
            orientation: self.orientation,
            budget: self.budget.halved(),
        }
    }

    /// What this process may hold beside others on its host.
    pub(crate) fn share_bytes(&self) -> u64 {
        self.budget.share()
    }

    /// What one picture may need.
    pub(crate) fn most_bytes(&self) -> u64 {
        self.budget.most()
    }

    /// Where to keep what a look came to. Once the run is given up looks are broken off, and what they come to says nothing.
    pub(crate) fn keeper(&self) -> Option<&'a Memory> {
        self.memory.filter(|_| !self.progress.is_given_up())
    }

    /// Which format the file has. Learns the file's identity if it is not known yet.
    pub(crate) fn sniff(&self, listed: &mut Listed) -> Result<Sniffed, Refusal> {
        let (file, identity) = reopen(listed)?;
        listed.identity = Some(identity);
        self.sniff_open(&mut self.window(&file, identity.bytes, HEADER_WINDOW_BYTES), listed.name())
    }

    /// Which format a file has that was looked at before.
    pub(crate) fn sniff_again(&self, listed: &Listed) -> Result<Sniffed, Refusal> {
        let (file, identity) = reopen(listed)?;
        self.sniff_open(&mut self.window(&file, identity.bytes, HEADER_WINDOW_BYTES), listed.name())
    }

    pub(crate) fn sniff_open(&self, source: &mut dyn Source, path: &Path) -> Result<Sniffed, Refusal> {
        sniff(source, extension_of(path)).map_err(|cause| Refusal::from(&cause))
    }

    /// Width, height and cost, as the picture will be compared.
    pub(crate) fn header(&self, listed: &Listed, format: Format) -> Result<Header, Refusal> {
        let (file, identity) = reopen(listed)?;
        self.header_open(&mut self.window(&file, identity.bytes, HEADER_WINDOW_BYTES), format)
    }

    pub(crate) fn header_open(&self, source: &mut dyn Source, format: Format) -> Result<Header, Refusal> {
        let header = format.header(source).map_err(|cause| Refusal::from(&cause))?;
        let turn = self.turn(source, format)?;
        if turn == Turn::None {
            return Ok(header);
        }
        // A turned picture is held whole beside what its decoder holds.
        let raster_bytes = raster_bytes(header.width, header.height);
        let whole_bytes = header.whole_bytes.saturating_add(raster_bytes);
        let (width, height) =
            if turn.swaps_sides() { (header.height, header.width) } else { (header.width, header.height) };
        Ok(Header { width, height, whole_bytes, head_bytes: whole_bytes, first_rows: FirstRows::Whole })
    }

    /// How the picture is turned before it is compared.
    fn turn(&self, source: &mut dyn Source, format: Format) -> Result<Turn, Refusal> {
        match self.orientation {
            Orientation::AsStored => Ok(Turn::None),
            Orientation::AsShown => format.orientation(source).map_err(|cause| Refusal::from(&cause)),
        }
    }

    /// What the file holds beside its pixels.
    pub(crate) fn remark(&self, listed: &Listed, picture: &Picture) -> Result<Remark, Refusal> {
        if let Some(recorded) = &self.recorded {
            return recorded.remark(listed);
        }
        let memory = self.memory.filter(|_| picture.is_recalled);
        if let Some(remark) = memory.and_then(|memory| memory.recall_remark(listed, picture)) {
            return remark;
        }
        let remark = self.metadata(listed, picture.format).map(Remark::of);
        if let Some(memory) = self.keeper() {
            memory.learn_remark(listed, picture, &remark);
        }
        remark
    }

    /// The same, with all that is known of it.
    pub(crate) fn metadata(&self, listed: &Listed, format: Format) -> Result<Metadata, Refusal> {
        let (file, identity) = reopen(listed)?;
        let mut source = self.window(&file, identity.bytes, HEADER_WINDOW_BYTES);
        format.metadata(&mut source).map_err(|cause| Refusal::from(&cause))
    }

    /// What the colour of hidden pixels is worth.
    pub(crate) fn alpha(&self) -> Alpha {
        self.alpha
    }

    /// Hashes the payload and the whole file.
    pub(crate) fn hash(&self, listed: &Listed, picture: &mut Picture) -> Result<(), Refusal> {
        let (file, identity) = reopen(listed)?;
        let is_held = identity.bytes <= HELD_FILE_BYTES.min(self.budget.share() / 4);
        let held_bytes = if is_held { identity.bytes } else { WHOLE_WINDOW_BYTES as u64 };
        let needed = held_bytes + PAYLOAD_BYTES;
        let _charge = self.budget.take(needed).ok_or_else(|| self.too_large(needed))?;
        let hashes = if is_held {
            let mut held = Vec::new();
            read_whole(&file, identity.bytes, &mut held, self.progress).map_err(|cause| words_of(&cause))?;
            self.hashes_of(&held, picture)?
        } else {
            let mut source = self.window(&file, identity.bytes, WHOLE_WINDOW_BYTES);
            let payload = self.payload_of(&mut source, picture)?;
            let mut hasher = blake3::Hasher::new();
            feed(&mut self.window(&file, identity.bytes, WHOLE_WINDOW_BYTES), &mut hasher)?;
            Hashes { payload, bytes: *hasher.finalize().as_bytes() }
        };
        still_unchanged(&file, &identity)?;
        picture.known.set_hashes(hashes);
        Ok(())
    }

    /// Hashes a file that is in memory.
    pub(crate) fn hashes_of(&self, held: &[u8], picture: &Picture) -> Result<Hashes, Refusal> {
        let payload = self.payload_of(&mut InMemory::new(held), picture)?;
        Ok(Hashes { payload, bytes: *blake3::hash(held).as_bytes() })
    }

    fn payload_of(&self, source: &mut dyn Source, picture: &Picture) -> Result<[u8; 32], Refusal> {
        let Picture { format, header, .. } = picture;
        // Tables of the file; never more than its decoding. What is refused may not depend on how the work is shared.
        let limits = Limits { memory_bytes: header.whole_bytes.max(PAYLOAD_LIMIT_BYTES).min(self.budget.most()) };
        let payload = format.payload(source, limits).map_err(|cause| Refusal::from(&cause))?;
        match self.turn(source, *format)? {
            Turn::None => Ok(payload),
            // The same samples turned are another picture.
            turn => Ok(*blake3::hash(&[&payload[..], &[turn.exif()]].concat()).as_bytes()),
        }
    }

    /// The first bytes of a file, up to `len`, and its identity.
    pub(crate) fn start(&self, listed: &Listed, len: u64) -> Result<Vec<u8>, Refusal> {
        let (file, identity) = reopen(listed)?;
        let mut start = Vec::new();
        read_whole(&file, identity.bytes.min(len), &mut start, self.progress).map_err(|cause| words_of(&cause))?;
        still_unchanged(&file, &identity)?;
        Ok(start)
    }

    /// The hash of all bytes of a file.
    pub(crate) fn hash_bytes(&self, listed: &Listed) -> Result<[u8; 32], String> {
        let (file, identity) = reopen(listed)?;
        let mut hasher = blake3::Hasher::new();
        feed(&mut self.window(&file, identity.bytes, WHOLE_WINDOW_BYTES), &mut hasher)?;
        still_unchanged(&file, &identity)?;
        Ok(*hasher.finalize().as_bytes())
    }

    fn window<'b>(&'b self, file: &'b File, file_bytes: u64, capacity: usize) -> Opened<'b> {
        Opened::new(file, file_bytes, capacity, self.progress)
    }

    pub(crate) fn too_large(&self, needed: u64) -> Refusal {
        Refusal::from(&Error::TooLarge { needed, budget: self.budget.most() })
    }
}

/// What a frame takes that is held whole: up to eight bytes a pixel.
pub(crate) fn raster_bytes(width: u32, height: u32) -> u64 {
    (u64::from(width) * u64::from(height)).saturating_mul(8)
}

pub(crate) fn feed(source: &mut Opened<'_>, hasher: &mut blake3::Hasher) -> Result<(), Refusal> {
    loop {
        let piece = source.fill_buf().map_err(|cause| words_of(&cause))?;
        if piece.is_empty() {
            return Ok(());
        }
        hasher.update(piece);
        let taken = piece.len();
        source.consume(taken);
    }
}

/// Opens a file, and makes sure it is what it was when it was looked at before.
pub(crate) fn reopen(listed: &Listed) -> Result<(File, Identity), Refusal> {
    let (file, identity) = listed.open().map_err(|cause| words_of(&cause))?;
    match listed.identity {
        Some(before) if !before.is_unchanged(&identity) => Err(CHANGED.into()),
        _ => Ok((file, identity)),
    }
}

pub(crate) const CHANGED: &str = "changed while it was being compared";

pub(crate) fn still_unchanged(file: &File, before: &Identity) -> Result<(), Refusal> {
    let now = file.metadata().map_err(|cause| words_of(&cause))?;
    if before.is_unchanged(&Identity::of(&now)) { Ok(()) } else { Err(CHANGED.into()) }
}

/// The extension of a path, without the dot, as bytes.
pub(crate) fn extension_of(path: &Path) -> Option<&[u8]> {
    path.extension().map(std::ffi::OsStr::as_encoded_bytes)
}

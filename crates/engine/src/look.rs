//! Looks at files: opens them, makes sure they are still what they were, and asks the decoders within the budget.

use std::{fs::File, io::BufRead, ops::ControlFlow, path::Path, sync::Arc};

use pixtwin_decode::{Error, FirstRows, Format, Header, InMemory, Limits, Metadata, Sniffed, Source, sniff};
use pixtwin_pixel::{Alpha, Depth, Digester, Frame, HEAD_ROWS, Row, RowSink, Turn, TurnClass, TurnedSink, Turning};

use crate::{
    branches::Branches,
    budget::{Budget, Charge},
    evidence::Remark,
    file::{Identity, Listed, words_of},
    memory::Memory,
    merge::Recorded,
    offers::Offers,
    opened::{Opened, read_whole},
    picture::{Hashes, Known, Picture},
    progress::Progress,
    refusal::Refusal,
    settings::{Orientation, Run, Settings},
};

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

/// Up to how many rows a header's estimate for the first rows holds.
const HEADER_PROMISES_ROWS: u32 = HEAD_ROWS[1];

/// How many times as many rows a picture must have for a look at its first rows to be worth it.
const WORTH_STOPPING: u32 = 4;

/// The same of looks at so few rows that opening the file is most of the work, and of those that went on below a margin.
const WORTH_GOING_ON: u32 = 2;

/// How many times as many rows again where the look goes through the whole file: of a progressive JPEG 32 rows of 800
/// cost a third of all.
const DEARER: u32 = 16;

/// The first key at which looks part; those before are had from shallow looks.
const FIRST_BRANCH: usize = 2;

/// How many times as many rows a decoder is asked for that ended in the middle of a margin.
const MARGIN_STEP: u32 = 8;

/// How many times its least a decoder is given where the budget is large enough: JPEG is 1.8 times as fast if it may
/// hold 2.7 times as much.
const GENEROSITY: u64 = 3;

/// Bytes a pixel of the longer side that are held to turn frames: sixteen rows in the layout of the frame, and twice as
/// numbers of eight bytes.
const TURNED_ROW_BYTES: u64 = 16 * 3 * 8;

/// A picture of more pixels than this in all its frames is refused: a hundred kilobytes of animation can ask for hours
/// of work. The largest pictures known to be made for people have 0.6 gigapixels.
const MOST_PIXELS: u64 = 2_000_000_000;

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

    /// Decodes it whole and keeps the digest and the keys.
    pub(crate) fn decode(&self, listed: &Listed, picture: &mut Picture) -> Result<(), Refusal> {
        let (file, identity) = reopen(listed)?;
        self.decode_source(&mut self.window(&file, identity.bytes, WHOLE_WINDOW_BYTES), picture)?;
        still_unchanged(&file, &identity)
    }

    /// Looks for the n-th key of the first rows, and for more of them while others have those. It fails if that key cannot
    /// be found; what is wrong further down counts for nothing, for how far down a look gets depends on those before it.
    pub(crate) fn look_for_head(&self, listed: &Listed, picture: &mut Picture, number: usize) -> Result<(), Refusal> {
        let depth = Depth::of_head(number);
        let (file, identity) = reopen(listed)?;
        let source = || self.window(&file, identity.bytes, window_for(depth));
        let (mut found, decoded) = self.decode_while(&mut source(), picture, (depth, depth), &mut |digester, at| {
            let keys = digester.head(at.saturating_sub(1)).zip(digester.head(at));
            at < number.max(FIRST_BRANCH) || keys.is_none_or(|(above, key)| self.branches.goes_on(above, key))
        });
        if decoded.is_err() && found.head(number).is_none() && picture.format.can_go_on() {
            // The decoder may have lost rows before the damage with those behind it.
            let row_by_row = (Depth::Rows(1), depth);
            (found, _) = self.decode_while(&mut source(), picture, row_by_row, &mut |_, at| at < number);
        }
        still_unchanged(&file, &identity)?;
        if found.head(number).is_none() {
            decoded?;
        }
        picture.known.add(found);
        Ok(())
    }

    /// The same for an open file, of which the caller makes sure that it does not change.
    pub(crate) fn decode_source(&self, source: &mut dyn Source, picture: &mut Picture) -> Result<(), Refusal> {
        let (found, decoded) = self.decode_while(source, picture, (Depth::Whole, Depth::Whole), &mut |_, _| true);
        decoded?;
        picture.known.add(found);
        Ok(())
    }

    /// The same, with every row also given to another sink, which cannot end it.
    pub(crate) fn decode_beside(
        &self,
        source: &mut dyn Source,
        picture: &mut Picture,
        beside: &mut dyn RowSink,
    ) -> Result<(), Refusal> {
        let mut both = Both { digester: Digester::new(self.alpha, Depth::Whole), beside, goes_on: true };
        let decoded = self.decode_charged(source, picture, Depth::Whole, &mut both);
        let (found, decoded) = learnt_from(both.digester, picture, decoded.map(|()| true));
        decoded?;
        picture.known.add(found);
        Ok(())
    }

    /// The class of the picture's coefficients under all turns, as it will be compared; nothing for most formats.
    pub(crate) fn coefficient_class(
        &self,
        source: &mut dyn Source,
        picture: &Picture,
    ) -> Result<Option<TurnClass>, Refusal> {
        let mut needed = 0;
        // What it holds is known from its header, and better from all of its scans.
        for _ in 0..3 {
            let charge = self.budget.take(needed).ok_or_else(|| self.too_large(needed))?;
            match picture.format.turn_class(source, Limits { memory_bytes: charge.bytes() }) {
                Err(Error::TooLarge { needed: more, .. }) if more > needed => needed = more,
                Err(cause @ (Error::TooLarge { .. } | Error::Io(_))) => return Err(Refusal::from(&cause)),
                // Its pixels were decoded: those are compared all the same.
                Err(_) | Ok(None) => return Ok(None),
                Ok(Some(stored)) => {
                    // The turns lead from the picture as it is shown.
                    let back = self.turn(source, picture.format)?.inverse();
                    let turns = stored.turns.iter().map(|turn| back.then(turn)).collect();
                    return Ok(Some(TurnClass { turns, ..stored }));
                }
            }
        }
        Err(self.too_large(needed))
    }

    /// The class of the picture's pixels under all turns.
    pub(crate) fn turn_class(&self, listed: &Listed, picture: &Picture) -> Result<TurnClass, Refusal> {
        let (file, identity) = reopen(listed)?;
        let class = self.turn_class_of(&mut self.window(&file, identity.bytes, WHOLE_WINDOW_BYTES), picture)?;
        still_unchanged(&file, &identity)?;
        Ok(class)
    }

    /// The same of an open file.
    pub(crate) fn turn_class_of(&self, source: &mut dyn Source, picture: &Picture) -> Result<TurnClass, Refusal> {
        let Header { width, height, whole_bytes, .. } = picture.header;
        // Beside the frames, some rows of them are held turned.
        let whole_bytes = whole_bytes.saturating_add(u64::from(width.max(height)) * TURNED_ROW_BYTES);
        let mut frames_bytes = u64::from(width) * u64::from(height) * 3;
        loop {
            let needed = whole_bytes.saturating_add(frames_bytes);
            let charge = self.budget.take(needed).ok_or_else(|| self.too_large(needed))?;
            let mut sink = TurnedSink::within(frames_bytes, self.alpha);
            self.decode_open(source, picture.format, Depth::Whole, whole_bytes, &mut sink)?;
            if let Some(class) = sink.finish() {
                return Ok(class);
            }
            drop(charge);
            // How many frames it has, and how wide its samples are, is not known beforehand: a frame for which there is no
            // room ends the decoding at its first row.
            frames_bytes = frames_bytes.saturating_mul(2);
        }
    }

    /// What the colour of hidden pixels is worth.
    pub(crate) fn alpha(&self) -> Alpha {
        self.alpha
    }

    /// Decodes an open file as long as `goes_on`, which is asked at every key of the first rows. The decoder is told one depth, and
    /// the look goes as far as the other; they differ only where [`Format::can_go_on`]. Gives what was found, before it
    /// failed if it did.
    pub(crate) fn decode_while(
        &self,
        source: &mut dyn Source,
        picture: &Picture,
        (told, asked): (Depth, Depth),
        goes_on: GoesOn<'_>,
    ) -> (Known, Result<(), Refusal>) {
        let is_dear = picture.header.first_rows == FirstRows::Dear && told != Depth::Corner;
        let worth = match told <= Depth::of_head(1) {
            true if is_dear => WORTH_GOING_ON * DEARER,
            true => WORTH_GOING_ON,
            false => WORTH_STOPPING,
        };
        let mut depth = effective_depth(&picture.header, told, worth);
        loop {
            // What is told to the decoder grows with the margin; the look goes as deep as it was asked to.
            let look = if depth == Depth::Whole { depth } else { asked };
            let digester = Digester::new(self.alpha, look);
            let mut watched = Watched { digester, found: 0, is_over: false, goes_on };
            let decoded = self.decode_charged(source, picture, depth, &mut watched);
            let Watched { digester, is_over, .. } = watched;
            match depth.rows() {
                Some(rows) if decoded.is_ok() && !is_over && !digester.is_satisfied() => {
                    let deeper = Depth::Rows(rows.saturating_mul(MARGIN_STEP));
                    depth = effective_depth(&picture.header, deeper, WORTH_GOING_ON);
                }
                _ => return learnt_from(digester, picture, decoded.map(|()| look == Depth::Whole && !is_over)),
            }
        }
    }

    /// Decodes as far as `depth` into any sink.
    pub(crate) fn decode_into(
        &self,
        listed: &Listed,
        picture: &Picture,
        depth: Depth,
        sink: &mut dyn RowSink,
    ) -> Result<(), Refusal> {
        let (file, identity) = reopen(listed)?;
        self.decode_charged(&mut self.window(&file, identity.bytes, window_for(depth)), picture, depth, sink)?;
        still_unchanged(&file, &identity)
    }

    pub(crate) fn decode_charged(
        &self,
        source: &mut dyn Source,
        picture: &Picture,
        depth: Depth,
        sink: &mut dyn RowSink,
    ) -> Result<(), Refusal> {
        let needed = match depth.rows() {
            Some(..=HEADER_PROMISES_ROWS) => picture.header.head_bytes,
            _ => picture.header.whole_bytes,
        };
        let charge = self.charge_for_rows(needed)?;
        self.decode_open(source, picture.format, depth, charge.bytes(), sink)
    }

    fn decode_open(
        &self,
        source: &mut dyn Source,
        format: Format,
        depth: Depth,
        memory_bytes: u64,
        sink: &mut dyn RowSink,
    ) -> Result<(), Refusal> {
        let mut sink = Counting { pixels_left: MOST_PIXELS, is_over: false, progress: self.progress, sink };
        let limits = Limits { memory_bytes };
        let decoded = match self.turn(source, format)? {
            Turn::None => format.rows(source, depth, limits, &mut sink),
            turn => format.rows(source, Depth::Whole, limits, &mut Turning::new(turn, memory_bytes, &mut sink)),
        };
        decoded.map_err(|cause| Refusal::from(&cause))?;
        if sink.is_over {
            let most = MOST_PIXELS / 1_000_000;
            return Err(Refusal::of_content(format!("it has more than {most} million pixels in all its frames")));
        }
        Ok(())
    }

    fn charge_for_rows(&self, least: u64) -> Result<Charge<'_>, Refusal> {
        let ample = least.saturating_mul(GENEROSITY).min(self.budget.share()).max(least);
        self.budget.take(ample).ok_or_else(|| self.too_large(least))
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

/// Asked whether to go on, with what was learnt and the number of the key that was found.
pub(crate) type GoesOn<'a> = &'a mut dyn FnMut(&Digester, usize) -> bool;

/// A digester that is asked about each key of the first rows.
struct Watched<'a, 'b> {
    digester: Digester,
    /// How many keys were found.
    found: usize,
    is_over: bool,
    goes_on: &'a mut (dyn FnMut(&Digester, usize) -> bool + 'b),
}

impl RowSink for Watched<'_, '_> {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.digester.picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.digester.frame(frame)
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        let flow = self.digester.row(row);
        while self.digester.head(self.found).is_some() {
            let is_wanted = (self.goes_on)(&self.digester, self.found);
            self.is_over |= flow.is_continue() && !is_wanted;
            self.found += 1;
        }
        if self.is_over { ControlFlow::Break(()) } else { flow }
    }
}

/// A digester, and a sink that is told the same until it has enough.
struct Both<'a> {
    digester: Digester,
    beside: &'a mut dyn RowSink,
    goes_on: bool,
}

impl Both<'_> {
    fn tell(&mut self, tell: impl FnOnce(&mut dyn RowSink) -> ControlFlow<()>) {
        self.goes_on = self.goes_on && tell(self.beside).is_continue();
    }
}

impl RowSink for Both<'_> {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.tell(|beside| beside.picture(frames));
        self.digester.picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.tell(|beside| beside.frame(frame));
        self.digester.frame(frame)
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.tell(|beside| beside.row(row));
        self.digester.row(row)
    }
}

/// Passes rows on until there are more pixels than any picture is granted, or the run is given up.
struct Counting<'a> {
    pixels_left: u64,
    is_over: bool,
    progress: &'a Progress,
    sink: &'a mut dyn RowSink,
}

impl RowSink for Counting<'_> {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.sink.picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        let pixels = u64::from(frame.width) * u64::from(frame.height);
        match self.pixels_left.checked_sub(pixels) {
            Some(left) => self.pixels_left = left,
            None => {
                self.is_over = true;
                return ControlFlow::Break(());
            }
        }
        self.sink.frame(frame)
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        if self.progress.is_given_up() {
            return ControlFlow::Break(());
        }
        self.sink.row(row)
    }
}

/// Whether a look at so many rows is worth stopping early for: a decoder that cannot, or that would soon be at the end
/// anyway, goes on to the end at once. Each look begins again at the top, so all that are in vain must cost little beside
/// the last.
fn effective_depth(header: &Header, depth: Depth, worth: u32) -> Depth {
    match depth.rows() {
        Some(rows) if header.stops_early() && header.height > rows.saturating_mul(worth) => depth,
        _ => Depth::Whole,
    }
}

/// The first window on a file for such a look.
fn window_for(depth: Depth) -> usize {
    match depth {
        Depth::Corner => HEADER_WINDOW_BYTES,
        Depth::Rows(_) => ROWS_WINDOW_BYTES,
        Depth::Whole => WHOLE_WINDOW_BYTES,
    }
}

/// What a frame takes that is held whole: up to eight bytes a pixel.
pub(crate) fn raster_bytes(width: u32, height: u32) -> u64 {
    (u64::from(width) * u64::from(height)).saturating_mul(8)
}

/// What a digester learnt of a picture that was decoded, in part or whole, or that failed; refuses rows that do not make the
/// picture the header promised.
fn learnt_from(digester: Digester, picture: &Picture, decoded: Result<bool, Refusal>) -> (Known, Result<(), Refusal>) {
    let mut learnt = digester.finish();
    let is_promised = (learnt.width, learnt.height) == (picture.header.width, picture.header.height);
    if decoded.as_ref().is_ok_and(|is_whole| !is_promised || *is_whole && learnt.digest.is_none()) {
        return (Known::default(), Err(Refusal::of_content("the decoder gave other rows than its header promised")));
    }
    // A digest is believed only after the decoder has checked what follows the last row.
    if !matches!(decoded, Ok(true)) {
        learnt.forget_whole();
    }
    let found = if is_promised { Known::of(&learnt, None) } else { Known::default() };
    (found, decoded.map(|_| ()))
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

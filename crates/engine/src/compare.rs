//! Are these two the same picture, and if not, why?

use std::path::{Path, PathBuf};

use pixtwin_matching::{Candidate, Proof, proof_between};
use pixtwin_pixel::{Alpha, Delay, Depth, Difference, Digester, PixelDigest, Raster, RasterSink, RowSink, Turn};

use crate::{
    evidence::{self, Remark},
    examine::identify,
    look::Looker,
    progress::Progress,
    refusal::Refusal,
    report::Failure,
    settings::Settings,
};

/// One of two pictures that were compared.
#[derive(Clone, Debug)]
pub struct Side {
    /// Where it is.
    pub path: PathBuf,
    /// The name of its format.
    pub format: &'static str,
    /// Width and height of the first frame in pixels.
    pub size: (u32, u32),
    /// Its frames, if they fit into a quarter of the memory.
    pub frames: Option<Vec<Raster>>,
    /// How many frames it has.
    pub frame_count: u32,
    /// Its pixel digest.
    pub digest: PixelDigest,
}

impl Side {
    /// Whether its pixels are inks, not colours, as far as they were looked at.
    #[must_use]
    pub fn is_cmyk(&self) -> bool {
        self.frames.as_ref().and_then(|frames| frames.first()).is_some_and(Raster::is_cmyk)
    }
}

/// What comparing two pictures found.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The first picture.
    pub a: Side,
    /// The second picture.
    pub b: Side,
    /// If they are the same: what proves it.
    pub same: Option<Proof>,
    /// If they are not: the frames that differ, where both have frames of one size and kind to compare.
    pub differing: Vec<FrameDifference>,
    /// If they are not: the turn of the second that would make them equal.
    pub turn: Option<Turn>,
    /// What the second holds beside its pixels that the first does not hold in the same way.
    pub metadata: Vec<String>,
}

/// How two frames differ.
#[derive(Clone, Copy, Debug)]
pub struct FrameDifference {
    /// Which frame, counted from 0.
    pub frame: usize,
    /// How the pixels differ.
    pub pixels: Difference,
    /// Both delays, if they differ.
    pub delays: Option<(Delay, Delay)>,
}

/// Compares two pictures pixel by pixel.
///
/// # Errors
/// If one of them cannot be read.
///
/// # Cost
/// Holds both whole, as far as the memory of the settings allows; beyond that only their digests are compared.
pub fn compare(a: &Path, b: &Path, settings: &Settings, progress: &Progress) -> Result<Comparison, Failure> {
    // Half of the memory is for the decoders, a quarter for each picture.
    let halved = Settings { memory_bytes: settings.memory_bytes / 2, ..settings.clone() };
    let looker = Looker::new(&halved, progress);
    let read =
        |path: &Path| look_at(&looker, path, settings).map_err(|reason| Failure::cannot("read", Some(path), reason));
    let ((a, candidate_a, metadata_a), (b, candidate_b, metadata_b)) = (read(a)?, read(b)?);
    let is_same = a.digest == b.digest;
    let same = is_same.then(|| proof_between(&candidate_a, &candidate_b));
    let (mut differing, mut turn) = (Vec::new(), None);
    if let (false, Some(ours), Some(theirs)) = (is_same, &a.frames, &b.frames) {
        differing = differing_frames(ours, theirs, settings.alpha);
        turn = turn_between(ours, theirs, settings.alpha);
    }
    let metadata = evidence::differences(&Remark::of(metadata_a), &Remark::of(metadata_b), a.format == b.format);
    Ok(Comparison { a, b, same, differing, turn, metadata })
}

fn look_at(
    looker: &Looker<'_>,
    path: &Path,
    settings: &Settings,
) -> Result<(Side, Candidate, pixtwin_decode::Metadata), Refusal> {
    let (listed, mut picture) = identify(looker, path)?;
    let mut sink = RasterSink::within(settings.memory_bytes / 4);
    looker.decode_into(&listed, &picture, Depth::Whole, &mut sink)?;
    let frames = sink.finish();
    let digest = match &frames {
        Some(frames) => digest_of(frames, settings.alpha),
        None => {
            looker.decode(&listed, &mut picture)?;
            picture.known.digest()
        }
    };
    looker.hash(&listed, &mut picture)?;
    let hashes = picture.known.hashes().ok_or("it could not be hashed")?;
    let frame_count =
        frames.as_ref().map_or(picture.known.frames(), |frames| u32::try_from(frames.len()).unwrap_or(u32::MAX));
    let side = Side {
        path: path.to_owned(),
        format: picture.format.name(),
        size: (picture.header.width, picture.header.height),
        frames,
        frame_count,
        digest: digest.ok_or("it could not be decoded whole")?,
    };
    let candidate = Candidate { file: 0, bytes: hashes.bytes, payload: hashes.payload, digest };
    Ok((side, candidate, looker.metadata(&listed, picture.format)?))
}

fn digest_of(frames: &[Raster], alpha: Alpha) -> Option<PixelDigest> {
    let mut digester = Digester::new(alpha, Depth::Whole);
    let mut flow = digester.picture(u32::try_from(frames.len()).ok()?);
    for frame in frames {
        if flow.is_continue() {
            flow = frame.replay(Turn::None, &mut digester);
        }
    }
    digester.finish().digest
}

fn differing_frames(ours: &[Raster], theirs: &[Raster], alpha: Alpha) -> Vec<FrameDifference> {
    let pairs = ours.iter().zip(theirs).enumerate();
    pairs
        .filter_map(|(frame, (a, b))| {
            let pixels = a.difference(b, Turn::None, alpha)?;
            let (a, b) = (a.frame().delay, b.frame().delay);
            let delays = (a != b).then_some((a, b));
            (pixels.pixels > 0 || delays.is_some()).then_some(FrameDifference { frame, pixels, delays })
        })
        .collect()
}

/// The turn of theirs that makes all frames equal.
fn turn_between(ours: &[Raster], theirs: &[Raster], alpha: Alpha) -> Option<Turn> {
    let makes_equal =
        |turn: &Turn| ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| a.equals(b, *turn, alpha));
    Turn::ALL.into_iter().skip(1).find(makes_equal)
}

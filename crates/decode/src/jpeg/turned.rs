//! What the coefficients of a JPEG have in common with those of its lossless turns.
//!
//! A flip across a row of blocks reverses the blocks, and in each the sign of every other coefficient; a transposition
//! exchanges rows and columns of both. So the turned coefficients are exact where the turned pixels are not: the inverse
//! transform and the widening of colours round otherwise after a turn.

use libjpeg_turbo_rs::common::quant_table::{NATURAL_ORDER, ZIGZAG_ORDER};
use pixtwin_pixel::{Turn, TurnClass, Turns};

use super::coefficients::{self, Block};
use super::frame::Frame;
use super::markers::{DQT, Markers};
use super::stream::{Colour, Lead};
use crate::codec::charge;
use crate::{Error, Limits, Source};

/// The first bytes of what is hashed.
const MAGIC: &[u8; 16] = b"turned JPEG\x01\0\0\0\0";

/// Collected before they are hashed, for BLAKE3 gains from long input.
const BATCH_BYTES: usize = 128 << 10;

/// The coefficients of a whole picture.
struct Picture {
    width: u32,
    height: u32,
    colour: Colour,
    components: Vec<Component>,
}

/// Those of one component, without the blocks that only fill up the last MCUs.
struct Component {
    /// In zigzag order, row by row.
    blocks: Vec<Block<i16>>,
    /// Blocks from one row to the next.
    stride: usize,
    /// Blocks across and down that show something.
    size: (u32, u32),
    /// How many pixels across and down a sample covers.
    pixels: (u32, u32),
    /// In the order of rows.
    steps: Block<u16>,
}

/// Where the coefficients of a turned block come from.
struct BlockTurn {
    turn: Turn,
    /// Of each in zigzag order: which it was, and whether its sign changes.
    from: Block<(usize, bool)>,
}

pub(super) fn class(source: &mut dyn Source, limits: Limits) -> Result<Option<TurnClass>, Error> {
    let Some(picture) = Picture::read(source, limits)? else { return Ok(None) };
    let turns = picture.least_turns();
    Ok(turns.iter().next().map(|turn| TurnClass { least: picture.digest(turn), turns }))
}

impl Picture {
    fn read(source: &mut dyn Source, limits: Limits) -> Result<Option<Self>, Error> {
        let file_bytes = source.byte_len();
        let mut markers = Markers::open(source)?;
        let mut lead = Lead::read(&mut markers)?;
        // Of several scans, the reader of coefficients knows only progressive ones.
        let is_readable = lead.single_scan || lead.frame.progressive;
        let Some(coefficient_bytes) = lead.frame.coefficient_bytes().filter(|_| is_readable) else { return Ok(None) };
        let held_bytes = file_bytes + coefficient_bytes;
        charge(held_bytes, limits)?;
        let mut bytes = std::mem::take(&mut lead.bytes);
        let mut has_late_steps = false;
        lead.rest(&mut markers, &mut |piece| {
            has_late_steps |= piece.starts_with(&[0xff, DQT]);
            bytes.extend_from_slice(piece);
        })?;
        // Which of its steps belong to which scan is not told with the coefficients.
        if lead.is_smoothed() || has_late_steps {
            return Ok(None);
        }
        let read = coefficients::read(&bytes, &lead.frame, held_bytes, limits)?;
        Ok(read.and_then(|(components, steps)| {
            let parts = components.into_iter().zip(steps).zip(lead.frame.components());
            let components: Vec<Component> = parts
                .map(|((read, steps), part)| {
                    let pixels = pixels_of_sample(&lead.frame, (part.across, part.down));
                    let size = (lead.frame.width.div_ceil(pixels.0 * 8), lead.frame.height.div_ceil(pixels.1 * 8));
                    Component { blocks: read.blocks, stride: read.blocks_x, size, pixels, steps }
                })
                .collect();
            let (Frame { width, height, .. }, colour) = (lead.frame, lead.colour);
            let picture = Self { width, height, colour, components };
            (picture.components.len() == lead.frame.count && picture.has_all_blocks()).then_some(picture)
        }))
    }

    fn has_all_blocks(&self) -> bool {
        self.components.iter().all(|part| {
            let (across, down) = (part.size.0 as usize, part.size.1 as usize);
            across <= part.stride && down * part.stride <= part.blocks.len()
        })
    }

    /// Whether the turn moves no block that shows something out of the grid, nor one that does not into it.
    fn can_turn(&self, turn: Turn) -> bool {
        let (swaps, flips_x, flips_y) = turn.parts();
        let (across, down) = if swaps { (flips_y, flips_x) } else { (flips_x, flips_y) };
        self.components.iter().all(|part| {
            let is_whole = |side: u32, pixels: u32| side.is_multiple_of(pixels * 8);
            (!across || is_whole(self.width, part.pixels.0)) && (!down || is_whole(self.height, part.pixels.1))
        })
    }

    /// The turns after which the picture is least, of those that can be made: by its head, then block by block.
    fn least_turns(&self) -> Turns {
        let turns = Turns::ALL.filter(|turn| self.can_turn(turn));
        let least = turns.iter().map(|turn| self.head(turn)).min();
        let turns = turns.filter(|turn| Some(self.head(turn)) == least);
        let mut left: Vec<BlockTurn> = turns.iter().map(BlockTurn::new).collect();
        for part in &self.components {
            let (across, down) = left.first().map_or((0, 0), |first| first.turn.size(part.size));
            for (x, y) in (0..down).flat_map(|y| (0..across).map(move |x| (x, y))) {
                if left.len() < 2 {
                    break;
                }
                let least = left.iter().map(|turn| part.block(turn, (x, y))).min();
                left.retain(|turn| Some(part.block(turn, (x, y))) == least);
            }
        }
        left.iter().map(|left| left.turn).collect()
    }

    /// All but the blocks, as it is after the turn.
    fn head(&self, turn: Turn) -> Vec<u8> {
        let (width, height) = turn.size((self.width, self.height));
        let mut head = MAGIC.to_vec();
        head.extend([width, height, self.colour as u32].map(u32::to_le_bytes).as_flattened());
        for part in &self.components {
            let (across, down) = turn.size(part.pixels);
            head.extend([across, down].map(u32::to_le_bytes).as_flattened());
            let step = |at: usize| part.steps.get(if turn.swaps_sides() { at % 8 * 8 + at / 8 } else { at });
            head.extend((0..64).filter_map(step).flat_map(|step| step.to_le_bytes()));
        }
        head
    }

    fn digest(&self, turn: Turn) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let (turn, mut batch) = (BlockTurn::new(turn), self.head(turn));
        for part in &self.components {
            let (across, down) = turn.turn.size(part.size);
            for y in 0..down {
                for x in 0..across {
                    batch.extend(part.block(&turn, (x, y)).map(i16::to_le_bytes).as_flattened());
                }
                if batch.len() >= BATCH_BYTES {
                    hasher.update(&batch);
                    batch.clear();
                }
            }
        }
        *hasher.update(&batch).finalize().as_bytes()
    }
}

/// How many pixels across and down one sample of a component covers. Only that counts of the factors: a picture of one
/// component may have any.
fn pixels_of_sample(frame: &Frame, (across, down): (u32, u32)) -> (u32, u32) {
    let largest = frame.largest();
    (largest.0 / across.max(1), largest.1 / down.max(1))
}

impl Component {
    /// The block there after the turn.
    fn block(&self, turn: &BlockTurn, at: (u32, u32)) -> Block<i16> {
        let (x, y) = turn.turn.stored(at, self.size);
        let stored = self.blocks.get(y as usize * self.stride + x as usize).unwrap_or(&[0; 64]);
        turn.from.map(|(from, is_negated)| {
            let coefficient = stored.get(from).copied().unwrap_or(0);
            if is_negated { coefficient.wrapping_neg() } else { coefficient }
        })
    }
}

impl BlockTurn {
    fn new(turn: Turn) -> Self {
        let (swaps, flips_x, flips_y) = turn.parts();
        let from = ZIGZAG_ORDER.map(|natural| {
            let (row, column) = (natural / 8, natural % 8);
            let stored = if swaps { column * 8 + row } else { natural };
            let is_negated = (flips_x && column % 2 == 1) != (flips_y && row % 2 == 1);
            (NATURAL_ORDER.get(stored).copied().unwrap_or(0), is_negated)
        });
        Self { turn, from }
    }
}

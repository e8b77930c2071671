//! Rows made from the coefficients of a progressive JPEG, one row of blocks at a time, with the inverse transform that
//! the decoder itself uses.

use libjpeg_turbo_rs::api::coefficient::ComponentCoefficients;
use libjpeg_turbo_rs::common::quant_table::NATURAL_ORDER;
use libjpeg_turbo_rs::decode::marker::{JpegMetadata, MarkerReader, ScanInfo};
use libjpeg_turbo_rs::decode::toggles::compute_coef_bits;
use libjpeg_turbo_rs::{read_coefficients, simd};

use super::frame::{Frame, TABLES_BYTES};
use super::{MAX_SCANS, reason};
use crate::codec::charge;
use crate::{Error, Limits};

/// A block: of coefficients, or their quantisation steps.
pub(super) type Block<T> = [T; 64];

/// The components of a stream, and the quantisation steps of each.
type Read = (Vec<ComponentCoefficients>, Vec<Block<u16>>);

/// The plane of one component, of which two rows of blocks are there as samples.
pub(super) struct BlockPlane {
    /// Quantised coefficients in zigzag order.
    blocks: Vec<Block<i16>>,
    blocks_across: usize,
    /// In the order of rows.
    steps: Block<u16>,
    /// Those of even and those of odd number.
    bands: [Band; 2],
    inverse: fn(&Block<i16>, &Block<u16>, &mut Block<u8>),
}

/// Samples of a row of blocks.
struct Band {
    number: Option<usize>,
    samples: Vec<u8>,
}

/// Decodes the coefficients of a stream whose scans tell them all; `held_bytes` are the caller's and the estimate's.
pub(super) fn decode(bytes: &[u8], frame: &Frame, held_bytes: u64, limits: Limits) -> Result<Vec<BlockPlane>, Error> {
    let Some((read, steps)) = read(bytes, frame, held_bytes, limits)? else {
        let needed = bytes.len() as u64 + frame.bytes(frame.height, frame.fast_way());
        return Err(Error::TooLarge { needed, budget: limits.memory_bytes });
    };
    let inverse = simd::detect().idct_islow;
    let planes = read.into_iter().zip(steps).map(|(component, steps)| {
        let band = || Band { number: None, samples: vec![0; component.blocks_x * 64] };
        let bands = [band(), band()];
        BlockPlane { blocks: component.blocks, blocks_across: component.blocks_x, steps, bands, inverse }
    });
    Ok(planes.collect())
}

/// The coefficients of each component in zigzag order, and their quantisation steps in the order of rows; nothing if the
/// scans do not tell them all, or leave out tables: the other ways know those, and smooth.
pub(super) fn read(bytes: &[u8], frame: &Frame, held_bytes: u64, limits: Limits) -> Result<Option<Read>, Error> {
    let steps = {
        let mut reader = MarkerReader::new(bytes);
        reader.set_scan_cap(MAX_SCANS);
        let told = reader.read_markers().map_err(reason)?;
        let scans_bytes = told.scans.len() as u64 * TABLES_BYTES;
        charge(held_bytes + scans_bytes.saturating_sub(frame.scan_bytes()), limits)?;
        let has_tables = told.is_arithmetic || told.scans.iter().all(has_tables);
        if !has_tables || !is_exact(&told) {
            return Ok(None);
        }
        steps(&told)?
    };
    let read = read_coefficients(bytes).map_err(reason)?;
    Ok(Some((read.components, steps)))
}

/// Whether the Huffman tables that the scan names were all defined.
fn has_tables(scan: &ScanInfo) -> bool {
    scan.header.components.iter().all(|part| {
        let (tables, index) = match scan.header.spec_start {
            0 => (&scan.dc_huffman_tables, part.dc_table_index),
            _ => (&scan.ac_huffman_tables, part.ac_table_index),
        };
        tables.get(usize::from(index)).is_some_and(Option::is_some)
    })
}

/// Whether the scans tell every coefficient that smoothing looks at. In a damaged file the decoder may have found other
/// scans than the walk along its markers.
fn is_exact(told: &JpegMetadata) -> bool {
    compute_coef_bits(&told.scans, &told.frame).iter().flatten().all(|bit| *bit == 0)
}

/// The quantisation steps of each component.
fn steps(told: &JpegMetadata) -> Result<Vec<Block<u16>>, Error> {
    let table = |index: u8| told.quant_tables.get(usize::from(index))?.as_ref().map(|table| table.values);
    let of = |index: u8| table(index).ok_or_else(|| Error::corrupt(format!("missing quant table {index}")));
    told.frame.components.iter().map(|part| of(part.quant_table_index)).collect()
}

impl BlockPlane {
    pub(super) fn holds(&self, width: usize, height: usize) -> bool {
        self.blocks_across * 8 >= width && self.blocks.len() / self.blocks_across * 8 >= height
    }

    /// Makes a row of samples ready, in place of those two rows of blocks away.
    pub(super) fn prepare(&mut self, row: usize) {
        let number = row / 8;
        let stride = self.blocks_across * 8;
        let [even, odd] = &mut self.bands;
        let band = if number.is_multiple_of(2) { even } else { odd };
        if band.number == Some(number) {
            return;
        }
        band.number = Some(number);
        let start = number * self.blocks_across;
        let blocks = self.blocks.get(start..start + self.blocks_across).unwrap_or_default();
        for (x, block) in blocks.iter().enumerate() {
            let ordered = NATURAL_ORDER.map(|from| block.get(from).copied().unwrap_or(0));
            let mut square = [0; 64];
            (self.inverse)(&ordered, &self.steps, &mut square);
            for (line, samples) in band.samples.chunks_exact_mut(stride).zip(square.chunks_exact(8)) {
                if let Some(place) = line.get_mut(x * 8..x * 8 + 8) {
                    place.copy_from_slice(samples);
                }
            }
        }
    }

    /// A row of samples that is ready.
    pub(super) fn line(&self, row: usize) -> &[u8] {
        let [even, odd] = &self.bands;
        let band = if (row / 8).is_multiple_of(2) { even } else { odd };
        band.samples.chunks_exact(self.blocks_across * 8).nth(row % 8).unwrap_or_default()
    }
}

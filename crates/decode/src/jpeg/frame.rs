//! The frame header: size, components and what decoding them costs.

use pixtwin_pixel::{CORNER_COLUMNS, Channels};

use super::markers::Segment;
use crate::Error;

/// Bytes of tables, rows and small things that every decode holds.
const SMALL_BYTES: u64 = 256 * 1024;

/// Bytes of the eight Huffman tables that a scan can define anew.
pub(super) const TABLES_BYTES: u64 = 8 * 4608;

/// What the frame header (SOF) says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: [Component; 4],
    /// How many of `components` there are: 1, 3 or 4.
    pub(super) count: usize,
    pub(super) progressive: bool,
    pub(super) arithmetic: bool,
}

/// One component: its identifier and how many blocks of it an MCU has each way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Component {
    pub(super) id: u8,
    pub(super) across: u32,
    pub(super) down: u32,
}

/// Which of its ways the decoder goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Into a finished picture: fastest.
    Picture,
    /// Into component planes, made into rows one by one: half the memory.
    Planes,
    /// Of a progressive one, its coefficients only, made into rows one row of blocks at a time: least memory.
    Coefficients,
}

impl Frame {
    /// Reads the frame header, and refuses the kinds of JPEG that are not read.
    pub(super) fn parse(segment: Segment, body: &[u8]) -> Result<Self, Error> {
        let progressive = match segment.code {
            0xc0 | 0xc1 | 0xc9 => false,
            0xc2 | 0xca => true,
            0xc3 | 0xcb => return Err(Error::unsupported("lossless JPEG")),
            _ => return Err(Error::unsupported("hierarchical JPEG")),
        };
        let Some((&[bits, h1, h0, w1, w0, count], rest)) = body.split_first_chunk() else {
            return Err(Error::corrupt("the frame header is cut short"));
        };
        let (width, height) = (u32::from(u16::from_be_bytes([w1, w0])), u32::from(u16::from_be_bytes([h1, h0])));
        if bits != 8 {
            return Err(Error::unsupported(format!("{bits}-bit JPEG")));
        }
        if height == 0 {
            return Err(Error::unsupported("JPEG that tells its height after the picture (DNL)"));
        }
        if width == 0 {
            return Err(Error::corrupt("the frame header says 0 pixels width"));
        }
        let count = usize::from(count);
        if !matches!(count, 1 | 3 | 4) {
            return Err(Error::unsupported(format!("JPEG of {count} components")));
        }
        if rest.len() != count * 3 {
            return Err(Error::corrupt("the length of the frame header does not fit its components"));
        }
        let mut components = [Component::default(); 4];
        for (component, entry) in components.iter_mut().zip(rest.chunks_exact(3)) {
            if let [id, sampling, _] = *entry {
                *component = Component { id, across: u32::from(sampling >> 4), down: u32::from(sampling & 15) };
            }
        }
        let arithmetic = segment.code >= 0xc9;
        let frame = Self { width, height, components, count, progressive, arithmetic };
        if frame.components().iter().any(|part| !(1..=4).contains(&part.across) || !(1..=4).contains(&part.down)) {
            return Err(Error::corrupt("a component has a sampling factor outside 1 to 4"));
        }
        let (across, down) = frame.largest();
        if frame.components().iter().any(|part| across % part.across != 0 || down % part.down != 0) {
            return Err(Error::unsupported("JPEG whose sampling factors do not divide each other"));
        }
        Ok(frame)
    }

    pub(super) fn components(&self) -> &[Component] {
        self.components.get(..self.count).unwrap_or_default()
    }

    pub(super) const fn channels(&self) -> Channels {
        match self.count {
            1 => Channels::Grey,
            3 => Channels::Rgb,
            _ => Channels::Cmyk,
        }
    }

    /// The largest sampling factor across and down.
    pub(super) fn largest(&self) -> (u32, u32) {
        let across = self.components().iter().map(|part| part.across).max().unwrap_or(1);
        let down = self.components().iter().map(|part| part.down).max().unwrap_or(1);
        (across, down)
    }

    /// Rows of a row of MCUs.
    pub(super) fn mcu_rows(&self) -> u32 {
        self.largest().1 * 8
    }

    /// The height to write into the header so that the first `rows` rows come out as in the whole picture, or `None`
    /// if that is all of it.
    ///
    /// One row of MCUs more than wanted, because smooth upsampling looks at the row below; three for progressive ones,
    /// since smoothing of blocks whose coefficients were never all sent looks two blocks down.
    pub(super) fn height_for(&self, rows: u32) -> Option<u32> {
        let beyond = if self.progressive { 3 } else { 1 };
        let height = (rows.div_ceil(self.mcu_rows()).saturating_add(beyond)).saturating_mul(self.mcu_rows());
        (height < self.height).then_some(height)
    }

    /// The width and height to write into the header so that only the first MCUs are decoded, and the left ends of the
    /// first rows come out as in the whole picture; `None` if that is most of it, or cannot be relied on.
    ///
    /// It is one MCU wider than wanted, because smooth upsampling looks at its neighbours, and has one row of MCUs, for the
    /// data of the next row begins elsewhere. A scan of a single component has its blocks row by row: of them only the first.
    /// Its 8 rows are two more than are taken: the last one or two depend on the blocks below.
    pub(super) fn corner(&self, single_scan: bool) -> Option<(u32, u32)> {
        let mcu_columns = self.largest().0 * 8;
        let width = (CORNER_COLUMNS.div_ceil(mcu_columns) + 1) * mcu_columns;
        let height = if single_scan { self.mcu_rows() } else { 8 };
        (!self.arithmetic && width < self.width && height < self.height).then_some((width, height))
    }

    /// Bytes held at once to decode `height` rows of it that way, without the file's own bytes.
    pub(super) fn bytes(&self, height: u32, way: Way) -> u64 {
        let (across, down) = self.largest();
        let mcus_across = u64::from(self.width.div_ceil(across * 8));
        let mcus = mcus_across * u64::from(height.div_ceil(down * 8));
        let blocks = mcus * self.components().iter().map(|part| u64::from(part.across * part.down)).sum::<u64>();
        // Coefficients of 2 bytes and a byte a block, beside the planes they become.
        let coefficients = if self.progressive { blocks * 129 } else { 0 };
        let planes = blocks * 64;
        // The row maker holds of each component one row at full width, and the same before it was widened.
        let lines = mcus_across * u64::from(across) * 8 * self.count as u64 * 8;
        let held = match way {
            Way::Coefficients => {
                let blocks_across =
                    mcus_across * self.components().iter().map(|part| u64::from(part.across)).sum::<u64>();
                coefficients + blocks_across * 64 * 2 + lines + self.scan_bytes()
            }
            Way::Planes => planes + coefficients.max(lines),
            Way::Picture => {
                let picture = u64::from(self.width) * u64::from(height) * self.channels().count() as u64;
                let full_plane = mcus * u64::from(across * down) * 64;
                planes + coefficients.max(picture + full_plane * self.full_planes())
            }
        };
        held + SMALL_BYTES
    }

    /// Bytes held at once to read all its coefficients, without the file's own bytes; nothing if the decoder gives none of
    /// a picture that large.
    pub(super) fn coefficient_bytes(&self) -> Option<u64> {
        let (across, down) = self.largest();
        let mcus = u64::from(self.width.div_ceil(across * 8)) * u64::from(self.height.div_ceil(down * 8));
        let blocks = mcus * self.components().iter().map(|part| u64::from(part.across * part.down)).sum::<u64>();
        // Of 2 bytes each, and a byte a block.
        self.has_readable_coefficients().then_some(blocks * 129 + self.scan_bytes() + SMALL_BYTES)
    }

    /// Bytes of the tables of the usual number of scans, which are all held at once: libjpeg writes ten for colour,
    /// eighteen for four inks.
    pub(super) const fn scan_bytes(&self) -> u64 {
        if self.count == 4 { 24 * TABLES_BYTES } else { 16 * TABLES_BYTES }
    }

    /// How many full-size planes the decoder makes on the way to a picture; the common samplings need none.
    fn full_planes(&self) -> u64 {
        let largest = self.largest();
        let [_, second, third, _] = self.components.map(|part| (part.across, part.down));
        let plain = self.components().iter().all(|part| (part.across, part.down) == largest);
        let factors = (largest.0 / second.0.max(1), largest.1 / second.1.max(1));
        let streamed = second == third && matches!(factors, (2, 2) | (2, 1) | (1, 2)) && self.width > 4;
        if plain || streamed { 0 } else { 4 }
    }

    /// Whether the decoder's finished picture is that of libjpeg. It is not where ink is subsampled, and there is none
    /// where another component is finer than the first; the row maker is right for these.
    pub(super) fn has_right_picture(&self) -> bool {
        let largest = self.largest();
        let is_full = |part: &Component| (part.across, part.down) == largest;
        match self.components() {
            [_] => true,
            [first, _, _] => is_full(first),
            inks => inks.iter().all(is_full),
        }
    }

    /// The fastest way that gives the right pixels.
    pub(super) fn fast_way(&self) -> Way {
        if self.has_right_picture() { Way::Picture } else { Way::Planes }
    }

    /// The way that holds least for `height` rows, of those that give the right pixels.
    pub(super) fn least_way(&self, height: u32) -> Way {
        let fast = self.fast_way();
        let other = match (self.progressive, self.arithmetic) {
            (false, _) => Way::Planes,
            (true, false) if self.has_readable_coefficients() => Way::Coefficients,
            (true, _) => fast,
        };
        if self.bytes(height, other) < self.bytes(height, fast) { other } else { fast }
    }

    /// Whether the decoder gives coefficients alone of a picture that large: it has limits of its own there.
    fn has_readable_coefficients(&self) -> bool {
        let pixels = u64::from(self.width) * u64::from(self.height);
        self.width.max(self.height) <= 65_500 && pixels < 1 << 31
    }

    /// The fastest way to `height` rows within that many bytes, or the one that holds least.
    pub(super) fn way_within(&self, height: u32, bytes: u64) -> Way {
        let fast = self.fast_way();
        if self.bytes(height, fast) <= bytes { fast } else { self.least_way(height) }
    }
}

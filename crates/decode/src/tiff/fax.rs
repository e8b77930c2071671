//! CCITT T.4 and T.6 rows. Unlike a fax machine, it refuses a damaged row instead of repairing it.
//!
//! # Source
//! ITU-T T.4 and T.6; TIFF revision 6.0, sections 10 and 11.

use std::io::{self, BufRead};

use fax::{
    BitReader,
    maps::{Mode, black, mode, white},
};

use super::page::{Packing, Page};

/// One strip or tile of fax rows.
pub(super) struct Fax<R> {
    bits: Bits<R>,
    packing: Packing,
    is_two_dimensional: bool,
    width: usize,
    /// Where the row above changes colour, from white on.
    above: Vec<usize>,
}

impl<R: BufRead> Fax<R> {
    pub(super) fn new(page: &Page, input: R) -> Self {
        Self {
            bits: Bits { input, held: 0, count: 0 },
            packing: page.packing,
            is_two_dimensional: page.is_two_dimensional,
            width: page.chunk_width as usize,
            above: Vec::new(),
        }
    }

    /// The next row, one bit a pixel, 0 for white.
    pub(super) fn fill(&mut self, row: &mut [u8]) -> io::Result<()> {
        let changes = match self.packing {
            Packing::FaxGroup4 => self.by_row_above(),
            Packing::FaxGroup3 => {
                let had_end_of_line = self.bits.skip_end_of_line()?;
                let is_plain = !self.is_two_dimensional || had_end_of_line && self.bits.take(1)? == 1;
                if is_plain { self.by_runs() } else { self.by_row_above() }
            }
            _ => {
                self.bits.align();
                self.by_runs()
            }
        };
        self.above = changes.ok_or_else(|| self.bits.failure())?;
        row.fill(0);
        for pair in self.above.chunks(2) {
            let (from, to) = match *pair {
                [from, to] => (from, to),
                [from] => (from, self.width),
                _ => (0, 0),
            };
            for x in from..to {
                if let Some(byte) = row.get_mut(x / 8) {
                    *byte |= 0x80 >> (x % 8);
                }
            }
        }
        Ok(())
    }

    /// Runs of white and black in turn.
    fn by_runs(&mut self) -> Option<Vec<usize>> {
        self.bits.hold(16).ok()?;
        let mut changes = Vec::new();
        let (mut x, mut is_black) = (0, false);
        while x < self.width {
            x += self.run(is_black)?;
            self.change(&mut changes, x)?;
            is_black = !is_black;
        }
        Some(changes)
    }

    /// Changes told by those of the row above.
    fn by_row_above(&mut self) -> Option<Vec<usize>> {
        self.bits.hold(16).ok()?;
        let mut changes = Vec::new();
        // The place before the first pixel is not yet passed, so a change at 0 is still ahead.
        let mut passed: Option<usize> = None;
        let (mut at, mut is_black) = (0, false);
        while passed.is_none_or(|x| x < self.width) {
            while at > 0 && self.above.get(at - 1).is_some_and(|&x| passed.is_none_or(|passed| x > passed)) {
                at -= 1;
            }
            while at % 2 != usize::from(is_black)
                || self.above.get(at).is_some_and(|&x| passed.is_some_and(|passed| x <= passed))
            {
                at += 1;
            }
            let place = |at: usize, above: &[usize]| above.get(at).copied().unwrap_or(self.width);
            let (b1, b2) = (place(at, &self.above), place(at + 1, &self.above));
            let from = passed.unwrap_or(0);
            match mode::decode(&mut self.bits)? {
                Mode::Pass => passed = Some(b2),
                Mode::Vertical(by) => {
                    let x = b1.checked_add_signed(isize::from(by)).filter(|&x| x >= from)?;
                    self.change(&mut changes, x)?;
                    passed = Some(x);
                    is_black = !is_black;
                }
                Mode::Horizontal => {
                    let first = from + self.run(is_black)?;
                    self.change(&mut changes, first)?;
                    let second = first + self.run(!is_black)?;
                    self.change(&mut changes, second)?;
                    passed = Some(second);
                }
                Mode::Extension | Mode::EOF => return None,
            }
        }
        Some(changes)
    }

    /// Notes a change of colour; two at one place are none.
    fn change(&self, changes: &mut Vec<usize>, x: usize) -> Option<()> {
        if x > self.width {
            return None;
        }
        if changes.last() == Some(&x) {
            changes.pop();
        } else {
            changes.push(x);
        }
        Some(())
    }

    fn run(&mut self, is_black: bool) -> Option<usize> {
        let mut sum = 0;
        loop {
            let part = if is_black { black::decode(&mut self.bits) } else { white::decode(&mut self.bits) }?;
            sum += usize::from(part);
            // Codes of 64 and more are followed by another.
            if part < 64 {
                return Some(sum);
            }
            if sum > self.width {
                return None;
            }
        }
    }
}

/// Bits, the highest of each byte first. Behind the end come zeros, which no code consists of.
struct Bits<R> {
    input: R,
    held: u64,
    count: u32,
}

impl<R: BufRead> Bits<R> {
    /// Holds at least `bits` bits, unless the end is near.
    fn hold(&mut self, bits: u32) -> io::Result<()> {
        while self.count < bits {
            let Some(&byte) = self.input.fill_buf()?.first() else { break };
            self.input.consume(1);
            self.held = self.held << 8 | u64::from(byte);
            self.count += 8;
        }
        Ok(())
    }

    fn take(&mut self, bits: u32) -> io::Result<u64> {
        self.hold(bits)?;
        self.count = self.count.checked_sub(bits).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(self.held >> self.count & ((1 << bits) - 1))
    }

    /// Drops what is left of the byte begun.
    fn align(&mut self) {
        self.count -= self.count % 8;
    }

    /// Goes past an end-of-line code, 11 or more zeros and a one, if one comes.
    fn skip_end_of_line(&mut self) -> io::Result<bool> {
        self.hold(11)?;
        if self.count < 11 || self.held >> (self.count - 11) & 0x7ff != 0 {
            return Ok(false);
        }
        while self.take(1)? == 0 {}
        Ok(true)
    }

    /// Why a row could not be read.
    fn failure(&mut self) -> io::Error {
        let is_end = self.input.fill_buf().is_ok_and(<[u8]>::is_empty);
        if is_end {
            io::ErrorKind::UnexpectedEof.into()
        } else {
            io::Error::new(io::ErrorKind::InvalidData, "no valid code")
        }
    }
}

impl<R: BufRead> BitReader for Bits<R> {
    type Error = io::Error;

    fn peek(&self, bits: u8) -> Option<u16> {
        let missing = u32::from(bits).saturating_sub(self.count);
        let shifted = if missing > 0 { self.held << missing } else { self.held >> (self.count - u32::from(bits)) };
        u16::try_from(shifted & ((1 << bits) - 1)).ok()
    }

    fn consume(&mut self, bits: u8) -> io::Result<()> {
        self.take(u32::from(bits))?;
        self.hold(16)
    }

    fn bits_to_byte_boundary(&self) -> u8 {
        u8::try_from(self.count % 8).unwrap_or(0)
    }
}

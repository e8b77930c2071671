//! The first string, the one with the sizes.

use super::scan::Scan;
use crate::Error;

/// More characters would not fit into the key of a colour; files have one to four.
const MAX_CHARACTERS: u32 = 8;

/// A longer first string, or line of a colour, has no meaning.
pub(super) const MAX_LINE_BYTES: usize = 4096;

/// What the first string says.
pub(super) struct Head {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) colours: u32,
    /// Characters a pixel, 1 to 8.
    pub(super) characters: usize,
    pub(super) hot_spot: Option<(u32, u32)>,
}

impl Head {
    pub(super) fn read(scan: &mut Scan<'_>, file_bytes: u64) -> Result<Self, Error> {
        let mut line = Vec::new();
        if !read_line(scan, &mut line)? {
            return Err(Error::corrupt("the list of strings is empty"));
        }
        let wrong = || Error::corrupt(format!("the first string is no size: `{}`", line.escape_ascii()));
        let text = str::from_utf8(&line).map_err(|_| wrong())?;
        let words: Vec<&str> = text.split_ascii_whitespace().filter(|word| *word != "XPMEXT").collect();
        let numbers: Vec<u32> = words.iter().map(|word| word.parse()).collect::<Result<_, _>>().map_err(|_| wrong())?;
        let (size, hot_spot) = match *numbers {
            [width, height, colours, characters] => ([width, height, colours, characters], None),
            [width, height, colours, characters, x, y] => ([width, height, colours, characters], Some((x, y))),
            _ => return Err(wrong()),
        };
        let [width, height, colours, characters] = size;
        if size.contains(&0) {
            return Err(wrong());
        }
        if characters > MAX_CHARACTERS {
            return Err(Error::unsupported(format!("XPM with {characters} characters a pixel")));
        }
        // A row has its characters and two quotes, a colour also a space, the `c`, a space and a letter of its name.
        let rows = u64::from(height).saturating_mul(u64::from(width).saturating_mul(u64::from(characters)) + 2);
        let needed = rows.saturating_add(u64::from(colours) * (u64::from(characters) + 5));
        if needed > file_bytes {
            let what = format!("a picture of {width} x {height} in {colours} colours");
            return Err(Error::corrupt(format!("{file_bytes} bytes cannot be {what}")));
        }
        Ok(Self { width, height, colours, characters: characters as usize, hot_spot })
    }

    /// The characters of a row.
    pub(super) const fn row_bytes(&self) -> usize {
        // No overflow where an address has 64 bits: below 2^32 times 8.
        (self.width as usize).saturating_mul(self.characters)
    }

    /// The table, and a row as text and as samples.
    pub(super) const fn memory_bytes(&self) -> u64 {
        let row = (self.row_bytes() as u64).saturating_mul(2).saturating_add(self.width as u64 * 16);
        // Vectors grow by doubling; the names of colours take 64 KiB.
        row.saturating_add(self.colours as u64 * 16).saturating_add(96 << 10)
    }
}

/// The next string, of reasonable length; false at the end of the list.
pub(super) fn read_line(scan: &mut Scan<'_>, line: &mut Vec<u8>) -> Result<bool, Error> {
    line.clear();
    scan.string(&mut |piece| {
        if line.len() + piece.len() > MAX_LINE_BYTES {
            return Err(Error::corrupt(format!("a string before the pixels is longer than {MAX_LINE_BYTES} bytes")));
        }
        line.extend_from_slice(piece);
        Ok(())
    })
}

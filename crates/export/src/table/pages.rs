//! The pages of one column of a row group, one by one. Every length that a page claims is checked before anything is
//! allocated for it.
//!
//! # Source
//! `PageHeader` in parquet.thrift of the Parquet format 2.11.

use std::{fs::File, io::Read, os::unix::fs::FileExt, sync::Arc};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use parquet::{
    basic::{Encoding, Type},
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
};

use crate::table::{
    footer::Chunk,
    thrift::{Broken, Kind, Thrift},
};

/// No page is longer, packed or not. Ours have some 1 MiB; DuckDB makes one page of a column of a row group.
const MOST_PAGE_BYTES: u64 = 16 << 20;

/// No head of a page is longer: some writers put the least and the greatest value there.
const MOST_HEAD_BYTES: u64 = 16 << 10;

/// No dictionary has more texts; each takes 32 bytes of memory.
const MOST_DICTIONARY_TEXTS: u32 = 1 << 17;

/// No dictionary has more numbers: pyarrow ends one when it has 1 MiB.
const MOST_DICTIONARY_NUMBERS: u32 = 1 << 19;

/// The pages of one column of a row group.
pub(super) struct Pages {
    file: Arc<File>,
    /// What is left of it.
    chunk: Chunk,
    physical: Type,
    /// How many values may still come.
    values_left: u64,
    dictionary: Dictionary,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dictionary {
    /// It may still come.
    Possible,
    Read,
    /// There are values already.
    Missed,
}

/// What comes before the content of a page.
#[derive(Default)]
struct Head {
    kind: i64,
    packed_bytes: u64,
    bytes: u64,
    values: u32,
    encoding: i64,
    level_encoding: i64,
}

const DATA: i64 = 0;
const INDEX: i64 = 1;
const DICTIONARY: i64 = 2;

const PLAIN: i64 = 0;
const PLAIN_DICTIONARY: i64 = 2;
const RLE: i64 = 3;
const RLE_DICTIONARY: i64 = 8;

const UNCOMPRESSED: i64 = 0;
const SNAPPY: i64 = 1;
const GZIP: i64 = 2;

impl Pages {
    /// The pages that lie there, for so many values.
    pub(super) fn new(file: Arc<File>, chunk: Chunk, physical: Type, rows: u64) -> Self {
        Self { file, chunk, physical, values_left: rows, dictionary: Dictionary::Possible }
    }

    fn next_page(&mut self) -> Result<Option<Page>> {
        while self.chunk.start < self.chunk.end {
            let head = self.read_head()?;
            match head.kind {
                DATA => return self.data(&head).map(Some),
                DICTIONARY => return self.dictionary(&head).map(Some),
                INDEX => self.chunk.start += head.packed_bytes,
                _ => return Err(refused("a page is of version 2, and only version 1 is read")),
            }
        }
        Ok(None)
    }

    fn data(&mut self, head: &Head) -> Result<Page> {
        self.values_left = self
            .values_left
            .checked_sub(u64::from(head.values))
            .ok_or_else(|| refused("the pages of a column have more values than there are rows"))?;
        if head.level_encoding != RLE {
            return Err(refused("the nulls of a page are in an encoding that is not read"));
        }
        let encoding = match head.encoding {
            PLAIN => Encoding::PLAIN,
            PLAIN_DICTIONARY | RLE_DICTIONARY if self.dictionary == Dictionary::Read => Encoding::RLE_DICTIONARY,
            PLAIN_DICTIONARY | RLE_DICTIONARY => return Err(refused("a page has no dictionary")),
            _ => return Err(refused("a page is in an encoding that is not read")),
        };
        if self.dictionary == Dictionary::Possible {
            self.dictionary = Dictionary::Missed;
        }
        Ok(Page::DataPage {
            buf: self.content(head)?,
            num_values: head.values,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        })
    }

    fn dictionary(&mut self, head: &Head) -> Result<Page> {
        if self.dictionary != Dictionary::Possible {
            return Err(refused("a column has two dictionaries, or one behind its values"));
        }
        self.dictionary = Dictionary::Read;
        // A text has at least its length.
        let (least_bytes, most_values) = match self.physical {
            Type::INT64 => (8, MOST_DICTIONARY_NUMBERS),
            Type::INT32 => (4, MOST_DICTIONARY_NUMBERS),
            _ => (4, MOST_DICTIONARY_TEXTS),
        };
        if head.values > most_values || u64::from(head.values) * least_bytes > head.bytes {
            return Err(refused("a dictionary has more values than it may have"));
        }
        if ![PLAIN, PLAIN_DICTIONARY].contains(&head.encoding) {
            return Err(refused("a dictionary is in an encoding that is not read"));
        }
        let buf = self.content(head)?;
        Ok(Page::DictionaryPage { buf, num_values: head.values, encoding: Encoding::PLAIN, is_sorted: false })
    }

    fn read_head(&mut self) -> Result<Head> {
        let left = self.chunk.end - self.chunk.start;
        let mut bytes = vec![0; usize::try_from(left.min(MOST_HEAD_BYTES)).unwrap_or_default()];
        self.file.read_exact_at(&mut bytes, self.chunk.start)?;
        let mut thrift = Thrift::new(&bytes);
        let head = parse_head(&mut thrift).map_err(|Broken(what)| refused(&format!("the head of a page: {what}")))?;
        self.chunk.start += (bytes.len() - thrift.len()) as u64;
        if head.bytes > MOST_PAGE_BYTES || head.packed_bytes > MOST_PAGE_BYTES {
            return Err(refused("a page has more than 16777216 bytes"));
        }
        if head.packed_bytes > self.chunk.end - self.chunk.start {
            return Err(refused("a page ends behind its column"));
        }
        Ok(head)
    }

    /// The content of the page, unpacked.
    fn content(&mut self, head: &Head) -> Result<Bytes> {
        let mut packed = vec![0; usize::try_from(head.packed_bytes).unwrap_or_default()];
        self.file.read_exact_at(&mut packed, self.chunk.start)?;
        self.chunk.start += head.packed_bytes;
        let bytes = usize::try_from(head.bytes).unwrap_or_default();
        let unpacked = match self.chunk.codec {
            UNCOMPRESSED => packed,
            // The length is checked first, for as much is allocated.
            SNAPPY if snap::raw::decompress_len(&packed).ok() == Some(bytes) => {
                snap::raw::Decoder::new().decompress_vec(&packed).map_err(|_| refused("a page cannot be unpacked"))?
            }
            GZIP => {
                let mut unpacked = Vec::with_capacity(bytes);
                let read = MultiGzDecoder::new(&packed[..]).take(head.bytes + 1).read_to_end(&mut unpacked);
                read.map_err(|_| refused("a page cannot be unpacked"))?;
                unpacked
            }
            SNAPPY => Vec::new(),
            _ => return Err(refused("a page is compressed by something else than Snappy or gzip")),
        };
        if unpacked.len() != bytes {
            return Err(refused("a page is of another length than it says"));
        }
        Ok(Bytes::from(unpacked))
    }
}

fn refused(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

fn parse_head(thrift: &mut Thrift<'_>) -> std::result::Result<Head, Broken> {
    fn length(thrift: &mut Thrift<'_>) -> std::result::Result<u64, Broken> {
        u64::try_from(thrift.number()?).map_err(|_| Broken("it has a negative length"))
    }
    let mut head = Head { kind: -1, level_encoding: RLE, ..Head::default() };
    thrift.structure(|thrift, id, kind| match (id, kind) {
        (1, Kind::Number) => thrift.number().map(|number| head.kind = number),
        (2, Kind::Number) => length(thrift).map(|bytes| head.bytes = bytes),
        (3, Kind::Number) => length(thrift).map(|bytes| head.packed_bytes = bytes),
        // Of values, or of a dictionary: both begin alike.
        (5 | 7, Kind::Structure) => thrift.structure(|thrift, id, kind| match (id, kind) {
            (1, Kind::Number) => {
                head.values = u32::try_from(thrift.number()?).map_err(|_| Broken("it has a negative length"))?;
                Ok(())
            }
            (2, Kind::Number) => thrift.number().map(|number| head.encoding = number),
            (3, Kind::Number) => thrift.number().map(|number| head.level_encoding = number),
            _ => thrift.skip(kind),
        }),
        _ => thrift.skip(kind),
    })?;
    Ok(head)
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.next_page()
    }

    // Only what skips rows asks for these.
    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Err(refused("pages are not looked at ahead"))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        Err(refused("pages are not skipped"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::thrift;

    /// The head of a page: a structure of numbers, of which the last lies in another.
    fn head(kind: i64, bytes: i64, packed: i64, values: i64, encoding: i64) -> Vec<u8> {
        let number = |number| thrift::tests::number(0x15, number);
        let within = if kind == DICTIONARY { 0x4c } else { 0x2c };
        let last = [number(values), number(encoding), vec![0, 0]].concat();
        [number(kind), number(bytes), number(packed), vec![within], last].concat()
    }

    /// How many pages there are for 10 values of 8 bytes, or what is wrong.
    fn read(content: &[u8], codec: i64) -> std::result::Result<usize, String> {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(content, 0).unwrap();
        let chunk = Chunk { start: 0, end: content.len() as u64, codec };
        let pages = Pages::new(Arc::new(file), chunk, Type::INT64, 10).collect::<Result<Vec<_>>>();
        pages.map(|pages| pages.len()).map_err(|error| error.to_string().replace("Parquet error: ", ""))
    }

    #[test]
    fn pages_come_in_their_order() {
        let dictionary = [head(DICTIONARY, 8, 8, 1, PLAIN), vec![0; 8]].concat();
        let index = [head(INDEX, 5, 5, 0, 0), vec![0; 5]].concat();
        let data = |values| [head(DATA, 3, 3, values, RLE_DICTIONARY), vec![0; 3]].concat();
        assert_eq!(read(&[&dictionary[..], &index, &data(4), &data(6)].concat(), UNCOMPRESSED), Ok(3));
        assert_eq!(read(&[], UNCOMPRESSED), Ok(0));
        for (pages, error) in [
            (vec![data(4)], "a page has no dictionary"),
            (vec![dictionary.clone(), dictionary.clone()], "a column has two dictionaries, or one behind its values"),
            (vec![dictionary, data(6), data(5)], "the pages of a column have more values than there are rows"),
        ] {
            assert_eq!(read(&pages.concat(), UNCOMPRESSED), Err(error.to_owned()));
        }
    }

    #[test]
    fn no_claim_is_believed() {
        let most = MOST_PAGE_BYTES.cast_signed();
        let page = |head: Vec<u8>, content: &[u8]| [&head, content].concat();
        let snappy = snap::raw::Encoder::new().compress_vec(&[0; 80]).unwrap();
        let packed = snappy.len() as i64;
        assert_eq!(read(&page(head(DATA, 80, packed, 10, PLAIN), &snappy), SNAPPY), Ok(1));
        let cases = [
            (page(head(DATA, most + 1, 8, 1, PLAIN), &[0; 8]), SNAPPY, "a page has more than 16777216 bytes"),
            (page(head(DATA, 8, most + 1, 1, PLAIN), &[0; 8]), SNAPPY, "a page has more than 16777216 bytes"),
            (page(head(DATA, 8, 9, 1, PLAIN), &[0; 8]), UNCOMPRESSED, "a page ends behind its column"),
            (page(head(DATA, 8, -1, 1, PLAIN), &[0; 8]), SNAPPY, "the head of a page: it has a negative length"),
            (page(head(DATA, 8, 8, -1, PLAIN), &[0; 8]), SNAPPY, "the head of a page: it has a negative length"),
            (page(head(DATA, most, packed, 10, PLAIN), &snappy), SNAPPY, "a page is of another length than it says"),
            (page(head(DATA, 81, 80, 10, PLAIN), &[0; 80]), UNCOMPRESSED, "a page is of another length than it says"),
            (page(head(DATA, 80, 80, 10, PLAIN), &[0; 80]), GZIP, "a page cannot be unpacked"),
            (
                page(head(DATA, 80, 80, 10, PLAIN), &[0; 80]),
                6,
                "a page is compressed by something else than Snappy or gzip",
            ),
            (
                page(head(DICTIONARY, 80, 80, 11, PLAIN), &[0; 80]),
                UNCOMPRESSED,
                "a dictionary has more values than it may have",
            ),
            (
                page(head(DICTIONARY, most, 80, (1 << 19) + 1, PLAIN), &[0; 80]),
                SNAPPY,
                "a dictionary has more values than it may have",
            ),
            (page(head(DATA, 8, 8, 1, 7), &[0; 8]), UNCOMPRESSED, "a page is in an encoding that is not read"),
            (
                page(head(3, 8, 8, 1, PLAIN), &[0; 8]),
                UNCOMPRESSED,
                "a page is of version 2, and only version 1 is read",
            ),
            (vec![0x15], SNAPPY, "the head of a page: it ends within a field"),
        ];
        for (content, codec, error) in cases {
            assert_eq!(read(&content, codec), Err(error.to_owned()));
        }
    }
}

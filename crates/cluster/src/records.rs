//! Records as a stream of bytes, cut into pieces wherever it suits the pieces: each behind its length.

use std::marker::PhantomData;

use pixtwin_engine::Record;

const LENGTH_BYTES: usize = 4;

/// The pieces of some records, one a call. A record is encoded when its piece is wanted.
pub(crate) struct Writer<R> {
    records: std::vec::IntoIter<R>,
    encoded: Vec<u8>,
    piece_bytes: usize,
}

impl<R: Record> Writer<R> {
    pub(crate) fn new(records: Vec<R>, piece_bytes: usize) -> Self {
        Self { records: records.into_iter(), encoded: Vec::new(), piece_bytes }
    }

    pub(crate) fn next_piece(&mut self) -> Option<Vec<u8>> {
        while self.encoded.len() < self.piece_bytes {
            let Some(record) = self.records.next() else { break };
            // Records are plain data, and memory is all that their encoding needs.
            let bytes = postcard::to_stdvec(&record).unwrap_or_default();
            self.encoded.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
            self.encoded.extend(bytes);
        }
        if self.encoded.is_empty() {
            return None;
        }
        let rest = self.encoded.split_off(self.piece_bytes.min(self.encoded.len()));
        Some(std::mem::replace(&mut self.encoded, rest))
    }
}

/// Reads records from pieces. Holds no more than the pieces it was given, whatever lengths they claim.
pub(crate) struct Reader<R> {
    bytes: Vec<u8>,
    begin: usize,
    record: PhantomData<R>,
}

/// Bytes that are no records.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Nonsense;

impl<R: Record> Reader<R> {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::new(), begin: 0, record: PhantomData }
    }

    pub(crate) fn add(&mut self, piece: &[u8]) {
        self.bytes.drain(..self.begin);
        self.begin = 0;
        self.bytes.extend(piece);
    }

    /// The next record, if all of it has come.
    pub(crate) fn next_record(&mut self) -> Result<Option<R>, Nonsense> {
        let rest = self.bytes.get(self.begin..).unwrap_or_default();
        let Some((length, rest)) = rest.split_first_chunk::<LENGTH_BYTES>() else { return Ok(None) };
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let Some(record) = rest.get(..length) else { return Ok(None) };
        let (record, unread) = postcard::take_from_bytes(record).map_err(|_| Nonsense)?;
        if !unread.is_empty() {
            return Err(Nonsense);
        }
        self.begin += LENGTH_BYTES + length;
        Ok(Some(record))
    }

    /// Whether nothing is left over.
    pub(crate) fn is_empty(&self) -> bool {
        self.begin == self.bytes.len()
    }
}

/// All records in bytes that came in one.
pub(crate) fn read_all<R: Record>(bytes: &[u8]) -> Result<Vec<R>, Nonsense> {
    let (mut reader, mut records) = (Reader::new(), Vec::new());
    reader.add(bytes);
    while let Some(record) = reader.next_record()? {
        records.push(record);
    }
    if reader.is_empty() { Ok(records) } else { Err(Nonsense) }
}

/// All records as one run of bytes.
pub(crate) fn write_all<R: Record>(records: Vec<R>) -> Vec<u8> {
    let mut writer = Writer::new(records, usize::MAX);
    writer.next_piece().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Sample = (u32, String, Vec<Option<u64>>);

    fn samples() -> Vec<Sample> {
        (0..50).map(|n| (n, "x".repeat(n as usize * 7), vec![None, Some(u64::from(n) << 40)])).collect()
    }

    #[test]
    fn pieces_of_any_length_give_the_records_back() {
        for piece_bytes in [1, 3, 64, 1000, 1 << 20] {
            let mut writer = Writer::new(samples(), piece_bytes);
            let (mut reader, mut read) = (Reader::<Sample>::new(), Vec::new());
            while let Some(piece) = writer.next_piece() {
                assert!(!piece.is_empty() && piece.len() <= piece_bytes);
                reader.add(&piece);
                while let Some(record) = reader.next_record().unwrap() {
                    read.push(record);
                }
            }
            assert!(reader.is_empty());
            assert_eq!(read, samples());
        }
        assert_eq!(read_all(&write_all(samples())), Ok(samples()));
        assert_eq!(read_all::<Sample>(&[]), Ok(vec![]));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let whole = write_all(samples());
        assert_eq!(read_all::<Sample>(&whole[..whole.len() - 1]), Err(Nonsense));
        assert_eq!(read_all::<Sample>(&[&whole[..], &[9, 0, 0, 0, 1]].concat()), Err(Nonsense));
        assert_eq!(read_all::<u8>(&[2, 0, 0, 0, 1, 1]), Err(Nonsense), "a record with something behind it");
    }
}

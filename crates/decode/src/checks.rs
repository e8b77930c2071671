//! What the tests of several codecs ask in the same way.

use std::{
    io::{self, BufRead, Cursor, Read, Seek, SeekFrom},
    ops::ControlFlow,
};

use pixtwin_pixel::{Alpha, Depth, Digester, Frame, Raster, RasterSink, Row, RowSink};

use crate::{Error, Format, InMemory, Limits, Metadata, Source};

const LIMITS: Limits = Limits { memory_bytes: 16 << 20 };

/// A file of which no reader may ask for more than 64 KiB at once: what is read whole fails the test.
pub(crate) struct InPieces<'a>(Cursor<&'a [u8]>);

impl<'a> InPieces<'a> {
    pub(crate) fn new(file: &'a [u8]) -> Self {
        Self(Cursor::new(file))
    }
}

impl Read for InPieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(buffer.len() <= 64 << 10, "{} bytes at once", buffer.len());
        self.0.read(buffer)
    }
}

impl BufRead for InPieces<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let ready = self.0.fill_buf()?;
        Ok(&ready[..ready.len().min(8 << 10)])
    }

    fn consume(&mut self, bytes: usize) {
        self.0.consume(bytes);
    }
}

impl Seek for InPieces<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl Source for InPieces<'_> {
    fn byte_len(&self) -> u64 {
        self.0.get_ref().len() as u64
    }
}

/// The frames of a file, decoded within the memory that its header promises.
pub(crate) fn decode(format: Format, file: &[u8]) -> Result<Vec<Raster>, Error> {
    let source = &mut InMemory::new(file);
    let header = format.header(source)?;
    let mut sink = RasterSink::default();
    let limits = Limits { memory_bytes: header.whole_bytes.min(LIMITS.memory_bytes) };
    format.rows(source, Depth::Whole, limits, &mut sink)?;
    Ok(sink.finish().expect("a decode without error gives every row"))
}

/// The pixels of the first frame from the top, each sample 0 to 65535.
pub(crate) fn pixels(format: Format, file: &[u8]) -> Vec<[u16; 4]> {
    let frames = decode(format, file).unwrap();
    let frame = frames.first().unwrap();
    let (width, height) = (frame.frame().width, frame.frame().height);
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| frame.pixel(x, y)).collect()
}

/// An eight-bit opaque colour as [`pixels`] gives it.
pub(crate) fn rgb(red: u8, green: u8, blue: u8) -> [u16; 4] {
    rgba(red, green, blue, 255)
}

/// An eight-bit colour as [`pixels`] gives it.
pub(crate) fn rgba(red: u8, green: u8, blue: u8, alpha: u8) -> [u16; 4] {
    [red, green, blue, alpha].map(|sample| u16::from(sample) * 257)
}

/// The payload key.
pub(crate) fn payload(format: Format, file: &[u8]) -> Result<[u8; 32], Error> {
    format.payload(&mut InMemory::new(file), LIMITS)
}

/// The metadata.
pub(crate) fn metadata(format: Format, file: &[u8]) -> Metadata {
    format.metadata(&mut InMemory::new(file)).unwrap()
}

/// Every shorter file than `file` must be refused, by rows and payload.
pub(crate) fn assert_cuts_are_refused(format: Format, file: &[u8]) {
    assert!(decode(format, file).is_ok() && payload(format, file).is_ok());
    for len in 0..file.len() {
        let cut = &file[..len];
        assert!(decode(format, cut).is_err(), "rows of {len} of {} bytes", file.len());
        assert!(payload(format, cut).is_err(), "payload of {len} of {} bytes", file.len());
    }
}

/// A file that promises a picture far too large must be refused without its memory.
pub(crate) fn assert_is_refused(format: Format, file: &[u8]) {
    let source = &mut InMemory::new(file);
    let found = format.rows(source, Depth::Whole, LIMITS, &mut RasterSink::default());
    assert!(matches!(found, Err(Error::TooLarge { .. } | Error::Corrupt(_))), "{found:?}");
}

/// Stopping after any number of rows must give the rows of the whole decode.
pub(crate) fn assert_stops_anywhere(format: Format, file: &[u8]) {
    struct First {
        rows_left: u32,
        kept: Digester,
    }
    impl RowSink for First {
        fn picture(&mut self, _: u32) -> ControlFlow<()> {
            self.kept.picture(1)
        }
        fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
            self.kept.frame(Frame { height: self.rows_left, ..frame })
        }
        fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
            self.rows_left -= 1;
            let _ = self.kept.row(row);
            if self.rows_left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let height = format.header(&mut InMemory::new(file)).unwrap().height;
    for rows in 1..=height {
        let kept = [Depth::Rows(rows), Depth::Whole].map(|depth| {
            let mut sink = First { rows_left: rows, kept: Digester::new(Alpha::Exact, Depth::Whole) };
            format.rows(&mut InMemory::new(file), depth, LIMITS, &mut sink).unwrap();
            assert_eq!(sink.rows_left, 0);
            sink.kept.finish().digest
        });
        assert!(kept[0].is_some());
        assert_eq!(kept[0], kept[1], "{rows} of {height} rows");
    }
}

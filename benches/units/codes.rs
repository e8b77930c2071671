//! Rows to codes.

use std::hint::black_box;

use pixtwin_pixel::{Channels, Delay, Frame, Ground, PdqSink, Row, RowSink};
use pixtwin_testkit::draw::Seeded;

use crate::unit::Unit;

/// The batch.
pub(crate) const BATCH: &str = "pdq";

/// Its units: an icon, and larger pictures in each layout.
pub(crate) const NAMES: [&str; 4] = ["icon-rgba", "photo-grey", "photo-rgb", "photo-rgba"];

/// One unit for each of [`NAMES`].
pub(crate) fn units() -> Vec<Unit> {
    NAMES
        .map(|name| {
            let (width, height) = if name.starts_with("icon") { (48, 48) } else { (1024, 768) };
            let channels = match name.rsplit_once('-') {
                Some((_, "grey")) => Channels::Grey,
                Some((_, "rgb")) => Channels::Rgb,
                _ => Channels::Rgba,
            };
            Unit { name, items: (width * height) as u64, work: work(channels, width, height) }
        })
        .into()
}

fn work(channels: Channels, width: usize, height: usize) -> Box<dyn FnMut()> {
    let mut random = Seeded(5);
    let row_samples = width * channels.count();
    let samples: Vec<u8> = (0..row_samples + height).map(|_| random.below(256) as u8).collect();
    Box::new(move || {
        let mut sink = PdqSink::new(Ground::White);
        let _ = sink.picture(1);
        let _ = sink.frame(Frame { width: width as u32, height: height as u32, delay: Delay::NONE });
        // Each row begins one sample further, so that none is like the one above it.
        for start in 0..height {
            let row = Row::eight(channels, &samples[start..start + row_samples]);
            let _ = sink.row(black_box(row));
        }
        black_box(sink.finish());
    })
}

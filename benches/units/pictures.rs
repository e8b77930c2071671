//! Every look at a picture file: its header, its first rows, its payload, all of it.

use std::{hint::black_box, sync::Arc};

use pixtwin_decode::{Format, InMemory, Limits, Sniffed, sniff};
use pixtwin_pixel::{Alpha, Depth, Digester, Fingerprint};

use crate::unit::Unit;

/// The looks, from the cheapest to the dearest.
pub(crate) const STEPS: [&str; 4] = ["header", "head", "payload", "decode"];

/// More than any of these pictures needs.
const LIMITS: Limits = Limits { memory_bytes: 1 << 30 };

/// The looks at this file.
pub(crate) fn units(file: &Arc<[u8]>) -> Vec<Unit> {
    let format = format_of(file);
    let header = format.header(&mut InMemory::new(file)).unwrap();
    let pixels = u64::from(header.width) * u64::from(header.height);
    STEPS
        .into_iter()
        .map(|name| {
            let file = Arc::clone(file);
            let work: Box<dyn FnMut()> = match name {
                "header" => Box::new(move || {
                    let file = black_box(&*file);
                    black_box(format_of(file).header(&mut InMemory::new(file)).unwrap());
                }),
                "head" => Box::new(move || {
                    black_box(look(format, black_box(&file), Depth::Corner));
                }),
                "payload" => Box::new(move || {
                    black_box(format.payload(&mut InMemory::new(black_box(&file)), LIMITS).unwrap());
                }),
                _ => Box::new(move || {
                    black_box(look(format, black_box(&file), Depth::Whole));
                }),
            };
            Unit { name, items: pixels, work }
        })
        .collect()
}

/// The format of a file of ours, which is a picture.
pub(crate) fn format_of(file: &[u8]) -> Format {
    match sniff(&mut InMemory::new(file), None).unwrap() {
        Sniffed::Picture(format) => format,
        other => panic!("no picture: {other:?}"),
    }
}

/// Decodes as far as asked.
pub(crate) fn look(format: Format, file: &[u8], depth: Depth) -> Fingerprint {
    let mut digester = Digester::new(Alpha::Exact, depth);
    format.rows(&mut InMemory::new(file), depth, LIMITS, &mut digester).unwrap();
    digester.finish()
}

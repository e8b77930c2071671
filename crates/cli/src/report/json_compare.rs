//! The comparison of two pictures as one JSON object.

use std::io::Write;

use pixtwin_engine::{Comparison, Side};
use serde::Serialize;

use crate::{exit::Stop, names::PathJson, report::json};

#[derive(Serialize)]
struct Line {
    r#type: &'static str,
    schema: u32,
    same: bool,
    proof: Option<&'static str>,
    a: SideJson,
    b: SideJson,
    frames: Vec<FrameJson>,
    /// Why they are not the same, in words.
    reasons: Vec<String>,
    /// The EXIF number of the turn of `b` that makes it equal to `a`.
    turn: Option<u8>,
    differs: Vec<String>,
}

#[derive(Serialize)]
struct SideJson {
    path: PathJson,
    format: &'static str,
    width: u32,
    height: u32,
    frames: u32,
    digest: String,
}

#[derive(Serialize)]
struct FrameJson {
    frame: usize,
    /// x and y.
    first: Option<(u32, u32)>,
    pixels: u64,
    /// Of 65535: red, green, blue, alpha, or the four inks.
    largest: [u16; 4],
    /// Both delays in seconds, as fractions, if they differ.
    delays: Option<[(u32, u32); 2]>,
}

impl From<&Side> for SideJson {
    fn from(side: &Side) -> Self {
        Self {
            path: side.path.as_path().into(),
            format: side.format,
            width: side.size.0,
            height: side.size.1,
            frames: side.frame_count,
            digest: side.digest.to_string(),
        }
    }
}

/// The result of `compare`.
pub(crate) fn comparison(out: &mut dyn Write, comparison: &Comparison, reasons: Vec<String>) -> Result<(), Stop> {
    let frames = comparison.differing.iter().map(|frame| FrameJson {
        frame: frame.frame,
        first: frame.pixels.first,
        pixels: frame.pixels.pixels,
        largest: frame.pixels.largest,
        delays: frame.delays.map(|(a, b)| [a, b].map(|delay| (delay.numerator(), delay.denominator()))),
    });
    let line = Line {
        r#type: "comparison",
        schema: pixtwin_planning::SCHEMA,
        same: comparison.same.is_some(),
        proof: comparison.same.map(pixtwin_engine::Proof::name),
        a: (&comparison.a).into(),
        b: (&comparison.b).into(),
        frames: frames.collect(),
        reasons,
        turn: comparison.turn.map(pixtwin_engine::Turn::exif),
        differs: comparison.metadata.clone(),
    };
    json::print(out, &line)
}

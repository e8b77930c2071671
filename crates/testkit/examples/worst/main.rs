//! Makes libraries of the worst cases, and of growing numbers of tiny files:
//! `cargo run --release -p pixtwin-testkit --example worst -- KIND OUT [COUNT]`.
//!
//! Beside each library it writes `OUT.truth.json`: how many files there are, and how many groups of twins. The same
//! arguments give the same pixels everywhere.
#![allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "pictures are drawn by arithmetic on their own sizes"
)]

mod canvas;
mod icons;
mod library;
mod photos;
mod png_rows;
mod scans;
mod screens;

use std::{env, error::Error, path::Path};

use library::Library;

const HELP: &str = "\
usage: worst KIND OUT [COUNT]

  screens      screenshots with the same top half             10,000
  scans        scans with white margins, JPEG and PNG         10,000
  burst        photos of one size and scene                    5,000
  equal        one photo, copied byte for byte                10,000
  giant        one picture of 600 megapixels among icons   1,000,000
  giants       two such pictures that differ in the last row
  progressive  progressive JPEGs of one size                   5,000
  interlaced   interlaced PNGs of one size                     5,000
  low          low screenshots that differ near the bottom     5,000
  late         progressive JPEGs with the same top half        1,000
  growth       tiny different PNGs, 1,000 in a folder          COUNT
";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (kind, out, count) = match &arguments[..] {
        [kind, out] => (kind, out, None),
        [kind, out, count] => (kind, out, Some(count.parse::<u64>()?)),
        _ => return Err(HELP.into()),
    };
    let library = |usual: u64| Library::create(kind, Path::new(out), count.unwrap_or(usual));
    match kind.as_str() {
        "screens" => screens::write(library(10_000)?)?,
        "scans" => scans::write(library(10_000)?)?,
        "burst" => photos::write_burst(library(5_000)?)?,
        "equal" => photos::write_equal(library(10_000)?)?,
        "giant" => icons::write_giant(library(1_000_000)?)?,
        "giants" => icons::write_giants(library(2)?)?,
        "progressive" => photos::write_progressive(library(5_000)?)?,
        "interlaced" => photos::write_interlaced(library(5_000)?)?,
        "low" => screens::write_low(library(5_000)?)?,
        "late" => screens::write_progressive(library(1_000)?)?,
        "growth" => icons::write_growth(library(10_000)?)?,
        _ => return Err(HELP.into()),
    }
    Ok(())
}

//! Arguments of `pixtwin pdq`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pixtwin_engine::Ground;

use super::{Common, Listing};
use crate::exit;

/// Print the PDQ hash and quality of pictures, one line a file.
///
/// The lines are those of pdq-photo-hasher, the reference program: `hash,quality,name`. Two pictures that look alike have
/// hashes that differ in few of their 256 bits: 31 at most is what the reference advises, of pictures whose quality is
/// at least 50. Pictures with a side below 5 pixels have the hash 0 and quality 0.
///
/// For the same pixels hash and quality are those of the reference, bit by bit (libpdq, and the Python package pdqhash).
/// Every picture is hashed at its full size, as these two do. pdq-photo-hasher first reduces pictures over 512 pixels to
/// 512 by 512, by taking the nearest pixel, which moves some bits. Of an animation the first frame counts. Samples of 16
/// bits are rounded to 8; inks become light without a colour profile.
///
/// Example: pixtwin pdq *.jpg > list
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct PdqArguments {
    /// The pictures; `-` reads their names from standard input, one a line.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// Names on standard input end with a NUL byte instead of a line feed.
    #[arg(short = '0', long)]
    pub(crate) null: bool,

    /// What shows where a picture is transparent.
    #[arg(long, value_enum, default_value_t, value_name = "GROUND", help_heading = "What is hashed")]
    pub(crate) ground: GroundName,

    /// Hash pictures as they are displayed, with their EXIF orientation applied, instead of as they are stored.
    #[arg(long, help_heading = "What is hashed")]
    pub(crate) orient: bool,

    #[command(flatten)]
    pub(crate) common: Common,

    #[command(flatten)]
    pub(crate) listing: Listing,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum GroundName {
    /// The colour that lies under the alpha, as with the reference, which drops alpha.
    #[default]
    Ignored,
    /// White.
    White,
}

impl From<GroundName> for Ground {
    fn from(name: GroundName) -> Self {
        match name {
            GroundName::Ignored => Self::Ignored,
            GroundName::White => Self::White,
        }
    }
}

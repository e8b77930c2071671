//! The arguments of the commands that look at pictures.

use std::path::{Path, PathBuf};

use clap::{
    ArgAction, Args,
    builder::{OsStringValueParser, TypedValueParser},
};

use super::{Common, CompareFormat, Keeping, LinkageName, Listing, Page, Pixels, Searched, exit};
use crate::scan::{self, NamedPlace};

/// The place that is no folder.
const CATALOGUE: &str = "catalogue";

impl FindArguments {
    /// Whether the catalogue is asked, and no folder is walked.
    pub(crate) fn asks_catalogue(&self) -> bool {
        self.places == [Path::new(CATALOGUE)]
    }
}

/// Does this picture exist already, and where?
///
/// Prints every twin of each PICTURE that lies below the folders given with --in, or, without --in, that the catalogue
/// knows, also on disks that are not there. The picture itself is left out, whatever name it is reached by; hard links to
/// it are the picture itself.
///
/// Example: pixtwin find holiday.png --in ~/Pictures /media/backup
#[derive(Args)]
#[command(after_help = exit::TABLE, override_usage = "pixtwin find [OPTIONS] [PICTURE]... [--in <PATH>...]")]
pub(crate) struct FindArguments {
    /// The pictures to look for; `-` reads their names from standard input, one a line. Without any, on a terminal,
    /// asks for one.
    #[arg(value_name = "PICTURE")]
    pub(crate) pictures: Vec<PathBuf>,

    /// Where to look: folders, or single files; or the word `catalogue`: wherever scan and find have looked before
    /// [default: catalogue]; it answers for every tier but bytes.
    #[arg(long = "in", value_name = "PATH", num_args = 1.., default_value = CATALOGUE, hide_default_value = true)]
    pub(crate) places: Vec<PathBuf>,

    /// Names on standard input end with a NUL byte instead of a line feed.
    #[arg(short = '0', long)]
    pub(crate) null: bool,

    /// Exit with 1 if no twin is found also where a launcher of MPI started the program. Otherwise such a run ends
    /// with 0, for launchers print an alarm for every other code.
    #[arg(long)]
    pub(crate) check: bool,

    #[command(flatten)]
    pub(crate) searched: Searched,

    #[command(flatten)]
    pub(crate) common: Common,

    #[command(flatten)]
    pub(crate) listing: Listing,
}

/// Which pictures exist more than once?
///
/// Prints every group of twins below the PATHs, what proves them the same, how their metadata differ, and what a
/// clean-up would free. Nothing is changed.
///
/// With --between or --set, only twins that cross from one set to another are reported: pictures of a training set in a
/// test set, or of a camera card in an archive. Groups are shown whole, each file with its set; the summary says how many
/// files of each folder have a twin in another set. A file below several places belongs to the deepest of them.
///
/// Example: pixtwin scan ~/Pictures --exclude '*.gif' --min-size 10k
///
/// Example: pixtwin scan --check --set train=data/train --set val=data/val --set test=data/test
#[derive(Args)]
#[command(after_help = exit::TABLE, override_usage = scan::USAGE)]
pub(crate) struct ScanArguments {
    /// Folders, or single files, to search.
    #[arg(value_name = "PATH", required_unless_present_any = ["between", "set"])]
    pub(crate) places: Vec<PathBuf>,

    /// Report only twins of which one lies below A and another below B.
    #[arg(long, value_names = ["A", "B"], num_args = 2, action = ArgAction::Set, conflicts_with_all = ["places", "set"])]
    pub(crate) between: Vec<PathBuf>,

    /// Report only twins that cross from one set to another; given once for each place of a set, with two names or more.
    #[arg(long, value_name = "NAME=PATH", value_parser = OsStringValueParser::new().try_map(NamedPlace::parse),
        conflicts_with = "places")]
    pub(crate) set: Vec<NamedPlace>,

    /// Report only which of these pictures somebody else has: EXPORT is what `pixtwin catalogue export` wrote there.
    #[arg(long, value_name = "EXPORT", conflicts_with_all = ["between", "set", "shard", "tier"])]
    pub(crate) against: Option<PathBuf>,

    /// Also find the pixel digest of every picture, and keep it in the catalogue: find then knows these pictures also when
    /// their disk is away, and others can be compared with an export. A scan by itself decodes only what can have a twin.
    #[arg(long, conflicts_with_all = ["no_catalogue", "shard", "tier", "against"], help_heading = "Catalogue")]
    pub(crate) digests: bool,

    /// Exit with 1 if there are twins: for scripts and tests of data sets.
    #[arg(long, conflicts_with = "shard")]
    pub(crate) check: bool,

    /// Also write a plan to FILE: which file of each group is to stay and which are to go. `pixtwin plan` has more.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["shard", "against"], help_heading = "Plan")]
    pub(crate) plan: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) keeping: Keeping,

    /// With --tier similar and within=K: how pictures are tied into groups.
    #[arg(long, value_enum, default_value_t, value_name = "LINKAGE", help_heading = "What counts as the same")]
    pub(crate) linkage: LinkageName,

    #[command(flatten)]
    pub(crate) searched: Searched,

    #[command(flatten)]
    pub(crate) common: Common,

    #[command(flatten)]
    pub(crate) listing: Listing,

    #[command(flatten)]
    pub(crate) page: Page,
}

/// One report from the records that scan or find wrote with --shard.
///
/// Prints what one search of the whole tree would have printed. The pictures are not read again, and need not be there.
///
/// Example: pixtwin scan --shard 1/2 DIR > 1; pixtwin scan --shard 2/2 DIR > 2; pixtwin merge 1 2
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct MergeArguments {
    /// The records, one of every shard, in any order.
    #[arg(value_name = "RECORD", required = true)]
    pub(crate) records: Vec<PathBuf>,

    /// Exit with 1 if there are twins: for scripts and tests of data sets.
    #[arg(long)]
    pub(crate) check: bool,

    #[command(flatten)]
    pub(crate) common: Common,

    #[command(flatten)]
    pub(crate) listing: Listing,

    #[command(flatten)]
    pub(crate) page: Page,
}

/// Print the pixel digest of pictures, one line a file.
///
/// The lines are those of sha256sum: 64 hexadecimal digits, two spaces, the name. Pictures with equal digests are the
/// same, on every machine and in every version that names the same rules (docs/pixel-digest.md).
///
/// Example: pixtwin hash *.jpg > list; pixtwin hash --check list
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct HashArguments {
    /// The pictures; `-` reads their names from standard input, one a line.
    #[arg(value_name = "FILE", required_unless_present = "check")]
    pub(crate) files: Vec<PathBuf>,

    /// Read digests and names from LIST (`-` is standard input) and check that the pictures still have them.
    #[arg(long, value_name = "LIST", conflicts_with_all = ["files", "format", "unread"])]
    pub(crate) check: Option<PathBuf>,

    /// Names on standard input end with a NUL byte instead of a line feed.
    #[arg(short = '0', long)]
    pub(crate) null: bool,

    #[command(flatten)]
    pub(crate) pixels: Pixels,

    #[command(flatten)]
    pub(crate) common: Common,

    #[command(flatten)]
    pub(crate) listing: Listing,
}

/// Are two pictures the same, and if not, why not?
///
/// Says what differs: size, frames, the first pixel that differs and how many do, the largest difference in each
/// channel, which turn would make them equal, and how their metadata differ.
///
/// Example: pixtwin compare a.png b.webp --diff where.png
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct CompareArguments {
    /// The first picture.
    #[arg(value_name = "A")]
    pub(crate) a: PathBuf,

    /// The second picture.
    #[arg(value_name = "B")]
    pub(crate) b: PathBuf,

    /// Write a PNG that shows where they differ: black where they are equal, brighter the more they differ, the
    /// largest difference white. Of an animation it shows the first frame that differs.
    #[arg(long, value_name = "FILE")]
    pub(crate) diff: Option<PathBuf>,

    /// How the result is printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: CompareFormat,

    #[command(flatten)]
    pub(crate) pixels: Pixels,

    #[command(flatten)]
    pub(crate) common: Common,
}

//! The arguments of `pixtwin catalogue`.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum};
use pixtwin_engine::PixelDigest;

use super::{Pixels, exit};

/// What earlier searches have learnt: look at it, look after it, pass it on.
///
/// Scan and find keep what they see of each file in a catalogue, one for each host. docs/catalogue.md says what is in it.
/// No picture is changed by any of this.
///
/// Example: pixtwin catalogue status
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct CatalogueArguments {
    #[command(subcommand)]
    pub(crate) action: CatalogueAction,

    /// The catalogue in FILE [default: pixtwin/catalogue.sqlite in $XDG_DATA_HOME or ~/.local/share].
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) catalogue: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum CatalogueAction {
    /// How much is known, of which volumes and by the rules of which tiers. A file counts once.
    Status {
        /// How it is printed.
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: KnownFormat,
    },
    /// What is known of each file.
    ///
    /// Example: pixtwin catalogue list ~/Pictures --format json
    List {
        /// Only files at these paths or below them.
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,

        /// How it is printed.
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: KnownFormat,
    },
    /// Whether the catalogue is whole: exit code 1 if not, with what is wrong.
    Verify,
    /// Forget files: those at PATHs or below, on a volume, or that are gone.
    ///
    /// Example: pixtwin catalogue forget --volume 'ext4 0b7c6c1e-3c4f-4d0a-9d0e-0d5a4b8f4a11'
    #[command(arg_required_else_help = true)]
    Forget {
        /// Files at these paths or below them, also on volumes that are not mounted.
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,

        /// All files on the volume of this name, as `status` shows it.
        #[arg(long, value_name = "NAME")]
        volume: Option<String>,

        /// All files that are gone from volumes that are mounted.
        #[arg(long)]
        gone: bool,
    },
    /// Forget what no search can use any more, and give the room back to the disk.
    ///
    /// What goes are files that are gone from mounted volumes, what other versions of the decoders found on them, and entries
    /// that are damaged. Nothing on a volume that is not mounted goes.
    Compact,
    /// Pairs of pictures that people said are not the same: list them, or take one back.
    ///
    /// Searches for pictures that are nearly the same leave such pairs out. Pictures are named by their pixel digests, as the
    /// reports in JSON and `pixtwin hash` have them. Pairs stay also where files are forgotten.
    ///
    /// Example: pixtwin catalogue verdicts --format json
    Verdicts(VerdictArguments),
    /// Write the pictures that are known to a file, for another machine, DuckDB, Spark or pandas.
    ///
    /// Equal digests are equal pictures: docs/export.md describes the columns. What any tier but bytes has learnt is written;
    /// `pixtwin scan --digests` finds the digests that are not known yet; PDQ is written of pictures that
    /// `pixtwin scan --tier similar` has seen, and of no others; `pixtwin scan --against FILE` compares with the export
    /// of another.
    ///
    /// Example: pixtwin catalogue export pictures.parquet
    Export {
        /// The file: FORM is taken from its name (.jsonl, .csv, .parquet). `-` is standard output.
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// Its form, whatever its name.
        #[arg(long, value_enum, value_name = "FORM")]
        form: Option<FormName>,

        #[command(flatten)]
        pixels: Pixels,
    },
    /// Take over what another machine has exported: find then names its files too.
    ///
    /// Nothing that is imported is believed of a file that is here.
    ///
    /// Example: pixtwin catalogue import laptop.jsonl
    Import {
        /// The file: its form shows in its content.
        #[arg(value_name = "FILE")]
        file: PathBuf,

        #[command(flatten)]
        pixels: Pixels,
    },
}

#[derive(Args)]
pub(crate) struct VerdictArguments {
    /// How the list is printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: KnownFormat,

    /// Say that the pictures with these two digests are not the same.
    #[arg(long, num_args = 2, action = ArgAction::Set, value_names = ["A", "B"], value_parser = str::parse::<PixelDigest>, conflicts_with_all = ["forget", "format"])]
    pub(crate) differ: Vec<PixelDigest>,

    /// Forget what was said of the pictures with these two digests.
    #[arg(long, num_args = 2, action = ArgAction::Set, value_names = ["A", "B"], value_parser = str::parse::<PixelDigest>, conflicts_with = "format")]
    pub(crate) forget: Vec<PixelDigest>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum KnownFormat {
    /// For people.
    #[default]
    Text,
    /// JSON Lines: one object a line.
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum FormName {
    /// JSON Lines.
    Jsonl,
    /// Comma-separated values.
    Csv,
    /// Parquet.
    Parquet,
}

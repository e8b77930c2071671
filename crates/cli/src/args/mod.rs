//! Every argument, defined once: help, manual page and completions are made from this.

mod act;

mod catalogue;

mod pdq;

mod plan;

mod tier;

use std::path::{Path, PathBuf};

use clap::{
    ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser},
};
use pixtwin_cluster::{Crew, Storage};
use pixtwin_engine::{Alpha, Linkage, Links, Orientation, Selection, Settings, Shard, Tier, default_memory_bytes};

use crate::{
    exit,
    report::Compared,
    scan::{self, NamedPlace},
    size,
};

pub(crate) use act::{Acting, ApplyArguments, PurgeArguments, RecoverArguments, RunsArguments, UndoArguments};
pub(crate) use pdq::PdqArguments;
pub(crate) use plan::{Keeping, PlanArguments};

pub(crate) use tier::{Comparison, LinkageName};

pub(crate) use catalogue::{CatalogueAction, CatalogueArguments, FormName, KnownFormat};

/// Find images that are the same picture.
///
/// Two pictures are the same if they have the same width and height, the same number of frames, and the same red,
/// green, blue and alpha in every pixel, whatever their file formats, compression, names and metadata. A flipped,
/// resized or merely similar picture is not the same. With --tier, scan and find also look for those.
///
/// Only `apply` changes, moves or links pictures, by a plan, and `undo` brings them back; only `purge`, and `apply --to
/// delete`, which is both, end them.
#[derive(Parser)]
#[command(name = "pixtwin", version, long_version = long_version(), after_help = exit::TABLE, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Find(FindArguments),
    Scan(ScanArguments),
    Merge(MergeArguments),
    Plan(PlanArguments),
    Hash(HashArguments),
    Pdq(PdqArguments),
    Compare(CompareArguments),
    Apply(ApplyArguments),
    Undo(UndoArguments),
    Recover(RecoverArguments),
    Purge(PurgeArguments),
    Runs(RunsArguments),
    Catalogue(CatalogueArguments),
    Generate(GenerateArguments),
}

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
}

/// What is wrong with the arguments of a command, where only all of them together show it.
pub(crate) fn wrong_use(command: &str, reason: &str) -> clap::Error {
    let mut program = Arguments::command();
    program.build();
    let kind = clap::error::ErrorKind::TooFewValues;
    match program.find_subcommand_mut(command) {
        Some(command) => command.error(kind, reason),
        None => program.error(kind, reason),
    }
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

/// Print the manual page or shell completions.
///
/// Example: pixtwin generate man > pixtwin.1
#[derive(Args)]
pub(crate) struct GenerateArguments {
    /// What to print.
    #[arg(value_enum)]
    pub(crate) what: Generated,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Generated {
    /// The manual page, for man(1).
    Man,
    /// Completions for bash.
    Bash,
    /// Completions for elvish.
    Elvish,
    /// Completions for fish.
    Fish,
    /// Completions for PowerShell.
    Powershell,
    /// Completions for zsh.
    Zsh,
}

/// What is searched, and how.
#[derive(Args)]
pub(crate) struct Searched {
    #[command(flatten)]
    pub(crate) comparison: Comparison,

    #[command(flatten)]
    pub(crate) selected: Selected,

    #[command(flatten)]
    pub(crate) remembered: Remembered,

    /// Where the files lie if a launcher of MPI (mpirun, mpiexec, srun) starts several processes; docs/cluster.md has
    /// more.
    #[arg(long, value_enum, default_value_t, value_name = "WHERE", help_heading = "On a cluster")]
    pub(crate) storage: StorageName,

    /// Look at the I-th of N parts of the files only, and write a record of it to standard output for `pixtwin merge`:
    /// for job arrays, without MPI. Every part must be given the same arguments and see the same tree.
    #[arg(long, value_name = "I/N", value_parser = shard, help_heading = "On a cluster",
        conflicts_with_all = ["format", "unread", "storage"])]
    pub(crate) shard: Option<Shard>,
}

/// `2/5`: the second of five.
fn shard(text: &str) -> Result<Shard, String> {
    let parse = |number: &str| number.parse::<u32>().ok();
    let parts = text.split_once('/').and_then(|(number, count)| Some((parse(number)?, parse(count)?)));
    match parts {
        None => Err("write the number of the part and of all parts, like 2/5".to_owned()),
        Some((_, 0)) => Err("there is at least one part, as in 1/1".to_owned()),
        Some((0, _)) => Err("the first part is 1".to_owned()),
        Some((number, count)) if number > count => Err(format!("the last part is {count}/{count}")),
        Some((number, count)) => Ok(Shard { number, count }),
    }
}

/// What is kept from one search to the next.
#[derive(Args)]
#[command(next_help_heading = "Catalogue")]
pub(crate) struct Remembered {
    /// Use the catalogue in FILE [default: pixtwin/catalogue.sqlite in $XDG_DATA_HOME or ~/.local/share]. It keeps what
    /// was seen of each file: one that has not changed since is not read again.
    #[arg(long, value_name = "FILE")]
    pub(crate) catalogue: Option<PathBuf>,

    /// Use no catalogue, and keep nothing.
    #[arg(long, conflicts_with_all = ["catalogue", "paranoid"])]
    pub(crate) no_catalogue: bool,

    /// Read every file again, whatever the catalogue knows of it, and keep what is found.
    #[arg(long)]
    pub(crate) paranoid: bool,
}

impl Searched {
    /// How a search is done by one process.
    pub(crate) fn settings(&self, common: &Common) -> Settings {
        common.settings(self.comparison.tier(), &self.comparison.pixels)
    }

    /// What a rank does with all that: where nothing is said, it shares the processors and the memory of its host.
    pub(crate) fn settings_of_rank(&self, common: &Common, crew: &Crew, rank: usize) -> Settings {
        let mut settings = self.settings(common);
        if common.threads.is_none() {
            settings.threads = crew.processors_of(rank);
        }
        if common.memory.is_none() {
            settings.memory_bytes = crew.memory_bytes();
            settings.sharers = crew.ranks_beside(rank);
        }
        settings
    }

    /// What the ranks of a run, or its parts, must have been given alike of that.
    pub(crate) fn terms(&self, command: &str, common: &Common) -> Vec<(String, String)> {
        let name =
            |value: Option<clap::builder::PossibleValue>| value.map_or(String::new(), |v| v.get_name().to_owned());
        let selected = &self.selected;
        let [tier, label] = self.comparison.terms();
        let terms = [
            ("command", command.to_owned()),
            tier,
            label,
            ("alpha", name(self.comparison.pixels.alpha.to_possible_value())),
            ("orient", self.comparison.pixels.orient.to_string()),
            ("hidden", selected.hidden.to_string()),
            ("follow", selected.follow.to_string()),
            ("include", format!("{:?}", selected.include)),
            ("exclude", format!("{:?}", selected.exclude)),
            ("min-size", selected.min_size.to_string()),
            // Which pictures are too large depends on it.
            ("memory", common.memory.map_or("default".to_owned(), |memory| memory.to_string())),
        ];
        terms.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum StorageName {
    /// Every host has files of its own: the same path on two hosts is two files.
    #[default]
    Local,
    /// All hosts see the same files, which are shared out among all processes.
    Shared,
}

impl From<StorageName> for Storage {
    fn from(name: StorageName) -> Self {
        match name {
            StorageName::Local => Self::Local,
            StorageName::Shared => Self::Shared,
        }
    }
}

/// What counts as a pixel.
#[derive(Args, Default)]
#[command(next_help_heading = "What counts as the same")]
pub(crate) struct Pixels {
    /// What the colour of fully transparent pixels is worth.
    #[arg(long, value_enum, default_value_t, value_name = "RULE")]
    pub(crate) alpha: AlphaName,

    /// Compare pictures as they are displayed, with their EXIF orientation applied, instead of as they are stored.
    #[arg(long)]
    pub(crate) orient: bool,
}

impl Pixels {
    /// What the colour of hidden pixels is worth.
    pub(crate) fn alpha(&self) -> Alpha {
        match self.alpha {
            AlphaName::Exact => Alpha::Exact,
            AlphaName::IgnoreHidden => Alpha::IgnoreHidden,
        }
    }

    /// What is not counted as a pixel.
    pub(crate) fn compared(&self) -> Compared {
        Compared { is_oriented: self.orient, ignores_hidden: matches!(self.alpha, AlphaName::IgnoreHidden) }
    }

    /// Which way up.
    pub(crate) fn orientation(&self) -> Orientation {
        if self.orient { Orientation::AsShown } else { Orientation::AsStored }
    }
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum AlphaName {
    /// It counts.
    #[default]
    Exact,
    /// It does not count.
    IgnoreHidden,
}

/// Which files are looked at.
#[derive(Args)]
#[command(next_help_heading = "Which files")]
pub(crate) struct Selected {
    /// Also look at files and folders whose names begin with a dot.
    #[arg(short = 'H', long)]
    hidden: bool,

    /// Follow symbolic links.
    #[arg(short = 'L', long)]
    follow: bool,

    /// Only files that match GLOB (may be given several times). A GLOB without a slash matches the name, one with a
    /// slash the path below the folder searched.
    #[arg(short = 'g', long, value_name = "GLOB")]
    include: Vec<String>,

    /// No files or folders that match GLOB (may be given several times; wins over --include).
    #[arg(short = 'E', long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Only files of at least SIZE bytes; k, M and G are powers of 1024.
    #[arg(long, value_name = "SIZE", value_parser = size::parse, default_value = "0")]
    min_size: u64,
}

impl Selected {
    /// Whether anything was said about which files.
    pub(crate) fn is_any(&self) -> bool {
        let Self { hidden, follow, include, exclude, min_size } = self;
        *hidden || *follow || !include.is_empty() || !exclude.is_empty() || *min_size > 0
    }

    pub(crate) fn selection(&self) -> Selection {
        Selection {
            hidden: self.hidden,
            links: if self.follow { Links::Follow } else { Links::Skip },
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            min_bytes: self.min_size,
            digests: false,
            linkage: Linkage::default(),
            label: None,
            sets: None,
        }
    }
}

/// How a list of results is printed.
#[derive(Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Listing {
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,

    /// Save the list of files that were not compared, with the reasons, to FILE.
    #[arg(long, value_name = "FILE")]
    pub(crate) unread: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// JSON Lines: one object a line.
    Json,
    /// Comma-separated values with a header.
    Csv,
    /// Names alone, each ended by a NUL byte; an empty name ends a group. From hash and pdq it is their lines, ended by NUL.
    Null,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompareFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// What every search takes.
#[derive(Args, Default)]
#[command(next_help_heading = "Running")]
pub(crate) struct Common {
    /// How many files are looked at at once [default: one for each processor].
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,

    /// How much memory decoding may take in all, like 500M or 2G [default: a quarter of this machine's]. A picture
    /// that needs more is not compared, and listed.
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    memory: Option<u64>,

    /// When to set off text with colours: auto is on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: When,

    /// When to show how far the search has come: auto is on a terminal; always, where there is none, writes a line every
    /// few seconds.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) progress: When,

    /// Print results and errors alone: no progress, no summary, no list of unread files.
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Say how the result came about: what each rung of the ladder settled, and what it read; of pictures that are nearly the
    /// same, also what was compared.
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Common {
    /// How a search is done.
    pub(crate) fn settings(&self, tier: Tier, pixels: &Pixels) -> Settings {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Settings {
            tier,
            alpha: pixels.alpha(),
            orientation: pixels.orientation(),
            threads: self.threads.map_or(processors, usize::from),
            memory_bytes: self.memory.unwrap_or_else(default_memory_bytes),
            sharers: 1,
        }
    }
}

/// The version, and those of the decoders that the pixels depend on.
fn long_version() -> String {
    let mut text = format!("{}\npixel digest rules: version 1\ndecoders:", env!("CARGO_PKG_VERSION"));
    for (format, decoder) in pixtwin_engine::DECODERS {
        text.push_str(&format!("\n  {format}: {decoder}"));
    }
    text
}

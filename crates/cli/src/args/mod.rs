//! Every argument, defined once: help, manual page and completions are made from this.

mod look;

mod act;

mod catalogue;

mod pdq;

mod plan;

mod review;

mod tier;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use pixtwin_cluster::{Crew, Storage};
use pixtwin_engine::{Alpha, Linkage, Links, Orientation, Selection, Settings, Shard, Tier, default_memory_bytes};

use crate::{exit, report::Compared, size};

pub(crate) use look::{CompareArguments, FindArguments, HashArguments, MergeArguments, ScanArguments};

pub(crate) use act::{Acting, ApplyArguments, PurgeArguments, RecoverArguments, RunsArguments, UndoArguments};
pub(crate) use pdq::PdqArguments;
pub(crate) use plan::{Keeping, PlanArguments};

pub(crate) use review::ReviewArguments;

pub(crate) use tier::{Comparison, LinkageName};

pub(crate) use catalogue::{CatalogueAction, CatalogueArguments, FormName, KnownFormat, VerdictArguments};

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
    Review(ReviewArguments),
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
        let [tier, label, dismissed] = self.comparison.terms();
        let terms = [
            ("command", command.to_owned()),
            tier,
            label,
            dismissed,
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
            dismissed: false,
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

/// What a report as a page takes.
#[derive(Args, Clone, Copy)]
#[command(next_help_heading = "Output")]
pub(crate) struct Page {
    /// With --format html: how many thumbnails the page has at most.
    #[arg(long, value_name = "N", default_value_t = pixtwin_review::DEFAULT_THUMBNAILS)]
    pub(crate) thumbnails: usize,
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
    /// One page for a browser, with thumbnails inside and no script. From scan and merge.
    Html,
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

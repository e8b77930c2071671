//! The arguments of the commands that change files, and of their way back.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    time::Duration,
};

use clap::{
    Arg, Args, Command,
    builder::{OsStringValueParser, PossibleValue, TypedValueParser},
};
use pixtwin_actions::Action;

use super::{KnownFormat, exit};

/// Carry out a plan: remove twins, so that each can be brought back.
///
/// Without --yes, and without a terminal on which to ask, it only shows what it would do. With it, both files of every
/// step are read again and compared, all pixels where their bytes differ, before one of them goes, and the one that stays
/// is looked at once more when the other has gone: if it is not there, the step is taken back. The last file of a group
/// cannot go. A file that alone has its EXIF date, GPS position, ICC profile, rating, orientation, sidecar, or what follows
/// its picture (the film of a motion photo) is refused; so is a pair that is not exactly the same picture: such steps are
/// done one by one, with --pair.
///
/// Without `--to delete` nothing ends: files go into a quarantine on their own file system, until `pixtwin purge`. `pixtwin
/// undo` brings them back.
///
/// Example: pixtwin scan ~/Pictures --plan plan.jsonl; pixtwin apply plan.jsonl
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct ApplyArguments {
    /// The plan, as `pixtwin plan` or `pixtwin scan --plan` wrote it, perhaps edited.
    #[arg(value_name = "PLAN")]
    pub(crate) plan: PathBuf,

    /// What becomes of the files that go: `quarantine`; `trash`, that of the desktop; `hardlink` or `symlink` to the file
    /// that stays; `reflink`, which shares its blocks on the disk, for equal bytes only; `move=DIR`; or `delete`, which is
    /// quarantine and purge, if nothing was refused.
    #[arg(long = "to", value_name = "ACTION", default_value = "quarantine",
        value_parser = ActionParser, hide_possible_values = true)]
    pub(crate) action: Action,

    /// Do it.
    #[arg(long)]
    pub(crate) yes: bool,

    /// Only the step of this number, as it is shown without --yes; also where it is refused in bulk.
    #[arg(long, value_name = "N")]
    pub(crate) pair: Option<u64>,

    /// The folder in which to make the quarantine [default: the highest above each file, on its file system, that is
    /// yours].
    #[arg(long, value_name = "DIR")]
    pub(crate) quarantine: Option<PathBuf>,

    /// How many groups are looked at at once [default: one for each processor].
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,

    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// Reads an action, and tells completions what there is.
#[derive(Clone)]
struct ActionParser;

impl TypedValueParser for ActionParser {
    type Value = Action;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<Action, clap::Error> {
        OsStringValueParser::new().try_map(action).parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let all = ["quarantine", "trash", "hardlink", "reflink", "symlink", "move=", "delete"];
        Some(Box::new(all.into_iter().map(PossibleValue::new)))
    }
}

fn action(text: OsString) -> Result<Action, &'static str> {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    if let Some(folder) = text.as_bytes().strip_prefix(b"move=").filter(|folder| !folder.is_empty()) {
        return Ok(Action::Move(OsString::from_vec(folder.to_vec()).into()));
    }
    match text.to_str() {
        Some("quarantine") => Ok(Action::Quarantine),
        Some("trash") => Ok(Action::Trash),
        Some("hardlink") => Ok(Action::HardLink),
        Some("reflink") => Ok(Action::Reflink),
        Some("symlink") => Ok(Action::Symlink),
        Some("delete") => Ok(Action::Delete),
        _ => Err("use quarantine, trash, hardlink, reflink, symlink, move=DIR or delete"),
    }
}

/// Bring back what a run removed.
///
/// Names, content, permissions, owners, times, extended attributes and links are what they were. What was purged, or is in
/// an emptied trash, is gone, and said to be. A file whose name another has by now stays where it is held, and is named.
/// To bring files back is no danger: on a terminal it asks before, anywhere else it does it.
///
/// Example: pixtwin undo
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct UndoArguments {
    /// The run, as `pixtwin runs` names it [default: the last that can be undone].
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,

    /// Do not ask, on a terminal either.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// Find out how far runs came that were cut off, and take back what was not done.
///
/// Every command that acts does this first; by itself it is for after a crash. Done twice, it does nothing the second time.
///
/// Example: pixtwin recover
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct RecoverArguments {
    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// End what runs hold in quarantine: only this frees the space, and only this cannot be undone.
///
/// A file goes only if the one that was kept for it is still there and has not changed; where either has, both are
/// compared again. Without --yes, and without a terminal on which to ask, it only shows what it would do.
///
/// Example: pixtwin purge --older-than 30d
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct PurgeArguments {
    /// The runs, as `pixtwin runs` names them [default: all].
    #[arg(value_name = "RUN")]
    pub(crate) runs: Vec<String>,

    /// Only runs that began longer ago, like 12h, 30d or 8w.
    #[arg(long, value_name = "TIME", value_parser = age)]
    pub(crate) older_than: Option<Duration>,

    /// Do it.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) acting: Acting,
}

fn age(text: &str) -> Result<Duration, &'static str> {
    let wrong = "write a number and s, m, h, d or w, like 30d";
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        "w" => 7 * 86400,
        _ => return Err(wrong),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)).map(Duration::from_secs).ok_or(wrong)
}

/// What was done, run by run, and what of it can be undone or purged.
///
/// Runs that were cut off are looked after first, as `pixtwin recover` does, unless another pixtwin is at work.
///
/// Example: pixtwin runs --format json
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct RunsArguments {
    #[command(flatten)]
    pub(crate) acting: Acting,
}

/// What all of these take.
#[derive(Args)]
pub(crate) struct Acting {
    /// The folder of the journals [default: pixtwin in $XDG_STATE_HOME or ~/.local/state].
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,

    /// How it is printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: KnownFormat,

    /// Print what was refused alone, and errors. JSON is whole nevertheless.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

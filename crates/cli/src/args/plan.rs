//! The arguments of plans.

use std::path::PathBuf;

use clap::{
    Args,
    builder::{OsStringValueParser, TypedValueParser},
};
use pixtwin_planning::KeepRule;

use super::Common;
use crate::exit;

/// Which files of each group of twins are to stay, and which are to go?
///
/// Writes a plan to FILE, and changes nothing else. RESULT is what `pixtwin scan --format json` printed; `scan --plan FILE`
/// does both at once. The plan can be read and edited (docs/plan-format.md); `pixtwin apply` carries it out, and looks at
/// every file again before. A group that the rules do not decide is left alone. A report of relative paths is planned in the
/// folder in which it was made.
///
/// Example: pixtwin scan --format json ~/Pictures > result; pixtwin plan result --out plan --keep in="$HOME/Pictures/best"
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct PlanArguments {
    /// The report, in JSON; `-` reads it from standard input.
    #[arg(value_name = "RESULT")]
    pub(crate) result: PathBuf,

    /// Where to write the plan. A file that is there and is no plan is not written over.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) keeping: Keeping,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// Which files are to stay.
#[derive(Args)]
#[command(next_help_heading = "Plan")]
pub(crate) struct Keeping {
    /// Which file of a group stays; may be given several times: each rule chooses among those that the one before has left
    /// [default: metadata, encoding, oldest, shortest-path]. In a folder: in=DIR, not-in=DIR. With EXIF date, GPS, ICC
    /// profile or rating: metadata. The original before what was converted from it: encoding. By the time of change, or
    /// that in EXIF: oldest, newest, oldest=exif, newest=exif. By name: shortest-path, name=GLOB. Below the first of the
    /// PATHs of a scan: first-argument. Of groups of --tier turned, within=K and similar the first file stays, whatever is said.
    #[arg(long, value_name = "RULE", value_parser = OsStringValueParser::new().try_map(|text| KeepRule::parse(&text)))]
    pub(crate) keep: Vec<KeepRule>,

    /// Files below DIR always stay, and the other files of their groups go; may be given several times.
    #[arg(long, value_name = "DIR")]
    pub(crate) reference: Vec<PathBuf>,
}

impl Keeping {
    /// Whether anything was said.
    pub(crate) fn is_any(&self) -> bool {
        !self.keep.is_empty() || !self.reference.is_empty()
    }

    /// The rules that hold.
    pub(crate) fn rules(&self) -> Vec<KeepRule> {
        if !self.keep.is_empty() {
            return self.keep.clone();
        }
        KeepRule::defaults()
    }
}

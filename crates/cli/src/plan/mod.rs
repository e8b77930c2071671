//! `pixtwin plan`: which files of each group are to stay, and which are to go?

pub(crate) mod found;

mod look;

mod decide;

mod save;

mod summary;

use std::{
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use pixtwin_actions::plan::{Header, Plan, this_host};
use pixtwin_engine::{OpenFiles, Progress, Tier, keep::Rule, words_of};

use crate::{
    args::{Common, KeepRule, Keeping, Pixels, PlanArguments},
    exit::{Exit, Stop},
    names::shown,
};
use decide::Decider;
use found::Found;
use save::Place;
use summary::Summary;

/// Makes a plan of a report.
pub(crate) fn run(arguments: &PlanArguments) -> Result<Exit, Stop> {
    let planner = Planner::new(&arguments.keeping, &arguments.out, None)?;
    planner.write(Found::read(&arguments.result, &this_host())?, &arguments.common)
}

/// All that is known of a plan before what it is about. Made before a search, so that a run of hours does not end in an
/// error.
pub(crate) struct Planner {
    rules: Vec<KeepRule>,
    references: Vec<PathBuf>,
    /// What was searched, in order, if that is known.
    roots: Option<Vec<PathBuf>>,
    place: Place,
}

impl Planner {
    /// Finds the folders that the rules name, and makes sure that the plan can be written.
    pub(crate) fn new(keeping: &Keeping, out: &Path, searched: Option<&[PathBuf]>) -> Result<Self, Stop> {
        let mut rules = keeping.rules();
        for KeepRule { rule, .. } in &mut rules {
            match rule {
                Rule::In(folder) | Rule::NotIn(folder) => *folder = real(folder)?,
                Rule::FirstArgument if searched.is_none() => {
                    let message = "first-argument is for `scan --plan`: a report does not say what was searched";
                    return Err(Stop::Fatal(message.to_owned()));
                }
                _ => {}
            }
        }
        let references = keeping.reference.iter().map(|folder| real_folder(folder)).collect::<Result<_, _>>()?;
        let roots = searched.map(|places| places.iter().map(|place| real(place)).collect()).transpose()?;
        Ok(Self { rules, references, roots, place: Place::new(out)? })
    }

    /// Decides, and writes the plan.
    pub(crate) fn write(self, found: Found, common: &Common) -> Result<Exit, Stop> {
        let settings = common.settings(Tier::Pixels, &Pixels::default());
        let progress = Progress::default();
        let files = OpenFiles::new(&settings, &progress);
        let mut summary = Summary::new(found.elsewhere);
        let mut decider = Decider::new(&self, &files, &found.unread, &mut summary);
        let groups: Vec<_> = found.groups.iter().filter_map(|group| decider.decide(group)).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let header = Header {
            host: this_host(),
            made_s: now.cast_signed(),
            roots: self.roots.clone().unwrap_or_else(|| look::roots_of(&groups)),
            references: self.references.clone(),
            rules: self.rules.iter().map(|rule| rule.text.clone()).collect(),
        };
        self.place.write(&Plan { header, groups })?;
        if !common.quiet {
            summary.print();
        }
        Ok(if summary.is_all_seen() { Exit::Done } else { Exit::Unread })
    }
}

/// A path without symbolic links.
fn real(path: &Path) -> Result<PathBuf, Stop> {
    path.canonicalize().map_err(|cause| Stop::Fatal(format!("cannot read `{}`: {}", shown(path), words_of(&cause))))
}

/// A folder, without symbolic links.
fn real_folder(path: &Path) -> Result<PathBuf, Stop> {
    let real = real(path)?;
    match real.is_dir() {
        true => Ok(real),
        false => Err(Stop::Fatal(format!("`{}` is given as a reference, and is no folder", shown(path)))),
    }
}

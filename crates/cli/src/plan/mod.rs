//! `pixtwin plan`: which files of each group are to stay, and which are to go?

mod save;

mod summary;

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use pixtwin_actions::plan::{Plan, this_host};
use pixtwin_engine::{Group, Match, OpenFiles, Progress, Report, Tier, Unread, keep::Rule, words_of};
use pixtwin_planning::{Collector, Decider, Found, KeepRule, ReadError, Rules};

use crate::{
    args::{Common, Keeping, Pixels, PlanArguments},
    exit::{Exit, Stop},
    names::shown,
    report::printer::Printer,
};
use save::Place;
use summary::Summary;

/// What to do about a file that is no whole report.
pub(crate) const HINT: &str = "hint: pixtwin scan --format json PATH > RESULT";

/// Makes a plan of a report.
pub(crate) fn run(arguments: &PlanArguments) -> Result<Exit, Stop> {
    let planner = Planner::new(&arguments.keeping, &arguments.out, None)?;
    planner.write(&read(&arguments.result)?, &arguments.common)
}

/// All that is known of a plan before what it is about. Made before a search, so that a run of hours does not end in an
/// error.
pub(crate) struct Planner {
    rules: Rules,
    place: Place,
}

impl Planner {
    /// Finds the folders that the rules name, and makes sure that the plan can be written.
    pub(crate) fn new(keeping: &Keeping, out: &Path, searched: Option<&[PathBuf]>) -> Result<Self, Stop> {
        Ok(Self { rules: settled(keeping, searched)?, place: Place::new(out)? })
    }

    /// Decides, and writes the plan.
    pub(crate) fn write(self, found: &Found, common: &Common) -> Result<Exit, Stop> {
        let settings = common.settings(Tier::Pixels, &Pixels::default());
        let progress = Progress::default();
        let files = OpenFiles::new(&settings, &progress);
        let mut summary = Summary::new(found.elsewhere());
        let unread = found.unread_paths();
        let mut decider = Decider::new(&self.rules, &files, &unread);
        let here = found.groups.iter().filter(|group| group.is_here());
        let groups: Vec<_> = here.filter_map(|group| summary.take(decider.decide(group))).collect();
        let header = self.rules.header(&groups, now_s());
        self.place.write(&Plan { header, groups })?;
        if !common.quiet {
            summary.print();
        }
        Ok(if summary.is_all_seen() { Exit::Done } else { Exit::Unread })
    }
}

/// The rules that were asked for, with real folders.
pub(crate) fn settled(keeping: &Keeping, searched: Option<&[PathBuf]>) -> Result<Rules, Stop> {
    let rules = keeping.rules();
    if searched.is_none() && rules.iter().any(|KeepRule { rule, .. }| matches!(rule, Rule::FirstArgument)) {
        let message = "first-argument is for `scan --plan`: a report does not say what was searched";
        return Err(Stop::Fatal(message.to_owned()));
    }
    let (references, roots) = (keeping.reference.clone(), searched.map(<[PathBuf]>::to_vec));
    let mut rules = Rules { rules, references, roots };
    let unread = |(path, cause): (PathBuf, io::Error)| {
        Stop::Fatal(format!("cannot read `{}`: {}", shown(&path), words_of(&cause)))
    };
    rules.settle().map_err(unread)?;
    match rules.references.iter().zip(&keeping.reference).find(|(real, _)| !real.is_dir()) {
        Some((_, given)) => Err(Stop::Fatal(format!("`{}` is given as a reference, and is no folder", shown(given)))),
        None => Ok(rules),
    }
}

/// Reads a report that may be acted on.
fn read(path: &Path) -> Result<Found, Stop> {
    let found = read_any(path, "no plan can be made of")?;
    match &found.unfit {
        Some(reason) => Err(Stop::Fatal(format!("no plan can be made of `{}`: {reason}\n{HINT}", shown(path)))),
        None => Ok(found),
    }
}

/// Reads a report; `-` is standard input. Where it is none, `refusal` says what cannot be done.
pub(crate) fn read_any(path: &Path, refusal: &str) -> Result<Found, Stop> {
    let name = shown(path);
    let failed = |cause: &io::Error| Stop::Fatal(format!("cannot read `{name}`: {}", words_of(cause)));
    let from: Box<dyn BufRead> = match path == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => Box::new(BufReader::with_capacity(256 << 10, File::open(path).map_err(|cause| failed(&cause))?)),
    };
    Found::read(from, &this_host()).map_err(|cause| match cause {
        ReadError::Io(cause) => failed(&cause),
        ReadError::NoReport(reason) => Stop::Fatal(format!("{refusal} `{name}`: {reason}\n{HINT}")),
        _ => Stop::Fatal(format!("cannot read `{name}`")),
    })
}

fn now_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()).cast_signed()
}

/// Prints a report, and keeps of it what a plan is made of.
pub(crate) struct Both<'a, 'b> {
    printer: &'a mut Printer<'b>,
    collector: Collector,
}

impl<'a, 'b> Both<'a, 'b> {
    pub(crate) fn new(printer: &'a mut Printer<'b>, tier: Tier) -> Self {
        Self { printer, collector: Collector::new(tier) }
    }

    /// What was found.
    pub(crate) fn into_found(self) -> Found {
        self.collector.into_found()
    }
}

impl Report for Both<'_, '_> {
    fn group(&mut self, group: Group) {
        self.collector.keep(&group);
        self.printer.group(group);
    }

    fn found(&mut self, query: usize, found: Match) {
        self.printer.found(query, found);
    }

    fn unread(&mut self, unread: Unread) {
        self.collector.keep_unread(&unread);
        self.printer.unread(unread);
    }
}

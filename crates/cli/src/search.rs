//! What scan and find have in common: one process, or the ranks of a cluster, a report, and the end.

use std::path::PathBuf;

use pixtwin_engine::{Alone, Counts, Failure, Linkage, Report, Run, Selection, Sets, Team};
use pixtwin_planning::Found;

use crate::{
    args::{Common, Listing, Searched},
    catalogue::Kept,
    exit::{Exit, Stop},
    interrupt,
    plan::{Both, Planner},
    progress_bar, ranks,
    report::printer::{About, Printer},
    shard,
};

const SHARD_AND_RANKS: &str = "--shard is for jobs without MPI: ranks share the files by themselves";

const PLAN_AND_RANKS: &str = "\
--plan is for one process: the files of each host need a plan of their own
hint: let the ranks print their report with --format json, and give it to `pixtwin plan` on every host";

/// A search that a command asks for.
pub(crate) trait Search: Sync {
    /// The command, as it is called.
    const NAME: &'static str;

    /// What the command was given.
    fn arguments(&self) -> (&Common, &Listing, &Searched);

    /// The folders to search.
    fn places(&self) -> &[PathBuf];

    /// The sets that are held against each other, if there are any.
    fn sets(&self) -> Option<&Sets> {
        None
    }

    /// How near pictures are tied into groups.
    fn linkage(&self) -> Linkage {
        Linkage::default()
    }

    /// Whether the catalogue is asked, and no folder is walked.
    fn asks_catalogue(&self) -> bool {
        false
    }

    /// Whether pictures asked about are named also where they have no twin.
    fn names_all(&self) -> bool {
        true
    }

    /// Whether a plan is made of what is found.
    fn makes_plan(&self) -> bool {
        false
    }

    /// How many thumbnails a report as a page has at most.
    fn thumbnails(&self) -> usize {
        0
    }

    /// What makes it, ready before the search.
    fn planner(&self) -> Result<Option<Planner>, Stop> {
        Ok(None)
    }

    /// Reads which pictures are asked about; none for a scan. Called once, by the process that speaks to the user.
    fn queries(&self) -> Result<Vec<PathBuf>, Stop>;

    /// Does it.
    fn search<T: Team>(
        &self,
        team: &mut T,
        queries: &[PathBuf],
        run: Run<'_>,
        report: &mut dyn Report,
    ) -> Result<Counts, Failure>;

    /// How the program ends, after a search that may have found something.
    fn exit(&self, has_found: bool, is_launched: bool) -> Exit;
}

/// Which files are looked at, and which of their twins are wanted.
pub(crate) fn selection(search: &impl Search) -> Selection {
    let searched = search.arguments().2;
    let (label, dismissed) = (searched.comparison.label(), searched.comparison.dismissed);
    let sets = search.sets().cloned();
    Selection { sets, linkage: search.linkage(), label, dismissed, ..searched.selected.selection() }
}

/// What the report is about.
pub(crate) fn about<'a>(search: &'a impl Search, queries: &'a [PathBuf]) -> About<'a> {
    let pixels = &search.arguments().2.comparison.pixels;
    About {
        queries,
        names_all: search.names_all(),
        sets: search.sets(),
        compared: pixels.compared(),
        thumbnails: search.thumbnails(),
    }
}

/// All that the ranks of a run, or its parts, must have been given alike.
pub(crate) fn terms<S: Search>(search: &S) -> Vec<(String, String)> {
    let (common, _, searched) = search.arguments();
    let mut terms = searched.terms(S::NAME, common);
    let sets = search.sets().map_or("none".to_owned(), |sets| format!("{:?}", sets.places().collect::<Vec<_>>()));
    terms.push(("sets".to_owned(), sets));
    terms.push(("linkage".to_owned(), format!("{:?}", search.linkage())));
    terms
}

pub(crate) fn run(search: &impl Search) -> Result<Exit, Stop> {
    let part = search.arguments().2.shard;
    match ranks::launcher()? {
        Some(_) if part.is_some() => {
            Err(if ranks::is_first() { Stop::Fatal(SHARD_AND_RANKS.to_owned()) } else { Stop::Silent })
        }
        Some(_) if search.makes_plan() => {
            Err(if ranks::is_first() { Stop::Fatal(PLAN_AND_RANKS.to_owned()) } else { Stop::Silent })
        }
        Some(launched) => ranks::run(search, &launched),
        None => part.map_or_else(|| run_alone(search), |part| shard::run_part(search, part)),
    }
}

fn run_alone(search: &impl Search) -> Result<Exit, Stop> {
    interrupt::watch();
    let (common, listing, searched) = search.arguments();
    let queries = search.queries()?;
    let planner = search.planner()?;
    progress_bar::beside(common, |progress, bar| {
        let settings = searched.settings(common);
        let mut printer = Printer::new(common, listing, settings.tier, about(search, &queries), bar)?;
        let kept = Kept::open(&searched.remembered, &settings, search.asks_catalogue());
        let run = Run { settings: &settings, memory: kept.as_ref().map(Kept::memory), progress };
        let (counts, found) = if planner.is_some() {
            let mut both = Both::new(&mut printer, settings.tier);
            let counts = search.search(&mut Alone::default(), &queries, run, &mut both)?;
            (counts, both.into_found())
        } else {
            (search.search(&mut Alone::default(), &queries, run, &mut printer)?, Found::default())
        };
        let (has_found, is_all_read) = (printer.has_found(), printer.is_all_read());
        printer.close(&counts, None)?;
        kept.into_iter().for_each(Kept::close);
        let exit = if is_all_read { search.exit(has_found, false) } else { Exit::Unread };
        let planned = planner.map(|planner| planner.write(&found, common)).transpose()?;
        Ok(planned.map_or(exit, |planned| planned.max(exit)))
    })
}

//! What scan and find have in common: one process, or the ranks of a cluster, a report, and the end.

use std::path::PathBuf;

use pixtwin_engine::{Alone, Counts, Failure, Progress, Report, Team};

use crate::{
    args::{Common, Listing, TierName},
    exit::{Exit, Stop},
    progress_bar,
    report::printer::Printer,
};

/// A search that a command asks for.
pub(crate) trait Search: Sync {
    /// What the command was given.
    fn arguments(&self) -> (&Common, &Listing, TierName);

    /// The pictures asked about; none for a scan.
    fn queries(&self) -> Vec<PathBuf>;

    /// Whether the answer `no` is an exit code of its own.
    fn exit(&self, exit: Exit, has_groups: bool) -> Exit;

    /// Does it.
    fn search<T: Team>(&self, team: &mut T, progress: &Progress, report: &mut dyn Report) -> Result<Counts, Failure>;
}

pub(crate) fn run(search: &impl Search) -> Result<Exit, Stop> {
    let (common, listing, tier) = search.arguments();
    let mut printer = Printer::new(common, listing, tier.into(), search.queries())?;
    let counts = progress_bar::beside(common, |progress| search.search(&mut Alone::default(), progress, &mut printer))?;
    let has_groups = printer.has_groups();
    Ok(search.exit(printer.close(&counts, &[])?, has_groups))
}

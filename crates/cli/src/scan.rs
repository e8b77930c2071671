//! `pixtwin scan`: which pictures exist more than once?

use std::path::PathBuf;

use pixtwin_engine::{Counts, Failure, Report, Run, Team, scan};

use crate::{
    args::{Common, Listing, ScanArguments, Searched},
    exit::{Exit, Stop},
    search::Search,
};

impl Search for ScanArguments {
    const NAME: &'static str = "scan";

    fn arguments(&self) -> (&Common, &Listing, &Searched) {
        (&self.common, &self.listing, &self.searched)
    }

    fn places(&self) -> &[PathBuf] {
        &self.places
    }

    fn queries(&self) -> Result<Vec<PathBuf>, Stop> {
        Ok(Vec::new())
    }

    fn search<T: Team>(
        &self,
        team: &mut T,
        _queries: &[PathBuf],
        run: Run<'_>,
        report: &mut dyn Report,
    ) -> Result<Counts, Failure> {
        scan(team, &self.places, &self.searched.selected.selection(), run, report)
    }

    fn exit(&self, has_found: bool, _is_launched: bool) -> Exit {
        if self.check && has_found { Exit::No } else { Exit::Done }
    }
}

//! `pixtwin scan`: which pictures exist more than once?

use std::path::PathBuf;

use pixtwin_engine::{Counts, Failure, Progress, Report, Team, scan};

use crate::{
    args::{Common, Listing, ScanArguments, TierName},
    exit::{Exit, Stop},
    search::{self, Search},
};

pub(crate) fn run(arguments: &ScanArguments) -> Result<Exit, Stop> {
    search::run(arguments)
}

impl Search for ScanArguments {
    fn arguments(&self) -> (&Common, &Listing, TierName) {
        (&self.common, &self.listing, self.comparison.tier)
    }

    fn queries(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    fn exit(&self, exit: Exit, has_groups: bool) -> Exit {
        if self.check && has_groups { exit.max(Exit::No) } else { exit }
    }

    fn search<T: Team>(&self, team: &mut T, progress: &Progress, report: &mut dyn Report) -> Result<Counts, Failure> {
        let settings = self.common.settings(self.comparison.tier, &self.comparison.pixels);
        scan(team, &self.places, &self.selected.selection(), &settings, progress, report)
    }
}

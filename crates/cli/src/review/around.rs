//! What the page asks of the program: searches, and where things are kept.

use std::path::PathBuf;

use pixtwin_engine::{Alone, Failure, Progress, Run, Selection, Tier, scan};
use pixtwin_planning::{Collector, Found};
use pixtwin_review::Surroundings;

use crate::{act, args::ReviewArguments, catalogue::Kept, exit::Stop};

/// The program around the page.
pub(super) struct Around {
    arguments: ReviewArguments,
}

impl Around {
    pub(super) fn new(arguments: ReviewArguments) -> Self {
        Self { arguments }
    }
}

impl Surroundings for Around {
    fn scan(&self, places: &[PathBuf], tier: Tier, progress: &Progress) -> Result<Found, String> {
        let ReviewArguments { comparison, selected, remembered, common, .. } = &self.arguments;
        let settings = common.settings(tier, &comparison.pixels);
        let kept = Kept::open(remembered, &settings, false);
        let run = Run { settings: &settings, memory: kept.as_ref().map(Kept::memory), progress };
        let label = comparison.label().filter(|_| matches!(tier, Tier::Similar(_)));
        let selection = Selection { label, ..selected.selection() };
        let mut collector = Collector::new(tier);
        let done = scan(&mut Alone::default(), places, &selection, run, &mut collector);
        kept.into_iter().for_each(Kept::close);
        done.map_err(words)?;
        Ok(collector.into_found())
    }

    fn state_path(&self) -> Option<PathBuf> {
        act::state_path(self.arguments.state.as_deref()).ok()
    }

    fn state_folder(&self) -> Result<PathBuf, String> {
        act::state_folder(self.arguments.state.as_deref()).map_err(|stop| said(&stop))
    }
}

fn words(cause: Failure) -> String {
    said(&Stop::from(cause))
}

/// The message of an end, in one line.
fn said(stop: &Stop) -> String {
    match stop {
        Stop::Fatal(message) => message.replace('\n', "; "),
        Stop::ClosedPipe | Stop::Silent => "it was broken off".to_owned(),
    }
}

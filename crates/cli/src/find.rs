//! `pixtwin find`: does this picture exist already, and where?

use std::{
    io::{self, BufRead, IsTerminal, Read, Write},
    path::{Path, PathBuf},
};

use pixtwin_engine::{Counts, Failure, Report, Run, Team, Tier, find, find_in_catalogue, words_of};

use crate::{
    args::{Common, FindArguments, Listing, Searched},
    exit::{Exit, Stop},
    names::from_bytes,
    ranks,
    search::{self, Search},
};

impl Search for FindArguments {
    const NAME: &'static str = "find";

    fn arguments(&self) -> (&Common, &Listing, &Searched) {
        (&self.common, &self.listing, &self.searched)
    }

    fn places(&self) -> &[PathBuf] {
        if self.asks_catalogue() { &[] } else { &self.places }
    }

    fn asks_catalogue(&self) -> bool {
        Self::asks_catalogue(self)
    }

    fn queries(&self) -> Result<Vec<PathBuf>, Stop> {
        self.check()?;
        match self.pictures.as_slice() {
            [] => Ok(vec![ask_for_picture()?]),
            named => expand(named, self.null),
        }
    }

    fn search<T: Team>(
        &self,
        team: &mut T,
        queries: &[PathBuf],
        run: Run<'_>,
        report: &mut dyn Report,
    ) -> Result<Counts, Failure> {
        if self.asks_catalogue() {
            return find_in_catalogue(team, queries, &search::selection(self), run, report);
        }
        find(team, queries, &self.places, &search::selection(self), run, report)
    }

    /// Launchers print an alarm for every other end than 0: there, `no` is one only where it is asked for.
    fn exit(&self, has_found: bool, is_launched: bool) -> Exit {
        if has_found || (is_launched && !self.check) { Exit::Done } else { Exit::No }
    }
}

impl FindArguments {
    /// Refuses what the catalogue cannot answer.
    fn check(&self) -> Result<(), Stop> {
        let refused = |message: &str| Err(Stop::Fatal(message.to_owned()));
        if let Some(reason) = self.searched.comparison.refusal(self.searched.shard.is_some()) {
            return refused(reason);
        }
        let has_word = self.places.iter().any(|place| place == Path::new("catalogue"));
        if has_word && !self.asks_catalogue() {
            return refused("`--in catalogue` takes no folders beside it\nhint: a folder of this name is ./catalogue");
        }
        if !self.asks_catalogue() {
            return Ok(());
        }
        if self.searched.selected.is_any() || self.searched.shard.is_some() {
            return refused("the catalogue is asked whole: which files, and --shard, are for folders given with --in");
        }
        if self.searched.comparison.tier() == Tier::Bytes {
            return refused(
                "the catalogue is asked for pixels or pictures that are near: --tier bytes is for folders given with --in",
            );
        }
        if self.searched.remembered.no_catalogue {
            return refused("where to look?\nhint: name folders with --in, or leave out --no-catalogue");
        }
        Ok(())
    }
}

/// Asks for the picture, as the program of the paper did.
fn ask_for_picture() -> Result<PathBuf, Stop> {
    // A launcher passes what is typed on to the root.
    if !io::stdin().is_terminal() && !ranks::is_launched() {
        let message = "no picture was named\n\
                       hint: name it before --in, which takes all that follows it; `-` reads names from standard input";
        return Err(Stop::Fatal(message.to_owned()));
    }
    let failed = |cause: io::Error| Stop::Fatal(format!("cannot read from the terminal: {}", words_of(&cause)));
    let mut terminal = io::stderr().lock();
    write!(terminal, "Picture to look for: ").and_then(|()| terminal.flush()).map_err(failed)?;
    drop(terminal);
    let mut line = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut line).map_err(failed)?;
    let name = line.strip_suffix(b"\n").unwrap_or(&line);
    if name.is_empty() {
        return Err(Stop::Fatal("no picture was named".to_owned()));
    }
    Ok(from_bytes(name.to_vec()))
}

/// The names that were given, `-` replaced by those on standard input.
pub(crate) fn expand(named: &[PathBuf], null: bool) -> Result<Vec<PathBuf>, Stop> {
    let mut names = Vec::with_capacity(named.len());
    for name in named {
        if name == Path::new("-") {
            names.extend(names_of_input(if null { 0 } else { b'\n' })?);
        } else {
            names.push(name.clone());
        }
    }
    if names.is_empty() {
        return Err(Stop::Fatal("standard input named no picture".to_owned()));
    }
    Ok(names)
}

fn names_of_input(end: u8) -> Result<Vec<PathBuf>, Stop> {
    let mut input = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut input);
    read.map_err(|cause| Stop::Fatal(format!("cannot read standard input: {}", words_of(&cause))))?;
    let names = input.split(|byte| *byte == end).filter(|name| !name.is_empty());
    Ok(names.map(|name| from_bytes(name.to_vec())).collect())
}

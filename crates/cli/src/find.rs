//! `pixtwin find`: does this picture exist already, and where?

use std::{
    io::{self, BufRead, IsTerminal, Read, Write},
    path::{Path, PathBuf},
};

use pixtwin_engine::{Found as FoundTwins, Tier, find, words_of};

use crate::{
    args::{FindArguments, Format},
    exit::{Exit, Stop, unless_closed},
    names::from_bytes,
    output, progress_bar,
    report::{self, Found, Totals, json, text, unread},
};

pub(crate) fn run(arguments: &FindArguments) -> Result<Exit, Stop> {
    let queries = match arguments.pictures.as_slice() {
        [] => vec![ask_for_picture()?],
        named => expand(named, arguments.null)?,
    };
    let comparison = &arguments.comparison;
    let settings = arguments.common.settings(comparison.tier, &comparison.pixels);
    let selection = arguments.selected.selection();
    let unread_file = unread::UnreadFile::create(arguments.listing.unread.as_deref())?;
    let found = progress_bar::beside(&arguments.common, |progress| {
        find(&queries, &arguments.places, &selection, &settings, progress)
    })?;
    let format = arguments.listing.format;
    unread_file.save(&found.unread, format)?;
    let totals = Totals {
        files: found.counts.files,
        pictures: found.counts.pictures,
        unread: found.unread.len() as u64,
        found: Found::Matches(found.matches.iter().map(|twins| twins.len() as u64).sum()),
    };
    unless_closed(print(&queries, &found, &totals, settings.tier, arguments))?;
    text::close(&arguments.common, &found.unread, &found.counts, &totals);
    let is_found = found.matches.iter().any(|twins| !twins.is_empty());
    Ok(match (found.unread.is_empty(), is_found) {
        (false, _) => Exit::Unread,
        (true, true) => Exit::Done,
        (true, false) => Exit::No,
    })
}

fn print(
    queries: &[PathBuf],
    found: &FoundTwins,
    totals: &Totals,
    tier: Tier,
    arguments: &FindArguments,
) -> Result<(), Stop> {
    let pairs = queries.iter().map(PathBuf::as_path).zip(&found.matches);
    let mut out = output::results();
    match arguments.listing.format {
        Format::Text => text::matches(&mut out, pairs, output::Palette::of(&arguments.common))?,
        Format::Json => {
            json::matches(&mut out, pairs, tier)?;
            json::unread(&mut out, &found.unread)?;
            json::summary(&mut out, totals)?;
        }
        Format::Csv => report::csv::matches(&mut out, pairs, tier)?,
        Format::Null => report::null::matches(&mut out, &found.matches)?,
    }
    out.flush()?;
    Ok(())
}

/// Asks for the picture, as the program of the paper did.
fn ask_for_picture() -> Result<PathBuf, Stop> {
    if !io::stdin().is_terminal() {
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

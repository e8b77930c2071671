//! `pixtwin scan`: which pictures exist more than once?

use std::io::Write;

use pixtwin_engine::{Group, Scanned, Tier, scan};

use crate::{
    args::{Common, Format, ScanArguments},
    exit::{Exit, Stop, unless_closed},
    output, progress_bar,
    report::{self, Found, Totals, json, text, unread},
};

pub(crate) fn run(arguments: &ScanArguments) -> Result<Exit, Stop> {
    let format = arguments.listing.format;
    let settings = arguments.common.settings(arguments.comparison.tier, &arguments.comparison.pixels);
    let selection = arguments.selected.selection();
    let unread_file = unread::UnreadFile::create(arguments.listing.unread.as_deref())?;
    let scanned =
        progress_bar::beside(&arguments.common, |progress| scan(&arguments.places, &selection, &settings, progress))?;
    unread_file.save(&scanned.unread, format)?;
    let totals = totals(&scanned);
    unless_closed(print(&scanned, &totals, format, settings.tier, &arguments.common))?;
    text::close(&arguments.common, &scanned.unread, &scanned.counts, &totals);
    let found = if arguments.check && !scanned.groups.is_empty() { Exit::No } else { Exit::Done };
    Ok(if scanned.unread.is_empty() { found } else { Exit::Unread })
}

fn print(scanned: &Scanned, totals: &Totals, format: Format, tier: Tier, common: &Common) -> Result<(), Stop> {
    let mut out = output::results();
    match format {
        Format::Text => text::groups(&mut out, &scanned.groups, output::Palette::of(common))?,
        Format::Json => {
            json::groups(&mut out, &scanned.groups, tier)?;
            json::unread(&mut out, &scanned.unread)?;
            json::summary(&mut out, totals)?;
        }
        Format::Csv => report::csv::groups(&mut out, &scanned.groups, tier)?,
        Format::Null => report::null::groups(&mut out, &scanned.groups)?,
    }
    out.flush()?;
    Ok(())
}

fn totals(scanned: &Scanned) -> Totals {
    Totals {
        files: scanned.counts.files,
        pictures: scanned.counts.pictures,
        unread: scanned.unread.len() as u64,
        found: Found::Groups {
            groups: scanned.groups.len() as u64,
            twins: scanned.groups.iter().map(|group| group.files.len() as u64).sum(),
            freed_bytes: scanned.groups.iter().map(Group::freed_bytes).sum(),
        },
    }
}

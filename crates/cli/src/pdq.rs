//! `pixtwin pdq`: PDQ hash and quality of pictures.

use std::io::{self, Write};

use pixtwin_engine::{Coded, Flat, Tier, pdq_all};

use crate::{
    args::{Format, PdqArguments, Pixels},
    exit::{Exit, Stop},
    find::expand,
    names::{self, shown},
    output, progress_bar,
    report::{Compared, Found, Totals, csv, json, refuse_html, unread},
};

pub(crate) fn run(arguments: &PdqArguments) -> Result<Exit, Stop> {
    refuse_html(arguments.listing.format)?;
    let paths = expand(&arguments.files, arguments.null)?;
    let format = arguments.listing.format;
    let mut unread_file = unread::UnreadFile::create(arguments.listing.unread.as_deref())?;
    let pixels = Pixels { orient: arguments.orient, ..Pixels::default() };
    let settings = arguments.common.settings(Tier::Pixels, &pixels);
    let found = progress_bar::beside(&arguments.common, |progress, _| {
        pdq_all(&paths, arguments.ground.into(), &settings, progress)
    });
    let (mut coded, mut unread) = (Vec::with_capacity(found.len()), Vec::new());
    for file in found {
        file.map_or_else(|file| unread.push(file), |file| coded.push(file));
    }
    let mut out = output::results();
    match format {
        Format::Csv => csv::codes(&mut out, &coded)?,
        Format::Text => coded.iter().try_for_each(|file| line(&mut out, file, shown(&file.path).as_bytes(), b"\n"))?,
        Format::Null => coded.iter().try_for_each(|file| line(&mut out, file, names::bytes_of(&file.path), b"\0"))?,
        Format::Html => {}
        Format::Json => {
            coded.iter().try_for_each(|file| json::code(&mut out, file))?;
            json::unread(&mut out, &unread)?;
            let totals = Totals {
                files: paths.len() as u64,
                pictures: coded.len() as u64,
                unread: unread.len() as u64,
                found: Found::Digests,
                crossing: None,
                cut: None,
                dismissed: 0,
                flat: Flat::default(),
                compared: Compared { is_oriented: arguments.orient, ignores_hidden: false },
            };
            json::summary(&mut out, &totals)?;
        }
    }
    out.flush()?;
    unread_file.save(&unread, format)?;
    // Asked for by name, a file that has no hash is an error, also for those who want it quiet.
    unread.iter().for_each(|file| output::error(&format!("cannot read `{}`: {}", shown(&file.path), file.reason)));
    Ok(if unread.is_empty() { Exit::Done } else { Exit::Unread })
}

/// A line as pdq-photo-hasher writes it; ended by NUL, the name is as it is.
fn line(out: &mut dyn Write, file: &Coded, name: &[u8], end: &[u8]) -> io::Result<()> {
    write!(out, "{},{},", file.pdq.code, file.pdq.quality)?;
    out.write_all(name)?;
    out.write_all(end)
}

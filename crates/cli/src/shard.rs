//! Searches in parts without MPI: `--shard` and `pixtwin merge`.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, IsTerminal},
};

use pixtwin_engine::{Records, Shard, ShardReader, ShardWriter, merge, record, words_of};

use crate::{
    args::{MergeArguments, Pixels, TierName},
    exit::{Exit, Stop},
    interrupt,
    names::shown,
    output, progress_bar,
    report::printer::Printer,
    search::Search,
    size::counted,
};

/// Looks at one part and writes its record to standard output.
pub(crate) fn run_part(search: &impl Search, part: Shard) -> Result<Exit, Stop> {
    if io::stdout().is_terminal() {
        let message = "a record is no text: standard output must be a file or a pipe\nhint: add > FILE";
        return Err(Stop::Fatal(message.to_owned()));
    }
    interrupt::watch();
    let (common, listing, searched) = search.arguments();
    if listing.unread.is_some() {
        return Err(Stop::Fatal(
            "files that cannot be compared are listed by `pixtwin merge`, not by a shard".to_owned(),
        ));
    }
    let queries = search.queries()?;
    let terms = searched.terms(common);
    let settings = searched.settings(common, 1, None);
    let mut writer = ShardWriter::new(BufWriter::with_capacity(64 << 10, io::stdout()));
    let files = (search.places(), &searched.selected.selection());
    let counts = progress_bar::beside(common, |progress, _| {
        record(part, terms, &queries, files, &settings, progress, &mut writer)
    })?;
    writer.finish()?;
    if !common.quiet {
        let (files, pictures) = (counted(counts.files, "file"), counted(counts.pictures, "picture"));
        output::note(&format!("shard {} of {}: {files}, {pictures} recorded", part.number, part.count));
    }
    Ok(Exit::Done)
}

/// `pixtwin merge`.
pub(crate) fn run_merge(arguments: &MergeArguments) -> Result<Exit, Stop> {
    let mut parts = Vec::with_capacity(arguments.records.len());
    for path in &arguments.records {
        let file = File::open(path)
            .map_err(|cause| Stop::Fatal(format!("cannot read `{}`: {}", shown(path), words_of(&cause))))?;
        parts.push((path.clone(), ShardReader::new(BufReader::with_capacity(256 << 10, file))));
    }
    let common = &arguments.common;
    let settings = common.settings(TierName::default(), &Pixels::default());
    let records = Records::read(parts)?;
    let queries = records.queries().to_vec();
    progress_bar::beside(common, |progress, bar| {
        let mut printer = Printer::new(common, &arguments.listing, records.tier(), &queries, bar)?;
        let counts = merge(records, &settings, progress, &mut printer)?;
        let (has_found, is_all_read) = (printer.has_found(), printer.is_all_read());
        printer.close(&counts, None)?;
        // A find says no where it found nothing, a scan where it found something, if that was asked.
        let is_no = if queries.is_empty() { arguments.check && has_found } else { !has_found };
        Ok(if !is_all_read {
            Exit::Unread
        } else if is_no {
            Exit::No
        } else {
            Exit::Done
        })
    })
}

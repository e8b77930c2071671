//! Searches in parts without MPI: `--shard` and `pixtwin merge`.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, IsTerminal},
};

use pixtwin_engine::{Records, Run, Shard, ShardReader, ShardWriter, Tier, merge, record, words_of};

use crate::{
    args::{MergeArguments, Pixels},
    catalogue::Kept,
    exit::{Exit, Stop},
    interrupt,
    names::shown,
    output, progress_bar,
    report::{
        Compared, Cut,
        printer::{About, Printer},
    },
    search::{self, Search},
    size::counted,
};

/// Looks at one part and writes its record to standard output.
pub(crate) fn run_part<S: Search>(search: &S, part: Shard) -> Result<Exit, Stop> {
    if io::stdout().is_terminal() {
        let message = "a record is no text: standard output must be a file or a pipe\nhint: add > FILE";
        return Err(Stop::Fatal(message.to_owned()));
    }
    interrupt::watch();
    let (common, _, searched) = search.arguments();
    let queries = search.queries()?;
    let terms = search::terms(search);
    let settings = searched.settings(common);
    let mut writer = ShardWriter::new(BufWriter::with_capacity(64 << 10, io::stdout()));
    let files = (search.places(), &search::selection(search));
    let counts = progress_bar::beside(common, |progress, _| {
        let kept = Kept::open(&searched.remembered, &settings, false);
        let run = Run { settings: &settings, memory: kept.as_ref().map(Kept::memory), progress };
        let counts = record(part, terms, &queries, files, run, &mut writer);
        kept.into_iter().for_each(Kept::close);
        counts
    })?;
    // Here a closed pipe is an error as well: nobody has the whole record.
    let failed = |cause: io::Error| Stop::Fatal(format!("cannot write the record: {}", words_of(&cause)));
    writer.finish().map_err(failed)?;
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
    let settings = common.settings(Tier::default(), &Pixels::default());
    let records = Records::read(parts)?;
    let has_term = |name, value| records.term(name) == Some(value);
    let compared =
        Compared { is_oriented: has_term("orient", "true"), ignores_hidden: has_term("alpha", "ignore-hidden") };
    let (queries, sets, discord) = (records.queries().to_vec(), records.sets().cloned(), records.discord());
    if arguments.check && !queries.is_empty() {
        return Err(Stop::Fatal("--check is for records of scan: without it, a find says no with 1".to_owned()));
    }
    progress_bar::beside(common, |progress, bar| {
        let thumbnails = arguments.page.thumbnails;
        let about = About { queries: &queries, names_all: true, sets: sets.as_ref(), compared, thumbnails };
        let mut printer = Printer::new(common, &arguments.listing, records.tier(), about, bar)?;
        let counts = merge(records, &settings, progress, &mut printer)?;
        let (has_found, is_all_read) = (printer.has_found(), printer.is_all_read());
        let cut = discord.map(|fault| Cut {
            missing: Vec::new(),
            is_interrupted: false,
            fault: Some(fault),
            is_of_one_rank: false,
        });
        printer.close(&counts, cut.as_ref())?;
        // A find says no where it found nothing, a scan where it found something, if that was asked.
        let is_no = if queries.is_empty() { arguments.check && has_found } else { !has_found };
        Ok(if let Some(cut) = cut {
            output::error(&cut.to_string());
            Exit::Incomplete
        } else if !is_all_read {
            Exit::Unread
        } else if is_no {
            Exit::No
        } else {
            Exit::Done
        })
    })
}

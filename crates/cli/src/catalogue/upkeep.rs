//! `pixtwin catalogue status`, `list`, `verify`, `forget` and `compact`.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use pixtwin_catalogue::{Catalogue, Forget, Kept, RulesStatus, VolumeStatus};
use pixtwin_engine::PixelDigest;
use serde::Serialize;

use crate::{
    args::KnownFormat,
    catalogue::failed,
    exit::{Exit, Stop},
    names::{PathJson, shown, shown_text},
    output,
    size::{self, counted},
};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Volume {
        volume: &'a str,
        host: &'a str,
        place: PathJson,
        mounted: bool,
        seen: i64,
        files: u64,
        entries: u64,
        pictures: u64,
        digests: u64,
    },
    Rules {
        rules: &'a str,
        files: u64,
        pictures: u64,
        digests: u64,
        codes: u64,
        records: u64,
    },
    Catalogue {
        path: PathJson,
        version: i64,
        size: u64,
        files: u64,
        entries: u64,
        pictures: u64,
        digests: u64,
        verdicts: u64,
    },
    Entry {
        path: PathJson,
        volume: &'a str,
        host: &'a str,
        mounted: bool,
        size: u64,
        modified_ns: i64,
        rules: &'a str,
        decoder: &'a str,
        format: Option<&'a str>,
        width: Option<u32>,
        height: Option<u32>,
        digest: Option<String>,
        payload: Option<String>,
        blake3: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        unread: Option<&'a str>,
    },
}

fn print(out: &mut dyn Write, line: &Line<'_>) -> Result<(), Stop> {
    serde_json::to_writer(&mut *out, line).map_err(io::Error::from)?;
    Ok(writeln!(out)?)
}

pub(super) fn status(path: &Path, catalogue: &Catalogue, format: KnownFormat) -> Result<Exit, Stop> {
    let status = catalogue.status().map_err(|cause| failed(path, &cause))?;
    let mut out = output::results();
    let sum = |figure: fn(&VolumeStatus) -> u64| status.volumes.iter().map(figure).sum::<u64>();
    let (files, entries) = (sum(|volume| volume.files), sum(|volume| volume.entries));
    let (pictures, digests) = (sum(|volume| volume.pictures), sum(|volume| volume.digests));
    for volume in &status.volumes {
        match format {
            KnownFormat::Json => print(
                &mut out,
                &Line::Volume {
                    volume: &volume.identity,
                    host: &volume.host,
                    place: volume.place.as_path().into(),
                    mounted: volume.is_mounted,
                    seen: volume.seen_s,
                    files: volume.files,
                    entries: volume.entries,
                    pictures: volume.pictures,
                    digests: volume.digests,
                },
            )?,
            KnownFormat::Text => {
                let (name, place) = (shown_text(&volume.identity), shown(&volume.place));
                let mounted = if volume.is_mounted { "at" } else { "not mounted, last at" };
                let known = known(volume.files, volume.pictures, volume.digests);
                writeln!(out, "{name}\n  {mounted} {place} on {}: {known}", shown_text(&volume.host))?;
            }
        }
    }
    status.rules.iter().try_for_each(|rules| rules_line(&mut out, rules, format))?;
    let (size, version, verdicts) = (status.file_bytes, status.version, status.verdicts);
    match format {
        KnownFormat::Json => {
            print(
                &mut out,
                &Line::Catalogue { path: path.into(), version, size, files, entries, pictures, digests, verdicts },
            )?;
        }
        KnownFormat::Text => {
            if verdicts > 0 {
                writeln!(out, "{} of pictures that people said to differ", counted(verdicts, "pair"))?;
            }
            let known = known(files, pictures, digests);
            writeln!(out, "{}: version {version}, {}: {known}", shown(path), size::shown(size))?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// What is known by one set of rules.
fn rules_line(out: &mut dyn Write, status: &RulesStatus, format: KnownFormat) -> Result<(), Stop> {
    let RulesStatus { name, files, pictures, digests, codes, records } = status;
    let (files, pictures, digests, codes, records) = (*files, *pictures, *digests, *codes, *records);
    if format == KnownFormat::Json {
        return print(out, &Line::Rules { rules: name, files, pictures, digests, codes, records });
    }
    let mut known = known(files, pictures, digests);
    for (number, what) in [(codes, "codes"), (records, "what its tier keeps")] {
        if number > 0 {
            known.push_str(&format!(", {} with {what}", size::count(number)));
        }
    }
    Ok(writeln!(out, "by the rules {}: {known}", shown_text(name))?)
}

fn known(files: u64, pictures: u64, digests: u64) -> String {
    format!("{}, {}, {}", counted(files, "file"), counted(pictures, "picture"), counted(digests, "digest"))
}

pub(super) fn list(path: &Path, catalogue: &Catalogue, below: &[PathBuf], format: KnownFormat) -> Result<Exit, Stop> {
    let below = absolute(below)?;
    let mut out = output::results();
    let mut printed = Ok(());
    let listed = catalogue.list(&mut |kept| {
        let is_meant = below.is_empty() || below.iter().any(|path| kept.path.starts_with(path));
        if is_meant && printed.is_ok() {
            printed = list_one(&mut out, &kept, format);
        }
    });
    printed?;
    listed.map_err(|cause| failed(path, &cause))?;
    out.flush()?;
    Ok(Exit::Done)
}

/// A hash in hexadecimal digits.
fn hex(hash: Option<[u8; 32]>) -> Option<String> {
    hash.map(|hash| PixelDigest(hash).to_string())
}

fn list_one(out: &mut dyn Write, kept: &Kept, format: KnownFormat) -> Result<(), Stop> {
    let Kept { path, volume, host, is_mounted, rules, decoder, entry } = kept;
    let facts = &entry.facts;
    let (format_name, header) = (facts.format.as_deref(), facts.header);
    let unread = facts.failures.first().map(|(_, reason)| reason.as_str());
    if format == KnownFormat::Json {
        let line = Line::Entry {
            path: path.as_path().into(),
            volume,
            host,
            mounted: *is_mounted,
            size: entry.stamp.size,
            modified_ns: entry.stamp.modified_ns,
            rules,
            decoder,
            format: format_name,
            width: header.map(|header| header.width),
            height: header.map(|header| header.height),
            digest: hex(facts.digest),
            payload: hex(facts.payload),
            blake3: hex(facts.content),
            unread,
        };
        return print(out, &line);
    }
    let what = match (format_name, header) {
        (Some(name), Some(header)) => format!("{name}, {} x {}", header.width, header.height),
        (Some(name), None) => name.to_owned(),
        _ => "no picture".to_owned(),
    };
    let digest = hex(facts.digest).map(|digest| format!("; {digest}")).unwrap_or_default();
    let unread = unread.map(|reason| format!("; {reason}")).unwrap_or_default();
    Ok(writeln!(out, "{}  {}", shown(path), shown_text(&format!("{what}{digest}{unread}")))?)
}

pub(super) fn verify(path: &Path, catalogue: &Catalogue) -> Result<Exit, Stop> {
    let verified = catalogue.verify().map_err(|cause| failed(path, &cause))?;
    let mut out = output::results();
    for fault in &verified.faults {
        writeln!(out, "{}", shown_text(fault))?;
    }
    let noun = if verified.entries == 1 { "entry" } else { "entries" };
    let entries = format!("{} {noun}", size::count(verified.entries));
    let verdict = if verified.faults.is_empty() { "whole" } else { "damaged" };
    writeln!(out, "{}: {verdict}, {entries}", shown(path))?;
    out.flush()?;
    if verified.faults.is_empty() {
        return Ok(Exit::Done);
    }
    output::note(
        "hint: `pixtwin catalogue compact` drops damaged entries; if it cannot, move the file away: scans make a new one",
    );
    Ok(Exit::No)
}

pub(super) fn forget(
    path: &Path,
    catalogue: &Catalogue,
    below: &[PathBuf],
    volume: Option<&str>,
    gone: bool,
) -> Result<Exit, Stop> {
    let below = absolute(below)?;
    let paths = below.iter().map(|path| Forget::Below(path));
    let rest = volume.map(Forget::Volume).into_iter().chain(gone.then_some(Forget::Gone));
    let mut forgotten = 0;
    for what in paths.chain(rest) {
        forgotten += catalogue.forget(what).map_err(|cause| failed(path, &cause))?;
    }
    output::note(&format!("{} forgotten", counted(forgotten, "file")));
    Ok(Exit::Done)
}

pub(super) fn compact(path: &Path, catalogue: &Catalogue) -> Result<Exit, Stop> {
    let before = catalogue.file_bytes();
    let forgotten = catalogue.compact().map_err(|cause| failed(path, &cause))?;
    let (before, after) = (size::shown(before), size::shown(catalogue.file_bytes()));
    output::note(&format!("{} forgotten; {before} before, {after} now", counted(forgotten, "file")));
    Ok(Exit::Done)
}

/// Paths as the catalogue has them: from the root, without links. One that is not there stays as it was written.
fn absolute(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Stop> {
    let absolute = |path: &PathBuf| path.canonicalize().or_else(|_| std::path::absolute(path));
    let failed = |cause: io::Error| Stop::Fatal(format!("cannot find the current folder: {cause}"));
    paths.iter().map(|path| absolute(path).map_err(failed)).collect()
}

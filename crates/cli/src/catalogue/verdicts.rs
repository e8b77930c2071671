//! `pixtwin catalogue verdicts`: which pairs of pictures people said are not the same.

use std::{
    io::{self, Write},
    path::Path,
};

use pixtwin_engine::{CatalogueError, PixelDigest, Verdict, Verdicts};
use serde::Serialize;

use crate::{
    age::days_ago,
    args::{KnownFormat, VerdictArguments},
    catalogue::failed,
    exit::{Exit, Stop},
    output,
    size::counted,
};

#[derive(Serialize)]
#[serde(tag = "type", rename = "verdict")]
struct Line {
    a: String,
    b: String,
    said: i64,
}

/// Says, takes back, or lists.
pub(super) fn run(path: &Path, arguments: &VerdictArguments) -> Result<Exit, Stop> {
    let cannot = |cause: CatalogueError| failed(path, &cause);
    let verdicts = Verdicts::open(path).map_err(cannot)?;
    if let Some(pair) = pair_of(&arguments.differ) {
        if pair.0 == pair.1 {
            return Err(Stop::Fatal("equal digests are the same picture: nothing can be said of it".to_owned()));
        }
        verdicts.say_differ(&[pair]).map_err(cannot)?;
        return Ok(Exit::Done);
    }
    if let Some(pair) = pair_of(&arguments.forget) {
        let forgotten = verdicts.take_back(&[pair]).map_err(cannot)?;
        output::note(&format!("{} forgotten", counted(forgotten, "verdict")));
        return Ok(Exit::Done);
    }
    list(path, &verdicts, arguments.format)
}

fn pair_of(digests: &[PixelDigest]) -> Option<(PixelDigest, PixelDigest)> {
    if let [a, b] = digests { Some((*a, *b)) } else { None }
}

fn list(path: &Path, verdicts: &Verdicts, format: KnownFormat) -> Result<Exit, Stop> {
    let mut out = output::results();
    let mut printed = Ok(());
    let damaged = verdicts.each(&mut |verdict| {
        if printed.is_ok() {
            printed = list_one(&mut out, &verdict, format);
        }
    });
    printed?;
    let damaged = damaged.map_err(|cause| failed(path, &cause))?;
    out.flush()?;
    if damaged > 0 {
        output::note(&format!("{} left out: damaged", counted(damaged, "verdict")));
    }
    Ok(Exit::Done)
}

fn list_one(out: &mut dyn Write, verdict: &Verdict, format: KnownFormat) -> Result<(), Stop> {
    let Verdict { a, b, said_s } = verdict;
    if format == KnownFormat::Json {
        let line = Line { a: a.to_string(), b: b.to_string(), said: *said_s };
        serde_json::to_writer(&mut *out, &line).map_err(io::Error::from)?;
        return Ok(writeln!(out)?);
    }
    Ok(writeln!(out, "{a}  {b}  {}", days_ago(*said_s))?)
}

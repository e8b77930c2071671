//! `pixtwin hash`: the pixel digest of pictures, and the check of a list of them.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use pixtwin_engine::{Examined, Flat, Tier, Unread, digest_all, words_of};

use crate::{
    args::{Format, HashArguments},
    exit::{Exit, Stop},
    find::expand,
    names::{self, shown},
    output, progress_bar,
    report::{Compared, Found, Totals, csv, json, refuse_html, unread},
};

pub(crate) fn run(arguments: &HashArguments) -> Result<Exit, Stop> {
    match &arguments.check {
        Some(list) => check(arguments, list),
        None => print(arguments),
    }
}

fn print(arguments: &HashArguments) -> Result<Exit, Stop> {
    refuse_html(arguments.listing.format)?;
    let paths = expand(&arguments.files, arguments.null)?;
    let mut unread_file = unread::UnreadFile::create(arguments.listing.unread.as_deref())?;
    let digests = digest(arguments, &paths);
    let mut out = output::results();
    let format = arguments.listing.format;
    let mut unread = Vec::new();
    let mut examined = Vec::with_capacity(digests.len());
    for digest in digests {
        digest.map_or_else(|file| unread.push(file), |file| examined.push(file));
    }
    match format {
        Format::Csv => csv::digests(&mut out, &examined)?,
        Format::Text => examined.iter().try_for_each(|file| line(&mut out, file, b"\n"))?,
        Format::Null => examined.iter().try_for_each(|file| line(&mut out, file, b"\0"))?,
        Format::Html => {}
        Format::Json => {
            examined.iter().try_for_each(|file| json::digest(&mut out, file))?;
            json::unread(&mut out, &unread)?;
            let files = paths.len() as u64;
            let (pictures, unread) = (examined.len() as u64, unread.len() as u64);
            json::summary(
                &mut out,
                &Totals {
                    files,
                    pictures,
                    unread,
                    found: Found::Digests,
                    crossing: None,
                    cut: None,
                    dismissed: 0,
                    flat: Flat::default(),
                    compared: Compared::default(),
                },
            )?;
        }
    }
    out.flush()?;
    unread_file.save(&unread, format)?;
    // Asked for by name, a file that has no digest is an error, also for those who want it quiet.
    unread.iter().for_each(|file| output::error(&format!("cannot read `{}`: {}", shown(&file.path), file.reason)));
    Ok(if unread.is_empty() { Exit::Done } else { Exit::Unread })
}

fn digest(arguments: &HashArguments, paths: &[PathBuf]) -> Vec<Result<Examined, Unread>> {
    let settings = arguments.common.settings(Tier::Pixels, &arguments.pixels);
    progress_bar::beside(&arguments.common, |progress, _| digest_all(paths, &settings, progress))
}

/// A line as sha256sum writes it, or, ended by NUL, as `sha256sum --zero` does: the name as it is.
fn line(out: &mut dyn Write, file: &Examined, end: &[u8]) -> io::Result<()> {
    let (mark, name) = match end {
        b"\0" => ("", names::bytes_of(&file.path).to_vec()),
        _ => names::listed(&file.path),
    };
    write!(out, "{mark}{}  ", file.digest)?;
    out.write_all(&name)?;
    out.write_all(end)
}

/// A line of a list: the digest a picture should have.
struct Promise {
    digest: String,
    path: PathBuf,
}

fn check(arguments: &HashArguments, list: &Path) -> Result<Exit, Stop> {
    let promises = read_list(list)?;
    let paths: Vec<PathBuf> = promises.iter().map(|promise| promise.path.clone()).collect();
    let mut out = output::results();
    let mut exit = Exit::Done;
    for (promise, digest) in promises.iter().zip(digest(arguments, &paths)) {
        let verdict = match digest {
            Ok(file) if file.digest.to_string() == promise.digest => "OK".to_owned(),
            Ok(_) => {
                exit = exit.max(Exit::No);
                "FAILED".to_owned()
            }
            Err(file) => {
                exit = Exit::Unread;
                format!("FAILED to read: {}", file.reason)
            }
        };
        if verdict != "OK" || !arguments.common.quiet {
            writeln!(out, "{}: {verdict}", shown(&promise.path))?;
        }
    }
    out.flush()?;
    Ok(exit)
}

fn read_list(list: &Path) -> Result<Vec<Promise>, Stop> {
    let failed = |cause: io::Error| Stop::Fatal(format!("cannot read `{}`: {}", shown(list), words_of(&cause)));
    let mut text = Vec::new();
    if list == Path::new("-") {
        io::stdin().lock().read_to_end(&mut text).map_err(failed)?;
    } else {
        text = std::fs::read(list).map_err(failed)?;
    }
    // A list written with `--format null` has NUL bytes, which no name can have.
    let (end, may_escape) = if text.contains(&0) { (0, false) } else { (b'\n', true) };
    let lines = text.split(|byte| *byte == end).enumerate().filter(|(_, line)| !line.is_empty());
    let promises: Result<Vec<Promise>, Stop> = lines
        .map(|(at, line)| {
            let message = || format!("cannot understand line {} of `{}`: no digest and name", at + 1, shown(list));
            promise(line, may_escape).ok_or_else(|| Stop::Fatal(message()))
        })
        .collect();
    match promises {
        Ok(promises) if promises.is_empty() => Err(Stop::Fatal(format!("`{}` lists no digests", shown(list)))),
        promises => promises,
    }
}

fn promise(line: &[u8], may_escape: bool) -> Option<Promise> {
    let (line, is_escaped) = match line.strip_prefix(b"\\") {
        Some(rest) if may_escape => (rest, true),
        _ => (line, false),
    };
    let (digest, rest) = line.split_at_checked(64)?;
    let name = rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?;
    if name.is_empty() || !digest.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let digest = String::from_utf8(digest.to_ascii_lowercase()).ok()?;
    let path = if is_escaped { names::unlisted(name)? } else { names::from_bytes(name.to_vec()) };
    Some(Promise { digest, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_list_are_understood() {
        let digest = "0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789";
        let read = |line: String| promise(line.as_bytes(), true).map(|promise| promise.path);
        assert_eq!(read(format!("{digest}  a b.png")), Some(PathBuf::from("a b.png")));
        assert_eq!(read(format!("{digest} *-a.png")), Some(PathBuf::from("-a.png")));
        assert_eq!(read(format!("\\{digest}  a\\nb")), Some(PathBuf::from("a\nb")));
        for bad in [format!("{digest} a"), format!("{digest}  "), "short  a".to_owned(), format!("{}  a", &digest[1..])]
        {
            assert!(read(bad).is_none());
        }
    }
}

//! `pixtwin catalogue export` and `import`.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use pixtwin_catalogue::{Catalogue, ENDINGS, Entry as Known, Facts, Header, IMPORTED, Kept, Stamp};
use pixtwin_engine::words_of;
use pixtwin_export::{Entry, Form, Reader, Writer};

use crate::{
    args::FormName,
    catalogue::{failed, joined::Joined},
    exit::{Exit, Stop},
    names::{bytes_of, shown, shown_text},
    output,
    size::counted,
};

/// What stands between the rules and the decoder in an export.
const BETWEEN: &str = "; ";

pub(super) fn export(
    path: &Path,
    catalogue: &Catalogue,
    rules: &[String],
    file: &Path,
    form: Option<FormName>,
) -> Result<Exit, Stop> {
    let form = match form {
        Some(FormName::Jsonl) => Form::JsonLines,
        Some(FormName::Csv) => Form::Csv,
        Some(FormName::Parquet) => Form::Parquet,
        None => Form::of_name(file).ok_or_else(|| {
            Stop::Fatal(format!(
                "which form should `{}` have?\nhint: name it .jsonl, .csv or .parquet, or add --form",
                shown(file)
            ))
        })?,
    };
    if file == Path::new("-") {
        let counts = write_all(path, catalogue, rules, form, io::stdout(), file)?;
        return Ok(tell(counts));
    }
    // What a link leads to is written, not the link.
    let file = &behind_links(file);
    let cannot = |cause: &io::Error| Stop::Fatal(format!("cannot write `{}`: {}", shown(file), words_of(cause)));
    match fs::metadata(file) {
        // A pipe or a device takes what is written.
        Ok(found) if !found.is_file() => {
            let out = File::options().write(true).open(file).map_err(|cause| cannot(&cause))?;
            return write_all(path, catalogue, rules, form, out, file).map(tell);
        }
        Ok(found) if found.len() > 0 && !is_export(file) || is_of_catalogue(file, path) => {
            let message = "it exists, and is no export of pixtwin\nhint: choose another name";
            return Err(Stop::Fatal(format!("cannot write `{}`: {message}", shown(file))));
        }
        _ => {}
    }
    // Beside it, and then in its place: a list that is cut short never has its name.
    let beside = beside(file);
    let out = File::create_new(&beside).map_err(|cause| cannot(&cause))?;
    let written = write_all(path, catalogue, rules, form, &out, file);
    let placed = written.and_then(|counts| {
        // Who may read what is replaced may read what replaces it.
        let kept = fs::metadata(file).map_or(Ok(()), |found| out.set_permissions(found.permissions()));
        kept.and_then(|()| out.sync_all()).and_then(|()| fs::rename(&beside, file)).map_err(|cause| cannot(&cause))?;
        Ok(counts)
    });
    if placed.is_err() {
        // What is left of it says nothing to anyone.
        let _ = fs::remove_file(&beside);
    }
    placed.map(tell)
}

/// Where a path leads to; also a link to what is not there yet.
fn behind_links(file: &Path) -> PathBuf {
    let mut file = file.to_owned();
    // The system follows no longer chain of links.
    for _ in 0..40 {
        match (fs::canonicalize(&file), fs::read_link(&file)) {
            (Ok(found), _) => return found,
            (Err(_), Ok(target)) => file = file.with_file_name("").join(target),
            (Err(_), Err(_)) => break,
        }
    }
    file
}

/// Whether a file is the catalogue, or lies beside it for SQLite.
fn is_of_catalogue(file: &Path, catalogue: &Path) -> bool {
    let catalogue = fs::canonicalize(catalogue).unwrap_or_else(|_| catalogue.to_owned());
    let (file, catalogue) = (bytes_of(file), bytes_of(&catalogue));
    file.strip_prefix(catalogue).is_some_and(|rest| ENDINGS.iter().any(|ending| ending.as_bytes() == rest))
}

/// Whether a file is what an earlier export has written.
fn is_export(file: &Path) -> bool {
    File::open(file).is_ok_and(|opened| Reader::open(opened).is_ok())
}

/// A name for the file while it is written.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    file.with_file_name(name)
}

/// Pictures, and those that have a digest.
fn tell((pictures, digests): (u64, u64)) -> Exit {
    output::note(&format!("{} exported, {} with a digest", counted(pictures, "picture"), digests));
    if digests < pictures {
        output::note(
            "hint: only digests can be compared elsewhere; `pixtwin scan --digests` finds those that are missing",
        );
    }
    Exit::Done
}

fn write_all(
    path: &Path,
    catalogue: &Catalogue,
    rules: &[String],
    form: Form,
    out: impl Write + Send,
    file: &Path,
) -> Result<(u64, u64), Stop> {
    let cannot = |cause: pixtwin_export::Error| Stop::Fatal(format!("cannot write `{}`: {cause}", shown(file)));
    let mut writer = Writer::new(form, BufWriter::with_capacity(256 << 10, out)).map_err(cannot)?;
    let (mut counts, mut written) = ((0, 0), Ok(()));
    let mut write = |entry: Option<Entry>| {
        if let (Ok(()), Some(entry)) = (&written, entry) {
            counts.0 += 1;
            counts.1 += u64::from(entry.digest.is_some());
            written = writer.write(&entry);
        }
    };
    let mut joined = Joined::new(rules);
    let listed = catalogue.list(&mut |kept| {
        if !kept.volume.starts_with(IMPORTED) {
            write(joined.take(&kept));
        }
    });
    write(joined.finish());
    listed.map_err(|cause| failed(path, &cause))?;
    written.map_err(cannot)?;
    let mut out = writer.finish().map_err(cannot)?;
    out.flush().map_err(|cause| Stop::Fatal(format!("cannot write `{}`: {}", shown(file), words_of(&cause))))?;
    Ok(counts)
}

/// The rules in a row: with what decoded the picture.
pub(super) fn rules_of(rules: &str, decoder: &str) -> String {
    format!("{rules}{BETWEEN}{decoder}")
}

/// A picture as it is exported.
pub(super) fn entry_of(kept: &Kept) -> Option<Entry> {
    let Known { stamp, facts } = &kept.entry;
    let header = facts.header?;
    Some(Entry {
        rules: rules_of(&kept.rules, &kept.decoder),
        host: Some(kept.host.clone()),
        volume: kept.volume.clone(),
        path: bytes_of(&kept.path).to_vec(),
        size: stamp.size,
        modified_ns: stamp.modified_ns,
        changed_ns: stamp.changed_ns,
        inode: stamp.inode,
        format: facts.format.clone()?,
        width: header.width,
        height: header.height,
        frames: facts.frames,
        digest: facts.digest,
        payload: facts.payload,
        blake3: facts.content,
        first_rows: facts.keys.first().copied().flatten().map(|key| key.get().to_le_bytes()),
        pdq: facts.near.as_ref().map(|near| digits_of(near.codes[0])),
        pdq_quality: facts.near.as_ref().map(|near| near.quality.into()),
    })
}

/// A code in the order of its digits.
fn digits_of(code: [u64; 4]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let words = code.iter().rev().flat_map(|word| word.to_be_bytes());
    bytes.iter_mut().zip(words).for_each(|(byte, value)| *byte = value);
    bytes
}

pub(super) fn import(
    path: &Path,
    catalogue: &Catalogue,
    (rules, decoder): (&str, fn(Option<&str>) -> String),
    file: &Path,
) -> Result<Exit, Stop> {
    let cannot = |cause: String| Stop::Fatal(format!("cannot read `{}`: {}", shown(file), shown_text(&cause)));
    let opened = File::open(file).map_err(|cause| cannot(words_of(&cause)))?;
    let entries = Reader::open(opened).map_err(|cause| cannot(cause.to_string()))?;
    let mut importer = catalogue.importer().map_err(|cause| failed(path, &cause))?;
    let (mut without, mut others) = (0, 0);
    for entry in entries {
        let entry = entry.map_err(|cause| cannot(cause.to_string()))?;
        let is_ours = entry.rules == rules_of(rules, &decoder(Some(&entry.format)));
        match known_of(&entry) {
            Some(known) if is_ours => {
                let host = entry.host.as_deref().unwrap_or("a host without a name");
                importer.add(host, &entry.volume, &entry.path, known).map_err(|cause| failed(path, &cause))?;
            }
            Some(_) => others += 1,
            None => without += 1,
        }
    }
    let imported = importer.finish().map_err(|cause| failed(path, &cause))?;
    output::note(&format!("{} imported", counted(imported, "picture")));
    for (count, why) in [(without, "without a digest"), (others, "by other rules or decoders")] {
        if count > 0 {
            output::note(&format!("{} {why} left out", counted(count, "picture")));
        }
    }
    Ok(Exit::Done)
}

/// A picture as the catalogue keeps it; nothing without a digest, by which alone it could be found.
fn known_of(entry: &Entry) -> Option<Known> {
    let stamp =
        Stamp { inode: entry.inode, size: entry.size, modified_ns: entry.modified_ns, changed_ns: entry.changed_ns };
    // No format that is read is called like this.
    if !entry.format.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ') {
        return None;
    }
    let header = Header { width: entry.width, height: entry.height, head_bytes: 0, whole_bytes: 0, first_rows: 0 };
    let facts = Facts {
        format: Some(entry.format.clone()),
        header: Some(header),
        frames: entry.frames,
        payload: entry.payload,
        content: entry.blake3,
        digest: Some(entry.digest?),
        ..Facts::default()
    };
    Some(Known { stamp, facts })
}

//! The first look at every file: what it is, how large the picture is, and, where the file is tiny, all there is to
//! know, for it costs less to read it now than to open it again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use pixtwin_decode::{InMemory, Sniffed, Source, is_picture_name};
use pixtwin_matching::Asked;
use pixtwin_pixel::Fingerprint;

use crate::{
    file::{Identity, Listed, open, words_of},
    look::{CHANGED, HEADER_WINDOW_BYTES, Known, Looker, Picture, extension_of, header_key, still_unchanged},
    opened::{Opened, read_whole},
    pool,
    report::{Counts, Unread},
    shelf::{Shelf, Waiting},
};

/// Why a file is not compared that is another on this host than where the folders were walked.
const NOT_AS_WALKED: &str = "not as the walk saw it: it changed meanwhile, or this host sees another tree";

/// A file up to this length is read whole at once (measured: below 64 KB a partial decode gains nothing).
const TINY_FILE_BYTES: u64 = 32 << 10;

/// A tiny file is decoded at once if its picture is no larger than this, 64 x 64. A larger one waits until somebody has
/// its size: a few kilobytes of PNG can be a clip-art that takes ten milliseconds to decode, or a bomb.
const TINY_PICTURE_PIXELS: u64 = 64 * 64;

/// What a first look found.
pub(crate) enum Outcome<Found> {
    /// A picture that could have twins.
    Candidate(Found),
    /// A picture that nobody asks about.
    Alone,
    /// No picture.
    Other,
    /// Smaller than asked for.
    Small,
    /// Not readable, and why.
    Unread(String),
}

/// The files that could have twins, each with what was found, in the order of the paths.
pub(crate) struct Candidates<Found> {
    pub(crate) files: Vec<Listed>,
    pub(crate) found: Vec<Found>,
}

/// Takes files from the shelf until none are left and calls `look` for each, on all threads; sorted by path, further
/// names of one file joined to the first.
///
/// # Cost
/// Holds a path and an outcome for every file.
pub(crate) fn look_at_all<Found: Send>(
    looker: &Looker<'_>,
    shelf: &Shelf,
    look: impl Fn(&mut Listed, &mut Vec<u8>) -> Result<Outcome<Found>, String> + Sync,
) -> Vec<(Listed, Outcome<Found>)> {
    let looked_at = Mutex::new(Vec::new());
    pool::on_threads(looker.threads, || {
        let (mut held, mut files) = (Vec::new(), Vec::new());
        while let Some(batch) = shelf.take() {
            for Waiting { path, mark } in batch.into_iter().take_while(|_| !looker.progress.is_given_up()) {
                let mut file = Listed::new(path);
                let outcome = look(&mut file, &mut held);
                let is_other = |found: &Identity| mark.is_some_and(|mark| found.mark() != mark);
                let outcome = match &file.identity {
                    Some(found) if is_other(found) => Outcome::Unread(NOT_AS_WALKED.to_owned()),
                    _ => outcome.unwrap_or_else(Outcome::Unread),
                };
                files.push((file, outcome));
                looker.progress.add_done();
            }
        }
        looked_at.lock().unwrap_or_else(PoisonError::into_inner).append(&mut files);
    });
    let mut looked_at = looked_at.into_inner().unwrap_or_else(PoisonError::into_inner);
    looked_at.sort_unstable_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    looked_at
}

/// Keeps the files that could have twins, and counts the rest.
pub(crate) fn sort_out<Found>(
    files: Vec<(Listed, Outcome<Found>)>,
    counts: &mut Counts,
    unread: &mut Vec<Unread>,
) -> Candidates<Found> {
    let mut kept = Candidates { files: Vec::new(), found: Vec::new() };
    for (file, outcome) in files {
        match outcome {
            Outcome::Candidate(found) => {
                counts.pictures += 1;
                kept.files.push(file);
                kept.found.push(found);
            }
            Outcome::Alone => counts.pictures += 1,
            Outcome::Other => counts.others += 1,
            Outcome::Small => counts.small += 1,
            Outcome::Unread(reason) => unread.push(Unread::new(&file.path, reason)),
        }
    }
    kept
}

/// Joins the names of one file. What it is can depend on the name (a TGA without a signature is believed only if it is
/// named so): the name by which most was learnt goes first. A file that was renamed or written to while it was searched,
/// and so was met in two states, is no twin of itself: the older state is not compared.
pub(crate) fn join_names<Found>(
    names: Vec<(Listed, Outcome<Found>)>,
    counts: &mut Counts,
) -> Vec<(Listed, Outcome<Found>)> {
    let mut files: Vec<(Listed, Outcome<Found>)> = Vec::with_capacity(names.len());
    let mut seen: HashMap<(u64, u64), usize> = HashMap::new();
    let mut stale = Vec::new();
    for (mut file, mut outcome) in names {
        let Some(identity) = file.identity else {
            files.push((file, outcome));
            continue;
        };
        let at = *seen.entry(identity.place).or_insert(files.len());
        let Some(first) = files.get_mut(at) else {
            files.push((file, outcome));
            continue;
        };
        let known = first.0.identity.unwrap_or(identity);
        if !known.is_unchanged(&identity) {
            let mut older = (file, outcome);
            if known.changed < identity.changed {
                std::mem::swap(first, &mut older);
            }
            stale.extend(older.0.into_paths());
            continue;
        }
        counts.repeated += 1;
        if outcome.rank() > first.1.rank() {
            std::mem::swap(&mut first.0.path, &mut file.path);
            std::mem::swap(&mut first.1, &mut outcome);
        }
        first.0.other_paths.push(file.path);
        first.0.other_paths.sort_unstable();
    }
    if !stale.is_empty() {
        files.extend(stale.into_iter().map(|path| (Listed::new(path), Outcome::Unread(CHANGED.to_owned()))));
        files.sort_unstable_by(|(a, _), (b, _)| a.path.cmp(&b.path));
    }
    files
}

impl<Found> Outcome<Found> {
    /// How much was learnt.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Other | Self::Small => 0,
            Self::Unread(_) => 1,
            Self::Alone => 2,
            Self::Candidate(_) => 3,
        }
    }
}

/// Pixels by their payload: an icon that lies in ten folders is decoded once.
#[derive(Default)]
pub(crate) struct DecodedPayloads(Mutex<HashMap<[u8; 32], Fingerprint>>);

/// How many payloads are remembered, in some 60 MB; then all are forgotten, which costs time alone.
const MOST_PAYLOADS: usize = 1 << 18;

impl DecodedPayloads {
    pub(crate) fn get(&self, payload: &[u8; 32]) -> Option<Fingerprint> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(payload).copied()
    }

    pub(crate) fn insert(&self, payload: [u8; 32], pixels: Fingerprint) {
        let mut decoded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if decoded.len() >= MOST_PAYLOADS {
            decoded.clear();
        }
        decoded.insert(payload, pixels);
    }
}

/// The first look at a file that is searched by its pixels.
pub(crate) fn look_for_pixels(
    looker: &Looker<'_>,
    asked: Option<&Asked>,
    decoded: &DecodedPayloads,
    listed: &mut Listed,
    held: &mut Vec<u8>,
) -> Result<Outcome<Picture>, String> {
    let (file, identity) = open(&listed.path).map_err(|cause| words_of(&cause))?;
    listed.identity = Some(identity);
    if identity.bytes < looker.min_bytes {
        return Ok(Outcome::Small);
    }
    if identity.bytes > TINY_FILE_BYTES {
        let mut source = Opened::new(&file, identity.bytes, HEADER_WINDOW_BYTES, looker.progress);
        return sniff_and_head(looker, asked, listed, &mut source);
    }
    read_whole(&file, identity.bytes, held, looker.progress).map_err(|cause| words_of(&cause))?;
    let mut outcome = sniff_and_head(looker, asked, listed, &mut InMemory::new(held))?;
    if let Outcome::Candidate(picture) = &mut outcome
        && u64::from(picture.header.width) * u64::from(picture.header.height) <= TINY_PICTURE_PIXELS
    {
        decode_tiny(looker, decoded, held, picture)?;
    }
    still_unchanged(&file, &identity)?;
    Ok(outcome)
}

fn sniff_and_head(
    looker: &Looker<'_>,
    asked: Option<&Asked>,
    listed: &Listed,
    source: &mut dyn Source,
) -> Result<Outcome<Picture>, String> {
    let format = match looker.sniff_open(source, &listed.path)? {
        Sniffed::Picture(format) => format,
        Sniffed::Unsupported(name) => return Err(format!("{name} pictures are not supported")),
        Sniffed::Other => return not_a_picture(listed).map(|()| Outcome::Other),
    };
    let header = looker.header_open(source, format)?;
    if asked.is_some_and(|asked| !asked.may_match(header_key(&header))) {
        return Ok(Outcome::Alone);
    }
    Ok(Outcome::Candidate(Picture { file: 0, format, header, known: Known::default() }))
}

/// Accepts a file that is no picture, unless its name says that it should be one.
pub(crate) fn not_a_picture(listed: &Listed) -> Result<(), String> {
    match extension_of(&listed.path) {
        Some(extension) if is_picture_name(extension) && listed.bytes() == 0 => Err("the file is empty".to_owned()),
        Some(extension) if is_picture_name(extension) => {
            Err("named as a picture, but its content is none in any known format".to_owned())
        }
        _ => Ok(()),
    }
}

fn decode_tiny(
    looker: &Looker<'_>,
    decoded: &DecodedPayloads,
    held: &[u8],
    picture: &mut Picture,
) -> Result<(), String> {
    let hashes = looker.hashes_of(held, picture)?;
    match decoded.get(&hashes.payload) {
        Some(fingerprint) => picture.known.fingerprint = fingerprint,
        None => {
            if !looker.decode_held(held, picture, TINY_PICTURE_PIXELS)? {
                return Ok(());
            }
            decoded.insert(hashes.payload, picture.known.fingerprint);
        }
    }
    picture.known.hashes = Some(Box::new(hashes));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::Shelf;

    fn named(path: &str, number: u64, changed: i64) -> (Listed, Outcome<()>) {
        let identity = Identity { place: (1, number), bytes: 9, modified: (5, 0), changed: (changed, 0), names: 1 };
        (Listed { identity: Some(identity), ..Listed::new(path.into()) }, Outcome::Candidate(()))
    }

    #[test]
    fn a_file_that_was_met_before_and_after_it_was_renamed_is_no_twin_of_itself() {
        for (first, second) in [(7, 8), (8, 7)] {
            let mut counts = Counts::default();
            let names = vec![named("a", 1, first), named("b", 1, second), named("c", 2, 7)];
            let files = join_names(names, &mut counts);
            let fate = |(file, outcome): &(Listed, Outcome<()>)| {
                (file.path.to_str().unwrap().to_owned(), matches!(outcome, Outcome::Candidate(())))
            };
            let fates: Vec<_> = files.iter().map(fate).collect();
            let is_a_newer = first > second;
            let expected = [("a".to_owned(), is_a_newer), ("b".to_owned(), !is_a_newer), ("c".to_owned(), true)];
            assert_eq!((fates, counts.repeated), (expected.to_vec(), 0));
        }
    }

    #[test]
    fn a_file_that_is_another_than_the_walk_saw_is_not_compared() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "text").unwrap();
        let (_, identity) = open(&path).unwrap();
        let (progress, settings) = (
            Default::default(),
            crate::Settings {
                tier: crate::Tier::Pixels,
                alpha: crate::Alpha::Exact,
                orientation: crate::Orientation::AsStored,
                threads: 1,
                memory_bytes: 1 << 20,
                sharers: 1,
            },
        );
        let looker = Looker::new(&settings, &progress);
        let is_compared = |mark| {
            let shelf = Shelf::default();
            shelf.put(vec![Waiting { path: path.clone(), mark: Some(mark) }]);
            shelf.complete();
            let looked = look_at_all(&looker, &shelf, |listed, _| {
                listed.identity = Some(open(&listed.path).unwrap().1);
                Ok(Outcome::Candidate(()))
            });
            matches!(looked[..], [(_, Outcome::Candidate(()))])
        };
        let mark = identity.mark();
        assert!(is_compared(mark));
        assert!(!is_compared(crate::Mark { bytes: 5, ..mark }));
        assert!(!is_compared(crate::Mark { changed: (mark.changed.0, mark.changed.1 + 1), ..mark }));
        assert!(!is_compared(crate::Mark { modified: (mark.modified.0, mark.modified.1 + 1), ..mark }));
    }
}

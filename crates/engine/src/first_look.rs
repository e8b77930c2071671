//! The first look at every file: what it is, how large the picture is, and as much more as is likely to be needed, for
//! that costs less now than to open the file again.

use std::sync::{Mutex, PoisonError};

use pixtwin_catalogue::Reader;
use pixtwin_decode::{InMemory, Sniffed, Source, is_picture_name};
use pixtwin_matching::{Asked, Rung};
use pixtwin_pixel::Depth;

use crate::{
    earlier::{Earlier, Met},
    facts::facts_of,
    file::{Identity, Listed, words_of},
    look::{HEADER_WINDOW_BYTES, Looker, extension_of, still_unchanged},
    memory::Memory,
    opened::{Opened, read_whole},
    picture::{Known, Picture, header_key},
    pool,
    refusal::Refusal,
    report::{Counts, Unread},
    shelf::{Shelf, Waiting},
};

/// Why a file is not compared that is another on this host than where the folders were walked.
const NOT_AS_WALKED: &str = "not as the walk saw it: it changed meanwhile, or this host sees another tree";

/// The first window on a file of which the size of the picture is likely to be enough.
const SIZE_WINDOW_BYTES: usize = 512;

/// A file up to this length is read whole at once (measured: below 64 KB a partial decode gains nothing).
const TINY_FILE_BYTES: u64 = 32 << 10;

/// A picture of no more pixels than this, 64 x 64, is decoded whole as soon as that is likely to be needed. A larger one
/// waits until it is: a few kilobytes of PNG can be a clip-art that takes ten milliseconds to decode, or a bomb.
const SMALL_PICTURE_PIXELS: u64 = 64 * 64;

/// A picture of no more pixels than this, 512 x 512, is decoded whole at the first look if its group will need it.
const MEDIUM_PICTURE_PIXELS: u64 = 512 * 512;

/// How many files are sorted out before their memory is given back.
const GIVEN_BACK_AT_ONCE: usize = 1 << 16;

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
    Unread(Refusal),
}

/// The files that could have twins, each with what was found, in the order of the paths.
pub(crate) struct Candidates<Found> {
    pub(crate) files: Vec<Listed>,
    pub(crate) found: Vec<Found>,
}

/// What one thread has at hand for its looks.
#[derive(Default)]
pub(crate) struct Scratch {
    /// The file that is looked at, where it is small.
    held: Vec<u8>,
    /// Reads the catalogue, where there is one.
    pub(crate) reader: Option<Reader>,
}

impl Scratch {
    pub(crate) fn of(looker: &Looker<'_>) -> Self {
        Self { held: Vec::new(), reader: looker.memory.and_then(Memory::lend) }
    }

    /// A place to read a file into.
    pub(crate) fn held(&mut self) -> &mut Vec<u8> {
        &mut self.held
    }

    pub(crate) fn give_back(self, looker: &Looker<'_>) {
        if let Some(memory) = looker.memory {
            memory.take_back(self.reader);
        }
    }
}

/// Takes files from the shelf until none are left and calls `look` for each, on all threads; sorted by path, further
/// names of one file joined to the first.
///
/// # Cost
/// Holds a path and an outcome for every file.
pub(crate) fn look_at_all<Found: Send>(
    looker: &Looker<'_>,
    shelf: &Shelf,
    look: impl Fn(&mut Listed, &mut Scratch) -> Result<Outcome<Found>, Refusal> + Sync,
) -> Vec<(Listed, Outcome<Found>)> {
    let looked_at = Mutex::new(Vec::new());
    pool::on_threads(looker.threads, || {
        let mut scratch = Scratch::of(looker);
        while let Some(batch) = shelf.take() {
            let mut files = Vec::with_capacity(batch.len());
            for Waiting { path, mark } in batch.into_iter().take_while(|_| !looker.progress.is_given_up()) {
                let mut file = Listed::beside(&path, files.last().map(|(file, _): &(Listed, _)| file));
                let outcome = look(&mut file, &mut scratch);
                let is_other = |found: &Identity| mark.is_some_and(|mark| !found.has_mark(&mark));
                let outcome = match &file.identity {
                    Some(found) if is_other(found) => Outcome::Unread(NOT_AS_WALKED.into()),
                    _ => outcome.unwrap_or_else(Outcome::Unread),
                };
                files.push((file, outcome));
                looker.progress.add_done();
            }
            looked_at.lock().unwrap_or_else(PoisonError::into_inner).append(&mut files);
        }
        scratch.give_back(looker);
    });
    let mut looked_at = looked_at.into_inner().unwrap_or_else(PoisonError::into_inner);
    looked_at.sort_unstable_by(|(a, _), (b, _)| a.order(b));
    looked_at
}

/// Keeps the files that could have twins, and counts the rest.
///
/// # Cost
/// Gives memory back while it goes through the list, so that nothing is held twice.
pub(crate) fn sort_out<Found>(
    mut files: Vec<(Listed, Outcome<Found>)>,
    counts: &mut Counts,
    unread: &mut Vec<Unread>,
) -> Candidates<Found> {
    let mut kept = Candidates { files: Vec::new(), found: Vec::new() };
    while let Some((file, outcome)) = files.pop() {
        match outcome {
            Outcome::Candidate(found) => {
                counts.pictures += 1;
                kept.files.push(file);
                kept.found.push(found);
            }
            Outcome::Alone => counts.pictures += 1,
            Outcome::Other => counts.others += 1,
            Outcome::Small => counts.small += 1,
            Outcome::Unread(reason) => unread.push(Unread::new(&file.path(), reason)),
        }
        if files.len().is_multiple_of(GIVEN_BACK_AT_ONCE) {
            files.shrink_to_fit();
        }
    }
    kept.files.reverse();
    kept.found.reverse();
    kept
}

impl<Found> Outcome<Found> {
    /// The same of what is made of the picture.
    pub(crate) fn map<Other>(self, make: impl FnOnce(Found) -> Other) -> Outcome<Other> {
        match self {
            Self::Candidate(found) => Outcome::Candidate(make(found)),
            Self::Alone => Outcome::Alone,
            Self::Other => Outcome::Other,
            Self::Small => Outcome::Small,
            Self::Unread(refusal) => Outcome::Unread(refusal),
        }
    }

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

/// The first look at a file that is searched by its pixels: its header, and where others are likely to have its size,
/// as much as tells it from most of them, for the file is open now. A file that the catalogue knows is not opened.
///
/// What cannot be decoded here is left unknown: whether it has to be decoded at all is known only when all files were
/// looked at, and may not depend on the order in which they were.
pub(crate) fn look_for_pixels(
    looker: &Looker<'_>,
    asked: Option<&Asked>,
    earlier: &Earlier,
    listed: &mut Listed,
    scratch: &mut Scratch,
) -> Result<Outcome<Picture>, Refusal> {
    let Scratch { held, reader } = scratch;
    let recalled = looker.memory.zip(reader.as_mut()).and_then(|(memory, reader)| memory.recall_first(reader, listed));
    let mut is_like_none = false;
    let mut outcome = match recalled {
        Some(_) if listed.bytes() < looker.min_bytes => Ok(Outcome::Small),
        Some(outcome) => {
            if let Ok(Outcome::Candidate(picture)) = &outcome {
                is_like_none = !is_met(earlier, picture);
            }
            outcome
        }
        None => {
            let outcome = look_afresh(looker, asked, earlier, listed, held, &mut is_like_none);
            looker.keeper().into_iter().for_each(|memory| memory.learn_first(listed, &outcome, facts_of));
            outcome
        }
    };
    if let Ok(Outcome::Candidate(picture)) = &mut outcome
        && is_like_none
        && !earlier.has_room()
    {
        picture.known.forget_more();
    }
    outcome.map(|outcome| unless_stranger(asked, outcome))
}

/// Whether others were met that can be twins of a picture that was not looked at. It can be met from now on.
fn is_met(earlier: &Earlier, picture: &Picture) -> bool {
    let is_size_met = earlier.meets_size(header_key(&picture.header));
    let is_corner_met = picture.key(Rung::Head(0)).is_some_and(|corner| earlier.meets_corner(corner));
    let payload = picture.known.hashes().map(|hashes| earlier.meet_payload(&hashes.payload, &hashes.bytes));
    is_size_met && (is_corner_met || payload.is_some_and(|met| met != Met::New))
}

/// The look itself. Says whether much was learnt of a picture that is like no other so far.
fn look_afresh(
    looker: &Looker<'_>,
    asked: Option<&Asked>,
    earlier: &Earlier,
    listed: &mut Listed,
    held: &mut Vec<u8>,
    is_like_none: &mut bool,
) -> Result<Outcome<Picture>, Refusal> {
    let (file, identity) = listed.open().map_err(|cause| words_of(&cause))?;
    listed.identity = Some(identity);
    if identity.bytes < looker.min_bytes {
        return Ok(Outcome::Small);
    }
    // In a find, few files are asked more than their size.
    let (whole_up_to, window) = match asked {
        Some(_) => (SIZE_WINDOW_BYTES as u64, SIZE_WINDOW_BYTES),
        None => (TINY_FILE_BYTES, HEADER_WINDOW_BYTES),
    };
    if identity.bytes > whole_up_to {
        let mut source = Opened::new(&file, identity.bytes, window, looker.progress);
        let mut outcome = sniff_and_head(looker, listed, &mut source)?;
        if let Outcome::Candidate(picture) = &mut outcome
            && picture.header.stops_early()
            && is_worth_more(asked, earlier, picture)
        {
            let _unknown = look_at_corner(looker, earlier, &mut source, picture, true);
            still_unchanged(&file, &identity)?;
        }
        return Ok(outcome);
    }
    read_whole(&file, identity.bytes, held, looker.progress).map_err(|cause| words_of(&cause))?;
    let mut outcome = sniff_and_head(looker, listed, &mut InMemory::new(held))?;
    if let Outcome::Candidate(picture) = &mut outcome
        && is_worth_more(asked, earlier, picture)
    {
        *is_like_none = look_at_tiny(looker, earlier, held, picture).unwrap_or(false);
        still_unchanged(&file, &identity)?;
    }
    Ok(outcome)
}

/// Whether others are likely to have its size.
fn is_worth_more(asked: Option<&Asked>, earlier: &Earlier, picture: &Picture) -> bool {
    let size = header_key(&picture.header);
    asked.map_or_else(|| earlier.meets_size(size), |asked| asked.may_match(size))
}

/// Looks for the first key, and says whether another picture had it. If so, and if the decoder is under way anyway, it
/// goes on to the next key.
fn look_at_corner(
    looker: &Looker<'_>,
    earlier: &Earlier,
    source: &mut dyn Source,
    picture: &mut Picture,
    may_go_on: bool,
) -> Result<bool, Refusal> {
    // Deep enough for the first key, which can come after the second: margins count in the left ends of rows only.
    let most = if may_go_on && picture.format.can_go_on() { Depth::of_head(2) } else { Depth::Corner };
    let mut is_met = false;
    let (found, decoded) = looker.decode_while(source, picture, (Depth::Corner, most), &mut |digester, at| {
        let key = digester.head(0).filter(|_| at == 0);
        is_met |= key.is_some_and(|key| earlier.meets_corner(key));
        at == 0 && is_met
    });
    decoded?;
    picture.known.add(found);
    Ok(is_met)
}

/// In a find, lets go of a picture whose size, or whose first rows as far as they are known, no picture has that is asked
/// about.
fn unless_stranger(asked: Option<&Asked>, outcome: Outcome<Picture>) -> Outcome<Picture> {
    let (Outcome::Candidate(picture), Some(asked)) = (&outcome, asked) else { return outcome };
    let is_stranger = |rung| picture.key(rung).is_some_and(|key| !asked.holds(rung, key));
    if is_stranger(Rung::Header) || is_stranger(Rung::Head(0)) { Outcome::Alone } else { outcome }
}

/// Looks further at a picture that is held in memory. The payload comes first, for it costs less than the start of
/// decoding; of a new one then the first rows. What others have too is decoded whole at once, if that is little. Says
/// whether much was learnt of a picture that is like no other so far.
fn look_at_tiny(looker: &Looker<'_>, earlier: &Earlier, held: &[u8], picture: &mut Picture) -> Result<bool, Refusal> {
    let is_small = pixels(picture) <= SMALL_PICTURE_PIXELS;
    if !is_small && !picture.header.stops_early() {
        return Ok(false);
    }
    let is_needed = match hash_tiny(looker, earlier, held, picture)? {
        Met::Known => return Ok(false),
        Met::InOtherFile => is_small || is_medium(picture),
        Met::New => {
            let is_met = look_at_corner(looker, earlier, &mut InMemory::new(held), picture, !is_small)?;
            if !is_met {
                return Ok(true);
            }
            is_small
        }
    };
    if is_needed {
        looker.decode_source(&mut InMemory::new(held), picture)?;
    }
    Ok(false)
}

fn pixels(picture: &Picture) -> u64 {
    u64::from(picture.header.width) * u64::from(picture.header.height)
}

/// Whether decoding it whole takes no longer than some milliseconds.
fn is_medium(picture: &Picture) -> bool {
    pixels(picture) <= MEDIUM_PICTURE_PIXELS
}

fn hash_tiny(looker: &Looker<'_>, earlier: &Earlier, held: &[u8], picture: &mut Picture) -> Result<Met, Refusal> {
    let hashes = looker.hashes_of(held, picture)?;
    picture.known.set_hashes(hashes);
    Ok(earlier.meet_payload(&hashes.payload, &hashes.bytes))
}

pub(crate) fn sniff_and_head(
    looker: &Looker<'_>,
    listed: &Listed,
    source: &mut dyn Source,
) -> Result<Outcome<Picture>, Refusal> {
    let format = match looker.sniff_open(source, listed.name())? {
        Sniffed::Picture(format) => format,
        Sniffed::Unsupported(name) => return Err(Refusal::of_content(format!("{name} pictures are not supported"))),
        Sniffed::Other => return not_a_picture(listed).map(|()| Outcome::Other),
    };
    let header = looker.header_open(source, format)?;
    Ok(Outcome::Candidate(Picture::new(format, header, Known::default())))
}

/// Accepts a file that is no picture, unless its name says that it should be one.
pub(crate) fn not_a_picture(listed: &Listed) -> Result<(), Refusal> {
    match extension_of(listed.name()) {
        Some(extension) if is_picture_name(extension) && listed.bytes() == 0 => {
            Err(Refusal::of_content("the file is empty"))
        }
        Some(extension) if is_picture_name(extension) => {
            Err(Refusal::of_content("named as a picture, but its content is none in any known format"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::open;

    #[test]
    fn a_file_that_is_another_than_the_walk_saw_is_not_compared() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, "text").unwrap();
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
                listed.identity = Some(open(&listed.path()).unwrap().1);
                Ok(Outcome::Candidate(()))
            });
            matches!(looked[..], [(_, Outcome::Candidate(()))])
        };
        let mark = crate::Mark::of(&path.metadata().unwrap());
        assert!(is_compared(mark));
        assert!(!is_compared(crate::Mark { bytes: 5, ..mark }));
        assert!(!is_compared(crate::Mark { changed: (mark.changed.0, mark.changed.1 + 1), ..mark }));
        assert!(!is_compared(crate::Mark { modified: (mark.modified.0, mark.modified.1 + 1), ..mark }));
    }
}

//! The search for pictures whose files are equal, byte for byte. Nothing is decoded, so it also takes formats that
//! are not read otherwise.

use std::borrow::Cow;

use pixtwin_decode::Sniffed;
use pixtwin_matching::{Candidate, Exchange, Loss, Rung, Standing};
use pixtwin_pixel::Key;

use crate::{
    facts::facts_of_blob,
    file::{Listed, words_of},
    first_look::{Outcome, Scratch, not_a_picture},
    ladder::Climbed,
    look::{HEADER_WINDOW_BYTES, Looker},
    opened::Opened,
    picture::key_of_hash,
    pool,
    progress::Stage,
    refusal::Refusal,
    report::{RungCount, Unread},
};

const RUNGS: [Rung; 3] = [Rung::Length, Rung::Start, Rung::Bytes];

/// How much of a file's start its second key covers.
const START_BYTES: u64 = 16 << 10;

/// A picture that is compared by its bytes.
pub(crate) struct Blob {
    /// Which of the listed files.
    pub(crate) file: usize,
    /// The name of its format.
    pub(crate) format: Cow<'static, str>,
    key: Option<Key>,
    /// The hash of its first bytes.
    pub(crate) start: Option<Key>,
    /// The hash of all its bytes.
    pub(crate) hash: Option<[u8; 32]>,
    refusal: Option<Refusal>,
}

impl Blob {
    pub(crate) fn new(format: Cow<'static, str>) -> Self {
        Self { file: 0, format, key: None, start: None, hash: None, refusal: None }
    }
}

/// The first look at a file that is searched by its bytes. One that the catalogue knows is not opened.
pub(crate) fn look_for_bytes(
    looker: &Looker<'_>,
    listed: &mut Listed,
    scratch: &mut Scratch,
) -> Result<Outcome<Blob>, Refusal> {
    let recalled = looker.memory.zip(scratch.reader.as_mut());
    match recalled.and_then(|(memory, reader)| memory.recall_blob(reader, listed)) {
        Some(_) if listed.bytes() < looker.min_bytes => Ok(Outcome::Small),
        Some(outcome) => outcome,
        None => {
            let outcome = look_afresh(looker, listed);
            looker.keeper().into_iter().for_each(|memory| memory.learn_first(listed, &outcome, facts_of_blob));
            outcome
        }
    }
}

fn look_afresh(looker: &Looker<'_>, listed: &mut Listed) -> Result<Outcome<Blob>, Refusal> {
    let (file, identity) = listed.open().map_err(|cause| words_of(&cause))?;
    listed.identity = Some(identity);
    if identity.bytes < looker.min_bytes {
        return Ok(Outcome::Small);
    }
    let mut source = Opened::new(&file, identity.bytes, HEADER_WINDOW_BYTES, looker.progress);
    let format = match looker.sniff_open(&mut source, listed.name())? {
        Sniffed::Picture(format) => format.name().into(),
        Sniffed::Unsupported(name) => name.into(),
        Sniffed::Other => return not_a_picture(listed).map(|()| Outcome::Other),
    };
    Ok(Outcome::Candidate(Blob::new(format)))
}

/// The key of a file on one of the three rungs.
pub(crate) fn key_of(looker: &Looker<'_>, listed: &Listed, rung: Rung) -> Result<(Key, Option<[u8; 32]>), Refusal> {
    if let (Some(recorded), Rung::Start | Rung::Bytes) = (&looker.recorded, rung) {
        return recorded.bytes_key(listed, rung);
    }
    match rung {
        Rung::Length => Ok((Key::of(&listed.bytes().to_le_bytes()), None)),
        Rung::Start => looker.start(listed, START_BYTES).map(|start| (Key::of(&start), None)),
        _ => {
            let hash = looker.hash_bytes(listed)?;
            Ok((key_of_hash(&hash), Some(hash)))
        }
    }
}

impl Blob {
    /// Learns its key of a rung, unless that is known, and takes it for what is asked about next.
    fn look(&mut self, looker: &Looker<'_>, listed: &Listed, rung: Rung) -> Result<(), Refusal> {
        let known = match rung {
            Rung::Start => self.start,
            Rung::Bytes => self.hash.map(|hash| key_of_hash(&hash)),
            _ => None,
        };
        if known.is_some() {
            self.key = known;
            return Ok(());
        }
        let (key, hash) = key_of(looker, listed, rung)?;
        self.key = Some(key);
        self.hash = self.hash.or(hash);
        if rung == Rung::Start {
            self.start = self.key;
        }
        if let (Some(memory), Rung::Start | Rung::Bytes) = (looker.keeper(), rung) {
            memory.learn(listed, facts_of_blob(self));
        }
        Ok(())
    }
}

/// Sends the files up the three rungs.
pub(crate) fn climb(
    looker: &Looker<'_>,
    files: &[Listed],
    mut blobs: Vec<Blob>,
    exchange: &mut dyn Exchange,
    unread: &mut Vec<Unread>,
) -> Result<Climbed<Blob>, Loss> {
    let mut counts = Vec::new();
    for rung in RUNGS {
        let bytes_before = looker.progress.bytes();
        looker.progress.begin(Stage::Comparing, blobs.len());
        pool::for_each(&mut blobs, looker.threads, |blob| {
            let listed = files.get(blob.file).ok_or_else(|| "it is not listed".into());
            if let Err(reason) = listed.and_then(|listed| blob.look(looker, listed, rung)) {
                blob.refusal = Some(reason);
            }
            looker.progress.add_done();
        });
        for blob in blobs.extract_if(.., |blob| blob.refusal.is_some()) {
            let file = files.get(blob.file).zip(blob.refusal);
            unread.extend(file.map(|(file, refusal)| Unread::new(&file.path(), refusal)));
        }
        let keys: Vec<Key> = blobs.iter().filter_map(|blob| blob.key).collect();
        let mut standings = exchange.ask(rung, &keys)?.into_iter();
        blobs.retain(|_| standings.next() != Some(Standing::Alone));
        let (asked, bytes) = (keys.len() as u64, looker.progress.bytes() - bytes_before);
        counts.push(RungCount { rung, asked, looked: asked, settled: asked - blobs.len() as u64, joined: 0, bytes });
    }
    let candidates = blobs
        .iter()
        .filter_map(|blob| Some(Candidate { file: blob.file, bytes: blob.hash?, payload: blob.hash?, digest: None }))
        .collect();
    Ok(Climbed { candidates, subjects: blobs, rungs: counts })
}

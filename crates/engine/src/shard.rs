//! A search in parts that know nothing of each other: each looks at its share of one tree and records what it saw, and a
//! merge climbs the ladder over the records, as a search of the whole tree climbs it over the files.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use pixtwin_matching::{Asked, Rung};
use pixtwin_pixel::{HEAD_ROWS, Key};
use serde::{Deserialize, Serialize};

use crate::{
    decoded::DecodedPayloads,
    devices::{Devices, Met},
    earlier::Earlier,
    equal_bytes::{self, Blob},
    evidence::Remark,
    file::{Identity, Listed, words_of},
    find::{self, Query},
    first_look::{Outcome, Scratch, look_for_pixels},
    look::Looker,
    offers::KnownRecord,
    picture::{Known, Picture},
    pool,
    progress::Stage,
    refusal::Refusal,
    report::{Counts, Failure, Unread},
    sets::Sets,
    settings::{Run, Selection, Tier},
    shelf::{Shelf, Waiting},
    team::Alone,
    walk, wire,
};

/// The first bytes of a record: its name, and the version of what follows.
pub(crate) const MAGIC: &[u8; 16] = b"pixtwin shard 5\n";

/// No line of a record is longer: paths and metadata of one file.
pub(crate) const MOST_LINE_BYTES: usize = 16 << 20;

/// Which part of a search: `number` of `count`, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// From 1 to `count`.
    pub number: u32,
    /// How many parts there are.
    pub count: u32,
}

impl Shard {
    /// Whether a file belongs to it: by the hash of its path, so that neighbours are dealt out.
    pub(crate) fn takes(self, path: &Path) -> bool {
        hash_of(path) % u128::from(self.count.max(1)) == u128::from(self.number.saturating_sub(1))
    }
}

fn hash_of(path: &Path) -> u128 {
    u128::from_le_bytes(Key::of(path.as_os_str().as_encoded_bytes()).0)
}

/// Which files a walk met: how many, and the sum of the hashes of their paths, in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Walked {
    pub(crate) files: u64,
    sum: u128,
}

impl Walked {
    fn add(&mut self, path: &Path) {
        self.files += 1;
        self.sum = self.sum.wrapping_add(hash_of(path));
    }
}

/// What all parts must have been given alike, and which part this is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) shard: Shard,
    pub(crate) version: String,
    pub(crate) is_for_bytes: bool,
    /// All that the result depends on, each as name and value.
    pub(crate) terms: Vec<(String, String)>,
    /// The folders, as they were named.
    #[serde(with = "wire::paths")]
    pub(crate) roots: Vec<PathBuf>,
    /// The sets that these folders are in, if there are sets, as this part sees them.
    pub(crate) sets: Option<Sets>,
}

/// A line of a record.
#[derive(Serialize, Deserialize)]
pub(crate) enum Line {
    Head(Box<Head>),
    /// A picture that was asked about; these follow the head.
    Query(#[serde(with = "wire::path")] PathBuf, Box<Query>),
    File(Box<FileRecord>),
    /// What the walk could not list.
    Unlisted(Unread),
    /// The last line.
    End(End),
}

/// What is known at the end of a part.
#[derive(Serialize, Deserialize)]
pub(crate) struct End {
    /// How many lines there are before.
    pub(crate) lines: u64,
    /// The files of all parts, as this walk met them.
    pub(crate) walked: Walked,
    /// What the walk passed over, in all parts.
    pub(crate) hidden: u64,
    pub(crate) links: u64,
    pub(crate) bytes_read: u64,
    pub(crate) devices: Devices,
}

/// What was seen of one file.
#[derive(Serialize, Deserialize)]
pub(crate) struct FileRecord {
    #[serde(with = "wire::path")]
    pub(crate) path: PathBuf,
    pub(crate) identity: Option<Identity>,
    pub(crate) seen: Seen,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Seen {
    Other,
    Small,
    Alone,
    Unread(Refusal),
    Picture(Box<PictureRecord>),
    Blob { format: String, start: Result<[u8; 16], Refusal>, bytes: Result<[u8; 32], Refusal> },
}

/// What every look at a picture came to.
#[derive(Serialize, Deserialize)]
pub(crate) struct PictureRecord {
    pub(crate) format: String,
    pub(crate) size: (u32, u32),
    /// What the first look knew.
    pub(crate) first: KnownRecord,
    pub(crate) whole: Result<KnownRecord, Refusal>,
    /// Looks at the first rows, where the whole cannot be decoded.
    pub(crate) heads: Vec<Result<KnownRecord, Refusal>>,
    pub(crate) payload: Result<([u8; 32], [u8; 32]), Refusal>,
    pub(crate) remark: Result<Remark, Refusal>,
}

/// Why a look is missing that no merge asks for: the pictures asked about differ there.
const NOT_NEEDED: &str = "it was not looked at";

/// Writes the record of one part. Without its end, which is written by [`ShardWriter::finish`], nobody takes it for
/// whole.
#[derive(Debug)]
pub struct ShardWriter<W> {
    out: W,
    hasher: blake3::Hasher,
    lines: u64,
    /// The first reason why nothing more can be written.
    failure: Option<io::Error>,
}

impl<W: Write> ShardWriter<W> {
    /// Begins a record.
    pub fn new(out: W) -> Self {
        let mut writer = Self { out, hasher: blake3::Hasher::new(), lines: 0, failure: None };
        writer.write_bytes(MAGIC);
        writer
    }

    fn write(&mut self, line: &Line) {
        match postcard::to_stdvec(line) {
            Ok(bytes) if bytes.len() <= MOST_LINE_BYTES => {
                self.write_bytes(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
                self.write_bytes(&bytes);
                self.lines += 1;
            }
            Ok(_) => self.fail(io::Error::other("what is known of one file is too much for a line")),
            Err(cause) => self.fail(io::Error::other(cause)),
        }
    }

    fn write_bytes(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        if self.failure.is_none() {
            self.failure = self.out.write_all(bytes).err();
        }
    }

    fn fail(&mut self, cause: io::Error) {
        self.failure.get_or_insert(cause);
    }

    /// Writes the hash of all before, and what is still held back.
    ///
    /// # Errors
    /// The first that writing met.
    pub fn finish(mut self) -> io::Result<()> {
        let hash = *self.hasher.finalize().as_bytes();
        self.write_bytes(&hash);
        self.failure.map_or_else(|| self.out.flush(), Err)
    }
}

/// What one part has in common for all its files.
struct Part<'a, W> {
    shard: Shard,
    looker: Looker<'a>,
    tier: Tier,
    /// In a find, what is looked for.
    asked: Option<Asked>,
    earlier: Earlier,
    /// Of pictures that were decoded whole.
    whole: DecodedPayloads,
    met: Met,
    walked: Mutex<Walked>,
    writer: Mutex<&'a mut ShardWriter<W>>,
    counts: Mutex<Counts>,
}

/// Looks at the files of one part and records what it sees; nothing is compared.
///
/// # Errors
/// As [`crate::scan`] and [`crate::find`], or if the record cannot be written.
///
/// # Cost
/// Decodes one picture of every payload whole, or, with `queries`, those that have the size and the first rows of one.
/// Memory does not grow with the number of files.
pub fn record(
    shard: Shard,
    terms: Vec<(String, String)>,
    queries: &[PathBuf],
    (roots, selection): (&[PathBuf], &Selection),
    run: Run<'_>,
    writer: &mut ShardWriter<impl Write + Send>,
) -> Result<Counts, Failure> {
    let Run { settings, progress, .. } = run;
    if settings.tier.is_near() {
        return Err(settings.tier.has_no_keys());
    }
    let mut looker = Looker::of(run);
    let read = find::read_queries(&looker, queries, settings.tier, None)?;
    looker.min_bytes = selection.min_bytes;
    if let Some((root, cause)) = roots.iter().find_map(|root| Some((root, root.metadata().err()?))) {
        return Err(Failure::cannot("search", Some(root), words_of(&cause)));
    }
    walk::check_globs(selection)?;
    let sets = selection.sets.as_ref().map(|sets| sets.settled_all(&mut Alone::default())).transpose()?;
    let (version, is_for_bytes) = (env!("CARGO_PKG_VERSION").to_owned(), settings.tier == Tier::Bytes);
    let head = Head { shard, version, is_for_bytes, terms, roots: roots.to_vec(), sets: sets.clone() };
    writer.write(&Line::Head(Box::new(head)));
    let met = Met::default();
    roots.iter().for_each(|root| met.add_root(root));
    for (path, query) in queries.iter().zip(&read) {
        query.identity.iter().for_each(|identity| met.add(path, identity.place.0));
        writer.write(&Line::Query(path.clone(), Box::new(query.clone())));
    }
    let part = Part {
        shard,
        looker,
        tier: settings.tier,
        asked: (!queries.is_empty()).then(|| find::asked(&read)),
        earlier: Earlier::default(),
        whole: DecodedPayloads::default(),
        met,
        walked: Mutex::default(),
        writer: Mutex::new(writer),
        counts: Mutex::default(),
    };
    let walked = part.look_at_all(roots, selection, sets.as_ref())?;
    let Part { met, walked: files, writer, counts, .. } = part;
    let writer = writer.into_inner().unwrap_or_else(PoisonError::into_inner);
    walked.unread.into_iter().for_each(|unread| writer.write(&Line::Unlisted(unread)));
    writer.write(&Line::End(End {
        lines: writer.lines,
        walked: files.into_inner().unwrap_or_else(PoisonError::into_inner),
        hidden: walked.hidden,
        links: walked.links,
        bytes_read: progress.bytes(),
        devices: met.into_devices(),
    }));
    match &writer.failure {
        None => Ok(counts.into_inner().unwrap_or_else(PoisonError::into_inner)),
        Some(cause) => Err(Failure::cannot("write the record", None, words_of(cause))),
    }
}

impl<W: Write + Send> Part<'_, W> {
    /// Walks the folders and looks at the files of this part.
    fn look_at_all(
        &self,
        roots: &[PathBuf],
        selection: &Selection,
        sets: Option<&Sets>,
    ) -> Result<walk::Walked, Failure> {
        let (shelf, progress) = (Shelf::default(), self.looker.progress);
        progress.begin(Stage::Listing, 0);
        let walked = std::thread::scope(|scope| {
            let walker = scope.spawn(|| {
                let walked = walk::list(roots, selection, sets, &self.looker, &shelf);
                progress.enter(Stage::FirstLook);
                shelf.complete();
                walked
            });
            pool::on_threads(self.looker.threads, || {
                let mut scratch = Scratch::of(&self.looker);
                while let Some(batch) = shelf.take() {
                    let mut walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
                    batch.iter().for_each(|file| walked.add(&file.path));
                    drop(walked);
                    for Waiting { path, .. } in batch {
                        if self.shard.takes(&path) && !progress.is_given_up() {
                            self.look_at(path, &mut scratch);
                        }
                        progress.add_done();
                    }
                }
                scratch.give_back(&self.looker);
            });
            walker.join()
        });
        walked.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    fn look_at(&self, path: PathBuf, scratch: &mut Scratch) {
        let mut listed = Listed::new(&path);
        let asked = self.asked.as_ref();
        let seen = match self.tier {
            Tier::Pixels | Tier::Turned | Tier::Within(_) | Tier::Similar(_) => {
                let outcome = look_for_pixels(&self.looker, asked, &self.earlier, &mut listed, scratch);
                seen_of(outcome, |picture| self.see_picture(&listed, picture))
            }
            Tier::Bytes => {
                let outcome = equal_bytes::look_for_bytes(&self.looker, &mut listed, scratch);
                seen_of(outcome, |blob| self.see_blob(&listed, &blob))
            }
        };
        if let Some(identity) = &listed.identity {
            self.met.add(&path, identity.place.0);
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.files += 1;
        counts.pictures += u64::from(matches!(seen, Seen::Picture(_) | Seen::Blob { .. } | Seen::Alone));
        drop(counts);
        let line = Line::File(Box::new(FileRecord { path, identity: listed.identity, seen }));
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write(&line);
        if writer.failure.is_some() {
            // A disk that is full at the start is not to be noticed hours later.
            self.looker.progress.give_up();
        }
    }

    /// Every look at a picture that a merge could ask for.
    fn see_picture(&self, listed: &Listed, picture: Picture) -> Seen {
        let (format, size) = (picture.format.name().to_owned(), (picture.header.width, picture.header.height));
        let first = KnownRecord::of(&picture.known);
        let not_needed = || Refusal::from(NOT_NEEDED);
        if let Some(top) = self.top_of_stranger(listed, &picture) {
            let (whole, payload, remark) = (Err(not_needed()), Err(not_needed()), Err(not_needed()));
            return Seen::Picture(Box::new(PictureRecord {
                format,
                size,
                first,
                whole,
                heads: vec![top],
                payload,
                remark,
            }));
        }
        let mut hashed = picture.clone();
        let is_hashed = hashed.known.hashes().is_some();
        let payload = if is_hashed { Ok(()) } else { self.looker.hash(listed, &mut hashed) };
        let hashes = hashed.known.hashes().map(|hashes| (hashes.payload, hashes.bytes));
        let whole = self.whole_of(listed, &picture, hashes.map(|(payload, _)| payload));
        let looked = |number: usize| self.looked(listed, &picture, number);
        let heads = if whole.is_ok() { Vec::new() } else { (0..HEAD_ROWS.len()).map(looked).collect() };
        let is_scan = self.asked.is_none();
        let remark = if is_scan { self.looker.remark(listed, &picture) } else { Err(not_needed()) };
        let payload = payload.and_then(|()| hashes.ok_or_else(|| "it could not be hashed".into()));
        Seen::Picture(Box::new(PictureRecord { format, size, first, whole, heads, payload, remark }))
    }

    /// In a find, the look at the first rows of a picture that has not those of any that is asked about.
    fn top_of_stranger(&self, listed: &Listed, picture: &Picture) -> Option<Result<KnownRecord, Refusal>> {
        let asked = self.asked.as_ref()?;
        let mut top = picture.clone();
        if top.key(Rung::Head(0)).is_none() {
            self.looker.look_for_head(listed, &mut top, 0).ok()?;
        }
        let key = top.key(Rung::Head(0))?;
        (!asked.holds(Rung::Head(0), key)).then(|| Ok(KnownRecord::of(&top.known)))
    }

    fn looked(&self, listed: &Listed, picture: &Picture, number: usize) -> Result<KnownRecord, Refusal> {
        let mut picture = picture.clone();
        self.looker.look_for_head(listed, &mut picture, number).map(|()| KnownRecord::of(&picture.known))
    }

    /// The whole picture; one of each payload is decoded.
    fn whole_of(&self, listed: &Listed, picture: &Picture, payload: Option<[u8; 32]>) -> Result<KnownRecord, Refusal> {
        if picture.known.digest().is_some() {
            return Ok(KnownRecord::of(&picture.known));
        }
        let size = (picture.header.width, picture.header.height);
        let earlier = payload.and_then(|payload| self.whole.get(&payload));
        if let Some(fingerprint) = earlier.filter(|found| (found.width, found.height) == size) {
            let mut picture = picture.clone();
            picture.known.add(Known::of(&fingerprint, None));
            return Ok(KnownRecord::of(&picture.known));
        }
        let mut picture = picture.clone();
        self.looker.decode(listed, &mut picture)?;
        payload.into_iter().for_each(|payload| self.whole.insert(payload, picture.fingerprint()));
        Ok(KnownRecord::of(&picture.known))
    }

    /// The looks at a file that is compared by its bytes; in a find only as far as it can be one that is asked about.
    fn see_blob(&self, listed: &Listed, blob: &Blob) -> Seen {
        let may_match = |rung, key| self.asked.as_ref().is_none_or(|asked| asked.holds(rung, key));
        let key = |rung| equal_bytes::key_of(&self.looker, listed, rung);
        let not_needed = || Refusal::from(NOT_NEEDED);
        let format = blob.format.clone().into_owned();
        if key(Rung::Length).is_ok_and(|(length, _)| !may_match(Rung::Length, length)) {
            return Seen::Blob { format, start: Err(not_needed()), bytes: Err(not_needed()) };
        }
        let start = key(Rung::Start).map(|(key, _)| key);
        let bytes = match &start {
            Ok(start) if !may_match(Rung::Start, *start) => Err(not_needed()),
            _ => key(Rung::Bytes).and_then(|(_, hash)| hash.ok_or_else(|| "it could not be hashed".into())),
        };
        Seen::Blob { format, start: start.map(|key| key.0), bytes }
    }
}

fn seen_of<Found>(outcome: Result<Outcome<Found>, Refusal>, see: impl FnOnce(Found) -> Seen) -> Seen {
    match outcome {
        Ok(Outcome::Candidate(found)) => see(found),
        Ok(Outcome::Alone) => Seen::Alone,
        Ok(Outcome::Other) => Seen::Other,
        Ok(Outcome::Small) => Seen::Small,
        Ok(Outcome::Unread(reason)) | Err(reason) => Seen::Unread(reason),
    }
}

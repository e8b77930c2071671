//! A search in parts that know nothing of each other: each looks at its share of one tree and records what it saw, and a
//! merge climbs the ladder over the records, as a search of the whole tree climbs it over the files.

use std::{
    collections::HashMap,
    io::{self, BufRead, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use pixtwin_decode::{Format, Header};
use pixtwin_matching::Rung;
use pixtwin_pixel::{Depth, HEAD_ROWS, Key};
use serde::{Deserialize, Serialize};

use crate::{
    equal_bytes::{self, Blob},
    evidence::Remark,
    file::{Identity, Listed, words_of},
    find::{self, Query},
    first_look::{DecodedPayloads, Outcome, look_for_pixels},
    gather,
    look::{Hashes, Known, Looker, Picture},
    offers::KnownRecord,
    pool,
    progress::{Progress, Stage},
    report::{Counts, Failure, Group, Report, Unread},
    scan::{Searched, exchange},
    settings::{Selection, Settings, Tier},
    shelf::Shelf,
    team::{AllOf, Alone, Team},
    walk, wire,
};

/// The first bytes of a record: its name, and the version of what follows.
const MAGIC: &[u8; 16] = b"pixtwin shard 1\n";

/// No line of a record is longer: paths and metadata of one file.
const MOST_LINE_BYTES: usize = 16 << 20;

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
    fn takes(self, path: &Path) -> bool {
        let hash = u128::from_le_bytes(Key::of(path.as_os_str().as_encoded_bytes()).0);
        hash % u128::from(self.count.max(1)) == u128::from(self.number.saturating_sub(1))
    }
}

/// What all parts must have been given alike, and which part this is.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Head {
    shard: Shard,
    version: String,
    is_for_bytes: bool,
    /// All that the result depends on, each as name and value.
    terms: Vec<(String, String)>,
    #[serde(with = "wire::paths")]
    query_paths: Vec<PathBuf>,
    queries: Vec<Query>,
}

/// A line of a record.
#[derive(Serialize, Deserialize)]
enum Line {
    Head(Box<Head>),
    File(Box<FileRecord>),
    /// What the walk could not list; only the first part says it.
    Unlisted(Unread),
    /// The last line: how many others there are, and what the walk passed over.
    End {
        lines: u64,
        hidden: u64,
        links: u64,
        bytes_read: u64,
    },
}

/// What was seen of one file.
#[derive(Serialize, Deserialize)]
struct FileRecord {
    #[serde(with = "wire::path")]
    path: PathBuf,
    identity: Option<Identity>,
    seen: Seen,
}

#[derive(Serialize, Deserialize)]
enum Seen {
    Other,
    Small,
    Alone,
    Unread(String),
    Picture(Box<PictureRecord>),
    Blob { format: String, start: Result<[u8; 16], String>, bytes: Result<[u8; 32], String> },
}

/// What every look at a picture came to.
#[derive(Serialize, Deserialize)]
struct PictureRecord {
    format: String,
    size: (u32, u32),
    /// What the first look knew.
    first: KnownRecord,
    whole: Result<KnownRecord, String>,
    /// Looks at the first rows, where the whole cannot be decoded.
    heads: Vec<Result<KnownRecord, String>>,
    payload: Result<([u8; 32], [u8; 32]), String>,
    remark: Result<Remark, String>,
}

/// Looks of all parts, by path.
pub(crate) struct Recorded(HashMap<PathBuf, Seen>);

impl Recorded {
    fn picture(&self, listed: &Listed) -> Result<&PictureRecord, String> {
        match self.0.get(&listed.path) {
            Some(Seen::Picture(picture)) => Ok(picture),
            _ => Err("its record has no picture".to_owned()),
        }
    }

    pub(crate) fn decode(&self, listed: &Listed, picture: &mut Picture, depth: Depth) -> Result<(), String> {
        let record = self.picture(listed)?;
        let known = match (&record.whole, depth) {
            (Err(_), Depth::Rows(rows)) => {
                let at = HEAD_ROWS.iter().position(|depth| *depth == rows);
                at.and_then(|at| record.heads.get(at)).unwrap_or(&record.whole)
            }
            (whole, _) => whole,
        };
        picture.take(known.clone()?.into_known());
        Ok(())
    }

    pub(crate) fn hash(&self, listed: &Listed, picture: &mut Picture) -> Result<(), String> {
        let (payload, bytes) = self.picture(listed)?.payload.clone()?;
        picture.known.hashes = Some(Box::new(Hashes { payload, bytes }));
        Ok(())
    }

    pub(crate) fn remark(&self, listed: &Listed) -> Result<Remark, String> {
        self.picture(listed)?.remark.clone()
    }

    pub(crate) fn bytes_key(&self, listed: &Listed, rung: Rung) -> Result<(Key, Option<[u8; 32]>), String> {
        match (self.0.get(&listed.path), rung) {
            (Some(Seen::Blob { start, .. }), Rung::Start) => Ok((Key(start.clone()?), None)),
            (Some(Seen::Blob { bytes, .. }), _) => {
                let bytes = bytes.clone()?;
                Ok((Key(bytes.first_chunk().copied().unwrap_or_default()), Some(bytes)))
            }
            _ => Err("its record has no bytes".to_owned()),
        }
    }
}

/// Writes the record of one part. Without its end, which is written by [`ShardWriter::finish`], nobody takes it for whole.
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
        let bytes = postcard::to_stdvec(line).unwrap_or_default();
        self.write_bytes(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.write_bytes(&bytes);
        self.lines += 1;
    }

    fn write_bytes(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        if self.failure.is_none() {
            self.failure = self.out.write_all(bytes).err();
        }
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

/// Looks at the files of one part and records what it sees; nothing is compared.
///
/// # Errors
/// As [`crate::scan`] and [`crate::find`].
///
/// # Cost
/// Decodes every picture whole, or, with `queries`, those that have the width and height of one. Memory does not grow
/// with the number of files.
pub fn record(
    part: Shard,
    terms: Vec<(String, String)>,
    queries: &[PathBuf],
    (roots, selection): (&[PathBuf], &Selection),
    settings: &Settings,
    progress: &Progress,
    writer: &mut ShardWriter<impl Write + Send>,
) -> Result<Counts, Failure> {
    let mut looker = Looker::new(settings, progress);
    let read = find::read_queries(&looker, queries, settings.tier, None)?;
    looker.min_bytes = selection.min_bytes;
    let asked = (!queries.is_empty()).then(|| find::asked(&read));
    let head = Head {
        shard: part,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        is_for_bytes: settings.tier == Tier::Bytes,
        terms,
        query_paths: queries.to_vec(),
        queries: read,
    };
    writer.write(&Line::Head(Box::new(head)));
    if let Some((root, cause)) = roots.iter().find_map(|root| Some((root, root.metadata().err()?))) {
        return Err(Failure::cannot("search", Some(root), words_of(&cause)));
    }
    walk::check_globs(selection)?;
    progress.begin(Stage::Listing, 0);
    let (shelf, decoded) = (Shelf::default(), DecodedPayloads::default());
    let (output, counts) = (Mutex::new(&mut *writer), Mutex::new(Counts::default()));
    let look = |path: PathBuf, held: &mut Vec<u8>| {
        let mut listed = Listed::new(path);
        let seen = match settings.tier {
            Tier::Pixels => {
                let outcome = look_for_pixels(&looker, asked.as_ref(), &decoded, &mut listed, held);
                seen_of(outcome, |picture| see_picture(&looker, &listed, picture))
            }
            Tier::Bytes => {
                let outcome = equal_bytes::look_for_bytes(&looker, &mut listed);
                seen_of(outcome, |blob| see_blob(&looker, &listed, &blob))
            }
        };
        let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.files += 1;
        counts.pictures += u64::from(matches!(seen, Seen::Picture(_) | Seen::Blob { .. } | Seen::Alone));
        drop(counts);
        let line = Line::File(Box::new(FileRecord { path: listed.path, identity: listed.identity, seen }));
        output.lock().unwrap_or_else(PoisonError::into_inner).write(&line);
        progress.add_done();
    };
    let walked = std::thread::scope(|scope| {
        let walker = scope.spawn(|| {
            let walked = walk::list(roots, selection, looker.threads, &shelf, progress);
            progress.enter(Stage::FirstLook);
            shelf.complete();
            walked
        });
        pool::on_threads(looker.threads, || {
            let mut held = Vec::new();
            while let Some(batch) = shelf.take() {
                batch.into_iter().filter(|path| part.takes(path)).for_each(|path| look(path, &mut held));
            }
        });
        walker.join()
    });
    let walked = walked.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let counts = counts.into_inner().unwrap_or_else(PoisonError::into_inner);
    let is_first = part.number == 1;
    walked.unread.into_iter().filter(|_| is_first).for_each(|unread| writer.write(&Line::Unlisted(unread)));
    let passed_over = |number: u64| if is_first { number } else { 0 };
    let (hidden, links) = (passed_over(walked.hidden), passed_over(walked.links));
    writer.write(&Line::End { lines: writer.lines, hidden, links, bytes_read: progress.bytes() });
    Ok(counts)
}

fn seen_of<Found>(outcome: Result<Outcome<Found>, String>, see: impl FnOnce(Found) -> Seen) -> Seen {
    match outcome {
        Ok(Outcome::Candidate(found)) => see(found),
        Ok(Outcome::Alone) => Seen::Alone,
        Ok(Outcome::Other) => Seen::Other,
        Ok(Outcome::Small) => Seen::Small,
        Ok(Outcome::Unread(reason)) | Err(reason) => Seen::Unread(reason),
    }
}

/// Every look that a search could ask for.
fn see_picture(looker: &Looker<'_>, listed: &Listed, picture: Picture) -> Seen {
    let first = KnownRecord::of(&picture.known);
    let looked = |depth: Depth| {
        let mut picture = picture.clone();
        looker.decode(listed, &mut picture, depth).map(|()| KnownRecord::of(&picture.known))
    };
    let is_known = picture.known.fingerprint.digest.is_some();
    let whole = if is_known { Ok(first.clone()) } else { looked(Depth::Whole) };
    let heads = if whole.is_ok() { Vec::new() } else { HEAD_ROWS.map(|rows| looked(Depth::Rows(rows))).into() };
    let mut hashed = picture.clone();
    let payload = match hashed.known.hashes.is_some() {
        true => Ok(()),
        false => looker.hash(listed, &mut hashed),
    };
    let hashes = hashed.known.hashes.as_deref().map(|hashes| (hashes.payload, hashes.bytes));
    Seen::Picture(Box::new(PictureRecord {
        format: picture.format.name().to_owned(),
        size: (picture.header.width, picture.header.height),
        first,
        whole,
        heads,
        payload: payload.and_then(|()| hashes.ok_or_else(|| "it could not be hashed".to_owned())),
        remark: looker.remark(listed, picture.format),
    }))
}

fn see_blob(looker: &Looker<'_>, listed: &Listed, blob: &Blob) -> Seen {
    let key = |rung| equal_bytes::key_of(looker, listed, rung);
    Seen::Blob {
        format: blob.format.clone().into_owned(),
        start: key(Rung::Start).map(|(key, _)| key.0),
        bytes: key(Rung::Bytes).and_then(|(_, hash)| hash.ok_or_else(|| "it could not be hashed".to_owned())),
    }
}

/// Reads the record of one part.
#[derive(Debug)]
pub struct ShardReader<R> {
    input: R,
    hasher: blake3::Hasher,
}

impl<R: BufRead> ShardReader<R> {
    /// A reader of these bytes.
    pub fn new(input: R) -> Self {
        Self { input, hasher: blake3::Hasher::new() }
    }

    /// All lines, once the whole is known to be as it was written.
    fn read(mut self) -> Result<Vec<Line>, String> {
        let mut magic = [0; MAGIC.len()];
        self.fill(&mut magic)?;
        if &magic != MAGIC {
            return Err("it is no record of a shard, or one of another version".to_owned());
        }
        let mut lines = Vec::new();
        loop {
            let mut length = [0; 4];
            self.fill(&mut length)?;
            let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
            if length > MOST_LINE_BYTES {
                return Err(format!("line {} is longer than any that is written", lines.len() + 1));
            }
            let mut bytes = vec![0; length];
            self.fill(&mut bytes)?;
            let line = postcard::from_bytes(&bytes);
            let line = line.map_err(|_| format!("line {} makes no sense", lines.len() + 1))?;
            let end = if let Line::End { lines, .. } = &line { Some(*lines) } else { None };
            lines.push(line);
            if let Some(before) = end {
                let hash = *self.hasher.finalize().as_bytes();
                let mut written = [0; 32];
                self.fill(&mut written)?;
                let is_whole = before + 1 == lines.len() as u64 && hash == written;
                return if is_whole { Ok(lines) } else { Err("it is damaged: its hash does not match".to_owned()) };
            }
        }
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        self.input.read_exact(bytes).map_err(|cause| match cause.kind() {
            io::ErrorKind::UnexpectedEof => "it is cut short: its part was not searched to the end".to_owned(),
            _ => words_of(&cause),
        })?;
        self.hasher.update(bytes);
        Ok(())
    }
}

/// The records of all parts of a search.
pub struct Records {
    head: Head,
    recorded: HashMap<PathBuf, Seen>,
    files: Vec<(PathBuf, Option<Identity>)>,
    searched: Searched,
}

impl Records {
    /// Reads the records of all parts, each with its path.
    ///
    /// # Errors
    /// If a record cannot be read, is not whole, or does not belong to the others, or one is missing.
    ///
    /// # Cost
    /// Holds some 500 bytes for each picture of all parts.
    pub fn read<R: BufRead>(parts: Vec<(PathBuf, ShardReader<R>)>) -> Result<Self, Failure> {
        read_parts(parts)
    }

    /// What was to be equal.
    #[must_use]
    pub fn tier(&self) -> Tier {
        if self.head.is_for_bytes { Tier::Bytes } else { Tier::Pixels }
    }

    /// The pictures asked about; none of a scan.
    #[must_use]
    pub fn queries(&self) -> &[PathBuf] {
        &self.head.query_paths
    }
}

/// Reports what a search of the whole tree would, from the records of its parts. The pictures themselves are not touched.
///
/// # Errors
/// None but those of a team, of which there is none here.
pub fn merge(
    records: Records,
    settings: &Settings,
    progress: &Progress,
    report: &mut dyn Report,
) -> Result<Counts, Failure> {
    let tier = records.tier();
    let Records { mut head, recorded, files, mut searched } = records;
    let mut looker = Looker::new(settings, progress);
    let mut asked = (!head.queries.is_empty()).then(|| find::asked(&head.queries));
    let mut team = Alone::default();
    match tier {
        Tier::Pixels => {
            let names = named(files, &recorded, picture_of);
            looker.recorded = Some(Recorded(recorded));
            let pictures = searched.take_names_all(&mut team, names)?;
            searched.climb_for_pixels(&looker, pictures, exchange(&mut AllOf(&mut team), asked.as_mut()))?;
        }
        Tier::Bytes => {
            let names = named(files, &recorded, blob_of);
            looker.recorded = Some(Recorded(recorded));
            let blobs = searched.take_names_all(&mut team, names)?;
            searched.climb_for_bytes(&looker, blobs, exchange(&mut AllOf(&mut team), asked.as_mut()))?;
        }
    }
    if head.queries.is_empty() {
        let groups = gather::groups_all(&looker, &mut searched, &mut team)?;
        team.merge_all(groups, Group::order, &mut |group| report.group(group))?;
    } else {
        head.queries.iter_mut().for_each(|query| query.identity = query.identity.map(Identity::on_no_device));
        let matches = find::matches(&searched, &head.queries, (0, None));
        team.merge_all(matches, find::order, &mut |(query, found)| report.found(query, found))?;
    }
    let bytes_read = searched.counts.bytes_read;
    let mut counts = searched.close_all(&mut team, progress, report)?;
    counts.bytes_read = bytes_read;
    Ok(counts)
}

fn read_parts<R: BufRead>(parts: Vec<(PathBuf, ShardReader<R>)>) -> Result<Records, Failure> {
    let mut found: HashMap<u32, PathBuf> = HashMap::new();
    let mut records: Option<Records> = None;
    for (path, reader) in parts {
        let refused = |reason: String| Failure::cannot("merge", Some(&path), reason);
        let mut lines = reader.read().map_err(refused)?.into_iter();
        let Some(Line::Head(head)) = lines.next() else { return Err(refused("it has no head".to_owned())) };
        let shard = head.shard;
        let whole = match &mut records {
            Some(whole) => {
                whole.head.belongs_with(&head).map_err(refused)?;
                whole
            }
            None => records.insert(Records {
                head: *head,
                recorded: HashMap::new(),
                files: Vec::new(),
                searched: Searched::default(),
            }),
        };
        if let Some(other) = found.insert(shard.number, path.clone()) {
            let other = other.display().to_string().escape_default().to_string();
            return Err(refused(format!("it is shard {} again, after `{other}`", shard.number)));
        }
        lines.for_each(|line| whole.take(line));
    }
    let Some(records) = records else {
        return Err(Failure::cannot("merge", None, "no record is named".to_owned()));
    };
    let count = records.head.shard.count;
    let missing: Vec<String> =
        (1..=count).filter(|number| !found.contains_key(number)).map(|n| n.to_string()).collect();
    if !missing.is_empty() {
        let reason = format!("of {count} shards these are missing: {}", missing.join(", "));
        return Err(Failure::cannot("merge", None, reason));
    }
    Ok(records)
}

impl Head {
    fn belongs_with(&self, other: &Self) -> Result<(), String> {
        if other.version != self.version {
            return Err(format!("it is of version {}, the others of {}", other.version, self.version));
        }
        if other.shard.count != self.shard.count {
            return Err(format!("it is one of {} shards, the others of {}", other.shard.count, self.shard.count));
        }
        if let Some((name, value)) = other.terms.iter().find(|term| !self.terms.contains(term)) {
            return Err(format!("it was searched with {name} {value}, the others otherwise"));
        }
        let asked = |head: &Self| head.queries.iter().map(Query::content).collect::<Vec<_>>();
        if other.query_paths != self.query_paths || asked(self) != asked(other) {
            return Err("it was asked about other pictures than the others".to_owned());
        }
        Ok(())
    }
}

impl Records {
    fn take(&mut self, line: Line) {
        match line {
            Line::File(file) => {
                self.files.push((file.path.clone(), file.identity.map(Identity::on_no_device)));
                self.recorded.insert(file.path, file.seen);
            }
            Line::Unlisted(unread) => self.searched.unread.push(unread),
            Line::End { hidden, links, bytes_read, .. } => {
                self.searched.counts.hidden += hidden;
                self.searched.counts.links += links;
                self.searched.counts.bytes_read += bytes_read;
            }
            Line::Head(_) => {}
        }
    }
}

/// The files as the first look at them left them, sorted by path.
fn named<Found>(
    mut files: Vec<(PathBuf, Option<Identity>)>,
    recorded: &HashMap<PathBuf, Seen>,
    candidate: impl Fn(&Seen) -> Option<Found>,
) -> Vec<(Listed, Outcome<Found>)> {
    files.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let name = |(path, identity): (PathBuf, Option<Identity>)| {
        let outcome = match recorded.get(&path) {
            Some(Seen::Other) | None => Outcome::Other,
            Some(Seen::Small) => Outcome::Small,
            Some(Seen::Alone) => Outcome::Alone,
            Some(Seen::Unread(reason)) => Outcome::Unread(reason.clone()),
            Some(seen) => candidate(seen).map_or(Outcome::Other, Outcome::Candidate),
        };
        (Listed { identity, ..Listed::new(path) }, outcome)
    };
    files.into_iter().map(name).collect()
}

fn picture_of(seen: &Seen) -> Option<Picture> {
    let Seen::Picture(record) = seen else { return None };
    let (width, height) = record.size;
    let header = Header { width, height, whole_bytes: 0, head_bytes: 0, stops_early: true };
    let known: Known = record.first.clone().into_known();
    Some(Picture { file: 0, format: Format::of_name(&record.format)?, header, known })
}

fn blob_of(seen: &Seen) -> Option<Blob> {
    match seen {
        Seen::Blob { format, .. } => Some(Blob::new(format.clone().into())),
        _ => None,
    }
}

//! What earlier searches learnt, and what this one learns: the catalogue in the words of the engine.
//!
//! Of files it gives back what a look at them would find: only the work depends on that, never the report. What people said of
//! pairs of pictures is the one thing that the report depends on, where pictures need not be equal.

use std::{
    collections::HashMap,
    ffi::OsString,
    num::NonZeroU32,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use pixtwin_catalogue::{Catalogue, ENDINGS, Entry, Error, Facts, Holder, Maker, Reader, Sweep, Want, Writer};
use pixtwin_decode::decoders_of;
use pixtwin_matching::Rung;
use pixtwin_pixel::Alpha;

use crate::{
    equal_bytes::Blob,
    evidence::Remark,
    facts::{
        FIRST, METADATA, blob_of, facts_of, facts_of_known, failure, known_of, name_of, outcome_of, stamp_of,
        with_failure,
    },
    file::{Identity, Listed, Moment},
    first_look::Outcome,
    offers::Looked,
    picture::Picture,
    refusal::Refusal,
    settings::{Orientation, Settings, Tier},
};

/// The version of the keys that are kept beside the digest: which rows they cover and how they are hashed.
const KEYS_VERSION: u32 = 1;

/// A file that changed within this time before a run is not kept: a clock of coarse ticks could give its next change the
/// same time. The coarsest of file systems in use has ticks of two seconds.
const UNSETTLED_NS: i64 = 2_000_000_000;

/// With less memory than this nothing is recalled: finding payloads can take up to a quarter of it, and would be refused.
const LEAST_BYTES: u64 = 64 << 20;

/// How a search uses its catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Files in a state that it knows are not looked at again.
    Believe,
    /// Every file is looked at again, and what is found is kept.
    LookAgain,
}

/// The catalogue of this host, for one run.
#[derive(Debug)]
pub struct Memory {
    catalogue: Catalogue,
    /// Where it is: its folder, by device and inode, and the names of its files there.
    home: Option<((u64, u64), [OsString; 4])>,
    writer: Writer,
    /// Readers that no thread has at the moment.
    readers: Mutex<Vec<Reader>>,
    /// There is something to believe.
    recalls: bool,
    /// What is known of files in the same state is enough.
    believes: bool,
    /// What decoding may take: a picture that needs more is refused, whatever is known of it from a run that had more.
    memory_bytes: u64,
    /// Files that changed later are not kept.
    settled: Moment,
    recalled: AtomicU64,
    remarks: Mutex<Remarks>,
    /// The first reason why it could not be read.
    fault: Mutex<Option<Error>>,
    /// The first reason why not all that people said could be read.
    pub(crate) unheard: Mutex<Option<Error>>,
}

/// What was recalled of files beside their pixels, each text once: of twins most have the same.
#[derive(Debug, Default)]
struct Remarks {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, NonZeroU32>,
}

impl Remarks {
    fn number_of(&mut self, text: &str) -> Option<NonZeroU32> {
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        let number = u32::try_from(self.texts.len()).ok().and_then(NonZeroU32::new)?;
        self.numbers.insert(text, number);
        Some(number)
    }

    fn text_of(&self, number: NonZeroU32) -> Option<Arc<str>> {
        self.texts.get(usize::try_from(number.get()).ok()?.checked_sub(1)?).cloned()
    }
}

/// What a run had of its catalogue.
#[derive(Debug, Default)]
pub struct MemoryUse {
    /// Why not all could be read.
    pub unread: Option<Error>,
    /// Why not all that people said of pairs of pictures could be read: such pairs were reported again.
    pub unheard: Option<Error>,
    /// Why not all could be written.
    pub unwritten: Option<Error>,
}

impl Memory {
    /// The catalogue in this file, which is made if there is none; its folder must exist.
    ///
    /// # Errors
    /// If it cannot be used.
    pub fn open(path: &Path, settings: &Settings, trust: Trust) -> Result<Self, Error> {
        let catalogue = Catalogue::open(path, Want::Write, maker(settings.alpha, settings.orientation, settings.tier))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
        let believes = trust == Trust::Believe && settings.memory_bytes >= LEAST_BYTES;
        Ok(Self {
            writer: catalogue.writer()?,
            recalls: believes && !catalogue.is_empty()?,
            believes,
            memory_bytes: settings.memory_bytes,
            catalogue,
            home: home_of(path),
            readers: Mutex::default(),
            settled: Moment::of((0, now.saturating_sub(UNSETTLED_NS))),
            recalled: AtomicU64::default(),
            remarks: Mutex::default(),
            fault: Mutex::default(),
            unheard: Mutex::default(),
        })
    }

    /// All files that one of these probes finds.
    pub(crate) fn holders(&self, probes: &[u64]) -> Result<Vec<Holder>, Error> {
        self.catalogue.reader().and_then(|mut reader| {
            let holders = reader.holders(probes);
            self.take_back(Some(reader));
            holders
        })
    }

    /// All files of which something is known that is `wanted`.
    pub(crate) fn holders_where(&self, wanted: &mut dyn FnMut(&Facts) -> bool) -> Result<Vec<Holder>, Error> {
        self.catalogue.reader().and_then(|mut reader| {
            let holders = reader.holders_where(wanted);
            self.take_back(Some(reader));
            holders
        })
    }

    /// Goes through the codes of all pictures that are known.
    pub(crate) fn sweep(&self) -> Result<Sweep, Error> {
        self.catalogue.sweep()
    }

    /// How many pictures are known that have no codes, where there can be any.
    pub(crate) fn count_without_near(&self) -> Result<u64, Error> {
        self.catalogue.count_without_near()
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.catalogue.path()
    }

    /// Whether this run, too, would have had the memory to learn this.
    fn may_have(&self, facts: &Facts) -> bool {
        facts.header.is_none_or(|header| header.whole_bytes.max(header.head_bytes) <= self.memory_bytes)
    }

    /// Whether what is known of a file, which is in the same state, is enough.
    pub(crate) fn is_believed(&self, facts: &Facts) -> bool {
        self.believes && self.may_have(facts)
    }

    /// How many files were not looked at, for they were known.
    pub(crate) fn recalled(&self) -> u64 {
        self.recalled.load(Ordering::Relaxed)
    }

    /// Whether a file is one of its own.
    pub(crate) fn is_own(&self, path: &Path) -> bool {
        let Some((folder, names)) = &self.home else { return false };
        let is_named = path.file_name().is_some_and(|name| names.iter().any(|own| own == name));
        is_named && folder_of(path).is_some_and(|found| found == *folder)
    }

    /// Writes what is left.
    #[must_use]
    pub fn finish(self) -> MemoryUse {
        let Self { catalogue, writer, readers, fault, unheard, .. } = self;
        drop(readers);
        let unwritten = writer.finish().err();
        drop(catalogue);
        let [unread, unheard] =
            [fault, unheard].map(|fault| fault.into_inner().unwrap_or_else(PoisonError::into_inner));
        MemoryUse { unread, unheard, unwritten }
    }

    /// A reader for one thread; nothing where there is nothing to read.
    pub(crate) fn lend(&self) -> Option<Reader> {
        if !self.recalls || self.is_shut() {
            return None;
        }
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.or_else(|| self.unless_fault(self.catalogue.reader()))
    }

    pub(crate) fn take_back(&self, reader: Option<Reader>) {
        if reader.as_ref().is_some_and(Reader::has_met_damage) {
            let _: Option<()> = self.unless_fault(Err(Error::Damaged(LEFT_OUT.to_owned())));
        }
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).extend(reader);
    }

    /// What a look at a file found that is the same now, by its name and state.
    fn recall(&self, reader: &mut Reader, listed: &Listed, identity: &Identity) -> Option<Facts> {
        let name = listed.name().as_os_str().as_encoded_bytes();
        let found = reader.recall(listed.folder(), name, identity.place.0, &stamp_of(identity));
        self.unless_fault(found).flatten().map(|entry| entry.facts)
    }

    /// Learns the state of a file and what the first look at it found, if that is known. Neighbours are asked about one
    /// after the other.
    pub(crate) fn recall_first(
        &self,
        reader: &mut Reader,
        listed: &mut Listed,
    ) -> Option<Result<Outcome<Picture>, Refusal>> {
        self.recall_as(reader, listed, |facts| {
            let mut outcome = outcome_of(facts)?;
            if let (Ok(Outcome::Candidate(picture)), Some(text)) = (&mut outcome, &facts.metadata) {
                picture.remark = self.remarks.lock().unwrap_or_else(PoisonError::into_inner).number_of(text);
            }
            Some(outcome)
        })
    }

    /// The same of a file that is searched by its bytes.
    pub(crate) fn recall_blob(
        &self,
        reader: &mut Reader,
        listed: &mut Listed,
    ) -> Option<Result<Outcome<Blob>, Refusal>> {
        self.recall_as(reader, listed, blob_of)
    }

    /// The same in the way of whoever asks.
    pub(crate) fn recall_as<Found>(
        &self,
        reader: &mut Reader,
        listed: &mut Listed,
        outcome_of: impl Fn(&Facts) -> Option<Result<Outcome<Found>, Refusal>>,
    ) -> Option<Result<Outcome<Found>, Refusal>> {
        // Of a folder that nobody knows the state of its files is learnt when they are opened.
        if self.is_shut() || self.unless_fault(reader.knows(listed.folder())) != Some(true) {
            return None;
        }
        reader.take_outdated().iter().for_each(|folder| self.writer.visit(folder));
        let identity = listed.stat().ok()?;
        let facts = self.recall(reader, listed, &identity).filter(|facts| self.may_have(facts))?;
        let outcome = outcome_of(&facts)?;
        listed.identity = Some(identity);
        self.recalled.fetch_add(1, Ordering::Relaxed);
        Some(outcome)
    }

    /// What a later look found, if that is known.
    pub(crate) fn recall_look(&self, listed: &Listed, picture: &Picture, rung: Rung) -> Option<Looked> {
        let facts = self.recall_again(listed)?;
        if let Some(reason) = facts.failure(&name_of(rung)) {
            return Some(Err(Refusal::of_content(reason)));
        }
        let mut picture = picture.clone();
        picture.known.add(known_of(&facts));
        picture.key(rung)?;
        Some(Ok(picture.known))
    }

    /// What a file holds beside its pixels, if that is known.
    pub(crate) fn recall_remark(&self, listed: &Listed, picture: &Picture) -> Option<Result<Remark, Refusal>> {
        if let Some(number) = picture.remark {
            let text = self.remarks.lock().unwrap_or_else(PoisonError::into_inner).text_of(number)?;
            return Remark::from_text(&text).map(Ok);
        }
        let facts = self.recall_again(listed)?;
        match facts.failure(METADATA) {
            Some(reason) => Some(Err(Refusal::of_content(reason))),
            None => Remark::from_text(facts.metadata.as_deref()?).map(Ok),
        }
    }

    /// Makes sure that the file is still what it was when it was looked at before, and says what is known of it.
    fn recall_again(&self, listed: &Listed) -> Option<Facts> {
        let identity = listed.stat().ok()?;
        if listed.identity.is_some_and(|before| !before.is_unchanged(&identity)) {
            return None;
        }
        let mut reader = self.lend();
        let name = listed.name().as_os_str().as_encoded_bytes();
        let found = reader
            .as_mut()
            .map(|reader| reader.recall_one(listed.folder(), name, identity.place.0, &stamp_of(&identity)));
        self.take_back(reader);
        self.unless_fault(found?).flatten().map(|entry| entry.facts)
    }

    /// Keeps what the first look at a file came to.
    pub(crate) fn learn_first<Found>(
        &self,
        listed: &Listed,
        outcome: &Result<Outcome<Found>, Refusal>,
        facts_of: impl Fn(&Found) -> Facts,
    ) {
        let facts = match outcome {
            Ok(Outcome::Candidate(found)) => facts_of(found),
            Ok(Outcome::Other) => Facts::default(),
            Ok(Outcome::Unread(refusal)) | Err(refusal) if refusal.lasts() => failure(FIRST, refusal),
            Ok(Outcome::Unread(_) | Outcome::Alone | Outcome::Small) | Err(_) => return,
        };
        self.learn(listed, facts);
    }

    /// Keeps what a later look at a picture came to.
    pub(crate) fn learn_look(&self, listed: &Listed, picture: &Picture, rung: Rung, looked: &Looked) {
        let facts = match looked {
            Ok(known) => facts_of_known(picture, known),
            Err(refusal) if refusal.lasts() => with_failure(facts_of(picture), &name_of(rung), refusal),
            Err(_) => return,
        };
        self.learn(listed, facts);
    }

    /// Keeps what a file holds beside its pixels.
    pub(crate) fn learn_remark(&self, listed: &Listed, picture: &Picture, remark: &Result<Remark, Refusal>) {
        let facts = facts_of(picture);
        let facts = match remark {
            Ok(remark) => Facts { metadata: Some(remark.to_text()), ..facts },
            Err(refusal) if refusal.lasts() => with_failure(facts, METADATA, refusal),
            Err(_) => return,
        };
        self.learn(listed, facts);
    }

    /// Keeps these facts of a file in the state that it was seen in.
    pub(crate) fn learn(&self, listed: &Listed, facts: Facts) {
        let Some(identity) = listed.identity.filter(|identity| identity.changed < self.settled) else { return };
        // What is learnt under one name of a file holds for the others.
        for path in listed.other_paths() {
            self.learn_name(&Listed::new(path), &identity, facts.clone());
        }
        self.learn_name(listed, &identity, facts);
    }

    fn learn_name(&self, listed: &Listed, identity: &Identity, facts: Facts) {
        let folder = self.catalogue.folder(listed.folder()).filter(|folder| folder.is_on(identity.place.0));
        if let Some(folder) = folder {
            let name = listed.name().as_os_str().as_encoded_bytes();
            self.writer.learn(&folder, name, Entry { stamp: stamp_of(identity), facts });
        }
    }

    /// Whether nothing more is to be had of it: to try again could take as long each time.
    fn is_shut(&self) -> bool {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.as_ref().is_some_and(|fault| !matches!(fault, Error::Damaged(_)))
    }

    /// Keeps the first reason why it cannot be read: the search goes on without.
    fn unless_fault<T>(&self, result: Result<T, Error>) -> Option<T> {
        let keep = |fault| {
            self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
        };
        result.map_err(keep).ok()
    }
}

/// What is said of rows that are not as they were written.
pub(crate) const LEFT_OUT: &str = "some of it is not as it was written, and was left out";

/// The folder of a catalogue, and what its files are called: itself, and what SQLite keeps beside it.
fn home_of(path: &Path) -> Option<((u64, u64), [OsString; 4])> {
    let name = path.file_name()?;
    let names = ENDINGS.map(|ending| {
        let mut name = name.to_owned();
        name.push(ending);
        name
    });
    Some((folder_of(path)?, names))
}

fn folder_of(path: &Path) -> Option<(u64, u64)> {
    let folder = path.parent()?;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    folder.metadata().ok().map(|found| (found.dev(), found.ino()))
}

/// All that what is found depends on beside the file.
#[must_use]
pub fn maker(alpha: Alpha, orientation: Orientation, tier: Tier) -> Maker {
    let alpha = match alpha {
        Alpha::Exact => "exact",
        Alpha::IgnoreHidden => "ignore-hidden",
    };
    let shown = match orientation {
        Orientation::AsStored => "as stored",
        Orientation::AsShown => "as shown",
    };
    let rules = match tier {
        Tier::Pixels => format!("pixels 1, keys {KEYS_VERSION}, alpha {alpha}, {shown}"),
        Tier::Bytes => "bytes 1".to_owned(),
        Tier::Turned => format!("turned 1, alpha {alpha}, {shown}"),
        Tier::Within(_) => format!("within 1, alpha {alpha}, {shown}"),
        Tier::Similar(_) => format!("similar 3, alpha {alpha}, {shown}"),
    };
    Maker { rules, decoder: decoders_of, near: matches!(tier, Tier::Similar(_)) }
}

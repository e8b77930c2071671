//! Looks at whole pictures: once for all files of one payload.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use pixtwin_catalogue::Facts;
use pixtwin_decode::{InMemory, Source};
use pixtwin_matching::Candidate;
use pixtwin_pixel::Key;

use crate::{
    file::{Identity, Listed, words_of},
    first_look::{Outcome, Scratch, sniff_and_head},
    look::{HEADER_WINDOW_BYTES, Looker, WHOLE_WINDOW_BYTES, reopen, still_unchanged},
    near::{
        sights::is_flat,
        spool::Spool,
        trace::{TraceSink, looks_at_all, no_record},
        turned::Record,
    },
    opened::{Opened, read_whole},
    picture::{Known, Picture, key_of_hash},
    pool,
    progress::Stage,
    refusal::Refusal,
    report::Unread,
    settings::Tier,
};

/// A file up to this length is held in memory while it is hashed and decoded.
const HELD_FILE_BYTES: u64 = 32 << 20;

/// A picture of the search.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) picture: Picture,
    /// The number of its record. Nothing while it was not looked at, or while another file of its payload was for it.
    pub(crate) record: Option<u32>,
    /// The catalogue has all that is known of it.
    pub(crate) is_known: bool,
    /// Why it cannot be looked at whole, as the catalogue knows.
    pub(crate) known_refusal: Option<Refusal>,
    refusal: Option<Refusal>,
}

impl Seen {
    pub(crate) fn new(picture: Picture) -> Self {
        Self { picture, record: None, is_known: false, known_refusal: None, refusal: None }
    }

    /// What can prove it equal to another.
    pub(crate) fn evidence(&self) -> Option<Candidate> {
        let hashes = self.picture.known.hashes()?;
        let digest = self.picture.known.digest();
        Some(Candidate { file: self.picture.at(), bytes: hashes.bytes, payload: hashes.payload, digest })
    }
}

/// The picture of this file; they are in the order of the files.
pub(crate) fn seen_at(seen: &[Seen], file: usize) -> Option<&Seen> {
    seen.binary_search_by_key(&file, |seen| seen.picture.at()).ok().and_then(|at| seen.get(at))
}

/// Looks at pictures on behalf of a tier, and keeps their records.
pub(crate) struct Looks<'a> {
    pub(crate) looker: &'a Looker<'a>,
    pub(crate) tier: Tier,
    pub(crate) spool: Spool,
    /// Payloads that some file is looked at for.
    claimed: Mutex<HashSet<Key>>,
    /// The number of the record of each distinct picture, where that costs much to make.
    drawn: Mutex<HashMap<Key, u32>>,
    /// The numbers of the records of pictures without a code that may be compared.
    flat: Mutex<HashSet<u32>>,
}

impl<'a> Looks<'a> {
    pub(crate) fn new(looker: &'a Looker<'a>, tier: Tier) -> Self {
        let spool = Spool::new(super::trace::record_bytes(tier));
        Self { looker, tier, spool, claimed: Mutex::default(), drawn: Mutex::default(), flat: Mutex::default() }
    }

    /// The first look at a file: its header, and where the tier needs all pictures, the whole of it while it is open. A file
    /// that the catalogue knows is not opened.
    pub(crate) fn first(&self, listed: &mut Listed, scratch: &mut Scratch) -> Result<Outcome<Seen>, Refusal> {
        let recalled = self.looker.memory.zip(scratch.reader.as_mut());
        let recalled =
            recalled.and_then(|(memory, reader)| memory.recall_as(reader, listed, |facts| self.recalled(facts)));
        match recalled {
            Some(_) if listed.bytes() < self.looker.min_bytes => Ok(Outcome::Small),
            Some(outcome) => outcome,
            None => {
                let outcome = self.first_afresh(listed, scratch.held());
                let learnt = self.looker.keeper().filter(|_| !matches!(outcome, Ok(Outcome::Candidate(_))));
                learnt.into_iter().for_each(|memory| memory.learn_first(listed, &outcome, |_| Facts::default()));
                outcome
            }
        }
    }

    fn first_afresh(&self, listed: &mut Listed, held: &mut Vec<u8>) -> Result<Outcome<Seen>, Refusal> {
        let (file, identity) = listed.open().map_err(|cause| words_of(&cause))?;
        listed.identity = Some(identity);
        if identity.bytes < self.looker.min_bytes {
            return Ok(Outcome::Small);
        }
        if !looks_at_all(self.tier) || identity.bytes > HELD_FILE_BYTES {
            let mut source = self.window(&file, &identity, HEADER_WINDOW_BYTES);
            let mut outcome = sniff_and_head(self.looker, listed, &mut source)?.map(Seen::new);
            if let Outcome::Candidate(seen) = &mut outcome {
                match looks_at_all(self.tier) {
                    true => seen.refusal = self.look(listed, seen, true).err(),
                    false => self.learn(listed, &seen.picture, Ok(None)),
                }
            }
            return Ok(outcome);
        }
        read_whole(&file, identity.bytes, held, self.looker.progress).map_err(|cause| words_of(&cause))?;
        let mut outcome = sniff_and_head(self.looker, listed, &mut InMemory::new(held))?.map(Seen::new);
        if let Outcome::Candidate(seen) = &mut outcome {
            let looked = self.look_held(held, seen, true);
            still_unchanged(&file, &identity)?;
            seen.refusal = self.kept(listed, seen, looked).err();
        }
        Ok(outcome)
    }

    /// Looks at all that were not yet, each payload once. Those that cannot be looked at leave, and are listed.
    pub(crate) fn complete(&self, files: &[Listed], seen: &mut Vec<Seen>, unread: &mut Vec<Unread>) -> u64 {
        let mut looked = 0;
        // Then those of whose payload the first could not be decoded, each by itself.
        for claims in [true, false] {
            share(seen);
            let is_missing = |seen: &&mut Seen| {
                let waits = claims && seen.picture.known.hashes().is_some() && seen.known_refusal.is_none();
                seen.record.is_none() && seen.refusal.is_none() && !waits
            };
            let mut missing: Vec<&mut Seen> = seen.iter_mut().filter(is_missing).collect();
            looked += missing.len() as u64;
            self.looker.progress.begin(Stage::Comparing, missing.len());
            pool::for_each(&mut missing, self.looker.threads, |seen| {
                let looked = match files.get(seen.picture.at()) {
                    Some(listed) => self.look(listed, seen, claims),
                    None => Err("it is not listed".into()),
                };
                seen.refusal = looked.err();
                self.looker.progress.add_done();
            });
        }
        self.learn_copies(files, seen);
        // The search needs the room.
        *self.drawn() = HashMap::new();
        for refused in seen.extract_if(.., |seen| seen.record.is_none()) {
            let reason = refused.refusal.unwrap_or_else(|| "it was not looked at".into());
            unread.extend(files.get(refused.picture.at()).map(|file| Unread::new(&file.path(), reason)));
        }
        looked
    }

    /// Lets the catalogue know the digest of files that another of their payload was decoded for.
    fn learn_copies(&self, files: &[Listed], seen: &[Seen]) {
        for one in seen.iter().filter(|seen| seen.record.is_some() && !seen.is_known && !seen.picture.is_recalled) {
            files.get(one.picture.at()).into_iter().for_each(|listed| self.learn(listed, &one.picture, Ok(None)));
        }
    }

    /// Keeps what came of a look, if it went through.
    fn kept(&self, listed: &Listed, seen: &mut Seen, looked: Result<Option<Vec<u8>>, Refusal>) -> Result<(), Refusal> {
        self.learn(listed, &seen.picture, looked.as_ref().map(Option::as_deref));
        seen.is_known = matches!(looked, Ok(Some(_)));
        looked.map(|_| ())
    }

    /// Hashes a file and decodes it; with `claims`, only if nobody else does so for its payload.
    fn look(&self, listed: &Listed, seen: &mut Seen, claims: bool) -> Result<(), Refusal> {
        if let Some(refusal) = seen.known_refusal.clone() {
            return Err(refusal);
        }
        let (file, identity) = reopen(listed)?;
        let looked = self.look_open(listed, (&file, &identity), seen, claims);
        still_unchanged(&file, &identity)?;
        self.kept(listed, seen, looked)
    }

    /// What the tier keeps of the picture; nothing if somebody else decodes it.
    fn look_open(
        &self,
        listed: &Listed,
        (file, identity): (&File, &Identity),
        seen: &mut Seen,
        claims: bool,
    ) -> Result<Option<Vec<u8>>, Refusal> {
        if identity.bytes <= HELD_FILE_BYTES {
            let mut held = Vec::new();
            read_whole(file, identity.bytes, &mut held, self.looker.progress).map_err(|cause| words_of(&cause))?;
            return self.look_held(&held, seen, claims);
        }
        self.looker.hash(listed, &mut seen.picture)?;
        match claims && !self.claim(&seen.picture) {
            true => Ok(None),
            false => self.decode(&mut self.window(file, identity, WHOLE_WINDOW_BYTES), seen).map(Some),
        }
    }

    fn look_held(&self, held: &[u8], seen: &mut Seen, claims: bool) -> Result<Option<Vec<u8>>, Refusal> {
        let hashes = self.looker.hashes_of(held, &seen.picture)?;
        seen.picture.known.set_hashes(hashes);
        if claims && !self.claim(&seen.picture) {
            return Ok(None);
        }
        self.decode(&mut InMemory::new(held), seen).map(Some)
    }

    /// Whether nobody has looked at a file of this payload.
    fn claim(&self, picture: &Picture) -> bool {
        let payload = picture.known.hashes().map(|hashes| key_of_hash(&hashes.payload));
        let mut claimed = self.claimed.lock().unwrap_or_else(PoisonError::into_inner);
        payload.is_none_or(|payload| claimed.insert(payload))
    }

    fn decode(&self, source: &mut dyn Source, seen: &mut Seen) -> Result<Vec<u8>, Refusal> {
        let trace = self.trace(source, &mut seen.picture)?;
        let kept = |kept: io::Result<u32>| kept.map_err(|cause| words_of(&cause));
        let digest = seen.picture.known.digest().map(|digest| key_of_hash(&digest.0));
        let Some(digest) = digest.filter(|_| matches!(self.tier, Tier::Similar(_))) else {
            let record = self.record_of(trace, source, &seen.picture)?;
            seen.record = Some(kept(self.keep(&record))?);
            return Ok(record);
        };
        // Equal pixels have equal sights, however they are stored.
        let known = self.drawn().get(&digest).copied();
        if let Some(number) = known {
            let mut record = Vec::new();
            self.spool.read(number, &mut record).map_err(|cause| words_of(&cause))?;
            seen.record = Some(number);
            return Ok(record);
        }
        let record = self.record_of(trace, source, &seen.picture)?;
        let number = kept(self.keep(&record))?;
        self.drawn().insert(digest, number);
        seen.record = Some(number);
        Ok(record)
    }

    /// Keeps a record, and gives its number.
    ///
    /// # Errors
    /// If there is no room for it.
    pub(crate) fn keep(&self, record: &[u8]) -> io::Result<u32> {
        let number = self.spool.add(record)?;
        if is_flat(self.tier, record) {
            self.flat.lock().unwrap_or_else(PoisonError::into_inner).insert(number);
        }
        Ok(number)
    }

    /// How many of these files show a picture without a code that may be compared; nothing where the tier compares none.
    pub(crate) fn count_flat(&self, seen: &[Seen]) -> Option<u64> {
        let flat = self.flat.lock().unwrap_or_else(PoisonError::into_inner);
        let count = || seen.iter().filter_map(|seen| seen.record).filter(|record| flat.contains(record)).count();
        matches!(self.tier, Tier::Similar(_)).then(|| count() as u64)
    }

    fn drawn(&self) -> MutexGuard<'_, HashMap<Key, u32>> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decodes a picture whole: its digest, and what the tier keeps of it.
    pub(crate) fn record(&self, source: &mut dyn Source, picture: &mut Picture) -> Result<Vec<u8>, Refusal> {
        let trace = self.trace(source, picture)?;
        self.record_of(trace, source, picture)
    }

    /// Decodes a picture whole: its digest, and what its rows came to for the tier, if it keeps more.
    fn trace(&self, source: &mut dyn Source, picture: &mut Picture) -> Result<Option<TraceSink>, Refusal> {
        let mut trace = TraceSink::new(self.tier, self.looker.alpha());
        match &mut trace {
            Some(sink) => self.looker.decode_beside(source, picture, sink)?,
            None => self.looker.decode_source(source, picture)?,
        }
        Ok(trace)
    }

    fn record_of(
        &self,
        trace: Option<TraceSink>,
        source: &mut dyn Source,
        picture: &Picture,
    ) -> Result<Vec<u8>, Refusal> {
        let Some(sink) = trace else { return Ok(Vec::new()) };
        let record = sink.finish().ok_or_else(|| no_record(picture.format))?;
        if self.tier != Tier::Turned {
            return Ok(record);
        }
        let class = self.looker.coefficient_class(source, picture)?;
        Ok(Record::read(&record).map_or(record, |record| Record::of(record.key, class)))
    }

    fn window<'b>(&'b self, file: &'b File, identity: &Identity, capacity: usize) -> Opened<'b> {
        Opened::new(file, identity.bytes, capacity, self.looker.progress)
    }
}

/// Lets all files know what was learnt of their payload. Equal payloads of one format are equal pictures.
fn share(seen: &mut [Seen]) {
    let payload_of = |seen: &Seen| Some((seen.picture.format, seen.picture.known.hashes()?.payload));
    let mut known: HashMap<_, (u32, Known)> = HashMap::new();
    for one in seen.iter() {
        if let (Some(payload), Some(record)) = (payload_of(one), one.record) {
            known.insert(payload, (record, one.picture.known.clone()));
        }
    }
    for one in seen.iter_mut().filter(|one| one.record.is_none()) {
        if let Some((record, known)) = payload_of(one).and_then(|payload| known.get(&payload)) {
            let hashes = one.picture.known.hashes();
            one.picture.known.add(known.clone());
            hashes.into_iter().for_each(|hashes| one.picture.known.set_hashes(hashes));
            one.record = Some(*record);
        }
    }
}

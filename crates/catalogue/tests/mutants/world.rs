//! A catalogue, and what was written into it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    num::NonZeroU64,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use pixtwin_catalogue::{Catalogue, DigestPair, Entry, Error, Facts, Header, Holder, Maker, Near, Place, Stamp, Want};
use pixtwin_testkit::draw::Seeded;
use tempfile::TempDir;

pub(crate) const FOLDERS: usize = 12;
pub(crate) const FILES: usize = 20;
/// How many pairs were said to differ.
const PAIRS: u32 = 40;

/// The files of a catalogue that nobody has open.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) pages: Vec<u8>,
    /// Empty where all is in the pages.
    pub(crate) log: Vec<u8>,
}

/// What was written of each file: by folder and name, every entry that there ever was.
type Written = BTreeMap<(usize, Vec<u8>), Vec<Entry>>;

/// Folders, what was written of their files, and where the catalogue is.
pub(crate) struct World {
    home: TempDir,
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) device: u64,
    written: Written,
    seeds: Vec<Files>,
}

impl World {
    pub(crate) fn new() -> Self {
        // In memory where there is such a folder: the catalogue is made anew for every mutant.
        let memory = Path::new("/dev/shm");
        let home = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
        let folders: Vec<PathBuf> = (0..FOLDERS).map(|number| home.path().join(format!("folder {number}"))).collect();
        folders.iter().for_each(|folder| fs::create_dir(folder).unwrap());
        let device = home.path().metadata().unwrap().dev();
        let mut world = Self { home, folders, device, written: Written::new(), seeds: Vec::new() };
        world.write();
        world
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.home.path().join("catalogue")
    }

    pub(crate) fn maker() -> Maker {
        let decoder = |format: Option<&str>| format!("decoder of {} 1.0", format.unwrap_or("nothing"));
        Maker { rules: "rules 1".to_owned(), decoder, near: true }
    }

    /// One with everything in its pages, and one whose log was left behind.
    pub(crate) fn seeds(&self) -> &[Files] {
        &self.seeds
    }

    /// A pair that was said to differ in the first part, or in the second.
    pub(crate) fn pair(number: u32) -> DigestPair {
        let digest = |number: u32| std::array::from_fn(|at| number.to_be_bytes()[at % 4] ^ at as u8);
        (digest(number), digest(number + 1))
    }

    /// How many entries a reader finds of files, asking by pictures once more, and sweeping codes; what has codes counts
    /// twice. And how many pairs were said to differ.
    pub(crate) fn all(&self) -> u64 {
        let weight = |entry: &Entry| {
            let times = 1 + u64::from(entry.facts.probe().is_some()) + u64::from(entry.facts.near.is_some());
            times * (1 + u64::from(entry.facts.near.is_some()))
        };
        let entries: u64 = self.written.values().map(|entries| weight(entries.last().unwrap())).sum();
        entries + u64::from(PAIRS)
    }

    /// Puts these files in the place of the catalogue.
    pub(crate) fn put(&self, files: &Files) {
        let beside = |end: &str| PathBuf::from(format!("{}{end}", self.file().display()));
        let _ = fs::remove_file(beside("-shm"));
        let _ = fs::remove_file(beside("-wal"));
        fs::write(self.file(), &files.pages).unwrap();
        if !files.log.is_empty() {
            fs::write(beside("-wal"), &files.log).unwrap();
        }
    }

    /// Writes in two parts: the first goes to the pages, the second to the log.
    fn write(&mut self) {
        for part in 0..2_u32 {
            let catalogue = Catalogue::open(&self.file(), Want::Write, Self::maker()).unwrap();
            // As long as this is open, what is written stays in the log.
            let open = catalogue.reader().unwrap();
            let writer = catalogue.writer().unwrap();
            for folder in 0..FOLDERS {
                let known = catalogue.folder(&self.folders[folder]).unwrap();
                for number in 0..FILES {
                    // Most in the first part; some of these are known better in the second; the rest only there.
                    let is_late = number % 5 == 4;
                    if is_late && part == 0 || part == 1 && !is_late && number % 5 != 0 {
                        continue;
                    }
                    let name = name(number);
                    let entry = entry((folder * FILES + number) as u64, part == 1);
                    writer.learn(&known, &name, entry.clone());
                    let entries = self.written.entry((folder, name)).or_default();
                    let mut known = entries.last().cloned().unwrap_or_else(|| entry.clone());
                    known.facts.add(entry.facts);
                    entries.push(known);
                }
            }
            writer.finish().unwrap();
            let said: Vec<DigestPair> = (0..PAIRS).filter(|pair| pair % 2 == part).map(Self::pair).collect();
            catalogue.say_differ(&said).unwrap();
            if part == 1 {
                let log = fs::read(format!("{}-wal", self.file().display())).unwrap();
                self.seeds.push(Files { pages: fs::read(self.file()).unwrap(), log });
            }
            drop(open);
        }
        self.seeds.insert(0, Files { pages: fs::read(self.file()).unwrap(), log: Vec::new() });
        assert!(!Path::new(&format!("{}-wal", self.file().display())).exists());
    }

    /// Asks for every file by its name and state, and for every picture; says how many were found, all of them right.
    pub(crate) fn read_all(&self, catalogue: &Catalogue) -> Result<u64, Error> {
        let mut reader = catalogue.reader()?;
        let (mut right, mut fault) = (0, None);
        for ((folder, name), entries) in &self.written {
            let stamp = entries.last().unwrap().stamp;
            match reader.recall(&self.folders[*folder], name, self.device, &stamp) {
                Ok(Some(found)) => {
                    self.check(*folder, name, &found, &[]);
                    right += 1 + u64::from(found.facts.near.is_some());
                }
                Ok(None) => {}
                Err(cause) => fault = Some(cause),
            }
        }
        let mut probes: Vec<u64> = self.written.values().filter_map(|known| known.last()?.facts.probe()).collect();
        probes.sort_unstable();
        probes.dedup();
        match reader.holders(&probes) {
            Ok(holders) => right += holders.iter().map(|holder| self.check_holder(holder)).sum::<u64>(),
            Err(cause) => fault = Some(cause),
        }
        match self.swept(catalogue) {
            Ok(swept) => right += swept,
            Err(cause) => fault = Some(cause),
        }
        match self.verdicts(catalogue) {
            Ok(said) => right += said,
            Err(cause) => fault = Some(cause),
        }
        fault.map_or(Ok(right), Err)
    }

    /// How many pairs were said to differ, each counted once; none of them was not said.
    pub(crate) fn verdicts(&self, catalogue: &Catalogue) -> Result<u64, Error> {
        let mut said = BTreeSet::new();
        let pairs: BTreeSet<DigestPair> = (0..PAIRS).map(Self::pair).map(|(a, b)| (a.min(b), a.max(b))).collect();
        catalogue.verdicts(&mut |verdict| {
            assert!(pairs.contains(&(verdict.a, verdict.b)), "never said: {verdict:?}");
            said.insert((verdict.a, verdict.b));
        })?;
        Ok(said.len() as u64)
    }

    /// Goes through all codes and asks for all whose they are.
    fn swept(&self, catalogue: &Catalogue) -> Result<u64, Error> {
        let mut sweep = catalogue.sweep()?;
        let mut places = Vec::new();
        sweep.each(0..Near::CODES, &mut |block| {
            assert!(block.places() <= Place::MOST && block.usable().len() == block.places());
            assert_eq!(block.plane(27, 1).len(), block.places());
            places.extend((0..block.places() as u32).map(|at| Place { block: block.id(), at }));
        })?;
        let holders = sweep.holders_at(&places)?;
        assert!(holders.iter().all(|(_, holder)| holder.entry.facts.near.is_some()));
        Ok(holders.iter().map(|(_, holder)| self.check_holder(holder)).sum())
    }

    fn check_holder(&self, holder: &Holder) -> u64 {
        let folder = self.folders.iter().position(|folder| holder.path.parent() == Some(folder));
        let folder = folder.unwrap_or_else(|| panic!("in no folder: {holder:?}"));
        assert!(holder.absent.is_none() && holder.is_current, "{holder:?}");
        let name = holder.path.file_name().unwrap().as_encoded_bytes();
        self.check(folder, name, &holder.entry, &[]);
        1 + u64::from(holder.entry.facts.near.is_some())
    }

    /// That this was written of this file, or learnt since.
    #[track_caller]
    pub(crate) fn check(&self, folder: usize, name: &[u8], found: &Entry, learnt: &[&Entry]) {
        let known = self.written.get(&(folder, name.to_vec())).map_or(&[][..], Vec::as_slice);
        let is_known = |found: &Entry| known.iter().any(|entry| equal(entry, found));
        let is_learnt = learnt.iter().any(|new| {
            let same = known.iter().filter(|entry| entry.stamp == new.stamp);
            let grown = same.map(|entry| {
                let mut grown = (*new).clone();
                grown.facts.add(entry.facts.clone());
                grown
            });
            equal(new, found) || grown.into_iter().any(|grown| equal(&grown, found))
        });
        assert!(is_known(found) || is_learnt, "never written of {folder}/{}: {found:?}", name.escape_ascii());
    }

    /// Something to learn: of a file that is known in the same state or in another, or of a new one.
    pub(crate) fn learnt(&self, random: &mut Seeded) -> (usize, Vec<u8>, Entry) {
        let (folder, number) = (random.below(FOLDERS as u32) as usize, random.below(FILES as u32) as usize);
        let mut new = entry((folder * FILES + number) as u64, true);
        match random.below(3) {
            0 => (folder, name(number), new),
            1 => {
                new.stamp.changed_ns += 1_000_000_007;
                new.facts.content = Some([9; 32]);
                (folder, name(number), new)
            }
            _ => (folder, b"new.png".to_vec(), new),
        }
    }
}

/// Keys that nobody knows have no place in a row, and neither has the size where the row is found by more. Codes may be missing:
/// those that are damaged are left out alone.
fn equal(a: &Entry, b: &Entry) -> bool {
    let plain = |entry: &Entry| {
        let mut entry = entry.clone();
        entry.facts.size_key = entry.facts.probe();
        while entry.facts.keys.last().is_some_and(Option::is_none) {
            entry.facts.keys.pop();
        }
        entry
    };
    let (mut a, mut b) = (plain(a), plain(b));
    let (known, found) = (a.facts.near.take(), b.facts.near.take());
    a == b && (found.is_none() || found == known)
}

fn name(number: usize) -> Vec<u8> {
    match number {
        3 => b"not \xff text.png".to_vec(),
        number => format!("IMG_{number:04}.jpg").into_bytes(),
    }
}

/// The first look at a file, or all that there is to know.
fn entry(number: u64, is_late: bool) -> Entry {
    let mut random = Seeded(number);
    let changed_ns = 1_700_000_000_000_000_000 + (random.number() >> 20).cast_signed();
    let stamp =
        Stamp { inode: random.number() >> 8, size: random.number() >> 40, modified_ns: changed_ns - 5, changed_ns };
    let mut hash = || -> [u8; 32] {
        let words: Vec<u8> = (0..4).flat_map(|_| random.number().to_le_bytes()).collect();
        words.try_into().unwrap()
    };
    let (payload, content, digest) = (hash(), hash(), hash());
    let mut facts = Facts::default();
    match number % 7 {
        // No picture.
        3 => return Entry { stamp, facts },
        5 => facts.failures.push(("first".to_owned(), "the file is cut short: it ends in its header".to_owned())),
        _ => {}
    }
    let (width, height) = (100 + (number % 50) as u32, 3024);
    let header = Header { width, height, head_bytes: 200_000, whole_bytes: 40_000_000 + number, first_rows: 0 };
    (facts.format, facts.header) = (Some("JPEG".to_owned()), Some(header));
    facts.size_key = Some(u64::from(width) << 32 | 3024);
    facts.keys = (0..number % 4).map(|key| NonZeroU64::new(if key == 1 { 0 } else { number % 40 + key + 1 })).collect();
    if is_late || number.is_multiple_of(2) {
        (facts.payload, facts.content, facts.frames) = (Some(payload), Some(content), Some(1));
        facts.digest = (!number.is_multiple_of(3)).then_some(digest);
        // Some are longer than a page.
        let long = "x".repeat(if number.is_multiple_of(11) { 20_000 } else { 90 });
        facts.metadata = Some(format!("{{\"exif_turn\":1,\"items\":[\"{long}\"]}}"));
    }
    if number.is_multiple_of(4) || is_late && number.is_multiple_of(5) {
        let codes = std::array::from_fn(|_| std::array::from_fn(|_| random.number()));
        let rest = vec![number as u8; (number % 129) as usize].into();
        facts.near =
            Some(Box::new(Near { codes, usable: random.number() as u32 >> 4, quality: (number % 101) as u8, rest }));
    }
    facts.looks = number.is_multiple_of(6).then(|| vec![1; (number % 601) as usize].into());
    Entry { stamp, facts }
}

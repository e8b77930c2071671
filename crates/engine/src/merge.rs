//! One report from the records of all parts of a search: the ladder is climbed over what was recorded.

use std::{
    collections::{HashMap, hash_map::Entry},
    io::{self, BufRead},
    path::{Path, PathBuf},
};

use pixtwin_decode::{FirstRows, Format, Header};
use pixtwin_matching::Rung;
use pixtwin_pixel::Key;

use crate::{
    devices::{Translation, Unified},
    equal_bytes::Blob,
    evidence::Remark,
    file::{Identity, Listed, words_of},
    find::{self, Query},
    first_look::Outcome,
    gather,
    look::Looker,
    offers::Looked,
    picture::{Hashes, Known, Picture, key_of_hash},
    progress::Progress,
    refusal::Refusal,
    report::{Counts, Failure, Group, Report},
    scan::{Searched, exchange},
    sets::Sets,
    settings::{Settings, Tier},
    shard::{End, FileRecord, Head, Line, MAGIC, MOST_LINE_BYTES, PictureRecord, Seen, Shard, Walked},
    team::{AllOf, Alone, Team},
};

/// Looks of all parts, by path.
pub(crate) struct Recorded(HashMap<PathBuf, Seen>);

impl Recorded {
    fn picture(&self, listed: &Listed) -> Result<&PictureRecord, Refusal> {
        match self.0.get(&listed.path()) {
            Some(Seen::Picture(picture)) => Ok(picture),
            _ => Err("its record has no picture".into()),
        }
    }

    /// What the look of a rung came to.
    pub(crate) fn look(&self, listed: &Listed, mut picture: Picture, rung: Rung) -> Looked {
        let record = self.picture(listed)?;
        let known = match (rung, &record.whole) {
            (Rung::HeldPayload | Rung::Payload, _) => {
                let (payload, bytes) = record.payload.clone()?;
                picture.known.set_hashes(Hashes { payload, bytes });
                return Ok(picture.known);
            }
            (Rung::Head(number), Err(_)) => record.heads.get(number).unwrap_or(&record.whole),
            (_, whole) => whole,
        };
        picture.known.add(known.clone()?.into_known());
        Ok(picture.known)
    }

    pub(crate) fn remark(&self, listed: &Listed) -> Result<Remark, Refusal> {
        self.picture(listed)?.remark.clone()
    }

    pub(crate) fn bytes_key(&self, listed: &Listed, rung: Rung) -> Result<(Key, Option<[u8; 32]>), Refusal> {
        match (self.0.get(&listed.path()), rung) {
            (Some(Seen::Blob { start, .. }), Rung::Start) => Ok((Key(start.clone()?), None)),
            (Some(Seen::Blob { bytes, .. }), _) => {
                let bytes = bytes.clone()?;
                Ok((key_of_hash(&bytes), Some(bytes)))
            }
            _ => Err("its record has no bytes".into()),
        }
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

    /// All lines before the end, and the end, once the whole is known to be as it was written.
    fn read(mut self) -> Result<(Vec<Line>, End), String> {
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
            let Line::End(end) = line else {
                lines.push(line);
                continue;
            };
            let hash = *self.hasher.finalize().as_bytes();
            let mut written = [0; 32];
            self.fill(&mut written)?;
            if end.lines != lines.len() as u64 || hash != written {
                return Err("it is damaged: its hash does not match".to_owned());
            }
            let mut behind = [0];
            return match self.input.read(&mut behind) {
                Ok(0) => Ok((lines, end)),
                Ok(_) => Err("it is damaged: something follows its end".to_owned()),
                Err(cause) => Err(words_of(&cause)),
            };
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
    query_paths: Vec<PathBuf>,
    queries: Vec<Query>,
    recorded: HashMap<PathBuf, Seen>,
    files: Vec<(PathBuf, Option<Identity>)>,
    devices: Unified,
    /// Which parts there are: the path of the record, and which files its walk met.
    parts: HashMap<u32, (PathBuf, Walked)>,
    /// The length of all files.
    bytes: u64,
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
        let mut records: Option<Self> = None;
        for (path, reader) in parts {
            let taken = reader.read().and_then(|(lines, end)| Self::take_part(&mut records, &path, lines, end));
            taken.map_err(|reason| Failure::cannot("merge", Some(&path), reason))?;
        }
        let refused = |reason: String| Err(Failure::cannot("merge", None, reason));
        let Some(mut records) = records else { return refused("no record is named".to_owned()) };
        let count = records.head.shard.count;
        if records.parts.len() as u64 != u64::from(count) {
            return refused(format!("of {count} shards these are missing: {}", records.missing()));
        }
        let devices = &records.devices;
        let settle = |identity: &mut Identity| *identity = identity.on_device(devices.settled(identity.place.0));
        records.files.iter_mut().filter_map(|(_, identity)| identity.as_mut()).for_each(settle);
        records.queries.iter_mut().filter_map(|query| query.identity.as_mut()).for_each(settle);
        Ok(records)
    }

    /// What was to be equal.
    #[must_use]
    pub fn tier(&self) -> Tier {
        if self.head.is_for_bytes { Tier::Bytes } else { Tier::Pixels }
    }

    /// What the parts were given under a name, such as `orient`.
    #[must_use]
    pub fn term(&self, name: &str) -> Option<&str> {
        self.head.terms.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The pictures asked about; none of a scan.
    #[must_use]
    pub fn queries(&self) -> &[PathBuf] {
        &self.query_paths
    }

    /// The sets that are held against each other, if there are any.
    #[must_use]
    pub fn sets(&self) -> Option<&Sets> {
        self.head.sets.as_ref()
    }

    /// Why the parts cannot be one search of one tree, if they met other files: where a part did not meet a file, nobody
    /// looked at it.
    #[must_use]
    pub fn discord(&self) -> Option<String> {
        let by_files = |(number, (_, walked)): (&u32, &(PathBuf, Walked))| (walked.files, *number, *walked);
        let (fewest, least, ours) =
            self.parts.iter().map(by_files).min_by_key(|(files, number, _)| (*files, *number))?;
        let (most, other, _) = self.parts.iter().map(by_files).max_by_key(|(files, number, _)| (*files, *number))?;
        if fewest < most {
            return Some(format!("part {least} met {fewest} files of the tree, and part {other} met {most}"));
        }
        let others = self.parts.iter().filter(|(_, (_, walked))| *walked != ours).map(|(number, _)| *number).min()?;
        Some(format!("part {least} and part {others} each met {most} files of the tree, and not the same ones"))
    }

    /// The numbers of the first parts that are missing.
    fn missing(&self) -> String {
        const NAMED: usize = 20;
        let mut missing = (1..=self.head.shard.count).filter(|number| !self.parts.contains_key(number));
        let named: Vec<String> = missing.by_ref().take(NAMED).map(|number| number.to_string()).collect();
        let more = if missing.next().is_some() { " and more" } else { "" };
        format!("{}{more}", named.join(", "))
    }

    fn take_part(records: &mut Option<Self>, path: &Path, lines: Vec<Line>, end: End) -> Result<(), String> {
        let mut lines = lines.into_iter().peekable();
        let Some(Line::Head(head)) = lines.next() else { return Err("it has no head".to_owned()) };
        let (mut query_paths, mut queries) = (Vec::new(), Vec::new());
        while let Some(Line::Query(path, query)) = lines.next_if(|line| matches!(line, Line::Query(..))) {
            query_paths.push(path);
            queries.push(*query);
        }
        let shard = head.shard;
        let whole = match records {
            Some(whole) => {
                whole.head.belongs_with(&head)?;
                whole.is_asked_the_same(&query_paths, &queries)?;
                // Where the parts see the sets otherwise, the first part decides, in whatever order they come.
                if shard.number < whole.head.shard.number {
                    whole.head = *head;
                }
                whole
            }
            None => records.insert(Self::of(*head)),
        };
        if shard.number == 0 || shard.number > shard.count {
            return Err(format!("it says that it is part {} of {}", shard.number, shard.count));
        }
        match whole.parts.entry(shard.number) {
            Entry::Occupied(other) => {
                let other = other.get().0.display().to_string().escape_default().to_string();
                return Err(format!("it is shard {} again, after `{other}`", shard.number));
            }
            Entry::Vacant(place) => place.insert((path.to_owned(), end.walked)),
        };
        let names = whole.devices.add(end.devices);
        if whole.query_paths.is_empty() {
            let rename = |identity: Identity| identity.on_device(names.of(identity.place.0));
            queries.iter_mut().for_each(|query| query.identity = query.identity.map(rename));
            (whole.query_paths, whole.queries) = (query_paths, queries);
        }
        for (at, line) in lines.enumerate() {
            whole.take(line, shard, &names).map_err(|reason| format!("file {} of it: {reason}", at + 1))?;
        }
        let counts = &mut whole.searched.counts;
        if shard.number == 1 {
            (counts.hidden, counts.links) = (end.hidden, end.links);
        }
        counts.bytes_read = counts.bytes_read.saturating_add(end.bytes_read);
        Ok(())
    }

    fn of(head: Head) -> Self {
        Self {
            head,
            query_paths: Vec::new(),
            queries: Vec::new(),
            recorded: HashMap::new(),
            files: Vec::new(),
            devices: Unified::default(),
            parts: HashMap::new(),
            bytes: 0,
            searched: Searched::default(),
        }
    }

    fn is_asked_the_same(&self, paths: &[PathBuf], queries: &[Query]) -> Result<(), String> {
        let asked = |queries: &[Query]| queries.iter().map(Query::content).collect::<Vec<_>>();
        if paths != self.query_paths || asked(queries) != asked(&self.queries) {
            return Err("it was asked about other pictures than the others".to_owned());
        }
        Ok(())
    }

    fn take(&mut self, line: Line, shard: Shard, names: &Translation) -> Result<(), String> {
        match line {
            Line::File(file) => {
                let FileRecord { path, identity, seen } = *file;
                if !shard.takes(&path) {
                    return Err("it belongs to another part".to_owned());
                }
                let bytes = identity.map_or(0, |identity| identity.bytes);
                self.bytes = self.bytes.checked_add(bytes).ok_or("all files together are longer than any disk")?;
                let identity = identity.map(|identity| identity.on_device(names.of(identity.place.0)));
                self.files.push((path.clone(), identity));
                match self.recorded.insert(path, seen) {
                    Some(_) => Err("it is recorded twice".to_owned()),
                    None => Ok(()),
                }
            }
            // Every part walks the whole tree: what none can list is said once.
            Line::Unlisted(unread) => {
                self.searched.unread.push(unread);
                Ok(())
            }
            Line::Head(_) | Line::Query(..) | Line::End(_) => Err("it is out of place".to_owned()),
        }
    }
}

/// Reports what a search of the whole tree would, from the records of its parts. The pictures themselves are not
/// touched.
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
    let Records { head, queries, recorded, files, mut searched, .. } = records;
    searched.sets = head.sets;
    let mut looker = Looker::new(settings, progress);
    let mut asked = (!queries.is_empty()).then(|| find::asked(&queries));
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
        Tier::Turned | Tier::Within(_) | Tier::Similar(_) => return Err(tier.has_no_keys()),
    }
    if queries.is_empty() {
        let groups = gather::groups_all(&looker, &mut searched, &mut team)?;
        team.merge_all(groups, Group::order, &mut |group| report.group(group))?;
    } else {
        let matches = find::matches(&searched, &queries, (0, None));
        team.merge_all(matches, find::order, &mut |(query, found)| report.found(query, found))?;
    }
    let bytes_read = searched.counts.bytes_read;
    let mut counts = searched.close_all(Ok(()), &mut team, progress, report)?;
    counts.bytes_read = bytes_read;
    Ok(counts)
}

impl Head {
    fn belongs_with(&self, other: &Self) -> Result<(), String> {
        if other.version != self.version {
            return Err(format!("it is of version {}, the others of {}", other.version, self.version));
        }
        if other.shard.count != self.shard.count {
            return Err(format!("it is one of {} shards, the others of {}", other.shard.count, self.shard.count));
        }
        if other.roots != self.roots {
            return Err("other folders were searched than by the others".to_owned());
        }
        if let Some((name, value)) = other.terms.iter().find(|term| !self.terms.contains(term)) {
            return Err(format!("it was searched with {name} {value}, the others otherwise"));
        }
        if other.terms.len() != self.terms.len() || other.is_for_bytes != self.is_for_bytes {
            return Err("it was searched with other options than the others".to_owned());
        }
        Ok(())
    }
}

/// The files as the first look at them left them, sorted by path.
fn named<Found>(
    files: Vec<(PathBuf, Option<Identity>)>,
    recorded: &HashMap<PathBuf, Seen>,
    candidate: impl Fn(&Seen) -> Option<Found>,
) -> Vec<(Listed, Outcome<Found>)> {
    let name = |(path, identity): (PathBuf, Option<Identity>)| {
        let outcome = match recorded.get(&path) {
            Some(Seen::Other) | None => Outcome::Other,
            Some(Seen::Small) => Outcome::Small,
            Some(Seen::Alone) => Outcome::Alone,
            Some(Seen::Unread(reason)) => Outcome::Unread(reason.clone()),
            Some(seen) => candidate(seen).map_or(Outcome::Other, Outcome::Candidate),
        };
        (Listed::new(&path).with(identity), outcome)
    };
    let mut files: Vec<_> = files.into_iter().map(name).collect();
    files.sort_unstable_by(|(a, _), (b, _)| a.order(b));
    files
}

fn picture_of(seen: &Seen) -> Option<Picture> {
    let Seen::Picture(record) = seen else { return None };
    let (width, height) = record.size;
    let header = Header { width, height, whole_bytes: 0, head_bytes: 0, first_rows: FirstRows::Cheap };
    let known: Known = record.first.clone().into_known();
    Some(Picture::new(Format::of_name(&record.format)?, header, known))
}

fn blob_of(seen: &Seen) -> Option<Blob> {
    match seen {
        Seen::Blob { format, .. } => Some(Blob::new(format.clone().into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use pixtwin_testkit::{Dir, draw::noise, encode::png};

    use super::*;
    use crate::{
        report::Unread,
        settings::{Orientation, Run, Selection},
        shard::{ShardWriter, record},
    };

    #[derive(Default)]
    struct Groups(Vec<Group>);

    impl Report for Groups {
        fn group(&mut self, group: Group) {
            self.0.push(group);
        }

        fn found(&mut self, _query: usize, _found: find::Match) {}

        fn unread(&mut self, _unread: Unread) {}
    }

    fn settings() -> Settings {
        Settings {
            tier: Tier::Pixels,
            alpha: pixtwin_pixel::Alpha::Exact,
            orientation: Orientation::AsStored,
            threads: 2,
            memory_bytes: 1 << 30,
            sharers: 1,
        }
    }

    /// The record of a folder with two names of one file, its lines changed.
    fn records_with(change: impl Fn(&mut FileRecord)) -> Result<Vec<Group>, Failure> {
        let dir = Dir::new();
        dir.write("a.png", png(&noise(100, 100, 1))).link("a.png", "b.png");
        let shard = Shard { number: 1, count: 1 };
        let (mut bytes, progress) = (Vec::new(), Progress::default());
        let mut writer = ShardWriter::new(&mut bytes);
        let (roots, selection) = ([dir.path().to_owned()], Selection::default());
        let run = Run { settings: &settings(), memory: None, progress: &progress };
        record(shard, Vec::new(), &[], (&roots, &selection), run, &mut writer).unwrap();
        writer.finish().unwrap();
        let (mut lines, end) = ShardReader::new(&bytes[..]).read().unwrap();
        for line in &mut lines {
            if let Line::File(file) = line {
                change(file);
            }
        }
        let mut records = None;
        let taken = Records::take_part(&mut records, Path::new("r"), lines, end);
        taken.map_err(|reason| Failure::cannot("merge", None, reason))?;
        let mut groups = Groups::default();
        merge(records.unwrap(), &settings(), &progress, &mut groups)?;
        Ok(groups.0)
    }

    #[test]
    fn names_of_one_file_are_no_twins_and_equal_files_of_two_devices_are() {
        assert!(records_with(|_| {}).unwrap().is_empty());
        // A snapshot, or the clone of a disk: all is equal but the device.
        let on_a_clone = |file: &mut FileRecord| {
            if file.path.ends_with("b.png") {
                file.identity = file.identity.map(|identity| identity.on_device(u64::MAX));
            }
        };
        let groups = records_with(on_a_clone).unwrap();
        assert_eq!(groups.iter().map(|group| group.files.len()).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn lengths_beyond_all_disks_are_refused() {
        let longer = |file: &mut FileRecord| {
            file.identity = file.identity.map(|identity| Identity { bytes: u64::MAX, ..identity });
        };
        let refused = records_with(longer).unwrap_err().to_string();
        assert!(refused.contains("longer than any disk"), "{refused}");
    }

    #[test]
    fn a_record_that_was_made_up_is_no_harm() {
        let made_up: [fn(&mut FileRecord); 4] = [
            |file| file.seen = Seen::Blob { format: "\u{1b}".to_owned(), start: Ok([0; 16]), bytes: Ok([0; 32]) },
            |file| file.identity = None,
            |file| file.path = "same".into(),
            |file| {
                if let Seen::Picture(picture) = &mut file.seen {
                    picture.whole = Err("no".into());
                    picture.heads.clear();
                    picture.payload = Ok(([0; 32], [0; 32]));
                }
            },
        ];
        for change in made_up {
            if let Ok(groups) = records_with(change) {
                assert!(groups.len() < 2);
            }
        }
    }
}

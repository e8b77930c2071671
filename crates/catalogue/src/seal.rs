//! Seals of rows: what is damaged is not believed.

use crate::{
    entry::{Entry, Facts},
    near::Spot,
};

/// Gathers what a row says and hashes it. Every piece has its length in front, so that no two rows read alike.
#[derive(Default)]
struct Sealer(Vec<u8>);

impl Sealer {
    fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn bytes(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        self.number(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64));
        self.0.extend(bytes.unwrap_or_default());
        self
    }

    fn seal(&self) -> u64 {
        blake3::hash(&self.0).as_bytes().first_chunk().map_or(0, |half| u64::from_le_bytes(*half))
    }
}

/// What stands for a folder in the seals of its files: not its path, which changes when it is moved.
pub(crate) fn of_place(volume: &str, inode: u64) -> u64 {
    Sealer::default().bytes(Some(volume.as_bytes())).number(inode).seal()
}

/// The seal of a folder at this place.
pub(crate) fn of_folder(place: u64, path: &[u8]) -> u64 {
    Sealer::default().number(place).bytes(Some(path)).seal()
}

/// What stands for the rules and the decoder in the seals of files.
pub(crate) fn of_maker(rules: &str, decoder: &str) -> u64 {
    Sealer::default().bytes(Some(rules.as_bytes())).bytes(Some(decoder.as_bytes())).seal()
}

/// What proves that codes are those that a row means.
pub(crate) fn of_codes(words: &[u64], usable: u32, quality: u8, rest: &[u8]) -> u64 {
    let mut sealer = Sealer(Vec::with_capacity(1200));
    words.iter().for_each(|word| _ = sealer.number(*word));
    sealer.number(usable.into()).number(quality.into()).bytes(Some(rest)).seal()
}

/// The seal of a block of codes: of what is said of it, and of the sums of its planes.
pub(crate) fn of_block(block: i64, rules: &str, places: usize, usable: &[u8], sums: &[u8]) -> u64 {
    let mut sealer = Sealer::default();
    sealer.bytes(Some(b"block")).number(block.cast_unsigned()).bytes(Some(rules.as_bytes()));
    sealer.number(places as u64).bytes(Some(usable)).bytes(Some(sums)).seal()
}

/// The seal of a part of the rest of a block.
pub(crate) fn of_part(part: i64, first_file: i64, rest_bytes: usize, pictures: &[u8]) -> u64 {
    let mut sealer = Sealer::default();
    sealer.bytes(Some(b"part")).number(part.cast_unsigned()).number(first_file.cast_unsigned());
    sealer.number(rest_bytes as u64).bytes(Some(pictures)).seal()
}

/// The seal of what was said of two pictures.
pub(crate) fn of_verdict(a: &[u8], b: &[u8], said_s: i64) -> u64 {
    let mut sealer = Sealer::default();
    sealer.bytes(Some(b"verdict")).bytes(Some(a)).bytes(Some(b)).number(said_s.cast_unsigned()).seal()
}

/// The seal of a file in a folder at this place.
pub(crate) fn of_file(place: u64, name: &[u8], maker: u64, entry: &Entry, spot: Option<Spot>) -> u64 {
    let Entry { stamp, facts } = entry;
    let Facts {
        format,
        header,
        frames,
        keys: _,
        payload,
        content,
        digest,
        failures,
        metadata,
        size_key: _,
        near: _,
        looks,
    } = facts;
    let mut sealer = Sealer(Vec::with_capacity(512));
    sealer.number(place).bytes(Some(name)).number(maker);
    sealer.number(stamp.inode).number(stamp.size);
    sealer.number(stamp.modified_ns.cast_unsigned()).number(stamp.changed_ns.cast_unsigned());
    sealer.bytes(format.as_deref().map(str::as_bytes)).number(frames.map_or(u64::MAX, u64::from));
    match header {
        Some(header) => sealer
            .number(header.width.into())
            .number(header.height.into())
            .number(header.head_bytes)
            .number(header.whole_bytes)
            .number(header.first_rows.into()),
        None => sealer.number(u64::MAX),
    };
    let keys = facts.known_keys();
    sealer.number(keys.len() as u64);
    keys.iter().for_each(|key| _ = sealer.number(key.map_or(0, Into::into)));
    for hash in [payload, content, digest] {
        sealer.bytes(hash.as_ref().map(<[u8; 32]>::as_slice));
    }
    sealer.number(failures.len() as u64);
    for (look, reason) in failures {
        sealer.bytes(Some(look.as_bytes())).bytes(Some(reason.as_bytes()));
    }
    let probe = facts.probe().map(u64::to_le_bytes);
    sealer.bytes(metadata.as_deref().map(str::as_bytes)).bytes(probe.as_ref().map(<[u8; 8]>::as_slice));
    // Rows that have none of these have the seals that version 1 gave them.
    if let Some(Spot { place, proof }) = spot {
        sealer.bytes(Some(b"near")).number(place.cast_unsigned()).number(proof);
    }
    if let Some(looks) = looks {
        sealer.bytes(Some(b"looks")).bytes(Some(looks));
    }
    sealer.seal()
}

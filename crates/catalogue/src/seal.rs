//! Seals of rows: what is damaged is not believed.

use crate::entry::{Entry, Facts};

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

/// The seal of a file in a folder at this place.
pub(crate) fn of_file(place: u64, name: &[u8], maker: u64, entry: &Entry) -> u64 {
    let Entry { stamp, facts } = entry;
    let Facts { format, header, frames, keys: _, payload, content, digest, failures, metadata, size_key: _ } = facts;
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
    sealer.bytes(metadata.as_deref().map(str::as_bytes)).bytes(probe.as_ref().map(<[u8; 8]>::as_slice)).seal()
}

//! Which keys are held by others, and which pictures are twins.

use std::hint::black_box;

use pixtwin_matching::{Candidate, Everyone, Exchange, Rung, group};
use pixtwin_pixel::{Key, PixelDigest};
use pixtwin_testkit::draw::Seeded;

use crate::unit::Unit;

/// The batch.
pub(crate) const BATCH: &str = "join";

/// Its units: the standing of every key, and the groups of candidates.
pub(crate) const NAMES: [&str; 2] = ["standings", "groups"];

/// Of a folder of a hundred thousand pictures.
const PICTURES: usize = 100_000;

/// One unit for each of [`NAMES`].
pub(crate) fn units() -> Vec<Unit> {
    let (keys, candidates) = (keys(), candidates());
    let standings = Box::new(move || {
        black_box(Everyone.ask(Rung::Header, black_box(&keys)).unwrap());
    });
    let groups = Box::new(move || {
        black_box(group(black_box(&candidates)));
    });
    let [first, second] = NAMES;
    vec![
        Unit { name: first, items: PICTURES as u64, work: standings },
        Unit { name: second, items: PICTURES as u64, work: groups },
    ]
}

/// Some held by one picture, some by two or more.
fn keys() -> Vec<Key> {
    let mut random = Seeded(3);
    (0..PICTURES).map(|_| Key(bytes_of(random.below(PICTURES as u32).into()))).collect()
}

/// Half of them alone, the others twins by their payload or their digest.
fn candidates() -> Vec<Candidate> {
    let mut random = Seeded(4);
    (0..PICTURES)
        .map(|file| {
            let picture = u64::from(random.below(PICTURES as u32));
            let copy = u64::from(random.below(2)) << 32;
            let digest = PixelDigest(bytes_of(picture));
            let payload = bytes_of(picture | copy | 1 << 33);
            Candidate { file, bytes: bytes_of(file as u64 | 1 << 34), payload, digest: Some(digest) }
        })
        .collect()
}

/// Bytes that look random and are the same for a number everywhere.
fn bytes_of<const N: usize>(number: u64) -> [u8; N] {
    let mut random = Seeded(number);
    let mut bytes = [0; N];
    bytes.chunks_mut(8).for_each(|piece| piece.copy_from_slice(&random.number().to_le_bytes()[..piece.len()]));
    bytes
}

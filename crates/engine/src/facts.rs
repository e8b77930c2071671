//! What the engine knows of a file in the words of the catalogue, and back.

use std::num::NonZeroU64;

use pixtwin_catalogue::{Facts, Stamp};
use pixtwin_decode::{FirstRows, Format, Header};
use pixtwin_matching::Rung;
use pixtwin_pixel::{HEAD_ROWS, Key, PixelDigest};

use crate::{
    equal_bytes::Blob,
    file::Identity,
    first_look::Outcome,
    picture::{Hashes, Known, Picture, header_key},
    refusal::Refusal,
};

/// The first look, as the catalogue names it where it failed.
pub(crate) const FIRST: &str = "first";
/// The look at what a file holds beside its pixels.
pub(crate) const METADATA: &str = "metadata";

/// The look of a rung.
pub(crate) fn name_of(rung: Rung) -> String {
    match rung {
        Rung::Head(number) => format!("head{number}"),
        Rung::HeldPayload | Rung::Payload => "payload".to_owned(),
        _ => "whole".to_owned(),
    }
}

/// The state of a file.
pub(crate) fn stamp_of(identity: &Identity) -> Stamp {
    Stamp {
        inode: identity.place.1,
        size: identity.bytes,
        modified_ns: identity.modified.nanoseconds(),
        changed_ns: identity.changed.nanoseconds(),
    }
}

/// What a first look came to; nothing where that is not known.
pub(crate) fn outcome_of(facts: &Facts) -> Option<Result<Outcome<Picture>, Refusal>> {
    if let Some(reason) = facts.failure(FIRST) {
        return Some(Err(Refusal::of_content(reason)));
    }
    let Some(name) = &facts.format else { return Some(Ok(Outcome::Other)) };
    let format = Format::ALL.into_iter().find(|format| format.name() == name)?;
    let header = facts.header?;
    let first_rows = match header.first_rows {
        0 => FirstRows::Cheap,
        1 => FirstRows::Dear,
        _ => FirstRows::Whole,
    };
    let header = Header {
        width: header.width,
        height: header.height,
        whole_bytes: header.whole_bytes,
        head_bytes: header.head_bytes,
        first_rows,
    };
    let mut picture = Picture::new(format, header, known_of(facts));
    picture.is_recalled = true;
    Some(Ok(Outcome::Candidate(picture)))
}

/// The same of a file that is searched by its bytes.
pub(crate) fn blob_of(facts: &Facts) -> Option<Result<Outcome<Blob>, Refusal>> {
    if let Some(reason) = facts.failure(FIRST) {
        return Some(Err(Refusal::of_content(reason)));
    }
    let Some(format) = &facts.format else { return Some(Ok(Outcome::Other)) };
    let mut blob = Blob::new(format.clone().into());
    if let [Some(low), Some(high), ..] = facts.keys[..] {
        blob.start = Some(Key((u128::from(high.get()) << 64 | u128::from(low.get())).to_le_bytes()));
    }
    blob.hash = facts.content;
    Some(Ok(Outcome::Candidate(blob)))
}

/// What is known of a file that is searched by its bytes.
pub(crate) fn facts_of_blob(blob: &Blob) -> Facts {
    let halves = |key: Key| key.0.as_chunks().0.iter().map(|half| NonZeroU64::new(u64::from_le_bytes(*half))).collect();
    Facts {
        format: Some(blob.format.clone().into_owned()),
        keys: blob.start.map(halves).unwrap_or_default(),
        content: blob.hash,
        ..Facts::default()
    }
}

/// What the looks at a picture have found.
pub(crate) fn known_of(facts: &Facts) -> Known {
    let mut heads = [None; HEAD_ROWS.len()];
    heads.iter_mut().zip(&facts.keys).for_each(|(head, key)| *head = *key);
    let hashes = facts.payload.zip(facts.content).map(|(payload, bytes)| Hashes { payload, bytes });
    Known::from_halves(heads, facts.digest.map(PixelDigest), facts.frames.unwrap_or(0), hashes)
}

pub(crate) fn facts_of(picture: &Picture) -> Facts {
    facts_of_known(picture, &picture.known)
}

pub(crate) fn facts_of_known(picture: &Picture, known: &Known) -> Facts {
    let header = &picture.header;
    let hashes = known.hashes();
    let first_rows = match header.first_rows {
        FirstRows::Cheap => 0,
        FirstRows::Dear => 1,
        FirstRows::Whole => 2,
    };
    Facts {
        format: Some(picture.format.name().to_owned()),
        header: Some(pixtwin_catalogue::Header {
            width: header.width,
            height: header.height,
            head_bytes: header.head_bytes,
            whole_bytes: header.whole_bytes,
            first_rows,
        }),
        frames: known.digest().map(|_| known.frames()),
        keys: known.halves().to_vec(),
        payload: hashes.map(|hashes| hashes.payload),
        content: hashes.map(|hashes| hashes.bytes),
        digest: known.digest().map(|digest| digest.0),
        size_key: Some(number_of(header_key(header))),
        ..Facts::default()
    }
}

/// The first half of a key, as the catalogue keeps it.
pub(crate) fn number_of(key: Key) -> u64 {
    key.0.first_chunk().map_or(0, |half| u64::from_le_bytes(*half))
}

pub(crate) fn failure(look: &str, refusal: &Refusal) -> Facts {
    with_failure(Facts::default(), look, refusal)
}

pub(crate) fn with_failure(facts: Facts, look: &str, refusal: &Refusal) -> Facts {
    Facts { failures: vec![(look.to_owned(), refusal.reason().to_owned())], ..facts }
}

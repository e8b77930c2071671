//! The digests of all pictures, for the catalogue: a scan by itself decodes only what could have a twin.

use std::sync::{Mutex, PoisonError};

use pixtwin_matching::Rung;

use crate::{
    decoded::DecodedPayloads,
    file::Listed,
    look::Looker,
    looks,
    picture::{Known, Picture},
    pool,
    progress::Stage,
    refusal::Refusal,
    report::Unread,
};

/// Learns the hashes and the digest of every picture, and gives those that have none.
///
/// # Cost
/// Reads every file whole, and decodes one picture of each payload. Holds some 200 bytes more a picture.
pub(crate) fn find_all(looker: &Looker<'_>, files: &[Listed], pictures: &mut [Picture]) -> Vec<Unread> {
    looker.progress.begin(Stage::Comparing, pictures.len());
    let (decoded, without) = (DecodedPayloads::default(), Mutex::new(Vec::new()));
    pool::for_each(pictures, looker.threads, |picture| {
        let found = find_one(looker, files, &decoded, picture);
        if let (Err(refusal), Some(file)) = (found, files.get(picture.at())) {
            let unread = Unread::new(&file.path(), format!("it has no digest: {}", refusal.reason()));
            without.lock().unwrap_or_else(PoisonError::into_inner).push(unread);
        }
        looker.progress.add_done();
    });
    without.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn find_one(
    looker: &Looker<'_>,
    files: &[Listed],
    decoded: &DecodedPayloads,
    picture: &mut Picture,
) -> Result<(), Refusal> {
    if picture.known.hashes().is_none() {
        let known = looks::look(looker, files, picture, Rung::Payload)?;
        picture.known.add(known);
    }
    if picture.known.digest().is_some() {
        return Ok(());
    }
    let payload = picture.known.hashes().map(|hashes| hashes.payload);
    let size = (picture.header.width, picture.header.height);
    let earlier = payload.and_then(|payload| decoded.get(&payload)).filter(|found| (found.width, found.height) == size);
    if let Some(fingerprint) = earlier {
        picture.known.add(Known::of(&fingerprint, None));
        looks::learn(looker, files, picture, Rung::Whole, &Ok(picture.known.clone()));
        return Ok(());
    }
    let known = looks::look(looker, files, picture, Rung::Whole)?;
    picture.known.add(known);
    payload.into_iter().for_each(|payload| decoded.insert(payload, picture.fingerprint()));
    Ok(())
}

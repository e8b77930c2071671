//! Which of these pictures, of which only digests are known, are there too?

use std::path::PathBuf;

use pixtwin_matching::Rung;
use pixtwin_pixel::{HEAD_ROWS, Key};

use crate::{
    find::{Query, find_queries},
    picture::{key_of_hash, size_key},
    report::{Counts, Failure, Report},
    settings::{Run, Selection},
    team::Team,
};

/// A picture that somebody else has.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// The pixel digest, by the rules of the settings.
    pub digest: [u8; 32],
    /// Hash of what the pixels depend on, if it is known.
    pub payload: Option<[u8; 32]>,
    /// BLAKE3 of the file, if it is known.
    pub content: Option<[u8; 32]>,
    /// The first eight bytes of the key of its first rows, if they are known.
    pub first_rows: Option<[u8; 8]>,
}

/// Reports, at the root of the team, every twin of each of these pictures below `roots`, as [`crate::find`] does for pictures that
/// can be read. Only the root has them.
///
/// # Errors
/// If a root does not exist on any host, a glob cannot be understood, or a rank is lost.
///
/// # Cost
/// Decodes what has the size and the first rows of one of them; all of that size where the first rows of one are not known.
/// Each rank holds some 300 bytes for each of them.
pub fn find_exported<T: Team>(
    team: &mut T,
    exported: &[Exported],
    roots: &[PathBuf],
    selection: &Selection,
    run: Run<'_>,
    report: &mut dyn Report,
) -> Result<Counts, Failure> {
    let queries: Vec<Query> = team.hear_root_all(exported.iter().map(query).collect())?;
    find_queries(team, &queries, roots, selection, run, report)
}

fn query(exported: &Exported) -> Query {
    let Exported { size: (width, height), digest, payload, content, first_rows } = exported;
    let half = |half: &[u8; 8]| Key(u128::from(u64::from_le_bytes(*half)).to_le_bytes());
    let keys = [
        Some((Rung::Header, size_key(*width, *height))),
        Some((Rung::Whole, key_of_hash(digest))),
        payload.as_ref().map(|payload| (Rung::Payload, key_of_hash(payload))),
        first_rows.as_ref().map(|first| (Rung::Head(0), half(first))),
    ];
    // What is not known equals no hash.
    let (bytes, payload) = (content.unwrap_or_default(), payload.unwrap_or_default());
    Query::of_keys(keys.into_iter().flatten().collect(), bytes, payload, *digest)
}

/// The rungs of which a picture that is only known by its digest has no key.
pub(crate) fn unknown_rungs(query: &Query) -> impl Iterator<Item = Rung> {
    (0..HEAD_ROWS.len()).map(Rung::Head).filter(|rung| query.key(*rung).is_none())
}

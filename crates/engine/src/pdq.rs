//! PDQ codes of single pictures that the user named.

use std::path::{Path, PathBuf};

use pixtwin_pixel::{Depth, Ground, Pdq, PdqSink};

use crate::{
    examine::{identify, look_at_all},
    look::Looker,
    progress::Progress,
    refusal::Refusal,
    report::Unread,
    settings::Settings,
};

/// A picture and its code.
#[derive(Clone, Debug)]
pub struct Coded {
    /// Where it is.
    pub path: PathBuf,
    /// The name of its format.
    pub format: &'static str,
    /// Width and height of the first frame in pixels.
    pub size: (u32, u32),
    /// The code and its quality, of the first frame.
    pub pdq: Pdq,
}

/// The PDQ code of every file, in their order: a file that cannot be read has its reason in place of a code, and the
/// others are not affected.
///
/// # Cost
/// Decodes the first frame of every picture whole, on as many threads as the settings say, within their memory.
#[must_use]
pub fn pdq_all(
    paths: &[PathBuf],
    ground: Ground,
    settings: &Settings,
    progress: &Progress,
) -> Vec<Result<Coded, Unread>> {
    look_at_all(paths, settings, progress, |looker, path| code(looker, path, ground))
}

fn code(looker: &Looker<'_>, path: &Path, ground: Ground) -> Result<Coded, Refusal> {
    let (listed, mut picture) = identify(looker, path)?;
    let size = (picture.header.width, picture.header.height);
    // The filter is held beside what the decoder holds.
    picture.header.whole_bytes = picture.header.whole_bytes.saturating_add(PdqSink::bytes(size.0, size.1));
    let mut sink = PdqSink::new(ground);
    looker.decode_into(&listed, &picture, Depth::Whole, &mut sink)?;
    let pdq = sink.finish().ok_or("it was not decoded whole")?;
    Ok(Coded { path: path.to_owned(), format: picture.format.name(), size, pdq })
}

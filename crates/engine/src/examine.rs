//! Whole looks at single pictures that the user named.

use std::path::{Path, PathBuf};

use pixtwin_decode::{Format, Header, Sniffed, sniff};
use pixtwin_pixel::{Fingerprint, PixelDigest};

use crate::{
    file::{Identity, Listed, open},
    look::{Looker, extension_of},
    opened::Opened,
    picture::{Known, Picture},
    pool,
    progress::{Progress, Stage},
    refusal::Refusal,
    report::Unread,
    settings::Settings,
};

/// All that is known of one picture after it was read whole.
#[derive(Clone, Debug)]
pub struct Examined {
    /// Where it is.
    pub path: PathBuf,
    /// The name of its format.
    pub format: &'static str,
    /// Its pixel digest.
    pub digest: PixelDigest,
    /// Frames and size.
    pub fingerprint: Fingerprint,
}

/// The pixel digest of every file, in their order: a file that cannot be read has its reason in place of a digest, and
/// the others are not affected.
///
/// # Cost
/// Decodes every picture whole, on as many threads as the settings say, within their memory.
#[must_use]
pub fn digest_all(paths: &[PathBuf], settings: &Settings, progress: &Progress) -> Vec<Result<Examined, Unread>> {
    look_at_all(paths, settings, progress, examine)
}

/// Looks at every file, in their order: one that cannot be read has its reason, and the others are not affected.
pub(crate) fn look_at_all<Found: Send>(
    paths: &[PathBuf],
    settings: &Settings,
    progress: &Progress,
    look: impl Fn(&Looker<'_>, &Path) -> Result<Found, Refusal> + Sync,
) -> Vec<Result<Found, Unread>> {
    let looker = Looker::new(settings, progress);
    progress.begin(Stage::FirstLook, paths.len());
    let mut slots: Vec<_> = paths.iter().map(|path| (path, None)).collect();
    pool::for_each(&mut slots, settings.threads, |(path, slot)| {
        *slot = Some(look(&looker, path).map_err(|reason| Unread::new(path, reason)));
        progress.add_done();
    });
    slots.into_iter().filter_map(|(_, slot)| slot).collect()
}

fn examine(looker: &Looker<'_>, path: &Path) -> Result<Examined, Refusal> {
    let (listed, mut picture) = identify(looker, path)?;
    looker.decode(&listed, &mut picture)?;
    let fingerprint = picture.fingerprint();
    let digest = fingerprint.digest.ok_or("it was not decoded whole")?;
    Ok(Examined { path: path.to_owned(), format: picture.format.name(), digest, fingerprint })
}

/// Opens a file that should be a picture and reads its header.
pub(crate) fn identify(looker: &Looker<'_>, path: &Path) -> Result<(Listed, Picture), Refusal> {
    let mut listed = Listed::new(path);
    let (format, header) = sniff_named(looker, &mut listed)?;
    let picture = Picture::new(format, header, Known::default());
    Ok((listed, picture))
}

fn sniff_named(looker: &Looker<'_>, listed: &mut Listed) -> Result<(Format, Header), Refusal> {
    match looker.sniff(listed)? {
        Sniffed::Picture(format) => Ok((format, looker.header(listed, format)?)),
        Sniffed::Unsupported(name) => Err(Refusal::of_content(format!("{name} pictures are not supported"))),
        Sniffed::Other if listed.bytes() == 0 => Err(Refusal::of_content("the file is empty")),
        Sniffed::Other => Err(Refusal::of_content("not a picture in any known format")),
    }
}

/// Whether there is a picture at this path, in any format that is known.
#[must_use]
pub fn is_picture(path: &Path) -> bool {
    let Ok((file, identity)) = open(path) else { return false };
    let progress = Progress::default();
    let mut source = Opened::new(&file, identity.bytes, 4 << 10, &progress);
    !matches!(sniff(&mut source, extension_of(path)), Ok(Sniffed::Other) | Err(_))
}

/// Whether both paths lead to one file.
#[must_use]
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    match (a.metadata(), b.metadata()) {
        (Ok(a), Ok(b)) => Identity::of(&a).place == Identity::of(&b).place,
        _ => false,
    }
}

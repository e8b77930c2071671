//! Pictures as the page shows them: decoded, made smaller and encoded anew, so that no byte of a file of the user is served.

mod cache;

mod encoded;

mod permits;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use pixtwin_engine::{
    BesideRow, Difference, NotCompared, NotShown, Preview, Previews, Turn, Up, beside_table, open_regular, words_of,
};

use cache::Cache;
use encoded::{Loss, encode, encode_lossless};
use permits::Permits;

pub use encoded::Encoded;

/// The longer side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 256;

/// How many bytes all thumbnails on disk take at most, unless it is said otherwise.
pub const DEFAULT_CACHE_BYTES: u64 = 512 << 20;

/// How much may be used to show pictures.
#[derive(Clone, Debug)]
pub struct Means {
    /// Bytes that all decoders and what is made of their pictures hold at once.
    pub memory_bytes: u64,
    /// How many pictures are decoded at once, at least 1.
    pub threads: usize,
    /// How long one may take, and how long a request waits for its turn.
    pub time: Duration,
    /// The folder in which thumbnails are kept, and how many bytes of them; it is made if it is not there.
    pub thumbnails: Option<(PathBuf, u64)>,
}

impl Means {
    /// Ten seconds a picture, and nothing kept on disk.
    #[must_use]
    pub fn new(memory_bytes: u64, threads: usize) -> Self {
        Self { memory_bytes, threads, time: Duration::from_secs(10), thumbnails: None }
    }

    /// The same, with thumbnails kept in this folder.
    #[must_use]
    pub fn keeping(self, folder: PathBuf) -> Self {
        Self { thumbnails: Some((folder, DEFAULT_CACHE_BYTES)), ..self }
    }
}

/// A file as the result names it.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// Where it is.
    pub path: &'a Path,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Why a picture is not shown, as a clause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShowError {
    /// The file is not what the result names any more, or cannot be read.
    #[error("{0}")]
    Gone(String),
    /// It cannot be shown, or not with what there is.
    #[error(transparent)]
    NotShown(#[from] NotShown),
    /// Too many others are being decoded.
    #[error("too many pictures are asked for at once")]
    Busy,
    /// Two pictures cannot be compared as they are: their sides or their samples do not fit.
    #[error("{0}")]
    NotComparable(String),
    /// It could not be encoded.
    #[error("it cannot be shown: {0}")]
    Encoding(String),
}

impl From<NotCompared> for ShowError {
    fn from(cause: NotCompared) -> Self {
        match cause {
            NotCompared::First(cause) | NotCompared::Second(cause) => Self::NotShown(cause),
            other => Self::NotComparable(other.to_string()),
        }
    }
}

impl ShowError {
    /// The kind in one word, for programs: `unsupported`, `corrupt`, `large`, `slow`, `gone` or `other`, where two
    /// pictures cannot be compared as they are.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Gone(_) | Self::NotShown(NotShown::Unreadable(_)) => "gone",
            Self::NotShown(NotShown::Unsupported(_) | NotShown::NoPicture) => "unsupported",
            Self::NotShown(NotShown::TooLarge(_)) => "large",
            Self::NotShown(NotShown::TooSlow(_)) | Self::Busy => "slow",
            Self::NotComparable(_) => "other",
            _ => "corrupt",
        }
    }
}

/// Shows pictures, to several threads at once, within what it was given.
pub struct Pictures {
    previews: Previews,
    permits: Permits,
    cache: Option<Cache>,
    time: Duration,
}

impl Pictures {
    /// Ready to show pictures. Without a folder for thumbnails, or with one that cannot be used, none are kept.
    #[must_use]
    pub fn new(means: Means) -> Self {
        let Means { memory_bytes, threads, time, thumbnails } = means;
        let cache = thumbnails.and_then(|(folder, most_bytes)| Cache::open(folder, most_bytes));
        Self { previews: Previews::new(memory_bytes, time), permits: Permits::new(threads), cache, time }
    }

    /// The picture at most [`THUMBNAIL_SIDE`] pixels a side, as a viewer shows it: JPEG if it is opaque, else PNG.
    ///
    /// # Errors
    /// Why there is none.
    ///
    /// # Cost
    /// Reads one small file if it was made before; else decodes one frame. Blocks.
    pub fn thumbnail(&self, file: Named<'_>) -> Result<Encoded, ShowError> {
        let open = open_named(file)?;
        let key = self.cache.as_ref().zip(cache::Key::of(&open, THUMBNAIL_SIDE, Up::AsShown));
        if let Some(found) = key.as_ref().and_then(|(cache, key)| cache.get(key)) {
            return Ok(found);
        }
        let encoded = self.show(&open, THUMBNAIL_SIDE, Up::AsShown, |preview| encode(&preview, Loss::OfThumbnails))?;
        if let Some((cache, key)) = key {
            cache.put(&key, &encoded);
        }
        Ok(encoded)
    }

    /// The picture at most `side` pixels a side, as a viewer shows it, or the stored one after a turn: PNG if each pixel is one
    /// of the picture, or if something shines through; else JPEG.
    ///
    /// # Errors
    /// Why there is none.
    ///
    /// # Cost
    /// Decodes one frame. Blocks.
    pub fn picture(&self, file: Named<'_>, side: u32, turn: Option<Turn>) -> Result<Encoded, ShowError> {
        let up = turn.map_or(Up::AsShown, Up::Turned);
        self.show(&open_named(file)?, side, up, |preview| {
            let is_whole = preview.whole == (preview.copy.width, preview.copy.height);
            encode(&preview, if is_whole { Loss::None } else { Loss::Little })
        })
    }

    /// The exact difference of the stored pixels of two files, the second after `turn`, at most `side` pixels a side, as PNG:
    /// black where they are equal; a block of pixels has the largest difference of them, times `amplify`.
    ///
    /// # Errors
    /// Why there is none.
    ///
    /// # Cost
    /// Decodes both, and holds the first. Blocks.
    pub fn difference(
        &self,
        (a, b): (Named<'_>, Named<'_>),
        turn: Turn,
        (side, amplify): (u32, u8),
    ) -> Result<(Encoded, Difference), ShowError> {
        let (a, b) = (open_named(a)?, open_named(b)?);
        let _permit = self.permits.take(self.time).ok_or(ShowError::Busy)?;
        let made = self.previews.compare((&a, &b), turn, (side, amplify), |compared| {
            let encoded = encode_lossless(&compared.shown, compared.whole)?;
            Ok((encoded, compared.difference))
        });
        made.map_err(ShowError::from)?.map_err(ShowError::Encoding)
    }

    /// What the files hold beside their pixels, side by side, and for each why that is not known, if it is not.
    ///
    /// # Cost
    /// Reads the headers of all. Blocks.
    #[must_use]
    pub fn beside(&self, files: &[Named<'_>]) -> (Vec<BesideRow>, Vec<Option<ShowError>>) {
        let beside = |named: &Named<'_>| {
            let open = open_named(*named)?;
            let _permit = self.permits.take(self.time).ok_or(ShowError::Busy)?;
            Ok(self.previews.beside(&open)?)
        };
        let (mut found, mut errors) = (Vec::new(), Vec::new());
        for file in files {
            let (beside, error) = beside(file).map_or_else(|error| (None, Some(error)), |beside| (Some(beside), None));
            found.push(beside);
            errors.push(error);
        }
        (beside_table(&found), errors)
    }

    fn show(
        &self,
        open: &File,
        side: u32,
        up: Up,
        encode: impl FnOnce(Preview) -> Result<Encoded, String>,
    ) -> Result<Encoded, ShowError> {
        let _permit = self.permits.take(self.time).ok_or(ShowError::Busy)?;
        self.previews.with(open, side, up, encode)?.map_err(ShowError::Encoding)
    }
}

/// Opens a file that is as long as the result says.
fn open_named(named: Named<'_>) -> Result<File, ShowError> {
    let gone = |cause: &io::Error| ShowError::Gone(words_of(cause));
    let file = open_regular(named.path).map_err(|cause| gone(&cause))?;
    let bytes = file.metadata().map_err(|cause| gone(&cause))?.len();
    if bytes != named.bytes {
        return Err(ShowError::Gone("the file has changed since the scan".to_owned()));
    }
    Ok(file)
}

#[cfg(test)]
mod tests;

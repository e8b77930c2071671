//! What must be known of pictures before one of them is moved, and is for others to find out.

use std::fs::File;

/// Looks at pictures. Called from several threads.
pub trait Judge: Sync {
    /// Whether both show the same picture: frames, sides, and every stored sample of every pixel, compared now.
    ///
    /// # Errors
    /// If one of them cannot be read to its end, and why, as a clause.
    ///
    /// # Cost
    /// Decodes both.
    fn has_same_pixels(&self, keeper: &File, victim: &File) -> Result<bool, String>;

    /// What the file holds beside its pixels that its owner would miss.
    ///
    /// # Errors
    /// If it cannot be read, and why, as a clause.
    fn particulars(&self, file: &File) -> Result<Particulars, String>;
}

/// What a picture holds beside its pixels that is not to be lost: equal values are equal content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// When it was taken, as EXIF has it.
    pub date: Option<String>,
    /// Where it was taken, as EXIF has it.
    pub position: Option<String>,
    /// A hash of its ICC profile.
    pub profile: Option<String>,
    /// How many stars it has.
    pub rating: Option<String>,
    /// How a viewer turns it before it is shown.
    pub orientation: Option<String>,
    /// A hash of what follows the picture in its file: the film of a motion photo, a second picture.
    pub trailing: Option<String>,
}

//! A page to look and decide: a result in a browser on this machine, and as one file to keep.
//!
//! Only this crate links a server. It never changes a file of the user by itself: `actions` carries out the plan that was
//! shown.

mod picture;

mod desk;

mod http;

mod report;

pub use desk::{Acting, Setting, Surroundings};
pub use http::{Door, OpenError, Review, Stopper};
pub use picture::{DEFAULT_CACHE_BYTES, Encoded, Means, Named, Pictures, ShowError, THUMBNAIL_SIDE};
pub use report::{DEFAULT_THUMBNAILS, FolderCount, HtmlReport, ReportAbout, ReportEnd};

//! Keeps what searches learn of files, in one database a host; `docs/catalogue.md` says what it holds.
//!
//! This crate never opens a picture and never judges: it gives back what it was told of a file in exactly this state.

mod error;

mod entry;

mod seal;

mod volumes;

mod places;

mod guard;

mod schema;

mod rows;

mod reader;

mod ask;

mod volume_row;

mod upkeep;

mod import;

mod writer;

mod desk;

pub use ask::{Absent, Holder};
pub use entry::{Entry, Facts, Header, Stamp};
pub use error::Error;
pub use import::{IMPORTED, Importer};
pub use places::Folder;
pub use reader::Reader;
pub use schema::{Catalogue, ENDINGS, Maker, Want};
pub use upkeep::{Forget, Kept, Status, Verified, VolumeStatus};
pub use volumes::is_on_network;
pub use writer::Writer;

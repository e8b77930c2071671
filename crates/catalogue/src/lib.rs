//! Keeps what searches learn of files, in one database a host; `docs/catalogue.md` says what it holds.
//!
//! This crate never opens a picture and never judges: it gives back what it was told of a file in exactly this state.

mod error;

mod near;

mod entry;

mod seal;

mod volumes;

mod places;

mod guard;

mod schema;

mod rows;

mod block;

mod block_rows;

mod codes;

mod reader;

mod ask;

mod sweep;

mod volume_row;

mod per_file;

mod compared;

mod verdicts;

mod merge;

mod status;

mod upkeep;

mod import;

mod placing;

mod writer;

mod desk;

pub use ask::{Absent, Holder};
pub use entry::{Entry, Facts, Header, Stamp};
pub use error::Error;
pub use import::{IMPORTED, Importer};
pub use near::{MOST_LOOKS_BYTES, MOST_REST_BYTES, Near, Place};
pub use places::Folder;
pub use reader::Reader;
pub use schema::{Catalogue, ENDINGS, Maker, Want};
pub use status::{RulesStatus, Status, VolumeStatus};
pub use sweep::{BlockView, Sweep};
pub use upkeep::{Forget, Kept, Verified};
pub use verdicts::{DigestPair, Verdict};
pub use volumes::is_on_network;
pub use writer::Writer;

//! Searches folders for twins: walks them, asks the decoders, and climbs a ladder of ever dearer looks.
//!
//! This crate only reads: it never changes, moves or deletes a file, and it neither prints nor exits.

mod settings;

mod sets;

mod scan;

mod find;

mod find_in_catalogue;

mod against;

mod examine;

mod pdq;

mod compare;

mod open_files;

mod preview;

mod report;

mod team;

mod shelf;

mod walk;

mod first_look;

mod earlier;

mod key_set;

mod names;

mod ladder;

mod digests;

mod decoded;

mod looks;

mod branches;

mod offers;

mod look;

mod refusal;

mod memory;

mod verdicts;

mod facts;

mod picture;

mod equal_bytes;

mod gather;

mod near;

mod shard;

mod devices;

mod merge;

mod describe;

mod one_file;

mod evidence;

mod wire;

mod file;

mod opened;

mod budget;

mod pool;

mod progress;

pub use against::{Exported, find_exported};
pub use budget::default_memory_bytes;
pub use compare::{Comparison, FrameDifference, Side, compare};
pub use examine::{Examined, digest_all, is_picture, is_same_file};
pub use file::{Mark, words_of};
pub use find::{Match, find};
pub use find_in_catalogue::find_in_catalogue;
pub use memory::{Memory, MemoryUse, Trust, maker};
pub use merge::{Records, ShardReader, merge};
pub use near::view_name;
pub use offers::{Job, JobDone, Offers};
pub use open_files::{OpenFiles, Particulars, open_regular};
pub use pdq::{Coded, pdq_all};
pub use preview::{
    Beside, BesideRow, Compared, LONGEST_SIDE, NotCompared, NotShown, Preview, Previews, Up, beside_table,
};
pub use progress::{Progress, Stage};
pub use report::{
    Absent, Counts, Failure, Flat, Group, Member, Nearby, Nearness, PairCount, Report, RungCount, Unread,
};
pub use scan::scan;
pub use sets::{SetId, Sets};
pub use settings::{Linkage, Links, Orientation, Run, Selection, Settings, Tier};
pub use shard::{Shard, ShardWriter, record};
pub use shelf::{Shelf, Taken, Waiting};
pub use team::{Alone, Record, Team, halves, owner_of};
pub use verdicts::{Verdict, Verdicts};
pub use walk::check_globs;

pub use pixtwin_catalogue::{Error as CatalogueError, is_on_network};
pub use pixtwin_decode::{DECODERS, is_decoding};
pub use pixtwin_matching::keep;
pub use pixtwin_matching::near::Label;
pub use pixtwin_matching::{Loss, Proof, Rung, Standing};
pub use pixtwin_pixel::{
    Alpha, Apart, Code, Delay, Difference, Fingerprint, Ground, HEAD_ROWS, Pdq, PixelDigest, Raster, Reduced, Turn,
};

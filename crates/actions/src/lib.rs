//! Acts on twins: plans, the steps that carry them out, the journal, and the way back.
//!
//! Only `disk` changes files of the user, and nothing here decodes a picture: whether two are the same is asked again,
//! through [`Judge`], a moment before one of them is moved.

pub mod plan;

mod judge;

mod executor;

mod apply;

mod verify;

mod same;

mod sidecars;

mod travellers;

mod layout;

mod quarantine;

mod trash;

mod carry;

mod step;

mod deed;

mod put_back;

mod touched;

mod report;

mod freed;

mod preview;

mod store;

mod journal;

mod history;

mod recover;

mod undo;

mod purge;

mod keepers;

mod runs;

pub mod disk;

mod spot;

mod place;

mod error;

#[cfg(test)]
mod test_disk;

pub use apply::{Order, Which, steps};
pub use error::Error;
pub use executor::{Executor, Setting};
pub use judge::{Judge, Particulars};
pub use preview::{Preview, Previewed, preview, preview_pair};
pub use purge::Purge;
pub use recover::Recovered;
pub use report::{Acted, Summary};
pub use runs::{RunInfo, look_at_runs};
pub use step::Action;
pub use undo::{Tally, Undone};
pub use verify::Refused;

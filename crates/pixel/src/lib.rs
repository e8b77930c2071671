//! What a picture is to pixtwin: rows of samples, their canonical form, the pixel digest, and the eight turns.
//!
//! This crate is pure: it never touches a file, a clock, a thread or the environment, so every machine of a
//! cluster computes the same answer from the same rows. `docs/pixel-digest.md` is the specification of the digest.

mod row;

mod simd;

mod canonical;

mod digest;

mod corner;

mod raster;

mod apart;

mod reduced;

mod difference;

mod means;

mod turn;

mod turns;

mod turned;

mod order_free;

mod turn_class;

mod code;

mod opaque;

mod pdq;

mod sight;

pub use apart::{Against, Apart, apart};
pub use canonical::{Alpha, Canonical};
pub use code::{Code, NotACode};
pub use corner::{CORNER_COLUMNS, CORNER_ROWS};
pub use difference::{DifferenceSink, Unequal};
pub use digest::{Depth, Digester, Fingerprint, HEAD_ROWS, Key, MOST_MARGIN, NotADigest, PixelDigest};
pub use means::{Averager, Means};
pub use order_free::OrderFree;
pub use pdq::{Ground, Pdq, PdqSink};
pub use raster::{Difference, Raster, RasterSink, Turning};
pub use reduced::{Reduced, ReducedSink, fitted};
pub use row::{Channels, Delay, Frame, Row, RowSink, Samples, scale_to_sixteen};
pub use sight::{Sight, SightSink, Signature, View};
pub use turn::Turn;
pub use turn_class::{TurnClass, TurnedSink};
pub use turns::Turns;

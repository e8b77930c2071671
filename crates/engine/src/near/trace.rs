//! What a tier keeps of a picture beside its digest, and how it is had from the rows.

use std::ops::ControlFlow;

use pixtwin_decode::{Format, Header};
use pixtwin_pixel::{Alpha, Averager, Frame, Key, Means, OrderFree, Row, RowSink, Sight, SightSink};

use crate::{near::turned, picture::size_key, refusal::Refusal, settings::Tier};

/// Takes the rows of one picture on behalf of a tier.
pub(crate) enum TraceSink {
    /// Means of blocks.
    Within(Box<Averager>),
    Similar(Box<SightSink>),
    /// The order-free key.
    Turned(Box<OrderFree>),
}

impl TraceSink {
    /// A sink for a picture; nothing where the tier needs only the digest.
    pub(crate) fn new(tier: Tier, alpha: Alpha) -> Option<Self> {
        match tier {
            Tier::Bytes | Tier::Pixels => None,
            Tier::Turned => Some(Self::Turned(Box::new(OrderFree::new(alpha)))),
            Tier::Within(_) => Some(Self::Within(Box::new(Averager::new(alpha)))),
            Tier::Similar(_) => Some(Self::Similar(Box::default())),
        }
    }

    /// The record, of [`record_bytes`]; nothing where the rows did not make a picture.
    pub(crate) fn finish(self) -> Option<Vec<u8>> {
        match self {
            Self::Within(sink) => Some(sink.finish()?.to_bytes().to_vec()),
            Self::Similar(sink) => Some(sink.finish()?.to_bytes().to_vec()),
            // The class of the coefficients comes later: it is not of the rows.
            Self::Turned(sink) => Some(turned::Record::of(sink.finish()?, None)),
        }
    }

    fn sink(&mut self) -> &mut dyn RowSink {
        match self {
            Self::Within(sink) => &mut **sink,
            Self::Similar(sink) => &mut **sink,
            Self::Turned(sink) => &mut **sink,
        }
    }
}

impl RowSink for TraceSink {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.sink().picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.sink().frame(frame)
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.sink().row(row)
    }
}

/// How long the records of a tier are.
pub(crate) fn record_bytes(tier: Tier) -> usize {
    match tier {
        Tier::Bytes | Tier::Pixels => 1,
        Tier::Turned => turned::RECORD_BYTES,
        Tier::Within(_) => Means::BYTES,
        Tier::Similar(_) => Sight::BYTES,
    }
}

/// Whether every picture is looked at whole. Else only those are of whose size others are.
pub(crate) fn looks_at_all(tier: Tier) -> bool {
    matches!(tier, Tier::Similar(_))
}

/// The key that pictures share which can be near each other by their sizes.
pub(crate) fn key_of_size(tier: Tier, header: &Header) -> Key {
    match tier {
        // Both ways up.
        Tier::Turned => size_key(header.width.min(header.height), header.width.max(header.height)),
        _ => size_key(header.width, header.height),
    }
}

/// What is said of a picture whose rows did not make a record.
pub(crate) fn no_record(format: Format) -> Refusal {
    Refusal::of_content(format!("the {} decoder gave no whole picture", format.name()))
}

//! What rows pass through on their way from a decoder.

use std::ops::ControlFlow;

use pixtwin_pixel::{Digester, Frame, Row, RowSink};

use crate::progress::Progress;

/// Asked whether to go on, with what was learnt and the number of the key that was found.
pub(crate) type GoesOn<'a> = &'a mut dyn FnMut(&Digester, usize) -> bool;

/// A digester that is asked about each key of the first rows.
pub(super) struct Watched<'a, 'b> {
    pub(super) digester: Digester,
    /// How many keys were found.
    pub(super) found: usize,
    pub(super) is_over: bool,
    pub(super) goes_on: &'a mut (dyn FnMut(&Digester, usize) -> bool + 'b),
}

impl RowSink for Watched<'_, '_> {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.digester.picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.digester.frame(frame)
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        let flow = self.digester.row(row);
        while self.digester.head(self.found).is_some() {
            let is_wanted = (self.goes_on)(&self.digester, self.found);
            self.is_over |= flow.is_continue() && !is_wanted;
            self.found += 1;
        }
        if self.is_over { ControlFlow::Break(()) } else { flow }
    }
}

/// A digester, and a sink that is told the same until it has enough.
pub(super) struct Both<'a> {
    pub(super) digester: Digester,
    pub(super) beside: &'a mut dyn RowSink,
    pub(super) goes_on: bool,
}

impl Both<'_> {
    fn tell(&mut self, tell: impl FnOnce(&mut dyn RowSink) -> ControlFlow<()>) {
        self.goes_on = self.goes_on && tell(self.beside).is_continue();
    }
}

impl RowSink for Both<'_> {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.tell(|beside| beside.picture(frames));
        self.digester.picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.tell(|beside| beside.frame(frame));
        self.digester.frame(frame)
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.tell(|beside| beside.row(row));
        self.digester.row(row)
    }
}

/// Passes rows on until there are more pixels than any picture is granted, or the run is given up.
pub(super) struct Counting<'a> {
    pub(super) pixels_left: u64,
    pub(super) is_over: bool,
    pub(super) progress: &'a Progress,
    pub(super) sink: &'a mut dyn RowSink,
}

impl RowSink for Counting<'_> {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.sink.picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        let pixels = u64::from(frame.width) * u64::from(frame.height);
        match self.pixels_left.checked_sub(pixels) {
            Some(left) => self.pixels_left = left,
            None => {
                self.is_over = true;
                return ControlFlow::Break(());
            }
        }
        self.sink.frame(frame)
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        if self.progress.is_given_up() {
            return ControlFlow::Break(());
        }
        self.sink.row(row)
    }
}

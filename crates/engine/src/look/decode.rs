//! Decoding within the budget: a whole picture, or as far down as a look has to go.

use pixtwin_decode::{FirstRows, Format, Header, Limits, Source};
use pixtwin_pixel::{Depth, Digester, HEAD_ROWS, RowSink, Turn, Turning};

use super::{
    HEADER_WINDOW_BYTES, Looker, ROWS_WINDOW_BYTES, WHOLE_WINDOW_BYTES, reopen,
    sinks::{Both, Counting, GoesOn, Watched},
    still_unchanged,
};
use crate::{
    budget::Charge,
    file::Listed,
    picture::{Known, Picture},
    refusal::Refusal,
};

/// Up to how many rows a header's estimate for the first rows holds.
const HEADER_PROMISES_ROWS: u32 = HEAD_ROWS[1];

/// How many times as many rows a picture must have for a look at its first rows to be worth it.
const WORTH_STOPPING: u32 = 4;

/// The same of looks at so few rows that opening the file is most of the work, and of those that went on below a margin.
const WORTH_GOING_ON: u32 = 2;

/// How many times as many rows again where the look goes through the whole file: of a progressive JPEG 32 rows of 800
/// cost a third of all.
const DEARER: u32 = 16;

/// The first key at which looks part; those before are had from shallow looks.
const FIRST_BRANCH: usize = 2;

/// How many times as many rows a decoder is asked for that ended in the middle of a margin.
const MARGIN_STEP: u32 = 8;

/// How many times its least a decoder is given where the budget is large enough: JPEG is 1.8 times as fast if it may
/// hold 2.7 times as much.
const GENEROSITY: u64 = 3;

/// A picture of more pixels than this in all its frames is refused: a hundred kilobytes of animation can ask for hours
/// of work. The largest pictures known to be made for people have 0.6 gigapixels.
const MOST_PIXELS: u64 = 2_000_000_000;

impl Looker<'_> {
    /// Decodes it whole and keeps the digest and the keys.
    pub(crate) fn decode(&self, listed: &Listed, picture: &mut Picture) -> Result<(), Refusal> {
        let (file, identity) = reopen(listed)?;
        self.decode_source(&mut self.window(&file, identity.bytes, WHOLE_WINDOW_BYTES), picture)?;
        still_unchanged(&file, &identity)
    }

    /// Looks for the n-th key of the first rows, and for more of them while others have those. It fails if that key cannot
    /// be found; what is wrong further down counts for nothing, for how far down a look gets depends on those before it.
    pub(crate) fn look_for_head(&self, listed: &Listed, picture: &mut Picture, number: usize) -> Result<(), Refusal> {
        let depth = Depth::of_head(number);
        let (file, identity) = reopen(listed)?;
        let source = || self.window(&file, identity.bytes, window_for(depth));
        let (mut found, decoded) = self.decode_while(&mut source(), picture, (depth, depth), &mut |digester, at| {
            let keys = digester.head(at.saturating_sub(1)).zip(digester.head(at));
            at < number.max(FIRST_BRANCH) || keys.is_none_or(|(above, key)| self.branches.goes_on(above, key))
        });
        if decoded.is_err() && found.head(number).is_none() && picture.format.can_go_on() {
            // The decoder may have lost rows before the damage with those behind it.
            let row_by_row = (Depth::Rows(1), depth);
            (found, _) = self.decode_while(&mut source(), picture, row_by_row, &mut |_, at| at < number);
        }
        still_unchanged(&file, &identity)?;
        if found.head(number).is_none() {
            decoded?;
        }
        picture.known.add(found);
        Ok(())
    }

    /// The same for an open file, of which the caller makes sure that it does not change.
    pub(crate) fn decode_source(&self, source: &mut dyn Source, picture: &mut Picture) -> Result<(), Refusal> {
        let (found, decoded) = self.decode_while(source, picture, (Depth::Whole, Depth::Whole), &mut |_, _| true);
        decoded?;
        picture.known.add(found);
        Ok(())
    }

    /// The same, with every row also given to another sink, which cannot end it.
    pub(crate) fn decode_beside(
        &self,
        source: &mut dyn Source,
        picture: &mut Picture,
        beside: &mut dyn RowSink,
    ) -> Result<(), Refusal> {
        let mut both = Both { digester: Digester::new(self.alpha, Depth::Whole), beside, goes_on: true };
        let decoded = self.decode_charged(source, picture, Depth::Whole, &mut both);
        let (found, decoded) = learnt_from(both.digester, picture, decoded.map(|()| true));
        decoded?;
        picture.known.add(found);
        Ok(())
    }

    /// Decodes an open file as long as `goes_on`, which is asked at every key of the first rows. The decoder is told one depth, and
    /// the look goes as far as the other; they differ only where [`Format::can_go_on`]. Gives what was found, before it
    /// failed if it did.
    pub(crate) fn decode_while(
        &self,
        source: &mut dyn Source,
        picture: &Picture,
        (told, asked): (Depth, Depth),
        goes_on: GoesOn<'_>,
    ) -> (Known, Result<(), Refusal>) {
        let is_dear = picture.header.first_rows == FirstRows::Dear && told != Depth::Corner;
        let worth = match told <= Depth::of_head(1) {
            true if is_dear => WORTH_GOING_ON * DEARER,
            true => WORTH_GOING_ON,
            false => WORTH_STOPPING,
        };
        let mut depth = effective_depth(&picture.header, told, worth);
        loop {
            // What is told to the decoder grows with the margin; the look goes as deep as it was asked to.
            let look = if depth == Depth::Whole { depth } else { asked };
            let digester = Digester::new(self.alpha, look);
            let mut watched = Watched { digester, found: 0, is_over: false, goes_on };
            let decoded = self.decode_charged(source, picture, depth, &mut watched);
            let Watched { digester, is_over, .. } = watched;
            match depth.rows() {
                Some(rows) if decoded.is_ok() && !is_over && !digester.is_satisfied() => {
                    let deeper = Depth::Rows(rows.saturating_mul(MARGIN_STEP));
                    depth = effective_depth(&picture.header, deeper, WORTH_GOING_ON);
                }
                _ => return learnt_from(digester, picture, decoded.map(|()| look == Depth::Whole && !is_over)),
            }
        }
    }

    /// Decodes as far as `depth` into any sink.
    pub(crate) fn decode_into(
        &self,
        listed: &Listed,
        picture: &Picture,
        depth: Depth,
        sink: &mut dyn RowSink,
    ) -> Result<(), Refusal> {
        let (file, identity) = reopen(listed)?;
        self.decode_charged(&mut self.window(&file, identity.bytes, window_for(depth)), picture, depth, sink)?;
        still_unchanged(&file, &identity)
    }

    pub(crate) fn decode_charged(
        &self,
        source: &mut dyn Source,
        picture: &Picture,
        depth: Depth,
        sink: &mut dyn RowSink,
    ) -> Result<(), Refusal> {
        let needed = match depth.rows() {
            Some(..=HEADER_PROMISES_ROWS) => picture.header.head_bytes,
            _ => picture.header.whole_bytes,
        };
        let charge = self.charge_for_rows(needed)?;
        self.decode_open(source, picture.format, depth, charge.bytes(), sink)
    }

    pub(super) fn decode_open(
        &self,
        source: &mut dyn Source,
        format: Format,
        depth: Depth,
        memory_bytes: u64,
        sink: &mut dyn RowSink,
    ) -> Result<(), Refusal> {
        let mut sink = Counting { pixels_left: MOST_PIXELS, is_over: false, progress: self.progress, sink };
        let limits = Limits { memory_bytes };
        let decoded = match self.turn(source, format)? {
            Turn::None => format.rows(source, depth, limits, &mut sink),
            turn => format.rows(source, Depth::Whole, limits, &mut Turning::new(turn, memory_bytes, &mut sink)),
        };
        decoded.map_err(|cause| Refusal::from(&cause))?;
        if sink.is_over {
            let most = MOST_PIXELS / 1_000_000;
            return Err(Refusal::of_content(format!("it has more than {most} million pixels in all its frames")));
        }
        Ok(())
    }

    fn charge_for_rows(&self, least: u64) -> Result<Charge<'_>, Refusal> {
        let ample = least.saturating_mul(GENEROSITY).min(self.budget.share()).max(least);
        self.budget.take(ample).ok_or_else(|| self.too_large(least))
    }
}

/// Whether a look at so many rows is worth stopping early for: a decoder that cannot, or that would soon be at the end
/// anyway, goes on to the end at once. Each look begins again at the top, so all that are in vain must cost little beside
/// the last.
fn effective_depth(header: &Header, depth: Depth, worth: u32) -> Depth {
    match depth.rows() {
        Some(rows) if header.stops_early() && header.height > rows.saturating_mul(worth) => depth,
        _ => Depth::Whole,
    }
}

/// The first window on a file for such a look.
fn window_for(depth: Depth) -> usize {
    match depth {
        Depth::Corner => HEADER_WINDOW_BYTES,
        Depth::Rows(_) => ROWS_WINDOW_BYTES,
        Depth::Whole => WHOLE_WINDOW_BYTES,
    }
}

/// What a digester learnt of a picture that was decoded, in part or whole, or that failed; refuses rows that do not make the
/// picture the header promised.
fn learnt_from(digester: Digester, picture: &Picture, decoded: Result<bool, Refusal>) -> (Known, Result<(), Refusal>) {
    let mut learnt = digester.finish();
    let is_promised = (learnt.width, learnt.height) == (picture.header.width, picture.header.height);
    if decoded.as_ref().is_ok_and(|is_whole| !is_promised || *is_whole && learnt.digest.is_none()) {
        return (Known::default(), Err(Refusal::of_content("the decoder gave other rows than its header promised")));
    }
    // A digest is believed only after the decoder has checked what follows the last row.
    if !matches!(decoded, Ok(true)) {
        learnt.forget_whole();
    }
    let found = if is_promised { Known::of(&learnt, None) } else { Known::default() };
    (found, decoded.map(|_| ()))
}

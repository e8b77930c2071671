//! Frames of an animation put together as libwebp's `WebPAnimDecoder` does it: on a transparent canvas, whatever the
//! file says of its background.

/// Where a frame goes on the canvas and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) has_alpha: bool,
    /// Mixed with what is there, instead of replacing it.
    pub(super) blends: bool,
    /// Taken away before the next frame.
    pub(super) disposes: bool,
}

/// The canvas: RGBA, straight alpha, rows from the top.
pub(super) struct Canvas {
    width: u32,
    height: u32,
    shown: Vec<u8>,
    /// What the next frame is put on.
    beneath: Vec<u8>,
    previous: Option<Placed>,
    previous_was_key: bool,
}

impl Canvas {
    pub(super) fn new(width: u32, height: u32) -> Self {
        let bytes = width as usize * height as usize * 4;
        Self { width, height, shown: vec![0; bytes], beneath: vec![0; bytes], previous: None, previous_was_key: true }
    }

    /// The canvas with the frames so far.
    pub(super) fn pixels(&self) -> &[u8] {
        &self.shown
    }

    /// Adds the next frame: RGBA if it has alpha, else RGB.
    pub(super) fn add(&mut self, place: &Placed, pixels: &[u8]) {
        let is_key = self.is_key(place);
        if is_key {
            self.shown.fill(0);
        } else {
            self.shown.copy_from_slice(&self.beneath);
        }
        let row_bytes = place.width as usize * if place.has_alpha { 4 } else { 3 };
        let blends = place.blends && !is_key;
        let hole = self.previous.filter(|previous| previous.disposes);
        for (y, row) in (place.y..).zip(pixels.chunks_exact(row_bytes)) {
            let start = (y as usize * self.width as usize + place.x as usize) * 4;
            let Some(to) = self.shown.get_mut(start..start + place.width as usize * 4) else { continue };
            if !place.has_alpha {
                for (to, from) in to.chunks_exact_mut(4).zip(row.chunks_exact(3)) {
                    if let ([to @ .., alpha], from) = (to, from) {
                        to.copy_from_slice(from);
                        *alpha = 255;
                    }
                }
                continue;
            }
            for (x, (to, from)) in (place.x..).zip(to.chunks_exact_mut(4).zip(row.chunks_exact(4))) {
                // Where the frame before was taken away, the new pixel stays as it is, hidden colour and all.
                let in_hole = hole.is_some_and(|hole| hole.contains(x, y));
                if blends && !in_hole {
                    blend(to, from);
                } else {
                    to.copy_from_slice(from);
                }
            }
        }
        self.beneath.copy_from_slice(&self.shown);
        if place.disposes {
            self.clear(place);
        }
        self.previous = Some(*place);
        self.previous_was_key = is_key;
    }

    /// Whether the frame needs nothing of those before it.
    fn is_key(&self, place: &Placed) -> bool {
        let Some(previous) = self.previous else { return true };
        let covers = self.is_full(place) && (!place.has_alpha || !place.blends);
        covers || previous.disposes && (self.is_full(&previous) || self.previous_was_key)
    }

    const fn is_full(&self, place: &Placed) -> bool {
        place.width == self.width && place.height == self.height
    }

    /// Makes the frame's rectangle transparent for the next frame.
    fn clear(&mut self, place: &Placed) {
        for y in place.y..place.y + place.height {
            let start = (y as usize * self.width as usize + place.x as usize) * 4;
            if let Some(row) = self.beneath.get_mut(start..start + place.width as usize * 4) {
                row.fill(0);
            }
        }
    }
}

impl Placed {
    const fn contains(&self, x: u32, y: u32) -> bool {
        x >= self.x && x - self.x < self.width && y >= self.y && y - self.y < self.height
    }
}

/// Puts one pixel over another, with the arithmetic of libwebp's `BlendPixelNonPremult`.
fn blend(to: &mut [u8], from: &[u8]) {
    let (&mut [.., to_alpha], &[.., from_alpha]) = (&mut *to, from) else { return };
    match from_alpha {
        0 => {}
        255 => to.copy_from_slice(from),
        _ => {
            let from_part = u32::from(from_alpha);
            let to_part = (u32::from(to_alpha) * (256 - from_part)) >> 8;
            let alpha = from_part + to_part;
            let scale = (1 << 24) / alpha;
            for (to, from) in to.iter_mut().zip(from).take(3) {
                let sum = u32::from(*from) * from_part + u32::from(*to) * to_part;
                *to = u8::try_from(sum.wrapping_mul(scale) >> 24).unwrap_or(u8::MAX);
            }
            if let [.., last] = to {
                *last = u8::try_from(alpha).unwrap_or(u8::MAX);
            }
        }
    }
}

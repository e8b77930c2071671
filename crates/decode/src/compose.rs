//! The canvas on which the frames of an animation are laid over each other.

/// A sample of a canvas: eight or sixteen bits.
pub(crate) trait Sample: Copy + Default + PartialEq + Into<u64> {
    /// The largest value: opaque.
    const MAX: u64;
    /// A value of at most [`Self::MAX`].
    fn from_wide(value: u64) -> Self;
}

impl Sample for u8 {
    const MAX: u64 = 255;

    fn from_wide(value: u64) -> Self {
        Self::try_from(value).unwrap_or(Self::MAX)
    }
}

impl Sample for u16 {
    const MAX: u64 = 65535;

    fn from_wide(value: u64) -> Self {
        Self::try_from(value).unwrap_or(Self::MAX)
    }
}

/// The part of the canvas that a frame covers. It lies inside; what does not is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// How a pixel goes onto the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blend {
    /// It replaces what was there, alpha included.
    Source,
    /// It is laid over what was there, see [`over`].
    Over,
}

/// What becomes of the region of a frame after the frame was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposal {
    /// It stays.
    Keep,
    /// It becomes transparent black.
    Clear,
    /// It becomes what it was before the frame.
    Restore,
}

/// A canvas of straight RGBA, transparent black at first.
///
/// # Cost
/// Four samples a pixel, twice that from the first frame on that is to be restored.
pub(crate) struct Canvas<S> {
    width: usize,
    pixels: Vec<[S; 4]>,
    saved: Vec<[S; 4]>,
}

/// Bytes that a canvas of that size holds at most.
pub(crate) fn cost(width: u32, height: u32, sample_bytes: u64) -> u64 {
    (u64::from(width) * u64::from(height)).saturating_mul(8 * sample_bytes)
}

impl<S: Sample> Canvas<S> {
    /// The caller has charged [`cost`].
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        Self { width, pixels: vec![[S::default(); 4]; width.saturating_mul(height)], saved: Vec::new() }
    }

    /// A frame begins: keeps what has to come back after it.
    pub(crate) fn begin(&mut self, disposal: Disposal) {
        if disposal == Disposal::Restore {
            self.saved.clone_from(&self.pixels);
        }
    }

    /// Lays row `y` of a frame, counted from the top of its region, onto the canvas.
    pub(crate) fn lay(&mut self, region: Region, y: u32, row: impl IntoIterator<Item = [S; 4]>, blend: Blend) {
        if y >= region.height {
            return;
        }
        let Some(line) = self.line_mut(region, y) else { return };
        for (below, above) in line.iter_mut().zip(row) {
            *below = match blend {
                Blend::Source => above,
                Blend::Over => over(above, *below),
            };
        }
    }

    /// The frame was shown: does with its region what it asked for.
    pub(crate) fn dispose(&mut self, region: Region, disposal: Disposal) {
        match disposal {
            Disposal::Keep => {}
            Disposal::Clear => {
                for y in 0..region.height {
                    if let Some(line) = self.line_mut(region, y) {
                        line.fill([S::default(); 4]);
                    }
                }
            }
            Disposal::Restore => std::mem::swap(&mut self.pixels, &mut self.saved),
        }
    }

    /// The rows of the canvas, top to bottom, four samples a pixel.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[S]> {
        self.pixels.chunks_exact(self.width.max(1)).map(<[[S; 4]]>::as_flattened)
    }

    fn line_mut(&mut self, region: Region, y: u32) -> Option<&mut [[S; 4]]> {
        let start = (region.y as usize + y as usize).checked_mul(self.width)?;
        let line = self.pixels.get_mut(start..start + self.width)?;
        let end = (region.x as usize + region.width as usize).min(self.width);
        line.get_mut(region.x as usize..end)
    }
}

/// One pixel laid over another, both with straight alpha, on exact fractions; each of the four results is rounded to
/// nearest, halves up, and the colour is that of the exact alpha, not of the rounded one.
///
/// With alphas as fractions, `alpha = above + below * (1 - above)` and
/// `colour = (above colour * above + below colour * below * (1 - above)) / alpha`. A pixel of alpha 0 leaves what is
/// below, with its colour; an opaque one, or one over alpha 0, replaces it.
///
/// # Source
/// PNG specification, third edition, section 13.16 (alpha channel processing), as fcTL's `APNG_BLEND_OP_OVER` asks.
pub(crate) fn over<S: Sample>(above: [S; 4], below: [S; 4]) -> [S; 4] {
    let (upper, lower) = (above.map(Into::<u64>::into), below.map(Into::<u64>::into));
    let ([r, g, b, alpha], [lr, lg, lb, lower_alpha]) = (upper, lower);
    if alpha == 0 {
        return below;
    }
    if alpha == S::MAX || lower_alpha == 0 {
        return above;
    }
    // Weights in units of 1 / MAX squared.
    let upper_weight = alpha * S::MAX;
    let lower_weight = lower_alpha * (S::MAX - alpha);
    let weight = upper_weight + lower_weight;
    let mix = |a: u64, b: u64| S::from_wide((2 * (a * upper_weight + b * lower_weight) + weight) / (2 * weight));
    let mixed_alpha = S::from_wide((2 * weight + S::MAX) / (2 * S::MAX));
    [mix(r, lr), mix(g, lg), mix(b, lb), mixed_alpha]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_is_exact_where_nothing_has_to_be_rounded() {
        assert_eq!(over([1_u8, 2, 3, 0], [4, 5, 6, 7]), [4, 5, 6, 7]);
        assert_eq!(over([1_u8, 2, 3, 0], [4, 5, 6, 0]), [4, 5, 6, 0]);
        assert_eq!(over([1_u8, 2, 3, 255], [4, 5, 6, 7]), [1, 2, 3, 255]);
        assert_eq!(over([1_u8, 2, 3, 9], [4, 5, 6, 0]), [1, 2, 3, 9]);
        // A third over opaque: 85 / 255.
        assert_eq!(over([255_u8, 0, 30, 85], [0, 255, 60, 255]), [85, 170, 50, 255]);
        assert_eq!(over([65535_u16, 0, 30, 21845], [0, 65535, 60, 65535]), [21845, 43690, 50, 65535]);
    }

    #[test]
    fn over_rounds_to_nearest_from_the_exact_alpha() {
        // Weights 100 * 255 and 100 * 155 of 41000: alpha 160.78, colour 255 * 25500 / 41000 = 158.6.
        assert_eq!(over([255_u8, 0, 0, 100], [0, 0, 255, 100]), [159, 0, 96, 161]);
        // Half of one level over opaque: 0.5 * ... is rounded up only from the half on.
        assert_eq!(over([1_u8, 0, 0, 127], [0, 0, 0, 255])[0], 0);
        assert_eq!(over([1_u8, 0, 0, 128], [0, 0, 0, 255])[0], 1);
    }

    #[test]
    fn disposal_touches_only_the_region_of_the_frame() {
        let mut canvas = Canvas::<u8>::new(3, 2);
        let whole = Region { x: 0, y: 0, width: 3, height: 2 };
        let part = Region { x: 1, y: 1, width: 2, height: 1 };
        for y in 0..2 {
            canvas.lay(whole, y, [[5, 5, 5, 255]; 3], Blend::Source);
        }
        canvas.begin(Disposal::Restore);
        canvas.lay(part, 0, [[9, 9, 9, 0], [8, 8, 8, 255]], Blend::Over);
        assert_eq!(canvas.rows().nth(1).unwrap(), [5, 5, 5, 255, 5, 5, 5, 255, 8, 8, 8, 255]);
        canvas.dispose(part, Disposal::Restore);
        assert!(canvas.rows().all(|row| row == [5, 5, 5, 255].repeat(3)));
        canvas.dispose(part, Disposal::Clear);
        assert_eq!(canvas.rows().next().unwrap(), [5, 5, 5, 255].repeat(3));
        assert_eq!(canvas.rows().nth(1).unwrap(), [5, 5, 5, 255, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}

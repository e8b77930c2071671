//! Pictures drawn by integer arithmetic: the same on every machine.

/// A picture of eight bits a channel, straight alpha.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Rows from the top, each `4 * width` bytes: red, green, blue, alpha.
    pub rgba: Vec<u8>,
}

impl Drawing {
    /// Asks `pixel` for every pixel, by x and y.
    #[must_use]
    pub fn new(width: u32, height: u32, mut pixel: impl FnMut(u32, u32) -> [u8; 4]) -> Self {
        let rgba = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| pixel(x, y)).collect();
        Self { width, height, rgba }
    }

    /// One colour everywhere.
    #[must_use]
    pub fn solid(width: u32, height: u32, colour: [u8; 4]) -> Self {
        Self::new(width, height, |_, _| colour)
    }

    /// The pixel at x and y.
    #[must_use]
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        self.rgba.as_chunks().0[(y * self.width + x) as usize]
    }

    /// The pixels, row by row.
    pub fn pixels(&self) -> impl Iterator<Item = [u8; 4]> + '_ {
        self.rgba.as_chunks().0.iter().copied()
    }

    /// Every pixel changed by `change`.
    #[must_use]
    pub fn map(&self, change: impl Fn([u8; 4]) -> [u8; 4]) -> Self {
        Self { rgba: self.pixels().flat_map(change).collect(), ..*self }
    }

    /// One sample moved by one: `channel` 0 is red, 3 alpha.
    #[must_use]
    pub fn with_sample_changed(mut self, x: u32, y: u32, channel: usize) -> Self {
        let sample = &mut self.rgba[(y * self.width + x) as usize * 4 + channel];
        *sample = if *sample == 255 { 254 } else { *sample + 1 };
        self
    }

    /// One pixel set.
    #[must_use]
    pub fn with_pixel(mut self, x: u32, y: u32, colour: [u8; 4]) -> Self {
        let at = (y * self.width + x) as usize * 4;
        self.rgba[at..at + 4].copy_from_slice(&colour);
        self
    }

    /// The colour under alpha 0 set.
    #[must_use]
    pub fn with_hidden_colour(&self, [red, green, blue]: [u8; 3]) -> Self {
        self.map(|pixel| if pixel[3] == 0 { [red, green, blue, 0] } else { pixel })
    }

    /// Every alpha 255.
    #[must_use]
    pub fn opaque(&self) -> Self {
        self.map(|[red, green, blue, _]| [red, green, blue, 255])
    }

    /// Grey of the green channel, alpha kept.
    #[must_use]
    pub fn grey(&self) -> Self {
        self.map(|[_, green, _, alpha]| [green, green, green, alpha])
    }

    /// Each sample rounded down to one that `bits` bits can say exactly; alpha kept.
    #[must_use]
    pub fn with_levels_of(&self, bits: u32) -> Self {
        let step = (255 / ((1_u32 << bits) - 1)) as u8;
        self.map(|[red, green, blue, alpha]| [red / step * step, green / step * step, blue / step * step, alpha])
    }

    /// Left and right swapped.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self::new(self.width, self.height, |x, y| self.pixel(self.width - 1 - x, y))
    }

    /// Top and bottom swapped.
    #[must_use]
    pub fn flipped(&self) -> Self {
        Self::new(self.width, self.height, |x, y| self.pixel(x, self.height - 1 - y))
    }

    /// Rows become columns.
    #[must_use]
    pub fn transposed(&self) -> Self {
        Self::new(self.height, self.width, |x, y| self.pixel(y, x))
    }

    /// What a viewer shows of this picture under an EXIF orientation of 1 to 8.
    ///
    /// # Source
    /// EXIF 2.32, section 4.6.4, tag 0x0112: the number says where row 0 and column 0 are shown.
    #[must_use]
    pub fn shown_under(&self, orientation: u8) -> Self {
        match orientation {
            1 => self.clone(),
            2 => self.mirrored(),
            3 => self.mirrored().flipped(),
            4 => self.flipped(),
            5 => self.transposed(),
            6 => self.transposed().mirrored(),
            7 => self.transposed().mirrored().flipped(),
            8 => self.transposed().flipped(),
            other => panic!("{other} is no EXIF orientation"),
        }
    }

    /// The part of this size at x and y.
    #[must_use]
    pub fn cropped(&self, x: u32, y: u32, width: u32, height: u32) -> Self {
        Self::new(width, height, |column, row| self.pixel(x + column, y + row))
    }

    /// The same pixels in one run, laid out in rows of another width.
    #[must_use]
    pub fn reflowed(&self, width: u32) -> Self {
        Self { width, height: self.width * self.height / width, rgba: self.rgba.clone() }
    }

    /// Red, green, blue of every pixel; alpha dropped.
    #[must_use]
    pub fn rgb(&self) -> Vec<u8> {
        self.pixels().flat_map(|[red, green, blue, _]| [red, green, blue]).collect()
    }

    /// The different pixels in the order they appear, and for every pixel its number among them; nothing if they are
    /// more than 256.
    #[must_use]
    pub fn palette(&self) -> Option<(Vec<[u8; 4]>, Vec<u8>)> {
        let mut colours: Vec<[u8; 4]> = Vec::new();
        let mut indices = Vec::with_capacity(self.rgba.len() / 4);
        for pixel in self.pixels() {
            let index = colours.iter().position(|colour| *colour == pixel).unwrap_or_else(|| {
                colours.push(pixel);
                colours.len() - 1
            });
            indices.push(u8::try_from(index).ok()?);
        }
        Some((colours, indices))
    }
}

/// A source of numbers that look random and are the same for a seed everywhere.
///
/// # Source
/// `SplitMix64`, G. Steele, D. Lea, C. Flood: Fast splittable pseudorandom number generators, 2014.
#[derive(Clone, Debug)]
pub struct Seeded(pub u64);

impl Seeded {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The next number below `end`.
    pub fn below(&mut self, end: u32) -> u32 {
        (self.number() % u64::from(end)) as u32
    }

    /// The next place in something so long, which must not be empty.
    pub fn at(&mut self, len: usize) -> usize {
        (self.number() % len as u64) as usize
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.number() as u8
    }

    /// One of these.
    pub fn of<Thing: Copy>(&mut self, things: &[Thing]) -> Thing {
        things[self.at(things.len())]
    }
}

/// A sky with a sun over three ranges of hills: soft, like a photograph.
#[must_use]
pub fn landscape(width: u32, height: u32, seed: u64) -> Drawing {
    let mut random = Seeded(seed);
    let (w, h) = (width as i32, height as i32);
    let (sun_x, sun_y) = (random.below(width) as i32, h / 6 + random.below(height / 4 + 1) as i32);
    let radius = (w / 10).max(2);
    let tint = random.below(60) as i32;
    let hills: Vec<_> = (0..3)
        .map(|range| {
            let top = h * (5 + range) / 10;
            (top, random.below(width) as i32, (w / (3 + range)).max(4), h / 8 + random.below(height / 8 + 1) as i32)
        })
        .collect();
    let mut grain = Seeded(seed ^ 0x5eed);
    Drawing::new(width, height, |x, y| {
        let (x, y) = (x as i32, y as i32);
        let grain = (grain.number() >> 62) as i32;
        let mut colour = [110 + tint + y * 90 / h, 150 + y * 60 / h, 235 - y * 40 / h];
        let distance = (x - sun_x).pow(2) + (y - sun_y).pow(2);
        if distance < radius.pow(2) {
            colour = [255, 240 - distance * 40 / radius.pow(2), 150 - tint];
        } else if distance < 9 * radius.pow(2) {
            let glow = 80 - distance * 80 / (9 * radius.pow(2));
            colour = [colour[0] + glow, colour[1] + glow / 2, colour[2] - glow / 2];
        }
        for (range, (top, shift, length, rise)) in hills.iter().enumerate() {
            // A triangle wave, rounded by its own square: a hill without sine, which differs between machines.
            let along = (x + shift).rem_euclid(2 * length) - length;
            let hill = rise * along * along / (length * length);
            if y > top + hill {
                let range = range as i32;
                let depth = (y - top - hill) * 40 / h;
                colour = [90 - range * 20 + depth, 140 - range * 15 - depth, 80 - range * 20];
            }
        }
        let [red, green, blue] = colour.map(|sample| (sample + grain).clamp(0, 255) as u8);
        [red, green, blue, 255]
    })
}

/// A round badge of few colours on nothing: hard edges, alpha of 0, 128 and 255.
#[must_use]
pub fn icon(size: u32, seed: u64) -> Drawing {
    let mut random = Seeded(seed);
    let shade = |random: &mut Seeded| [0; 3].map(|_| random.below(16) as u8 * 17);
    let (rim, face, mark) = (shade(&mut random), shade(&mut random), shade(&mut random));
    let kind = random.below(3);
    let half = size as i32;
    Drawing::new(size, size, |x, y| {
        // Twice the distance from the middle, so that halves are whole.
        let (x, y) = (2 * x as i32 + 1 - half, 2 * y as i32 + 1 - half);
        let from_middle = x * x + y * y;
        let with = |[red, green, blue]: [u8; 3], alpha| [red, green, blue, alpha];
        if from_middle > half * half {
            [0; 4]
        } else if from_middle > half * half * 7 / 8 {
            with(rim, 128)
        } else if from_middle > half * half * 5 / 8 {
            with(rim, 255)
        } else {
            let is_mark = match kind {
                0 => x.abs() < half / 6 || y.abs() < half / 6,
                1 => (x + y).abs() < half / 5,
                _ => from_middle < half * half / 5,
            };
            with(if is_mark { mark } else { face }, 255)
        }
    })
}

/// A bar chart with a grid, like a screenshot: flat areas, few colours, opaque.
#[must_use]
pub fn chart(width: u32, height: u32, seed: u64) -> Drawing {
    let mut random = Seeded(seed);
    let bars = 7;
    let heights: Vec<u32> = (0..bars).map(|_| height / 8 + random.below(height * 3 / 4)).collect();
    let colours = [[66, 133, 244], [219, 68, 55], [244, 180, 0], [15, 157, 88]];
    let step = (width / bars).max(2);
    Drawing::new(width, height, |x, y| {
        let bar = (x / step).min(bars - 1);
        let [red, green, blue] = if y == height - 1 || x == 0 {
            [0, 0, 0]
        } else if x % step > step / 4 && height - y <= heights[bar as usize] {
            colours[(bar % 4) as usize]
        } else if y.is_multiple_of((height / 5).max(2)) {
            [204, 204, 204]
        } else {
            [255, 255, 255]
        };
        [red, green, blue, 255]
    })
}

/// No pattern in any channel, alpha too.
#[must_use]
pub fn noise(width: u32, height: u32, seed: u64) -> Drawing {
    let mut random = Seeded(seed);
    Drawing::new(width, height, |_, _| (random.number() >> 32).to_le_bytes()[..4].try_into().unwrap())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawings_are_of_their_size_and_seed() {
        for draw in [landscape, chart, noise] {
            let drawn = draw(33, 21, 7);
            assert_eq!((drawn.rgba.len(), drawn.clone()), (33 * 21 * 4, draw(33, 21, 7)));
            assert_ne!(drawn, draw(33, 21, 8));
        }
        assert!(icon(32, 1).palette().unwrap().0.len() >= 4);
        assert!(landscape(64, 48, 3).pixels().all(|pixel| pixel[3] == 255));
    }

    #[test]
    fn four_quarter_turns_are_none() {
        let drawn = noise(3, 2, 1);
        let quarter = |drawing: &Drawing| drawing.shown_under(6);
        assert_eq!(quarter(&drawn).pixel(1, 0), drawn.pixel(0, 0), "clockwise: the top left goes to the top right");
        assert_eq!(quarter(&quarter(&quarter(&quarter(&drawn)))), drawn);
        assert_eq!(drawn.shown_under(8).shown_under(6), drawn);
        for own_inverse in [2, 3, 4, 5, 7] {
            assert_eq!(drawn.shown_under(own_inverse).shown_under(own_inverse), drawn);
        }
    }
}

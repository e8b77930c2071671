//! Rows that are worked on together, in the two orders that the filters need.

/// How many rows are worked on together.
pub(super) const LANES: usize = 8;

/// How many columns of them lie together.
pub(super) const ACROSS: usize = 4;

/// Four columns of eight rows, row after row: a filter down columns goes through it four columns at a time.
pub(super) type Tile = [[f32; ACROSS]; LANES];

/// One column of eight rows: a filter along rows goes from one to the next, eight rows at a time.
pub(super) type Lane = [f32; LANES];

/// The columns of a tile.
#[inline(always)]
pub(super) fn columns_of(tile: &Tile) -> [Lane; ACROSS] {
    let [a, b, c, d, e, f, g, h] = tile;
    let upper = transposed([*a, *b, *c, *d]);
    let lower = transposed([*e, *f, *g, *h]);
    let [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]] = upper;
    let [[q, r, s, t], [u, v, w, x], [y, z, aa, ab], [ac, ad, ae, af]] = lower;
    [[a, b, c, d, q, r, s, t], [e, f, g, h, u, v, w, x], [i, j, k, l, y, z, aa, ab], [m, n, o, p, ac, ad, ae, af]]
}

/// The tile of four columns.
#[inline(always)]
pub(super) fn tile_of(columns: [Lane; ACROSS]) -> Tile {
    let [a, b, c, d] = transposed(columns.map(|[a, b, c, d, ..]| [a, b, c, d]));
    let [e, f, g, h] = transposed(columns.map(|[_, _, _, _, e, f, g, h]| [e, f, g, h]));
    [a, b, c, d, e, f, g, h]
}

#[inline(always)]
fn transposed(rows: [[f32; ACROSS]; ACROSS]) -> [[f32; ACROSS]; ACROSS] {
    let [[a, b, c, d], [e, f, g, h], [i, j, k, l], [m, n, o, p]] = rows;
    [[a, e, i, m], [b, f, j, n], [c, g, k, o], [d, h, l, p]]
}

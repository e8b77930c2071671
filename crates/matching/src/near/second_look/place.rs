//! Where a point of a view lies in the picture.

use pixtwin_pixel::{Sight, Turn, View};

/// A point: 0 to 1 from the left, and from the top.
pub(super) type Point = [f32; 2];

/// Where in the picture without its border the point of a view lies, if it does.
pub(super) fn in_trimmed(sight: &Sight, view: View, point: Point) -> Option<Point> {
    let [x, y] = point;
    let placed = if view == View::WHOLE {
        let [left, top, right, bottom] = sight.signature.inside.map(|edge| f32::from(edge) / 255.0);
        [(x - left) / (right - left), (y - top) / (bottom - top)]
    } else if let Some(turn) = view.turn() {
        turned(turn, point)
    } else {
        let ([left, top, right, bottom], degrees) = view.cut_and_tilt();
        let point = [left + x * (1.0 - left - right), top + y * (1.0 - top - bottom)];
        tilted(ratio(sight), degrees, point)
    };
    placed.iter().all(|along| (0.0..=1.0).contains(along)).then_some(placed)
}

/// Width to height of the picture without its border.
fn ratio(sight: &Sight) -> f32 {
    let [left, top, right, bottom] = sight.signature.inside.map(f32::from);
    (f32::from(sight.signature.ratio) / 1024.0).exp2() * (right - left).max(1.0) / (bottom - top).max(1.0)
}

/// Where the point of the turned picture lies in the stored one.
fn turned(turn: Turn, [x, y]: Point) -> Point {
    match turn {
        Turn::None => [x, y],
        Turn::FlipHorizontal => [1.0 - x, y],
        Turn::Half => [1.0 - x, 1.0 - y],
        Turn::FlipVertical => [x, 1.0 - y],
        Turn::Transpose => [y, x],
        Turn::Clockwise => [y, 1.0 - x],
        Turn::Transverse => [1.0 - y, 1.0 - x],
        Turn::Anticlockwise => [1.0 - y, x],
    }
}

/// Where the point of the picture turned anticlockwise about its centre lies in the upright one.
fn tilted(ratio: f32, degrees: f32, [x, y]: Point) -> Point {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (x, y) = (x - 0.5, y - 0.5);
    [0.5 + x * cos - y * sin / ratio, 0.5 + x * sin * ratio + y * cos]
}

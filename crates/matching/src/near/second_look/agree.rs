//! How far the codes of the same views of two pictures are apart.

use pixtwin_pixel::{Sight, View};

use super::Meeting;

/// The distance of the codes of a view, if both may be compared.
pub(super) fn distance(one: &Sight, two: &Sight, view: View) -> Option<u32> {
    Some(one.code(view)?.distance(two.code(view)?))
}

/// The mean distance over all kept views but the whole, which a border changes; nothing if none may be compared.
///
/// Of unrelated pictures it is 128. Pictures that share one region and little else, such as stars of many points, are told
/// from one picture with text on it by this.
pub(super) fn mean_distance(one: &Sight, two: &Sight) -> Option<f32> {
    let inner = View::kept().filter(|view| *view != View::WHOLE);
    let (count, sum) = inner
        .filter_map(|view| distance(one, two, view))
        .fold((0_u32, 0_u32), |(count, sum), distance| (count + 1, sum + distance));
    (count > 0).then(|| sum as f32 / count as f32)
}

/// The nearest of these views, and how near it is.
pub(super) fn nearest<const COUNT: usize>(one: &Sight, two: &Sight, views: [View; COUNT]) -> Option<(View, u32)> {
    let met = views.into_iter().filter_map(|view| Some((view, distance(one, two, view)?)));
    met.min_by_key(|(view, distance)| (*distance, *view))
}

/// The nearest meeting of a part or a tilted form of the one picture with the other as it is, at whatever distance.
///
/// # Cost
/// 42 comparisons of codes.
pub(super) fn nearest_of_views(asker: &Sight, other: &Sight) -> Option<Meeting> {
    let views = View::kept().filter(|view| !View::STORED.contains(view) && !view.is_region());
    let pairs = views.flat_map(|asking| View::STORED.map(|stored| (asking, stored)));
    let met = pairs.filter_map(|(asking, stored)| {
        Some(Meeting { asking, stored, distance: asker.code(asking)?.distance(other.code(stored)?) })
    });
    met.min_by_key(|meeting| (meeting.distance, meeting.asking, meeting.stored))
}

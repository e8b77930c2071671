//! The views through which two pictures are nearest to each other.

use pixtwin_pixel::{Sight, View};

use super::Meeting;

/// The nearest meeting, within `distance` bits, of a picture that asks and another: its asking views against the other's
/// stored ones, and each region against the same of the other. One of the pictures as they are counts before those of other
/// views, and of equally near ones that of the views with the smaller numbers.
///
/// # Cost
/// 65 comparisons of codes.
#[must_use]
pub fn meet(asker: &Sight, other: &Sight, distance: u32) -> Option<Meeting> {
    let asked = View::ASKING.into_iter().flat_map(|asking| View::STORED.map(|stored| (asking, stored)));
    let regions = View::REGIONS.into_iter().map(|region| (region, region));
    let between = |(asking, stored): (View, View)| {
        let distance = asker.code(asking)?.distance(other.code(stored)?);
        Some(Meeting { asking, stored, distance })
    };
    let met = asked.chain(regions).filter_map(between).filter(|meeting| meeting.distance <= distance);
    met.min_by_key(|meeting| (!meeting.is_plain(), meeting.distance, meeting.asking, meeting.stored))
}

impl Meeting {
    /// Whether both pictures met as they are, with or without their borders.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        View::STORED.contains(&self.asking)
    }
}

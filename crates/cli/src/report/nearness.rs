//! How near pictures are to each other that need not be equal.

use pixtwin_engine::{Apart, Label, Nearby, Nearness, Turn, view_name};
use serde::Serialize;

/// In words, to follow the format of a file. The `other` is the picture it is held against, in words.
pub(crate) fn words(nearness: Nearness, other: &str) -> String {
    match nearness {
        Nearness::Turned { turn, by_coefficients, .. } => {
            let what = if by_coefficients { "same coefficients" } else { "same pixels" };
            match turn_of(turn) {
                Turn::None => what.to_owned(),
                turn => format!("{what} after {}", turn.describe()),
            }
        }
        Nearness::Within(largest) => format!("no channel differs by more than {} of 255", Apart(largest)),
        Nearness::Similar { distance, view, is_view_of_other, label } => {
            let through = match (view_name(view), is_view_of_other) {
                (None, _) => String::new(),
                (Some(name), false) => format!(" seen as {name}"),
                (Some(name), true) => format!(" of {other} seen as {name}"),
            };
            format!("{}, distance {distance}{through}", label_name(label))
        }
    }
}

const fn label_name(label: Label) -> &'static str {
    match label {
        Label::ReEncoded => "RE-ENCODED",
        Label::Edited => "EDITED",
    }
}

fn turn_of(turn: u8) -> Turn {
    Turn::from_exif(turn.into()).unwrap_or_default()
}

/// As members of an object in JSON.
#[derive(Default, Serialize)]
pub(crate) struct NearJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    /// The EXIF number of the turn that makes the picture the first of its group, or the one asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    turn: Option<u8>,
    /// What is equal after the turn: `pixels` or `coefficients`.
    #[serde(skip_serializing_if = "Option::is_none")]
    equal: Option<&'static str>,
    /// The largest difference of any channel of any pixel, of 65535.
    #[serde(skip_serializing_if = "Option::is_none")]
    largest: Option<u16>,
    /// In how many bits the codes differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    view: Option<&'static str>,
    /// Whose view it is: `this` or `first`.
    #[serde(skip_serializing_if = "Option::is_none")]
    view_of: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
}

impl NearJson {
    pub(crate) fn of(near: Option<&Nearby>) -> Self {
        let Some(near) = near else { return Self::default() };
        let mut json = Self {
            width: near.size.map(|(width, _)| width),
            height: near.size.map(|(_, height)| height),
            repeated: near.is_repeated,
            ..Self::default()
        };
        match near.nearness {
            None => {}
            Some(Nearness::Turned { turn, by_coefficients, .. }) => {
                json.turn = Some(turn);
                json.equal = Some(if by_coefficients { "coefficients" } else { "pixels" });
            }
            Some(Nearness::Within(largest)) => json.largest = Some(largest),
            Some(Nearness::Similar { distance, view, is_view_of_other, label }) => {
                json.distance = Some(distance);
                json.view = view_name(view);
                json.view_of = json.view.map(|_| if is_view_of_other { "first" } else { "this" });
                json.label = Some(label_name(label));
            }
        }
        json
    }

    /// The columns of a table.
    pub(crate) const COLUMNS: [&'static str; 9] =
        ["file_width", "file_height", "turn", "equal", "largest", "distance", "view", "view_of", "label"];

    pub(crate) fn cells(&self) -> [String; 9] {
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let text = |text: Option<&'static str>| text.unwrap_or_default().to_owned();
        [
            number(self.width),
            number(self.height),
            number(self.turn.map(u32::from)),
            text(self.equal),
            number(self.largest.map(u32::from)),
            number(self.distance.map(u32::from)),
            text(self.view),
            text(self.view_of),
            text(self.label),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_picture_is_the_first_only_in_a_group() {
        let nearness =
            |view, is_view_of_other| Nearness::Similar { distance: 9, view, is_view_of_other, label: Label::Edited };
        let view = (0..u8::MAX).find(|view| view_name(*view).is_some()).unwrap();
        let name = view_name(view).unwrap();
        let asked = words(nearness(view, true), "the picture asked about");
        assert_eq!(asked, format!("EDITED, distance 9 of the picture asked about seen as {name}"));
        assert_eq!(words(nearness(view, false), "the first"), format!("EDITED, distance 9 seen as {name}"));
    }
}

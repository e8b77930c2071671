//! How near pictures are to each other that need not be equal, in JSON and tables.

use pixtwin_engine::{Nearby, Nearness, view_name};
use serde::Serialize;

/// As members of an object in JSON.
#[derive(Default, Serialize)]
pub(crate) struct NearJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
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
            digest: near.digest.map(|digest| digest.to_string()),
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
                json.label = Some(label.name());
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

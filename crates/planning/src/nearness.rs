//! How near pictures are to each other that need not be equal.

use pixtwin_engine::{Apart, Member, Nearness, Proof, Turn, view_name};

/// In words, to follow the format of a file. The `other` is the picture it is held against, in words.
#[must_use]
pub fn words(nearness: Nearness, other: &str) -> String {
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
            format!("{}, distance {distance}{through}", label.name())
        }
    }
}

/// What ties a file to the first of its group, in words; `first_format` is the format of that.
#[must_use]
pub fn ties(file: &Member, first_format: Option<&str>) -> String {
    if let Some(nearness) = file.near.as_ref().and_then(|near| near.nearness) {
        return words(nearness, "the first");
    }
    let words = match file.proof_to_first {
        // Names in two sets.
        Proof::Bytes if file.name_of == Some(0) => "same file",
        Proof::Bytes => "same bytes",
        Proof::Payload => "same payload",
        Proof::Pixels if first_format == Some(&*file.format) => "same pixels, encoded anew",
        Proof::Pixels | Proof::Turned | Proof::Within | Proof::Similar => "same pixels",
    };
    words.to_owned()
}

fn turn_of(turn: u8) -> Turn {
    Turn::from_exif(turn.into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use pixtwin_engine::Label;

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

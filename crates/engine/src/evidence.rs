//! How twins differ in what they hold beside their pixels.

use std::collections::BTreeMap;

use pixtwin_decode::{Item, Metadata};

/// What every file of some formats holds and no file of others can: between two formats its absence says nothing.
const OF_THE_FORMAT: [&str; 6] =
    ["Adobe marker", "APP0", "background colour", "colour space", "resolution", "TGA extension"];

/// What `other` holds beside its pixels that `first` does not hold in the same way, each as a few words.
pub(crate) fn differences(first: &Metadata, other: &Metadata, same_format: bool) -> Vec<String> {
    let mut found = Vec::new();
    if first.orientation != other.orientation {
        found.push(format!("orientation {} instead of {}", other.orientation.exif(), first.orientation.exif()));
    }
    let (ours, theirs) = (by_name(first), by_name(other));
    let names: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    for name in names.into_iter().filter(|name| same_format || !OF_THE_FORMAT.contains(name)) {
        match (ours.get(*name), theirs.get(*name)) {
            (None, Some(items)) => found.push(format!("{name} added{}", value_of(items))),
            (Some(_), None) => found.push(format!("{name} missing")),
            (Some(ours), Some(theirs)) if contents(ours) != contents(theirs) => {
                found.push(format!("{name} differs{}", value_of(theirs)));
            }
            _ => {}
        }
    }
    found
}

fn by_name(metadata: &Metadata) -> BTreeMap<&'static str, Vec<&Item>> {
    let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for item in &metadata.items {
        names.entry(item.name).or_default().push(item);
    }
    names
}

fn contents<'a>(items: &[&'a Item]) -> Vec<&'a pixtwin_pixel::Key> {
    let mut contents: Vec<_> = items.iter().map(|item| &item.content).collect();
    contents.sort_unstable();
    contents
}

/// The value of a single item, in brackets, where it has one.
fn value_of(items: &[&Item]) -> String {
    match items {
        [Item { value: Some(value), .. }] => format!(" ({value})"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use pixtwin_pixel::{Key, Turn};

    use super::*;

    fn item(name: &'static str, content: &str, value: Option<&str>) -> Item {
        Item { name, content: Key::of(content.as_bytes()), value: value.map(str::to_owned) }
    }

    #[test]
    fn what_differs_is_named_once() {
        let first = Metadata {
            orientation: Turn::None,
            items: vec![item("EXIF", "a", None), item("text", "x", None), item("text", "y", None)],
            ..Metadata::default()
        };
        let other = Metadata {
            orientation: Turn::Clockwise,
            items: vec![item("gamma", "g", Some("1/2.2")), item("text", "y", None), item("text", "x", None)],
            ..Metadata::default()
        };
        let expected = ["orientation 6 instead of 1", "EXIF missing", "gamma added (1/2.2)"];
        assert_eq!(differences(&first, &other, true), expected);
        assert!(differences(&first, &first, true).is_empty());
    }
}

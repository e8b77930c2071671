//! How twins differ in what they hold beside their pixels.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use pixtwin_decode::Metadata;
use serde::{Deserialize, Serialize};

/// What every file of some formats holds and no file of others can: between two formats its absence says nothing.
const OF_THE_FORMAT: [&str; 6] =
    ["Adobe marker", "APP0", "background colour", "colour space", "resolution", "TGA extension"];

/// What a file holds beside its pixels, as far as it is compared; it can travel between ranks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Remark {
    /// The EXIF number of its orientation.
    exif_turn: u8,
    items: Vec<Item>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Item {
    name: Cow<'static, str>,
    content: [u8; 16],
    value: Option<String>,
}

impl Remark {
    /// As text that can be kept.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From text that was kept; nothing where it is none.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(crate) fn of(metadata: Metadata) -> Self {
        let items = metadata.items.into_iter();
        let items = items.map(|item| Item { name: item.name.into(), content: item.content.0, value: item.value });
        Self { exif_turn: metadata.orientation.exif(), items: items.collect() }
    }

    /// The EXIF number of its orientation.
    pub(crate) const fn exif_turn(&self) -> u8 {
        self.exif_turn
    }

    /// What its pieces are called; a name may come several times.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|item| &*item.name)
    }
}

/// What `other` holds beside its pixels that `first` does not hold in the same way, each as a few words.
pub(crate) fn differences(first: &Remark, other: &Remark, same_format: bool) -> Vec<String> {
    let mut found = Vec::new();
    if first.exif_turn != other.exif_turn {
        found.push(format!("orientation {} instead of {}", other.exif_turn, first.exif_turn));
    }
    let (ours, theirs) = (by_name(first), by_name(other));
    let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).copied().collect();
    for name in names.into_iter().filter(|name| counts(name, same_format)) {
        match (ours.get(name), theirs.get(name)) {
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

/// Whether both do not hold the same under that name.
pub(crate) fn differ(first: &Remark, other: &Remark, name: &str, same_format: bool) -> bool {
    let (ours, theirs) = (named(first, name), named(other, name));
    counts(name, same_format) && contents(&ours) != contents(&theirs)
}

/// What a file holds under that name, in a few words; nothing if it holds none.
pub(crate) fn words_for(remark: &Remark, name: &str) -> Option<String> {
    let items = named(remark, name);
    if let [Item { value: Some(value), .. }] = &*items {
        return Some(value.clone());
    }
    let mut hasher = blake3::Hasher::new();
    contents(&items).into_iter().for_each(|content| {
        hasher.update(content);
    });
    let hash: String = hasher.finalize().to_hex().chars().take(SHOWN_DIGITS).collect();
    match items.len() {
        0 => None,
        1 => Some(format!("#{hash}")),
        several => Some(format!("{several} pieces, #{hash}")),
    }
}

/// How many digits of a hash tell two contents apart to the eye.
const SHOWN_DIGITS: usize = 8;

/// Whether a difference in what has that name says something.
fn counts(name: &str, same_format: bool) -> bool {
    same_format || !OF_THE_FORMAT.contains(&name)
}

fn named<'a>(remark: &'a Remark, name: &str) -> Vec<&'a Item> {
    remark.items.iter().filter(|item| item.name == name).collect()
}

fn by_name(remark: &Remark) -> BTreeMap<&str, Vec<&Item>> {
    let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for item in &remark.items {
        names.entry(&*item.name).or_default().push(item);
    }
    names
}

fn contents<'a>(items: &[&'a Item]) -> Vec<&'a [u8; 16]> {
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
    use pixtwin_decode::Item;
    use pixtwin_pixel::{Key, Turn};

    use super::{Remark, differences};

    fn item(name: &'static str, content: &str, value: Option<&str>) -> Item {
        Item { name, content: Key::of(content.as_bytes()), value: value.map(str::to_owned) }
    }

    #[test]
    fn what_differs_is_named_once() {
        let first = Remark::of(pixtwin_decode::Metadata {
            orientation: Turn::None,
            items: vec![item("EXIF", "a", None), item("text", "x", None), item("text", "y", None)],
            ..Default::default()
        });
        let other = Remark::of(pixtwin_decode::Metadata {
            orientation: Turn::Clockwise,
            items: vec![item("gamma", "g", Some("1/2.2")), item("text", "y", None), item("text", "x", None)],
            ..Default::default()
        });
        let expected = ["orientation 6 instead of 1", "EXIF missing", "gamma added (1/2.2)"];
        assert_eq!(differences(&first, &other, true), expected);
        assert!(differences(&first, &first, true).is_empty());
    }
}

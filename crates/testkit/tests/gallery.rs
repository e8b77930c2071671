//! The gallery that is checked in is the one that is drawn.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn what_is_checked_in_is_what_is_drawn() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/gallery");
    let mut held = BTreeMap::new();
    read(&folder, &folder, &mut held);
    held.remove(Path::new("README.md"));
    let drawn: BTreeMap<PathBuf, Vec<u8>> =
        pixtwin_testkit::gallery::files().into_iter().map(|(name, content)| (name.into(), content)).collect();
    let advice = "cargo run -p pixtwin-testkit --example gallery -- examples/gallery";
    assert!(held.keys().eq(drawn.keys()), "{:?} are held; draw anew with: {advice}", held.keys());
    for (name, content) in &drawn {
        assert!(held.get(name) == Some(content), "{} differs; draw anew with: {advice}", name.display());
    }
    let bytes: usize = drawn.values().map(Vec::len).sum();
    assert!(bytes < 300_000, "{bytes} bytes are too many to clone");
}

fn read(folder: &Path, root: &Path, held: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, root, held);
        } else {
            held.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

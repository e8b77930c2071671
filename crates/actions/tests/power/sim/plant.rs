//! Puts things on a disk before a test, and looks at all of it afterwards; neither is counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::{
    tree::{Body, Dress, Effect, Node, Number},
    world::{Mount, Place, World},
};

/// Every path on a disk, and the node that it leads to. A bind mount is not walked a second time.
pub(crate) type Seen = BTreeMap<PathBuf, (Number, Node)>;

impl World {
    fn put(&mut self, path: &Path, body: Body, dress: Dress) -> Number {
        let folder = self.folder(path.parent().unwrap()).unwrap();
        let system = self.node(folder.node).system;
        let node = self.bear(system, body, dress);
        self.name_it(path, node);
        node
    }

    fn name_it(&mut self, path: &Path, node: Number) {
        let (parent, name) = (path.parent().unwrap(), path.file_name().unwrap().to_owned());
        let folder = self.folder(parent).unwrap().node;
        let (system, at_ns) = (self.node(folder).system, self.tick());
        self.commit(system, vec![Effect::Name { folder, name, to: Some(node), at_ns }]);
        self.keep_all();
    }

    /// A file, with a time of its own, and a mode and an attribute of its picture.
    pub(crate) fn put_file(&mut self, path: &str, content: &[u8]) -> Number {
        let mut dress = self.plain_dress();
        // Twins have one mode, and one attribute.
        let picture = content.rsplit(|byte| *byte == b':').next().unwrap_or_default();
        dress.mode = [0o644, 0o640, 0o604, 0o600][picture.len() % 4];
        dress.modified_ns = 1_500_000_000_000_000_000 + self.live.nodes.len() as i64 * 1_000_000_007;
        dress.extended.insert("user.seen".into(), picture.to_vec());
        self.put(Path::new(path), Body::File(content.to_vec()), dress)
    }

    pub(crate) fn put_folder(&mut self, path: &str) -> Number {
        let dress = Dress { mode: 0o755, ..self.plain_dress() };
        self.put(Path::new(path), Body::Folder(BTreeMap::new()), dress)
    }

    pub(crate) fn put_link(&mut self, existing: &str, path: &str) {
        let existing = Path::new(existing);
        let folder = self.folder(existing.parent().unwrap()).unwrap();
        let node = self.live.named(folder.node, existing.file_name().unwrap()).unwrap();
        self.name_it(Path::new(path), node);
    }

    /// Mounts a file system on a folder.
    pub(crate) fn put_mount(&mut self, path: &str, system: usize) {
        let covers = Some(self.folder(Path::new(path)).unwrap());
        let number = 20 + self.mounts.len() as u64;
        self.mounts.push(Mount { number, root: self.systems[system].root, covers, is_read_only: false });
    }

    /// Everything that has a name.
    pub(crate) fn seen(&self) -> Seen {
        let (mut seen, mut walked) = (Seen::new(), BTreeSet::new());
        let root = Place { mount: 0, node: self.mounts[0].root };
        self.walk(root, Path::new("/"), &mut seen, &mut walked);
        seen
    }

    fn walk(&self, folder: Place, path: &Path, seen: &mut Seen, walked: &mut BTreeSet<Number>) {
        if !walked.insert(folder.node) {
            return;
        }
        for name in self.node(folder.node).entries().unwrap().keys() {
            let place = self.place(folder, name);
            let (path, node) = (path.join(name), self.node(place.node));
            seen.insert(path.clone(), (place.node, node.clone()));
            if node.entries().is_some() {
                self.walk(place, &path, seen, walked);
            }
        }
    }

    fn place(&self, folder: Place, name: &OsStr) -> Place {
        let node = self.live.named(folder.node, name).unwrap();
        let place = Place { mount: folder.mount, node };
        let covering = self.mounts.iter().position(|mount| mount.covers == Some(place));
        covering.map_or(place, |mount| Place { mount, node: self.mounts[mount].root })
    }
}

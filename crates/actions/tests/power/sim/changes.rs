//! The calls that change something, as Linux answers them: what it says no to, and in which order it asks.

use std::{collections::BTreeMap, ffi::OsStr, io, path::Path};

use rustix::io::Errno;

use super::{
    calls::{ENTER, READ, WRITE, plain},
    tree::{Body, Effect, Node, Number},
    world::{Place, World},
};

/// A name in a folder.
pub(super) type At<'a> = (Place, &'a OsStr);

impl World {
    fn demand_writable(&self, folder: Place) -> io::Result<()> {
        if self.mounts[folder.mount].is_read_only { Err(Errno::ROFS.into()) } else { Ok(()) }
    }

    /// Says no unless a name may be added to the folder.
    fn demand_add(&self, folder: Number) -> io::Result<()> {
        self.demand(folder, WRITE | ENTER)
    }

    /// Says no unless the user may take the name of `node` from the folder.
    fn demand_take(&self, folder: Number, node: Number) -> io::Result<()> {
        self.demand(folder, WRITE | ENTER)?;
        let (folder, owner) = (&self.node(folder).dress, self.node(node).dress.owner.0);
        let is_sticky = folder.mode & 0o1000 != 0;
        let may = self.user.0 == 0 || self.user.0 == owner || self.user.0 == folder.owner.0;
        if is_sticky && !may { Err(Errno::PERM.into()) } else { Ok(()) }
    }

    /// The folder in which a name may be made.
    fn demand_free(&self, (folder, name): At<'_>) -> io::Result<()> {
        if self.child(folder, name)?.is_some() {
            return Err(Errno::EXIST.into());
        }
        self.demand_writable(folder)
    }

    fn system(&self, node: Number) -> usize {
        self.node(node).system
    }

    fn name(&self, (folder, name): At<'_>, to: Option<Number>, at_ns: i64) -> Effect {
        Effect::Name { folder: folder.node, name: name.to_owned(), to, at_ns }
    }

    /// Whether `folder` is `node` or lies below it.
    fn is_below(&self, folder: Number, node: Number) -> bool {
        folder == node
            || (self.node(node).entries())
                .is_some_and(|entries| entries.values().any(|one| self.is_below(folder, *one)))
    }

    pub(super) fn rename(&mut self, from: At<'_>, to: At<'_>) -> io::Result<()> {
        plain(from.1).and(plain(to.1))?;
        if from.0.mount != to.0.mount {
            return Err(Errno::XDEV.into());
        }
        self.demand_writable(from.0)?;
        let moved = self.find(from.0, from.1)?;
        if self.child(to.0, to.1)?.is_some() {
            return Err(Errno::EXIST.into());
        }
        if self.is_below(to.0.node, moved.node) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.demand_take(from.0.node, moved.node)?;
        self.demand_add(to.0.node)?;
        self.demand_turn(moved.node, from.0, to.0)?;
        if self.is_covered(moved) {
            return Err(Errno::BUSY.into());
        }
        let at_ns = self.tick();
        let effects = vec![
            self.name(to, Some(moved.node), at_ns),
            self.name(from, None, at_ns),
            Effect::Touch { node: moved.node, at_ns },
        ];
        self.commit(self.system(moved.node), effects);
        Ok(())
    }

    /// A folder that changes its parent must be writable itself: its `..` changes.
    fn demand_turn(&self, node: Number, from: Place, to: Place) -> io::Result<()> {
        let is_turned = matches!(self.node(node).body, Body::Folder(_)) && from.node != to.node;
        if is_turned { self.demand(node, WRITE) } else { Ok(()) }
    }

    pub(super) fn exchange(&mut self, one: At<'_>, other: At<'_>) -> io::Result<()> {
        plain(one.1).and(plain(other.1))?;
        if one.0.mount != other.0.mount {
            return Err(Errno::XDEV.into());
        }
        self.demand_writable(one.0)?;
        let first = self.find(one.0, one.1)?;
        let second = self.find(other.0, other.1)?;
        if self.is_below(other.0.node, first.node) || self.is_below(one.0.node, second.node) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        if first.node == second.node {
            return Ok(());
        }
        self.demand_take(one.0.node, first.node)?;
        self.demand_take(other.0.node, second.node)?;
        self.demand_turn(first.node, one.0, other.0)?;
        self.demand_turn(second.node, other.0, one.0)?;
        if !self.systems[self.system(first.node)].can_exchange {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let at_ns = self.tick();
        let effects = vec![
            self.name(one, Some(second.node), at_ns),
            self.name(other, Some(first.node), at_ns),
            Effect::Touch { node: first.node, at_ns },
            Effect::Touch { node: second.node, at_ns },
        ];
        self.commit(self.system(first.node), effects);
        Ok(())
    }

    pub(super) fn link(&mut self, from: At<'_>, to: At<'_>) -> io::Result<()> {
        plain(from.1).and(plain(to.1))?;
        let linked = self.find(from.0, from.1)?;
        self.demand_free(to)?;
        if from.0.mount != to.0.mount {
            return Err(Errno::XDEV.into());
        }
        self.demand_linkable(linked.node)?;
        self.demand_add(to.0.node)?;
        if matches!(self.node(linked.node).body, Body::Folder(_)) || !self.systems[self.system(linked.node)].can_link {
            return Err(Errno::PERM.into());
        }
        let at_ns = self.tick();
        let effects = vec![self.name(to, Some(linked.node), at_ns), Effect::Touch { node: linked.node, at_ns }];
        self.commit(self.system(linked.node), effects);
        Ok(())
    }

    /// `fs.protected_hardlinks`: of another's file only what one may read and write.
    fn demand_linkable(&self, node: Number) -> io::Result<()> {
        let is_own = self.user.0 == 0 || self.user.0 == self.node(node).dress.owner.0;
        let is_file = self.node(node).content().is_some();
        if is_own || !self.protects_links || is_file && self.demand(node, READ | WRITE).is_ok() {
            return Ok(());
        }
        Err(Errno::PERM.into())
    }

    /// A new node of that name.
    fn make(&mut self, at: At<'_>, body: Body, mode: u32) -> io::Result<Place> {
        self.demand_free(at)?;
        self.demand_add(at.0.node)?;
        let at_ns = self.tick();
        let mut dress = self.plain_dress();
        dress.mode = mode;
        let system = self.system(at.0.node);
        let node = self.bear(system, body, dress);
        let effect = self.name(at, Some(node), at_ns);
        self.commit(system, vec![effect]);
        Ok(Place { mount: at.0.mount, node })
    }

    pub(super) fn symlink(&mut self, target: &Path, to: At<'_>) -> io::Result<()> {
        self.make(to, Body::Symlink(target.to_owned()), 0o777).map(drop)
    }

    pub(super) fn make_folder(&mut self, at: At<'_>) -> io::Result<()> {
        self.make(at, Body::Folder(BTreeMap::new()), 0o700).map(drop)
    }

    pub(super) fn create(&mut self, at: At<'_>) -> io::Result<Place> {
        self.make(at, Body::File(Vec::new()), 0o600)
    }

    /// A name that goes, and what it leads to.
    fn gone(&self, at: At<'_>) -> io::Result<(Place, &Node)> {
        self.demand_writable(at.0)?;
        let gone = self.find(at.0, at.1)?;
        self.demand_take(at.0.node, gone.node)?;
        Ok((gone, self.node(gone.node)))
    }

    fn take_name(&mut self, at: At<'_>, gone: Place) {
        let at_ns = self.tick();
        let effects = vec![self.name(at, None, at_ns), Effect::Touch { node: gone.node, at_ns }];
        self.commit(self.system(gone.node), effects);
    }

    pub(super) fn unlink(&mut self, at: At<'_>) -> io::Result<()> {
        let (gone, node) = self.gone(at)?;
        if matches!(node.body, Body::Folder(_)) {
            return Err(Errno::ISDIR.into());
        }
        self.take_name(at, gone);
        Ok(())
    }

    pub(super) fn remove_folder(&mut self, at: At<'_>) -> io::Result<()> {
        let (gone, node) = self.gone(at)?;
        let entries = node.entries().ok_or(Errno::NOTDIR)?;
        if self.is_covered(gone) {
            return Err(Errno::BUSY.into());
        }
        if !entries.is_empty() {
            return Err(Errno::NOTEMPTY.into());
        }
        self.take_name(at, gone);
        Ok(())
    }

    pub(super) fn append(&mut self, file: Place, bytes: &[u8]) -> io::Result<()> {
        let at_ns = self.tick();
        let node = self.live.nodes.get_mut(&file.node).unwrap();
        let Body::File(content) = &mut node.body else { panic!("appends to no file") };
        content.extend(bytes);
        (node.dress.modified_ns, node.dress.changed_ns) = (at_ns, at_ns);
        Ok(())
    }

    pub(super) fn dress(&mut self, copy: Place, original: Place) -> io::Result<()> {
        let (mut dress, before) = (self.node(original.node).dress.clone(), &self.node(copy.node).dress);
        if self.user.0 != 0 && (dress.owner != before.owner || before.owner.0 != self.user.0) {
            return Err(Errno::PERM.into());
        }
        if dress.extended.iter().any(|(name, value)| before.extended.get(name) != Some(value)) {
            self.demand(copy.node, WRITE)?;
        }
        // What the copy has beside is left to it.
        for (name, value) in &before.extended {
            dress.extended.entry(name.clone()).or_insert_with(|| value.clone());
        }
        dress.changed_ns = self.tick();
        self.commit(self.system(copy.node), vec![Effect::Dress { node: copy.node, dress }]);
        Ok(())
    }

    pub(super) fn share(&mut self, keeper: Place, victim: At<'_>) -> io::Result<()> {
        let victim = self.open(victim.0, victim.1, READ)?;
        let (one, other) = (self.node(keeper.node), self.node(victim.node));
        if keeper.node == victim.node {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if one.content().map(Vec::len) != other.content().map(Vec::len) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if other.content().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        if !self.systems[one.system].can_share {
            return Err(io::ErrorKind::Unsupported.into());
        }
        if self.user.0 != other.dress.owner.0 && self.demand(victim.node, WRITE).is_err() {
            return Err(Errno::PERM.into());
        }
        if one.system != other.system {
            return Err(Errno::XDEV.into());
        }
        if one.body != other.body {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.shared.insert((keeper.node, victim.node));
        Ok(())
    }
}

//! The calls that only look, as Linux answers them.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::OsStrExt as _,
    path::{Component, Path, PathBuf},
};

use pixtwin_actions::disk::{Identity, Kind, State};
use rustix::io::Errno;

use super::{
    tree::{Body, Node, Number},
    world::{Place, World},
};

/// Permission to read, to write, and to enter or run.
pub(super) const READ: u32 = 4;
pub(super) const WRITE: u32 = 2;
pub(super) const ENTER: u32 = 1;

impl World {
    pub(crate) fn node(&self, number: Number) -> &Node {
        &self.live.nodes[&number]
    }

    /// Says no unless the user may do that with the node.
    pub(super) fn demand(&self, node: Number, right: u32) -> io::Result<()> {
        let dress = &self.node(node).dress;
        let shift = match self.user {
            (0, _) => return Ok(()),
            (user, _) if user == dress.owner.0 => 6,
            (_, group) if group == dress.owner.1 => 3,
            _ => 0,
        };
        if (dress.mode >> shift) & right == right { Ok(()) } else { Err(Errno::ACCESS.into()) }
    }

    /// What a name of an open folder leads to, mounts included.
    pub(super) fn child(&self, folder: Place, name: &OsStr) -> io::Result<Option<Place>> {
        plain(name)?;
        self.demand(folder.node, ENTER)?;
        // In a folder that is gone nothing is looked for.
        if self.is_removed(folder.node) {
            return Err(Errno::NOENT.into());
        }
        if name.len() > 255 {
            return Err(Errno::NAMETOOLONG.into());
        }
        let found = self.live.named(folder.node, name).map(|node| Place { mount: folder.mount, node });
        Ok(found.map(|place| self.through_mounts(place)))
    }

    fn through_mounts(&self, place: Place) -> Place {
        let covering = self.mounts.iter().position(|mount| mount.covers == Some(place));
        covering.map_or(place, |mount| self.through_mounts(Place { mount, node: self.mounts[mount].root }))
    }

    /// Whether something is mounted there.
    pub(super) fn is_covered(&self, place: Place) -> bool {
        let mount = &self.mounts[place.mount];
        mount.covers.is_some() && mount.root == place.node
    }

    /// Whether an open folder has been removed.
    pub(super) fn is_removed(&self, folder: Number) -> bool {
        self.node(folder).names == 0 && self.systems.iter().all(|system| system.root != folder)
    }

    pub(super) fn find(&self, folder: Place, name: &OsStr) -> io::Result<Place> {
        self.child(folder, name)?.ok_or_else(|| Errno::NOENT.into())
    }

    pub(crate) fn folder(&self, path: &Path) -> io::Result<Place> {
        let mut place = Place { mount: 0, node: self.mounts[0].root };
        let mut parts = path.components().peekable();
        while let Some(part) = parts.next() {
            match part {
                Component::RootDir => {}
                Component::Normal(name) => place = self.find(place, name)?,
                _ => return Err(Errno::INVAL.into()),
            }
            match self.node(place.node).body {
                Body::Folder(_) => {}
                Body::Symlink(_) if parts.peek().is_some() => return Err(Errno::LOOP.into()),
                Body::Symlink(_) | Body::File(_) => return Err(Errno::NOTDIR.into()),
            }
        }
        self.demand(place.node, READ).map(|()| place)
    }

    pub(super) fn open(&self, folder: Place, name: &OsStr, rights: u32) -> io::Result<Place> {
        let place = self.find(folder, name)?;
        match self.node(place.node).body {
            Body::File(_) => self.demand(place.node, rights)?,
            Body::Symlink(_) | Body::Folder(_) => return Err(Errno::INVAL.into()),
        }
        if rights & WRITE != 0 && self.mounts[place.mount].is_read_only {
            return Err(Errno::ROFS.into());
        }
        Ok(place)
    }

    pub(crate) fn state(&self, place: Place) -> State {
        let node = self.node(place.node);
        let (kind, bytes) = match &node.body {
            Body::File(content) => (Kind::File, content.len()),
            Body::Folder(entries) => (Kind::Folder, entries.len()),
            Body::Symlink(target) => (Kind::Symlink, target.as_os_str().len()),
        };
        let identity = Identity {
            device: self.systems[node.system].device,
            inode: place.node,
            bytes: bytes as u64,
            modified_ns: node.dress.modified_ns,
            changed_ns: node.dress.changed_ns,
        };
        let mount = self.mounts[place.mount].number;
        State { kind, identity, names: node.names, mode: node.dress.mode, owner: node.dress.owner, mount }
    }

    pub(crate) fn look(&self, folder: Place, name: &OsStr) -> io::Result<Option<State>> {
        match self.child(folder, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            found => Ok(found?.map(|place| self.state(place))),
        }
    }

    pub(super) fn read_at(&self, file: Place, into: &mut [u8], offset: u64) -> usize {
        let content = self.node(file.node).content().unwrap();
        let rest = content.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        count
    }

    pub(super) fn read_link(&self, folder: Place, name: &OsStr) -> io::Result<PathBuf> {
        match &self.node(self.find(folder, name)?.node).body {
            Body::Symlink(target) => Ok(target.clone()),
            _ => Err(Errno::INVAL.into()),
        }
    }

    pub(super) fn list(&self, folder: Place) -> io::Result<Vec<OsString>> {
        self.demand(folder.node, READ)?;
        Ok(self.node(folder.node).entries().unwrap().keys().cloned().collect())
    }
}

/// Says no to what is not the name of something in the folder itself.
pub(super) fn plain(name: &OsStr) -> io::Result<()> {
    let is_elsewhere = matches!(name.as_bytes(), b"" | b"." | b"..") || name.as_bytes().contains(&b'/');
    if is_elsewhere { Err(Errno::INVAL.into()) } else { Ok(()) }
}

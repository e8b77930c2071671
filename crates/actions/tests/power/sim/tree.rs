//! Files and folders as a file system has them, and the small effects that every change is made of.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    path::PathBuf,
};

/// Which node it is. No two nodes of a disk have one number, even on different file systems.
pub(crate) type Number = u64;

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    File(Vec<u8>),
    Folder(BTreeMap<OsString, Number>),
    Symlink(PathBuf),
}

/// What a node has on the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dress {
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    pub(crate) modified_ns: i64,
    pub(crate) changed_ns: i64,
    pub(crate) extended: BTreeMap<OsString, Vec<u8>>,
}

/// A file, a folder, or a symbolic link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// The file system that it lies in.
    pub(crate) system: usize,
    pub(crate) body: Body,
    pub(crate) dress: Dress,
    /// How many names lead to it.
    pub(crate) names: u64,
}

impl Node {
    pub(crate) fn content(&self) -> Option<&Vec<u8>> {
        if let Body::File(content) = &self.body { Some(content) } else { None }
    }

    pub(crate) fn entries(&self) -> Option<&BTreeMap<OsString, Number>> {
        if let Body::Folder(entries) = &self.body { Some(entries) } else { None }
    }
}

/// One small effect of a change.
#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// A name of a folder leads to another node now, or to none.
    Name { folder: Number, name: OsString, to: Option<Number>, at_ns: i64 },
    /// A node looks different on the outside.
    Dress { node: Number, dress: Dress },
    /// A node was changed, in its names.
    Touch { node: Number, at_ns: i64 },
}

/// All nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(crate) nodes: BTreeMap<Number, Node>,
}

impl Tree {
    pub(crate) fn named(&self, folder: Number, name: &OsStr) -> Option<Number> {
        self.nodes.get(&folder)?.entries()?.get(name).copied()
    }

    /// Does it to the nodes. Those that are not there yet are put there as they were born.
    pub(crate) fn apply(&mut self, effect: &Effect, born: &BTreeMap<Number, Node>) {
        match effect {
            Effect::Name { folder, name, to, at_ns } => {
                let before = self.named(*folder, name);
                self.count(before, born, |names| names - 1);
                self.count(*to, born, |names| names + 1);
                let folder = self.node(*folder, born);
                (folder.dress.modified_ns, folder.dress.changed_ns) = (*at_ns, *at_ns);
                let Body::Folder(entries) = &mut folder.body else { panic!("names outside a folder") };
                match to {
                    Some(to) => entries.insert(name.clone(), *to),
                    None => entries.remove(name),
                };
            }
            Effect::Dress { node, dress } => self.node(*node, born).dress = dress.clone(),
            Effect::Touch { node, at_ns } => self.node(*node, born).dress.changed_ns = *at_ns,
        }
    }

    fn node(&mut self, number: Number, born: &BTreeMap<Number, Node>) -> &mut Node {
        self.nodes.entry(number).or_insert_with(|| born[&number].clone())
    }

    fn count(&mut self, number: Option<Number>, born: &BTreeMap<Number, Node>, to: impl Fn(u64) -> u64) {
        if let Some(number) = number {
            let node = self.node(number, born);
            node.names = to(node.names);
        }
    }

    /// Forgets what no path from one of these roots leads to.
    pub(crate) fn keep_reachable(&mut self, roots: &[Number]) {
        let (mut seen, mut wait) = (BTreeSet::new(), roots.to_vec());
        while let Some(number) = wait.pop() {
            if seen.insert(number)
                && let Some(entries) = self.nodes.get(&number).and_then(Node::entries)
            {
                wait.extend(entries.values());
            }
        }
        self.nodes.retain(|number, _| seen.contains(number));
    }
}

//! The disk as it is now and as it would be after a power cut.
//!
//! # What is assumed of a disk
//! - What a call reported as kept (`sync`, `sync_folder`) is kept, whole, until it is changed again.
//! - Adding to a file damages nothing that was kept of it. Nothing that pixtwin does writes over bytes, so it is not asked
//!   whether a sector is written whole.
//! - One call that changes names (link, rename, exchange, unlink, making a folder or a file) is kept as a whole or not at
//!   all, by ext4, XFS and Btrfs alike: it is one transaction of their journal or tree.
//! - Bytes that were added and not kept may be there, or only some of them, or zeros or anything else in their place.
//! - File systems keep nothing in step with each other.
//!
//! # Two models
//! [`Model::Ordered`] is what those three do: changes of names and of what a file has on the outside are kept in the order
//! in which they were made, so that a power cut leaves the first so many of them. `sync` and `sync_folder` keep all that was
//! done up to the last change of that file or folder; later ones may or may not be.
//!
//! [`Model::Loose`] promises only what POSIX and the manual of `fsync` do: changes in one folder are kept in their order, but
//! two folders know nothing of each other. `sync` keeps content and outside of a file, not its name; `sync_folder` keeps the
//! names in that folder, not that of the folder itself. A rename still is whole: keeping one of its folders keeps it in the
//! other, too, with all that was done there before.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Weak,
};

use super::{
    tree::{Body, Dress, Effect, Node, Number, Tree},
    trouble::Meter,
};

/// What a disk keeps of changes that nobody asked it to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    Ordered,
    Loose,
}

/// A file system.
#[derive(Clone, Debug)]
pub(crate) struct System {
    pub(crate) device: u64,
    pub(crate) root: Number,
    pub(crate) can_link: bool,
    pub(crate) can_exchange: bool,
    pub(crate) can_share: bool,
}

/// A place at which a file system, or a folder of one, is seen.
#[derive(Clone, Debug)]
pub(crate) struct Mount {
    pub(crate) number: u64,
    pub(crate) root: Number,
    /// The folder that it covers: in the mount of that index, the node.
    pub(crate) covers: Option<Place>,
    pub(crate) is_read_only: bool,
}

/// A node, and the mount (by its index) through which it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) mount: usize,
    pub(crate) node: Number,
}

/// A change of one file system that is kept whole or not at all.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) system: usize,
    effects: Vec<Effect>,
}

impl Operation {
    /// In which order it must stand, in the loose model: with others of the same folder, or else of the same file.
    pub(super) fn queues(&self) -> BTreeSet<Number> {
        let folders: BTreeSet<_> = self.effects.iter().filter_map(folder).collect();
        if folders.is_empty() { self.concerned() } else { folders }
    }

    fn has_names(&self) -> bool {
        self.effects.iter().any(|effect| folder(effect).is_some())
    }

    /// Every node that it is about.
    fn concerned(&self) -> BTreeSet<Number> {
        let about = |effect: &Effect| match effect {
            Effect::Name { folder, to, .. } => vec![Some(*folder), *to],
            Effect::Dress { node, .. } | Effect::Touch { node, .. } => vec![Some(*node)],
        };
        self.effects.iter().flat_map(about).flatten().collect()
    }
}

fn folder(effect: &Effect) -> Option<Number> {
    if let Effect::Name { folder, .. } = effect { Some(*folder) } else { None }
}

/// A disk, those who use it, and what is to happen to them.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) model: Model,
    pub(crate) live: Tree,
    pub(super) kept: Tree,
    pub(super) pending: Vec<Operation>,
    born: BTreeMap<Number, Node>,
    /// What of which files is never kept.
    pub(super) lost: BTreeMap<Number, Vec<Range<usize>>>,
    pub(crate) systems: Vec<System>,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) user: (u32, u32),
    /// `fs.protected_hardlinks`.
    pub(crate) protects_links: bool,
    pub(crate) now_ns: i64,
    pub(crate) locks: BTreeMap<Number, Weak<()>>,
    /// Files that use the same blocks, by `share`.
    pub(crate) shared: BTreeSet<(Number, Number)>,
    pub(crate) meter: Meter,
}

impl World {
    /// A disk of nothing but a root.
    pub(crate) fn new(model: Model, user: (u32, u32)) -> Self {
        let now_ns = 1_700_000_000_000_000_000;
        let mut world = Self {
            model,
            live: Tree::default(),
            kept: Tree::default(),
            pending: Vec::new(),
            born: BTreeMap::new(),
            lost: BTreeMap::new(),
            systems: Vec::new(),
            mounts: Vec::new(),
            user,
            protects_links: true,
            now_ns,
            locks: BTreeMap::new(),
            shared: BTreeSet::new(),
            meter: Meter::default(),
        };
        world.add_system();
        world.mounts.push(Mount { number: 20, root: 1, covers: None, is_read_only: false });
        world
    }

    /// A further file system, with a root that all may use; its index.
    pub(crate) fn add_system(&mut self) -> usize {
        let system = self.systems.len();
        let dress = Dress { mode: 0o755, owner: self.user, ..self.plain_dress() };
        let root = self.bear(system, Body::Folder(BTreeMap::new()), dress);
        self.live.nodes.insert(root, self.born[&root].clone());
        let device = 0x800 + system as u64;
        self.systems.push(System { device, root, can_link: true, can_exchange: true, can_share: true });
        self.keep_all();
        system
    }

    pub(crate) fn plain_dress(&self) -> Dress {
        let owner = self.user;
        Dress { mode: 0o600, owner, modified_ns: self.now_ns, changed_ns: self.now_ns, extended: BTreeMap::new() }
    }

    /// A new node without a name.
    pub(crate) fn bear(&mut self, system: usize, body: Body, dress: Dress) -> Number {
        let number = self.born.len() as u64 + 1;
        self.born.insert(number, Node { system, body, dress, names: 0 });
        number
    }

    /// The time of the next change.
    pub(crate) fn tick(&mut self) -> i64 {
        self.now_ns += 1_000_003;
        self.now_ns
    }

    /// Does these, as one change.
    pub(crate) fn commit(&mut self, system: usize, effects: Vec<Effect>) {
        for effect in &effects {
            self.live.apply(effect, &self.born);
        }
        self.pending.push(Operation { system, effects });
    }

    /// Everything is on the disk as it is.
    pub(crate) fn keep_all(&mut self) {
        self.pending.clear();
        self.kept = self.live.clone();
    }

    /// Keeps what `sync` promises of this file.
    pub(crate) fn keep_file(&mut self, node: Number) {
        let chosen = match self.model {
            Model::Ordered => self.up_to_last(node),
            Model::Loose => {
                self.pending.iter().map(|one| one.queues() == BTreeSet::from([node]) && !one.has_names()).collect()
            }
        };
        self.keep(&chosen);
        let now = self.live.nodes[&node].clone();
        let kept = self.kept.nodes.entry(node).or_insert_with(|| self.born[&node].clone());
        kept.body = now.body;
        if let (Body::File(content), Some(lost)) = (&mut kept.body, self.lost.get(&node)) {
            lost.iter().for_each(|range| content[range.clone()].fill(0));
        }
        (kept.dress.modified_ns, kept.dress.changed_ns) = (now.dress.modified_ns, now.dress.changed_ns);
    }

    /// What was added to the file and not yet kept never is.
    pub(crate) fn lose(&mut self, node: Number) {
        let kept = self.kept.nodes.get(&node).and_then(Node::content).map_or(0, Vec::len);
        let all = self.node(node).content().map_or(0, Vec::len);
        self.lost.entry(node).or_default().push(kept..all);
    }

    /// Keeps what `sync_folder` promises of this folder.
    pub(crate) fn keep_folder(&mut self, node: Number) {
        let chosen = match self.model {
            Model::Ordered => self.up_to_last(node),
            Model::Loose => {
                let mut queues = BTreeSet::from([node]);
                let mut chosen: Vec<_> = (self.pending.iter().rev())
                    .map(|one| {
                        let is_needed = !queues.is_disjoint(&one.queues());
                        if is_needed {
                            queues.extend(one.queues());
                        }
                        is_needed
                    })
                    .collect();
                chosen.reverse();
                chosen
            }
        };
        self.keep(&chosen);
    }

    fn up_to_last(&self, node: Number) -> Vec<bool> {
        let system = self.live.nodes[&node].system;
        let last = self.pending.iter().rposition(|one| one.concerned().contains(&node));
        let is_within = |(at, one): (usize, &Operation)| last.is_some_and(|last| at <= last) && one.system == system;
        self.pending.iter().enumerate().map(is_within).collect()
    }

    pub(super) fn keep(&mut self, chosen: &[bool]) {
        for (operation, is_chosen) in std::mem::take(&mut self.pending).into_iter().zip(chosen) {
            if *is_chosen {
                for effect in &operation.effects {
                    self.kept.apply(effect, &self.born);
                }
            } else {
                self.pending.push(operation);
            }
        }
    }
}

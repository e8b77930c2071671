//! A command about to be struck, and what must hold afterwards.

use pixtwin_actions::Action;

use crate::{
    library::{Layout, Library},
    oracle::{all_as_before, files, nothing_lost, nothing_stray, told_the_truth},
    sim::{Meter, Model, SimDisk, Trouble, World},
    stage::{Act, Said, held, run, undo_all},
};

/// A command, and the disk as it finds it.
#[derive(Clone)]
pub(crate) struct Scene<'l> {
    pub(crate) library: &'l Library,
    pub(crate) world: World,
    pub(crate) act: Act,
    /// Whether contents, not pictures, may go.
    pub(crate) is_purged: bool,
}

/// How a struck command ended: the disk as it is then, and what was said.
pub(crate) struct Struck {
    pub(crate) world: World,
    pub(crate) said: Said,
}

impl<'l> Scene<'l> {
    /// All commands, each where it has something to do.
    pub(crate) fn all(library: &'l Library, action: &Action) -> Vec<Self> {
        let is_deleted = *action == Action::Delete;
        let (world, act) = (library.world.clone(), Act::Apply(action.clone()));
        let apply = Self { library, world, act, is_purged: is_deleted };
        let struck = apply.run(Trouble::None);
        assert!(struck.said.error.is_none(), "{action:?}: {:?}", struck.said);
        let mut world = struck.world;
        world.keep_all();
        let undo = Self { world: world.clone(), act: Act::Undo, ..apply.clone() };
        let purge = Self { world, act: Act::Purge, is_purged: true, ..apply.clone() };
        vec![apply, undo, purge]
    }

    /// The command, while that goes wrong.
    pub(crate) fn run(&self, trouble: Trouble) -> Struck {
        let disk = SimDisk::from(self.world.clone());
        disk.world().meter = Meter { trouble, ..Meter::default() };
        let said = run(&disk, &self.act, &self.library.plan, 100);
        Struck { world: disk.into_world(), said }
    }

    /// What was said is so, nothing was lost, what was begun is brought to an end, and all of it can be undone.
    pub(crate) fn outlive(&self, image: World, said: &Said) {
        nothing_lost(self.library, &image, self.is_purged);
        told_the_truth(self.library, &self.world, &image, &self.act, said);
        let disk = SimDisk::from(image);
        disk.world().meter = Meter::default();
        let recovered = run(&disk, &Act::Recover, &self.library.plan, 200);
        assert!(recovered.error.is_none() && recovered.held.is_empty(), "recover: {recovered:?}");
        nothing_lost(self.library, &disk.world(), self.is_purged);
        told_the_truth(self.library, &self.world, &disk.world(), &self.act, said);
        let told = held(&disk);
        nothing_stray(self.library, &disk.world(), told, self.is_purged);
        let left = files(&disk.world());
        let again = run(&disk, &Act::Recover, &self.library.plan, 201);
        assert!(again.error.is_none() && again.held.is_empty(), "{again:?}");
        assert_eq!(files(&disk.world()), left, "a second recover changes something");
        let refused = undo_all(&disk).unwrap();
        assert!(refused.is_empty(), "undo: {refused:?}");
        nothing_lost(self.library, &disk.world(), self.is_purged);
        all_as_before(self.library, &disk.world(), self.is_purged);
    }
}

/// Both models of a disk, with the journal on the file system of the pictures, and on one of its own.
pub(crate) fn layouts(action: &Action) -> [Layout; 4] {
    // A run in which anything is refused is not purged.
    let has_guarded = *action != Action::Delete;
    [(Model::Ordered, false), (Model::Loose, true), (Model::Ordered, true), (Model::Loose, false)]
        .map(|(model, is_state_apart)| Layout { model, is_state_apart, has_guarded })
}

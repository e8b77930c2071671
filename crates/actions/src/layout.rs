//! How each file goes: where it will be held, and what takes its place.

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    apply::Prepared,
    disk::{Disk, State},
    error::words_of,
    executor::Setting,
    journal::{Journal, Record},
    place,
    plan::Plan,
    quarantine::Quarantine,
    spot::{Spot, make_folder},
    step::{Action, Deed, Holder, Kept, Note, Step},
    trash::{Trash, User},
    verify::{Ready, Traveller, Verified},
};

/// Longer ones tell no format.
const LONGEST_EXTENSION: usize = 16;

/// The places of a run.
pub(crate) struct Layout<'d, D: Disk> {
    disk: &'d D,
    setting: Setting,
    run: String,
    action: Action,
    roots: Vec<PathBuf>,
    /// Device and inode of the files that are not to change.
    references: HashSet<(u64, u64)>,
    quarantine: Quarantine<'d, D>,
    steps: u64,
    /// Names that steps which are not yet done will take.
    taken: HashSet<PathBuf>,
}

impl<'d, D: Disk> Layout<'d, D> {
    pub(crate) fn new(disk: &'d D, setting: &Setting, run: &str, action: &Action, plan: &Plan) -> Self {
        let quarantine = Quarantine::new(disk, setting.user, run, setting.quarantine.as_deref());
        let (setting, run, action) = (setting.clone(), run.to_owned(), action.clone());
        let (roots, references) = (plan.header.roots.clone(), plan.reference_files());
        Self { disk, setting, run, action, roots, references, quarantine, steps: 0, taken: HashSet::new() }
    }

    /// Removes what was made for files that are not held after all.
    pub(crate) fn leave_empty(&self) {
        self.quarantine.leave_empty();
    }

    /// The steps by which a file goes, and what travels with it.
    ///
    /// # Errors
    /// If it cannot go in the way that is wanted, and why, as a clause.
    pub(crate) fn steps_for(
        &mut self,
        group: &Verified,
        victim: &Ready,
        journal: &mut Journal<'_, D>,
    ) -> Result<Vec<Prepared>, String> {
        self.check(group, victim)?;
        let kept = Some(Kept { path: group.keeper.path.clone(), identity: group.keeper.state.identity });
        let picture = self.step((&victim.path, &victim.state, victim.own_bytes), kept, group, journal)?;
        if victim.state.names > 1 && matches!(picture.deed, Deed::Carry { .. }) {
            return Err("it has several names, and copies of them would be several files".to_owned());
        }
        let picture_number = picture.number;
        let mut steps = vec![picture];
        for Traveller { path, state, own_bytes, equal } in &victim.sidecars {
            let mut step = self.step((path, state, *own_bytes), equal.clone(), group, journal)?;
            step.sidecar_of = Some(picture_number);
            steps.push(step);
        }
        let (group, number) = (group.group, victim.number);
        Ok(steps.into_iter().map(|step| Prepared { group, number, step }).collect())
    }

    /// Whether the name may lead to the file that stays.
    fn check(&self, group: &Verified, victim: &Ready) -> Result<(), String> {
        let (ours, theirs) = (&group.keeper.state, &victim.state);
        let extension = |path: &Path| path.extension().map(OsStr::to_ascii_lowercase);
        match self.action {
            Action::Reflink if !victim.has_equal_bytes => {
                Err("its bytes differ from those of the file that stays: they can share nothing".to_owned())
            }
            Action::HardLink | Action::Symlink
                if !victim.has_equal_bytes && extension(&group.keeper.path) != extension(&victim.path) =>
            {
                Err("its name would tell another format than that of the file that stays".to_owned())
            }
            Action::HardLink if self.references.contains(&ours.identity.place()) => {
                Err("the file that stays lies in a reference folder, and a hard link would change it".to_owned())
            }
            Action::HardLink if (ours.owner, ours.mode) != (theirs.owner, theirs.mode) => {
                Err("its owner or permissions differ from those of the file that stays, and links have one of each"
                    .to_owned())
            }
            Action::HardLink if !victim.has_same_attributes => {
                Err("its access control list or extended attributes differ from those of the file that stays, and links have \
                     one of each"
                    .to_owned())
            }
            Action::HardLink if ours.identity.device != theirs.identity.device => {
                Err("it lies on another file system than the file that stays".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn step(
        &mut self,
        (victim, state, own_bytes): (&Path, &State, u64),
        kept: Option<Kept>,
        group: &Verified,
        journal: &mut Journal<'_, D>,
    ) -> Result<Step, String> {
        self.steps += 1;
        let place = self.place_of(victim, kept.as_ref(), journal).map_err(|cause| words_of(&cause))?;
        let Placed { deed, held, holder, note } = place;
        let (number, victim, tier) = (self.steps, victim.to_owned(), group.tier);
        let (identity, names, own_bytes, sidecar_of) = (state.identity, state.names, Some(own_bytes), None);
        Ok(Step { number, victim, identity, names, own_bytes, kept, tier, deed, held, holder, note, sidecar_of })
    }

    fn place_of(&mut self, victim: &Path, kept: Option<&Kept>, journal: &mut Journal<'_, D>) -> io::Result<Placed> {
        match self.action.clone() {
            Action::Quarantine | Action::Delete => self.held(victim, Deed::Aside, journal),
            Action::HardLink => self.held(victim, Deed::HardLink, journal),
            Action::Symlink => {
                let target = kept.map(|kept| self.target_of(victim, &kept.path)).transpose()?.unwrap_or_default();
                self.held(victim, Deed::Symlink { target }, journal)
            }
            Action::Reflink => {
                Ok(Placed { deed: Deed::Share, held: victim.to_owned(), holder: Holder::Others, note: None })
            }
            Action::Move(folder) => {
                let wanted = folder.join(self.below_root(victim));
                let (wanted_folder, _) = place::halves(&wanted)?;
                self.make_way(wanted_folder, journal)?;
                let target = self.free_name(&wanted)?;
                self.into(victim, target, None, journal)
            }
            Action::Trash => {
                let (target, note) = self.place_in_trash(victim)?;
                self.into(victim, target, Some(note), journal)
            }
        }
    }

    /// Makes the folders that files are moved into, written down before, so that an undo takes those away again that are empty.
    fn make_way(&self, folder: &Path, journal: &mut Journal<'_, D>) -> io::Result<()> {
        let is_missing =
            |folder: &&Path| self.disk.folder(folder).is_err_and(|cause| cause.kind() == io::ErrorKind::NotFound);
        let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
        for folder in missing.iter().rev() {
            journal.add(&Record::Uses { folder: (*folder).to_owned() })?;
        }
        if !missing.is_empty() {
            journal.sync()?;
        }
        make_folders(self.disk, folder)
    }

    /// Held by us.
    fn held(&mut self, victim: &Path, deed: Deed, journal: &mut Journal<'_, D>) -> io::Result<Placed> {
        let (folder, _) = place::halves(victim)?;
        let held = self.quarantine.for_folder(folder, journal)?.join(self.name_of(victim));
        Ok(Placed { deed, held, holder: Holder::Quarantine, note: None })
    }

    /// A number, and the extension: of some formats only that tells what they are.
    fn name_of(&self, victim: &Path) -> OsString {
        let mut name = OsString::from(format!("{:06}", self.steps));
        if let Some(extension) = victim.extension().filter(|extension| extension.len() <= LONGEST_EXTENSION) {
            name.push(".");
            name.push(extension);
        }
        name
    }

    /// Into a folder of the user's: by its name where that lies on the same file system, otherwise by a copy.
    fn into(
        &mut self,
        victim: &Path,
        target: PathBuf,
        note: Option<Note>,
        journal: &mut Journal<'_, D>,
    ) -> io::Result<Placed> {
        let (from, to) = (place::halves(victim)?.0, place::halves(&target)?.0);
        match is_one_mount(self.disk, from, to)? {
            true => Ok(Placed { deed: Deed::Aside, held: target, holder: Holder::Others, note }),
            false => {
                let part = format!(".pixtwin-{}-{:06}.part", self.run, self.steps);
                Ok(Placed { note, ..self.held(victim, Deed::Carry { copy: target, part }, journal)? })
            }
        }
    }

    /// A place in the trash that is for the file.
    fn place_in_trash(&mut self, victim: &Path) -> io::Result<(PathBuf, Note)> {
        let home_trash = self.setting.home_trash.clone();
        let home_trash = home_trash.ok_or_else(|| io::Error::other("there is no home for a trash to be in"))?;
        let user = User { id: self.setting.user, home_trash };
        let trash = Trash::find(self.disk, &user, place::halves(victim)?.0)?;
        let now = Timestamp::from_second(self.setting.now_s).unwrap_or_default();
        for entry in trash.entries(victim, now.to_zoned(TimeZone::system()).datetime())? {
            let target = entry.files().join(&entry.name);
            if !self.taken.contains(&target) && entry.is_free(self.disk)? {
                self.taken.insert(target.clone());
                return Ok((target, Note { trash: entry.trash, text: entry.note }));
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// What a symbolic link says: the way there, so that both can be moved together; the whole path where they cannot.
    fn target_of(&self, victim: &Path, keeper: &Path) -> io::Result<PathBuf> {
        let (from, to) = (place::halves(victim)?.0, place::halves(keeper)?.0);
        Ok(if is_one_mount(self.disk, from, to)? { place::way(from, keeper) } else { keeper.to_owned() })
    }

    /// The path below the deepest of the folders that were searched.
    fn below_root(&self, victim: &Path) -> PathBuf {
        let below = self.roots.iter().filter_map(|root| victim.strip_prefix(root).ok());
        let shortest = below.filter(|rest| !rest.as_os_str().is_empty()).min_by_key(|rest| rest.components().count());
        shortest.map_or_else(|| victim.file_name().unwrap_or_default().into(), Path::to_owned)
    }

    /// The path, or, where that is taken, one with a number before its extension.
    fn free_name(&mut self, wanted: &Path) -> io::Result<PathBuf> {
        let mut target = wanted.to_owned();
        let mut further = 1_u32;
        while self.taken.contains(&target) || Spot::of(self.disk, &target)?.look()?.is_some() {
            further += 1;
            target.set_file_name(numbered(wanted, further));
        }
        self.taken.insert(target.clone());
        Ok(target)
    }
}

struct Placed {
    deed: Deed,
    held: PathBuf,
    holder: Holder,
    note: Option<Note>,
}

/// `a.jpg` to `a (2).jpg`.
pub(crate) fn numbered(path: &Path, number: u32) -> OsString {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!(" ({number})"));
    if let Some(extension) = path.extension().filter(|extension| !extension.as_bytes().is_empty()) {
        name.push(".");
        name.push(extension);
    }
    name
}

fn is_one_mount<D: Disk>(disk: &D, one: &Path, other: &Path) -> io::Result<bool> {
    let place = |folder: &Path| {
        let state = disk.folder_state(&disk.folder(folder)?)?;
        io::Result::Ok((state.mount, state.identity.device))
    };
    Ok(place(one)? == place(other)?)
}

/// Makes a folder and those above it, as far as they are not there.
pub(crate) fn make_folders<D: Disk>(disk: &D, folder: &Path) -> io::Result<()> {
    match disk.folder(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        opened => return opened.map(drop),
    }
    let (above, name) = place::halves(folder)?;
    make_folders(disk, above)?;
    make_folder(disk, &disk.folder(above)?, name)
}

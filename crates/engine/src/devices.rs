//! Which devices are the same when they are seen from several machines, where their numbers differ.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use pixtwin_pixel::Key;
use serde::{Deserialize, Serialize};

use crate::wire;

/// What a part of a search knows of the devices it met.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Devices {
    /// The machine, from its start to its end; nothing where it does not say.
    machine: Option<[u8; 16]>,
    devices: Vec<Device>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Device {
    /// Its number on this machine.
    number: u64,
    /// Where it is mounted, as far as that was met.
    #[serde(with = "wire::paths")]
    places: Vec<PathBuf>,
}

/// Collects the devices of the files that are looked at.
#[derive(Default)]
pub(crate) struct Met(Mutex<BTreeMap<u64, BTreeSet<PathBuf>>>);

impl Met {
    /// Looks where the device of a root is mounted: all parts meet the roots.
    pub(crate) fn add_root(&self, root: &Path) {
        if let Some((number, place)) = mount_of(root) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(number).or_default().insert(place);
        }
    }

    /// Looks where a device is mounted on which this file lies, if it is a new one.
    pub(crate) fn add(&self, path: &Path, number: u64) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&number) {
            return;
        }
        let place = mount_of(path).filter(|(found, _)| *found == number).map(|(_, place)| place);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(number).or_default().extend(place);
    }

    pub(crate) fn into_devices(self) -> Devices {
        let met = self.0.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
        // Numbers mean the same from the start of a machine to its end.
        let boot = fs::read("/proc/sys/kernel/random/boot_id").ok().filter(|id| !id.is_empty());
        Devices {
            machine: boot.map(|id| Key::of(&id).0),
            devices: met.map(|(number, places)| Device { number, places: places.into_iter().collect() }).collect(),
        }
    }
}

/// The device of a file, and the topmost folder above it that lies on the same device.
fn mount_of(path: &Path) -> Option<(u64, PathBuf)> {
    let path = fs::canonicalize(path).ok()?;
    let number = path.metadata().ok()?.dev();
    let is_on_it = |above: &&Path| above.metadata().is_ok_and(|found| found.dev() == number);
    let place = path.ancestors().take_while(is_on_it).last()?;
    Some((number, place.to_owned()))
}

/// What tells that two devices are one.
#[derive(PartialEq, Eq, Hash)]
enum Mark {
    /// The same number on the same machine.
    Number([u8; 16], u64),
    /// Mounted at the same place: all parts see one tree.
    Place(PathBuf),
}

/// The devices of all parts, each under one number.
#[derive(Default)]
pub(crate) struct Unified {
    marks: HashMap<Mark, u64>,
    /// For each number a lower one of the same device, or itself.
    parents: Vec<u64>,
}

/// What the devices of one part are called among those of all.
pub(crate) struct Translation {
    names: HashMap<u64, u64>,
    unknown: u64,
}

impl Unified {
    /// Adds the devices of a part.
    pub(crate) fn add(&mut self, part: Devices) -> Translation {
        let mut names = HashMap::with_capacity(part.devices.len());
        for Device { number, places } in part.devices {
            let by_number = part.machine.map(|machine| Mark::Number(machine, number));
            let mut name = *names.entry(number).or_insert_with(|| self.fresh());
            for mark in by_number.into_iter().chain(places.into_iter().map(Mark::Place)) {
                let other = *self.marks.entry(mark).or_insert(name);
                name = self.join(name, other);
            }
        }
        Translation { names, unknown: self.fresh() }
    }

    /// The number of a device after all parts were added.
    pub(crate) fn settled(&self, name: u64) -> u64 {
        let mut name = name;
        loop {
            match usize::try_from(name).ok().and_then(|at| self.parents.get(at)) {
                Some(parent) if *parent < name => name = *parent,
                _ => return name,
            }
        }
    }

    fn fresh(&mut self) -> u64 {
        let name = self.parents.len() as u64;
        self.parents.push(name);
        name
    }

    fn join(&mut self, a: u64, b: u64) -> u64 {
        let (a, b) = (self.settled(a), self.settled(b));
        let (low, high) = (a.min(b), a.max(b));
        if let Some(parent) = usize::try_from(high).ok().and_then(|at| self.parents.get_mut(at)) {
            *parent = low;
        }
        low
    }
}

impl Translation {
    /// What a device of the part is called until all are settled.
    pub(crate) fn of(&self, number: u64) -> u64 {
        self.names.get(&number).copied().unwrap_or(self.unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(machine: u8, devices: &[(u64, &[&str])]) -> Devices {
        let device = |(number, places): &(u64, &[&str])| Device {
            number: *number,
            places: places.iter().map(PathBuf::from).collect(),
        };
        Devices { machine: Some([machine; 16]), devices: devices.iter().map(device).collect() }
    }

    #[test]
    fn devices_are_one_by_their_number_on_one_machine_and_by_their_place_on_two() {
        let mut unified = Unified::default();
        let parts = [
            part(1, &[(7, &["/data"]), (8, &["/snapshot"])]),
            part(1, &[(7, &["/data"]), (8, &["/elsewhere"])]),
            part(2, &[(8, &["/data"]), (9, &["/elsewhere"])]),
            part(3, &[(5, &["/bound"]), (6, &["/other"])]),
            part(4, &[(1, &["/data", "/bound"])]),
        ];
        let parts = parts.map(|part| unified.add(part));
        let name = |part: usize, number| unified.settled(parts[part].of(number));
        assert_eq!(name(0, 7), name(1, 7));
        assert_eq!(name(0, 7), name(2, 8));
        assert_eq!(name(0, 8), name(2, 9), "by way of the second part");
        assert_ne!(name(0, 7), name(0, 8));
        assert_eq!(name(3, 5), name(0, 7), "the last part joins two that were apart");
        assert_ne!(name(3, 6), name(0, 7));
        assert_ne!(name(0, 99), name(1, 99), "of a device that nobody named nothing is known");
    }

    #[test]
    fn a_file_is_on_the_device_of_its_mount() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "a").unwrap();
        let number = dir.path().join("a").metadata().unwrap().dev();
        let (found, place) = mount_of(&dir.path().join("a")).unwrap();
        assert_eq!(found, number);
        assert!(dir.path().canonicalize().unwrap().starts_with(&place));
        assert!(place.parent().is_none_or(|above| above.metadata().unwrap().dev() != number));
    }
}

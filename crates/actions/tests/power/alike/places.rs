//! The same folders and files on both disks, of several owners, on two file systems.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use rustix::{
    fs::{XattrFlags, getxattr, setxattr},
    process::{Gid, Uid, geteuid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};
use tempfile::TempDir;

use crate::sim::{Body, Model, SimDisk};

const USER: u32 = 65_534;
const OTHER: u32 = 12_345;

/// Folders below the two roots, their modes, and whether they are the user's; those of the second begin with `2`.
const FOLDERS: [(&str, u32, bool); 7] = [
    ("1", 0o755, true),
    ("1/a", 0o755, true),
    ("1/a/deep", 0o700, true),
    ("1/sticky", 0o1777, false),
    ("1/locked", 0o755, false),
    ("2", 0o755, true),
    ("2/c", 0o775, true),
];

/// Files, their modes, and whether they are the user's.
const FILES: [(&str, u32, bool); 8] = [
    ("1/a/x", 0o644, true),
    ("1/a/y", 0o600, false),
    ("1/sticky/x", 0o644, false),
    ("1/sticky/y", 0o666, false),
    ("1/sticky/z", 0o600, true),
    ("1/locked/x", 0o644, true),
    ("2/c/x", 0o440, true),
    ("2/c/z", 0o444, false),
];

/// Both disks.
pub(super) struct Places {
    pub(super) sim: SimDisk,
    pub(super) sim_folders: Vec<PathBuf>,
    pub(super) real_folders: Vec<PathBuf>,
    /// Whether the system tells two changes apart that follow each other at once: Linux 6.13, on some file systems.
    pub(super) has_fine_times: bool,
    roots: [TempDir; 2],
}

/// The users that can be tried: another than that of the test only if it is root.
pub(super) fn users() -> Vec<u32> {
    let user = geteuid().as_raw();
    if user == 0 { vec![0, USER] } else { vec![user] }
}

/// From now on the thread acts for that user.
pub(super) fn become_user(user: u32) {
    if geteuid().as_raw() == user {
        return;
    }
    let (group, user) = (Gid::from_raw(user), Uid::from_raw(user));
    set_thread_groups(&[]).unwrap();
    set_thread_res_gid(group, group, group).unwrap();
    set_thread_res_uid(user, user, user).unwrap();
}

/// What is left of a file or folder: what it is, permissions, owner, names, an attribute.
type Left = (Body, u32, u32, u64, Option<Vec<u8>>);

impl Places {
    pub(super) fn new(user: u32) -> Self {
        let memory = Path::new("/dev/shm");
        let second = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let roots = [tempfile::tempdir().unwrap(), second.unwrap()];
        let device = |root: &TempDir| root.path().metadata().unwrap().dev();
        let sim = SimDisk::new(Model::Ordered, (user, user));
        sim.world().systems[0].can_share = false;
        sim.world().put_folder("/2");
        if device(&roots[0]) != device(&roots[1]) {
            let system = sim.world().add_system();
            sim.world().systems[system].can_share = false;
            sim.world().put_mount("/2", system);
        }
        let protects = fs::read("/proc/sys/fs/protected_hardlinks").is_ok_and(|set| set.starts_with(b"1"));
        sim.world().protects_links = protects;
        let has_fine_times = has_fine_times(roots[0].path()) && has_fine_times(roots[1].path());
        let (sim_folders, real_folders) = (Vec::new(), Vec::new());
        let mut places = Self { sim, sim_folders, real_folders, has_fine_times, roots };
        places.fill(user);
        places
    }

    fn real(&self, path: &str) -> PathBuf {
        let root = self.roots[usize::from(path.starts_with('2'))].path().canonicalize().unwrap();
        path.get(2..).map_or(root.clone(), |below| root.join(below))
    }

    fn fill(&mut self, user: u32) {
        let other = if geteuid().as_raw() == 0 { OTHER } else { user };
        for (path, mode, is_own) in FOLDERS {
            let (real, simulated) = (self.real(path), format!("/{path}"));
            if path.len() > 1 {
                fs::create_dir(&real).unwrap();
            }
            let mut world = self.sim.world();
            if path != "2" {
                world.put_folder(&simulated);
            }
            let node = world.folder(Path::new(&simulated)).unwrap().node;
            drop(world);
            self.own(node, &real, mode, if is_own { user } else { other });
            self.real_folders.push(real);
            self.sim_folders.push(simulated.into());
        }
        for (path, mode, is_own) in FILES {
            let (real, content) = (self.real(path), format!("content {}", path.len() / 4));
            fs::write(&real, &content).unwrap();
            // Two files that are written at once may have one time.
            let modified = UNIX_EPOCH + Duration::from_secs(1_000_000 + self.sim.world().live.nodes.len() as u64);
            fs::File::open(&real).unwrap().set_modified(modified).unwrap();
            setxattr(&real, "user.seen", b"yes", XattrFlags::empty()).unwrap();
            let node = self.sim.world().put_file(&format!("/{path}"), content.as_bytes());
            let extended = BTreeMap::from([("user.seen".into(), b"yes".to_vec())]);
            self.sim.world().live.nodes.get_mut(&node).unwrap().dress.extended = extended;
            self.own(node, &real, mode, if is_own { user } else { other });
        }
    }

    fn own(&self, node: u64, real: &Path, mode: u32, owner: u32) {
        fs::set_permissions(real, fs::Permissions::from_mode(mode)).unwrap();
        if geteuid().as_raw() == 0 {
            chown(real, Some(owner), Some(owner)).unwrap();
        }
        let mut world = self.sim.world();
        let dress = &mut world.live.nodes.get_mut(&node).unwrap().dress;
        (dress.mode, dress.owner) = (mode, (owner, owner));
        world.keep_all();
    }

    /// All that is left on the simulated disk.
    pub(super) fn sim_tree(&self) -> BTreeMap<PathBuf, Left> {
        let left = self.sim.world().seen().into_iter().map(|(path, (_, node))| {
            let (body, names) = match node.body {
                Body::Folder(_) => (Body::Folder(BTreeMap::new()), 0),
                other => (other, node.names),
            };
            let seen = node.dress.extended.values().next().cloned();
            (path.strip_prefix("/").unwrap().to_owned(), (body, node.dress.mode, node.dress.owner.0, names, seen))
        });
        left.collect()
    }

    /// All that is left on the disk of the system.
    pub(super) fn real_tree(&self) -> BTreeMap<PathBuf, Left> {
        let mut left = BTreeMap::new();
        for root in ["1", "2"] {
            walk(&self.real(root), Path::new(root), &mut left);
        }
        left
    }
}

fn walk(real: &Path, path: &Path, left: &mut BTreeMap<PathBuf, Left>) {
    let seen = real.symlink_metadata().unwrap();
    let (mode, owner) = (seen.mode() & 0o7777, seen.uid());
    if seen.is_dir() {
        left.insert(path.to_owned(), (Body::Folder(BTreeMap::new()), mode, owner, 0, None));
        for entry in fs::read_dir(real).unwrap() {
            let name = entry.unwrap().file_name();
            walk(&real.join(&name), &path.join(&name), left);
        }
    } else if seen.is_symlink() {
        left.insert(path.to_owned(), (Body::Symlink(fs::read_link(real).unwrap()), mode, owner, seen.nlink(), None));
    } else {
        let mut value = [0; 16];
        let attribute = getxattr(real, "user.seen", &mut value).ok().map(|length| value[..length].to_vec());
        left.insert(path.to_owned(), (Body::File(fs::read(real).unwrap()), mode, owner, seen.nlink(), attribute));
    }
}

fn has_fine_times(folder: &Path) -> bool {
    let path = folder.join("probe");
    let mut times = std::collections::BTreeSet::new();
    for number in 0..20 {
        fs::write(&path, number.to_string()).unwrap();
        let seen = path.metadata().unwrap();
        times.insert((seen.ctime(), seen.ctime_nsec()));
    }
    fs::remove_file(&path).unwrap();
    times.len() == 20
}

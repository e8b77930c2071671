//! The file systems that are mounted, and which of them a folder lies on.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

/// File systems of other hosts: what they are called there tells them apart.
const OF_OTHER_HOSTS: [&str; 12] =
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "lustre", "beegfs", "fuse.sshfs", "fuse.glusterfs", "afs"];

/// This host, where the folder, or the first above it that exists, lies on a file system that other hosts may share.
#[must_use]
pub fn is_on_network(folder: &Path) -> Option<String> {
    let there = folder.ancestors().find_map(|above| fs::canonicalize(above).ok())?;
    let mounts = Volumes::of_this_host().mounts;
    let mount = mounts.get(mount_of(&mounts, &there)?)?;
    OF_OTHER_HOSTS.contains(&mount.kind.as_str()).then(host)
}

/// What this host is called.
pub(crate) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// What stands in the name of a volume that cannot be told from another that is mounted at the same place.
const NAMELESS: &str = "nameless";

/// A mount of a file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Its own number.
    id: u64,
    kind: String,
    /// The number of its device, as the table of mounts has it.
    device: u64,
    source: Vec<u8>,
    /// Which folder of the file system is mounted, without a slash in front.
    pub(crate) root: Vec<u8>,
    /// Where.
    pub(crate) mount_point: PathBuf,
}

/// A file system, under the name it keeps wherever it is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Volume {
    pub(crate) identity: String,
    pub(crate) root: Vec<u8>,
    pub(crate) mount_point: PathBuf,
    /// The host that saw it, if that is not this one.
    pub(crate) host: Option<String>,
}

/// A file system that was met, by its mount and device.
type Known = ((usize, u64), Arc<Volume>);

/// What is mounted, as it was when this was made.
#[derive(Debug)]
pub(crate) struct Volumes {
    mounts: Arc<[Mount]>,
    /// Those that were met, by mount and device.
    known: Mutex<Vec<Known>>,
}

impl Volumes {
    pub(crate) fn of_this_host() -> Self {
        let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
        let mounts = table.split(|byte| *byte == b'\n').filter_map(parse).collect::<Vec<_>>().into();
        Self { mounts, known: Mutex::default() }
    }

    /// The file system of a folder, and the folder's path from its root. The path must be free of links.
    pub(crate) fn of(&self, folder: &Path, device: u64) -> Option<(Arc<Volume>, Vec<u8>)> {
        let at = mount_of(&self.mounts, folder)?;
        let mount = self.mounts.get(at)?;
        let below = folder.strip_prefix(&mount.mount_point).ok()?.as_os_str().as_bytes();
        let path = joined(&mount.root, below);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, volume)) = known.iter().find(|(key, _)| *key == (at, device)) {
            return Some((Arc::clone(volume), path));
        }
        let volume = Arc::new(mount.volume(folder, device)?);
        known.push(((at, device), Arc::clone(&volume)));
        Some((volume, path))
    }

    /// Where a file system is mounted now.
    pub(crate) fn present(&self, identity: &str) -> Present {
        let kind = identity.split(' ').next().unwrap_or_default();
        let is_it = |(at, mount): &(usize, &Mount)| {
            mount.kind == kind
                && mount.seen_device(*at, &self.mounts).is_some_and(|device| {
                    mount.volume(&mount.mount_point, device).is_some_and(|volume| volume.identity == identity)
                })
        };
        let own = self.mounts.iter().enumerate().filter(is_it).map(|(at, _)| at).collect();
        let is_nameless = identity.split(' ').nth(1) == Some(NAMELESS);
        Present { all: Arc::clone(&self.mounts), own, is_nameless }
    }
}

/// The mounts of one file system among all that there are.
#[derive(Clone, Debug)]
pub(crate) struct Present {
    all: Arc<[Mount]>,
    own: Vec<usize>,
    /// It may be another that is mounted: only what is there says that it is not.
    is_nameless: bool,
}

impl Present {
    /// Looks first where its files were seen last.
    pub(crate) fn prefer(&mut self, mount_point: &Path) {
        self.own.sort_by_key(|at| self.all.get(*at).is_none_or(|mount| mount.mount_point != mount_point));
    }

    /// Where it is mounted, if it is.
    pub(crate) fn first(&self) -> Option<&Mount> {
        self.all.get(*self.own.first()?)
    }

    /// Where a path of the file system is found now; nothing where no mount shows it: another may lie over it.
    pub(crate) fn find(&self, path: &[u8]) -> Option<PathBuf> {
        self.own.iter().find_map(|at| {
            let place = self.all.get(*at)?.place(path)?;
            let is_shown = mount_of(&self.all, &place) == Some(*at);
            (is_shown && (!self.is_nameless || place.symlink_metadata().is_ok())).then_some(place)
        })
    }
}

/// The number of the mount that holds a path, or would hold it if it were there: the system says which is on top.
fn mount_of(mounts: &[Mount], path: &Path) -> Option<usize> {
    let ask = |path: &Path| statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::MNT_ID).ok();
    let found = path.ancestors().find_map(ask)?;
    if StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::MNT_ID) {
        return mounts.iter().position(|mount| mount.id == found.stx_mnt_id);
    }
    // Linux before 5.8 does not say. Of two mounts at one place the later hides the other, mostly.
    let depth = |mount: &Mount| mount.mount_point.as_os_str().len();
    let holds = |(_, mount): &(usize, &Mount)| path.starts_with(&mount.mount_point);
    let top = mounts.iter().enumerate().filter(holds).max_by_key(|(at, mount)| (depth(mount), *at));
    top.map(|(at, _)| at)
}

impl Mount {
    /// The device of the folder at its mount point, if that is its own: another can be mounted over it, or over a folder above.
    fn seen_device(&self, at: usize, mounts: &[Mount]) -> Option<u64> {
        if mount_of(mounts, &self.mount_point) != Some(at) {
            return None;
        }
        let found = self.mount_point.metadata().ok()?.dev();
        (found == self.device || self.numbers_parts()).then_some(found)
    }

    /// Whether parts of the file system have devices and numbers of files of their own, and the table names another.
    fn numbers_parts(&self) -> bool {
        self.kind == "btrfs"
    }

    /// Where a path of the file system is found through this mount.
    pub(crate) fn place(&self, path: &[u8]) -> Option<PathBuf> {
        let below = path.strip_prefix(self.root.as_slice())?;
        let below = match below {
            [] => below,
            [b'/', rest @ ..] => rest,
            _ if self.root.is_empty() => below,
            _ => return None,
        };
        Some(self.mount_point.join(OsStr::from_bytes(below)))
    }

    fn volume(&self, folder: &Path, device: u64) -> Option<Volume> {
        let name = if OF_OTHER_HOSTS.contains(&self.kind.as_str()) {
            String::from_utf8_lossy(&self.source).into_owned()
        } else {
            let is_whole = device == self.device && !self.numbers_parts();
            match is_whole.then(|| uuid_of(OsStr::from_bytes(&self.source))).flatten() {
                Some(uuid) => uuid,
                None => match rustix::fs::statvfs(folder).ok()?.f_fsid {
                    // Some have no identifier, or give the number of the device, which another has tomorrow.
                    number if number == 0 || number == device => {
                        let source = String::from_utf8_lossy(&self.source);
                        format!("{NAMELESS} {source} at {}", self.mount_point.display())
                    }
                    number => format!("{number:016x}"),
                },
            }
        };
        let identity = format!("{} {name}", self.kind);
        Some(Volume { identity, root: self.root.clone(), mount_point: self.mount_point.clone(), host: None })
    }
}

/// The identifier of the file system on a device, where the system keeps a list.
fn uuid_of(source: &OsStr) -> Option<String> {
    let device = fs::canonicalize(source).ok()?;
    let listed = fs::read_dir("/dev/disk/by-uuid").ok()?.filter_map(Result::ok);
    let found = listed.filter(|link| fs::canonicalize(link.path()).is_ok_and(|target| target == device));
    let mut names: Vec<String> = found.filter_map(|link| link.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names.into_iter().next()
}

/// Two parts of a path, either of which may be empty.
pub(crate) fn joined(above: &[u8], below: &[u8]) -> Vec<u8> {
    match (above, below) {
        ([], path) | (path, []) => path.to_vec(),
        _ => [above, b"/", below].concat(),
    }
}

/// A line of the table of mounts: `36 35 98:0 /root /mnt rw master:1 - ext4 /dev/sda1 rw`.
fn parse(line: &[u8]) -> Option<Mount> {
    let mut words = line.split(|byte| *byte == b' ');
    let id = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    let device = std::str::from_utf8(words.nth(1)?).ok()?;
    let (major, minor) = device.split_once(':')?;
    let device = rustix::fs::makedev(major.parse().ok()?, minor.parse().ok()?);
    let (root, mount_point) = (words.next()?, words.next()?);
    let mut rest = words.skip_while(|word| *word != b"-").skip(1);
    let (kind, source) = (rest.next()?, rest.next()?);
    let root = unescaped(root);
    Some(Mount {
        id,
        kind: String::from_utf8_lossy(kind).into_owned(),
        device,
        source: unescaped(source),
        root: root.strip_prefix(b"/").map_or_else(|| root.clone(), <[u8]>::to_vec),
        mount_point: PathBuf::from(OsStr::from_bytes(&unescaped(mount_point))),
    })
}

/// The table writes blanks and the like as `\040`.
fn unescaped(word: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, others)) = rest.split_first() {
        let octal = others.first_chunk::<3>().filter(|_| *first == b'\\');
        let value = octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        bytes.push(value.unwrap_or(*first));
        rest = if value.is_some() { others.get(3..).unwrap_or_default() } else { others };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(line: &str) -> Mount {
        parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn a_line_of_the_table_is_understood() {
        let found =
            mount("36 35 98:0 / /mnt/my\\040disk rw,noatime shared:1 master:2 - ext4 /dev/sdb1 rw,errors=continue");
        assert_eq!((found.kind.as_str(), found.root.as_slice()), ("ext4", &b""[..]));
        assert_eq!(found.mount_point, Path::new("/mnt/my disk"));
        assert_eq!(found.source, b"/dev/sdb1");
        assert_eq!(mount("36 35 0:5 /a/b /c rw - tmpfs x rw").root, b"a/b");
    }

    #[test]
    fn a_path_is_found_again_where_the_volume_is_mounted_now() {
        let whole = mount("1 1 8:1 / /disk rw - ext4 /dev/sda1 rw");
        let part = mount("2 1 8:1 /photos/2024 /shown rw - ext4 /dev/sda1 rw");
        assert_eq!(whole.place(b"photos/2024/a"), Some(PathBuf::from("/disk/photos/2024/a")));
        assert_eq!(part.place(b"photos/2024/a"), Some(PathBuf::from("/shown/a")));
        assert_eq!(part.place(b"photos/2024"), Some(PathBuf::from("/shown/")));
        assert_eq!(part.place(b"photos/20245/a"), None);
        assert_eq!(part.place(b"music"), None);
    }

    #[test]
    fn every_folder_is_on_a_volume_that_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().canonicalize().unwrap();
        let volumes = Volumes::of_this_host();
        let (volume, path) = volumes.of(&folder, folder.metadata().unwrap().dev()).unwrap();
        let present = volumes.present(&volume.identity);
        assert_eq!(present.find(&path).as_deref(), Some(&*folder), "{volume:?} {present:?}");
        assert!(volumes.present("ext4 none such").first().is_none());
    }
}

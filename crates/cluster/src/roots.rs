//! The folders that ranks search: whether what two hosts see is one folder or two.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// A folder to search, as one rank sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Root {
    pub(crate) path: Vec<u8>,
    pub(crate) shown: String,
    /// Its number, and when it changed last; nothing where it cannot be seen.
    pub(crate) seen: Option<(u64, i64, i64)>,
    pub(crate) is_on_network: bool,
    /// The server it comes from and the path there, in one, where the system names a server: `nas:/export/images`.
    pub(crate) origin: Option<String>,
}

impl Root {
    pub(crate) fn of(path: &Path) -> Self {
        let seen = path.metadata().ok().map(|found| (found.ino(), found.ctime(), found.ctime_nsec()));
        let is_on_network = is_on_network(path);
        let mounts = if is_on_network { fs::read_to_string("/proc/self/mountinfo").ok() } else { None };
        Self {
            path: path.as_os_str().as_encoded_bytes().to_vec(),
            shown: path.as_os_str().as_encoded_bytes().escape_ascii().to_string(),
            seen,
            is_on_network,
            origin: mounts.and_then(|mounts| origin_of(&path.canonicalize().ok()?, &mounts)),
        }
    }

    /// Whether both are one folder on a network, or one is below the other there.
    pub(crate) fn shares_files_with(&self, other: &Self) -> bool {
        let is_one = self.path == other.path && self.seen.is_some() && self.seen == other.seen;
        let is_below = |below: &Self, above: &Self| match (&below.origin, &above.origin) {
            (Some(below), Some(above)) => Path::new(below).starts_with(above),
            _ => false,
        };
        self.is_on_network && other.is_on_network && (is_one || is_below(self, other) || is_below(other, self))
    }

    /// Whether both can be one folder, seen from two hosts. The topmost folder of most disks has the same number, but was
    /// not changed at the same moment. What a host knows of a folder on a network may be some seconds old.
    pub(crate) fn can_be_one_with(&self, other: &Self) -> bool {
        let number = |root: &Self| root.seen.map(|(number, ..)| number);
        if self.is_on_network || other.is_on_network { number(self) == number(other) } else { self.seen == other.seen }
    }
}

/// Where a folder comes from, by this list of mounts.
///
/// # Source
/// proc_pid_mountinfo(5).
fn origin_of(path: &Path, mounts: &str) -> Option<String> {
    let mut best: Option<(PathBuf, String)> = None;
    for line in mounts.lines() {
        let mut fields = line.split(' ');
        let (Some(root), Some(place)) = (fields.nth(3), fields.next()) else { continue };
        let Some(source) = fields.skip_while(|field| *field != "-").nth(2) else { continue };
        let place = PathBuf::from(unescaped(place));
        // A later mount at the same place hides an earlier one.
        let is_nearer = best.as_ref().is_none_or(|(other, _)| place.starts_with(other));
        if path.starts_with(&place) && is_nearer {
            best = Some((place, format!("{}{}", unescaped(source), unescaped(root))));
        }
    }
    let (place, origin) = best?;
    let names_a_server = origin.starts_with("//") || (!origin.starts_with('/') && origin.contains(":/"));
    let below = path.strip_prefix(place).ok()?.to_str()?;
    names_a_server.then(|| format!("{}/{below}", origin.trim_end_matches('/')).trim_end_matches('/').to_owned())
}

/// The list writes spaces and the like as three octal digits.
fn unescaped(field: &str) -> String {
    let (mut text, mut rest) = (String::new(), field);
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let code = after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        text.push(code.map_or('\\', char::from));
        rest = if code.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    text + rest
}

/// Whether a folder lies on a file system that other hosts can see too.
///
/// # Source
/// The numbers of statfs(2) and linux/magic.h: NFS, SMB, CIFS, SMB2, Coda, AFS, 9P, Lustre, GPFS, Ceph, FUSE, BeeGFS,
/// OCFS2, GFS2, PanFS, OrangeFS.
fn is_on_network(path: &Path) -> bool {
    const KINDS: [u32; 16] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x7375_7245,
        0x5346_414f,
        0x0102_1997,
        0x0bd0_0bd0,
        0x4750_4653,
        0x00c3_6400,
        0x6573_5546,
        0x1983_0326,
        0x7461_636f,
        0x0116_1970,
        0xaad7_aaea,
        0x2003_0528,
    ];
    let Ok(found) = rustix::fs::statfs(path) else { return false };
    // Some systems say the number with a sign.
    KINDS.iter().any(|kind| found.f_type == i64::from(*kind) || found.f_type == i64::from(kind.cast_signed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 8:1 / / rw - ext4 /dev/sda1 rw
40 22 0:50 / /nfs rw,relatime shared:1 - nfs4 nas:/export rw,vers=4.2
41 22 0:51 /deep /nfs/b\\040c rw - nfs4 nas:/export rw
42 22 0:52 / /smb rw - cifs //nas/share rw
43 22 0:53 / /union rw - fuse.mergerfs /mnt/a:/mnt/b rw
44 22 0:54 / /bucket rw - fuse.s3fs s3fs rw
";

    #[test]
    fn the_server_of_a_folder_and_its_path_there_are_found() {
        let origin = |path: &str| origin_of(Path::new(path), MOUNTS);
        assert_eq!(origin("/nfs").as_deref(), Some("nas:/export"));
        assert_eq!(origin("/nfs/a/b").as_deref(), Some("nas:/export/a/b"));
        assert_eq!(origin("/nfs/b c/d").as_deref(), Some("nas:/export/deep/d"));
        assert_eq!(origin("/smb/x").as_deref(), Some("//nas/share/x"));
        assert_eq!((origin("/home"), origin("/union/x"), origin("/bucket"), origin("/nfsx")), (None, None, None, None));
    }

    #[test]
    fn a_folder_below_another_on_one_server_shares_its_files() {
        let root = |path: &str| Root {
            path: path.as_bytes().to_vec(),
            shown: path.to_owned(),
            seen: None,
            is_on_network: true,
            origin: origin_of(Path::new(path), MOUNTS),
        };
        assert!(root("/nfs").shares_files_with(&root("/nfs/b c")) && root("/nfs/b c").shares_files_with(&root("/nfs")));
        assert!(!root("/nfs/a").shares_files_with(&root("/nfs/ab")));
        assert!(!root("/union").shares_files_with(&root("/union")), "of local disks, as far as can be known");
    }
}

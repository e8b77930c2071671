//! File systems that only one test sees.

use std::{
    ffi::{OsStr, OsString},
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::geteuid;

use crate::{Dir, Run};

/// Unmounting waits for what was written.
const LONGEST_END: Duration = Duration::from_secs(30);

/// A namespace of mounts with file systems of its own, gone when this is dropped or the test process is killed.
#[derive(Debug)]
pub struct Mounts {
    dir: Dir,
    /// A shell in the namespace. Its standard input is open as long as the mounts are wanted.
    owner: Child,
}

impl Mounts {
    /// Runs a shell script that mounts something below its working folder, which is [`Mounts::path`] and lies in memory.
    ///
    /// In it `disk NAME MIB TYPE [OPTION]...` makes a file system of that type, `ext4`, `xfs`, `btrfs`, or `ntfs`, which is
    /// deaf to case, and mounts it at NAME.
    ///
    /// # Errors
    /// What it said, if it fails: where the system does not have the file system, or the user may not mount it.
    pub fn new(script: &str) -> Result<Self, String> {
        let dir = Dir::new();
        let may = dir.run("unshare", ["--mount", "true"]).end().code == 0;
        let user: &[&str] = if may { &[] } else { &["--user", "--map-root-user"] };
        let mut owner = Command::new("unshare")
            .args(["--mount", "--propagation", "private"])
            .args(user)
            .args(["--", "sh", "-ec", &format!("{BEGIN}{script}\necho mounted\ncat > /dev/null")])
            .current_dir(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|cause| panic!("cannot run unshare: {cause}"));
        let mut said = String::new();
        BufReader::new(owner.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let mut stderr = owner.stderr.take().unwrap();
        let mounts = Self { dir, owner };
        if said == "mounted\n" {
            return Ok(mounts);
        }
        drop(mounts);
        let mut cause = String::new();
        stderr.read_to_string(&mut cause).unwrap();
        Err(cause)
    }

    /// The folder, or the path of a name below it, for programs that see the mounts.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.dir.path().to_owned() } else { self.dir.join(name) }
    }

    /// The same for this process, which does not see the mounts by that path.
    #[must_use]
    pub fn seen(&self, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.owner.id()));
        root.join(self.path(name).strip_prefix("/").unwrap())
    }

    /// A process that sees the mounts, and whose working folder is that of the script.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.owner.id()
    }

    /// Prepares to run a program that sees the mounts, in the root folder.
    #[must_use]
    pub fn run<Argument: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = Argument>,
    ) -> Run<'_> {
        let target = self.owner.id().to_string();
        // Who made a namespace of users is root in it; root itself made none.
        let user: &[&str] = if geteuid().is_root() { &[] } else { &["--user", "--preserve-credentials"] };
        let words = [&["--target", &target, "--mount"], user, &["--"]].concat();
        let mut words: Vec<_> = words.into_iter().map(OsString::from).collect();
        words.push(program.as_ref().to_owned());
        words.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self.dir.run("nsenter", words)
    }
}

impl Drop for Mounts {
    fn drop(&mut self) {
        drop(self.owner.stdin.take());
        let asked = Instant::now();
        while self.owner.try_wait().is_ok_and(|status| status.is_none()) {
            if asked.elapsed() > LONGEST_END {
                drop(self.owner.kill());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// File systems in user space hold the namespace that they are mounted in: it ends when they are unmounted.
const BEGIN: &str = r#"
here=$PWD
PATH=$PATH:/usr/sbin:/sbin
end() {
    cd /
    awk -v here="$here" 'index($5, here) == 1 { print $5 }' /proc/self/mountinfo | tac | while read -r mount; do
        umount -l "$mount" || true
    done
}
trap end EXIT
mount -t tmpfs none .
cd "$here"
disk() {
    name=$1 size=$2 type=$3
    shift 3
    truncate -s "$size"M "$name.image"
    case $type in
        ext4) mkfs.ext4 -q -F "$@" "$name.image" ;;
        xfs) mkfs.xfs -q -f "$@" "$name.image" ;;
        btrfs) mkfs.btrfs -q -f "$@" "$name.image" ;;
        ntfs) mkntfs -q -Q -F "$@" "$name.image" ;;
    esac > /dev/null
    mkdir "$name"
    if [ "$type" = ntfs ]; then
        lowntfs-3g -o ignore_case "$name.image" "$name"
    else
        mount -o loop -t "$type" "$name.image" "$name"
    fi
    rm "$name.image"
}
"#;

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn what_is_mounted_is_seen_by_those_who_should_and_is_gone_in_the_end() {
        let mounts = Mounts::new("mkdir branch; echo a > branch/file; mkdir seen; mount --bind branch seen").unwrap();
        assert_eq!(fs::read_to_string(mounts.seen("seen/file")).unwrap(), "a\n");
        assert!(!mounts.path("seen").exists());
        mounts.run("cat", [mounts.path("seen/file")]).end().assert(0, "a\n", "");
        let (path, id) = (mounts.path(""), mounts.id());
        drop(mounts);
        assert!(!path.exists());
        assert!(!PathBuf::from(format!("/proc/{id}")).exists());
    }

    #[test]
    fn disks_go_with_their_programs() {
        let mounts =
            Mounts::new("disk a 120 btrfs; disk b 300 xfs; disk c 8 ext4; disk d 8 ntfs; echo a > d/Name").unwrap();
        assert_eq!(fs::read_to_string(mounts.seen("d/nAME")).unwrap(), "a\n");
        let namespace = |process: &Path| fs::read_link(process.join("ns/mnt")).ok();
        let own = namespace(Path::new(&format!("/proc/{}", mounts.id())));
        let processes = || {
            let entries = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
            entries.filter(|process| namespace(process) == own).count()
        };
        assert!(processes() > 1);
        drop(mounts);
        let asked = Instant::now();
        while processes() > 0 {
            assert!(asked.elapsed() < LONGEST_END, "a program still serves its disk");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_script_that_fails_says_why() {
        assert_eq!(Mounts::new("echo no disk >&2; exit 3").unwrap_err(), "no disk\n");
    }
}

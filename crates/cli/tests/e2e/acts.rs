//! What the tests of removing have in common: an album of twins of every kind, plans for it, and the disks it lies on.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    io::ErrorKind,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::{MetadataExt, PermissionsExt, chown},
    },
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use pixtwin_testkit::{
    Census, Mounts, Run, Snapshot,
    draw::icon,
    encode::{png, qoi},
    touch::{set_attribute, set_modified},
};
use serde_json::{Value, json};

/// Every way to take a twin away.
pub(crate) const ACTIONS: [&str; 7] = ["quarantine", "trash", "hardlink", "reflink", "symlink", "move", "delete"];

/// A folder of pictures on disks of its own.
pub(crate) struct Album {
    mounts: Mounts,
    /// Name below the library, and what is written there.
    files: Vec<(String, Vec<u8>)>,
    /// Which bytes show which picture.
    pictures: BTreeMap<Vec<u8>, u64>,
}

impl Album {
    /// So many groups: `a/N.png` is to stay; `b/N.png` has the same bytes, and of every second picture `c/N.qoi` the same pixels.
    /// `d/` has second names of some, and `.xmp` beside some are of equal bytes for all twins of the group.
    pub(crate) fn new(groups: u64) -> Self {
        Self::on("xfs", groups)
    }

    /// The same on a disk of that type. XFS can do all that is asked of disks.
    pub(crate) fn on(disk: &str, groups: u64) -> Self {
        let mut files = Vec::new();
        for group in 0..groups {
            let picture = icon(16, group);
            files.push((format!("a/{group}.png"), png(&picture), Some(group)));
            files.push((format!("b/{group}.png"), png(&picture), Some(group)));
            if group % 2 == 0 {
                files.push((format!("c/{group}.qoi"), qoi(&picture), Some(group)));
            }
            if group % 7 == 3 {
                let sidecar = |folder| {
                    (format!("{folder}/{group}.png.xmp"), format!("<x:xmpmeta>{group}</x:xmpmeta>").into(), None)
                };
                files.extend(["a", "b"].map(sidecar));
            }
        }
        Self::of(disk, files)
    }

    /// Of files: name, content, and which picture it shows.
    ///
    /// `library` is the disk, `other` another one, `home` that of the user.
    pub(crate) fn of(disk: &str, files: Vec<(String, Vec<u8>, Option<u64>)>) -> Self {
        let disk = match disk {
            "tmpfs" => "mkdir library; mount -t tmpfs none library".to_owned(),
            // The least that each of them can be is less.
            _ => format!("disk library 400 {disk}"),
        };
        let mounts = Mounts::new(&format!("{disk}; mkdir other home state aside; mount -t tmpfs none other"));
        let mounts = mounts.unwrap_or_else(|cause| panic!("cannot mount: {cause}"));
        let pictures = files.iter().filter_map(|(_, content, picture)| Some((content.clone(), (*picture)?)));
        let pictures = pictures.collect();
        Self { mounts, pictures, files: files.into_iter().map(|(name, content, _)| (name, content)).collect() }
    }

    /// What is written to a name.
    pub(crate) fn content(&self, name: &str) -> &[u8] {
        &self.files.iter().find(|(known, _)| known == name).unwrap().1
    }

    /// Writes it anew, with nothing else on its disks. What is to be copied to another disk has no further names: it would be
    /// refused.
    pub(crate) fn fill(&self, action: &str) -> &Self {
        for folder in ["library", "other", "home", "state", "aside"] {
            empty(&self.seen(folder));
        }
        let library = self.seen("library");
        // The trash of a disk stays when it is empty.
        for folder in [".Trash-0", ".Trash-0/files", ".Trash-0/info"] {
            fs::create_dir(library.join(folder)).unwrap();
            fs::set_permissions(library.join(folder), fs::Permissions::from_mode(0o700)).unwrap();
        }
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for (number, (name, content)) in self.files.iter().enumerate() {
            let path = library.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content).unwrap();
            // Twins have one owner and the same permissions, or they could not be hard links of one file.
            let group = Path::new(name).file_stem().unwrap().to_str().unwrap().bytes().map(u32::from).sum::<u32>();
            if group % 3 == 0 {
                chown(&path, Some(1000 + group), Some(100)).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600 + group % 64)).unwrap();
            }
            // As owners and permissions are, so that links of them are not refused.
            if group % 4 == 1 {
                set_attribute(&path, "user.note", format!("note {group}").as_bytes());
            }
            let modified = long_ago + Duration::from_nanos(number as u64 * 1_234_567_891);
            set_modified(&path, modified).unwrap();
            let is_picture_in_b = path.parent() == Some(&library.join("b")) && name.ends_with(".png");
            if number % 9 == 1 && is_picture_in_b && action != "move" {
                fs::create_dir_all(library.join("d")).unwrap();
                fs::hard_link(&path, library.join("d").join(path.file_name().unwrap())).unwrap();
            }
        }
        self
    }

    /// Where programs that see the disks find it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.mounts.path(name)
    }

    /// Where this process finds it.
    pub(crate) fn seen(&self, name: &str) -> PathBuf {
        self.mounts.seen(name)
    }

    /// The program about to run; `{library}` in a word is its folder, and so on.
    pub(crate) fn pixtwin(&self, words: &[&str]) -> Run<'_> {
        let here = self.mounts.path("");
        let words = words.iter().map(|word| word.replace('{', &format!("{}/", here.display())).replace('}', ""));
        let program = self.mounts.run(env!("CARGO_BIN_EXE_pixtwin"), words);
        program.env("HOME", self.path("home")).env("XDG_STATE_HOME", self.path("state"))
    }

    /// Searches, and writes down that all in `a` is to stay and all is to go that can in that way.
    #[track_caller]
    pub(crate) fn plan(&self, action: &str) -> &Self {
        let ran = self.pixtwin(&["scan", "{library}", "--no-catalogue", "-q", "--format", "json"]).end();
        assert_eq!(ran.code, 0, "{}", ran.err());
        let plan = self.seen("aside/plan");
        let mut plan_lines = plan_of(&self.mounts, ran.out(), &self.path("library"));
        let library = self.path("library");
        decide(&mut plan_lines, |path| match path.strip_prefix(&library).unwrap() {
            name if name.starts_with("a") => "keep",
            name if is_victim(action, name) => "remove",
            _ => "leave",
        });
        write_plan(&plan, &plan_lines);
        self
    }

    /// How many files the plan says are to go.
    pub(crate) fn planned(&self) -> usize {
        read_plan(&self.seen("aside/plan")).iter().filter(|line| line["do"] == "remove").count()
    }

    /// The words that carry the plan out.
    pub(crate) fn apply<'a>(&self, action: &'a str) -> Vec<&'a str> {
        let to = if action == "move" { "move={other}/moved" } else { action };
        vec!["apply", "{aside}/plan", "--to", to, "--yes"]
    }

    /// All files on its disks, those that were taken away but are not gone included.
    pub(crate) fn census(&self) -> Census {
        Census::of(["library", "other", "home"].map(|folder| self.seen(folder)))
    }

    /// How long the journals are.
    pub(crate) fn journal_bytes(&self) -> u64 {
        let runs = fs::read_dir(self.seen("state/pixtwin/runs")).into_iter().flatten();
        runs.filter_map(|run| Some(run.ok()?.path().join("journal").metadata().ok()?.len())).sum()
    }

    /// Which files have the names of the first and of the last that go: these change first.
    pub(crate) fn ends(&self) -> [Option<u64>; 3] {
        let victims = |end| self.files.iter().map(|(name, _)| name).filter(move |name| name.starts_with(end));
        let [first, last] = [victims("b/").next(), victims("b/").next_back()];
        let ends = [first, last, victims("c/").next_back()];
        ends.map(|name| Some(self.seen("library").join(name?).symlink_metadata().ok()?.ino()))
    }

    /// What the user sees.
    pub(crate) fn library(&self) -> Snapshot {
        Snapshot::of(self.seen("library"))
    }

    /// All that is on its disks, what the program keeps included.
    pub(crate) fn disks(&self) -> [Snapshot; 4] {
        ["library", "other", "home", "state"].map(|folder| Snapshot::of(self.seen(folder)))
    }

    /// That every picture is still there under a name of the library: not in a quarantine, nor in a trash.
    #[track_caller]
    pub(crate) fn assert_pictures(&self, what: &str) {
        self.assert_all_pictures(
            &Census::of(["a", "b", "c", "d"].map(|folder| self.seen("library").join(folder))),
            what,
        );
    }

    /// That there is a file of every picture.
    #[track_caller]
    pub(crate) fn assert_all_pictures(&self, census: &Census, what: &str) {
        let found = census.pictures(|content| self.pictures.get(content).copied());
        let all = self.pictures.values().copied().collect();
        assert!(found == all, "{what}: of {:?} no file is left", all.difference(&found).collect::<Vec<_>>());
    }

    /// That in the user's folders there is no name that was not there before.
    #[track_caller]
    pub(crate) fn assert_no_strays(&self, before: &Snapshot, what: &str) {
        let known: BTreeSet<_> = before.names().collect();
        let library = self.library();
        let strays: Vec<_> = library.names().filter(|name| !known.contains(name) && !is_set_aside(name)).collect();
        assert!(strays.is_empty(), "{what}: {strays:?}");
    }

    /// What is written to names that begin with this.
    pub(crate) fn contents_in(&self, folder: &str) -> BTreeSet<&[u8]> {
        let files = self.files.iter().filter(|(name, _)| name.starts_with(folder));
        files.map(|(_, content)| content.as_slice()).collect()
    }
}

/// Whether a name of the library is to go, or what belongs to it. Links share the bytes and the name's end with what stays.
pub(crate) fn is_victim(action: &str, name: &Path) -> bool {
    let is_below = |folder| name.starts_with(folder) && name.components().count() > 1;
    let Some(end) = name.extension() else { return false };
    match action {
        "hardlink" | "symlink" | "reflink" => end == "png" && (is_below("b") || is_below("d")),
        _ => is_below("b") || is_below("c") || is_below("d"),
    }
}

/// Whether it lies in a quarantine or a trash.
fn is_set_aside(name: &Path) -> bool {
    let first = name.components().next().unwrap().as_os_str().as_encoded_bytes();
    first.starts_with(b".pixtwin-quarantine-") || first.starts_with(b".Trash")
}

/// Takes everything out of a folder.
pub(crate) fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let done =
            if path.symlink_metadata().unwrap().is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        assert!(
            done.as_ref().is_ok_and(|()| true) || done.as_ref().is_err_and(|cause| cause.kind() == ErrorKind::NotFound)
        );
    }
}

/// The plan that a person would write by a report: of each group all files, and all of them to be left alone.
pub(crate) fn plan_of(mounts: &Mounts, report: &str, root: &Path) -> Vec<Value> {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let mut lines = vec![json!({
        "type": "plan", "version": 1, "host": host.trim_end(), "made": "2026-11-25T12:00:00Z", "roots": [path_value(root)], "rules": [],
    })];
    let reported = report.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    for (number, group) in (1..).zip(reported.filter(|line| line["type"] == "group")) {
        let files = group["files"].as_array().unwrap();
        let is_equal = files.iter().all(|file| file["proof"] == "bytes");
        lines.push(json!({ "type": "group", "group": number, "tier": if is_equal { "bytes" } else { "pixels" } }));
        let names =
            |file: &Value| [vec![file["path"].clone()], file["links"].as_array().cloned().unwrap_or_default()].concat();
        for name in files.iter().flat_map(names) {
            let path = path_of(&name);
            let found =
                mounts.seen(path.strip_prefix(mounts.path("")).unwrap().to_str().unwrap()).symlink_metadata().unwrap();
            let nanoseconds = |seconds: i64, rest: i64| seconds * 1_000_000_000 + rest;
            lines.push(json!({
                "type": "file", "group": number, "do": "leave", "path": name, "device": found.dev(), "inode": found.ino(),
                "size": found.len(), "modified_ns": nanoseconds(found.mtime(), found.mtime_nsec()),
                "changed_ns": nanoseconds(found.ctime(), found.ctime_nsec()), "blake3": null, "reason": "by hand",
            }));
        }
    }
    lines.push(json!({ "type": "end" }));
    lines
}

/// The lines of a plan.
pub(crate) fn read_plan(plan: &Path) -> Vec<Value> {
    fs::read_to_string(plan).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Writes the lines of a plan.
pub(crate) fn write_plan(plan: &Path, lines: &[Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(plan, text).unwrap();
}

/// Says of every file of a plan what is to be done with it, and decides all groups.
pub(crate) fn decide(lines: &mut [Value], task: impl Fn(&Path) -> &'static str) {
    for line in lines {
        match line["type"].as_str().unwrap() {
            "group" => drop(line.as_object_mut().unwrap().remove("undecided")),
            "file" => line["do"] = json!(task(&path_of(&line["path"]))),
            _ => {}
        }
    }
}

/// A path as output and plans have it.
pub(crate) fn path_of(value: &Value) -> PathBuf {
    let bytes = match value["text"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => BASE64_STANDARD.decode(value["bytes"].as_str().unwrap()).unwrap(),
    };
    OsString::from_vec(bytes).into()
}

/// A path for output and plans.
pub(crate) fn path_value(path: &Path) -> Value {
    match path.to_str() {
        Some(text) => json!({ "text": text }),
        None => json!({ "bytes": BASE64_STANDARD.encode(path.as_os_str().as_bytes()) }),
    }
}

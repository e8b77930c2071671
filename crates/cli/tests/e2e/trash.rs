//! What goes to the trash or to a folder elsewhere, what other programs see of it, and the way back.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use pixtwin_testkit::{Dir, Mounts, Ran, Run};
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_pixtwin");
const NAME: &str = "a 100%\nline.png";

/// A folder of twins with what a program noted about each, and a plan by which those in `go` go.
struct Album<'a> {
    /// Where the program sees it.
    path: PathBuf,
    /// Where the test sees it.
    seen: PathBuf,
    run: &'a dyn Fn(&str, &[&str]) -> Ran,
}

impl<'a> Album<'a> {
    fn new(path: PathBuf, seen: PathBuf, run: &'a dyn Fn(&str, &[&str]) -> Ran) -> Self {
        for (place, mode) in [("keep", 0o600), ("go", 0o4640)] {
            fs::create_dir_all(seen.join(place)).unwrap();
            for (name, content) in [(NAME.to_owned(), vec![7; 3 << 20]), (format!("{NAME}.xmp"), b"rated 5".to_vec())] {
                let file = seen.join(place).join(name);
                fs::write(&file, content).unwrap();
                fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
                let time = UNIX_EPOCH + Duration::new(1_500_000_000, 123_456_789);
                let opened = fs::File::options().append(true).open(&file).unwrap();
                opened.set_times(fs::FileTimes::new().set_modified(time)).unwrap();
            }
        }
        let album = Self { path, seen, run };
        album.write_plan();
        album
    }

    fn write_plan(&self) {
        let host = rustix::system::uname().nodename().to_str().unwrap().to_owned();
        let text = |path: &Path| json!({ "text": path.to_str().unwrap() });
        let mut lines = vec![
            json!({ "type": "plan", "version": 1, "host": host, "made": "2026-01-01T00:00:00Z",
                    "roots": [text(&self.path)], "rules": [] }),
            json!({ "type": "group", "group": 1, "tier": "bytes" }),
        ];
        for (place, task) in [("keep", "keep"), ("go", "remove")] {
            let state = self.seen.join(place).join(NAME).metadata().unwrap();
            let nanoseconds = |seconds: i64, rest: i64| seconds * 1_000_000_000 + rest;
            lines.push(json!({
                "type": "file", "group": 1, "do": task, "path": text(&self.path.join(place).join(NAME)),
                "device": state.dev(), "inode": state.ino(), "size": state.size(),
                "modified_ns": nanoseconds(state.mtime(), state.mtime_nsec()),
                "changed_ns": nanoseconds(state.ctime(), state.ctime_nsec()),
                "blake3": null, "reason": "by hand",
            }));
        }
        lines.push(json!({ "type": "end" }));
        let plan: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.seen.join("plan"), plan).unwrap();
    }

    /// Runs a program that has to end with that code.
    fn ended(&self, code: i32, program: &str, arguments: &[&str]) -> String {
        let ran = (self.run)(program, arguments);
        let said = [&ran.stdout[..], b" | ", &ran.stderr].concat();
        assert_eq!(ran.code, code, "{program} {arguments:?}: {}", said.escape_ascii());
        String::from_utf8(said).unwrap()
    }

    fn apply(&self, code: i32, to: &str) -> String {
        let plan = self.path.join("plan");
        self.ended(code, PROGRAM, &["apply", plan.to_str().unwrap(), "--to", to, "--yes"])
    }

    /// Undoes the last run, and looks whether all is as before.
    fn undo(&self, before: &[Row]) {
        self.ended(0, PROGRAM, &["undo", "--yes"]);
        assert_eq!(self.rows(), before);
    }

    fn rows(&self) -> Vec<Row> {
        rows(&self.seen)
    }

    fn is_gone(&self) -> bool {
        names(&self.seen.join("go")).is_empty()
    }
}

/// Name, content, permissions, owner and time of a file.
type Row = (PathBuf, Vec<u8>, u32, u32, (i64, i64));

/// All files below a folder, what is hidden too.
fn rows(folder: &Path) -> Vec<Row> {
    let mut found = Vec::new();
    for name in names(folder) {
        let path = folder.join(&name);
        let state = path.symlink_metadata().unwrap();
        if state.is_dir() {
            found
                .extend(rows(&path).into_iter().map(|row| (Path::new(&name).join(&row.0), row.1, row.2, row.3, row.4)));
        } else {
            let time = (state.mtime(), state.mtime_nsec());
            found.push((name.into(), fs::read(&path).unwrap(), state.mode(), state.uid(), time));
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// That folder of the user's trash in the home.
fn home_trash(dir: &Dir, folder: &str) -> PathBuf {
    dir.home().join(".local/share/Trash").join(folder)
}

fn both() -> [String; 2] {
    [NAME.to_owned(), format!("{NAME}.xmp")]
}

fn plain(dir: &Dir) -> impl Fn(&str, &[&str]) -> Ran {
    |program, arguments| dir.run(program, arguments).env("PYTHONIOENCODING", "utf-8").end()
}

#[test]
fn other_programs_see_and_restore_what_went_to_the_trash() {
    let dir = Dir::new();
    let run = plain(&dir);
    let album = Album::new(dir.path().canonicalize().unwrap(), dir.path().to_owned(), &run);
    let before = album.rows();
    album.apply(0, "trash");
    assert!(album.is_gone());
    let listed = album.ended(0, "trash-list", &[]);
    let path = album.path.join("go").join(NAME);
    assert!(listed.contains(&format!(" {}\n", path.to_str().unwrap())), "{listed}");
    assert!(listed.contains(&format!(" {}.xmp\n", path.to_str().unwrap())), "{listed}");
    album.undo(&before);
    assert_eq!(rows(&home_trash(&dir, "")), []);
    // And once more, by the other program.
    album.write_plan();
    let before = album.rows();
    album.apply(0, "trash");
    album.ended(0, "sh", &["-c", "echo 0 | trash-restore; echo 0 | trash-restore"]);
    assert_eq!(album.rows(), before);
    assert_eq!(rows(&home_trash(&dir, "")), []);
    // There is nothing left to undo then, and nothing is lost by asking.
    (album.run)(PROGRAM, &["undo", "--yes"]);
    assert_eq!(album.rows(), before);
}

#[test]
fn a_home_that_is_reached_by_a_link_has_a_trash() {
    let dir = Dir::new();
    symlink(dir.home(), dir.join("home")).unwrap();
    let home = dir.join("home");
    let run = |program: &str, arguments: &[&str]| -> Ran { with_home(dir.run(program, arguments), &home).end() };
    let seen = dir.path().join("album");
    fs::create_dir(&seen).unwrap();
    let album = Album::new(seen.canonicalize().unwrap(), seen, &run);
    let before = album.rows();
    album.apply(0, "trash");
    assert!(album.is_gone());
    assert_eq!(names(&home_trash(&dir, "files")), both());
    album.undo(&before);
}

fn with_home<'a>(run: Run<'a>, home: &Path) -> Run<'a> {
    run.env("HOME", home)
}

#[test]
fn notes_that_others_left_behind_are_in_nobodys_way() {
    let dir = Dir::new();
    let run = plain(&dir);
    let album = Album::new(dir.path().canonicalize().unwrap(), dir.path().to_owned(), &run);
    let before = album.rows();
    fs::create_dir_all(home_trash(&dir, "info")).unwrap();
    let note = home_trash(&dir, "info").join(format!("{NAME}.trashinfo"));
    fs::write(&note, "[Trash Info]\nPath=/other\nDeletionDate=2020-01-01T00:00:00\n").unwrap();
    album.apply(0, "trash");
    assert!(album.is_gone());
    assert!(!home_trash(&dir, "files").join(NAME).exists());
    album.undo(&before);
    assert_eq!(names(&home_trash(&dir, "info")), [format!("{NAME}.trashinfo")]);
    assert!(fs::read_to_string(&note).unwrap().contains("/other"));
}

/// Two file systems beside that of the home: `stick` with the album, and a small `other`.
fn mounts() -> Mounts {
    Mounts::new("for name in stick other; do mkdir $name; mount -t tmpfs -o size=8m none $name; done").unwrap()
}

fn mounted(mounts: &Mounts) -> impl Fn(&str, &[&str]) -> Ran {
    |program, arguments| mounts.run(program, arguments).env("PYTHONIOENCODING", "utf-8").end()
}

fn on_stick<'a>(mounts: &Mounts, run: &'a dyn Fn(&str, &[&str]) -> Ran) -> Album<'a> {
    Album::new(mounts.path("stick"), mounts.seen("stick"), run)
}

fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[test]
fn another_file_system_has_its_own_trash() {
    let mounts = mounts();
    let run = mounted(&mounts);
    let album = on_stick(&mounts, &run);
    let before = album.rows();
    album.apply(0, "trash");
    assert!(album.is_gone());
    let own = mounts.seen("stick").join(format!(".Trash-{}", user()));
    assert_eq!(names(&own.join("files")), both());
    let listed = album.ended(0, "trash-list", &[]);
    assert!(listed.contains(&format!(" {}\n", album.path.join("go").join(NAME).to_str().unwrap())), "{listed}");
    album.undo(&before);
    // With a folder for all users.
    album.write_plan();
    let before = album.rows();
    let shared = mounts.seen("stick").join(".Trash");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, PermissionsExt::from_mode(0o1777)).unwrap();
    album.apply(0, "trash");
    assert_eq!(names(&shared.join(user().to_string()).join("files")), both());
    assert_eq!(rows(&own), []);
    album.undo(&before);
}

#[test]
fn what_cannot_have_a_trash_is_copied_to_that_of_the_home() {
    let mounts = mounts();
    let run = mounted(&mounts);
    let album = on_stick(&mounts, &run);
    // Somebody took the name.
    fs::write(mounts.seen("stick").join(format!(".Trash-{}", user())), "").unwrap();
    let before = album.rows();
    album.apply(0, "trash");
    assert!(album.is_gone());
    let home = album.ended(0, "sh", &["-c", "cd \"$HOME/.local/share/Trash/files\" && pwd"]);
    let files = PathBuf::from(home.lines().next().unwrap());
    assert_eq!(names(&files), both());
    let row = |of: &[Row], name: &Path| of.iter().find(|row| row.0 == name).cloned().unwrap();
    let (gone, copy) = (row(&before, &Path::new("go").join(NAME)), row(&rows(&files), Path::new(NAME)));
    assert_eq!((gone.1, gone.2, gone.3, gone.4), (copy.1, copy.2, copy.3, copy.4));
    assert!(album.ended(0, "trash-list", &[]).contains(album.path.join("go").join(NAME).to_str().unwrap()));
    // The bytes on the stick are free.
    assert!(!album.rows().iter().any(|row| row.1.len() > 1 << 20 && !row.0.starts_with("keep")));
    album.undo(&before);
    assert_eq!(rows(files.parent().unwrap()), []);
}

#[test]
fn what_moves_to_another_file_system_comes_back() {
    let mounts = mounts();
    let run = mounted(&mounts);
    let album = on_stick(&mounts, &run);
    let before = album.rows();
    album.apply(0, &format!("move={}", mounts.path("other").join("twins").display()));
    assert!(album.is_gone());
    let below = |row: &&Row| row.0.starts_with("go");
    let moved: Vec<_> = before.iter().filter(below).cloned().collect();
    assert_eq!(rows(&mounts.seen("other").join("twins")), moved);
    album.undo(&before);
    assert_eq!(rows(&mounts.seen("other")), []);
}

#[test]
fn a_full_file_system_takes_nothing_and_nothing_is_lost() {
    let mounts = mounts();
    let run = mounted(&mounts);
    let album = on_stick(&mounts, &run);
    let before = album.rows();
    // Room for a part of the copy.
    fs::write(mounts.seen("other").join("full"), vec![1; 6 << 20]).unwrap();
    let said = album.apply(4, &format!("move={}", mounts.path("other").display()));
    assert!(said.contains("no space left on device") || said.contains("No space left on device"), "{said}");
    assert_eq!(album.rows(), before);
    assert_eq!(rows(&mounts.seen("other")).len(), 1);
}

//! What other programs see of our trash, and give back.

use std::{
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    process::{Command, Output},
};

use super::*;

const NAMES: [&[u8]; 8] = [
    b"plain.jpg",
    b"with space.jpg",
    b"new\nline.jpg",
    b"100%25%.jpg",
    "\u{e4}\u{202e}\u{1f600}.jpg".as_bytes(),
    b"-rf; $(touch x) =[]#?&'\"\\.jpg",
    b"\t\x1b]0;title\x07.jpg",
    // No UTF-8.
    b"\xff\xc3(\x80.jpg",
];

/// Puts a file of that name with that content into the folder and then into the trash that is for it.
fn trash(place: &Place, folder: &Path, name: &[u8]) -> PathBuf {
    let victim = folder.join(OsStr::from_bytes(name));
    fs::write(&victim, [b"content of ", name].concat()).unwrap();
    let trash = Trash::find(&place.disk, &place.user, folder).unwrap();
    let entry = trash.entries(&victim, noon()).unwrap().find(|entry| entry.note(&RealDisk).is_ok()).unwrap();
    fs::rename(&victim, entry.files().join(&entry.name)).unwrap();
    victim
}

fn is_back(victim: &Path) {
    let name = victim.file_name().unwrap().as_bytes();
    assert_eq!(fs::read(victim).unwrap(), [b"content of ", name].concat(), "{victim:?}");
}

/// Runs a program as somebody who has that home.
fn run(place: &Place, program: &[&str]) -> Output {
    let home = place.home();
    let data = home.join(".local/share");
    let output = Command::new(program[0])
        .args(&program[1..])
        .current_dir(&home)
        .envs([("HOME", &home), ("XDG_DATA_HOME", &data), ("XDG_RUNTIME_DIR", &home)])
        .env("PYTHONIOENCODING", "utf-8")
        .output()
        .unwrap();
    assert!(output.status.success(), "{program:?}: {output:?}");
    output
}

/// What `gio trash --list` says: addresses in the trash, and paths.
fn listed_by_gio(place: &Place) -> Vec<(String, Vec<u8>)> {
    let output = run(place, &["dbus-run-session", "--", "gio", "trash", "--list"]).stdout;
    let text = String::from_utf8(output).unwrap();
    let entry = |line: &str| line.split_once('\t').map(|(address, path)| (address.to_owned(), unescaped(path)));
    text.lines().map(|line| entry(line).unwrap()).collect()
}

/// It writes bytes that are not plain as `\x` and two digits.
fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend(rest.as_bytes());
    }
    bytes
}

#[test]
fn gio_lists_and_restores_what_we_trashed() {
    let place = Place::new();
    let folder = place.home().join("photos");
    fs::create_dir(&folder).unwrap();
    let victims: Vec<_> = NAMES.iter().map(|name| trash(&place, &folder, name)).collect();
    // A second one of a name, from elsewhere.
    let other = trash(&place, &place.home(), NAMES[0]);
    let listed = listed_by_gio(&place);
    let mut paths: Vec<_> = listed.iter().map(|(_, path)| path.clone()).collect();
    let mut expected: Vec<_> =
        victims.iter().chain([&other]).map(|path| path.as_os_str().as_bytes().to_vec()).collect();
    paths.sort();
    expected.sort();
    assert_eq!(paths, expected);
    // It restores to what it prints, so that names with other bytes come back under other names (GLib 2.74).
    let is_plain = |name: &[u8]| name.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\');
    let restored: Vec<_> = listed.iter().filter(|(_, path)| is_plain(path)).map(|(at, _)| at.as_str()).collect();
    run(&place, &[&["dbus-run-session", "--", "gio", "trash", "--restore"], &restored[..]].concat());
    let plain = |victim: &&PathBuf| is_plain(victim.as_os_str().as_bytes());
    assert_eq!(victims.iter().chain([&other]).filter(plain).map(|victim| is_back(victim)).count(), 4);
    for emptied in ["files", "info"] {
        assert_eq!(names(&place.user.home_trash.join(emptied)).len(), NAMES.len() + 1 - 4);
    }
}

#[test]
fn trash_cli_lists_and_restores_what_we_trashed_in_a_top_folder() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not tested: only root mounts");
        return;
    }
    // It has paths as text only, and prints them as they are.
    let plain = NAMES.iter().filter(|name| std::str::from_utf8(name).is_ok());
    let place = Place::new();
    let folder = place.stick.join("photos");
    let victims: Vec<_> = plain.map(|name| trash(&place, &folder, name)).collect();
    assert!(place.own_of_stick().exists());
    let stick = place.stick.to_str().unwrap();
    let mounted = |program: &str| {
        let script = "mount -t tmpfs none \"$1\" && cp -a \"$2/.\" \"$1\" && cd \"$1/photos\" && eval \"$3\" && cp -a \"$1/.\" \"$2\"";
        let copy = format!("{stick}-copy");
        run(&place, &["cp", "-aT", stick, &copy]);
        let output = run(&place, &["unshare", "-m", "sh", "-c", script, "sh", stick, &copy, program]).stdout;
        (output, copy)
    };
    let (listed, _) = mounted("trash-list");
    let expected = |victim: &PathBuf| [b"2024-02-29 12:34:56 ", victim.as_os_str().as_bytes(), b"\n"].concat();
    for victim in &victims {
        let line = expected(victim);
        assert!(listed.windows(line.len()).any(|window| window == line), "{victim:?} {}", listed.escape_ascii());
    }
    // Other trashes of the machine are listed too.
    let below = [b" ", stick.as_bytes(), b"/"].concat();
    assert_eq!(listed.windows(below.len()).filter(|window| *window == below).count(), victims.len());
    // It asks for one of a list, whose first is 0.
    let restore = format!("for _ in $(seq {}); do echo 0 | trash-restore; done", victims.len());
    let (_, copy) = mounted(&restore);
    for victim in &victims {
        is_back(&Path::new(&copy).join(victim.strip_prefix(&place.stick).unwrap()));
    }
}

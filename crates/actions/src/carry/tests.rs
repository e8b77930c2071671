use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::*;
use crate::{
    disk::{RealDisk, RealFolder},
    test_disk::{Meddling, Step},
};

fn place() -> (TempDir, PathBuf, RealFolder) {
    let kept = TempDir::new().unwrap();
    let path = kept.path().canonicalize().unwrap();
    fs::create_dir(path.join("to")).unwrap();
    let folder = RealDisk.folder(&path.join("to")).unwrap();
    (kept, path, folder)
}

fn carry_there(disk: &Meddling, path: &std::path::Path, folder: &RealFolder) -> io::Result<State> {
    let from = RealDisk.folder(path)?;
    let original = RealDisk.open(&from, "original".as_ref())?;
    let to = Destination { folder, temporary: ".part".as_ref(), name: "copy".as_ref() };
    carry(disk, &original, &to)
}

fn names(folder: &RealFolder) -> Vec<std::ffi::OsString> {
    RealDisk.list(folder).unwrap()
}

#[test]
fn a_copy_is_whole_and_has_its_name() {
    for length in [0, 1, PIECE_BYTES, 2 * PIECE_BYTES + 17] {
        let (_kept, path, folder) = place();
        let content: Vec<u8> = (0..length).map(|at| u8::try_from(at % 253).unwrap()).collect();
        fs::write(path.join("original"), &content).unwrap();
        let made = carry_there(&Meddling::default(), &path, &folder).unwrap();
        assert_eq!(fs::read(path.join("to/copy")).unwrap(), content);
        assert_eq!(names(&folder), ["copy"]);
        let original = RealDisk.look(&RealDisk.folder(&path).unwrap(), "original".as_ref()).unwrap().unwrap();
        assert_eq!(Some(made), RealDisk.look(&folder, "copy".as_ref()).unwrap());
        assert_eq!((made.mode, made.identity.modified_ns), (original.mode, original.identity.modified_ns));
    }
}

#[test]
fn nothing_that_is_there_is_replaced() {
    for taken in ["copy", ".part"] {
        let (_kept, path, folder) = place();
        fs::write(path.join("original"), "new").unwrap();
        fs::write(path.join("to").join(taken), "old").unwrap();
        let refused = carry_there(&Meddling::default(), &path, &folder).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(path.join("to").join(taken)).unwrap(), b"old");
        assert_eq!(names(&folder), [taken]);
    }
}

#[test]
fn whichever_call_fails_there_is_no_copy() {
    let mut failed = 0;
    for call in 0..100 {
        let (_kept, path, folder) = place();
        fs::write(path.join("original"), vec![7; PIECE_BYTES + 5]).unwrap();
        let disk = Meddling::failing_at(call);
        match carry_there(&disk, &path, &folder) {
            Ok(_) => break,
            Err(error) => {
                failed += 1;
                assert!(names(&folder).is_empty(), "call {call}: {error}");
            }
        }
    }
    // State, create, two reads and writes, dress, sync, four to six looks and reads again, rename, sync.
    assert!((12..40).contains(&failed), "{failed}");
}

#[test]
fn a_copy_that_reads_otherwise_is_removed() {
    let (_kept, path, folder) = place();
    fs::write(path.join("original"), "12345").unwrap();
    let written = path.join("to/.part");
    // The disk keeps something else than was written to it.
    let disk = Meddling::before(Step::Forget, move || fs::write(&written, "12346").unwrap());
    let refused = carry_there(&disk, &path, &folder).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
    assert!(names(&folder).is_empty());
}

#[test]
fn an_original_that_changes_meanwhile_is_not_taken_for_copied() {
    // Longer, shorter, or other bytes, before or after it was read: the last only its times show.
    for (step, content) in
        [(Step::Dress, "12345+"), (Step::Dress, "1234"), (Step::Dress, "12346"), (Step::Forget, "12345")]
    {
        let (_kept, path, folder) = place();
        fs::write(path.join("original"), "12345").unwrap();
        let original = path.join("original");
        let disk = Meddling::before(step, move || fs::write(&original, content).unwrap());
        carry_there(&disk, &path, &folder).unwrap_err();
        assert!(names(&folder).is_empty());
        assert_eq!(fs::read(path.join("original")).unwrap(), content.as_bytes());
    }
}

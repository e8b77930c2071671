use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
};

use super::*;

fn first(trash: &Trash, victim: &Path) -> Entry {
    trash.entries(victim, noon()).unwrap().next().unwrap()
}

#[test]
fn notes_say_where_the_file_was_and_when_it_went() {
    let trash = |top: Option<&str>| Trash { path: "/t".into(), top: top.map(Into::into), is_across: false };
    let note = |top, victim: &[u8]| first(&trash(top), Path::new(OsStr::from_bytes(victim))).note;
    let text = |path: &str| format!("[Trash Info]\nPath={path}\nDeletionDate=2024-02-29T12:34:56\n");
    assert_eq!(note(None, b"/home/me/a b.jpg"), text("/home/me/a%20b.jpg"));
    assert_eq!(note(Some("/media/stick"), b"/media/stick/x/100%.jpg"), text("x/100%25.jpg"));
    assert_eq!(note(Some("/"), b"/x/new\nline.jpg"), text("x/new%0Aline.jpg"));
    assert_eq!(note(None, b"/\xff\xc3\xa4=[];~-_.jpg"), text("/%FF%C3%A4%3D%5B%5D%3B~-_.jpg"));
    for wrong in ["/media/other/x.jpg", "x.jpg", "/"] {
        assert!(trash(Some("/media/stick")).entries(Path::new(wrong), noon()).is_err());
    }
    assert!(trash(None).entries(Path::new("x.jpg"), noon()).is_err());
}

#[test]
fn names_leave_room_for_their_note_and_differ() {
    let trash = Trash { path: "/t".into(), top: None, is_across: false };
    let long = "ä".repeat(125) + ".jpeg";
    for name in ["a.jpg", "a", ".hidden", "a.", &long, &"x".repeat(255), &format!("a.{}", "y".repeat(253))] {
        let proposals: Vec<_> = trash.entries(&Path::new("/p").join(name), noon()).unwrap().collect();
        let mut names: Vec<_> = proposals.iter().map(|entry| entry.name.clone()).collect();
        assert!(proposals.iter().all(|entry| entry.info_name().len() <= 255));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), proposals.len());
        assert!(name.len() > 245 || proposals[0].name == name);
    }
    let ends = |name: &OsString, end: &str| name.as_bytes().ends_with(end.as_bytes());
    assert!(trash.entries(&Path::new("/p").join(&long), noon()).unwrap().all(|entry| ends(&entry.name, ".jpeg")));
}

#[test]
fn a_place_is_taken_once_and_given_back() {
    let place = Place::new();
    let trash = place.on_stick().unwrap();
    let mut proposals = trash.entries(&place.stick.join("photos/2024/a.jpg"), noon()).unwrap();
    let (entry, next) = (proposals.next().unwrap(), proposals.next().unwrap());
    assert!(entry.is_free(&RealDisk).unwrap());
    entry.note(&RealDisk).unwrap();
    assert!(!entry.is_free(&RealDisk).unwrap());
    let note = entry.info().join(entry.info_name());
    assert_eq!(
        fs::read_to_string(&note).unwrap(),
        "[Trash Info]\nPath=photos/2024/a.jpg\nDeletionDate=2024-02-29T12:34:56\n"
    );
    assert_eq!((note, mode(&entry.info().join("a.jpg.trashinfo"))), (trash.path.join("info/a.jpg.trashinfo"), 0o600));
    assert_eq!(entry.note(&RealDisk).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    next.note(&RealDisk).unwrap();
    assert_eq!(names(&entry.info()).len(), 2);
    for taken in [&entry, &next] {
        taken.take_back(&RealDisk).unwrap();
        taken.take_back(&RealDisk).unwrap();
    }
    assert_eq!(names(&entry.info()), [""; 0]);
}

#[test]
fn a_file_in_the_trash_keeps_its_place_and_its_note() {
    let place = Place::new();
    let trash = place.on_stick().unwrap();
    let entry = first(&trash, &place.stick.join("photos/2024/a.jpg"));
    fs::write(entry.files().join(&entry.name), "another").unwrap();
    assert_eq!(entry.note(&RealDisk).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(names(&entry.info()), [""; 0]);
    fs::remove_file(entry.files().join(&entry.name)).unwrap();
    entry.note(&RealDisk).unwrap();
    fs::rename(place.stick.join("photos/2024/a.jpg"), entry.files().join(&entry.name)).unwrap();
    assert!(entry.take_back(&RealDisk).is_err());
    assert_eq!(names(&entry.info()), ["a.jpg.trashinfo"]);
}

#[test]
fn only_our_note_is_taken_back() {
    let place = Place::new();
    let trash = place.on_stick().unwrap();
    let entry = first(&trash, &place.stick.join("photos/2024/a.jpg"));
    let note = entry.info().join(entry.info_name());
    for others in ["[Trash Info]\nPath=b.jpg\n", &(entry.note.clone() + "\n"), &entry.note.replace("56", "57")] {
        fs::write(&note, others).unwrap();
        assert!(entry.take_back(&RealDisk).is_err());
        assert_eq!(fs::read_to_string(&note).unwrap(), others);
    }
    // What a crash leaves of it: a part, and zeroes or anything behind that.
    for length in [0, 1, 20, entry.note.len() - 1] {
        for filler in [&b""[..], &[0; 200], &[0xd7, b'x', 0x1b].repeat(70)] {
            let mut left = [&entry.note.as_bytes()[..length], filler].concat();
            left.truncate(entry.note.len());
            fs::write(&note, left).unwrap();
            entry.take_back(&RealDisk).unwrap();
            assert!(!note.exists());
        }
    }
}

#[test]
fn whichever_call_fails_no_note_is_left() {
    let mut failed = 0;
    for call in 0..50 {
        let place = Place::new();
        let entry = first(&place.on_stick().unwrap(), &place.stick.join("photos/2024/a.jpg"));
        if entry.note(&Meddling::failing_at(call)).is_ok() {
            break;
        }
        failed += 1;
        assert_eq!(names(&entry.info()), [""; 0], "{call}");
    }
    // Three folders, two looks, create, append, two syncs.
    assert_eq!(failed, 9);
}

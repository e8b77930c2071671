use std::os::unix::fs::PermissionsExt;

use super::*;

fn encoded(bytes: &[u8]) -> Encoded {
    Encoded { bytes: bytes.to_vec(), media_type: PNG, size: (3, 2), whole: (300, 200) }
}

fn key(number: u32) -> Key {
    Key(blake3::hash(&number.to_le_bytes()))
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_was_kept_comes_back_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("a/thumbnails");
    let cache = Cache::open(folder.clone(), 1 << 20).unwrap();
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    cache.put(&key(1), &encoded(b"picture"));
    assert_eq!(cache.get(&key(1)), Some(encoded(b"picture")));
    assert_eq!(cache.get(&key(2)), None);
    assert_eq!(names(&folder), [key(1).name()]);
    let mode = fs::metadata(folder.join(key(1).name())).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = Cache::open(folder, 1 << 20).unwrap();
    assert_eq!(again.get(&key(1)), Some(encoded(b"picture")));
}

#[test]
fn a_damaged_file_is_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path().join("t"), 1 << 20).unwrap();
    cache.put(&key(1), &encoded(b"picture"));
    let path = cache.folder.join(key(1).name());
    let whole = fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&path, &damaged).unwrap();
        assert_eq!(cache.get(&key(1)), None, "byte {at}");
        fs::write(&path, &whole[..at]).unwrap();
        assert_eq!(cache.get(&key(1)), None, "cut to {at}");
    }
    fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
    assert_eq!(cache.get(&key(1)), None);
    // The file of another picture, and what is no file.
    cache.put(&key(2), &encoded(b"other"));
    fs::rename(cache.folder.join(key(2).name()), &path).unwrap();
    assert_eq!(cache.get(&key(1)), None);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(cache.get(&key(1)), None);
    cache.put(&key(1), &encoded(b"picture"));
    assert_eq!(names(&cache.folder), [key(1).name()], "and nothing is left behind");
}

#[test]
fn a_folder_into_which_others_look_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let open = |mode| {
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(mode)).unwrap();
        Cache::open(dir.path().to_owned(), 1 << 20).is_some()
    };
    assert!(open(0o700));
    assert!(!open(0o755) && !open(0o770) && !open(0o701));
    assert!(open(0o700));
    let link = dir.path().join("link");
    fs::create_dir(dir.path().join("closed")).unwrap();
    fs::set_permissions(dir.path().join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    std::os::unix::fs::symlink(dir.path().join("closed"), &link).unwrap();
    assert!(Cache::open(link, 1 << 20).is_none());
    fs::write(dir.path().join("file"), "").unwrap();
    assert!(Cache::open(dir.path().join("file"), 1 << 20).is_none());
    assert!(Cache::open(dir.path().join("file/below"), 1 << 20).is_none());
}

#[test]
fn the_oldest_go_first_and_nothing_but_thumbnails() {
    let dir = tempfile::tempdir().unwrap();
    let most_bytes = 100_000;
    let cache = Cache::open(dir.path().join("t"), most_bytes).unwrap();
    let strange = ["notes.txt".to_owned(), "a".repeat(64), format!("{}.txt", "a".repeat(64)), "G".repeat(64)];
    for name in &strange {
        fs::write(cache.folder.join(name), "").unwrap();
    }
    let begun = SystemTime::UNIX_EPOCH;
    let left_behind = cache.folder.join(format!("{}-1-1.new", key(0).name()));
    fs::write(&left_behind, "cut").unwrap();
    File::options().write(true).open(&left_behind).unwrap().set_modified(begun).unwrap();
    for number in 0..300 {
        cache.put(&key(number), &encoded(&[7; 900]));
        let path = cache.folder.join(key(number).name());
        if let Ok(file) = File::options().write(true).open(path) {
            file.set_modified(begun + Duration::from_secs(u64::from(number))).unwrap();
        }
        let total: u64 = cache.all().iter().map(|kept| kept.bytes).sum();
        assert!(total <= most_bytes, "{total} bytes after {number}");
    }
    assert!(cache.get(&key(0)).is_none() && cache.get(&key(299)).is_some() && cache.get(&key(290)).is_some());
    // The name of a thumbnail is ours, whatever is in it; it was the oldest but for those set back.
    for name in strange.iter().filter(|name| !is_ours(name)) {
        assert!(cache.folder.join(name).exists(), "{name}");
    }
    assert!(!left_behind.exists());
}

#[test]
fn a_disk_that_takes_nothing_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(dir.path().join("t"), 1 << 20).unwrap();
    fs::remove_dir(&cache.folder).unwrap();
    cache.put(&key(1), &encoded(b"picture"));
    assert_eq!(cache.get(&key(1)), None);
    let none = Cache::open(dir.path().join("u"), 0).unwrap();
    none.put(&key(1), &encoded(b"picture"));
    assert_eq!(names(&none.folder), [""; 0]);
}

#[test]
fn several_write_one_thumbnail_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("t");
    let caches = [(); 2].map(|()| Cache::open(folder.clone(), 1 << 20).unwrap());
    std::thread::scope(|scope| {
        for cache in caches.iter().chain(&caches) {
            scope.spawn(move || {
                for _ in 0..100 {
                    cache.put(&key(1), &encoded(&[3; 5000]));
                    assert_eq!(cache.get(&key(1)), Some(encoded(&[3; 5000])));
                }
            });
        }
    });
    assert_eq!(names(&folder), [key(1).name()]);
}

use std::os::unix::fs::{chown, symlink};

use super::*;

#[test]
fn the_home_has_its_own_trash_which_is_made() {
    let place = Place::new();
    let trash = Trash::find(&place.disk, &place.user, &place.home()).unwrap();
    assert_eq!(trash, Trash { path: place.user.home_trash.clone(), top: None, is_across: false });
    assert_eq!(names(&trash.path), ["files", "info"]);
    for made in ["", "files", "info"] {
        assert_eq!(mode(&trash.path.join(made)), 0o700);
    }
    assert_eq!(Trash::find(&place.disk, &place.user, &place.home()).unwrap(), trash);
}

#[test]
fn another_file_system_has_one_in_its_highest_folder() {
    let place = Place::new();
    let trash = place.on_stick().unwrap();
    let own = place.own_of_stick();
    assert_eq!(trash, Trash { path: own.clone(), top: Some(place.stick.clone()), is_across: false });
    assert_eq!((names(&own), mode(&own)), (vec!["files".into(), "info".into()], 0o700));
    assert!(!place.user.home_trash.exists());
    assert_eq!(place.on_stick().unwrap(), trash);
}

#[test]
fn the_folder_of_all_users_comes_first_if_it_is_sticky() {
    let place = Place::new();
    let shared = place.make_shared(0o1777);
    let trash = place.on_stick().unwrap();
    assert_eq!(trash.path, shared.join(place.user.id.to_string()));
    assert_eq!((trash.top, trash.is_across), (Some(place.stick.clone()), false));
    assert!(!place.own_of_stick().exists());
}

#[test]
fn a_folder_of_all_users_that_is_not_sticky_or_a_link_is_not_used() {
    let place = Place::new();
    let shared = place.make_shared(0o777);
    assert_eq!(place.on_stick().unwrap().path, place.own_of_stick());
    assert_eq!(names(&shared), [""; 0]);

    let place = Place::new();
    let elsewhere = place.home().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::set_permissions(&elsewhere, PermissionsExt::from_mode(0o1777)).unwrap();
    symlink(&elsewhere, place.stick.join(".Trash")).unwrap();
    assert_eq!(place.on_stick().unwrap().path, place.own_of_stick());
    assert_eq!(names(&elsewhere), [""; 0]);
}

#[test]
fn a_trash_that_is_a_link_or_a_file_or_anothers_is_not_used() {
    let elsewhere = |place: &Place| {
        let folder = place.stick.join("elsewhere");
        fs::create_dir(&folder).unwrap();
        folder
    };
    type Wrong<'a> = &'a dyn Fn(&Place, &Path);
    let wrongs: [Wrong; 3] = [
        &|place, path| symlink(elsewhere(place), path).unwrap(),
        &|_, path| fs::write(path, "").unwrap(),
        &|_, path| {
            fs::create_dir(path).unwrap();
            chown(path, Some(54321), None).unwrap();
        },
    ];
    for (number, wrong) in wrongs.iter().enumerate() {
        if number == 2 && !rustix::process::geteuid().is_root() {
            continue;
        }
        // The one of the user in the folder of all: then the user's own beside it.
        let place = Place::new();
        let shared = place.make_shared(0o1777);
        wrong(&place, &shared.join(place.user.id.to_string()));
        assert_eq!(place.on_stick().unwrap().path, place.own_of_stick());
        // That one: then home, to which the victim is copied.
        let place = Place::new();
        wrong(&place, &place.own_of_stick());
        let trash = place.on_stick().unwrap();
        assert_eq!(trash, Trash { path: place.user.home_trash.clone(), top: None, is_across: true });
        // One of its folders.
        let place = Place::new();
        fs::create_dir(place.own_of_stick()).unwrap();
        wrong(&place, &place.own_of_stick().join("files"));
        assert!(place.on_stick().unwrap().is_across);
        // And home's own.
        let place = Place::new();
        fs::create_dir_all(place.user.home_trash.parent().unwrap()).unwrap();
        wrong(&place, &place.user.home_trash);
        fs::write(place.own_of_stick(), "").unwrap();
        assert!(place.on_stick().is_err());
    }
}

#[test]
fn a_folder_that_cannot_be_made_leads_to_the_next() {
    // Each call fails once: what is found then is a trash that can be used, or there is an error.
    let mut tried = 0;
    for call in 0..200 {
        let place = Place::new();
        place.make_shared(0o1777);
        let disk = Meddling::mounted_at(&place.stick).and_failing_at(call);
        if let Ok(trash) = Trash::find(&disk, &place.user, &place.stick.join("photos/2024")) {
            assert_eq!(names(&trash.path), ["files", "info"]);
            assert_eq!(trash.is_across, trash.path == place.user.home_trash);
            assert_eq!(trash.top.is_none(), trash.is_across);
        }
        tried += 1;
        if disk.calls() <= call {
            break;
        }
    }
    assert!((20..100).contains(&tried), "{tried}");
}

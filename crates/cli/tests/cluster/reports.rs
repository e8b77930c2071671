//! One report, whatever the ranks, hosts, launchers and storage.

use std::fs;

use pixtwin_testkit::{
    Cluster, Dir, Mpi, cases,
    draw::{Drawing, landscape},
    encode::{Png, PngColour},
    library,
};

use crate::{IMAGES, PIXTWIN, alone, here, without_hosts};

/// Deals the files of a folder out to two.
fn halves(dir: &Dir) -> [Dir; 2] {
    let halves = [Dir::new(), Dir::new()];
    for (number, name) in dir.names().iter().enumerate() {
        let (from, to) = (dir.path().join(name), halves[number % 2].path().join(name));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        // Names of one file stay one file only if they stay together: links are left to the tests of one host.
        if from.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&from).unwrap(), to).unwrap();
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
    halves
}

#[test]
fn ranks_of_one_machine_report_what_one_process_reports() {
    let dir = library();
    // Hard links lead from the icons to the rest.
    let sets = ["scan", "--set", "rest=.", "--set", "icons=icons", "--set", "photos=photos", "--set", "photos=scans"];
    let exact = [&["scan", "."][..], &["scan", "--tier", "bytes", "."], &["find", "icons/4.png", "--in", "."], &sets];
    let near = [&["scan", ".", "--tier", "similar"][..], &["find", "photos/000.jpg", "--tier", "similar", "--in", "."]];
    for flags in exact.into_iter().chain(near) {
        let json = [flags, &["--format", "json"]].concat();
        let expected = alone(&dir, &json);
        assert!(expected.out().lines().count() > 2);
        for ranks in [1, 2, 3, 8] {
            for storage in ["local", "shared"] {
                let ran = here(&dir, ranks, &[&json[..], &["--storage", storage]].concat());
                assert_eq!(ran.code, expected.code, "{ranks} ranks, {storage}: {}", ran.err());
                assert_eq!(without_hosts(ran.out()), expected.out(), "{ranks} ranks, {storage}, {flags:?}");
            }
        }
    }
}

#[test]
fn turned_pictures_are_the_same_for_any_number_of_ranks() {
    let dir = Dir::new();
    for seed in 0..6 {
        for turn in 1..=8 {
            let drawing = landscape(17, 11, seed).shown_under(turn);
            dir.write(format!("{seed}/{turn}.png"), Png::new(PngColour::Rgba).write(&drawing));
        }
    }
    for flags in [&["scan", "."][..], &["find", "3/5.png", "--in", "."]] {
        let json = [flags, &["--tier", "turned", "--format", "json"]].concat();
        let expected = alone(&dir, &json);
        assert_eq!(expected.code, 0, "{}", expected.err());
        for ranks in [1, 3] {
            let ran = here(&dir, ranks, &[&json[..], &["--storage", "shared"]].concat());
            assert_eq!((ran.code, without_hosts(ran.out())), (0, expected.out().to_owned()), "{ranks} ranks");
        }
    }
}

/// Equal bytes, so that ranks share what one of them looked at, and names of one file that two ranks meet.
#[test]
fn pictures_without_a_code_are_counted_once_by_any_number_of_ranks() {
    let dir = Dir::new();
    for number in 0..9_u8 {
        let plain = Drawing::solid(40 + u32::from(number % 3), 40, [9, number % 3, 9, 255]);
        dir.write(format!("{number}/plain.png"), Png::new(PngColour::Rgb).write(&plain));
        let other = Png::new(PngColour::Rgb).write(&landscape(80, 60, number.into()));
        dir.write(format!("{number}/other.png"), other);
    }
    dir.link("0/plain.png", "8/again.png");
    // So is what was compared.
    let compared = |said: &str| said.lines().find(|line| line.contains(" codes compared: ")).map(str::to_owned);
    for flags in [&["scan", ".", "-v"][..], &["find", "3/plain.png", "--in", "."]] {
        let json = [flags, &["--tier", "similar", "--format", "json"]].concat();
        let expected = alone(&dir, &json);
        assert!(expected.out().contains(r#""flat":9,"#), "{}", expected.out());
        assert_eq!(compared(expected.err()).is_some(), flags.contains(&"-v"), "{}", expected.err());
        for (ranks, storage) in [(1, "local"), (2, "shared"), (3, "local"), (5, "shared")] {
            let ran = here(&dir, ranks, &[&json[..], &["--storage", storage]].concat());
            assert_eq!((ran.code, &*without_hosts(ran.out())), (expected.code, expected.out()), "{ranks} ranks");
            assert_eq!(compared(ran.err()), compared(expected.err()), "{ranks} ranks");
        }
    }
}

#[test]
fn every_form_of_a_report_is_the_same_where_all_see_one_tree() {
    let dir = library();
    for format in ["text", "csv", "null", "json"] {
        let arguments = ["scan", ".", "--format", format, "--storage", "shared"];
        let expected = alone(&dir, &arguments);
        let ran = here(&dir, 3, &arguments);
        assert_eq!((ran.code, ran.stdout), (expected.code, expected.stdout), "{format}");
        let said = String::from_utf8(ran.stderr).unwrap();
        assert!(said.starts_with(str::from_utf8(&expected.stderr).unwrap()), "{said}");
    }
}

#[test]
fn hosts_with_disks_of_their_own_report_what_one_disk_would() {
    let halves = halves(&library());
    let whole = Dir::new();
    for half in &halves {
        for name in half.names() {
            let to = whole.path().join(&name);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            let from = half.path().join(&name);
            if from.is_symlink() {
                whole.symlink("icons", "soft");
            } else {
                fs::copy(from, to).unwrap();
            }
        }
    }
    let expected = alone(&whole, &["scan", ".", "--format", "json"]);
    let expected = expected.out().replace("{\"text\":\"./", "{\"text\":\"/srv/images/");
    let expected = without_bytes_paths(&expected);
    let cluster = Cluster::up(&halves);
    let mpis = if cases(0, 1) == 0 { vec![Mpi::OpenMpi4, Mpi::OpenMpi5, Mpi::Mpich5Abi] } else { Mpi::ALL.to_vec() };
    for mpi in mpis {
        for ranks in [2, 8] {
            let options = mpi.ranks_per_host(ranks, ranks / 2);
            let ran = cluster.run(mpi, &options, PIXTWIN, ["scan", IMAGES, "--format", "json"]).end();
            assert_eq!(ran.code & 3, 3, "{mpi:?}: {}", ran.err());
            let found = without_bytes_paths(&without_hosts(ran.out()));
            assert_eq!(found, expected, "{ranks} ranks, {mpi:?}");
        }
    }
}

/// Paths that are no UTF-8 stand in base64, in which the folder cannot be replaced.
fn without_bytes_paths(json: &str) -> String {
    let mut text = String::new();
    let mut rest = json;
    while let Some((before, after)) = rest.split_once("{\"bytes\":\"") {
        text.push_str(before);
        text.push_str("{\"bytes\":\"\"");
        rest = after.split_once('"').unwrap().1;
    }
    text + rest
}

#[test]
fn twins_cross_from_a_set_on_one_host_to_another_set_on_another() {
    let hosts = [Dir::new(), Dir::new()];
    let [leak, within] = [1, 2].map(|seed| Png::new(PngColour::Rgb).write(&landscape(80, 60, seed)));
    hosts[0].write("train/1.png", &leak).write("train/2.png", &within).mkdir("test");
    hosts[1].write("test/1.png", &leak).write("train/2.png", &within);
    let cluster = Cluster::up(&hosts);
    let arguments = ["scan", "--between", "/srv/images/train", "/srv/images/test", "--format", "json", "--check"];
    let ran = cluster.run(Mpi::OpenMpi4, &Mpi::OpenMpi4.ranks_per_host(2, 1), PIXTWIN, arguments).end();
    assert_eq!(ran.code, 1, "{}", ran.err());
    let lines: Vec<&str> = ran.out().lines().collect();
    let folder = |name: &str, host: &str| {
        format!(
            r#"{{"type":"folder","path":{{"text":"/srv/images/{name}"}},"host":"{host}","set":"/srv/images/{name}","crossing":1}}"#
        )
    };
    assert_eq!(lines.len(), 4, "{}", ran.out());
    assert_eq!(lines[1..3], [folder("test", "h2"), folder("train", "h1")]);
    assert!(lines[3].contains(r#""files":4,"pictures":4,"groups":1,"twins":2,"#), "{}", lines[3]);
}

/// Networked file systems number their devices anew on each host: the same tree, seen through an overlay.
#[test]
fn a_tree_whose_device_has_other_numbers_on_the_hosts_is_one_tree() {
    let (shared, empty) = (Dir::new(), Dir::new());
    let quick = Png { level: 1, ..Png::new(PngColour::Rgb) };
    let picture = landscape(800, 600, 1);
    // Equal up to their last row, so that there are looks to share between the hosts.
    for number in 0..120 {
        shared.write(format!("{number:03}.png"), quick.write(&picture.clone().with_sample_changed(number, 599, 0)));
    }
    shared.write("again.png", quick.write(&picture.clone().with_sample_changed(7, 599, 0)));
    let cluster = Cluster::shared(2, &shared);
    let layers = format!("lowerdir={}:{}", shared.path().display(), empty.path().display());
    let mounted = cluster.exec("h2", "mount", ["-t", "overlay", "other", "-o", &layers, IMAGES]).end();
    assert_eq!(mounted.code, 0, "{}", mounted.err());
    let device = |host: &str| cluster.exec(host, "stat", ["-c", "%d", IMAGES]).end().out().to_owned();
    assert_ne!(device("h1"), device("h2"));
    let arguments = ["scan", IMAGES, "--storage", "shared"];
    let ran = cluster.run(Mpi::OpenMpi4, &Mpi::OpenMpi4.ranks_per_host(2, 1), PIXTWIN, arguments).end();
    assert_eq!(ran.code, 0, "{}", ran.err());
    assert!(ran.out().contains("/srv/images/007.png") && ran.out().contains("/srv/images/again.png"), "{}", ran.out());
    assert!(ran.err().contains("121 files, 121 pictures: 1 group of twins with 2 files"), "{}", ran.err());
}

//! What the program of the paper got wrong: files lost by uneven splits, hangs, and other folders on other hosts.

use pixtwin_testkit::{
    Cluster, Dir, Mpi, cases,
    draw::{icon, noise},
    encode::png,
};

use crate::{IMAGES, PIXTWIN, here, on_hosts};

/// So many different icons in `images`, of which those at these places are copies of the query.
fn icons(files: usize, copies: &[usize]) -> Dir {
    let dir = Dir::new();
    dir.write("query.png", png(&icon(8, 1))).mkdir("images");
    for number in 0..files {
        let seed = if copies.contains(&number) { 1 } else { 2 + number as u64 };
        dir.write(format!("images/a{number:05}.png"), png(&icon(8, seed)));
    }
    dir
}

#[track_caller]
fn assert_found(dir: &Dir, ranks: usize, expected: &[&str]) {
    let ran =
        here(dir, ranks, &["find", "-q", "query.png", "--in", "images", "--format", "null", "--storage", "shared"]);
    let names: String = expected.iter().map(|name| format!("images/{name}.png\0")).collect();
    assert_eq!((ran.code, ran.out()), (0, names.as_str()), "{ranks} ranks: {}", ran.err());
}

#[test]
fn no_split_loses_a_file() {
    let dir = icons(21, &[5, 20]);
    (1..=4).for_each(|ranks| assert_found(&dir, ranks, &["a00005", "a00020"]));
    assert_found(&icons(3, &[2]), 2, &["a00002"]);
}

#[test]
fn fewer_files_than_ranks_are_no_trouble() {
    assert_found(&icons(1, &[0]), 2, &["a00000"]);
    assert_found(&icons(1, &[]), 4, &[]);
    assert_found(&icons(0, &[]), 3, &[]);
    here(&icons(0, &[]), 2, &["scan", "images"]).assert(0, "", "0 files, 0 pictures: no twins\n");
}

#[test]
fn hundreds_of_files_a_rank_are_no_trouble() {
    let files = cases(800, 200_000) as usize;
    let (first, last) = (format!("a{:05}", 3), format!("a{:05}", files - 1));
    assert_found(&icons(files, &[3, files - 1]), 2, &[&first, &last]);
}

#[test]
fn an_unknown_query_is_an_error_on_all_ranks() {
    let ran = here(&icons(3, &[]), 3, &["find", "nowhere.png", "--in", "images"]);
    assert_eq!((ran.code, ran.out()), (2, ""));
    let error = "error: cannot read `nowhere.png`: no such file or directory\n";
    assert!(ran.err().starts_with(error) && ran.err().matches("error: ").count() == 1, "{}", ran.err());
}

#[test]
fn a_folder_that_is_nowhere_is_an_error() {
    let ran = here(&icons(3, &[]), 3, &["scan", "nowhere"]);
    assert_eq!((ran.code, ran.out()), (2, ""));
    assert!(ran.err().starts_with("error: cannot search `nowhere`: no such file or directory\n"), "{}", ran.err());
}

#[test]
fn hosts_may_have_different_folders_and_files() {
    let folders = [Dir::new(), Dir::new()];
    let copy = png(&icon(32, 1));
    folders[0].write("x/a05.png", &copy).write("only-here/b.png", &copy).write("same.png", &copy);
    folders[1].write("x/a00.png", &copy).write("y/a01.png", &copy).write("same.png", &copy);
    folders[1].write("broken.png", &copy[..copy.len() - 8]).write("x/other.png", png(&icon(32, 2)));
    let cluster = Cluster::up(&folders);
    cluster.home().write("query.png", &copy);
    let query = cluster.home().join("query.png");
    let query = query.to_str().unwrap();
    let ran = on_hosts(&cluster, Mpi::OpenMpi4, &["find", query, "--in", IMAGES, "--format", "null"]).end();
    let places = [
        "h1:/srv/images/only-here/b.png",
        "h1:/srv/images/same.png",
        "h2:/srv/images/same.png",
        "h2:/srv/images/x/a00.png",
        "h1:/srv/images/x/a05.png",
        "h2:/srv/images/y/a01.png",
    ];
    assert_eq!(ran.out(), places.map(|place| format!("{place}\0")).concat());
    assert_eq!(ran.code, 3, "{}", ran.err());
    let said = "not compared: h2:/srv/images/broken.png: ";
    assert!(ran.err().starts_with(said), "{}", ran.err());

    // A folder that one host lacks is listed, not passed over.
    let ran = on_hosts(&cluster, Mpi::OpenMpi4, &["scan", "/srv/images/only-here"]).end();
    let said = "not compared: h2:/srv/images/only-here: no such file or directory\n1 file, 1 picture: no twins\n";
    assert_eq!((ran.code, ran.out()), (3, ""));
    assert!(ran.err().starts_with(said), "{}", ran.err());
}

#[test]
fn a_file_that_vanishes_is_listed() {
    let dir = icons(2, &[]);
    dir.symlink("gone.png", "images/link.png");
    let ran = here(&dir, 2, &["scan", "-L", "images", "--storage", "shared"]);
    assert_eq!((ran.code, ran.out()), (3, ""));
    assert!(ran.err().starts_with("not compared: images/link.png: no such file or directory\n"), "{}", ran.err());
}

/// One tree for both hosts, but for a folder below, where another disk is mounted on one of them.
#[test]
fn a_folder_that_is_another_on_one_host_makes_no_twins() {
    let (shared, other) = (Dir::new(), Dir::new());
    let copy = png(&noise(21, 20, 1));
    for number in 0..1200 {
        shared.write(format!("sub/{number:04}.png"), png(&noise(20, 20, number)));
        other.write(format!("{number:04}.png"), &copy);
    }
    let cluster = Cluster::shared(2, &shared);
    let mount = ["--bind", other.path().to_str().unwrap(), "/srv/images/sub"];
    assert_eq!(cluster.exec("h2", "mount", mount).end().code, 0);
    let arguments = ["scan", IMAGES, "--storage", "shared", "--format", "json"];
    let ran = cluster.run(Mpi::OpenMpi4, &Mpi::OpenMpi4.ranks_per_host(2, 1), PIXTWIN, arguments).end();
    assert_eq!(ran.code, 3, "{}", ran.err());
    assert!(!ran.out().contains("\"type\":\"group\""), "{}", ran.out());
    assert!(ran.err().contains("not as the walk saw it: it changed meanwhile, or this host sees another tree"));
}

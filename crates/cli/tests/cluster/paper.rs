//! The experiments of the paper: one picture on the root, its copies on the disks of two hosts.

use pixtwin_testkit::{
    Cluster, Dir, Mpi,
    draw::{icon, landscape},
    encode::png,
};

use crate::{IMAGES, on_hosts};

/// Two hosts with icons of their own, named alike; `first` and `second` are added to them.
fn hosts(first: &[(&str, Vec<u8>)], second: &[(&str, Vec<u8>)]) -> (Cluster, [Dir; 2]) {
    let folders = [first, second].map(|files| (Dir::new(), files));
    for (host, (folder, files)) in folders.iter().enumerate() {
        for number in 0..20 {
            let name = format!("icon-{number:02}.png");
            folder.write(name, png(&icon(32, 100 * (host as u64 + 1) + number)));
        }
        for (name, file) in *files {
            folder.write(name, file);
        }
    }
    let folders = folders.map(|(folder, _)| folder);
    (Cluster::up(&folders), folders)
}

fn find(cluster: &Cluster, query: &str) -> pixtwin_testkit::Ran {
    on_hosts(cluster, Mpi::OpenMpi4, &["find", query, "--in", IMAGES]).end()
}

#[test]
fn figure_8_a_copy_is_found_on_the_host_that_has_it() {
    let picture = icon(32, 7);
    let (cluster, _folders) = hosts(&[("a.png", png(&picture))], &[("copy.png", png(&picture))]);
    find(&cluster, "/srv/images/a.png").assert(
        0,
        "/srv/images/a.png\n  h2:/srv/images/copy.png  PNG, same bytes\n",
        "42 files, 42 pictures: 1 twin\n",
    );
}

#[test]
fn figure_10_the_first_and_the_last_file_are_found_on_different_hosts() {
    let picture = icon(32, 7);
    let (cluster, _folders) = hosts(&[("a.png", png(&picture))], &[("z.png", png(&picture))]);
    let query = cluster.home().join("query.png");
    cluster.home().write("query.png", png(&picture));
    let query = query.to_str().unwrap();
    find(&cluster, query).assert(
        0,
        &format!("{query}\n  h1:/srv/images/a.png  PNG, same bytes\n  h2:/srv/images/z.png  PNG, same bytes\n"),
        "42 files, 42 pictures: 2 twins\n",
    );
}

#[test]
fn figure_13_a_flipped_copy_is_not_found() {
    let picture = landscape(32, 32, 7);
    let flipped = [("flipped.png", png(&picture.flipped())), ("mirrored.png", png(&picture.mirrored()))];
    let (cluster, _folders) = hosts(&[("a.png", png(&picture))], &flipped);
    let expected = "/srv/images/a.png\n  no twin\n";
    find(&cluster, "/srv/images/a.png").assert(0, expected, "43 files, 43 pictures: 0 twins\n");
    let checked = on_hosts(&cluster, Mpi::OpenMpi4, &["find", "-q", "--check", "/srv/images/a.png", "--in", IMAGES]);
    let checked = checked.end();
    assert_eq!((checked.code, checked.out()), (1, expected), "{}", checked.err());
}

#[test]
fn the_root_asks_for_the_picture_as_the_program_of_the_paper_did() {
    let picture = icon(32, 7);
    let (cluster, _folders) = hosts(&[("a.png", png(&picture))], &[("copy.png", png(&picture))]);
    let asked = on_hosts(&cluster, Mpi::OpenMpi4, &["find", "-q", "--in", IMAGES]).input("/srv/images/a.png\n").end();
    asked.assert(0, "/srv/images/a.png\n  h2:/srv/images/copy.png  PNG, same bytes\n", "Picture to look for: ");
}

//! Catalogues of hosts: each rank uses that of its host.

use std::{thread, time::Duration};

use pixtwin_testkit::{
    Cluster, Dir, Mpi, Ran,
    draw::{landscape, noise},
    encode::{Png, PngColour, png, qoi},
    library,
};

use crate::{IMAGES, PIXTWIN, alone, faults, here, on_hosts, without_hosts};

/// Where every host keeps its catalogue, on a file system of its own.
const KEPT: &str = "/mnt/catalogue.sqlite";

/// How much the run read, by its table of rungs.
fn bytes_read(ran: &Ran) -> Vec<&str> {
    let rows = ran.err().lines().skip_while(|line| !line.contains("looked at")).skip(1);
    let read = rows.take_while(|row| row.ends_with('B')).map(|row| row.rsplit("  ").next().unwrap().trim());
    read.filter(|read| *read != "0 B").collect()
}

#[test]
fn ranks_of_one_machine_share_its_catalogue() {
    let (dir, kept) = (library(), Dir::new());
    dir.settle();
    for storage in ["local", "shared"] {
        let kept = kept.join(storage).to_str().unwrap().to_owned();
        let arguments = ["scan", ".", "--format", "json", "--verbose", "--catalogue", &kept, "--storage", storage];
        let expected = alone(&dir, &["scan", ".", "--format", "json"]);
        let first = here(&dir, 3, &arguments);
        assert_eq!(without_hosts(first.out()), expected.out(), "{storage}: {}", first.err());
        assert!(!bytes_read(&first).is_empty(), "{}", first.err());
        for ranks in [3, 2] {
            let again = here(&dir, ranks, &arguments);
            assert_eq!(without_hosts(again.out()), expected.out(), "{storage}: {}", again.err());
            // Who looks further for all that share a payload depends on how the files were dealt out.
            let row = again.err().lines().find(|row| row.starts_with("first look")).unwrap();
            assert_eq!(row.split_whitespace().nth(3), Some("0"), "{storage}, {ranks} ranks: {}", again.err());
        }
        // And a process by itself.
        let by_itself = alone(&dir, &["scan", ".", "--format", "json", "--catalogue", &kept]);
        assert_eq!(by_itself.out(), expected.out(), "{storage}");
    }
}

#[test]
fn every_host_is_asked_for_what_its_own_catalogue_knows() {
    let hosts = [Dir::new(), Dir::new()];
    let picture = noise(60, 40, 1);
    hosts[0].write("a.png", png(&picture)).write("other.png", png(&noise(60, 40, 2)));
    hosts[1].write("b.qoi", qoi(&picture));
    hosts.iter().for_each(|host| _ = host.settle());
    let cluster = Cluster::up(&hosts);
    for host in ["h1", "h2"] {
        let mounted = cluster.exec(host, "mount", ["-t", "tmpfs", "kept", "/mnt"]).end();
        assert_eq!(mounted.code, 0, "{}", mounted.err());
    }
    let run = |arguments: &[&str]| on_hosts(&cluster, Mpi::OpenMpi4, arguments).end();
    // Nobody has looked yet.
    let query = "/srv/images/a.png";
    let nowhere = run(&["find", query, "--catalogue", KEPT]);
    assert_eq!((nowhere.code, nowhere.out()), (2, ""), "{}", nowhere.err());
    let scanned = run(&["scan", IMAGES, "--verbose", "--catalogue", KEPT]);
    assert!(scanned.out().contains("h1:/srv/images/a.png") && scanned.out().contains("h2:/srv/images/b.qoi"));
    assert!(bytes_read(&run(&["scan", IMAGES, "--verbose", "--catalogue", KEPT])).is_empty());
    let found = run(&["find", query, "--catalogue", KEPT]);
    assert_eq!((found.code, found.out()), (0, "/srv/images/a.png\n  h2:/srv/images/b.qoi  QOI, same pixels\n"));
}

#[test]
fn a_run_that_is_broken_off_goes_on_where_it_was() {
    let (dir, kept) = (Dir::new(), Dir::new());
    let slow = Png { level: 1, ..Png::new(PngColour::Rgb) };
    let picture = landscape(1600, 1200, 1);
    // All equal down to their last row: each is decoded whole.
    for number in 0..100 {
        dir.write(format!("{number:03}.png"), slow.write(&picture.clone().with_sample_changed(number, 1199, 0)));
    }
    dir.write("again.png", slow.write(&picture.clone().with_sample_changed(7, 1199, 0))).settle();
    let kept = kept.join("c").to_str().unwrap().to_owned();
    let arguments = ["scan", ".", "--threads", "1", "--storage", "shared", "--verbose", "--catalogue", &kept];
    let broken = Mpi::OpenMpi4.run_here(&dir, 2, PIXTWIN, arguments).start();
    // What was learnt is written every two seconds.
    let known = || {
        let status = alone(&dir, &["catalogue", "status", "--catalogue", &kept]);
        !status.out().is_empty() && !status.out().contains(" 0 pictures,")
    };
    let is_known = (0..600).any(|_| {
        thread::sleep(Duration::from_millis(50));
        known()
    });
    assert!(is_known, "nothing was kept");
    broken.interrupt();
    let _ = broken.end_within(Duration::from_secs(20));
    let resumed = here(&dir, 2, &arguments);
    assert_eq!(resumed.code, 0, "{}", resumed.err());
    assert!(resumed.out().contains("./007.png") || resumed.out().contains("007.png"), "{}", resumed.out());
    let whole = alone(&dir, &["scan", ".", "--threads", "1", "--verbose", "--no-catalogue"]);
    let looked = |ran: &Ran| -> u64 {
        let row = ran.err().lines().find(|line| line.starts_with("first look")).unwrap().to_owned();
        row.split_whitespace().nth(3).unwrap().replace(',', "").parse().unwrap()
    };
    assert!(looked(&resumed) < looked(&whole), "{}", resumed.err());
}

/// Where a rank is lost the others break their looks off: what these come to says nothing of the pictures.
#[test]
fn nothing_is_kept_of_looks_that_were_broken_off() {
    let cluster = Cluster::up(faults::library());
    for host in ["h1", "h2"] {
        assert_eq!(cluster.exec(host, "mount", ["-t", "tmpfs", "kept", "/mnt"]).end().code, 0);
    }
    let run = |more: &[&str]| {
        // All on one processor: longer, and as good.
        let words = [&["-c", "0", PIXTWIN, "scan", IMAGES, "--format", "json", "-j1"][..], more].concat();
        cluster.run(Mpi::OpenMpi4, &Mpi::OpenMpi4.ranks_per_host(4, 2), "taskset", words)
    };
    let whole = run(&["--no-catalogue"]).end();
    for round in 0..4 {
        let mut job = cluster.spawn(run(&["--catalogue", KEPT]));
        let ranks = job.ranks(4);
        thread::sleep(Duration::from_millis(700 + 500 * round));
        // It may have ended by now.
        ranks[3].try_kill();
        let _ = job.end_within(Duration::from_secs(30));
    }
    let again = run(&["--catalogue", KEPT]).end();
    assert_eq!((again.code, again.out()), (whole.code, whole.out()), "{}", again.err());
}

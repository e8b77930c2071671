//! How the program is started, and what it refuses.

use pixtwin_testkit::{Dir, Mpi, draw::icon, encode::png};

use crate::{PIXTWIN, here};

#[test]
fn the_program_is_linked_with_no_mpi() {
    let ran = Dir::new().run("ldd", [PIXTWIN]).end();
    assert_eq!(ran.code, 0, "{}", ran.err());
    assert!(ran.out().contains("libc.so") && !ran.out().to_lowercase().contains("mpi"), "{}", ran.out());
}

#[test]
fn what_is_wrong_with_the_arguments_is_said_once() {
    let ran = here(&Dir::new(), 3, &["scan", "--tier", "nonsense", "."]);
    assert_eq!((ran.code, ran.out()), (2, ""));
    assert_eq!(ran.err().matches("error: invalid value 'nonsense'").count(), 1, "{}", ran.err());
}

#[test]
fn commands_for_one_process_refuse_to_run_several_times() {
    let dir = Dir::new();
    dir.write("a.png", png(&icon(8, 1)));
    let ran = here(&dir, 2, &["hash", "a.png"]);
    assert_eq!((ran.code, ran.out()), (2, ""));
    let said = "error: `hash` runs in one process, not over ranks; find and scan do\n";
    assert!(ran.err().starts_with(said), "{}", ran.err());
}

#[test]
fn ranks_that_were_started_otherwise_do_not_begin() {
    let dir = Dir::new();
    dir.write("a.png", png(&icon(8, 1)));
    let colon = ["scan", "--tier", "bytes", ".", ":", "-n", "1", PIXTWIN, "scan", "."];
    let ran = Mpi::OpenMpi4.run_here(&dir, 1, PIXTWIN, colon).end();
    assert_eq!((ran.code, ran.out()), (2, ""));
    let said = " was started with tier `pixels`, and rank 0 with `bytes`\n";
    assert!(ran.err().starts_with("error: rank 1 on ") && ran.err().contains(said), "{}", ran.err());
}

#[test]
fn ranks_that_were_given_other_sets_do_not_begin() {
    let dir = Dir::new();
    dir.write("a/1.png", png(&icon(8, 1))).write("b/1.png", png(&icon(8, 1)));
    for (ours, theirs) in [(&["--between", "a", "b"][..], &["a", "b"][..]), (&["a", "b"], &["--between", "a", "b"])] {
        let words = [&["scan"], ours, &[":", "-n", "1", PIXTWIN, "scan"], theirs].concat();
        let ran = Mpi::OpenMpi4.run_here(&dir, 1, PIXTWIN, words).end();
        assert_eq!((ran.code, ran.out()), (2, ""));
        assert!(ran.err().contains(" was started with sets `"), "{}", ran.err());
    }
}

/// What is wrong with one host's folders is said by all ranks together, or the others would wait.
#[test]
fn one_place_in_two_sets_is_refused_by_all_ranks() {
    let dir = Dir::new();
    dir.write("a/1.png", png(&icon(8, 1))).symlink("a", "b");
    for storage in ["local", "shared"] {
        let ran = here(&dir, 3, &["scan", "--between", "a", "b", "--storage", storage]);
        assert_eq!((ran.code, ran.out()), (2, ""), "{}", ran.err());
        assert!(
            ran.err().contains("error: cannot search `b`: it is the same place as `a` of another set\n"),
            "{}",
            ran.err()
        );
    }
}

#[test]
fn ranks_of_which_one_was_given_another_command_do_not_begin() {
    let dir = Dir::new();
    dir.write("a.png", png(&icon(8, 1)));
    let colon = ["scan", ".", ":", "-n", "1", PIXTWIN, "find", "a.png", "--in", "."];
    let ran = Mpi::OpenMpi4.run_here(&dir, 1, PIXTWIN, colon).end();
    assert_eq!((ran.code, ran.out()), (2, ""));
    assert!(ran.err().contains(" was started with command `find`, and rank 0 with `scan`\n"), "{}", ran.err());
}

#[test]
fn what_is_wrong_with_the_arguments_of_one_rank_is_said() {
    let dir = Dir::new();
    let colon = ["scan", ".", ":", "-n", "1", PIXTWIN, "scan", "--no-such-flag", "."];
    let ran = Mpi::OpenMpi4.run_here(&dir, 1, PIXTWIN, colon).end();
    assert_eq!((ran.code, ran.out()), (2, ""));
    assert!(ran.err().contains("unexpected argument '--no-such-flag'"), "{}", ran.err());
}

/// Every process would think that it is alone.
#[test]
fn the_library_of_another_mpi_is_refused() {
    let dir = Dir::new();
    dir.write("a.png", png(&icon(8, 1)));
    let mpich = concat!("MPI_LIB=", env!("CARGO_MANIFEST_DIR"), "/../../target/mpi/mpich-5/lib/libmpi.so.12");
    for (mpi, library, said) in [
        (Mpi::OpenMpi4, mpich, "error: the launcher is Open MPI's, and `"),
        (Mpi::Mpich5, "MPI_LIB=libmpi.so.40", "error: the launcher started 2 processes, but `libmpi.so.40` sees 1: "),
    ] {
        let ran = mpi.run_here(&dir, 2, "env", [library, PIXTWIN, "scan", "."]).end();
        assert!(ran.code != 0 && ran.out().is_empty(), "{mpi:?}: {}\n{}", ran.out(), ran.err());
        assert!(ran.err().contains(said) && ran.err().contains("hint: set MPI_LIB"), "{mpi:?}: {}", ran.err());
    }
}

#[test]
fn a_library_that_is_not_there_is_named() {
    let dir = Dir::new();
    let ran = Mpi::OpenMpi4.run_here(&dir, 1, PIXTWIN, ["scan", "."]).env("MPI_LIB", "/nowhere/libmpi.so").end();
    assert_eq!((ran.code, ran.out()), (2, ""), "{}", ran.err());
    assert!(ran.err().contains("/nowhere/libmpi.so"), "{}", ran.err());
}

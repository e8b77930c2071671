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
fn progress_is_written_by_the_root_where_it_is_asked_for() {
    let dir = Dir::new();
    dir.write("a.png", png(&icon(8, 1)));
    let ran = here(&dir, 2, &["scan", ".", "--progress", "always"]);
    ran.assert(0, "", "1 file, 1 picture: no twins\n");
}

//! What files that share blocks, or have several names, free; on file systems that share blocks.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, SystemTime},
};

use pixtwin_testkit::{Mounts, draw::noise, encode::png};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_pixtwin");

/// A file system of that type at `d`, and `d/p/a.png` on it, the file that stays.
fn disk(kind: &str) -> Mounts {
    let mounts = Mounts::new(&format!("disk d {} {kind}", if kind == "xfs" { 300 } else { 120 })).unwrap();
    fs::create_dir(mounts.seen("d/p")).unwrap();
    fs::write(mounts.seen("d/p/a.png"), png(&noise(200, 200, 1))).unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    fs::File::options().append(true).open(mounts.seen("d/p/a.png")).unwrap().set_modified(old).unwrap();
    mounts
}

/// Runs a program that has to end well, and gives its lines.
fn ended(mounts: &Mounts, program: &str, words: &[&str]) -> (String, String) {
    let ran = mounts.run(program, words).end();
    assert_eq!(ran.code, 0, "{program} {words:?}: {}", ran.err());
    (String::from_utf8(ran.stdout.clone()).unwrap(), ran.err().to_owned())
}

/// What the last line says.
fn summary(mounts: &Mounts, words: &[&str]) -> Value {
    let (out, _) = ended(mounts, PROGRAM, &[words, &["--format", "json"]].concat());
    // The last run, or the summary of what has no runs.
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.iter().rfind(|line| line["type"] == "run").or(lines.last()).unwrap().clone()
}

fn plan(mounts: &Mounts) -> String {
    let (folder, plan) = (mounts.path("d/p"), mounts.path("plan"));
    let plan = plan.to_str().unwrap();
    let words = ["scan", "-q", "--no-catalogue", "--format", "null", folder.to_str().unwrap(), "--plan", plan];
    drop(fs::remove_file(mounts.seen("plan")));
    ended(mounts, PROGRAM, &words);
    plan.to_owned()
}

#[test]
fn only_what_is_freed_is_counted() {
    for kind in ["xfs", "btrfs"] {
        let mounts = disk(kind);
        let path = |name: &str| mounts.path("d/p").join(name).to_str().unwrap().to_owned();
        let size = mounts.seen("d/p/a.png").metadata().unwrap().len();
        // One shares its blocks; of two names of another the last frees them; one has a name elsewhere, which stays.
        ended(&mounts, "cp", &["--reflink=always", &path("a.png"), &path("shared.png")]);
        ended(&mounts, "cp", &["--reflink=never", &path("a.png"), &path("b.png")]);
        fs::hard_link(mounts.seen("d/p/b.png"), mounts.seen("d/p/c.png")).unwrap();
        ended(&mounts, "cp", &["--reflink=never", &path("a.png"), &path("named.png")]);
        fs::hard_link(mounts.seen("d/p/named.png"), mounts.seen("d/named.png")).unwrap();
        let bytes = |of: &Value| (of["done"].as_u64().or(of["steps"].as_u64()).unwrap(), of["bytes"].as_u64().unwrap());
        let applied = ["apply", &plan(&mounts)];
        let applied = || {
            assert_eq!(bytes(&summary(&mounts, &applied)), (4, size), "{kind}");
            assert_eq!(bytes(&summary(&mounts, &[&applied[..], &["--yes"]].concat())), (4, size), "{kind}");
            let listed = summary(&mounts, &["runs"]);
            assert_eq!(bytes(&listed), (4, size), "{kind}");
            let quarantined = [&listed["quarantined"], &listed["quarantined_bytes"]];
            assert_eq!(quarantined, [&Value::from(4), &Value::from(size)], "{kind}");
        };
        applied();
        assert_eq!(bytes(&summary(&mounts, &["undo", "--yes"])), (4, size), "{kind}");
        plan(&mounts);
        applied();
        assert_eq!(bytes(&summary(&mounts, &["purge", "--yes"])), (4, size), "{kind}");
        assert!(mounts.seen("d/p/a.png").exists() && mounts.seen("d/named.png").exists());
    }
}

/// Whether all blocks of a file are marked as shared, by another program.
fn is_shared(mounts: &Mounts, path: &Path) -> bool {
    let (out, _) = ended(mounts, "/usr/sbin/filefrag", &["-v", path.to_str().unwrap()]);
    let lines: Vec<_> = out.lines().filter(|line| line.contains("..") && !line.contains("logical_offset")).collect();
    assert!(!lines.is_empty(), "{out}");
    lines.iter().all(|line| line.contains("shared"))
}

#[test]
fn files_share_their_blocks_and_are_what_they_were() {
    for kind in ["xfs", "btrfs"] {
        let mounts = disk(kind);
        let twin = mounts.path("d/p/b.png");
        let words =
            ["--reflink=never", mounts.path("d/p/a.png").to_str().unwrap(), twin.to_str().unwrap()].map(str::to_owned);
        ended(&mounts, "cp", &words.each_ref().map(|word| &**word));
        let of_twin = || {
            let state = mounts.seen("d/p/b.png").metadata().unwrap();
            let times = [state.mtime(), state.mtime_nsec(), state.ctime(), state.ctime_nsec()];
            (state.ino(), state.mode(), state.nlink(), times, fs::read(mounts.seen("d/p/b.png")).unwrap())
        };
        let before = of_twin();
        let plan = plan(&mounts);
        assert!(!is_shared(&mounts, &twin));
        let done = summary(&mounts, &["apply", &plan, "--to", "reflink", "--yes"]);
        assert_eq!([&done["done"], &done["bytes"]], [&Value::from(1), &Value::from(0)], "{kind}");
        assert!(is_shared(&mounts, &twin) && is_shared(&mounts, &mounts.path("d/p/a.png")), "{kind}");
        assert_eq!(of_twin(), before, "{kind}");
        for again in [false, true] {
            let run = summary(&mounts, &["runs"])["run"].as_str().unwrap().to_owned();
            let words = if again { vec!["undo", "--yes", &run] } else { vec!["undo", "--yes"] };
            let (_, said) = ended(&mounts, PROGRAM, &words);
            assert!(said.starts_with(&format!("nothing of run {run} is to be undone: ")), "{said}");
            assert!(is_shared(&mounts, &twin), "{kind}");
            assert_eq!(of_twin(), before, "{kind}");
        }
        // There is no file that a purge could end.
        assert_eq!(ended(&mounts, PROGRAM, &["purge", "--yes"]).1, "there is nothing to purge\n");
    }
}

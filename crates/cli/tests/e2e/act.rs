//! `pixtwin apply`, `undo`, `recover`, `purge` and `runs`: what they say, and how they end.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use pixtwin_testkit::{
    Dir, Ran,
    draw::icon,
    encode::{Png, PngColour, exif, png},
};
use serde_json::Value;

use crate::{pixtwin, ran};

/// Where a folder really is: plans have whole paths.
fn root(dir: &Dir) -> String {
    dir.path().canonicalize().unwrap().to_str().unwrap().to_owned()
}

/// Two equal files, the first of them older, and a plan by which the second goes.
fn twins() -> Dir {
    let dir = Dir::new();
    dir.write("p/a.png", png(&icon(16, 1))).write("p/b.png", png(&icon(16, 1))).write("p/c.png", png(&icon(16, 2)));
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000);
    fs::File::options().append(true).open(dir.join("p/a.png")).unwrap().set_modified(old).unwrap();
    plan(&dir, &[]);
    dir
}

fn plan(dir: &Dir, flags: &[&str]) {
    let planned =
        ran(dir, &[&["scan", "-q", "--no-catalogue", "--format", "null", "p", "--plan", "plan"], flags].concat());
    assert_eq!((planned.code, planned.err()), (0, ""));
}

/// The program, with a quarantine in the folder of the test.
fn apply(dir: &Dir, flags: &[&str]) -> Ran {
    ran(dir, &[&["apply", "plan", "--quarantine", "."], flags].concat())
}

/// The last run, as `runs` tells it.
fn last_run(dir: &Dir) -> Value {
    let listed = ran(dir, &["runs", "--format", "json"]).only_out();
    serde_json::from_str(listed.lines().last().unwrap()).unwrap()
}

fn name_of_last(dir: &Dir) -> String {
    last_run(dir)["run"].as_str().unwrap().to_owned()
}

#[test]
fn without_consent_it_only_shows_what_it_would_do() {
    let dir = twins();
    let (root, size) = (root(&dir), dir.read("p/b.png").len());
    let shown = format!(
        "    1  {root}/p/b.png\n       stays: {root}/p/a.png (oldest)\n\
         would move into quarantine 1 file; `pixtwin purge` then frees {size} B\n"
    );
    apply(&dir, &[]).assert(0, &shown, "nothing was changed: --yes does it\n");
    assert_eq!(dir.names().len(), 4);
    let lines = apply(&dir, &["--format", "json", "--quiet"]).only_out();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["path"]["text"], format!("{root}/p/b.png"));
    assert_eq!((&lines[1]["acted"], &lines[1]["bytes"]), (&Value::from(false), &Value::from(size)));
    // Nobody is there to ask where standard input is no terminal, whatever it says.
    let answered = pixtwin(&dir, &["apply", "plan"]).input("yes\n").end();
    answered.assert(0, &shown, "nothing was changed: --yes does it\n");
    // Nothing was written anywhere.
    assert!(!dir.home().join(".local").exists());
}

#[test]
fn what_goes_comes_back_and_is_gone_after_a_purge() {
    let dir = twins();
    let (root, size) = (root(&dir), dir.read("p/b.png").len());
    let went = apply(&dir, &["--yes"]);
    let run = name_of_last(&dir);
    let told = format!(
        "1 file moved into quarantine; `pixtwin purge {run}` then frees {size} B\n`pixtwin undo {run}` brings them back\n"
    );
    went.assert(0, &format!("{root}/p/b.png  stays: {root}/p/a.png\n"), &told);
    assert!(!dir.join("p/b.png").exists());
    let back = format!("1 file of run {run} brought back, {size} B\n");
    ran(&dir, &["undo"]).assert(0, &format!("{root}/p/b.png\n"), &back);
    assert_eq!(dir.read("p/b.png"), dir.read("p/a.png"));
    ran(&dir, &["undo"]).assert(0, "", "there is nothing to undo\n");
    ran(&dir, &["undo", &run]).assert(4, "", &format!("nothing of run {run} can be undone: 1 file undone before\n"));

    plan(&dir, &[]);
    assert_eq!(apply(&dir, &["--yes", "--quiet"]).only_out(), "");
    let run = name_of_last(&dir);
    let asks = format!("would end 1 file of 1 run, {size} B; nothing was changed: --yes does it\n");
    ran(&dir, &["purge"]).assert(0, "", &asks);
    ran(&dir, &["purge", "--yes", "--older-than", "1h"]).assert(0, "", "there is nothing to purge\n");
    ran(&dir, &["purge", "--yes"]).assert(0, &format!("{root}/p/b.png\n"), &format!("1 file purged, {size} B\n"));
    let gone = format!("nothing of run {run} can be undone: 1 file purged, and gone\n");
    ran(&dir, &["undo", &run]).assert(4, "", &gone);
    assert_eq!(last_run(&dir)["purged"], 1);
    assert_eq!(dir.names().len(), 3, "{:?}", dir.names());
}

#[test]
fn what_is_refused_is_named_and_the_exit_code_says_so() {
    let dir = twins();
    let root = root(&dir);
    dir.write("p/b.png", png(&icon(16, 3)));
    let refused = format!(
        "refused: {root}/p/b.png (step 1): it is not what it was when the plan was made\n0 files moved into quarantine, 1 refused\n"
    );
    apply(&dir, &["--yes"]).assert(4, "", &refused);
    assert_eq!(dir.read("p/b.png"), png(&icon(16, 3)));
    ran(&dir, &["undo", "nowhere"]).assert(
        2,
        "",
        "error: there is no run `nowhere`\nhint: `pixtwin runs` lists them\n",
    );
    let pair = apply(&dir, &["--yes", "--pair", "2"]);
    pair.assert(2, "", "error: the plan has no step 2\nhint: without --pair, its steps are shown\n");
    dir.write("plan", "no plan\n");
    assert_eq!(apply(&dir, &["--yes"]).code, 2);
}

#[test]
fn a_plan_is_for_its_host_alone() {
    let dir = twins();
    let mut lines: Vec<String> = String::from_utf8(dir.read("plan")).unwrap().lines().map(str::to_owned).collect();
    let mut header: Value = serde_json::from_str(&lines[0]).unwrap();
    let here = header["host"].as_str().unwrap().to_owned();
    header["host"] = "elsewhere".into();
    lines[0] = header.to_string();
    dir.write("plan", lines.join("\n") + "\n");
    let said = format!(
        "error: cannot carry out the plan `plan`: it is for the host `elsewhere`, and this is `{here}`\n\
         hint: files are changed only by the host that they lie on\n"
    );
    apply(&dir, &["--yes"]).assert(2, "", &said);
}

#[test]
fn what_would_be_lost_goes_alone_or_not_at_all() {
    let dir = Dir::new();
    let picture = png(&icon(16, 1));
    dir.write("p/a.png", &picture);
    // The same pixels, encoded otherwise.
    let mut other = Png::new(PngColour::Rgba);
    other.level = 1;
    dir.write("p/b.png", other.write(&icon(16, 1)));
    assert_ne!(dir.read("p/b.png"), picture);
    dir.write("p/b.png.xmp", "<note/>");
    plan(&dir, &["--keep", "name=a.png"]);
    let root = root(&dir);
    let said = apply(&dir, &["--yes"]);
    let refused = format!(
        "refused: {root}/p/b.png (step 1): its sidecar `b.png.xmp` would be lost: the file that stays has not the same\n\
         0 files moved into quarantine, 1 refused\n"
    );
    said.assert(4, "", &refused);
    assert_eq!(apply(&dir, &["--yes", "--pair", "1"]).code, 0);
    assert!(!dir.join("p/b.png").exists() && !dir.join("p/b.png.xmp").exists());
    assert_eq!(ran(&dir, &["undo", "-q"]).only_out(), "");
    assert_eq!(dir.read("p/b.png.xmp"), b"<note/>");
}

#[test]
fn what_is_shown_otherwise_does_not_go_in_bulk() {
    let dir = Dir::new();
    let mut turned = Png::new(PngColour::Rgba);
    turned.chunks = vec![(*b"eXIf", exif(6))];
    dir.write("p/a.png", png(&icon(16, 1))).write("p/b.png", turned.write(&icon(16, 1)));
    plan(&dir, &["--keep", "name=a.png"]);
    let refused = format!(
        "refused: {}/p/b.png (step 1): its orientation would be lost: the file that stays has not the same\n\
         0 files moved into quarantine, 1 refused\n",
        root(&dir)
    );
    apply(&dir, &["--yes"]).assert(4, "", &refused);
}

#[test]
fn on_a_terminal_the_typed_word_decides() {
    for (typed, goes) in [("no\n", false), ("y\n", false), ("yes\n", true)] {
        let dir = twins();
        let command = format!("{} apply plan --quarantine .", env!("CARGO_BIN_EXE_pixtwin"));
        let said = dir.run("script", ["-qec", &command, "/dev/null"]).input(typed).end();
        assert_eq!(said.code, 0, "{}", said.out());
        assert!(said.out().contains("This is about 1 file. Type yes to go on: "), "{}", said.out());
        assert_eq!(dir.join("p/b.png").exists(), !goes, "{typed:?}");
    }
}

#[test]
fn one_acts_at_a_time() {
    let dir = twins();
    ran(&dir, &["recover"]).assert(0, "", "no run was cut off\n");
    let state = dir.home().join(".local/state/pixtwin");
    let lock = fs::File::open(state.join("lock")).unwrap();
    lock.lock().unwrap();
    let said = format!(
        "error: another pixtwin is at work with the state folder `{}`\nhint: wait for its end, and try again\n",
        state.canonicalize().unwrap().display()
    );
    apply(&dir, &["--yes"]).assert(2, "", &said);
    assert!(dir.join("p/b.png").exists());
    drop(lock);
    assert_eq!(apply(&dir, &["--yes"]).code, 0);
}

#[test]
fn reference_files_stay_as_they_are() {
    let dir = twins();
    let root = root(&dir);
    dir.mkdir("albums");
    fs::rename(dir.join("p/a.png"), dir.join("albums/a.png")).unwrap();
    let scan = ["scan", "-q", "--no-catalogue", "--format", "null", "albums", "p", "--plan", "plan"];
    assert_eq!(ran(&dir, &[&scan[..], &["--reference", "albums"]].concat()).code, 0);
    let linked = apply(&dir, &["--yes", "--to", "hardlink"]);
    let reason = "the file that stays lies in a reference folder, and a hard link would change it";
    assert_eq!((linked.code, linked.out()), (4, ""));
    assert!(linked.err().starts_with(&format!("refused: {root}/p/b.png (step 1): {reason}\n")), "{}", linked.err());
    let sound = String::from_utf8(dir.read("plan")).unwrap();
    let turned = sound.replace("\"keep\"", "\"k\"").replace("\"remove\"", "\"keep\"").replace("\"k\"", "\"remove\"");
    dir.write("plan", turned);
    let reason = "a file of it that would go lies in a reference folder, where all stay";
    let refused = apply(&dir, &["--yes", "--quiet"]);
    refused.assert(4, "", &format!("refused: group 1 of the plan: {reason}\n"));
    dir.symlink("albums", "soft").write("plan", sound.replace("/albums\"}],\"rules", "/soft\"}],\"rules"));
    let message = format!(
        "error: cannot read the plan `plan`: its reference `{root}/soft` is no folder, or behind a symbolic link\n"
    );
    apply(&dir, &["--yes"]).assert(2, "", &message);
    assert!(dir.join("albums/a.png").exists() && dir.join("p/b.png").exists());
}

#[test]
fn a_report_is_no_plan() {
    let dir = twins();
    let hint = "hint: pixtwin plan RESULT --out PLAN makes one of what `pixtwin scan --format json` printed\n";
    let refused = |reason: &str| {
        let message = format!("error: cannot read the plan `plan`: not a plan: {reason}\n{hint}");
        apply(&dir, &["--yes"]).assert(2, "", &message);
    };
    for paths in [&["p"][..], &["p/a.png"]] {
        let report = ran(&dir, &[&["scan", "-q", "--no-catalogue", "--format", "json"][..], paths].concat()).only_out();
        dir.write("plan", report);
        refused("it is a report of what was found");
    }
    dir.write("plan", "");
    refused("the file is empty");
}

#[test]
fn numbers_survive_scripts_with_53_bits_for_each() {
    let dir = twins();
    let mut edited = "\u{feff}".to_owned();
    for line in String::from_utf8(dir.read("plan")).unwrap().lines() {
        let mut line: Value = serde_json::from_str(line).unwrap();
        round(&mut line);
        edited.push_str(&format!("{line}\r\n"));
    }
    assert!(edited.contains("\"size\":"));
    dir.write("plan", edited);
    assert_eq!(apply(&dir, &["--yes", "--quiet"]).only_out(), "");
    assert!(!dir.join("p/b.png").exists());
}

/// As programs leave it that know no numbers but those of 53 bits.
fn round(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(round),
        Value::Array(values) => values.iter_mut().for_each(round),
        Value::Number(number) => {
            let rounded = number.as_f64().unwrap();
            *value = serde_json::from_str(&format!("{rounded}")).unwrap();
        }
        _ => {}
    }
}

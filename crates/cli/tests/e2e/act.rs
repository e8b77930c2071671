//! `pixtwin apply`, `undo`, `recover`, `purge` and `runs`: what they say, and how they end.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    process::Command,
    time::{Duration, SystemTime},
};

use pixtwin_testkit::{
    Dir, Ran,
    draw::{icon, landscape},
    encode::{Jpeg, Png, PngColour, Subsampling, exif, png},
    touch::set_attribute,
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

/// What a command prints in JSON.
fn lines_of(dir: &Dir, command: &[&str]) -> Vec<Value> {
    let ran = ran(dir, &[command, &["--format", "json", "--quiet"]].concat());
    ran.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The sum before each line of a journal.
fn crc_32(bytes: &[u8]) -> u32 {
    let shifted = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| shifted(crc)))
}

/// The journal of a run.
fn journal(run: &str) -> String {
    format!(".local/state/pixtwin/runs/{run}/journal")
}

/// The last run, as `runs` tells it.
fn last_run(dir: &Dir) -> Value {
    let listed = ran(dir, &["runs", "--format", "json"]).only_out();
    serde_json::from_str(listed.lines().rev().nth(1).unwrap()).unwrap()
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
         would move 1 file into quarantine; `pixtwin purge` then frees {size} B\n"
    );
    apply(&dir, &[]).assert(0, &shown, "nothing was changed: --yes does it\n");
    assert_eq!(dir.names().len(), 4);
    let lines = apply(&dir, &["--format", "json", "--quiet"]).only_out();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["path"]["text"], format!("{root}/p/b.png"));
    let summary = serde_json::json!({"type": "summary", "schema": 1, "run": null, "acted": false, "steps": 1,
        "refused": 0, "bytes": size});
    assert_eq!(lines[1], summary);
    // Nothing is refused.
    apply(&dir, &["--quiet"]).assert(0, "", "");
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
    let shown = lines_of(&dir, &["purge"]);
    assert_eq!(
        (&shown[0]["type"], &shown[0]["run"], &shown[0]["quarantined"]),
        (&"run".into(), &run.as_str().into(), &1.into())
    );
    assert_eq!(
        shown[1],
        serde_json::json!({"type": "summary", "schema": 1, "run": null, "acted": false, "steps": 1,
        "refused": 0, "bytes": size})
    );
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
    let said = apply(&dir, &["--yes"]);
    assert_eq!(said.code, 2);
    assert!(said.err().starts_with("error: cannot read the plan `plan`: not a plan: "), "{}", said.err());
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
fn the_film_of_a_motion_photo_does_not_go_in_bulk() {
    let film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom and what moves";
    let picture = Jpeg::new(Subsampling::S420).write(&landscape(64, 48, 1));
    let with = |film: &[u8]| [&picture[..], film].concat();
    // The keeper has none, another, the same: then only the coding differs.
    let recoded = Jpeg { is_optimised: true, ..Jpeg::new(Subsampling::S420) }.write(&landscape(64, 48, 1));
    assert_ne!(recoded, picture);
    let same = [&recoded[..], film].concat();
    for (keeper, goes) in [(picture.clone(), false), (with(b"another film"), false), (same, true)] {
        let dir = Dir::new();
        dir.write("p/a.jpg", keeper).write("p/b.jpg", with(film));
        plan(&dir, &["--keep", "name=a.jpg"]);
        let said = apply(&dir, &["--yes"]);
        assert_eq!(dir.join("p/b.jpg").exists(), !goes);
        if goes {
            assert_eq!(said.code, 0, "{}", said.err());
            continue;
        }
        let refused = format!(
            "refused: {}/p/b.jpg (step 1): what follows its picture, such as a film, would be lost: \
             the file that stays has not the same\n0 files moved into quarantine, 1 refused\n",
            root(&dir)
        );
        said.assert(4, "", &refused);
        assert_eq!(apply(&dir, &["--yes", "--pair", "1"]).code, 0);
        assert!(!dir.join("p/b.jpg").exists());
    }
}

#[test]
fn a_link_takes_no_attribute_and_no_permission_from_anybody() {
    let denied = |dir: &Dir| {
        let list = Command::new("setfacl").args(["-m", "u:1000:-"]).arg(dir.join("p/b.png")).status();
        assert!(list.unwrap().success());
    };
    let tagged = |dir: &Dir| set_attribute(&dir.join("p/b.png"), "user.tag", b"precious");
    for spoil in [&denied as &dyn Fn(&Dir), &tagged] {
        let dir = twins();
        // The mode of a file with such a list is that with which others are without.
        for name in ["p/a.png", "p/b.png"] {
            fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o644)).unwrap();
        }
        spoil(&dir);
        let mode = |name| dir.join(name).metadata().unwrap().mode();
        assert_eq!(mode("p/a.png"), mode("p/b.png"));
        plan(&dir, &[]);
        let refused = format!(
            "refused: {}/p/b.png (step 1): its access control list or extended attributes differ from those of the file \
             that stays, and links have one of each\n0 files replaced by hard links, 1 refused\n",
            root(&dir)
        );
        apply(&dir, &["--yes", "--to", "hardlink"]).assert(4, "", &refused);
        let inode = |name| dir.join(name).metadata().unwrap().ino();
        assert_ne!(inode("p/a.png"), inode("p/b.png"));
        assert_eq!(apply(&dir, &["--yes", "--to", "hardlink", "--pair", "1"]).code, 4);
        // Elsewhere it keeps what it has.
        assert_eq!(apply(&dir, &["--yes"]).code, 0);
    }
    // Equal ones hinder nothing.
    let dir = twins();
    for name in ["p/a.png", "p/b.png"] {
        set_attribute(&dir.join(name), "user.tag", b"precious");
    }
    plan(&dir, &[]);
    assert_eq!(apply(&dir, &["--yes", "--to", "hardlink"]).code, 0);
    assert_eq!(dir.join("p/a.png").metadata().unwrap().nlink(), 2);
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
        let told = said.out().contains("nothing was changed: only the typed word `yes` does it");
        assert_eq!(told, !goes, "{}", said.out());
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
    // A list only reads.
    ran(&dir, &["runs"]).assert(0, "", "");
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

#[test]
fn runs_of_other_hosts_are_left_to_them() {
    let dir = twins();
    assert_eq!(apply(&dir, &["--yes", "-q"]).code, 0);
    let run = name_of_last(&dir);
    // The same journal, as another host would have written it a day later.
    let other = "29991231T235959Z";
    let here = dir.home().join(journal(&run));
    let there = dir.home().join(journal(other));
    fs::create_dir(there.parent().unwrap()).unwrap();
    let text = fs::read_to_string(here).unwrap();
    let lines = text.lines().map(|line| {
        let mut record: Value = serde_json::from_str(line.split_once(' ').unwrap().1).unwrap();
        if record["type"] == "begin" {
            (record["run"], record["host"]) = (other.into(), "zz".into());
        }
        let record = record.to_string();
        format!("{:08x} {record}\n", crc_32(record.as_bytes()))
    });
    fs::write(&there, lines.collect::<String>()).unwrap();
    assert_eq!(last_run(&dir)["host"], "zz");
    let refused = format!(
        "error: run `{other}` was done on the host `zz`\nhint: files are changed only by the host that they lie on\n"
    );
    ran(&dir, &["undo", other]).assert(2, "", &refused);
    ran(&dir, &["purge", "--yes", &run, other]).assert(2, "", &refused);
    let undone = ran(&dir, &["undo", "-q"]);
    undone.assert(0, "", "");
    assert!(dir.join("p/b.png").exists());
    plan(&dir, &[]);
    let went: Value =
        serde_json::from_str(apply(&dir, &["--yes", "-q", "--format", "json"]).only_out().lines().last().unwrap())
            .unwrap();
    let ours = went["run"].as_str().unwrap();
    ran(&dir, &["purge", "--yes", "-q"]).assert(0, "", "");
    ran(&dir, &["purge"]).assert(0, "", "there is nothing to purge\n");
    let gone = format!("nothing of run {ours} can be undone: 1 file purged, and gone\n");
    ran(&dir, &["undo"]).assert(4, "", &gone);
}

#[test]
fn every_command_ends_its_json_with_a_summary() {
    let dir = twins();
    let nothing = serde_json::json!({"type": "summary", "schema": 1, "run": null, "acted": true, "done": 0,
        "sidecars": 0, "refused": 0, "purged": 0, "bytes": 0, "interrupted": false});
    for command in ["undo", "purge"] {
        assert_eq!(lines_of(&dir, &[command]), std::slice::from_ref(&nothing), "{command}");
    }
    let none = serde_json::json!({"type": "summary", "schema": 1, "runs": 0, "back": 0, "finished": 0, "held": 0,
        "damaged": 0});
    assert_eq!(lines_of(&dir, &["recover"]), [none]);
    assert_eq!(
        lines_of(&dir, &["runs"]),
        [serde_json::json!({"type": "summary", "schema": 1, "runs": 0, "damaged": 0})]
    );

    assert_eq!(apply(&dir, &["--yes", "-q"]).code, 0);
    let run = name_of_last(&dir);
    // Cut off after the step was announced.
    let path = dir.home().join(journal(&run));
    let text = fs::read_to_string(&path).unwrap();
    let intent = text.lines().position(|line| line.contains(r#""type":"intent""#)).unwrap();
    fs::write(&path, text.lines().take(intent + 1).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let recovered = lines_of(&dir, &["recover"]);
    let line = serde_json::json!({"type": "recovered", "run": run, "back": 1, "finished": 0, "held": [],
        "damaged": null});
    let sum = serde_json::json!({"type": "summary", "schema": 1, "runs": 1, "back": 1, "finished": 0, "held": 0,
        "damaged": 0});
    assert_eq!(recovered, [line, sum]);
    assert!(dir.join("p/b.png").exists());

    // The line that begins it is lost.
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    let listed = lines_of(&dir, &["runs"]);
    let damaged =
        serde_json::json!({"type": "damaged", "run": run, "reason": "its first line does not begin this run"});
    assert_eq!(listed, [damaged, serde_json::json!({"type": "summary", "schema": 1, "runs": 1, "damaged": 1})]);
    let said = ran(&dir, &["runs"]);
    assert_eq!((said.code, said.err().matches("is damaged").count()), (4, 1), "{}", said.err());
    let undone = ran(&dir, &["undo", &run]);
    assert!(
        undone.err().ends_with(&format!(
            "error: the journal of run `{run}` is damaged: its first line does not begin this run\n"
        ))
    );
}

#[test]
fn what_is_gone_is_not_said_to_be_there() {
    let dir = twins();
    let went = apply(&dir, &["--yes", "--format", "json"]);
    let done: Value = serde_json::from_str(went.out().lines().next().unwrap()).unwrap();
    let at = done["at"]["text"].as_str().unwrap();
    fs::remove_file(at).unwrap();
    let undone = ran(&dir, &["undo", "-q"]);
    let said = format!(
        "refused: {}/p/b.png: it is no longer where it was held, or has changed there; it was at {at}\n",
        root(&dir)
    );
    undone.assert(4, "", &said);
}

#[test]
fn completions_name_what_becomes_of_files() {
    let dir = Dir::new();
    let script = ran(&dir, &["generate", "bash"]).only_out();
    assert!(script.contains("quarantine trash hardlink reflink symlink move= delete"), "{script}");
}

#[test]
fn delete_stops_at_the_quarantine_if_the_plan_has_a_group_wrong() {
    let dir = twins();
    dir.write("p/d.png", png(&icon(16, 2)));
    plan(&dir, &[]);
    let sound = String::from_utf8(dir.read("plan")).unwrap();
    // Nothing of the first group stays.
    dir.write("plan", sound.replacen("\"do\":\"keep\"", "\"do\":\"remove\"", 1));
    let deleted = apply(&dir, &["--yes", "--to", "delete"]);
    assert_eq!(deleted.code, 4);
    let told = "1 file moved into quarantine, and left there, for not all could be done, 1 refused; `pixtwin purge ";
    assert!(deleted.err().contains(told), "{}", deleted.err());
    assert_eq!(last_run(&dir)["purged"], 0);
    assert_eq!(ran(&dir, &["undo", "-q"]).only_out(), "");
    assert!(dir.join("p/a.png").exists() && dir.join("p/b.png").exists());
    assert!(dir.join("p/c.png").exists() && dir.join("p/d.png").exists());
}

#[test]
fn a_pair_shows_what_would_be_lost_with_it() {
    let dir = twins();
    dir.write("p/b.png.xmp", "<note/>");
    let shown = apply(&dir, &["--pair", "1"]);
    assert!(shown.out().contains("loses: its sidecar `b.png.xmp`"), "{}", shown.out());
    // What has no equal is not deleted with the rest.
    let deleted = apply(&dir, &["--pair", "1", "--yes", "--to", "delete"]);
    assert_eq!(deleted.code, 4);
    assert!(deleted.err().contains("1 file deleted, 1 file left in quarantine, 1 refused\n"), "{}", deleted.err());
    assert_eq!(ran(&dir, &["purge", "--yes", "-q"]).code, 4);
    let run = name_of_last(&dir);
    assert_eq!(ran(&dir, &["undo", "-q"]).code, 0);
    assert_eq!((dir.read("p/b.png.xmp"), dir.join("p/b.png").exists()), (b"<note/>".to_vec(), false));
    assert_eq!(last_run(&dir)["run"], run.as_str());
}

#[test]
fn an_interruption_ends_with_what_is_at_hand() {
    const PAIRS: u64 = 100;
    let dir = twins();
    let root = root(&dir);
    let header = String::from_utf8(dir.read("plan")).unwrap().lines().next().unwrap().to_owned();
    let mut lines = vec![header];
    for number in 1..=PAIRS {
        lines.push(serde_json::json!({"type": "group", "group": number, "tier": "bytes"}).to_string());
        for (task, side) in [("keep", "a"), ("remove", "b")] {
            let name = format!("p/{number}-{side}");
            // Long, and quickly made: a hole.
            fs::File::create(dir.join(&name)).unwrap().set_len(16 << 20).unwrap();
            let state = dir.join(&name).metadata().unwrap();
            let nanoseconds = |seconds: i64, rest: i64| (seconds * 1_000_000_000 + rest).to_string();
            lines.push(
                serde_json::json!({
                    "type": "file", "group": number, "do": task, "path": {"text": format!("{root}/{name}")},
                    "device": state.dev().to_string(), "inode": state.ino().to_string(), "size": state.size(),
                    "modified_ns": nanoseconds(state.mtime(), state.mtime_nsec()),
                    "changed_ns": nanoseconds(state.ctime(), state.ctime_nsec()), "blake3": null, "reason": "by hand",
                })
                .to_string(),
            );
        }
    }
    lines.push(r#"{"type":"end"}"#.to_owned());
    dir.write("plan", lines.join("\n") + "\n");
    let arguments = ["apply", "plan", "--quarantine", ".", "--yes", "-q"];
    let (said, _) = pixtwin(&dir, &arguments).end_by_interrupt(200 << 20);
    assert_eq!((said.code, said.out(), said.err()), (130, "", ""));
    // What was looked at by then is done, and nothing of it is left to find out.
    let done = last_run(&dir)["done"].as_u64().unwrap();
    assert!((1..PAIRS).contains(&done), "{done}");
    ran(&dir, &["recover"]).assert(0, "", "no run was cut off\n");
    assert_eq!(ran(&dir, &["undo", "-q"]).only_out(), "");
    assert!((1..=PAIRS).all(|number| dir.join(format!("p/{number}-b")).exists()));
}

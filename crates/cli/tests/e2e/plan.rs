//! `pixtwin plan` and `scan --plan`.

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt,
    time::{Duration, SystemTime},
};

use pixtwin_testkit::{
    Dir,
    draw::{icon, noise},
    encode::{Jpeg, Png, PngColour, Subsampling, jpeg_pixels, jpeg_with_segment, png, qoi},
};
use serde_json::Value;

use crate::ran;

/// What a plan says of each file and each group, without the numbers that the file system gave.
fn told(dir: &Dir, plan: &str) -> String {
    let root = format!("{}/", dir.path().canonicalize().unwrap().to_str().unwrap());
    let mut told = String::new();
    for line in String::from_utf8(dir.read(plan)).unwrap().lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
        match line["type"].as_str().unwrap() {
            "group" => told.push_str(&format!("{} {} {}\n", line["group"], text("tier"), text("undecided"))),
            "file" => {
                let path = line["path"]["text"]
                    .as_str()
                    .map_or_else(|| line["path"].to_string(), |path| path.replace(&root, ""));
                told.push_str(&format!("  {} {path:?}: {}\n", text("do"), text("reason")));
            }
            _ => {}
        }
    }
    told
}

fn age(dir: &Dir, name: &str, seconds: u64) {
    let file = File::options().append(true).open(dir.join(name)).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - seconds)).unwrap();
}

/// Three copies, of one age.
fn copies() -> Dir {
    let dir = Dir::new();
    for name in ["x/a.png", "x/long.png", "y/b.png"] {
        dir.write(name, png(&icon(16, 1)));
        age(&dir, name, 0);
    }
    dir
}

const GONE: &str = "equal byte for byte to one that stays";

/// Plans with these rules, both ways, which must come to the same; gives what the plan tells.
#[track_caller]
fn planned(dir: &Dir, flags: &[&str], summary: &str) -> String {
    let report = ran(dir, &["scan", "-q", "--no-catalogue", "--format", "json", "x", "y"]).only_out();
    dir.write("out/report", &report);
    ran(dir, &[&["plan", "out/report", "--out", "out/plan"][..], flags].concat()).assert(0, "", summary);
    let told_of_report = told(dir, "out/plan");
    let scan = ["scan", "--no-catalogue", "--format", "json", "x", "y", "--plan", "out/other"];
    let scanned = ran(dir, &[&scan[..], flags].concat());
    assert_eq!((scanned.code, scanned.out()), (0, report.as_str()), "{}", scanned.err());
    assert!(scanned.err().ends_with(summary), "{}", scanned.err());
    assert_eq!(told(dir, "out/other"), told_of_report);
    told_of_report
}

#[test]
fn a_plan_is_what_its_format_says() {
    let dir = Dir::new();
    dir.write("x/a.png", png(&icon(16, 1))).write("x/b.png", png(&icon(16, 1)));
    age(&dir, "x/a.png", 0);
    age(&dir, "x/b.png", 1);
    let bytes = dir.read("x/a.png").len();
    ran(&dir, &["scan", "-q", "--no-catalogue", "--format", "null", "x", "--plan", "plan"]).assert(
        0,
        "x/a.png\0x/b.png\0\0",
        "",
    );
    let plan = String::from_utf8(dir.read("plan")).unwrap();
    let root = dir.path().canonicalize().unwrap();
    let root = root.to_str().unwrap();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let hash = pixtwin_hash(&dir.read("x/a.png"));
    let file = |task: &str, name: &str, reason: &str| {
        let metadata = fs::metadata(dir.join(name)).unwrap();
        let ns = |seconds: i64, rest: i64| seconds * 1_000_000_000 + rest;
        format!(
            r#"{{"type":"file","group":1,"do":"{task}","path":{{"text":"{root}/{name}"}},"device":"{}","inode":"{}","size":{bytes},"modified_ns":"{}","changed_ns":"{}","blake3":"{hash}","reason":"{reason}"}}"#,
            metadata.dev(),
            metadata.ino(),
            ns(metadata.mtime(), metadata.mtime_nsec()),
            ns(metadata.ctime(), metadata.ctime_nsec()),
        )
    };
    let made = plan.split_once(r#""made":""#).unwrap().1.split('"').next().unwrap();
    assert!(made.ends_with('Z') && made.len() == 20, "{made}");
    let expected = [
        format!(
            r#"{{"type":"plan","version":1,"host":"{}","made":"{made}","roots":[{{"text":"{root}/x"}}],"references":[],"rules":["metadata","encoding","oldest","shortest-path"]}}"#,
            host.trim_end()
        ),
        r#"{"type":"group","group":1,"tier":"bytes"}"#.to_owned(),
        file("keep", "x/b.png", "oldest"),
        file("remove", "x/a.png", GONE),
        r#"{"type":"end"}"#.to_owned(),
    ];
    assert_eq!(plan, format!("{}\n", expected.join("\n")));
    assert_eq!(dir.names().len(), 3, "nothing else is left behind");
}

/// The BLAKE3 of the report, which tests of reports hold against b3sum.
fn pixtwin_hash(bytes: &[u8]) -> String {
    let dir = Dir::new();
    dir.write("a.png", bytes).write("b.png", bytes);
    let report = ran(&dir, &["scan", "-q", "--no-catalogue", "--format", "json", "."]).only_out();
    let group: Value = serde_json::from_str(report.lines().next().unwrap()).unwrap();
    group["blake3"].as_str().unwrap().to_owned()
}

#[test]
fn rules_of_place_and_time_decide_copies() {
    let dir = copies();
    age(&dir, "x/long.png", 5);
    let bytes = 2 * dir.read("x/a.png").len();
    let summary = format!("1 group: 1 decided, 0 undecided; 2 files would go, {} would be freed\n", shown(bytes));
    let decided = |rules: &[&str], keeper: &str, reason: &str| {
        let flags: Vec<&str> = rules.iter().flat_map(|rule| ["--keep", rule]).collect();
        let mut expected = format!("1 bytes -\n  keep {keeper:?}: {reason}\n");
        for name in ["x/a.png", "x/long.png", "y/b.png"].iter().filter(|name| **name != keeper) {
            expected.push_str(&format!("  remove {name:?}: {GONE}\n"));
        }
        assert_eq!(planned(&dir, &flags, &summary), expected);
    };
    let root = dir.path().canonicalize().unwrap();
    let (x, y) = (root.join("x"), root.join("y"));
    let (keep_x, keep_y) =
        (format!("in the folder to keep, {}", x.display()), format!("in the folder to keep, {}", y.display()));
    decided(&["in=y"], "y/b.png", &keep_y);
    decided(&["not-in=x"], "y/b.png", &format!("not in the folder to clean, {}", x.display()));
    decided(&["name=l*"], "x/long.png", "name matches l*");
    decided(&["oldest"], "x/long.png", "oldest");
    decided(&["newest", "in=y"], "y/b.png", &format!("newest; then {keep_y}"));
    decided(&["in=x", "shortest-path"], "x/a.png", &format!("{keep_x}; then shortest path"));
}

fn shown(bytes: usize) -> String {
    assert!(bytes < 1024);
    format!("{bytes} B")
}

#[test]
fn first_argument_is_for_scans() {
    let dir = copies();
    let scan =
        ["scan", "-q", "--no-catalogue", "--format", "json", "y", "x", "--keep", "first-argument", "--plan", "plan"];
    assert_eq!(ran(&dir, &scan).code, 0);
    assert!(told(&dir, "plan").starts_with("1 bytes -\n  keep \"y/b.png\": below the first argument\n"));
    let message = "error: first-argument is for `scan --plan`: a report does not say what was searched\n";
    ran(&dir, &["plan", "-", "--out", "q", "--keep", "first-argument"]).assert(2, "", message);
}

#[test]
fn a_tie_is_left_undecided() {
    let dir = copies();
    let summary = "undecided: 1 group: the rules leave 3 files: metadata, encoding, oldest\n\
                   1 group: 0 decided, 1 undecided; 0 files would go, 0 B would be freed\n";
    let flags = ["--keep", "metadata", "--keep", "encoding", "--keep", "oldest"];
    let expected = "1 bytes the rules leave 3 files: metadata, encoding, oldest\n  leave \"x/a.png\": undecided\n  \
                    leave \"x/long.png\": undecided\n  leave \"y/b.png\": undecided\n";
    assert_eq!(planned(&dir, &flags, summary), expected);
}

#[test]
fn metadata_and_the_original_decide_pictures() {
    let dir = Dir::new();
    let jpeg = Jpeg::new(Subsampling::S444).write(&icon(16, 1));
    let rated = jpeg_with_segment(&jpeg, 0xe1, b"http://ns.adobe.com/xap/1.0/\0<x xmp:Rating=\"5\"/>");
    dir.write("x/plain.jpg", &jpeg).write("y/rated.jpg", &rated).write("x/saved.png", png(&jpeg_pixels(&jpeg)));
    let profile = |content: &[u8]| jpeg_with_segment(&jpeg, 0xe2, &[b"ICC_PROFILE\0\x01\x01", content].concat());
    let gone = "equal pixel for pixel to one that stays";
    let planned = |flags: &[&str], keeper: &str, reason: &str| {
        let report = ran(&dir, &["scan", "-q", "--no-catalogue", "--format", "json", "x", "y"]).only_out();
        dir.write("report", report);
        assert_eq!(ran(&dir, &[&["plan", "-q", "report", "--out", "plan"][..], flags].concat()).only_out(), "");
        let told = told(&dir, "plan");
        assert!(told.starts_with(&format!("1 pixels -\n  keep {keeper:?}: {reason}\n")), "{told}");
        assert_eq!(told.matches(gone).count(), 2, "{told}");
    };
    planned(&["--keep", "metadata"], "y/rated.jpg", "richest metadata: rating");
    dir.write("x/plain.jpg", profile(b"p"));
    planned(&["--keep", "metadata"], "x/plain.jpg", "richest metadata: ICC profile");
    dir.write("y/rated.jpg", profile(b"longer"));
    planned(&["--keep", "encoding"], "x/plain.jpg", "best encoding: the smallest JPEG");
    dir.write("y/rated.jpg", png(&icon(16, 2))).write("y/saved.qoi", qoi(&jpeg_pixels(&jpeg)));
    planned(&["--keep", "encoding"], "x/plain.jpg", "best encoding: JPEG");
}

#[test]
fn reference_folders_are_never_touched() {
    let dir = copies();
    let summary = format!(
        "1 group: 1 decided, 0 undecided; 1 file would go, {} would be freed\n",
        shown(dir.read("x/a.png").len())
    );
    let expected = format!(
        "1 bytes -\n  keep \"x/a.png\": in a reference folder\n  keep \"x/long.png\": in a reference folder\n  \
         remove \"y/b.png\": {GONE}\n"
    );
    assert_eq!(planned(&dir, &["--reference", "x", "--keep", "in=y"], &summary), expected);
    for plan in ["out/plan", "out/other"] {
        let header: Value =
            serde_json::from_slice(dir.read(plan).split(|byte| *byte == b'\n').next().unwrap()).unwrap();
        let folder = dir.join("x").canonicalize().unwrap();
        assert_eq!(header["references"], serde_json::json!([{ "text": folder }]));
        assert_eq!(header["rules"], serde_json::json!(["in=y"]));
    }
    let message = "error: `x/a.png` is given as a reference, and is no folder\n";
    ran(&dir, &["plan", "out/report", "--out", "p", "--reference", "x/a.png"]).assert(2, "", message);
    ran(&dir, &["scan", "x", "--plan", "p", "--reference", "x/a.png"]).assert(2, "", message);
}

#[test]
fn a_file_with_a_name_in_a_reference_folder_stays_by_that_name() {
    let dir = copies();
    fs::remove_file(dir.join("x/long.png")).unwrap();
    dir.link("y/b.png", "x/0.png");
    let kept = format!(
        "1 group: 1 decided, 0 undecided; 1 file would go, {} would be freed\n",
        shown(dir.read("x/a.png").len())
    );
    let expected = format!(
        "1 bytes -\n  keep \"y/b.png\": in a reference folder\n  leave \"x/0.png\": another name of a file that stays\n  \
         remove \"x/a.png\": {GONE}\n"
    );
    assert_eq!(planned(&dir, &["--reference", "y"], &kept), expected);
}

#[test]
fn names_of_one_file_stay_or_go_together() {
    let dir = copies();
    dir.link("x/a.png", "y/link.png").link("y/b.png", "elsewhere.png");
    fs::remove_file(dir.join("x/long.png")).unwrap();
    let kept = "1 group: 1 decided, 0 undecided; 1 file would go, 0 B would be freed\n";
    let expected = format!(
        "1 bytes -\n  keep \"x/a.png\": name matches a*\n  leave \"y/link.png\": another name of a file that stays\n  \
         remove \"y/b.png\": {GONE}\n"
    );
    assert_eq!(planned(&dir, &["--keep", "name=a*"], kept), expected);
    let bytes = dir.read("x/a.png").len();
    let gone = format!("1 group: 1 decided, 0 undecided; 2 files would go, {} would be freed\n", shown(bytes));
    let expected = format!(
        "1 bytes -\n  keep \"y/b.png\": name matches b*\n  remove \"x/a.png\": {GONE}\n  remove \"y/link.png\": {GONE}\n"
    );
    assert_eq!(planned(&dir, &["--keep", "name=b*"], &gone), expected);
}

#[test]
fn odd_names_come_through_and_links_are_seen_through() {
    let dir = Dir::new();
    let bytes = png(&icon(16, 1));
    dir.write("x/a\n\u{1b}[31m.png", &bytes).write(b"x/\xff.png", &bytes).mkdir("y");
    dir.symlink("x", "soft");
    let report = ran(&dir, &["scan", "-q", "--no-catalogue", "--format", "json", "soft/"]).only_out();
    assert!(report.contains("soft/"));
    ran(&dir, &["plan", "-q", "-", "--out", "plan", "--keep", "name=a*"]).assert(2, "", &no_summary("-"));
    dir.write("report", report);
    assert_eq!(ran(&dir, &["plan", "-q", "report", "--out", "plan", "--keep", "name=a*"]).only_out(), "");
    let told = told(&dir, "plan");
    assert!(
        told.starts_with("1 bytes -\n  keep \"x/a\\n\\u{1b}[31m.png\": name matches a*\n  remove \"{\\\"bytes\\\":"),
        "{told}"
    );
}

fn no_summary(name: &str) -> String {
    format!(
        "error: no plan can be made of `{name}`: it has no summary, so it is cut short or no report\n\
         hint: pixtwin scan --format json PATH > RESULT\n"
    )
}

#[test]
fn what_has_changed_or_gone_leaves_its_group_undecided() {
    let dir = copies();
    let picture = |seed| Png::new(PngColour::Rgba).write(&noise(6, 4, seed));
    dir.write("x/c.png", picture(1))
        .write("y/c.png", picture(1))
        .write("x/d.png", picture(2))
        .write("y/d.png", picture(2));
    dir.write("report", ran(&dir, &["scan", "-q", "--no-catalogue", "--format", "json", "x", "y"]).only_out());
    fs::remove_file(dir.join("y/b.png")).unwrap();
    dir.write("y/c.png", "changed");
    fs::rename(dir.join("y/d.png"), dir.join("y/real.png")).unwrap();
    dir.symlink("real.png", "y/d.png");
    let expected = "undecided: 1 group: a file of it could not be looked at\n\
                    undecided: 1 group: a file of it has changed since the report\n\
                    undecided: 1 group: a name of it is a symbolic link\n\
                    3 groups: 0 decided, 3 undecided; 0 files would go, 0 B would be freed\n";
    let ran = ran(&dir, &["plan", "report", "--out", "plan"]);
    let (first, rest) = ran.err().split_once('\n').unwrap();
    assert!(first.starts_with("not looked at: y/b.png: "), "{first}");
    assert_eq!((ran.code, rest), (3, expected));
    assert_eq!(told(&dir, "plan").matches(": undecided\n").count(), 4);
}

#[test]
fn a_report_of_relative_paths_is_for_its_folder() {
    let dir = copies();
    dir.write("report", ran(&dir, &["scan", "-q", "--no-catalogue", "--format", "json", "x", "y"]).only_out())
        .mkdir("z");
    let script = "cd z && exec $0 plan ../report --out plan";
    let ran = dir.run("sh", ["-c", script, env!("CARGO_BIN_EXE_pixtwin")]).end();
    let said = "not looked at: x/a.png: no such file or directory\n\
                not looked at: x/long.png: no such file or directory\n\
                not looked at: y/b.png: no such file or directory\n\
                hint: the report has relative paths; run `pixtwin plan` in the folder in which it was made\n\
                undecided: 1 group: a file of it could not be looked at\n\
                1 group: 0 decided, 1 undecided; 0 files would go, 0 B would be freed\n";
    ran.assert(3, "", said);
}

#[test]
fn only_whole_reports_of_scans_are_planned() {
    let dir = copies();
    dir.write("x/other.qoi", qoi(&noise(6, 4, 1)));
    let report = ran(&dir, &["scan", "-q", "--no-catalogue", "--format", "json", "x", "y"]).only_out();
    let refused = |content: &str, reason: &str| {
        dir.write("report", content);
        let message = format!(
            "error: no plan can be made of `report`: {reason}\nhint: pixtwin scan --format json PATH > RESULT\n"
        );
        ran(&dir, &["plan", "report", "--out", "plan"]).assert(2, "", &message);
        assert!(!dir.join("plan").exists());
    };
    let group = report.lines().next().unwrap();
    refused(&format!("{group}\n"), "it has no summary, so it is cut short or no report");
    refused(&format!("{report}{group}\n"), "something follows its summary");
    let summary = report.lines().nth(1).unwrap();
    refused(&format!("{summary}\n"), "its summary counts other groups than it has");
    refused("x/a.png\n", "line 1 is none of a report in JSON");
    let incomplete = report.replace("\"complete\":true", "\"complete\":false");
    refused(&incomplete, "it is not complete: files that it does not know of could be twins or not");
    refused(&report.replace("\"schema\":1", "\"schema\":2"), "it is of schema 2, and 1 is read");
    let find = ran(&dir, &["find", "-q", "--no-catalogue", "--format", "json", "x/a.png", "--in", "y"]).only_out();
    refused(&find, "it is a report of find; those of scan have groups");
    for (flags, reason) in [
        (
            &["--orient"][..],
            "it is of a scan with --orient: before files are removed, pixels are compared as they are stored",
        ),
        (
            &["--alpha", "ignore-hidden"],
            "it is of a scan with --alpha ignore-hidden: before files are removed, hidden colours count",
        ),
    ] {
        let scan = ["scan", "-q", "--no-catalogue", "--format", "json", "x", "y"];
        refused(&ran(&dir, &[&scan[..], flags].concat()).only_out(), reason);
        assert_eq!(ran(&dir, &[&scan[..], flags, &["--plan", "plan"]].concat()).code, 2);
        let shard = [&["scan", "-q", "--no-catalogue", "--shard", "1/1", "x", "y"][..], flags].concat();
        let record = ran(&dir, &shard).stdout;
        dir.write("record", record);
        refused(&ran(&dir, &["merge", "-q", "--format", "json", "record"]).only_out(), reason);
    }
    let elsewhere = report.replace("\"host\":null", "\"host\":\"some-other-host\"");
    dir.write("report", elsewhere);
    let none = "passed over: 3 files on other hosts; run `pixtwin plan` there\n\
                0 groups: 0 decided, 0 undecided; 0 files would go, 0 B would be freed\n";
    ran(&dir, &["plan", "report", "--out", "plan"]).assert(0, "", none);
}

#[test]
fn nothing_but_a_plan_is_written_over() {
    let dir = copies();
    dir.write("report", ran(&dir, &["scan", "-q", "--no-catalogue", "--format", "json", "x", "y"]).only_out());
    for name in ["x/a.png", "report"] {
        let before = dir.read(name);
        let message = format!("error: cannot write over `{name}`: it is no plan\n");
        ran(&dir, &["plan", "report", "--out", name]).assert(2, "", &message);
        assert_eq!(dir.read(name), before);
    }
    // As some editors leave it.
    dir.write("marked", b"\xef\xbb\xbf{\"type\":\"plan\"}");
    assert_eq!(ran(&dir, &["plan", "-q", "report", "--out", "marked"]).only_out(), "");
    dir.symlink("report", "link");
    ran(&dir, &["plan", "report", "--out", "link"]).assert(2, "", "error: cannot write over `link`: it is no plan\n");
    for rule in ["in=y", "in=x/a.png"] {
        assert_eq!(ran(&dir, &["plan", "-q", "report", "--out", "plan", "--keep", rule]).only_out(), "");
        assert!(told(&dir, "plan").contains("in the folder to keep"));
    }
    let message = "error: `x/a.png` is given as a reference, and is no folder\n";
    ran(&dir, &["plan", "report", "--out", "plan", "--reference", "x/a.png"]).assert(2, "", message);
    let message = "error: a plan is written to a file, not to standard output\nhint: a file of the name `-` is `./-`\n";
    ran(&dir, &["plan", "report", "--out", "-"]).assert(2, "", message);
    assert!(!dir.join("-").exists());
    let message = "error: --keep and --reference are for --plan FILE";
    assert!(ran(&dir, &["scan", "x", "--keep", "oldest"]).err().starts_with(message));
}

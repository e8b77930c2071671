//! One file that is reached by two paths: whatever plan is carried out, and whatever is purged then, the file is still there.

use std::{fs, path::Path};

use pixtwin_testkit::{Census, Mounts, cases, draw::icon, encode::png};
use serde_json::{Value, json};

use crate::acts::{ACTIONS, decide, path_of, path_value, plan_of, write_plan};

/// A way to reach a file by two paths.
struct Way {
    name: &'static str,
    /// Makes it, by the function `file`, which writes the one file, below a folder that is empty.
    script: &'static str,
    /// The two paths, below the folder if they do not begin with `/`.
    paths: [&'static str; 2],
    /// What is searched, and how.
    scan: &'static [&'static str],
}

const fn way(name: &'static str, script: &'static str, paths: [&'static str; 2], scan: &'static [&'static str]) -> Way {
    Way { name, script, paths, scan }
}

const WAYS: [Way; 24] = [
    way("overlapping arguments", "file l/s/x.png", ["l/s/x.png", "l/s/x.png"], &["{l}", "{l/s}"]),
    way("a path given twice", "file l/x.png", ["l/x.png", "l/x.png"], &["{l}", "{l}", "{l/x.png}"]),
    way("a folder behind a link", "file l/s/x.png; ln -s s l/t", ["l/s/x.png", "l/t/x.png"], &["{l}", "--follow"]),
    way("a link that is given", "file l/x.png; ln -s l t", ["l/x.png", "t/x.png"], &["{l}", "{t}"]),
    way("a file behind a link", "file l/x.png; ln -s x.png l/y.png", ["l/x.png", "l/y.png"], &["{l}", "--follow"]),
    way("a hard link", "file l/x.png; ln l/x.png l/y.png", ["l/x.png", "l/y.png"], &["{l}"]),
    way(
        "a hard link on another mount of the disk",
        "disk l 300 xfs; file l/s/x.png; mkdir l/t t; ln l/s/x.png l/t/y.png; mount --bind l/t t",
        ["l/s/x.png", "t/y.png"],
        &["{l/s}", "{t}"],
    ),
    way("a folder mounted twice", "file l/x.png; mkdir t; mount --bind l t", ["l/x.png", "t/x.png"], &["{l}", "{t}"]),
    way(
        "a folder inside mounted twice",
        "file l/s/x.png; mkdir t; mount --bind l/s t",
        ["l/s/x.png", "t/x.png"],
        &["{l}", "{t}"],
    ),
    way(
        "a folder mounted inside itself",
        "file l/s/x.png; mkdir l/t; mount --bind l/s l/t",
        ["l/t/x.png", "l/s/x.png"],
        &["{l}"],
    ),
    way(
        "a file mounted on another",
        "file l/x.png; touch l/y.png; mount --bind l/x.png l/y.png",
        ["l/x.png", "l/y.png"],
        &["{l}"],
    ),
    way(
        "a disk mounted twice",
        "disk l 300 xfs; file l/x.png; mkdir t; mount \"$(findmnt -no SOURCE l)\" t",
        ["l/x.png", "t/x.png"],
        &["{l}", "{t}"],
    ),
    way(
        "a subvolume mounted apart",
        "disk l 120 btrfs; btrfs -q subvolume create l/s; file l/s/x.png; mkdir t
         mount -o subvol=s \"$(findmnt -no SOURCE l)\" t",
        ["l/s/x.png", "t/x.png"],
        &["{l}", "{t}"],
    ),
    way(
        "the lower folder of an overlay",
        "file l/x.png; mkdir u w t; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none t",
        ["l/x.png", "t/x.png"],
        &["{l}", "{t}"],
    ),
    way(
        "the upper folder of an overlay",
        "file u/x.png; mkdir l w t; mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none t",
        ["u/x.png", "t/x.png"],
        &["{u}", "{t}"],
    ),
    way("a folder that is deaf to case", "disk l 8 ntfs; file l/x.png", ["l/x.png", "l/X.PNG"], &["{l}", "{l/X.PNG}"]),
    way(
        "a folder that is deaf to case, above",
        "disk l 8 ntfs; file l/s/x.png",
        ["l/s/x.png", "l/S/x.png"],
        &["{l/s}", "{l/S}"],
    ),
    way(
        "hard links with inodes that are made of their paths",
        "file s/x.png; ln s/x.png s/y.png; mkdir l; mergerfs -o inodecalc=path-hash s l",
        ["l/x.png", "l/y.png"],
        &["{l}"],
    ),
    way(
        "a folder and what merges it with others",
        "file s/x.png; mkdir r l; mergerfs -o inodecalc=path-hash s:r l",
        ["s/x.png", "l/x.png"],
        &["{s}", "{l}"],
    ),
    way(
        "a merge of a folder and the same folder under another name",
        "file s/d/x.png; mkdir r l; mount --bind s/d r; mkdir s/e; mount --bind s/d s/e
         mergerfs -o inodecalc=path-hash s l",
        ["l/d/x.png", "l/e/x.png"],
        &["{l}"],
    ),
    way("a folder in user space", "file s/x.png; mkdir l; bindfs s l", ["s/x.png", "l/x.png"], &["{s}", "{l}"]),
    way(
        "a path by way of the root of the process",
        "file l/x.png",
        ["l/x.png", "/proc/self/root{l/x.png}"],
        &["{l}", "/proc/self/root{l}"],
    ),
    way(
        "a path by way of a working folder",
        "file l/x.png",
        ["l/x.png", "/proc/PID/cwd/l/x.png"],
        &["{l}", "/proc/PID/cwd/l"],
    ),
    way("a path with dots", "file l/s/x.png", ["l/s/x.png", "l/s/../s/./x.png"], &["{l/s}", "{l/s/../s}"]),
];

/// Who said which of the two is to go.
#[derive(Clone, Copy, Debug)]
enum Said {
    /// A search, if it holds them for twins.
    Scan,
    /// A hand: the second is to go, or the first.
    Second,
    First,
    /// The second is to go, of a group whose pixels are equal.
    SecondByPixels,
}

const SAID: [Said; 4] = [Said::Scan, Said::Second, Said::First, Said::SecondByPixels];

struct Place<'a> {
    way: &'a Way,
    mounts: Mounts,
    content: Vec<u8>,
}

impl<'a> Place<'a> {
    fn new(way: &'a Way) -> Self {
        let content = png(&icon(16, 1));
        let octal: String = content.iter().map(|byte| format!("\\0{byte:03o}")).collect();
        let write = format!("file() {{ mkdir -p \"$(dirname \"$1\")\"; printf %b '{octal}' > \"$1\"; }}\n");
        // What a plan looks like is learnt from twins that are two files.
        let script = format!("{write}mkdir home state aside; file aside/1.png; file aside/2.png\n{}", way.script);
        let mounts = Mounts::new(&script).unwrap_or_else(|cause| panic!("{}: {cause}", way.name));
        Self { way, mounts, content }
    }

    /// A path as the program is told it.
    fn word(&self, word: &str) -> String {
        let here = self.mounts.path("");
        let word = word.replace('{', &format!("{}/", here.display())).replace('}', "");
        word.replace("PID", &self.mounts.id().to_string())
    }

    fn path(&self, of: usize) -> String {
        let path = self.way.paths[of];
        if path.starts_with('/') { self.word(path) } else { self.word(&format!("{{{path}}}")) }
    }

    fn pixtwin(&self, words: &[&str]) -> pixtwin_testkit::Ran {
        let words = words.iter().map(|word| self.word(word));
        let run = self.mounts.run(env!("CARGO_BIN_EXE_pixtwin"), words);
        run.env("HOME", self.mounts.path("home")).env("XDG_STATE_HOME", self.mounts.path("state")).end()
    }

    /// Makes the plan; false if a search sees no twins.
    fn plan(&self, said: Said) -> bool {
        let plan = self.mounts.seen("aside/plan");
        let how = ["--no-catalogue", "-q", "--format", "json"];
        if matches!(said, Said::Scan) {
            let ran = self.pixtwin(&[&["scan"], self.way.scan, &how].concat());
            assert!([0, 3].contains(&ran.code), "{}: {}", self.way.name, ran.err());
            let mut lines = plan_of(&self.mounts, ran.out(), &self.mounts.path(""));
            let mut files = lines.iter().filter(|line| line["type"] == "file").map(|line| path_of(&line["path"]));
            let Some(first) = files.next() else { return false };
            decide(&mut lines, |path| if path == first { "keep" } else { "remove" });
            write_plan(&plan, &lines);
            return true;
        }
        let ran = self.pixtwin(&[&["scan", "{aside}"][..], &how].concat());
        assert_eq!(ran.code, 0, "{}: {}", self.way.name, ran.err());
        let mut lines = plan_of(&self.mounts, ran.out(), Path::new("/"));
        let files = lines.iter_mut().filter(|line| line["type"] == "file");
        for (of, line) in files.enumerate() {
            self.claim(line, of, if matches!(said, Said::First) == (of == 0) { "remove" } else { "keep" });
        }
        for line in &mut lines {
            if line["type"] == "group" {
                line["tier"] = json!(if matches!(said, Said::SecondByPixels) { "pixels" } else { "bytes" });
            }
        }
        write_plan(&plan, &lines);
        true
    }

    /// What the plan says of a file becomes true of one of the paths, as whoever asks for it there is told.
    fn claim(&self, line: &mut Value, of: usize, task: &str) {
        let asked = self.mounts.run("stat", ["--format", "%d %i %s %.9Y %.9Z", "--", &self.path(of)]).end();
        assert_eq!(asked.code, 0, "{}: {}", self.way.name, asked.err());
        let numbers: Vec<i64> =
            asked.out().split_whitespace().map(|number| number.replace('.', "").parse().unwrap()).collect();
        line["do"] = json!(task);
        line["path"] = path_value(Path::new(&self.path(of)));
        for (name, number) in ["device", "inode", "size", "modified_ns", "changed_ns"].iter().zip(numbers) {
            assert!(line.get(name).is_some(), "{line}");
            line[name] = json!(number);
        }
    }

    /// How many files there are with the content, under names that the user gave.
    fn files(&self) -> u64 {
        let folders = ["l", "s", "t", "u", "r"].map(|folder| self.mounts.seen(folder));
        let mut count = 0;
        for folder in folders {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in
                entries.map(Result::unwrap).filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
            {
                let is_it = entry.metadata().unwrap().is_file() && fs::read(entry.path()).unwrap() == self.content;
                count += u64::from(is_it) + Census::of([entry.path()]).count(&self.content);
            }
        }
        count
    }
}

#[test]
fn both_paths_lead_to_the_file() {
    for way in &WAYS {
        let place = Place::new(way);
        // One file, whatever the paths: what is written by one is read by the other.
        for of in [0, 1] {
            let read = place.mounts.run("cat", [place.path(of)]).end();
            assert_eq!((read.code, &read.stdout), (0, &place.content), "{}: {}", way.name, read.err());
        }
        let written = place.mounts.run("sh", ["-c", "echo changed > \"$0\"", &place.path(0)]).end();
        assert_eq!(written.code, 0, "{}: {}", way.name, written.err());
        let read = place.mounts.run("cat", [place.path(1)]).end();
        assert_eq!(read.out(), "changed\n", "{}", way.name);
    }
}

#[test]
fn a_file_that_two_paths_reach_is_never_taken_for_two() {
    let (mut runs, mut seen_as_twins, mut refused) = (0, Vec::new(), 0);
    let turns = cases(2, (ACTIONS.len() * SAID.len()) as u32) as usize;
    for (number, way) in WAYS.iter().enumerate() {
        for turn in 0..turns {
            // Seven and four have no common divisor: so many turns are all pairs.
            let (action, said) = (ACTIONS[(number + turn) % ACTIONS.len()], SAID[turn % SAID.len()]);
            let what = format!("{}, {action}, said by {said:?}", way.name);
            let place = Place::new(way);
            assert!(place.files() > 0, "{what}: the test itself");
            if !place.plan(said) {
                continue;
            }
            if matches!(said, Said::Scan) {
                seen_as_twins.push(way.name);
            }
            let to = if action == "move" { "move={aside/moved}" } else { action };
            let ran = place.pixtwin(&["apply", "{aside/plan}", "--to", to, "--yes"]);
            assert!([0, 2, 4].contains(&ran.code), "{what}: {}{}", ran.out(), ran.err());
            assert!(place.files() > 0, "{what}: it is gone: code {}, {}{}", ran.code, ran.out(), ran.err());
            refused += u32::from(ran.code != 0);
            let purged = place.pixtwin(&["purge", "--yes"]);
            assert!(place.files() > 0, "{what}: it is purged: {}{}", purged.out(), purged.err());
            runs += 1;
        }
    }
    seen_as_twins.dedup();
    println!(
        "soak: {} ways to reach a file by two paths: {runs} runs, {refused} refused, nothing lost; seen as twins: {seen_as_twins:?}",
        WAYS.len()
    );
}

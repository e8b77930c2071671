//! Libraries with twins of every kind, the plan for them, and who judges pictures of tests.
//!
//! The content of a picture is `CODING:PICTURE` or `CODING@DATE:PICTURE`: two with one picture look the same, in whatever
//! coding.

use std::{fs::File, io::Read as _, path::Path};

use pixtwin_actions::{
    Judge, Particulars,
    plan::{self, Group, Header, Plan, Task, Tier},
};

use crate::sim::{Model, World};

/// The user, who owns everything.
pub(crate) const USER: u32 = 1000;
/// Where state folder and trash are.
pub(crate) const STATE: &str = "/home/u/state";
pub(crate) const TRASH: &str = "/home/u/Trash";
/// Where files are moved: in the file system of most pictures, and in another.
pub(crate) const NEAR: &str = "/moved";
pub(crate) const FAR: &str = "/out";

const FOLDERS: [&str; 12] = [
    "/home",
    "/home/u",
    STATE,
    "/pics",
    "/pics/a",
    "/pics/b",
    "/pics/c",
    "/mnt",
    "/mnt/card",
    NEAR,
    FAR,
    "/pics/empty",
];

/// Files; `=` begins the path of which it is a further name.
const FILES: [(&str, &str); 21] = [
    ("/pics/a/1.jpg", "jpg:hill"),
    ("/pics/b/1.jpg", "jpg:hill"),
    ("/pics/b/1-too.jpg", "=/pics/b/1.jpg"),
    ("/pics/a/2.png", "png:sea"),
    ("/pics/a/2.png.xmp", "xmp:of the sea"),
    ("/pics/b/2.jpg", "jpg:sea"),
    ("/pics/b/2.jpg.xmp", "xmp:of the sea"),
    ("/pics/a/3.jpg", "jpg:tree"),
    ("/mnt/card/3.jpg", "jpg:tree"),
    ("/mnt/card/3-left.jpg", "jpg:tree"),
    ("/pics/c/4.jpg", "jpg:lake"),
    ("/pics/c/4-a.jpg", "jpg:lake"),
    ("/pics/c/not-in-the-plan.jpg", "=/pics/c/4-a.jpg"),
    ("/pics/b/4-b.jpg", "jpg:lake"),
    ("/mnt/card/4-left.jpg", "jpg:lake"),
    ("/mnt/card/5.jpg", "first:moor"),
    ("/mnt/card/5-b.jpg", "second:moor"),
    ("/pics/b/unique.jpg", "jpg:nothing like it"),
    ("/pics/empty/none.jpg", ""),
    ("/pics/a/6.jpg", "png:sun"),
    ("/pics/b/6.jpg", "jpg@2020:sun"),
];

/// Tier, the file that stays, those that go, those that are left.
type Planned = (Tier, &'static str, &'static [&'static str], &'static [&'static str]);

const GROUPS: [Planned; 6] = [
    (Tier::Bytes, "/pics/a/1.jpg", &["/pics/b/1.jpg", "/pics/b/1-too.jpg"], &[]),
    (Tier::Pixels, "/pics/a/2.png", &["/pics/b/2.jpg"], &[]),
    (Tier::Bytes, "/pics/a/3.jpg", &["/mnt/card/3.jpg"], &["/mnt/card/3-left.jpg"]),
    (Tier::Bytes, "/pics/c/4.jpg", &["/pics/c/4-a.jpg", "/pics/b/4-b.jpg"], &["/mnt/card/4-left.jpg"]),
    (Tier::Pixels, "/mnt/card/5.jpg", &["/mnt/card/5-b.jpg"], &[]),
    // The only one with a date: it is never taken in bulk.
    (Tier::Pixels, "/pics/a/6.jpg", &["/pics/b/6.jpg"], &[]),
];

/// How a library is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) model: Model,
    /// Whether the state folder lies on a file system of its own.
    pub(crate) is_state_apart: bool,
    /// Whether a step is asked for that is never done.
    pub(crate) has_guarded: bool,
}

/// A library, and what is wanted of it.
#[derive(Clone)]
pub(crate) struct Library {
    pub(crate) world: World,
    pub(crate) plan: Plan,
}

impl Library {
    pub(crate) fn new(layout: Layout) -> Self {
        let mut world = World::new(layout.model, (USER, USER));
        for path in FOLDERS {
            world.put_folder(path);
            if matches!(path, "/mnt/card" | FAR) || path == STATE && layout.is_state_apart {
                let system = world.add_system();
                world.put_mount(path, system);
            }
        }
        for (path, content) in FILES {
            match content.strip_prefix('=') {
                Some(existing) => world.put_link(existing, path),
                None => drop(world.put_file(path, content.as_bytes())),
            }
        }
        let plan = plan_for(&world, layout.has_guarded);
        Self { world, plan }
    }
}

fn plan_for(world: &World, has_guarded: bool) -> Plan {
    let file = |task: Task, path: &str| {
        let (folder, name) = (Path::new(path).parent().unwrap(), Path::new(path).file_name().unwrap());
        let identity = world.look(world.folder(folder).unwrap(), name).unwrap().unwrap().identity;
        plan::File { task, path: path.into(), identity, blake3: None, reason: String::new() }
    };
    let files = |(_, keep, remove, leave): &Planned| {
        let kept = [file(Task::Keep, keep)].into_iter();
        let removed = remove.iter().map(|path| file(Task::Remove, path));
        kept.chain(removed).chain(leave.iter().map(|path| file(Task::Leave, path))).collect()
    };
    let group =
        |(number, planned): (u64, &Planned)| Group { number, tier: planned.0, undecided: None, files: files(planned) };
    let groups = if has_guarded { &GROUPS[..] } else { &GROUPS[..5] };
    let roots = vec!["/pics".into(), "/mnt/card".into()];
    let header = Header { host: "here".into(), made_s: 0, roots, references: vec![], rules: vec![] };
    Plan { header, groups: (1..).zip(groups).map(group).collect() }
}

/// What stands behind the colon, without the coding.
pub(crate) fn picture(content: &[u8]) -> &[u8] {
    content.split_once_colon().map_or(content, |(_, picture)| picture)
}

trait Colon {
    fn split_once_colon(&self) -> Option<(&[u8], &[u8])>;
}

impl Colon for [u8] {
    fn split_once_colon(&self) -> Option<(&[u8], &[u8])> {
        let at = self.iter().position(|byte| *byte == b':')?;
        Some((&self[..at], &self[at + 1..]))
    }
}

/// Judges the pictures of the libraries.
pub(crate) struct Pictures;

impl Judge for Pictures {
    fn has_same_pixels(&self, keeper: &File, victim: &File) -> Result<bool, String> {
        Ok(picture(&read(keeper)?) == picture(&read(victim)?))
    }

    fn particulars(&self, file: &File) -> Result<Particulars, String> {
        let content = read(file)?;
        let coding = content.split_once_colon().map_or(&[][..], |(coding, _)| coding);
        let date = coding.iter().position(|byte| *byte == b'@').map(|at| coding[at..].escape_ascii().to_string());
        Ok(Particulars { date, ..Particulars::default() })
    }
}

fn read(mut file: &File) -> Result<Vec<u8>, String> {
    let mut content = Vec::new();
    file.read_to_end(&mut content).map_err(|error| error.to_string())?;
    Ok(content)
}

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::channel},
    thread,
};

use pixtwin_actions::{Action, Which, plan::Task};
use pixtwin_engine::{
    Alone, Alpha, Linkage, Links, OpenFiles, Orientation, Progress, Run, Selection, Settings, Tier, Verdicts, scan,
};
use pixtwin_planning::{Collector, Found, KeepRule, Rules};
use pixtwin_testkit::{
    Drawing,
    draw::landscape,
    encode::{png, qoi},
};
use serde_json::{Value, json};

use super::{
    Acting, Desk, Setting, Surroundings,
    choices::totals,
    jobs::{Job, Jobs},
    lists, plans,
    table::{GroupId, Table},
    verdicts,
};

/// A library with a desk in front of it, and a place for journals.
struct Room {
    dir: tempfile::TempDir,
}

struct Around(PathBuf);

impl Surroundings for Around {
    fn scan(&self, _: &[PathBuf], tier: Tier, progress: &Progress) -> Result<Found, String> {
        Ok(found_in(&self.0.join("in"), tier, progress))
    }

    fn state_path(&self) -> Option<PathBuf> {
        Some(self.0.join("state"))
    }

    fn state_folder(&self) -> Result<PathBuf, String> {
        let folder = self.0.join("state");
        fs::create_dir_all(&folder).map_err(|cause| cause.to_string())?;
        Ok(folder)
    }
}

fn settings(tier: Tier) -> Settings {
    let (alpha, orientation) = (Alpha::Exact, Orientation::AsStored);
    Settings { tier, alpha, orientation, threads: 2, memory_bytes: 1 << 28, sharers: 1 }
}

fn found_in(folder: &Path, tier: Tier, progress: &Progress) -> Found {
    let selection = Selection {
        hidden: false,
        links: Links::Skip,
        include: Vec::new(),
        exclude: Vec::new(),
        min_bytes: 0,
        digests: false,
        linkage: Linkage::default(),
        label: None,
        sets: None,
        dismissed: false,
    };
    let (settings, mut collector) = (settings(tier), Collector::new(tier));
    let run = Run { settings: &settings, memory: None, progress };
    scan(&mut Alone::default(), &[folder.to_owned()], &selection, run, &mut collector).unwrap();
    collector.into_found()
}

impl Room {
    fn with(files: &[(&str, Vec<u8>)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        for (name, bytes) in files {
            fs::write(dir.path().join("in").join(name), bytes).unwrap();
        }
        Self { dir }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().canonicalize().unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.path().join("in").join(name).exists()
    }

    fn desk(&self, tier: Tier) -> Desk {
        let place = self.path().join("in");
        let quarantine = self.path().join("held");
        fs::create_dir_all(&quarantine).unwrap();
        let found = found_in(&place, tier, &Progress::default());
        let setting = Setting {
            engine: settings(tier),
            rules: Rules { rules: KeepRule::defaults(), references: Vec::new(), roots: Some(vec![place.clone()]) },
            acting: Acting {
                quarantine: Some(quarantine),
                home_trash: None,
                user: rustix::process::geteuid().as_raw(),
            },
            places: vec![place],
            tier,
            verdicts: Some(Verdicts::open(&self.path().join("catalogue")).unwrap()),
            thumbnails: None,
            found: Some(("a scan".to_owned(), found)),
        };
        Desk::new(setting, Box::new(Around(self.path())))
    }
}

/// What the page does to make a plan of all choices.
fn plan(desk: &Desk, table: &Table) -> u64 {
    let progress = Progress::default();
    let files = OpenFiles::new(&desk.setting.engine, &progress);
    let known = desk.known_to_differ().unwrap();
    let job = Job::new(1, "plan");
    plans::make(table, (&desk.setting.rules, &files, &known), Action::Quarantine, (&job, 0)).unwrap()
}

fn figures(table: &Table) -> Value {
    serde_json::to_value(totals(table, &table.lock())).unwrap()
}

fn nudged(drawing: &Drawing, by: u8) -> Drawing {
    drawing.map(|[r, g, b, a]| [r.clamp(by, 255 - by), g.clamp(by, 255 - by), b, a])
}

/// Three pictures of which each of two differs from the first by at most two levels.
fn near() -> Room {
    let one = landscape(90, 60, 3).opaque();
    Room::with(&[("a.png", png(&one)), ("b.png", png(&nudged(&one, 1))), ("c.png", png(&nudged(&one, 2)))])
}

const FIRST: GroupId = 0;

#[test]
fn a_run_takes_files_from_the_page_and_undo_brings_them_back() {
    let one = landscape(90, 60, 3).opaque();
    let room = Room::with(&[("a.png", png(&one)), ("b.qoi", qoi(&one))]);
    let desk = room.desk(Tier::Pixels);
    let table = desk.table().unwrap();
    assert_eq!(desk.choose(&table, FIRST, Some(&[Task::Keep, Task::Remove])), Ok(true));
    let bytes = qoi(&one).len();
    assert_eq!(figures(&table)["freed"], bytes);
    let number = plan(&desk, &table);
    let planned = table.lock().plans.get(number).unwrap();
    assert!(table.lock().plans.take(number, Which::Bulk) && !table.lock().plans.take(number, Which::Bulk));
    let outcome = desk.apply(&table, &planned, Which::Bulk, &Job::new(2, "apply")).unwrap();
    assert_eq!((&outcome["done"], &outcome["bytes"]), (&1.into(), &bytes.into()));
    assert!(room.has("a.png") && !room.has("b.qoi"));
    assert!(!table.is_shown(&table.lock(), FIRST) && table.lock().plans.is_done(1));
    assert_eq!(figures(&table)["decided"], 0);
    desk.undo(outcome["run"].as_str().unwrap(), &Job::new(3, "undo")).unwrap();
    assert!(room.has("b.qoi") && table.is_shown(&table.lock(), FIRST));
    assert_eq!(fs::read(room.path().join("in/b.qoi")).unwrap(), qoi(&one));
}

#[test]
fn a_file_with_a_name_elsewhere_frees_nothing() {
    let one = landscape(90, 60, 3).opaque();
    let room = Room::with(&[("a.png", png(&one)), ("b.qoi", qoi(&one))]);
    fs::hard_link(room.path().join("in/b.qoi"), room.path().join("elsewhere")).unwrap();
    let desk = room.desk(Tier::Pixels);
    let table = desk.table().unwrap();
    desk.choose(&table, FIRST, Some(&[Task::Keep, Task::Remove])).unwrap();
    assert_eq!((&figures(&table)["goes"], &figures(&table)["freed"]), (&1.into(), &0.into()));
}

#[test]
fn what_cannot_be_is_not_chosen() {
    let room = near();
    let desk = room.desk(Tier::Within(3));
    let table = desk.table().unwrap();
    for tasks in [&[Task::Remove; 3][..], &[Task::Leave, Task::Remove, Task::Remove], &[Task::Keep; 2]] {
        assert!(desk.choose(&table, FIRST, Some(tasks)).is_err(), "{tasks:?}");
    }
    desk.choose(&table, FIRST, Some(&[Task::Leave; 3])).unwrap();
    assert_eq!(figures(&table)["decided"], 0);
    assert!(desk.choose(&table, 1, Some(&[])).is_err() && desk.choose(&table, 1, None).is_err());
}

#[test]
fn a_pair_is_looked_at_in_the_very_plan_it_is_confirmed_in() {
    let room = near();
    let desk = room.desk(Tier::Within(3));
    let table = desk.table().unwrap();
    desk.choose(&table, FIRST, Some(&[Task::Keep, Task::Remove, Task::Leave])).unwrap();
    let first = plan(&desk, &table);
    let planned = table.lock().plans.get(first).unwrap();
    desk.choose(&table, FIRST, Some(&[Task::Keep, Task::Leave, Task::Remove])).unwrap();
    let second = plan(&desk, &table);
    // The look of the first plan ends when the second is there.
    assert_eq!(desk.look_at_pair(&table, &planned, 1).unwrap()["problem"], Value::Null);
    assert!(!table.lock().plans.may(second, Which::Pair(1)) && !table.lock().plans.may(first, Which::Pair(1)));
    let planned = table.lock().plans.get(second).unwrap();
    desk.look_at_pair(&table, &planned, 1).unwrap();
    assert!(table.lock().plans.take(second, Which::Pair(1)) && !table.lock().plans.may(second, Which::Pair(1)));
    table.lock().plans.put_back(second, Which::Pair(1));
    assert!(table.lock().plans.may(second, Which::Pair(1)));
}

#[test]
fn what_is_not_the_same_is_hidden_kept_and_shown_again() {
    let room = near();
    let desk = room.desk(Tier::Within(3));
    let table = desk.table().unwrap();
    desk.choose(&table, FIRST, Some(&[Task::Remove, Task::Remove, Task::Keep])).unwrap();
    let planned = plan(&desk, &table);
    desk.differ(&table, FIRST, Some(2)).unwrap();
    assert_eq!(table.shown(&table.lock(), FIRST).count(), 2);
    // What was chosen and planned was so with the file that is hidden now.
    assert!(table.lock().plans.get(planned).is_none());
    assert_eq!(figures(&table)["decided"], 0);
    let again = room.desk(Tier::Within(3));
    let table = again.table().unwrap();
    assert_eq!(table.shown(&table.lock(), FIRST).count(), 2);
    assert_eq!(figures(&table)["decided"], 0);
    let said = again.dismissed(&table).unwrap();
    assert_eq!((said.len(), said[0].files), (1, Some((0, 2))));
    again.same_after_all(&table, said[0].digests).unwrap();
    assert_eq!(table.shown(&table.lock(), FIRST).count(), 3);
    assert!(room.desk(Tier::Within(3)).dismissed(&table).unwrap().is_empty());
}

#[test]
fn no_file_goes_by_one_that_was_said_to_be_another_picture() {
    let room = near();
    let desk = room.desk(Tier::Within(3));
    let table = desk.table().unwrap();
    // The two others of the group, which are both near to the first.
    let digest = |at: usize| table.file(at).unwrap().digest.unwrap();
    let pair = verdicts::ordered((digest(1), digest(2)));
    desk.setting.verdicts.as_ref().unwrap().say_differ(&[pair]).unwrap();
    desk.choose(&table, FIRST, Some(&[Task::Leave, Task::Keep, Task::Remove])).unwrap();
    let number = plan(&desk, &table);
    let planned = table.lock().plans.get(number).unwrap();
    assert_eq!((planned.preview.steps.len(), planned.order.refused.len()), (0, 1));
    assert!(planned.order.refused[0].reason.contains("not the same picture"));
    desk.choose(&table, FIRST, Some(&[Task::Keep, Task::Leave, Task::Remove])).unwrap();
    let number = plan(&desk, &table);
    assert_eq!(table.lock().plans.get(number).unwrap().preview.steps.len(), 1);
}

#[test]
fn choices_come_back_for_files_that_are_there_and_for_the_same_pictures_only() {
    let (one, other) = (landscape(90, 60, 3).opaque(), landscape(90, 60, 4).opaque());
    let bmp = |drawing: &Drawing| pixtwin_testkit::encode::Bmp::Rgb.write(drawing);
    let room = Room::with(&[("a.bmp", bmp(&one)), ("b.bmp", bmp(&one))]);
    let desk = room.desk(Tier::Pixels);
    desk.choose(&desk.table().unwrap(), FIRST, Some(&[Task::Keep, Task::Remove])).unwrap();
    let decided = || figures(&room.desk(Tier::Pixels).table().unwrap())["decided"].clone();
    assert_eq!(decided(), 1);
    // The same names and lengths, and another picture.
    for name in ["a.bmp", "b.bmp"] {
        fs::write(room.path().join("in").join(name), bmp(&other)).unwrap();
    }
    assert_eq!(decided(), 0);
}

/// Twins of one picture in two formats, and of another, larger one in one folder.
fn two_groups() -> (Room, Desk) {
    let (small, large) = (landscape(40, 30, 3).opaque(), landscape(200, 150, 4).opaque());
    let room = Room::with(&[
        ("small.png", png(&small)),
        ("small.qoi", qoi(&small)),
        ("Large one.png", png(&large)),
        ("Large two.png", png(&large)),
    ]);
    let desk = room.desk(Tier::Pixels);
    (room, desk)
}

#[test]
fn lists_have_what_was_asked_for_in_that_order() {
    let (_room, desk) = two_groups();
    let table = desk.table().unwrap();
    let listed = |asked: Value| -> Vec<GroupId> {
        let listed = serde_json::to_value(lists::list(&table, &serde_json::from_value(asked).unwrap())).unwrap();
        table.lock().lists.get(listed["list"].as_u64().unwrap()).unwrap().to_vec()
    };
    // Groups come by path: the large one is the first.
    assert_eq!(listed(json!({})), [0, 1]);
    assert_eq!(listed(json!({ "sort": "path" })), [0, 1]);
    assert_eq!(listed(json!({ "format": "QOI" })), [1]);
    assert_eq!(listed(json!({ "tier": "bytes" })), [0]);
    assert_eq!(listed(json!({ "tier": "pixels" })), [1]);
    assert_eq!(listed(json!({ "text": "LARGE ONE" })), [0]);
    assert_eq!(listed(json!({ "text": "nowhere" })), [0; 0]);
    assert_eq!(listed(json!({ "folder": 99 })), [0; 0]);
    let bytes = table.file(0).unwrap().bytes;
    assert_eq!(listed(json!({ "min_bytes": bytes })), [0]);
    assert_eq!(listed(json!({ "max_bytes": bytes - 1 })), [1]);
    desk.choose(&table, 1, Some(&[Task::Keep, Task::Remove])).unwrap();
    assert_eq!((listed(json!({ "show": "decided" })), listed(json!({ "show": "undecided" }))), (vec![1], vec![0]));
    assert!(serde_json::from_value::<lists::Asked>(json!({ "path": "/etc" })).is_err());
    // The first of them was made too long ago.
    assert!(table.lock().lists.get(1).is_none());
}

#[test]
fn one_job_is_done_at_a_time_and_the_last_are_remembered() {
    let jobs = Arc::new(Jobs::default());
    let (go_on, wait) = channel::<()>();
    let first = jobs.begin("rules", move |_| Ok(json!(wait.recv().is_ok()))).unwrap();
    assert!(jobs.begin("plan", |_| Ok(Value::Null)).is_none());
    go_on.send(()).unwrap();
    let ended = |job: &Job| {
        while !job.is_over() {
            thread::yield_now();
        }
        serde_json::to_value(job.state()).unwrap()
    };
    assert_eq!((&ended(&first)["state"], &ended(&first)["outcome"]), (&json!("done"), &json!(true)));
    let failed = jobs.begin("plan", |_| Err("it cannot be".to_owned())).unwrap();
    assert_eq!(ended(&failed)["error"], "it cannot be");
    let stopped = jobs.begin("scan", |job| if job.is_stopped() { Err(String::new()) } else { Ok(Value::Null) });
    assert_eq!(ended(&stopped.unwrap())["state"], "done");
    assert!(jobs.get(first.number).is_some() && jobs.get(99).is_none());
    jobs.close();
    assert!(jobs.begin("apply", |_| Ok(Value::Null)).is_none());
}

#[test]
fn rules_choose_and_leave_alone_what_was_chosen_by_hand() {
    let (_room, desk) = two_groups();
    let table = desk.table().unwrap();
    desk.choose(&table, 0, Some(&[Task::Leave, Task::Keep])).unwrap();
    let asked = |rules: Value| desk.rules_asked(&table, &serde_json::from_value::<Vec<_>>(rules).unwrap());
    for wrong in [json!("in=/etc"), json!("no such rule"), json!("in")] {
        assert!(asked(json!([{ "name": wrong }])).is_err(), "{wrong}");
    }
    assert!(asked(json!([{ "name": "in", "value": 99 }])).is_err());
    let rules = asked(json!([{ "name": "name", "value": "*.qoi" }])).unwrap();
    desk.rule(&table, &rules, &[0, 1], &Job::new(1, "rules"));
    let task = |group, at| table.lock().choices.of_file(group, at).map(|decision| decision.task);
    assert_eq!((task(1, 0), task(1, 1)), (Some(Task::Remove), Some(Task::Keep)));
    assert_eq!((task(0, 0), task(0, 1)), (Some(Task::Leave), Some(Task::Keep)));
    desk.forget(&table, &[0, 1]);
    assert_eq!((task(0, 1), task(1, 1)), (None, None));
}

//! Plans: what is written is read back, and what was tampered with cannot cost the last copy.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails"
)]

use std::{
    collections::{BTreeMap, HashSet},
    ffi::OsString,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::PathBuf,
};

use pixtwin_actions::{
    disk::Identity,
    plan::{Error, File, Group, Header, Plan, Refused, Task, Tier},
};
use pixtwin_testkit::{cases, mutant_of_plan};
use proptest::prelude::*;

fn file(task: Task, path: impl Into<PathBuf>, inode: u64) -> File {
    let identity = Identity { device: 7, inode, bytes: 40, modified_ns: -1, changed_ns: i64::MAX };
    File { task, path: path.into(), identity, blake3: Some([inode as u8; 32]), reason: "oldest".to_owned() }
}

fn group(number: u64, files: Vec<File>) -> Group {
    Group { number, tier: Tier::Pixels, undecided: None, files }
}

fn plan(groups: Vec<Group>) -> Plan {
    let header = Header {
        host: "nas".to_owned(),
        made_s: 1_764_100_000,
        roots: vec!["/pictures".into()],
        references: vec!["/pictures/albums".into(), OsString::from_vec(b"/pictures/\xff".to_vec()).into()],
        rules: vec!["metadata".to_owned(), "oldest".to_owned()],
    };
    Plan { header, groups }
}

fn written(plan: &Plan) -> Vec<u8> {
    let mut bytes = Vec::new();
    plan.write(&mut bytes).unwrap();
    bytes
}

fn read(bytes: &[u8]) -> Result<(Plan, Vec<Refused>), Error> {
    Plan::read(bytes)
}

/// Why the only group of a plan is refused.
#[track_caller]
fn refusal(files: Vec<File>) -> String {
    refusal_of(group(1, files))
}

#[track_caller]
fn refusal_of(group: Group) -> String {
    let (plan, refused) = read(&written(&plan(vec![group]))).unwrap();
    assert_eq!(plan.groups, []);
    let [Refused { group: 1, reason }] = &refused[..] else { panic!("{refused:?}") };
    reason.clone()
}

fn keep_and(files: Vec<File>) -> Vec<File> {
    [vec![file(Task::Keep, "/pictures/keeper", 1)], files].concat()
}

#[test]
fn groups_that_would_lose_a_file_are_refused() {
    let removed = |path: &str, inode| file(Task::Remove, path, inode);
    assert_eq!(refusal(vec![removed("/pictures/a", 1), removed("/pictures/b", 2)]), "no file of it would be kept");
    let left = vec![file(Task::Leave, "/pictures/a", 1), removed("/pictures/b", 2)];
    assert_eq!(refusal(left), "no file of it would be kept");
    let same = keep_and(vec![removed("/pictures/a", 1)]);
    assert_eq!(refusal(same), "of two names of one file one would go and one stay");
    let left = keep_and(vec![removed("/pictures/a", 2), file(Task::Leave, "/pictures/b", 2)]);
    assert_eq!(refusal(left), "of two names of one file one would go and one stay");
    assert_eq!(refusal(keep_and(vec![removed("/pictures/keeper", 2)])), "a path is in it twice");
    let undecided = Group { undecided: Some("tie".to_owned()), ..group(1, keep_and(vec![removed("/pictures/a", 2)])) };
    assert_eq!(refusal_of(undecided), "it is undecided, and yet files of it would go");
}

#[test]
fn paths_are_normal_and_below_a_root() {
    let odd = "a path in it is not absolute, or has `.`, `..`, empty parts or a NUL byte";
    let paths =
        ["pictures/a", "/pictures/../etc/a", "/pictures/./a", "/pictures//a", "/pictures/a/", "", "/pictures/a\0b"];
    for path in paths {
        assert_eq!(refusal(keep_and(vec![file(Task::Leave, path, 2)])), odd, "{path}");
    }
    for path in ["/etc/a", "/picturesque/a"] {
        assert_eq!(refusal(keep_and(vec![file(Task::Remove, path, 2)])), "a file of it is not below any of the roots");
    }
}

#[test]
fn nothing_below_a_reference_goes() {
    let reason = "a file of it that would go lies in a reference folder, where all stay";
    for path in [b"/pictures/albums/a".as_slice(), b"/pictures/albums/b/c", b"/pictures/\xff/a"] {
        let path = OsString::from_vec(path.to_vec());
        assert_eq!(refusal(keep_and(vec![file(Task::Remove, path, 2)])), reason);
    }
    let names = [file(Task::Remove, "/pictures/a", 2), file(Task::Remove, "/pictures/albums/a", 2)];
    assert_eq!(refusal(keep_and(names.to_vec())), reason);
    let beside = vec![
        file(Task::Keep, "/pictures/albums/a", 2),
        file(Task::Leave, "/pictures/albums/b", 3),
        file(Task::Remove, "/pictures/albums2/a", 4),
    ];
    let sound = plan(vec![group(1, beside)]);
    assert_eq!(read(&written(&sound)).unwrap(), (sound, vec![]));
}

#[test]
fn references_may_be_missing_and_are_folders_by_whole_paths() {
    let header = |references: &str| {
        let line = r#"{"type":"plan","version":1,"host":"nas","made":"2025-11-25T20:00:00Z","roots":[{"text":"/"}],"rules":[]"#;
        let text = format!("{line}{references}}}\n{{\"type\":\"end\"}}\n");
        read(text.as_bytes()).map(|(plan, _)| plan.header.references).map_err(|cause| cause.to_string())
    };
    assert_eq!(header(""), Ok(vec![]));
    assert_eq!(header(r#","references":[{"text":"/"}]"#), Ok(vec![PathBuf::from("/")]));
    let reason = "the header of the plan is wrong: a reference is no absolute path without `.`, `..` and empty parts";
    for path in ["albums", "/albums/", "/pictures/../albums", "/./albums", "//albums", ""] {
        let references = format!(r#","references":[{{"text":"{path}"}}]"#);
        assert_eq!(header(&references), Err(reason.to_owned()), "{path}");
    }
    for broken in [r#","references":null"#, r#","references":["/albums"]"#, r#","reference":[]"#] {
        assert!(header(broken).unwrap_err().starts_with("the header of the plan is wrong: "), "{broken}");
    }
}

#[test]
fn what_is_said_to_be_equal_can_be_equal() {
    let of_tier = |tier, files| Group { tier, ..group(1, files) };
    let mut other = file(Task::Remove, "/pictures/a", 2);
    let hashes = "its files are said to be equal byte for byte, and have different hashes";
    assert_eq!(refusal_of(of_tier(Tier::Bytes, keep_and(vec![other.clone()]))), hashes);
    other.identity.bytes = 41;
    let lengths = "its files are said to be equal byte for byte, and have different lengths";
    assert_eq!(refusal_of(of_tier(Tier::Bytes, keep_and(vec![other.clone()]))), lengths);
    other.blake3 = None;
    let missing = "its pictures are not equal, and of one the hash of its bytes is missing";
    assert_eq!(refusal_of(of_tier(Tier::Similar, keep_and(vec![other]))), missing);
}

#[test]
fn a_file_in_two_groups_is_in_none() {
    let groups = |path: &str, inode| {
        let of = |number: u64, victim| {
            group(number, vec![file(Task::Keep, format!("/pictures/{number}"), 10 + number), victim])
        };
        let shared = file(Task::Remove, "/pictures/x", 1);
        let again = File { identity: Identity { inode, ..shared.identity }, path: path.into(), ..shared.clone() };
        let (plan, refused) =
            read(&written(&plan(vec![of(1, shared), of(2, again), of(3, file(Task::Remove, "/pictures/y", 5))])))
                .unwrap();
        let refused: Vec<_> = refused.into_iter().map(|refused| refused.group).collect();
        (plan.groups.iter().map(|group| group.number).collect::<Vec<_>>(), refused)
    };
    assert_eq!(groups("/pictures/x", 2), (vec![3], vec![1, 2]));
    assert_eq!(groups("/pictures/z", 1), (vec![3], vec![1, 2]));
    assert_eq!(groups("/pictures/z", 2), (vec![1, 2, 3], vec![]));
}

/// A plan of two groups as text, with a line replaced.
fn with_line(number: usize, replacement: &str) -> Result<(Vec<u64>, Vec<Refused>), String> {
    let of = |number: u64| {
        let names = [format!("/pictures/{number}a"), format!("/pictures/{number}b")];
        group(number, vec![file(Task::Keep, &names[0], 10 * number), file(Task::Remove, &names[1], 10 * number + 1)])
    };
    let text = String::from_utf8(written(&plan(vec![of(1), of(2)]))).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 8);
    lines[number] = replacement;
    let (plan, refused) = read(lines.join("\n").as_bytes()).map_err(|cause| cause.to_string())?;
    Ok((plan.groups.iter().map(|group| group.number).collect(), refused))
}

#[test]
fn a_broken_line_costs_its_group_and_a_broken_frame_everything() {
    let refused = |group, reason: &str| Refused { group, reason: reason.to_owned() };
    let broken = Ok((vec![2], vec![refused(1, "line 4: EOF while parsing an object")]));
    assert_eq!(with_line(3, "{"), broken);
    let unknown = r#"{"type":"file","group":2,"do":"shred"}"#;
    let reason = "line 7: unknown variant `shred`, expected one of `keep`, `remove`, `leave`";
    assert_eq!(with_line(6, unknown), Ok((vec![1], vec![refused(2, reason)])));
    let misspelt = r#"{"type":"group","group":2,"tier":"pixels","undecide":"tie"}"#;
    let reason = "line 5: unknown field `undecide`, expected one of `group`, `tier`, `undecided`";
    let (kept, refusals) = with_line(4, misspelt).unwrap();
    assert_eq!((kept, refusals), (vec![], vec![refused(1, reason), refused(2, "the line that begins it is missing")]));
    for report in [r#"{"type":"group","group":1}"#, r#"{"type":"unread"}"#, r#"{"type":"summary","schema":1}"#] {
        assert_eq!(with_line(0, report), Err("not a plan: it is a report of what was found".to_owned()));
    }
    assert_eq!(with_line(0, r#"{"type":"end"}"#), Err("not a plan: its first line is not of type `plan`".to_owned()));
    let reason = "the header of the plan is wrong: missing field `version`";
    assert_eq!(with_line(0, r#"{"type":"plan"}"#), Err(reason.to_owned()));
    assert_eq!(with_line(0, "{}"), Err("not a plan: missing field `type`".to_owned()));
    assert_eq!(
        with_line(0, r#"{"type":"plan","version":2,"news":1}"#),
        Err("the plan is of version 2, and version 1 is read".to_owned())
    );
    assert_eq!(with_line(7, ""), Err("the plan is cut short: its last line is not {\"type\":\"end\"}".to_owned()));
    let roots = r#"{"type":"plan","version":1,"host":"nas","made":"2025-11-25T20:00:00Z","roots":[{"text":"pictures"}],"rules":[]}"#;
    let reason = "the header of the plan is wrong: a root is no absolute path without `.`, `..` and empty parts";
    assert_eq!(with_line(0, roots), Err(reason.to_owned()));
    let end = r#"{"type":"end"}"#;
    assert_eq!(with_line(6, end), Err("line 8 of the plan: it stands behind the end".to_owned()));
}

#[test]
fn a_byte_order_mark_is_passed_over_at_the_beginning_alone() {
    let sound = plan(vec![group(1, keep_and(vec![file(Task::Remove, "/pictures/a", 2)]))]);
    let bytes = written(&sound);
    let mark = b"\xef\xbb\xbf".as_slice();
    for before in [mark.to_vec(), [mark, b"\r\n"].concat()] {
        assert_eq!(read(&[&before, &bytes[..]].concat()).unwrap(), (sound.clone(), vec![]));
    }
    for before in [[mark, mark].concat(), [b"\n", mark].concat()] {
        assert!(matches!(read(&[&before, &bytes[..]].concat()), Err(Error::NoPlan(_))));
    }
}

/// Each of the numbers that scripts would round.
const ROUNDED: [&str; 4] = ["device", "inode", "modified_ns", "changed_ns"];

#[test]
fn large_numbers_are_strings_and_are_read_as_numbers_too() {
    let mut large = file(Task::Leave, "/pictures/a", u64::MAX);
    large.identity = Identity { device: u64::MAX - 1, modified_ns: i64::MIN, ..large.identity };
    let sound = plan(vec![group(1, vec![large])]);
    let text = String::from_utf8(written(&sound)).unwrap();
    let strings = r#""device":"18446744073709551614","inode":"18446744073709551615","size":40,"modified_ns":"-9223372036854775808","changed_ns":"9223372036854775807","#;
    assert!(text.contains(strings), "{text}");
    let numbers = text.replace(strings, &strings.replace(":\"", ":").replace("\",", ","));
    assert_ne!(numbers, text);
    assert_eq!(read(numbers.as_bytes()).unwrap(), (sound, vec![]));
    for name in ROUNDED {
        let (before, after) = text.split_once(&format!("\"{name}\":\"")).unwrap();
        let after = after.split_once('"').unwrap().1;
        for other in ["1.5778368e18", "\"18446744073709551616\"", "\"1 \"", "null"] {
            let (_, refused) = read(format!("{before}\"{name}\":{other}{after}").as_bytes()).unwrap();
            assert!(refused[0].reason.starts_with("line 3: invalid "), "{name} {other}: {refused:?}");
        }
    }
}

#[test]
fn a_line_without_end_is_not_held() {
    struct Endless;
    impl std::io::Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            into.fill(b' ');
            Ok(into.len())
        }
    }
    let cause = Plan::read(std::io::BufReader::new(Endless)).unwrap_err();
    assert_eq!(cause.to_string(), "line 1 of the plan: it has 1048576 bytes or more");
}

fn names() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\n'), Just(0x1b), Just(0xff), Just(b'"'), Just(b'\\'), 1_u8..=255];
    prop::collection::vec(byte.prop_filter("a slash", |byte| *byte != b'/'), 1..20)
        .prop_filter("no name", |name| name != b"." && name != b"..")
}

fn tasks() -> impl Strategy<Value = Task> {
    prop_oneof![Just(Task::Keep), Just(Task::Remove), Just(Task::Leave)]
}

prop_compose! {
    /// A group in which nothing is wrong, of files with the names given.
    fn groups()(members in prop::collection::vec((names(), tasks(), any::<(u64, i64, i64)>(), any::<Option<[u8; 32]>>(), ".*"), 2..6),
        is_undecided in any::<bool>()) -> Vec<File>
    {
        members.into_iter().enumerate().map(|(at, (name, task, (bytes, modified_ns, changed_ns), blake3, reason))| {
            let path = [b"/pictures/".as_slice(), &name].concat();
            let task = match (at, is_undecided) { (0, _) => Task::Keep, (_, true) => Task::Leave, _ => task };
            let identity = Identity { device: u64::MAX, inode: 0, bytes, modified_ns, changed_ns };
            File { task, path: OsString::from_vec(path).into(), identity, blake3, reason }
        }).collect()
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    prop::collection::vec((groups(), any::<bool>()), 0..5).prop_map(|groups| {
        let mut inode = 0;
        let groups = groups.into_iter().enumerate().map(|(at, (mut files, is_named))| {
            for file in &mut files {
                inode += 1;
                file.identity.inode = inode;
                let name = file.path.file_name().unwrap().as_bytes();
                file.path = OsString::from_vec([format!("/pictures/{inode}-").as_bytes(), name].concat()).into();
            }
            let has_victim = files.iter().any(|file| file.task == Task::Remove);
            let undecided = (is_named && !has_victim).then(|| "tie: oldest".to_owned());
            Group { undecided, ..group(at as u64, files) }
        });
        plan(groups.collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(64, 2_000)))]

    #[test]
    fn what_is_written_is_read_back(plan in plans()) {
        let (back, refused) = read(&written(&plan)).unwrap();
        prop_assert_eq!(back, plan);
        prop_assert_eq!(refused, vec![]);
    }
}

/// Whether a group may cost the last copy of anything, judged anew.
fn assert_harmless(plan: &Plan, bytes: &[u8]) {
    let say = || String::from_utf8_lossy(bytes).into_owned();
    let (mut paths, mut files) = (HashSet::new(), BTreeMap::new());
    for group in &plan.groups {
        let tasks: Vec<Task> = group.files.iter().map(|file| file.task).collect();
        if tasks.contains(&Task::Remove) {
            assert!(tasks.contains(&Task::Keep) && group.undecided.is_none(), "{}", say());
        }
        for file in &group.files {
            let path = file.path.as_os_str().as_bytes().to_vec();
            assert!(
                path.starts_with(b"/") && file.path.components().collect::<PathBuf>().as_os_str().as_bytes() == path
            );
            assert!(!path.windows(3).any(|part| part == b"/.."), "{}", say());
            assert!(plan.header.roots.iter().any(|root| file.path.starts_with(root)), "{}", say());
            assert!(paths.insert(path), "a path twice: {}", say());
            let is_reference = plan.header.references.iter().any(|folder| file.path.starts_with(folder));
            assert!(!is_reference || file.task != Task::Remove, "{}", say());
            let place = (file.identity.device, file.identity.inode);
            let goes = file.task == Task::Remove;
            assert_eq!(*files.entry(place).or_insert((group.number, goes)), (group.number, goes), "{}", say());
        }
    }
}

#[test]
fn no_mutant_costs_the_last_copy() {
    let of = |number: u64| {
        let name = |part: &str| format!("/pictures/{number}/{part}.png");
        let base = 10 * number;
        group(
            number,
            vec![
                file(Task::Keep, name("keeper"), base),
                file(Task::Keep, name("its link"), base),
                file(Task::Remove, name("victim"), base + 1),
                file(Task::Remove, name("its link too"), base + 1),
                file(Task::Leave, name("left"), base + 2),
                file(Task::Remove, name("second"), base + 3),
                file(Task::Keep, format!("/pictures/albums/{number}.png"), base + 4),
            ],
        )
    };
    let original = written(&plan((1..6).map(of).collect()));
    assert_eq!(read(&original).unwrap().0.groups.len(), 5);
    let count = cases(1_000, 200_000);
    let (mut whole, mut partly, mut refused_whole) = (0, 0, 0);
    let mut done: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..u64::from(count) {
        let (mutant, names) = mutant_of_plan(&original, seed);
        for name in names {
            *done.entry(name).or_default() += 1;
        }
        match read(&mutant) {
            Ok((plan, refused)) => {
                assert_harmless(&plan, &mutant);
                if refused.is_empty() { whole += 1 } else { partly += 1 }
            }
            Err(_) => refused_whole += 1,
        }
    }
    assert_eq!(done.len(), 23, "{done:?}");
    // Each way out is taken often: a reader that refused all would pass else.
    assert!(whole > count / 50 && partly > count / 5 && refused_whole > count / 50, "{whole} {partly} {refused_whole}");
    println!("soak: {count} mutated plans: {whole} read, {partly} with groups refused, {refused_whole} refused");
}

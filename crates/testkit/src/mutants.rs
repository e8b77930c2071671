//! Plans as careless or hostile hands leave them.
#![allow(clippy::ptr_arg, reason = "all changes have one type")]

use serde_json::{Value, json};

use crate::draw::Seeded;

/// What is done to the lines of a plan.
type Change = fn(&mut Vec<Value>, &mut Seeded);

/// Everything that is done to plans: what the tests name in their counts.
const CHANGES: [(&str, Change); 21] = [
    ("all members go", all_go),
    ("the keeper is missing", without_keeper),
    ("the keeper is left", keeper_left),
    ("two groups go by each other's keepers", circle),
    ("paths swapped", paths_swapped),
    ("`..` in a path", dots_in_path),
    ("another path", other_path),
    ("a path written otherwise", path_written_otherwise),
    ("a line twice", line_twice),
    ("a line missing", line_missing),
    ("lines swapped", lines_swapped),
    ("other roots", other_roots),
    ("a reference goes", reference_goes),
    ("more is a reference", other_reference),
    ("another number", other_number),
    ("a number rounded", number_rounded),
    ("a task changed", task_changed),
    ("a victim is the keeper by its path", victim_at_path_of_keeper),
    ("a victim is the keeper by its number", victim_of_keepers_number),
    ("another tier", other_tier),
    ("a value of another type", other_type),
];

/// A mutant of a plan: one to three changes of its lines, and at times a flipped byte or a cut. The same for a seed
/// everywhere. The names of what was done come with it.
#[must_use]
pub fn mutant_of_plan(plan: &[u8], seed: u64) -> (Vec<u8>, Vec<&'static str>) {
    let mut random = Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x6d75_7461);
    let mut lines: Vec<Value> =
        plan.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let mut names = Vec::new();
    for _ in 0..1 + random.up_to(3) {
        let (name, change) = CHANGES[random.up_to(CHANGES.len())];
        change(&mut lines, &mut random);
        names.push(name);
    }
    let mut bytes: Vec<u8> = lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
    match random.up_to(8) {
        0 => {
            let at = random.up_to(bytes.len());
            bytes[at] ^= 1 << random.up_to(8);
            names.push("a bit flipped");
        }
        1 => {
            bytes.truncate(random.up_to(bytes.len()));
            names.push("cut short");
        }
        _ => {}
    }
    (bytes, names)
}

impl Seeded {
    /// A number below that; 0 if there is none.
    fn up_to(&mut self, limit: usize) -> usize {
        (self.number() >> 16) as usize % limit.max(1)
    }
}

/// The places of the lines of files, all or those of one group.
fn files(lines: &[Value], group: Option<&Value>) -> Vec<usize> {
    let is_wanted = |line: &Value| line["type"] == "file" && group.is_none_or(|group| line["group"] == *group);
    (0..lines.len()).filter(|at| is_wanted(&lines[*at])).collect()
}

/// The number of any group.
fn any_group(lines: &[Value], random: &mut Seeded) -> Value {
    let groups: Vec<&Value> = lines.iter().filter(|line| line["type"] == "group").map(|line| &line["group"]).collect();
    groups.get(random.up_to(groups.len())).map_or(Value::Null, |group| (*group).clone())
}

fn any_file(lines: &[Value], random: &mut Seeded) -> Option<usize> {
    let all = files(lines, None);
    all.get(random.up_to(all.len())).copied()
}

/// The places of a group's keeper and of a victim.
fn pair(lines: &[Value], random: &mut Seeded) -> Option<(usize, usize)> {
    let group = any_group(lines, random);
    let all = files(lines, Some(&group));
    let first = |task: &str| all.iter().copied().find(|at| lines[*at]["do"] == task);
    Some((first("keep")?, first("remove")?))
}

fn all_go(lines: &mut Vec<Value>, random: &mut Seeded) {
    let group = any_group(lines, random);
    for at in files(lines, Some(&group)) {
        lines[at]["do"] = json!("remove");
    }
}

fn without_keeper(lines: &mut Vec<Value>, random: &mut Seeded) {
    let group = any_group(lines, random);
    lines.retain(|line| !(line["type"] == "file" && line["group"] == group && line["do"] == "keep"));
}

fn keeper_left(lines: &mut Vec<Value>, random: &mut Seeded) {
    if let Some((keeper, _)) = pair(lines, random) {
        lines[keeper]["do"] = json!("leave");
    }
}

/// Each group has the keeper of the other one among its victims.
fn circle(lines: &mut Vec<Value>, random: &mut Seeded) {
    let (Some((one, _)), Some((other, _))) = (pair(lines, random), pair(lines, random)) else { return };
    let victims = [(one, other), (other, one)].map(|(keeper, of)| {
        let mut line = lines[keeper].clone();
        (line["do"], line["group"]) = (json!("remove"), lines[of]["group"].clone());
        (of, line)
    });
    let mut victims = victims.to_vec();
    victims.sort_by_key(|(at, _)| usize::MAX - at);
    for (at, line) in victims {
        lines.insert(at + 1, line);
    }
}

fn paths_swapped(lines: &mut Vec<Value>, random: &mut Seeded) {
    if let (Some(one), Some(other)) = (any_file(lines, random), any_file(lines, random)) {
        let path = lines[one]["path"].take();
        let path = std::mem::replace(&mut lines[other]["path"], path);
        if one != other {
            lines[one]["path"] = path;
        }
    }
}

fn text_of(line: &Value) -> String {
    line["path"]["text"].as_str().unwrap_or("/").to_owned()
}

fn dots_in_path(lines: &mut Vec<Value>, random: &mut Seeded) {
    let Some(at) = any_file(lines, random) else { return };
    let path = text_of(&lines[at]);
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let changed =
        [format!("{folder}/../{name}"), format!("{folder}/./{name}"), format!("{path}/.."), format!("../{name}")];
    lines[at]["path"] = json!({ "text": changed[random.up_to(4)] });
}

fn other_path(lines: &mut Vec<Value>, random: &mut Seeded) {
    let Some(at) = any_file(lines, random) else { return };
    let others = ["/etc/passwd", "/", "", "relative", "/proc/self/mem", "/dev/sda", "a\u{0}b"];
    lines[at]["path"] = json!({ "text": others[random.up_to(others.len())] });
}

/// The same file for the system, if it were asked.
fn path_written_otherwise(lines: &mut Vec<Value>, random: &mut Seeded) {
    let Some(at) = any_file(lines, random) else { return };
    let path = text_of(&lines[at]);
    let changed = [format!("/{path}"), path.replacen('/', "/./", 2), format!("{path}/"), path.replace('/', "//")];
    let mut line = lines[at].clone();
    line["path"] = json!({ "text": changed[random.up_to(4)] });
    line["do"] = json!("remove");
    lines.insert(at + 1, line);
}

fn line_twice(lines: &mut Vec<Value>, random: &mut Seeded) {
    let (from, to) = (random.up_to(lines.len()), random.up_to(lines.len()));
    if let Some(line) = lines.get(from).cloned() {
        lines.insert(to, line);
    }
}

fn line_missing(lines: &mut Vec<Value>, random: &mut Seeded) {
    if !lines.is_empty() {
        lines.remove(random.up_to(lines.len()));
    }
}

fn lines_swapped(lines: &mut Vec<Value>, random: &mut Seeded) {
    if !lines.is_empty() {
        let (one, other) = (random.up_to(lines.len()), random.up_to(lines.len()));
        lines.swap(one, other);
    }
}

fn other_roots(lines: &mut Vec<Value>, random: &mut Seeded) {
    let others =
        [json!([]), json!([{ "text": "/" }]), json!([{ "text": "." }]), json!([{ "text": "/nowhere" }]), json!("/")];
    if let Some(header) = lines.first_mut().filter(|line| line.is_object()) {
        header["roots"] = others[random.up_to(others.len())].clone();
    }
}

/// A file below a folder of which nothing goes.
fn reference_goes(lines: &mut Vec<Value>, random: &mut Seeded) {
    let Some(folder) = lines.first().and_then(|line| line["references"][0]["text"].as_str()) else { return };
    let prefix = format!("{folder}/");
    let below: Vec<usize> =
        files(lines, None).into_iter().filter(|at| text_of(&lines[*at]).starts_with(&prefix)).collect();
    if let Some(at) = below.get(random.up_to(below.len())) {
        lines[*at]["do"] = json!("remove");
    }
}

/// A folder of which something goes becomes one of which nothing may.
fn other_reference(lines: &mut Vec<Value>, random: &mut Seeded) {
    let Some(at) = any_file(lines, random) else { return };
    let path = text_of(&lines[at]);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folders = [folder.to_owned(), format!("{folder}/"), path.clone(), "albums".to_owned()];
    if let Some(header) = lines.first_mut().filter(|line| line.is_object()) {
        header["references"] = json!([{ "text": folders[random.up_to(4)] }]);
    }
}

fn other_number(lines: &mut Vec<Value>, random: &mut Seeded) {
    let at = random.up_to(lines.len());
    let Some(Value::Object(line)) = lines.get_mut(at) else { return };
    let mut numbers: Vec<&mut Value> = line.values_mut().filter(|value| number_of(value).is_some()).collect();
    let others = [json!(0), json!(1), json!("2"), json!(u64::MAX), json!("-1"), json!(1.5), json!("01"), json!("")];
    let which = random.up_to(numbers.len());
    if let Some(number) = numbers.get_mut(which) {
        **number = others[random.up_to(others.len())].clone();
    }
}

/// A number, or a string of one.
fn number_of(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// As programs leave it that have 53 bits for a number.
fn number_rounded(lines: &mut Vec<Value>, random: &mut Seeded) {
    let Some(at) = any_file(lines, random) else { return };
    let name = ["device", "inode", "size", "modified_ns", "changed_ns"][random.up_to(5)];
    if let Some(number) = number_of(&lines[at][name]) {
        #[expect(clippy::cast_possible_truncation, reason = "that is what is tried")]
        let rounded = [json!(number), json!(number as i128 as i64), json!(number.to_string())];
        lines[at][name] = rounded[random.up_to(3)].clone();
    }
}

fn task_changed(lines: &mut Vec<Value>, random: &mut Seeded) {
    if let Some(at) = any_file(lines, random) {
        lines[at]["do"] = json!(["keep", "remove", "leave", "shred", ""][random.up_to(5)]);
    }
}

fn victim_at_path_of_keeper(lines: &mut Vec<Value>, random: &mut Seeded) {
    if let Some((keeper, victim)) = pair(lines, random) {
        lines[victim]["path"] = lines[keeper]["path"].clone();
    }
}

fn victim_of_keepers_number(lines: &mut Vec<Value>, random: &mut Seeded) {
    if let Some((keeper, victim)) = pair(lines, random) {
        for name in ["device", "inode", "size", "modified_ns", "changed_ns"] {
            lines[victim][name] = lines[keeper][name].clone();
        }
    }
}

fn other_tier(lines: &mut Vec<Value>, random: &mut Seeded) {
    let group = any_group(lines, random);
    let tier = ["bytes", "pixels", "turned", "similar", "equal"][random.up_to(5)];
    for line in lines.iter_mut().filter(|line| line["type"] == "group" && line["group"] == group) {
        line["tier"] = json!(tier);
    }
}

fn other_type(lines: &mut Vec<Value>, random: &mut Seeded) {
    let at = random.up_to(lines.len());
    let Some(Value::Object(line)) = lines.get_mut(at) else { return };
    let others = [Value::Null, json!([]), json!({}), json!("x"), json!(true)];
    let which = random.up_to(line.len());
    if let Some(value) = line.values_mut().nth(which) {
        *value = others[random.up_to(others.len())].clone();
    }
}

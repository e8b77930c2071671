//! Pairs of pictures that are near each other, and what people say of them.

use std::collections::BTreeMap;

use pixtwin_testkit::{
    Dir, Drawing, Ran,
    draw::landscape,
    encode::{png, qoi},
};
use serde_json::Value;

use crate::{digest, ran};

fn lines(ran: &Ran) -> Vec<Value> {
    ran.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A picture, a copy of it, one whose darkest and brightest samples are drawn in by two levels, and one turned.
fn library() -> Dir {
    let dir = Dir::new();
    let one = landscape(90, 60, 3).opaque();
    dir.write("in/one.png", png(&one)).write("in/one.qoi", qoi(&one));
    dir.write("in/near.png", png(&nudged(&one, 2))).write("in/turned.png", png(&one.mirrored()));
    dir
}

fn nudged(drawing: &Drawing, by: u8) -> Drawing {
    drawing.map(|[r, g, b, a]| [r.clamp(by, 255 - by), g.clamp(by, 255 - by), b, a])
}

#[test]
fn files_of_near_groups_have_their_own_digests() {
    let dir = library();
    let of_file: BTreeMap<String, String> = ["in/one.png", "in/one.qoi", "in/near.png", "in/turned.png"]
        .map(|name| (name.to_owned(), digest(&dir, name)))
        .into();
    for tier in ["turned", "within=2", "similar"] {
        let scanned = ran(&dir, &["scan", "in", "--tier", tier, "--format", "json", "-q"]);
        let groups: Vec<Value> = lines(&scanned).into_iter().filter(|line| line["type"] == "group").collect();
        let files: Vec<&Value> = groups.iter().flat_map(|group| group["files"].as_array().unwrap()).collect();
        assert!(files.len() >= 3, "{tier}: {files:?}");
        for file in files {
            assert_eq!(text(&file["digest"]), of_file[&text(&file["path"]["text"])], "{tier}: {file}");
        }
        for place in [&["--in", "in"][..], &["--in", "catalogue"]] {
            dir.settle();
            ran(&dir, &["scan", "in", "--tier", tier, "-q"]);
            let found = ran(&dir, &[&["find", "in/one.png", "--tier", tier, "--format", "json", "-q"], place].concat());
            let matches: Vec<Value> = lines(&found).into_iter().filter(|line| line["type"] == "match").collect();
            assert!(matches.len() >= 2, "{tier}: {}", found.out());
            for found in matches {
                let path = text(&found["path"]["text"]);
                let name = path.split_at(path.rfind("in/").unwrap()).1;
                assert_eq!(text(&found["digest"]), of_file[name], "{tier}: {found}");
            }
        }
    }
    // Of equal pictures the group says it.
    let scanned = ran(&dir, &["scan", "in", "--format", "json", "-q"]);
    let group = &lines(&scanned)[0];
    assert_eq!(text(&group["digest"]), of_file["in/one.png"]);
    assert!(group["files"].as_array().unwrap().iter().all(|file| file.get("digest").is_none()), "{group}");
}

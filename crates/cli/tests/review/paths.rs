//! P25: no request names a path, so none leads out of the result.

use std::collections::BTreeSet;

use pixtwin_testkit::{Dir, Snapshot, draw::icon, encode::png};
use serde_json::json;

use crate::{
    CANARY, close, library, opened,
    talk::{Reply, Session, Talk},
};

/// Where a path can be tried.
const PLACES: [&str; 18] = [
    "/api/r/1/difference/{}/0",
    "/api/r/1/difference/0/{}",
    "/api/r/1/group/{}/metadata",
    "/{}",
    "/assets/{}",
    "/assets/../{}",
    "/api/{}",
    "/api/r/{}",
    "/api/r/1/{}",
    "/api/r/1/thumb/{}",
    "/api/r/1/thumb/0/{}",
    "/api/r/1/picture/{}",
    "/api/r/1/picture/0?side={}",
    "/api/r/1/picture/0?turn={}",
    "/api/r/1/list/{}",
    "/api/r/1/list/1?from={}&count=5",
    "/api/r/1/group/{}",
    "/api/job/{}",
];

/// How a step up, and the mark between folders, can be written.
const STEPS: [(&str, &str); 16] = [
    ("..", "/"),
    ("%2e%2e", "/"),
    ("%2E%2E", "%2F"),
    ("..", "%2f"),
    ("..", "%5c"),
    ("..", "\\"),
    ("%252e%252e", "%252f"),
    ("%c0%ae%c0%ae", "%c0%af"),
    ("%e0%80%ae%e0%80%ae", "/"),
    ("..;", "/"),
    ("....", "//"),
    ("..%00", "/"),
    ("%uff0e%uff0e", "%u2215"),
    ("%ef%bc%8e%ef%bc%8e", "%ef%bc%8f"),
    (".%2e", "/"),
    ("./..", "/"),
];

/// Paths of a file from far above, and names of files in other ways.
fn targets(dir: &Dir) -> Vec<String> {
    let path = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    vec![
        path("outside/canary.txt"),
        path("canary.png"),
        path("report.json"),
        "/etc/passwd".to_owned(),
        "/proc/self/environ".to_owned(),
        "/proc/self/cmdline".to_owned(),
    ]
}

/// All strings that are tried in every place.
fn strings(dir: &Dir) -> BTreeSet<String> {
    let mut strings = BTreeSet::new();
    for target in targets(dir) {
        for (step, mark) in STEPS {
            let names = target.trim_start_matches('/').replace('/', mark);
            for depth in [0, 1, 2, 3, 6, 12, 40] {
                let up = format!("{step}{mark}").repeat(depth);
                strings.insert(format!("{up}{names}"));
            }
            strings.insert(format!("{mark}{names}"));
            strings.insert(format!("{}{names}", format!("{step}{mark}").repeat(400)));
        }
        let escaped: String = target.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let more = [
            target.clone(),
            format!("/{target}"),
            format!("//127.0.0.1{target}"),
            format!("file://{target}"),
            format!("file:{target}"),
            format!("{target}%00.png"),
            format!("{target}%0a"),
            format!("0{target}"),
            format!("0%00{target}"),
            format!("\\\\localhost\\share{target}"),
            format!("%5c%5c.%5c{target}"),
            format!("~{target}"),
            format!("{target}/."),
            format!("{target}?x"),
            escaped,
        ];
        strings.extend(more);
    }
    let numbers = [
        "-1",
        "+0",
        "0x0",
        "00",
        "0.0",
        "0e0",
        "1e9",
        "5",
        "99",
        "4294967295",
        "4294967296",
        "18446744073709551615",
        "18446744073709551616",
        "%30",
        "0%20",
        "%200",
        "NaN",
        "null",
        "",
        " ",
        "%",
        "%2",
        "%zz",
        "*",
        "0;1",
        "0,1",
    ];
    strings.extend(numbers.map(str::to_owned));
    strings
}

/// What an answer may never hold.
#[track_caller]
fn assert_nothing_of_files(request: &[u8], reply: &Reply) {
    for text in [CANARY, "root:", "HOME=", "--no-open", "\"type\":\"summary\""] {
        assert!(!reply.has(text), "{}\n{reply:?}", request.escape_ascii());
    }
}

/// Numbers that name what is there, however they are written; everything else is refused.
fn is_a_number(string: &str) -> bool {
    string.bytes().all(|byte| byte.is_ascii_digit()) || string == "+0" || string == "%30"
}

#[test]
fn no_string_leads_out_of_the_result() {
    let dir = library();
    let before = Snapshot::of(&dir);
    let (served, session) = opened(&dir);
    let mut talk = Talk::new(session.to);
    // The list that some of them ask for.
    assert_eq!(talk.ask(&session.post("/api/r/1/list", "{}")).status, 200);
    let mut count = 0;
    for string in strings(&dir) {
        for place in PLACES {
            let request = session.get(&place.replace("{}", &string));
            let reply = talk.ask(&request);
            assert_nothing_of_files(&request, &reply);
            let is_page = ["", "?x"].contains(&string.as_str()) && place == "/{}";
            let may = is_page || is_a_number(&string) || (string.is_empty() && place.contains('?'));
            assert!(may || !reply.is_granted(), "{}\n{reply:?}", request.escape_ascii());
            assert!(reply.status < 500, "{}\n{reply:?}", request.escape_ascii());
            count += 1;
        }
    }
    assert!(count >= 10_000, "{count}");
    println!("soak: page: {count} traversal strings in {} places, no byte of another file", PLACES.len());
    close(served, &dir, &before);
}

#[test]
fn no_body_leads_out_of_the_result() {
    let dir = library();
    let before = Snapshot::of(&dir);
    let (served, session) = opened(&dir);
    let mut talk = Talk::new(session.to);
    let mut count = 0;
    for string in strings(&dir) {
        let bodies = [
            ("/api/undo", json!({ "run": string }), false),
            ("/api/r/1/plan", json!({ "action": string }), false),
            ("/api/r/1/choose", json!({ "group": string, "tasks": null }), false),
            ("/api/r/1/choose", json!({ "group": 0, "tasks": [string] }), false),
            ("/api/r/1/rules", json!({ "rules": [{ "name": "in", "value": string }], "list": null }), false),
            ("/api/r/1/rules", json!({ "rules": [{ "name": string }], "list": null }), false),
            ("/api/scan", json!({ "places": [string], "tier": "pixels" }), false),
            ("/api/scan", json!({ "places": [0], "tier": string }), false),
            ("/api/r/1/differ", json!({ "group": 0, "file": string }), false),
            ("/api/r/1/list", json!({ "format": string, "label": string }), true),
        ];
        for (path, body, may) in bodies {
            let request = session.post(path, &body.to_string());
            let reply = talk.ask(&request);
            assert_nothing_of_files(&request, &reply);
            assert!(may || !reply.is_granted(), "{}\n{reply:?}", request.escape_ascii());
            assert!(reply.status < 500, "{}\n{reply:?}", request.escape_ascii());
            count += 1;
        }
    }
    println!("soak: page: {count} bodies with traversal strings, no byte of another file");
    close(served, &dir, &before);
}

#[test]
fn a_file_that_has_become_another_is_not_shown() {
    let dir = library();
    let (served, session) = opened(&dir);
    let mut talk = Talk::new(session.to);
    let group = talk.ask(&session.get("/api/r/1/group/0")).json();
    let number = group["files"][0]["file"].as_u64().unwrap();
    let name = group["files"][0]["path"]["text"].as_str().unwrap().to_owned();
    assert_eq!(shown(&mut talk, &session, number), [None, None]);
    let gone = [Some("gone".to_owned()), Some("gone".to_owned())];
    // A link to a picture elsewhere, a folder, a pipe, and a picture of another size.
    std::fs::remove_file(dir.join(&name)).unwrap();
    dir.symlink(dir.join("canary.png").to_str().unwrap(), &name);
    assert_eq!(shown(&mut talk, &session, number), gone, "a link");
    std::fs::remove_file(dir.join(&name)).unwrap();
    dir.mkdir(&name);
    assert_eq!(shown(&mut talk, &session, number), gone, "a folder");
    std::fs::remove_dir(dir.join(&name)).unwrap();
    dir.fifo(&name);
    assert_eq!(shown(&mut talk, &session, number), gone, "a pipe");
    std::fs::remove_file(dir.join(&name)).unwrap();
    dir.write(&name, png(&icon(64, 9)));
    assert_eq!(shown(&mut talk, &session, number), gone, "another picture");
    std::fs::remove_file(dir.join(&name)).unwrap();
    assert_eq!(shown(&mut talk, &session, number), gone, "nothing");
    drop(served);
}

/// Why neither the small nor the large picture is shown; nothing where it is.
fn shown(talk: &mut Talk, session: &Session, number: u64) -> [Option<String>; 2] {
    ["thumb", "picture"].map(|kind| {
        let reply = talk.ask(&session.get(&format!("/api/r/1/{kind}/{number}")));
        assert!(reply.status == 200 && !reply.has(CANARY), "{reply:?}");
        match reply.header("content-type").unwrap() {
            "application/json" => Some(reply.json()["kind"].as_str().unwrap().to_owned()),
            kind => {
                assert!(["image/png", "image/jpeg"].contains(&kind), "{kind}");
                None
            }
        }
    })
}

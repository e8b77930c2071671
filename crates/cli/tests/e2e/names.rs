//! File names are bytes.

use pixtwin_testkit::{Dir, draw::noise, encode::png};

use crate::ran;

#[test]
fn a_name_that_is_no_text_is_base64_in_json_and_itself_in_csv() {
    let dir = Dir::new();
    dir.write(b"\xff.png", png(&noise(3, 3, 1))).write("a,\"b\".png", png(&noise(3, 3, 1)));
    let json = ran(&dir, &["scan", "-q", "--format", "json", "."]);
    assert_eq!(json.code, 0);
    assert!(json.out().contains(r#""path":{"text":"./a,\"b\".png"}"#), "{}", json.out());
    assert!(json.out().contains(r#""path":{"bytes":"Li//LnBuZw=="}"#), "{}", json.out());
    let csv = ran(&dir, &["scan", "-q", "--format", "csv", "."]).stdout;
    let holds = |wanted: &[u8]| csv.windows(wanted.len()).any(|bytes| bytes == wanted);
    assert!(holds(b",\"./a,\"\"b\"\".png\",") && holds(b",./\xff.png,"), "{}", csv.escape_ascii());
}

#[test]
fn a_leading_dash_is_no_flag_behind_two_dashes() {
    let dir = Dir::new();
    dir.write("-v", png(&noise(3, 3, 1))).write("lib/--check", png(&noise(3, 3, 1)));
    ran(&dir, &["find", "-q", "--in", "lib", "--", "-v"]).assert(0, "-v\n  lib/--check  PNG, same bytes\n", "");
    ran(&dir, &["scan", "-q", "--format", "null", "--", "-v", "lib"]).assert(0, "-v\0lib/--check\0\0", "");
}

#[test]
fn bidirectional_marks_are_shown_as_escapes() {
    let dir = Dir::new();
    for name in ["a\u{202e}gnp.png", "b.png"] {
        dir.write(name, png(&noise(3, 3, 1)));
    }
    let ran = ran(&dir, &["scan", "-q", "."]);
    assert!(ran.out().contains("  $'./a\\342\\200\\256gnp.png'  PNG\n"), "{}", ran.out());
}

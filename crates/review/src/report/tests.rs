use std::{fs, os::unix::ffi::OsStringExt, path::PathBuf};

use pixtwin_engine::{Label, Nearby, Nearness, PixelDigest};
use pixtwin_planning::names::shown as shown_path;
use pixtwin_testkit::{
    draw::{Seeded, icon, landscape},
    encode::{png, qoi},
};

use super::*;
use crate::picture::Means;

fn member(path: impl Into<PathBuf>, bytes: u64) -> Member {
    Member {
        path: path.into(),
        host: None,
        set: None,
        other_paths: Vec::new(),
        name_of: None,
        has_names_elsewhere: false,
        bytes,
        format: "PNG".into(),
        proof: Proof::Pixels,
        proof_to_first: Proof::Pixels,
        differs: Vec::new(),
        near: None,
    }
}

fn near(file: Member, nearness: Nearness) -> Member {
    let near = Nearby { size: Some((3, 2)), digest: None, nearness: Some(nearness), is_repeated: false };
    Member { near: Some(near), ..file }
}

fn group(files: Vec<Member>) -> Group {
    Group { size: Some((640, 480)), digest: Some(PixelDigest([7; 32])), blake3: None, files }
}

const NOTHING: ReportEnd<'_> = ReportEnd { summary: "1 file", cut: None, unread: &[], folders: &[] };

fn page_of(tier: Tier, groups: &[Group], thumbnails: usize, threads: usize, end: &ReportEnd<'_>) -> String {
    let mut out = Vec::new();
    let threads = NonZeroUsize::new(threads).unwrap();
    let about = ReportAbout { tier, sets: None, host: Some("here".to_owned()), thumbnails, threads };
    let pictures = Pictures::new(Means::new(1 << 30, threads.get()));
    let mut report = HtmlReport::begin(&mut out, about, pictures).unwrap();
    groups.iter().for_each(|group| report.group(&mut out, group).unwrap());
    report.end(&mut out, end).unwrap();
    String::from_utf8(out).unwrap()
}

/// A tag as it stands in the page, or the text between two.
enum Piece {
    Tag(String),
    Text(String),
}

/// Reads a page as a browser reads it, as far as this writer goes: no value of an attribute has a `>`.
fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = page;
    while let Some((text, after)) = rest.split_once('<') {
        let (tag, behind) = after.split_once('>').unwrap();
        pieces.push(Piece::Text(text.to_owned()));
        pieces.push(Piece::Tag(tag.to_owned()));
        rest = behind;
    }
    assert!(rest.trim().is_empty());
    pieces
}

fn unescaped(text: &str) -> String {
    let text = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#96;", "`")]
        .iter()
        .fold(text.to_owned(), |text, (escape, character)| text.replace(escape, character));
    text.replace("&amp;", "&")
}

/// The texts of all paths of the page.
fn paths_of(pieces: &[Piece]) -> Vec<String> {
    let mut paths = Vec::new();
    let mut is_path = false;
    for piece in pieces {
        match piece {
            Piece::Tag(tag) if tag == "bdi class=\"path\"" => {
                is_path = true;
                paths.push(String::new());
            }
            Piece::Tag(tag) => is_path = is_path && tag != "/bdi",
            Piece::Text(text) if is_path => paths.last_mut().unwrap().push_str(&unescaped(text)),
            Piece::Text(_) => {}
        }
    }
    paths
}

const HOSTILE: [&[u8]; 26] = [
    b"<script>alert(1)</script>",
    b"</style>",
    b"</title>",
    b"<!--",
    b"-->",
    b"]]>",
    b"\"",
    b"'",
    b"`",
    b"&lt;",
    b"&#x3c;",
    b"<img src=x onerror=alert(1)>",
    b"javascript:alert(1)",
    b"\xff\xfe",
    b"\xc0\xaf",
    b"\xe2\x80\xae",
    b"\xc2\x85",
    b"\n",
    b"\r",
    b"\x1b]0;t\x07",
    b"\xef\xbb\xbf",
    b" ",
    b"a",
    b".png",
    b"/",
    b"$(touch x)",
];

fn hostile(random: &mut Seeded) -> PathBuf {
    let pieces = 1 + random.below(6);
    let bytes: Vec<u8> = (0..pieces).flat_map(|_| random.of(&HOSTILE).to_vec()).collect();
    PathBuf::from(std::ffi::OsString::from_vec([b"/", &bytes[..]].concat()))
}

#[test]
fn five_thousand_hostile_names_are_only_text() {
    let mut random = Seeded(8);
    let names: Vec<PathBuf> = (0..5000).map(|_| hostile(&mut random)).collect();
    let text_of = |path: &Path| unescaped(&Escaped(&shown_path(path)).to_string());
    let groups: Vec<Group> = names
        .chunks(2)
        .map(|pair| {
            let mut files: Vec<Member> = pair.iter().map(|path| member(path, 1)).collect();
            // What files say beside their names comes from strangers as well.
            files[0].differs = vec![format!("comment differs ({})", text_of(&pair[0]))];
            files[1].format = "<b>".into();
            group(files)
        })
        .collect();
    let unread = [Unread { path: names[0].clone(), host: Some("<i>".to_owned()), reason: "<u>\u{202e}".to_owned() }];
    let end = ReportEnd { summary: "<p>&", cut: Some("<q>"), unread: &unread, folders: &[] };
    let page = page_of(Tier::Pixels, &groups, 0, 1, &end);
    assert!(!page.chars().any(|character| pixtwin_planning::names::is_unsafe(character) && character != '\n'));
    let pieces = pieces(&page.replace(STYLE, ""));
    let known = [
        "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "strong", "header", "h1", "p", "a", "main",
        "article", "h2", "code", "ol", "li", "bdi", "span", "ul", "section", "strong",
    ];
    for piece in &pieces {
        if let Piece::Tag(tag) = piece {
            let name = tag.trim_start_matches('/').split(' ').next().unwrap();
            assert!(known.contains(&name), "<{tag}>");
            assert!(!tag.contains(" on") && !tag.contains("javascript"), "<{tag}>");
        }
    }
    let count = |wanted: &str| pieces.iter().filter(|piece| matches!(piece, Piece::Tag(tag) if tag == wanted)).count();
    assert_eq!((count("/article"), count("li"), count("/html")), (2500, 5000 + 2500 + 1, 1));
    let paths = paths_of(&pieces);
    let expected = names.iter().map(|path| shown_path(path).into_owned());
    let expected: Vec<String> = expected.chain([format!("<i>:{}", shown_path(&names[0]))]).collect();
    assert_eq!(paths, expected);
}

#[test]
fn only_this_style_is_obeyed_and_nothing_is_fetched() {
    let page = page_of(Tier::Pixels, &[], 0, 1, &NOTHING);
    assert_eq!(base64::Engine::encode(&STANDARD, sha256(STYLE.as_bytes())), STYLE_HASH, "write this into STYLE_HASH");
    assert!(page.contains(&format!("<style>{STYLE}</style>")));
    assert!(page.contains("default-src 'none'; img-src data:; style-src 'sha256-"));
    assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("https:") && !page.contains("url("));
    assert!(page.contains("There are none."));
}

/// A folder with pictures, and a group of them of each kind.
fn gallery(dir: &Path) -> [Group; 3] {
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        fs::write(&path, bytes).unwrap();
        member(path, bytes.len() as u64)
    };
    let photo = landscape(400, 300, 1).opaque();
    let [a, b] = [write("a.png", &png(&photo)), write("b.qoi", &qoi(&photo))];
    let b = Member { format: "QOI".into(), ..b };
    let edited = Nearness::Similar { distance: 9, view: 0, is_view_of_other: false, label: Label::Edited };
    let [c, d] = [write("c.png", &png(&icon(32, 1))), write("d.png", &png(&icon(48, 2)))];
    let e = Member { host: Some("there".to_owned()), ..member("/far/e.png", 5) };
    let broken = write("f.png", b"\x89PNG\r\n\x1a\n");
    let turned = Member { differs: vec!["orientation 6 instead of 1".to_owned()], ..a.clone() };
    [
        group(vec![a, b]),
        group(vec![c, near(d, edited), near(e, edited), near(broken, edited)]),
        group(vec![turned.clone(), turned]),
    ]
}

#[test]
fn what_shows_the_same_has_one_thumbnail_and_the_rest_says_why_not() {
    let dir = tempfile::tempdir().unwrap();
    let [same, similar, turned] = gallery(dir.path());
    let images = |page: &str| page.matches("<img ").count();
    let page = page_of(Tier::Pixels, std::slice::from_ref(&same), 100, 2, &NOTHING);
    assert_eq!((images(&page), page.matches("data:image/jpeg;base64,").count()), (1, 1));
    assert!(page.contains("Same pixels: decoded PNG and QOI; ") && page.contains("alt=\"Picture 1 of group 1\""));
    let page = page_of(Tier::Similar(31), &[similar], 100, 2, &NOTHING);
    assert_eq!((images(&page), page.matches("data:image/png;base64,").count()), (2, 2));
    assert!(page.contains("No thumbnail: it lies on there") && page.matches("No thumbnail: ").count() == 2);
    assert!(page.contains("EDITED, distance 9"));
    let page = page_of(Tier::Pixels, &[turned], 100, 2, &NOTHING);
    assert_eq!(images(&page), 2, "they are not turned as the first");
    // Where the first is not here, another shows what it shows.
    let mut far = same;
    far.files[0].host = Some("there".to_owned());
    let page = page_of(Tier::Pixels, &[far], 100, 2, &NOTHING);
    assert_eq!(images(&page), 1);
}

#[test]
fn it_has_no_more_thumbnails_than_asked_for_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let groups = gallery(dir.path());
    let page = page_of(Tier::Similar(31), &groups, 2, 2, &NOTHING);
    assert_eq!(page.matches("<img ").count(), 2);
    assert!(page.contains("4 pictures more would have a thumbnail; there are 2 at most (--thumbnails)"), "{page}");
    let page = page_of(Tier::Similar(31), &groups, 100, 2, &NOTHING);
    assert!(!page.contains("--thumbnails"));
}

#[test]
fn it_is_the_same_for_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let groups = gallery(dir.path());
    let pages = [1, 2, 5].map(|threads| page_of(Tier::Similar(31), &groups, 4, threads, &NOTHING));
    assert!(pages[0] == pages[1] && pages[1] == pages[2]);
}

#[test]
fn a_run_that_was_not_completed_is_marked() {
    let page = page_of(Tier::Pixels, &[], 0, 1, &NOTHING);
    assert!(!page.contains("id=\"cut\"") && page.contains("id=\"summary\""));
    let cut = ReportEnd { cut: Some("lost rank 3 on nas; the result is not complete"), ..NOTHING };
    let page = page_of(Tier::Pixels, &[], 0, 1, &cut);
    assert!(page.contains("<p id=\"cut\"><strong>Not complete:</strong> lost rank 3 on nas"));
}

#[test]
fn folders_and_files_that_were_not_compared_are_listed() {
    let unread = [Unread { path: "/a/cut.png".into(), host: None, reason: "IDAT ends after row 3 of 9".to_owned() }];
    let folders = [FolderCount { path: Path::new("/a"), host: Some("nas"), set: OsStr::new("train"), files: 12 }];
    let end = ReportEnd { summary: "12 files\n1 file was not compared", cut: None, unread: &unread, folders: &folders };
    let page = page_of(Tier::Pixels, &[], 0, 1, &end);
    assert!(page.contains("Not compared: 1 file</h2>") && page.contains("</bdi>: IDAT ends after row 3 of 9</li>"));
    assert!(page.contains("<tr><td>12</td><td>train</td><td>") && page.contains("<p>1 file was not compared</p>"));
}

/// # Source
/// FIPS 180-4, section 6.2; the constants are the fractions of roots of the first primes.
fn sha256(message: &[u8]) -> [u8; 32] {
    let primes: Vec<u32> = (2..312).filter(|n| (2..*n).all(|d| n % d != 0)).collect();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the fraction of a root in 32 bits")]
    let fraction = |root: f64| (root.fract() * 4_294_967_296.0) as u32;
    let constants: Vec<u32> = primes.iter().take(64).map(|prime| fraction(f64::from(*prime).cbrt())).collect();
    let mut state: Vec<u32> = primes.iter().take(8).map(|prime| fraction(f64::from(*prime).sqrt())).collect();
    let mut padded = [message, &[0x80]].concat();
    padded.resize((padded.len() + 8).next_multiple_of(64) - 8, 0);
    padded.extend_from_slice(&(message.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks(64) {
        let mut words: Vec<u32> = block.chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect();
        for at in 16..64 {
            let (a, b) = (words[at - 15], words[at - 2]);
            let first = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let second = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            words.push(words[at - 16].wrapping_add(first).wrapping_add(words[at - 7]).wrapping_add(second));
        }
        let mut v = state.clone();
        for at in 0..64 {
            let choice = (v[4] & v[5]) ^ (!v[4] & v[6]);
            let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
            let high = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
            let low = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
            let one = v[7].wrapping_add(high).wrapping_add(choice).wrapping_add(constants[at]).wrapping_add(words[at]);
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(one);
            v[0] = one.wrapping_add(low).wrapping_add(majority);
        }
        state.iter_mut().zip(v).for_each(|(sum, word)| *sum = sum.wrapping_add(word));
    }
    let mut hash = [0; 32];
    hash.chunks_mut(4).zip(state).for_each(|(bytes, word)| bytes.copy_from_slice(&word.to_be_bytes()));
    hash
}

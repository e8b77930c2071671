//! What holds for Rust sources: size, and words that are not to stay.

use super::{File, rust_text::code_only};

/// More code than this, tests not counted, is two things in one file.
const MOST_LINES: usize = 600;
/// What a file should stay under.
const AIM_LINES: usize = 300;
/// The modules that may hold `unsafe`, by path.
const UNSAFE_FILES: [&str; 6] = [
    // The one call of the system without a safe form.
    "crates/actions/src/disk/share.rs",
    // MPI is a C library, loaded at run time.
    "crates/cluster/src/world/mpi/library.rs",
    // Loops compiled for instructions that not every processor has, called after these were looked for.
    "crates/matching/src/near/simd.rs",
    "crates/pixel/src/simd.rs",
    // Tests count what the allocator is asked for.
    "crates/testkit/src/held.rs",
    "crates/catalogue/tests/mutants/counting.rs",
];
/// What is for the minutes of writing only, and a test that does not run.
const UNFINISHED: [&str; 4] = ["todo!", "unimplemented!", "dbg!", "#[ignore"];

/// The rules this file breaks, one line each.
pub(super) fn breaches(file: &File) -> Vec<String> {
    let Some(code) = rust_code(file) else {
        return Vec::new();
    };
    let mut breaches = unfinished(&file.path, &code);
    breaches.extend(refused_unsafe(&file.path, &code));
    breaches.extend(too_long(&file.path, &code));
    breaches
}

/// What is worth knowing of this file but breaks no rule.
pub(super) fn note(file: &File) -> Option<String> {
    let lines = code_lines(&file.path, &rust_code(file)?);
    (AIM_LINES < lines && lines <= MOST_LINES).then(|| format!("{}: {lines} code lines, aim at {AIM_LINES}", file.path))
}

fn rust_code(file: &File) -> Option<String> {
    file.text().filter(|_| file.extension() == "rs").map(code_only)
}

fn too_long(path: &str, code: &str) -> Option<String> {
    let lines = code_lines(path, code);
    (lines > MOST_LINES).then(|| format!("{path}: {lines} code lines, more than {MOST_LINES}"))
}

/// Lines with code on them, up to the tests; a file of tests has none.
fn code_lines(path: &str, code: &str) -> usize {
    let is_test = path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("/benches/");
    let before_tests = code.find("#[cfg(test)]\nmod ").and_then(|at| code.get(..at)).unwrap_or(code);
    if is_test { 0 } else { before_tests.lines().filter(|line| !line.trim().is_empty()).count() }
}

fn unfinished(path: &str, code: &str) -> Vec<String> {
    let found = |(row, line): (usize, &str)| {
        let word = UNFINISHED.iter().find(|word| line.contains(**word))?;
        Some(format!("{path}:{}: `{word}` is not to stay", row + 1))
    };
    code.lines().enumerate().filter_map(found).collect()
}

fn refused_unsafe(path: &str, code: &str) -> Option<String> {
    let is_unsafe = |line: &str| line.split(|mark: char| !mark.is_alphanumeric() && mark != '_').any(|w| w == "unsafe");
    let row = code.lines().position(is_unsafe).filter(|_| !UNSAFE_FILES.contains(&path))?;
    Some(format!("{path}:{}: `unsafe` outside the modules named for it in xtask/src/tidy/sources.rs", row + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_blank_lines_and_tests_are_no_code_lines() {
        let code = code_only(
            "//! About\n\nfn f() {\n    // why\n    1 + 1;\n}\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n",
        );
        assert_eq!(code_lines("crates/a/src/lib.rs", &code), 3);
        assert_eq!(code_lines("crates/a/tests/all.rs", &code), 0);
    }

    #[test]
    fn a_long_file_is_noted_and_a_longer_one_refused() {
        let file = |lines: usize| File::new("crates/a/src/lib.rs", &"use a;\n".repeat(lines));
        assert_eq!((breaches(&file(300)), note(&file(300))), (vec![], None));
        assert_eq!(note(&file(301)).unwrap(), "crates/a/src/lib.rs: 301 code lines, aim at 300");
        assert_eq!(breaches(&file(600)), [""; 0]);
        assert_eq!(breaches(&file(601)), ["crates/a/src/lib.rs: 601 code lines, more than 600"]);
    }

    #[test]
    fn unfinished_work_is_found_in_code_only() {
        let file = |text| File::new("a.rs", text);
        assert_eq!(breaches(&file("fn f() {\n    todo!()\n}")), ["a.rs:2: `todo!` is not to stay"]);
        assert_eq!(breaches(&file("#[ignore = \"slow\"]")), ["a.rs:1: `#[ignore` is not to stay"]);
        assert_eq!(breaches(&file("// dbg! is refused\nlet x = \"dbg!\";")), [""; 0]);
        assert_eq!(breaches(&File::new("a.md", "todo!()")), [""; 0]);
    }

    #[test]
    fn unsafe_is_a_word_of_its_own() {
        assert!(refused_unsafe("a.rs", "let x = 1;\nunsafe { f() }").unwrap().starts_with("a.rs:2: "));
        assert_eq!(refused_unsafe("a.rs", "#![forbid(unsafe_code)]"), None);
    }
}

//! Where outside code may come from, and under which licences.

use serde_json::Value;

/// Licences that let anyone use and pass on the program under its own.
const ALLOWED: [&str; 12] = [
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "CC0-1.0",
    "MIT-0",
    "BSL-1.0",
    "0BSD",
];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The packages that are not allowed; takes what `cargo metadata` printed.
pub(super) fn breaches(metadata: &Value) -> Vec<String> {
    let packages = metadata.get("packages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    packages.iter().filter_map(breach).collect()
}

fn breach(package: &Value) -> Option<String> {
    let field = |name| package.get(name).and_then(Value::as_str);
    let name = field("name").unwrap_or_default();
    // A package of the workspace has no source.
    if let Some(source) = field("source").filter(|source| *source != CRATES_IO) {
        return Some(format!("package {name}: comes from `{source}`, not from crates.io"));
    }
    match field("license") {
        None => Some(format!("package {name}: names no licence")),
        Some(licence) if !is_allowed(licence) => Some(format!("package {name}: licence not allowed: `{licence}`")),
        Some(_) => None,
    }
}

/// Can the expression be met with allowed licences alone? One that cannot be read cannot.
///
/// # Source
/// SPDX specification 2.3, annex D; `/` is the older way to write `OR`.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest) == Some(true) && rest.is_empty()
}

/// `A OR B ...`; `OR` binds weaker than `AND`.
fn any_of(rest: &mut &[&str]) -> Option<bool> {
    let mut met = all_of(rest)?;
    while take(rest, "OR") {
        met |= all_of(rest)?;
    }
    Some(met)
}

fn all_of(rest: &mut &[&str]) -> Option<bool> {
    let mut met = one(rest)?;
    while take(rest, "AND") {
        met &= one(rest)?;
    }
    Some(met)
}

fn one(rest: &mut &[&str]) -> Option<bool> {
    if take(rest, "(") {
        let met = any_of(rest)?;
        return take(rest, ")").then_some(met);
    }
    let (name, after) = rest.split_first()?;
    *rest = after;
    if take(rest, "WITH") {
        // An exception only adds permissions.
        *rest = rest.split_first()?.1;
    }
    Some(ALLOWED.contains(name))
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    let Some((_, after)) = rest.split_first().filter(|(first, _)| **first == word) else {
        return false;
    };
    *rest = after;
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_allowed_licence_of_a_choice_is_enough() {
        for expression in [
            "MIT",
            "GPL-3.0 OR MIT",
            "Unlicense/MIT",
            "Apache-2.0 / MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-2.0",
            "GPL-2.0 AND LGPL-3.0 OR MIT",
        ] {
            assert!(is_allowed(expression), "{expression}");
        }
    }

    #[test]
    fn every_licence_that_must_hold_is_looked_at() {
        for expression in [
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "GPL-2.0 AND (LGPL-3.0 OR MIT)",
            "GPL-2.0 WITH Classpath-exception-2.0",
            "",
            "MIT OR",
            "(MIT",
            "MIT GPL-3.0",
            "MIT WITH",
        ] {
            assert!(!is_allowed(expression), "{expression}");
        }
    }

    #[test]
    fn packages_come_from_the_workspace_or_crates_io() {
        let package = |source: Value, licence: Value| json!({ "name": "a", "source": source, "license": licence });
        let metadata = json!({ "packages": [
            package(Value::Null, json!("MIT")),
            package(json!(CRATES_IO), json!("ISC")),
            package(json!("git+https://example.org/a"), json!("MIT")),
            package(json!(CRATES_IO), Value::Null),
            package(json!(CRATES_IO), json!("AGPL-3.0")),
        ]});
        let expected = [
            "package a: comes from `git+https://example.org/a`, not from crates.io",
            "package a: names no licence",
            "package a: licence not allowed: `AGPL-3.0`",
        ];
        assert_eq!(breaches(&metadata), expected);
    }
}

//! Which crate may use which: the table of docs/architecture.md.

use std::collections::BTreeSet;

use serde_json::Value;

const PIXEL: &str = "pixtwin-pixel";
const DECODE: &str = "pixtwin-decode";
const MATCHING: &str = "pixtwin-matching";
const CATALOGUE: &str = "pixtwin-catalogue";
const EXPORT: &str = "pixtwin-export";
const ENGINE: &str = "pixtwin-engine";
const ACTIONS: &str = "pixtwin-actions";
const CLUSTER: &str = "pixtwin-cluster";
const PLANNING: &str = "pixtwin-planning";
const REVIEW: &str = "pixtwin-review";
const CLI: &str = "pixtwin";
/// What only tests use.
const TESTKIT: &str = "pixtwin-testkit";
/// What only measures.
const BENCHES: &str = "pixtwin-benches";

/// A crate, and those it may use. Arrows point down, and siblings never see each other.
const TABLE: [(&str, &[&str]); 14] = [
    (PIXEL, &[]),
    (DECODE, &[PIXEL]),
    (MATCHING, &[PIXEL]),
    (CATALOGUE, &[]),
    (EXPORT, &[]),
    (ENGINE, &[PIXEL, DECODE, MATCHING, CATALOGUE, EXPORT]),
    (ACTIONS, &[PIXEL, MATCHING]),
    (CLUSTER, &[PIXEL, MATCHING, ENGINE]),
    (PLANNING, &[PIXEL, MATCHING, ENGINE, ACTIONS]),
    (REVIEW, &[PIXEL, MATCHING, ENGINE, ACTIONS, PLANNING]),
    (CLI, &[PIXEL, DECODE, MATCHING, CATALOGUE, EXPORT, ENGINE, ACTIONS, CLUSTER, PLANNING, REVIEW]),
    (TESTKIT, &[]),
    (BENCHES, &[PIXEL, DECODE, MATCHING, ENGINE]),
    ("xtask", &[]),
];

/// The uses that are not in the table; takes what `cargo metadata --no-deps` printed.
pub(super) fn breaches(metadata: &Value) -> Vec<String> {
    let packages = metadata.get("packages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let ours: BTreeSet<&str> = packages.iter().map(name).collect();
    packages.iter().flat_map(|package| breaches_of(package, &ours)).collect()
}

fn breaches_of(package: &Value, ours: &BTreeSet<&str>) -> Vec<String> {
    let user = name(package);
    let Some((_, allowed)) = TABLE.iter().find(|(crate_name, _)| *crate_name == user) else {
        return vec![format!("{user}: not in the layer table (xtask/src/tidy/layers.rs)")];
    };
    let dependencies = package.get("dependencies").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_refused = |dependency: &&Value| {
        let used = name(dependency);
        let for_tests = used == TESTKIT && dependency.get("kind").and_then(Value::as_str) == Some("dev");
        ours.contains(used) && !allowed.contains(&used) && !for_tests
    };
    let say = |dependency| format!("{user}: may not use {}", name(dependency));
    dependencies.iter().filter(is_refused).map(say).collect()
}

fn name(thing: &Value) -> &str {
    thing.get("name").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(user: &str, used: &str, kind: Option<&str>) -> Vec<String> {
        breaches(&json!({ "packages": [
            { "name": user, "dependencies": [{ "name": used, "kind": kind }, { "name": "png", "kind": null }] },
            { "name": used, "dependencies": [] },
        ]}))
    }

    #[test]
    fn arrows_point_down_only() {
        assert_eq!(found(ENGINE, DECODE, None), [""; 0]);
        assert_eq!(found(DECODE, ENGINE, None), ["pixtwin-decode: may not use pixtwin-engine"]);
        assert_eq!(found(DECODE, MATCHING, None).len(), 1, "siblings never see each other");
        assert_eq!(found(ENGINE, ACTIONS, Some("dev")).len(), 1, "nor in tests");
    }

    #[test]
    fn the_testkit_is_for_tests_only() {
        assert_eq!(found(DECODE, TESTKIT, Some("dev")), [""; 0]);
        assert_eq!(found(DECODE, TESTKIT, None), ["pixtwin-decode: may not use pixtwin-testkit"]);
        assert_eq!(found(DECODE, TESTKIT, Some("build")).len(), 1);
    }

    #[test]
    fn a_new_crate_must_enter_the_table() {
        let message = "pixtwin-gui: not in the layer table (xtask/src/tidy/layers.rs)";
        assert_eq!(found("pixtwin-gui", PIXEL, None), [message]);
    }

    #[test]
    fn the_table_has_no_circle() {
        for (at, (user, allowed)) in TABLE.iter().enumerate() {
            for used in *allowed {
                let below = TABLE.iter().position(|(crate_name, _)| crate_name == used);
                assert!(below.is_some_and(|below| below < at), "{user} uses {used}");
            }
        }
    }
}

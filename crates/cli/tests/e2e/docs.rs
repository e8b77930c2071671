//! The examples of README and GUIDE print what they say.

use std::{path::Path, process::Command};

/// The root of the repository, where the examples are run.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Commands on the gallery with the output that the page shows after each.
fn examples(page: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for block in page.split("```console\n").skip(1) {
        let block = block.split("```").next().unwrap();
        for line in block.lines() {
            match line.strip_prefix("$ ") {
                Some(command) => found.push((command.to_owned(), Vec::new())),
                None => found.last_mut().unwrap().1.push(line.to_owned()),
            }
        }
    }
    found.retain(|(command, _)| command.contains("examples/gallery"));
    for (_, lines) in &mut found {
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
    }
    found
}

/// Whether the lines are those shown, where `[...]` stands for any number of them.
fn is_shown(lines: &[&str], shown: &[String]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "[...]" => (0..=lines.len()).any(|skip| is_shown(&lines[skip..], rest)),
        Some((first, rest)) => lines.split_first().is_some_and(|(line, lines)| line == first && is_shown(lines, rest)),
    }
}

#[test]
fn examples_print_what_they_show() {
    let scratch = pixtwin_testkit::Dir::new();
    let program = Path::new(env!("CARGO_BIN_EXE_pixtwin"));
    let mut run = 0;
    for page in ["README.md", "GUIDE.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for (command, shown) in examples(&text) {
            let list = scratch.path().join("list.txt");
            let command =
                command.replace("cargo run --release -- ", "pixtwin ").replace("list.txt", list.to_str().unwrap());
            let script = format!("PATH='{}':$PATH; {command} 2>&1", program.parent().unwrap().display());
            let shell = &mut Command::new("sh");
            let shell = shell.arg("-c").arg(script).current_dir(root()).env("XDG_DATA_HOME", scratch.home());
            let output = shell.output().unwrap();
            let output = String::from_utf8(output.stdout).unwrap();
            let lines: Vec<&str> = output.lines().collect();
            assert!(is_shown(&lines, &shown), "{page}: {command}\nprints\n{output}\nand not\n{}", shown.join("\n"));
            run += 1;
        }
    }
    assert!(run >= 8, "only {run} examples were found");
}

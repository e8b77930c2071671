//! `cargo xtask tidy`: the rules of the project that no compiler holds.

mod files;
mod layers;
mod licences;
mod links;
mod rust_text;
mod sources;

use std::{fs, path::Path, process::Command};

use crate::{
    Outcome,
    command::{metadata, output, root},
};

/// A file of the project, by its path from the root with `/` between folders.
#[derive(Clone, Debug)]
pub(crate) struct File {
    path: String,
    bytes: Vec<u8>,
}

impl File {
    /// The content, if it is text.
    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok().filter(|text| !text.contains('\0'))
    }

    /// The part of the name behind the last dot, or nothing.
    fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

/// Looks at every file of the project and every package it is built from.
///
/// # Errors
/// If a rule is broken, after every breach is printed; or if the files cannot be read.
pub(crate) fn run() -> Outcome {
    let files = project_files()?;
    let mut breaches = Vec::new();
    for file in &files {
        breaches.extend(files::breaches(file));
        breaches.extend(sources::breaches(file));
        breaches.extend(links::breaches(file, |path| root().join(path).exists()));
    }
    breaches.extend(layers::breaches(&metadata(&["--no-deps"])?));
    breaches.extend(licences::breaches(&metadata(&["--all-features"])?));
    for note in files.iter().filter_map(sources::note) {
        eprintln!("note: {note}");
    }
    for breach in &breaches {
        eprintln!("{breach}");
    }
    match breaches.len() {
        0 => Ok(()),
        1 => Err("1 rule is broken, see above".to_owned()),
        count => Err(format!("{count} rules are broken, see above")),
    }
}

/// Every file that is under version control or about to be.
fn project_files() -> Result<Vec<File>, String> {
    let list =
        ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
    let paths = match output(Command::new("git").args(list).current_dir(root())) {
        Ok(names) => names
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty())
            .map(|name| std::str::from_utf8(name).map(str::to_owned).map_err(|_| not_utf8(&name.escape_ascii())))
            .collect::<Result<Vec<_>, _>>()?,
        // An unpacked archive has no git.
        Err(_) => walk(&root(), "")?,
    };
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        match fs::read(root().join(&path)) {
            Ok(bytes) => files.push(File { path, bytes }),
            // Deleted, and the deletion is not committed yet.
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
            Err(cause) => return Err(format!("cannot read `{path}`: {cause}")),
        }
    }
    Ok(files)
}

fn not_utf8(name: &impl std::fmt::Display) -> String {
    format!("a file name is not UTF-8: `{name}`")
}

fn walk(folder: &Path, prefix: &str) -> Result<Vec<String>, String> {
    let cannot = |cause: std::io::Error| format!("cannot read the folder `{}`: {cause}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| not_utf8(&name.display()))?;
        let path = format!("{prefix}{name}");
        if entry.file_type().map_err(cannot)?.is_dir() {
            if !["target", ".git"].contains(&name) {
                paths.extend(walk(&entry.path(), &format!("{path}/"))?);
            }
        } else {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

#[cfg(test)]
impl File {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), bytes: text.as_bytes().to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_finds_what_git_lists() {
        let walked = walk(&root(), "").unwrap();
        for name in ["Cargo.toml", "xtask/src/tidy/mod.rs", ".cargo/config.toml"] {
            assert!(walked.iter().any(|path| path == name), "{name}");
        }
        assert!(!walked.iter().any(|path| path.starts_with("target/")));
    }

    #[test]
    fn a_file_with_a_nul_byte_is_no_text() {
        assert_eq!(File::new("a.rs", "fn").text(), Some("fn"));
        assert_eq!(File::new("a.qoi", "qoif\0").text(), None);
        assert_eq!(File::new("xtask/LICENSE", "").extension(), "");
    }
}

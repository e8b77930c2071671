//! What holds for every file: size, and no space at the ends of lines.

use super::File;

/// A repository that anyone clones in seconds holds no large file.
const MOST_BYTES: usize = 300_000;
/// A reader gives up on a longer one; see GUIDE.md and docs/ for the rest.
const MOST_README_LINES: usize = 250;

/// The rules this file breaks, one line each.
pub(super) fn breaches(file: &File) -> Vec<String> {
    [too_large(file), long_readme(file), trailing_space(file)].into_iter().flatten().collect()
}

fn too_large(file: &File) -> Option<String> {
    let size = file.bytes.len();
    (size > MOST_BYTES).then(|| format!("{}: {size} bytes, more than {MOST_BYTES}", file.path))
}

fn long_readme(file: &File) -> Option<String> {
    let lines = file.text().filter(|_| file.path == "README.md")?.lines().count();
    (lines >= MOST_README_LINES).then(|| format!("README.md: {lines} lines, not under {MOST_README_LINES}"))
}

fn trailing_space(file: &File) -> Option<String> {
    let ends_in_space = |line: &str| line.ends_with([' ', '\t', '\r']);
    let row = file.text()?.split('\n').position(ends_in_space)?;
    Some(format!("{}:{}: space at the end of the line", file.path, row + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_named_with_its_size() {
        let file = |size| File { path: "a.png".to_owned(), bytes: vec![0; size] };
        assert_eq!(breaches(&file(300_000)), [""; 0]);
        assert_eq!(breaches(&file(300_001)), ["a.png: 300001 bytes, more than 300000"]);
    }

    #[test]
    fn only_the_readme_of_the_project_is_short() {
        assert_eq!(long_readme(&File::new("README.md", &"line\n".repeat(249))), None);
        assert!(long_readme(&File::new("README.md", &"line\n".repeat(250))).is_some());
        assert_eq!(long_readme(&File::new("docs/README.md", &"line\n".repeat(250))), None);
    }

    #[test]
    fn space_at_the_end_of_a_line_is_found_in_text_only() {
        let found = |text| trailing_space(&File::new("a.md", text));
        assert_eq!(found("a\n\nb\n"), None);
        assert_eq!(found("a\nb \n").unwrap(), "a.md:2: space at the end of the line");
        assert!(found("a\n\t\n").is_some());
        assert!(found("a\r\n").is_some());
        assert_eq!(found("\0 \n"), None);
    }
}

//! Links in the documents: those to files of the project must lead somewhere.

use super::File;

/// The links of this document that lead nowhere; `exists` answers for a path from the root.
pub(super) fn breaches(file: &File, exists: impl Fn(&str) -> bool) -> Vec<String> {
    let Some(text) = file.text().filter(|_| file.extension() == "md") else {
        return Vec::new();
    };
    let is_broken = |(_, target): &(usize, &str)| {
        let path = target.split('#').next().unwrap_or_default();
        is_local(target) && !resolve(&file.path, path).is_some_and(|path| exists(&path))
    };
    let say = |(row, target)| format!("{}:{row}: the link leads nowhere: `{target}`", file.path);
    links(text).into_iter().filter(is_broken).map(say).collect()
}

/// Every link target with its line, counted from 1; code is left out.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (row, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            // Between an odd and an even backtick is code.
            let prose = line.split('`').step_by(2);
            found.extend(prose.flat_map(targets).map(|target| (row + 1, target)));
            // A link whose text is code: the target follows the closing backtick, and is seen above.
            found.extend(definition(line).map(|target| (row + 1, target)));
        }
    }
    found
}

/// The targets of `[text](target)` and `![text](target "title")`.
fn targets(prose: &str) -> impl Iterator<Item = &str> {
    let behind = prose.split("](").skip(1);
    behind.filter_map(|rest| rest.split([')', ' ']).next())
}

/// The target of `[name]: target`.
fn definition(line: &str) -> Option<&str> {
    let (_, target) = line.strip_prefix('[')?.split_once("]: ")?;
    target.split_whitespace().next()
}

fn is_local(target: &str) -> bool {
    let has_scheme = target.contains("://") || target.starts_with("mailto:");
    !has_scheme && !target.starts_with('#')
}

/// The path from the root of a link in this document; `None` if it leads out of the project.
fn resolve(document: &str, link: &str) -> Option<String> {
    let (start, link) = match link.strip_prefix('/') {
        Some(link) => ("", link),
        None => (document.rsplit_once('/').map_or("", |(folder, _)| folder), link),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(link.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/").replace("%20", " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        breaches(&File::new(path, text), |path| ["docs/a b.md", "docs/b.md", "c.md"].contains(&path))
    }

    #[test]
    fn a_link_is_followed_from_its_document() {
        assert_eq!(found("docs/a.md", "[b](b.md), [`b`](./b.md#part), [c](../c.md), [c](/c.md)"), [""; 0]);
        assert_eq!(found("docs/a.md", "[s](a%20b.md \"title\")\n\n[b]: b.md"), [""; 0]);
        assert_eq!(found("docs/a.md", "\n[c](c.md)"), ["docs/a.md:2: the link leads nowhere: `c.md`"]);
        assert_eq!(found("c.md", "[b]: b.md"), ["c.md:1: the link leads nowhere: `b.md`"]);
        assert_eq!(found("c.md", "![b](docs/b.md)![b](docs/b.png)").len(), 1);
    }

    #[test]
    fn a_link_out_of_the_project_is_broken() {
        assert_eq!(found("docs/a.md", "[x](../../c.md)").len(), 1);
    }

    #[test]
    fn the_web_headings_and_code_are_left_alone() {
        let text = "[w](https://example.org/x) [h](#part)\n`[x](y)`\n```\n[x](y)\n```\n";
        assert_eq!(found("c.md", text), [""; 0]);
    }
}

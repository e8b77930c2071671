//! What was found: groups of twins, from a report or straight from a search.

use std::{
    collections::HashSet,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use pixtwin_actions::plan::Tier;
use pixtwin_engine::{Group, Match, Report, Unread, words_of};
use serde::Deserialize;

use crate::{
    exit::Stop,
    names::{PathJson, shown},
    report::{json::SCHEMA, printer::Printer},
};

/// A line of more bytes is none of a report: a group of a million files has fewer.
const LONGEST_LINE: u64 = 1 << 30;

/// What to do about a file that is no whole report.
const HINT: &str = "hint: pixtwin scan --format json PATH > RESULT";

/// What was found on this host.
#[derive(Default)]
pub(crate) struct Found {
    pub(super) groups: Vec<FoundGroup>,
    /// The files that were not compared.
    pub(super) unread: HashSet<PathBuf>,
    /// How many files lie on other hosts.
    pub(super) elsewhere: u64,
}

/// A group of twins.
pub(super) struct FoundGroup {
    /// Its number in the report, counted from 1.
    pub(super) number: u64,
    pub(super) tier: Tier,
    /// Of the bytes of each, where all are equal.
    pub(super) blake3: Option<[u8; 32]>,
    pub(super) files: Vec<FoundFile>,
}

/// A file of a group.
pub(super) struct FoundFile {
    /// Its names that were seen, as the report has them.
    pub(super) paths: Vec<PathBuf>,
    pub(super) bytes: u64,
    pub(super) format: String,
    /// It stands in another group as well, of pictures that are nearly the same.
    pub(super) is_repeated: bool,
    /// It shows the very picture of the first.
    pub(super) is_equal: bool,
}

/// A line of a report, as far as it counts.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Group {
        tier: Tier,
        blake3: Option<String>,
        files: Vec<Member>,
    },
    Unread {
        path: PathJson,
        host: Option<String>,
    },
    Summary {
        schema: u32,
        complete: bool,
        matches: Option<u64>,
        groups: Option<u64>,
        #[serde(default)]
        orient: bool,
        alpha: Option<String>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Member {
    path: PathJson,
    #[serde(default)]
    links: Vec<PathJson>,
    host: Option<String>,
    size: u64,
    format: String,
    #[serde(default)]
    proof: String,
    #[serde(default)]
    repeated: bool,
}

impl Found {
    /// Reads a report. Only a whole one will do.
    pub(super) fn read(path: &Path, host: &str) -> Result<Self, Stop> {
        let name = shown(path);
        let failed = |cause: &io::Error| Stop::Fatal(format!("cannot read `{name}`: {}", words_of(cause)));
        let mut from: Box<dyn BufRead> = match path == Path::new("-") {
            true => Box::new(io::stdin().lock()),
            false => Box::new(BufReader::with_capacity(256 << 10, File::open(path).map_err(|cause| failed(&cause))?)),
        };
        let refused = |reason: &str| Stop::Fatal(format!("no plan can be made of `{name}`: {reason}\n{HINT}"));
        let mut found = Self::default();
        let (mut line, mut number, mut is_over, mut groups_seen) = (Vec::new(), 0_u64, false, 0);
        loop {
            line.clear();
            if from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(|cause| failed(&cause))? == 0 {
                break;
            }
            number += 1;
            if is_over {
                return Err(refused("something follows its summary"));
            }
            let no_line = || refused(&format!("line {number} is none of a report in JSON"));
            match serde_json::from_slice(&line).map_err(|_| no_line())? {
                Line::Group { tier, blake3, files } => {
                    groups_seen += 1;
                    let files = found.of_host(files, host).ok_or_else(no_line)?;
                    found.add(groups_seen, tier, blake3.as_deref().and_then(hash_of), files);
                }
                Line::Unread { path, host: other } => {
                    if is_here(other.as_deref(), host) {
                        found.unread.insert(path.into_path().ok_or_else(no_line)?);
                    }
                }
                Line::Summary { schema, complete, matches, groups, orient, alpha } => {
                    check(schema, complete, matches, (orient, alpha.is_some())).map_err(|reason| refused(&reason))?;
                    if groups != Some(groups_seen) {
                        return Err(refused("its summary counts other groups than it has"));
                    }
                    is_over = true;
                }
                Line::Other => {}
            }
        }
        if is_over { Ok(found) } else { Err(refused("it has no summary, so it is cut short or no report")) }
    }

    /// The files of a group that lie on this host; nothing if a path is not coded as it should be.
    fn of_host(&mut self, files: Vec<Member>, host: &str) -> Option<Vec<FoundFile>> {
        let mut here = Vec::with_capacity(files.len());
        for member in files {
            if !is_here(member.host.as_deref(), host) {
                self.elsewhere += 1;
                continue;
            }
            let names = std::iter::once(member.path).chain(member.links);
            let paths = names.map(PathJson::into_path);
            let (bytes, format, is_repeated) = (member.size, member.format, member.repeated);
            let is_equal = ["bytes", "payload", "pixels"].contains(&&*member.proof);
            here.push(FoundFile { paths: paths.collect::<Option<_>>()?, bytes, format, is_repeated, is_equal });
        }
        Some(here)
    }

    fn add(&mut self, number: u64, tier: Tier, blake3: Option<[u8; 32]>, files: Vec<FoundFile>) {
        // Equal bytes are the stronger bond, and need nobody who decodes.
        let tier = if blake3.is_some() { Tier::Bytes } else { tier };
        if files.len() > 1 {
            self.groups.push(FoundGroup { number, tier, blake3, files });
        }
    }
}

/// What is wrong with a report, as its summary tells.
fn check(schema: u32, complete: bool, matches: Option<u64>, compared: (bool, bool)) -> Result<(), String> {
    if schema != SCHEMA {
        return Err(format!("it is of schema {schema}, and {SCHEMA} is read"));
    }
    if !complete {
        return Err("it is not complete: files that it does not know of could be twins or not".to_owned());
    }
    if matches.is_some() {
        return Err("it is a report of find; those of scan have groups".to_owned());
    }
    match compared {
        (true, _) => {
            Err("it is of a scan with --orient: before files are removed, pixels are compared as they are stored"
                .to_owned())
        }
        (_, true) => {
            Err("it is of a scan with --alpha ignore-hidden: before files are removed, hidden colours count".to_owned())
        }
        _ => Ok(()),
    }
}

/// Whether files of that host lie here. Launchers give it with or without its domain.
fn is_here(host: Option<&str>, this: &str) -> bool {
    let first = |name: &'_ str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    host.is_none_or(|host| {
        host.eq_ignore_ascii_case(this) || (host.contains('.') != this.contains('.') && first(host) == first(this))
    })
}

/// 64 hexadecimal digits.
fn hash_of(text: &str) -> Option<[u8; 32]> {
    let digits = text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
    let digits: Vec<u8> = digits.collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    bytes.try_into().ok()
}

/// Prints a report, and keeps of it what a plan is made of.
pub(crate) struct Both<'a, 'b> {
    printer: &'a mut Printer<'b>,
    found: Found,
    tier: Tier,
    groups: u64,
}

impl<'a, 'b> Both<'a, 'b> {
    pub(crate) fn new(printer: &'a mut Printer<'b>, tier: pixtwin_engine::Tier) -> Self {
        let tier = match tier {
            pixtwin_engine::Tier::Bytes => Tier::Bytes,
            pixtwin_engine::Tier::Pixels => Tier::Pixels,
            pixtwin_engine::Tier::Turned => Tier::Turned,
            pixtwin_engine::Tier::Within(_) => Tier::Within,
            pixtwin_engine::Tier::Similar(_) => Tier::Similar,
        };
        Self { printer, found: Found::default(), tier, groups: 0 }
    }

    /// What was found.
    pub(crate) fn into_found(self) -> Found {
        self.found
    }
}

impl Report for Both<'_, '_> {
    fn group(&mut self, group: Group) {
        let files = group.files.iter().map(|file| FoundFile {
            paths: std::iter::once(&file.path).chain(&file.other_paths).cloned().collect(),
            bytes: file.bytes,
            format: file.format.to_string(),
            is_repeated: file.is_repeated(),
            is_equal: file.near.as_ref().is_none_or(|near| near.nearness.is_none()),
        });
        self.groups += 1;
        self.found.add(self.groups, self.tier, group.blake3, files.collect());
        self.printer.group(group);
    }

    fn found(&mut self, query: usize, found: Match) {
        self.printer.found(query, found);
    }

    fn unread(&mut self, unread: Unread) {
        self.found.unread.insert(unread.path.clone());
        self.printer.unread(unread);
    }
}

#[cfg(test)]
mod tests {
    use super::is_here;

    #[test]
    fn hosts_are_known_with_and_without_their_domain() {
        assert!(is_here(None, "nas") && is_here(Some("NAS"), "nas") && is_here(Some("nas.example.org"), "nas"));
        assert!(!is_here(Some("nas2"), "nas") && !is_here(Some("nas.a.org"), "nas.b.org") && !is_here(Some(""), "nas"));
    }
}

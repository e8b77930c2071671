//! Lines to plans. A plan may have been edited: everything in it is checked, and what is wrong is not carried out.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, Read},
};

use super::{
    File, Group, Header, Plan, VERSION, check,
    line::{FileLine, Line, Place, Versioned},
};
use crate::disk::Identity;

/// A line of more bytes is none of a plan: the longest path the system knows, all of it escaped, has a fortieth of that.
const LONGEST_LINE: u64 = 1 << 20;

/// More files than one plan may name: each takes some 400 bytes of memory.
const MOST_FILES: usize = 16 << 20;

/// Some editors begin a file with it; it means nothing in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a plan is not carried out at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The first line is none of a plan.
    #[error("not a plan: {0}")]
    NoPlan(String),
    /// Another version of the format.
    #[error("the plan is of version {0}, and version {VERSION} is read")]
    Version(u64),
    /// The first line is wrong.
    #[error("the header of the plan is wrong: {0}")]
    Header(String),
    /// The last line is missing, so that others may be missing as well.
    #[error("the plan is cut short: its last line is not {{\"type\":\"end\"}}")]
    Cut,
    /// Nobody can tell what a line is about.
    #[error("line {line} of the plan: {reason}")]
    Line {
        /// Which, counted from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A group of a plan that is not carried out, and why, as a clause. The other groups hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its number.
    pub group: u64,
    /// Why.
    pub reason: String,
}

impl Plan {
    /// Reads a plan, and leaves out the groups that must not be carried out. Of every group that is given, this holds:
    /// if a file of it goes, one stays; each path is absolute, below one of the roots, and in no other place of the plan;
    /// no file that goes has a name that stays, and none lies in a reference folder.
    ///
    /// # Errors
    /// If it is no whole plan of this version, or cannot be read. Nothing of it must be carried out then.
    ///
    /// # Cost
    /// Holds the plan. Opens none of its files.
    pub fn read(from: impl BufRead) -> Result<(Self, Vec<Refused>), Error> {
        let mut lines = Lines { from, number: 0 };
        let header = header_of(&lines.next()?.ok_or_else(|| Error::NoPlan("the file is empty".to_owned()))?)?;
        let mut drafts = Drafts::default();
        while let Some(line) = lines.next()? {
            match serde_json::from_slice(&line) {
                Ok(Line::End {}) => {
                    if lines.next()?.is_some() {
                        return Err(Error::Line { line: lines.number, reason: "it stands behind the end".to_owned() });
                    }
                    let (groups, refused) = check::sound(&header, drafts);
                    return Ok((Self { header, groups }, refused));
                }
                Ok(Line::Group { group, tier, undecided }) => {
                    drafts.begin(Group { number: group, tier, undecided, files: Vec::new() });
                }
                Ok(Line::File(file)) => drafts.add(file),
                Ok(Line::Plan { .. }) => drafts.fault(lines.number, "a second header")?,
                Err(cause) => drafts.fault(lines.number, &plain(&cause))?,
            }
            if drafts.files > MOST_FILES {
                let reason = format!("more than {MOST_FILES} files: make several plans");
                return Err(Error::Line { line: lines.number, reason });
            }
        }
        Err(Error::Cut)
    }
}

/// Groups as they are read, each with what is wrong with it.
#[derive(Default)]
pub(super) struct Drafts {
    pub(super) groups: Vec<Draft>,
    by_number: BTreeMap<u64, usize>,
    files: usize,
}

pub(super) struct Draft {
    pub(super) group: Group,
    /// The first thing that is wrong.
    pub(super) fault: Option<String>,
}

impl Draft {
    pub(super) fn blame(&mut self, reason: impl FnOnce() -> String) {
        self.fault.get_or_insert_with(reason);
    }
}

impl Drafts {
    fn begin(&mut self, group: Group) {
        let at = self.groups.len();
        let number = group.number;
        let twice = || "two groups have its number".to_owned();
        let earlier = *self.by_number.entry(number).or_insert(at);
        self.groups.push(Draft { group, fault: (earlier != at).then(twice) });
        if let Some(earlier) = self.groups.get_mut(earlier).filter(|_| earlier != at) {
            earlier.blame(twice);
        }
    }

    fn add(&mut self, line: FileLine) {
        self.files += 1;
        let number = line.group;
        if let Some(draft) = self.groups.last_mut().filter(|draft| draft.group.number == number) {
            draft.group.files.push(file_of(line));
            return;
        }
        let apart = || "its lines do not stand together".to_owned();
        let earlier = self.by_number.get(&number).and_then(|at| self.groups.get_mut(*at));
        match earlier {
            Some(draft) => draft.blame(apart),
            None => {
                let tier = super::Tier::Similar;
                self.begin(Group { number, tier, undecided: None, files: vec![file_of(line)] });
                self.groups
                    .iter_mut()
                    .last()
                    .into_iter()
                    .for_each(|draft| draft.blame(|| "the line that begins it is missing".to_owned()));
            }
        }
    }

    /// A line that cannot be read belongs to the group before it: the lines of another one say so.
    fn fault(&mut self, line: u64, reason: &str) -> Result<(), Error> {
        match self.groups.last_mut() {
            Some(draft) => draft.blame(|| format!("line {line}: {reason}")),
            None => return Err(Error::Line { line, reason: reason.to_owned() }),
        }
        Ok(())
    }
}

fn file_of(line: FileLine) -> File {
    let identity = Identity {
        device: line.device.0,
        inode: line.inode.0,
        bytes: line.size,
        modified_ns: line.modified_ns.0,
        changed_ns: line.changed_ns.0,
    };
    let blake3 = line.blake3.map(|hash| hash.0);
    File { task: line.task, path: line.path.0, identity, blake3, reason: line.reason }
}

fn header_of(line: &[u8]) -> Result<Header, Error> {
    let versioned: Versioned = serde_json::from_slice(line).map_err(|cause| Error::NoPlan(plain(&cause)))?;
    match (versioned.kind.as_str(), versioned.version) {
        ("plan", Some(VERSION)) => {}
        ("plan", Some(version)) => return Err(Error::Version(version)),
        ("plan", None) => return Err(Error::Header("missing field `version`".to_owned())),
        ("group" | "unread" | "summary", _) => {
            return Err(Error::NoPlan("it is a report of what was found".to_owned()));
        }
        _ => return Err(Error::NoPlan("its first line is not of type `plan`".to_owned())),
    }
    match serde_json::from_slice(line).map_err(|cause| Error::Header(plain(&cause)))? {
        Line::Plan { host, made, roots, references, rules, .. } => {
            let paths = |places: Vec<Place>| places.into_iter().map(|place| place.0).collect();
            let (roots, references) = (paths(roots), paths(references));
            let header = Header { host, made_s: made.as_second(), roots, references, rules };
            check::header(&header).map_err(Error::Header)?;
            Ok(header)
        }
        _ => Err(Error::NoPlan("its first line is not of type `plan`".to_owned())),
    }
}

/// What is wrong with a line, without the place in it that the reader of JSON adds: every line is its first.
fn plain(cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

/// The lines that are not empty.
struct Lines<R> {
    from: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            let mut line = Vec::new();
            self.number += 1;
            if self.from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
                return Ok(None);
            }
            if line.len() as u64 == LONGEST_LINE {
                let reason = format!("it has {LONGEST_LINE} bytes or more");
                return Err(Error::Line { line: self.number, reason });
            }
            if self.number == 1 && line.starts_with(BYTE_ORDER_MARK) {
                line.drain(..BYTE_ORDER_MARK.len());
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }
}

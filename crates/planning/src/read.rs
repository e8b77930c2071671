//! Reads a report in JSON.

use std::{
    borrow::Cow,
    io::{self, BufRead, Read},
    path::PathBuf,
};

use pixtwin_actions::plan::Tier;
use pixtwin_engine::{Label, Nearness, PixelDigest, Turn, view_name};
use serde::Deserialize;

use crate::{
    found::{Found, FoundFile, FoundGroup},
    names::{PathJson, shown_text},
};

/// The version of reports in JSON that is written, and the only one that is read.
pub const SCHEMA: u32 = 1;

/// A line of more bytes is none of a report: a group of a million files has fewer.
const LONGEST_LINE: u64 = 1 << 30;

/// Why a report cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// It could not be read.
    Io(io::Error),
    /// It is no report of a scan, or not a whole one, and why, as a clause.
    NoReport(String),
}

impl From<io::Error> for ReadError {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

/// A line of a report, as far as it counts.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Group(GroupLine),
    Unread {
        path: PathJson,
        host: Option<String>,
        #[serde(default)]
        reason: String,
    },
    Summary(Summary),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct GroupLine {
    tier: Tier,
    digest: Option<String>,
    blake3: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    #[serde(default)]
    freed: u64,
    files: Vec<Member>,
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
    #[serde(default)]
    differs: Vec<String>,
    digest: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    turn: Option<u8>,
    equal: Option<String>,
    largest: Option<u16>,
    distance: Option<u8>,
    view: Option<String>,
    view_of: Option<String>,
    label: Option<String>,
}

#[derive(Deserialize)]
struct Summary {
    schema: u32,
    complete: bool,
    matches: Option<u64>,
    groups: Option<u64>,
    #[serde(default)]
    orient: bool,
    alpha: Option<String>,
}

impl Found {
    /// Reads the report of a scan to its end. One that is not complete is read as well, and is unfit to act on.
    ///
    /// # Errors
    /// If it cannot be read, or is no report of a scan, or is cut short.
    ///
    /// # Cost
    /// Holds all groups, some hundred bytes a file.
    pub fn read(mut from: impl BufRead, host: &str) -> Result<Self, ReadError> {
        let refused = |reason: &str| ReadError::NoReport(reason.to_owned());
        let mut found = Self::default();
        let (mut line, mut number, mut is_over) = (Vec::new(), 0_u64, false);
        loop {
            line.clear();
            if from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            number += 1;
            if is_over {
                return Err(refused("something follows its summary"));
            }
            let no_line = || ReadError::NoReport(format!("line {number} is none of a report in JSON"));
            match serde_json::from_slice(&line).map_err(|_| no_line())? {
                Line::Group(group) => {
                    let number = found.groups.len() as u64 + 1;
                    found.groups.push(group.into_group(number, host).ok_or_else(no_line)?);
                }
                Line::Unread { path, host: other, reason } => {
                    if is_here(other.as_deref(), host) {
                        found.unread.push((path.into_path().ok_or_else(no_line)?, shown_text(&reason).into_owned()));
                    }
                }
                Line::Summary(summary) => {
                    found.take_summary(&summary).map_err(ReadError::NoReport)?;
                    is_over = true;
                }
                Line::Other => {}
            }
        }
        if is_over { Ok(found) } else { Err(refused("it has no summary, so it is cut short or no report")) }
    }

    fn take_summary(&mut self, summary: &Summary) -> Result<(), String> {
        if summary.schema != SCHEMA {
            return Err(format!("it is of schema {}, and {SCHEMA} is read", summary.schema));
        }
        if summary.matches.is_some() {
            return Err("it is a report of find; those of scan have groups".to_owned());
        }
        if summary.groups != Some(self.groups.len() as u64) {
            return Err("its summary counts other groups than it has".to_owned());
        }
        self.is_complete = summary.complete;
        self.unfit = if !summary.complete {
            Some("it is not complete: files that it does not know of could be twins or not".to_owned())
        } else if summary.orient {
            Some(
                "it is of a scan with --orient: before files are removed, pixels are compared as they are stored"
                    .to_owned(),
            )
        } else {
            let hidden = "it is of a scan with --alpha ignore-hidden: before files are removed, hidden colours count";
            summary.alpha.is_some().then(|| hidden.to_owned())
        };
        Ok(())
    }
}

impl GroupLine {
    /// The group; nothing if a path is not coded as it should be.
    fn into_group(self, number: u64, host: &str) -> Option<FoundGroup> {
        let files = self.files.into_iter().map(|file| file.into_file(host)).collect::<Option<Vec<_>>>()?;
        Some(FoundGroup {
            number,
            tier: self.tier,
            digest: digest_of(self.digest.as_deref()),
            blake3: digest_of(self.blake3.as_deref()).map(|hash| hash.0),
            size: self.width.zip(self.height),
            freed_bytes: self.freed,
            files,
        })
    }
}

impl Member {
    fn into_file(self, host: &str) -> Option<FoundFile> {
        let nearness = self.nearness();
        let names = std::iter::once(self.path).chain(self.links).map(PathJson::into_path);
        Some(FoundFile {
            paths: names.collect::<Option<Vec<PathBuf>>>()?,
            is_here: is_here(self.host.as_deref(), host),
            // Words of a report that somebody else may have made.
            host: self.host.map(safe),
            bytes: self.size,
            format: safe(self.format).into(),
            is_repeated: self.repeated,
            is_equal: nearness.is_none() && ["bytes", "payload", "pixels"].contains(&&*self.proof),
            proof: safe(self.proof).into(),
            size: self.width.zip(self.height),
            digest: digest_of(self.digest.as_deref()),
            nearness,
            differs: self.differs.into_iter().map(safe).collect(),
        })
    }

    fn nearness(&self) -> Option<Nearness> {
        if let Some(turn) = self.turn {
            let back = Turn::from_exif(turn.into())?.inverse().exif();
            let by_coefficients = self.equal.as_deref() == Some("coefficients");
            return Some(Nearness::Turned { turn, back, by_coefficients });
        }
        if let Some(largest) = self.largest {
            return Some(Nearness::Within(largest));
        }
        let name = self.view.as_deref();
        let label = Label::named(self.label.as_deref()?)?;
        // The whole picture has no name.
        let view = (0..u8::MAX).find(|view| view_name(*view) == name)?;
        let is_view_of_other = self.view_of.as_deref() == Some("first");
        Some(Nearness::Similar { distance: self.distance?, view, is_view_of_other, label })
    }
}

/// Text without what a terminal obeys or a reader is misled by.
fn safe(text: String) -> String {
    match shown_text(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(shown) => shown,
    }
}

/// A digest, or another hash that is written like one; nothing if it is none.
fn digest_of(text: Option<&str>) -> Option<PixelDigest> {
    text?.parse().ok()
}

/// Whether files of that host lie here. Launchers give it with or without its domain.
fn is_here(host: Option<&str>, this: &str) -> bool {
    let first = |name: &'_ str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    host.is_none_or(|host| {
        host.eq_ignore_ascii_case(this) || (host.contains('.') != this.contains('.') && first(host) == first(this))
    })
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

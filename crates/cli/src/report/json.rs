//! Results as JSON Lines.

use std::{io::Write, path::Path};

use pixtwin_engine::{Absent, Coded, Examined, Group, Match, PixelDigest, Sets, Tier, Unread};
use pixtwin_planning::SCHEMA;
use serde::Serialize;

use crate::{
    exit::Stop,
    names::{NameJson, PathJson},
    report::{Found, Totals, folders::Folders, nearness::NearJson},
};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Group {
        tier: &'static str,
        digest: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        blake3: Option<String>,
        width: Option<u32>,
        height: Option<u32>,
        freed: u64,
        files: Vec<File<'a>>,
    },
    Match {
        query: PathJson,
        path: PathJson,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        links: Vec<PathJson>,
        host: Option<&'a str>,
        tier: &'static str,
        proof: &'static str,
        #[serde(flatten)]
        near: NearJson,
        format: &'a str,
        size: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<&'a Absent>,
    },
    Digest {
        path: PathJson,
        host: Option<&'a str>,
        digest: String,
        width: u32,
        height: u32,
        frames: u32,
        format: &'a str,
    },
    Pdq {
        path: PathJson,
        host: Option<&'a str>,
        hash: String,
        quality: u8,
        width: u32,
        height: u32,
        format: &'a str,
    },
    Folder {
        path: PathJson,
        host: Option<&'a str>,
        set: NameJson<'a>,
        crossing: u64,
    },
    Unread {
        path: PathJson,
        host: Option<&'a str>,
        reason: &'a str,
    },
    Summary(Summary<'a>),
}

#[derive(Serialize)]
struct File<'a> {
    path: PathJson,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<PathJson>,
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    set: Option<NameJson<'a>>,
    size: u64,
    format: &'a str,
    proof: &'static str,
    #[serde(flatten)]
    near: NearJson,
    differs: &'a [String],
}

#[derive(Serialize)]
struct Summary<'a> {
    schema: u32,
    complete: bool,
    files: u64,
    pictures: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    twins: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    matches: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    freed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crossing: Option<u64>,
    unread: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    flat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flat_queries: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dismissed: Option<u64>,
    missing: &'a [String],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    orient: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    alpha: Option<&'static str>,
}

/// A group of twins.
pub(crate) fn group(out: &mut dyn Write, group: &Group, tier: Tier, sets: Option<&Sets>) -> Result<(), Stop> {
    let files = group.files.iter().map(|file| File {
        path: file.path.as_path().into(),
        links: file.other_paths.iter().map(|path| path.as_path().into()).collect(),
        host: file.host.as_deref(),
        set: sets.zip(file.set).map(|(sets, set)| sets.name(set).into()),
        size: file.bytes,
        format: &file.format,
        proof: file.proof.name(),
        near: NearJson::of(file.near.as_ref()),
        differs: &file.differs,
    });
    let line = Line::Group {
        tier: tier.name(),
        digest: group.digest.map(|digest| digest.to_string()),
        // The same 32 bytes in the same digits.
        blake3: group.blake3.map(|hash| PixelDigest(hash).to_string()),
        width: group.size.map(|(width, _)| width),
        height: group.size.map(|(_, height)| height),
        freed: group.freed_bytes(),
        files: files.collect(),
    };
    print(out, &line)
}

/// A twin of a picture asked about.
pub(crate) fn found(out: &mut dyn Write, query: &Path, found: &Match, tier: Tier) -> Result<(), Stop> {
    let line = Line::Match {
        query: query.into(),
        path: found.path.as_path().into(),
        links: found.other_paths.iter().map(|path| path.as_path().into()).collect(),
        host: found.host.as_deref(),
        tier: tier.name(),
        proof: found.proof.name(),
        near: NearJson::of(found.near.as_ref()),
        format: &found.format,
        size: found.bytes,
        absent: found.absent.as_ref(),
    };
    print(out, &line)
}

/// The digest of one picture.
pub(crate) fn digest(out: &mut dyn Write, examined: &Examined) -> Result<(), Stop> {
    let line = Line::Digest {
        path: examined.path.as_path().into(),
        host: None,
        digest: examined.digest.to_string(),
        width: examined.fingerprint.width,
        height: examined.fingerprint.height,
        frames: examined.fingerprint.frames,
        format: examined.format,
    };
    print(out, &line)
}

/// The PDQ hash of one picture.
pub(crate) fn code(out: &mut dyn Write, file: &Coded) -> Result<(), Stop> {
    let line = Line::Pdq {
        path: file.path.as_path().into(),
        host: None,
        hash: file.pdq.code.to_string(),
        quality: file.pdq.quality,
        width: file.size.0,
        height: file.size.1,
        format: file.format,
    };
    print(out, &line)
}

/// The folders that have files with a twin in another set.
pub(crate) fn folders(out: &mut dyn Write, folders: &Folders<'_>) -> Result<(), Stop> {
    folders.iter().try_for_each(|folder| {
        let (path, set) = (folder.path.into(), folder.set.into());
        print(out, &Line::Folder { path, host: folder.host, set, crossing: folder.crossing })
    })
}

/// Files that were not compared.
pub(crate) fn unread(out: &mut dyn Write, unread: &[Unread]) -> Result<(), Stop> {
    for file in unread {
        let (path, host) = (file.path.as_path().into(), file.host.as_deref());
        print(out, &Line::Unread { path, host, reason: &file.reason })?;
    }
    Ok(())
}

/// The last line of a report.
pub(crate) fn summary(out: &mut dyn Write, totals: &Totals<'_>) -> Result<(), Stop> {
    let (mut groups, mut twins, mut freed, mut matches) = (None, None, None, None);
    match totals.found {
        Found::Groups { groups: number, twins: files, freed_bytes } => {
            (groups, twins, freed) = (Some(number), Some(files), Some(freed_bytes));
        }
        Found::Matches(number) => matches = Some(number),
        Found::Digests => {}
    }
    let Totals { files, pictures, unread, crossing, cut, .. } = *totals;
    let complete = cut.is_none();
    let missing = cut.map_or(&[][..], |cut| &cut.missing);
    print(
        out,
        &Line::Summary(Summary {
            schema: SCHEMA,
            complete,
            files,
            pictures,
            groups,
            twins,
            matches,
            freed,
            crossing,
            unread,
            flat: totals.flat.pictures,
            flat_queries: totals.flat.queries,
            dismissed: Some(totals.dismissed).filter(|dismissed| *dismissed > 0),
            missing,
            orient: totals.compared.is_oriented,
            alpha: totals.compared.ignores_hidden.then_some("ignore-hidden"),
        }),
    )
}

/// One object on a line of its own.
pub(crate) fn print(out: &mut dyn Write, line: &impl Serialize) -> Result<(), Stop> {
    serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

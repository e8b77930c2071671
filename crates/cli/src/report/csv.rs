//! Results as comma-separated values. Paths are the bytes of the file system, in quotes where they need them.

use std::{io::Write, os::unix::ffi::OsStrExt, path::Path};

use pixtwin_engine::{Coded, Examined, Group, Match, Sets, Tier};

use crate::{exit::Stop, names::bytes_of, report::nearness::NearJson};

/// The first line of a scan, or of a find. With sets there is a column more at the end, so that the others keep their
/// places.
pub(crate) fn header(out: &mut dyn Write, is_scan: bool, tier: Tier, sets: Option<&Sets>) -> Result<(), Stop> {
    let mut csv = csv::Writer::from_writer(out);
    let near = NearJson::COLUMNS.into_iter().filter(|_| tier.is_near());
    if is_scan {
        let columns =
            ["group", "tier", "digest", "width", "height", "path", "host", "size", "format", "proof", "differs"];
        csv.write_record(columns.into_iter().chain(near).chain(sets.map(|_| "set")))?;
    } else {
        let columns = ["query", "path", "host", "tier", "proof", "format", "size", "absent"];
        csv.write_record(columns.into_iter().chain(near))?;
    }
    Ok(csv.flush()?)
}

/// A group of twins: a line a file, groups numbered from 1.
pub(crate) fn group(
    out: &mut dyn Write,
    group: &Group,
    number: u64,
    tier: Tier,
    sets: Option<&Sets>,
) -> Result<(), Stop> {
    let mut csv = csv::Writer::from_writer(out);
    let digest = group.digest.map(|digest| digest.to_string()).unwrap_or_default();
    let side = |side: Option<u32>| side.map(|side| side.to_string()).unwrap_or_default();
    let (width, height) = (side(group.size.map(|size| size.0)), side(group.size.map(|size| size.1)));
    for file in &group.files {
        let set = sets.map(|sets| file.set.map_or(&b""[..], |set| sets.name(set).as_bytes()));
        let (number, bytes, differs) = (number.to_string(), file.bytes.to_string(), file.differs.join("; "));
        let columns = [
            number.as_bytes(),
            tier.name().as_bytes(),
            digest.as_bytes(),
            width.as_bytes(),
            height.as_bytes(),
            bytes_of(&file.path),
            file.host.as_deref().unwrap_or_default().as_bytes(),
            bytes.as_bytes(),
            file.format.as_bytes(),
            file.proof.name().as_bytes(),
            differs.as_bytes(),
        ];
        let near = NearJson::of(file.near.as_ref()).cells();
        let near = near.iter().map(String::as_bytes).filter(|_| tier.is_near());
        csv.write_record(columns.into_iter().chain(near).chain(set))?;
    }
    Ok(csv.flush()?)
}

/// A twin of a picture asked about.
pub(crate) fn found(out: &mut dyn Write, query: &Path, found: &Match, tier: Tier) -> Result<(), Stop> {
    let mut csv = csv::Writer::from_writer(out);
    let (bytes, near) = (found.bytes.to_string(), NearJson::of(found.near.as_ref()).cells());
    let columns = [
        bytes_of(query),
        bytes_of(&found.path),
        found.host.as_deref().unwrap_or_default().as_bytes(),
        tier.name().as_bytes(),
        found.proof.name().as_bytes(),
        found.format.as_bytes(),
        bytes.as_bytes(),
        found.absent.as_ref().map_or("", |absent| absent.volume.as_str()).as_bytes(),
    ];
    csv.write_record(columns.into_iter().chain(near.iter().map(String::as_bytes).filter(|_| tier.is_near())))?;
    Ok(csv.flush()?)
}

/// The digests of pictures: a line a picture.
pub(crate) fn digests(out: &mut dyn Write, examined: &[Examined]) -> Result<(), Stop> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["digest", "path", "width", "height", "frames", "format"])?;
    for file in examined {
        let figures = [file.fingerprint.width, file.fingerprint.height, file.fingerprint.frames];
        let [width, height, frames] = figures.map(|figure| figure.to_string());
        csv.write_record([
            file.digest.to_string().as_bytes(),
            bytes_of(&file.path),
            width.as_bytes(),
            height.as_bytes(),
            frames.as_bytes(),
            file.format.as_bytes(),
        ])?;
    }
    csv.flush()?;
    Ok(())
}

/// The PDQ hashes of pictures: a line a picture.
pub(crate) fn codes(out: &mut dyn Write, coded: &[Coded]) -> Result<(), Stop> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["hash", "quality", "path", "width", "height", "format"])?;
    for file in coded {
        csv.write_record([
            file.pdq.code.to_string().as_bytes(),
            file.pdq.quality.to_string().as_bytes(),
            bytes_of(&file.path),
            file.size.0.to_string().as_bytes(),
            file.size.1.to_string().as_bytes(),
            file.format.as_bytes(),
        ])?;
    }
    Ok(csv.flush()?)
}

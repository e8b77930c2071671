//! Names alone, each ended by a NUL byte, for `xargs -0` and the like.

use std::{
    io::{self, Write},
    path::Path,
};

use pixtwin_engine::{Group, Match};

use crate::names::bytes_of;

/// Groups of twins: the names of a group, then an empty name.
pub(crate) fn groups(out: &mut dyn Write, groups: &[Group]) -> io::Result<()> {
    for group in groups {
        group.files.iter().try_for_each(|file| name(out, &file.path))?;
        out.write_all(b"\0")?;
    }
    Ok(())
}

/// Twins of the pictures asked about: their names.
pub(crate) fn matches(out: &mut dyn Write, found: &[Vec<Match>]) -> io::Result<()> {
    found.iter().flatten().try_for_each(|twin| name(out, &twin.path))
}

fn name(out: &mut dyn Write, path: &Path) -> io::Result<()> {
    out.write_all(bytes_of(path))?;
    out.write_all(b"\0")
}

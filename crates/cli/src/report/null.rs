//! Names alone, each ended by a NUL byte, for `xargs -0` and the like.

use std::{
    io::{self, Write},
    path::Path,
};

use pixtwin_engine::{Group, Match};

use crate::names::bytes_of;

/// A group of twins: its names, then an empty name.
pub(crate) fn group(out: &mut dyn Write, group: &Group) -> io::Result<()> {
    group.files.iter().try_for_each(|file| name(out, file.host.as_deref(), &file.path))?;
    out.write_all(b"\0")
}

/// A twin of a picture asked about: its name.
pub(crate) fn found(out: &mut dyn Write, found: &Match) -> io::Result<()> {
    // Whoever takes names wants files.
    if found.absent.is_some() {
        return Ok(());
    }
    name(out, found.host.as_deref(), &found.path)
}

/// On a cluster, `host:path`.
fn name(out: &mut dyn Write, host: Option<&str>, path: &Path) -> io::Result<()> {
    if let Some(host) = host {
        write!(out, "{host}:")?;
    }
    out.write_all(bytes_of(path))?;
    out.write_all(b"\0")
}

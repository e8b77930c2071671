//! What travels with a picture (stub until it is merged).
use crate::{
    disk::{Disk, Identity},
    step::Kept,
};
use std::{
    io,
    path::{Path, PathBuf},
};
pub(crate) fn of<D: Disk>(_: &D, _: &Path, _: &[&Path]) -> io::Result<Vec<PathBuf>> {
    Ok(Vec::new())
}
pub(crate) fn with_equal<D: Disk>(_: &D, _: &Path, _: &Path, _: &Path) -> io::Result<(Identity, Option<Kept>)> {
    Err(io::ErrorKind::Unsupported.into())
}

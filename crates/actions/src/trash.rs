//! The trash of the desktop (stub until it is merged).
use crate::{disk::Disk, executor::Setting};
use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
};
pub(crate) struct Chosen {
    pub(crate) file: PathBuf,
    pub(crate) info: PathBuf,
}
pub(crate) fn choose<D: Disk>(_: &D, _: &Setting, _: &Path, _: &HashSet<PathBuf>) -> io::Result<Chosen> {
    Err(io::ErrorKind::Unsupported.into())
}
pub(crate) fn note<D: Disk>(_: &D, _: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
pub(crate) fn take_note_back<D: Disk>(_: &D, _: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}

//! The one door to the disk: every call that reads or changes files of the user, or what is kept about them.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

mod real;
mod share;

pub use real::{RealDisk, RealFile, RealFolder};

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Symlink,
    /// A pipe, a socket, a device.
    Other,
}

/// Which file it is, and in which state: equal identities are one file that has not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The number of its device, as the system has it until it starts anew.
    pub device: u64,
    /// The number of the file on it.
    pub inode: u64,
    /// Length in bytes.
    pub bytes: u64,
    /// When the content changed last: nanoseconds since 1970.
    pub modified_ns: i64,
    /// When anything about the file changed last: nanoseconds since 1970.
    pub changed_ns: i64,
}

impl Identity {
    /// Device and inode: equal pairs are one file, whatever its names and state.
    pub(crate) fn place(&self) -> (u64, u64) {
        (self.device, self.inode)
    }
}

/// All that is asked of a file without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// What it is.
    pub kind: Kind,
    /// Which it is.
    pub identity: Identity,
    /// How many names it has.
    pub names: u64,
    /// Permissions.
    pub mode: u32,
    /// Its owner and group.
    pub owner: (u32, u32),
    /// The mount through which it is seen; files are renamed within one only.
    pub mount: u64,
}

/// A disk. No call follows a symbolic link, none replaces what is there, and none is tried a second time.
pub trait Disk: Sync {
    /// A folder, held open.
    type Folder: Send + Sync;
    /// A regular file, held open.
    type File: Send + Sync;

    /// Opens the folder with that absolute path.
    ///
    /// # Errors
    /// If any part of the path is a symbolic link, or the system says no.
    fn folder(&self, path: &Path) -> io::Result<Self::Folder>;

    /// Opens a regular file to read it.
    ///
    /// # Errors
    /// If it is anything else, or the system says no.
    fn open(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<Self::File>;

    /// What an open file is now.
    ///
    /// # Errors
    /// Of the system.
    fn state(&self, file: &Self::File) -> io::Result<State>;

    /// What a folder is now.
    ///
    /// # Errors
    /// Of the system.
    fn folder_state(&self, folder: &Self::Folder) -> io::Result<State>;

    /// What the name leads to; nothing if there is no such name.
    ///
    /// # Errors
    /// Of the system.
    fn look(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<Option<State>>;

    /// Reads from an offset; 0 is the end.
    ///
    /// # Errors
    /// Of the system.
    fn read_at(&self, file: &Self::File, into: &mut [u8], offset: u64) -> io::Result<usize>;

    /// The file for a reader of pictures.
    ///
    /// # Errors
    /// Of the system.
    fn lend(&self, file: &Self::File) -> io::Result<fs::File>;

    /// What a symbolic link says.
    ///
    /// # Errors
    /// Of the system.
    fn read_link(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<PathBuf>;

    /// The names in a folder, in no order.
    ///
    /// # Errors
    /// Of the system.
    fn list(&self, folder: &Self::Folder) -> io::Result<Vec<OsString>>;

    /// Gives a file another name in the same file system, if that name is free (`RENAME_NOREPLACE`).
    ///
    /// # Errors
    /// Of the system; then either of the names may be the file's.
    fn rename(&self, from: (&Self::Folder, &OsStr), to: (&Self::Folder, &OsStr)) -> io::Result<()>;

    /// Exchanges what two names lead to, at once (`RENAME_EXCHANGE`).
    ///
    /// # Errors
    /// As [`Disk::rename`].
    fn exchange(&self, one: (&Self::Folder, &OsStr), other: (&Self::Folder, &OsStr)) -> io::Result<()>;

    /// Gives a file a further name, if that is free.
    ///
    /// # Errors
    /// Of the system.
    fn link(&self, from: (&Self::Folder, &OsStr), to: (&Self::Folder, &OsStr)) -> io::Result<()>;

    /// Makes a symbolic link, if the name is free.
    ///
    /// # Errors
    /// Of the system.
    fn symlink(&self, target: &Path, to: (&Self::Folder, &OsStr)) -> io::Result<()>;

    /// Lets `victim` use the blocks of `keeper` on the disk, if all their bytes are equal (`FIDEDUPERANGE`, which compares
    /// them itself). Writes nothing, and changes none of their times.
    ///
    /// # Errors
    /// If they differ ([`io::ErrorKind::InvalidData`]), or the file system cannot.
    fn share(&self, keeper: &Self::File, victim: (&Self::Folder, &OsStr)) -> io::Result<()>;

    /// How many of the bytes of a file of that length are free once it is gone: those in blocks that no other file shares.
    /// What the file system does not tell counts as the file's own.
    fn own_bytes(&self, _file: &Self::File, bytes: u64) -> u64 {
        bytes
    }

    /// Takes a name away from a file; it is gone with its last one.
    ///
    /// # Errors
    /// Of the system.
    fn unlink(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<()>;

    /// Makes a folder, if the name is free, which only its owner may enter.
    ///
    /// # Errors
    /// Of the system.
    fn make_folder(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<()>;

    /// Removes an empty folder.
    ///
    /// # Errors
    /// Of the system.
    fn remove_folder(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<()>;

    /// Makes an empty file, if the name is free, which only its owner may read, and opens it to read and write.
    ///
    /// # Errors
    /// Of the system.
    fn create(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<Self::File>;

    /// Opens a regular file to read and to append.
    ///
    /// # Errors
    /// If it is anything else, or the system says no.
    fn open_to_append(&self, folder: &Self::Folder, name: &OsStr) -> io::Result<Self::File>;

    /// Writes all bytes at the end of a file.
    ///
    /// # Errors
    /// Of the system; then some of them may be written.
    fn append(&self, file: &Self::File, bytes: &[u8]) -> io::Result<()>;

    /// Gives `copy` the owner, permissions, extended attributes and times of `original`.
    ///
    /// # Errors
    /// Of the system, whichever of them it refuses.
    fn dress(&self, copy: &Self::File, original: &Self::File) -> io::Result<()>;

    /// Whether both have equal extended attributes, access control lists among them, as far as the process sees them. Those
    /// by which a file system notes how it stores a file do not count.
    ///
    /// # Errors
    /// Of the system; then they may differ.
    fn has_same_attributes(&self, one: &Self::File, other: &Self::File) -> io::Result<bool>;

    /// Returns once the content of the file is on the disk.
    ///
    /// # Errors
    /// Of the system; then it may not be.
    fn sync(&self, file: &Self::File) -> io::Result<()>;

    /// Lets the content be read from the disk the next time and not from memory, where the system can do that.
    fn forget_content(&self, _file: &Self::File) {}

    /// Returns once the names in the folder are on the disk.
    ///
    /// # Errors
    /// As [`Disk::sync`].
    fn sync_folder(&self, folder: &Self::Folder) -> io::Result<()>;

    /// Locks the file for this process; false if another one has it. The lock ends with the process.
    ///
    /// # Errors
    /// Of the system.
    fn lock(&self, file: &Self::File) -> io::Result<bool>;
}

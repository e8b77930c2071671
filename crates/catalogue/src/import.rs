//! Takes over what another machine knows of its files.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    desk::Desk,
    entry::Entry,
    error::Error,
    places::Folder,
    schema::{Catalogue, Want, connect},
    seal,
    volumes::Volume,
    writer::InFolder,
};

/// What volumes of other machines are called begins with this: they are never mounted here, so that nothing of what is said
/// of them is believed of a file that is here.
pub const IMPORTED: &str = "import";

/// How many entries are written at once.
const AT_ONCE: usize = 1 << 14;

/// Writes entries of another machine.
#[derive(Debug)]
pub struct Importer {
    desk: Desk,
    volumes: HashMap<(String, String), Arc<Volume>>,
    pending: HashMap<(u64, u64), InFolder>,
    count: usize,
    written: u64,
}

impl Catalogue {
    /// Takes entries of other machines, all by the maker's rules and decoders.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn importer(&self) -> Result<Importer, Error> {
        let desk = Desk::new(connect(self.path(), Want::Write)?, self.maker.clone())?;
        Ok(Importer { desk, volumes: HashMap::new(), pending: HashMap::new(), count: 0, written: 0 })
    }
}

impl Importer {
    /// Adds an entry for a file at this path, from the root, of a volume of a host.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn add(&mut self, host: &str, volume: &str, path: &[u8], entry: Entry) -> Result<(), Error> {
        let path = path.strip_prefix(b"/").unwrap_or(path);
        let cut = path.iter().rposition(|byte| *byte == b'/');
        let (folder, name) = cut.and_then(|cut| path.split_at_checked(cut)).unwrap_or((b"", path));
        let name = name.strip_prefix(b"/").unwrap_or(name);
        let identity = format!("{IMPORTED} {host} {volume}");
        let device = seal::of_place(&identity, 0);
        let new =
            || Volume { identity, root: Vec::new(), mount_point: PathBuf::from("/"), host: Some(host.to_owned()) };
        let volume = self.volumes.entry((host.to_owned(), volume.to_owned())).or_insert_with(|| Arc::new(new()));
        // What another machine calls its folders is all that is known of them: the number is made from the path.
        let inode = seal::of_folder(device, folder);
        let of_folder = self.pending.entry((device, inode)).or_insert_with(|| {
            let folder = Folder { volume: Arc::clone(volume), device, inode, path: folder.to_vec() };
            InFolder { folder: Arc::new(folder), files: BTreeMap::new() }
        });
        self.count += usize::from(of_folder.files.insert(name.into(), entry).is_none());
        if self.count >= AT_ONCE { self.write() } else { Ok(()) }
    }

    /// Writes what is left, and says how many entries were written in all.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    pub fn finish(mut self) -> Result<u64, Error> {
        self.write()?;
        Ok(self.written)
    }

    fn write(&mut self) -> Result<(), Error> {
        self.count = 0;
        self.written += self.desk.write(std::mem::take(&mut self.pending).into_values().collect())?;
        Ok(())
    }
}

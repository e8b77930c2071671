//! Random calls.

use std::ffi::OsString;

use pixtwin_testkit::draw::Seeded;

/// A name: the folder and the name in it, by number.
pub(super) type At = (usize, usize);

/// A call. Files are held open in places with numbers, folders by the number of their path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Forget(usize),
    FolderState(usize),
    List(usize),
    SyncFolder(usize),
    Open(At, usize),
    OpenToAppend(At, usize),
    Create(At, usize),
    Close(usize),
    State(usize),
    Read(usize, u64),
    Lend(usize),
    Append(usize, u8),
    Dress(usize, usize),
    HasSameAttributes(usize, usize),
    Sync(usize),
    Lock(usize),
    Share(usize, At),
    Look(At),
    ReadLink(At),
    Rename(At, At),
    Exchange(At, At),
    Link(At, At),
    Symlink(At),
    Unlink(At),
    MakeFolder(At),
    RemoveFolder(At),
}

const FOLDERS: u32 = 7;
const FILES: u32 = 4;
const NAMES: u32 = 9;

/// The name of that number.
pub(super) fn name(number: usize) -> OsString {
    match number {
        0..4 => ["x", "y", "z", "deep"][number].into(),
        4 => "n".repeat(255).into(),
        5 => "n".repeat(256).into(),
        6 => "a".into(),
        7 => "c".into(),
        _ => "x/y".into(),
    }
}

impl Step {
    pub(super) fn random(random: &mut Seeded) -> Self {
        let of = random.below(41);
        let (one, other) = (at(random), at(random));
        let (file, second) = (random.below(FILES) as usize, random.below(FILES) as usize);
        match of {
            0 => Self::Forget(one.0),
            1 => Self::FolderState(one.0),
            2 => Self::List(one.0),
            3 => Self::SyncFolder(one.0),
            4..7 => Self::Open(one, file),
            7 | 8 => Self::OpenToAppend(one, file),
            9 | 10 => Self::Create(one, file),
            11 => Self::Close(file),
            12..14 => Self::State(file),
            14 => Self::Read(file, random.number() % 12),
            15 => Self::Lend(file),
            16 => Self::Append(file, random.below(256) as u8),
            17 => Self::Dress(file, second),
            18 => Self::Sync(file),
            19 => Self::Lock(file),
            20 => Self::Share(file, one),
            21 | 22 => Self::Look(one),
            23 => Self::ReadLink(one),
            24..28 => Self::Rename(one, other),
            28..31 => Self::Exchange(one, other),
            31..33 => Self::Link(one, other),
            33 => Self::Symlink(one),
            34 | 35 => Self::Unlink(one),
            36 => Self::HasSameAttributes(file, second),
            37 | 38 => Self::MakeFolder(one),
            _ => Self::RemoveFolder(one),
        }
    }
}

/// Most names are of the first few, so that many calls meet.
fn at(random: &mut Seeded) -> At {
    let names = if random.below(4) == 0 { NAMES } else { 4 };
    (random.below(FOLDERS) as usize, random.below(names) as usize)
}

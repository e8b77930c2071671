//! The look a moment before: whether the files of a group are what the plan says, and still the same picture.

use std::{
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

use crate::{
    disk::{Disk, State},
    error::words_of,
    judge::{Judge, Particulars},
    plan::{File, Group, Task, Tier},
    quarantine,
    same::{PIECE_BYTES, have_same_bytes, read_full},
    spot::Spot,
    step::{Action, Kept},
    travellers::{self, Listed},
};

/// A file that changed more recently may change again without another time of the last change: clocks of file systems
/// tick every few milliseconds.
const TICK: Duration = Duration::from_millis(50);

/// A file that may go.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Its number in the plan.
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
    pub(crate) state: State,
    /// How many of its bytes no other file shares on the disk.
    pub(crate) own_bytes: u64,
    /// Whether every byte of it equals that of the file that stays.
    pub(crate) has_equal_bytes: bool,
    /// Whether its access control list and extended attributes are those of the file that stays: asked where one is to become
    /// the other, and else taken for so.
    pub(crate) has_same_attributes: bool,
    /// The files that travel with it.
    pub(crate) sidecars: Vec<Traveller>,
    /// What would be lost with it: not in bulk.
    pub(crate) guarded: Vec<String>,
}

/// A file that travels with it.
#[derive(Debug)]
pub(crate) struct Traveller {
    pub(crate) path: PathBuf,
    pub(crate) state: State,
    /// How many of its bytes no other file shares on the disk.
    pub(crate) own_bytes: u64,
    /// Its equal beside the keeper, if it has one.
    pub(crate) equal: Option<Kept>,
}

/// Why a file, or all of a group, is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The number of the group in the plan.
    pub group: u64,
    /// The number of the step, if it is about one file.
    pub step: Option<u64>,
    /// The file, if it is about one.
    pub path: Option<PathBuf>,
    /// Why, as a clause.
    pub reason: String,
}

/// A group as it was found.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) group: u64,
    pub(crate) tier: Tier,
    pub(crate) keeper: Keeper,
    pub(crate) victims: Vec<Ready>,
}

/// The file that the others were compared with.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) path: PathBuf,
    pub(crate) state: State,
}

/// A group, and the numbers of the files in it that are to go now.
pub(crate) struct Asked<'p> {
    pub(crate) group: &'p Group,
    pub(crate) wanted: Vec<(u64, &'p File)>,
}

/// Looks at a group. Nothing of it is touched if anything is not as the plan says.
pub(crate) fn verify<D: Disk>(
    disk: &D,
    judge: &dyn Judge,
    asked: &Asked<'_>,
    (action, neighbours): (&Action, &Listed),
) -> Result<Verified, Refused> {
    let group = asked.group;
    let refuse = |step: Option<u64>, path: &Path, reason: String| Refused {
        group: group.number,
        step,
        path: Some(path.to_owned()),
        reason,
    };
    let mut keepers = Vec::new();
    for file in group.files.iter().filter(|file| file.task == Task::Keep) {
        keepers.push(Held::of(disk, file).map_err(|cause| refuse(None, &file.path, words_of(&cause)))?);
    }
    let Some(keeper) = keepers.first() else {
        let path = group.files.first().map(|file| file.path.clone()).unwrap_or_default();
        return Err(refuse(None, &path, "no file of its group stays".to_owned()));
    };
    let going: Vec<&Path> = asked.wanted.iter().map(|(_, file)| &*file.path).collect();
    let mut victims = Vec::new();
    for (number, file) in &asked.wanted {
        let refuse = |reason| refuse(Some(*number), &file.path, reason);
        let mut ready = look_at(disk, judge, group, &keepers, (*number, file, action)).map_err(refuse)?;
        if action.parts_names() {
            travellers::add(disk, neighbours, &mut ready, &keeper.path, &going).map_err(refuse)?;
        }
        victims.push(ready);
    }
    keeper.is_unchanged(disk).map_err(|cause| refuse(None, &keeper.path, words_of(&cause)))?;
    let keeper = Keeper { path: keeper.path.clone(), state: keeper.state };
    Ok(Verified { group: group.number, tier: group.tier, keeper, victims })
}

/// A file that is held open while it is compared.
struct Held<D: Disk> {
    path: PathBuf,
    file: D::File,
    state: State,
}

impl<D: Disk> Held<D> {
    fn of(disk: &D, file: &File) -> io::Result<Self> {
        if quarantine::holds(&file.path) {
            return Err(io::Error::other("it lies in a quarantine"));
        }
        let opened = Spot::of(disk, &file.path)?.open()?;
        let state = disk.state(&opened)?;
        // Its names may have come and gone since, by steps of ours as well; it is read again in any case.
        if !state.identity.is_with_other_names(&file.identity) {
            return Err(io::Error::other("it is not what it was when the plan was made"));
        }
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let changed = Duration::from_nanos(u64::try_from(state.identity.changed_ns).unwrap_or(0));
        if now.saturating_sub(changed) < TICK {
            thread::sleep(TICK);
        }
        Ok(Self { path: file.path.clone(), file: opened, state })
    }

    fn is_unchanged(&self, disk: &D) -> io::Result<()> {
        match disk.state(&self.file)?.identity == self.state.identity {
            true => Ok(()),
            false => Err(io::Error::other("it changed while it was read")),
        }
    }
}

/// Looks at a file that is to go, and compares it with the file that stays.
fn look_at<D: Disk>(
    disk: &D,
    judge: &dyn Judge,
    group: &Group,
    keepers: &[Held<D>],
    (number, file, action): (u64, &File, &Action),
) -> Result<Ready, String> {
    let victim = Held::of(disk, file).map_err(|cause| words_of(&cause))?;
    let Some(keeper) = keepers.first() else { return Err("no file of its group stays".to_owned()) };
    if keepers.iter().any(|keeper| keeper.state.identity.place() == victim.state.identity.place()) {
        return Err("it is the file that stays, under another name".to_owned());
    }
    let has_equal_bytes = have_same_bytes(disk, &keeper.file, &victim.file).map_err(|cause| words_of(&cause))?;
    if !has_equal_bytes {
        match group.tier {
            Tier::Bytes => return Err("its bytes differ from those of the file that stays".to_owned()),
            Tier::Pixels if judge.has_same_pixels(&lend(disk, keeper)?, &lend(disk, &victim)?)? => {}
            Tier::Pixels => return Err("its pixels differ from those of the file that stays".to_owned()),
            Tier::Turned | Tier::Within | Tier::Similar => {
                has_planned_hash(disk, keeper, group.files.iter().find(|file| file.task == Task::Keep))?;
                has_planned_hash(disk, &victim, Some(file))?;
            }
        }
    }
    let guarded = if has_equal_bytes { Vec::new() } else { missed(disk, judge, keepers, &victim)? };
    let has_same_attributes = *action != Action::HardLink
        || disk.has_same_attributes(&keeper.file, &victim.file).map_err(|cause| words_of(&cause))?;
    victim.is_unchanged(disk).map_err(|cause| words_of(&cause))?;
    let own_bytes = disk.own_bytes(&victim.file, victim.state.identity.bytes);
    let (path, state, sidecars) = (victim.path, victim.state, Vec::new());
    Ok(Ready { number, path, state, own_bytes, has_equal_bytes, has_same_attributes, sidecars, guarded })
}

fn lend<D: Disk>(disk: &D, held: &Held<D>) -> Result<std::fs::File, String> {
    disk.lend(&held.file).map_err(|cause| words_of(&cause))
}

/// What the victim holds beside its pixels that no keeper holds in the same way.
fn missed<D: Disk>(disk: &D, judge: &dyn Judge, keepers: &[Held<D>], victim: &Held<D>) -> Result<Vec<String>, String> {
    let theirs = judge.particulars(&lend(disk, victim)?)?;
    let mut ours = Vec::new();
    for keeper in keepers {
        ours.push(judge.particulars(&lend(disk, keeper)?)?);
    }
    let kinds = |particulars: &Particulars| {
        let Particulars { date, position, profile, rating, orientation, trailing } = particulars.clone();
        [
            ("its EXIF date", date),
            ("its GPS position", position),
            ("its ICC profile", profile),
            ("its rating", rating),
            ("its orientation", orientation),
            ("what follows its picture, such as a film,", trailing),
        ]
    };
    let had: Vec<_> = ours.iter().flat_map(kinds).collect();
    let missed =
        kinds(&theirs).into_iter().filter(|(name, value)| value.is_some() && !had.contains(&(*name, value.clone())));
    Ok(missed.map(|(name, _)| name.to_owned()).collect())
}

fn has_planned_hash<D: Disk>(disk: &D, held: &Held<D>, file: Option<&File>) -> Result<(), String> {
    let Some(planned) = file.and_then(|file| file.blake3) else {
        return Err("the plan has no hash of it".to_owned());
    };
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; PIECE_BYTES];
    let mut offset = 0;
    loop {
        let read = read_full(disk, &held.file, &mut block, offset).map_err(|cause| words_of(&cause))?;
        if read == 0 {
            break;
        }
        hasher.update(block.get(..read).unwrap_or_default());
        offset += read as u64;
    }
    match *hasher.finalize().as_bytes() == planned {
        true => Ok(()),
        false => Err(format!("`{}` is not what it was when the plan was made", held.path.display())),
    }
}

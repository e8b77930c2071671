//! Files that change between plan and `apply`, and while it runs: what was changed is never taken for what was compared.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::{FileExt, MetadataExt, symlink},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
};

use pixtwin_testkit::{
    cases,
    draw::{Seeded, icon},
    encode::{png, qoi},
    touch::{exchange, open_alone, rename_if_free, set_modified},
};

use crate::acts::{ACTIONS, Album};

/// Two twins whose files change, and where other files wait to take their places.
struct Pair {
    keeper: PathBuf,
    victim: PathBuf,
    /// Of the victim.
    content: Vec<u8>,
    aside: PathBuf,
}

/// What was changed: the bytes that now exist and did not before, if the change made some.
type Changed = io::Result<Option<Vec<u8>>>;

/// A change, with bytes as long as the victim's that no other file has.
type Change = fn(&Pair, Vec<u8>) -> Changed;

/// Changes of the victim come first: those after which the keeper is still there.
const CHANGES: [(&str, Change); 17] = [
    ("victim edited in place", |pair, new| edited(&pair.victim, new, Times::AsTheyCome)),
    ("victim edited in place, time set back", |pair, new| edited(&pair.victim, new, Times::SetBack)),
    ("victim replaced, time set back", |pair, new| replaced(pair, &pair.victim, new)),
    ("victim cut short", |pair, _| cut_short(&pair.victim)),
    ("victim replaced by a link to the keeper", |pair, _| {
        linked(pair, &pair.victim, &pair.keeper, |target, name| symlink(target, name))
    }),
    ("victim replaced by a further name of the keeper", |pair, _| {
        linked(pair, &pair.victim, &pair.keeper, |target, name| fs::hard_link(target, name))
    }),
    ("folder of the victim swapped for a link to another", folder_of_the_victim_swapped),
    ("a new file at the victim's name", new_file_at_the_victims_name),
    ("keeper edited in place", |pair, new| edited(&pair.keeper, as_long_as(&pair.keeper, &new)?, Times::AsTheyCome)),
    ("keeper edited in place, time set back", |pair, new| {
        edited(&pair.keeper, as_long_as(&pair.keeper, &new)?, Times::SetBack)
    }),
    ("keeper replaced, time set back", |pair, new| replaced(pair, &pair.keeper, as_long_as(&pair.keeper, &new)?)),
    ("keeper cut short", |pair, _| cut_short(&pair.keeper)),
    ("keeper deleted", |pair, _| fs::remove_file(&pair.keeper).map(|()| None)),
    ("keeper renamed away, another in its place", keeper_renamed_away),
    ("keeper replaced by a link to the victim", |pair, _| {
        linked(pair, &pair.keeper, &pair.victim, |target, name| symlink(target, name))
    }),
    ("folder of the keeper swapped for a link to the victim's", folder_of_the_keeper_swapped),
    ("keeper and victim swapped", |pair, _| exchange(&pair.keeper, &pair.victim).map(|()| None)),
];
/// So many of them leave the keeper as it is.
const OF_THE_VICTIM: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Times {
    AsTheyCome,
    SetBack,
}

/// Opens a file to write to it, if it is there. Not a victim that has become a link: who edits the victim just before and the
/// keeper, by its name, just after has edited both, and nobody else.
fn opened(path: &Path) -> io::Result<fs::File> {
    if path.components().any(|part| part.as_os_str() == "a") {
        return fs::File::options().read(true).write(true).open(path);
    }
    open_alone(path)
}

fn edited(path: &Path, new: Vec<u8>, times: Times) -> Changed {
    let file = opened(path)?;
    let modified = file.metadata()?.modified()?;
    file.write_all_at(&new, 0)?;
    if times == Times::SetBack {
        file.set_modified(modified)?;
    }
    Ok(Some(new))
}

fn replaced(pair: &Pair, path: &Path, new: Vec<u8>) -> Changed {
    let modified = path.symlink_metadata()?.modified()?;
    fs::write(&pair.aside, &new)?;
    set_modified(&pair.aside, modified)?;
    fs::rename(&pair.aside, path)?;
    Ok(Some(new))
}

fn cut_short(path: &Path) -> Changed {
    let file = opened(path)?;
    let half = file.metadata()?.len() / 2;
    file.set_len(half)?;
    let mut left = vec![0; half as usize];
    file.read_exact_at(&mut left, 0)?;
    Ok(Some(left))
}

fn linked(pair: &Pair, path: &Path, target: &Path, link: fn(&Path, &Path) -> io::Result<()>) -> Changed {
    link(target, &pair.aside)?;
    fs::rename(&pair.aside, path).inspect_err(|_| drop(fs::remove_file(&pair.aside)))?;
    // Renaming one name of a file to another one of it does nothing.
    let _ = fs::remove_file(&pair.aside);
    Ok(None)
}

fn folder_of_the_victim_swapped(pair: &Pair, new: Vec<u8>) -> Changed {
    let (folder, decoy) = (pair.victim.parent().unwrap(), pair.aside.with_extension("decoy"));
    if folder.is_symlink() {
        fs::remove_file(folder)?;
        return fs::rename(folder.with_extension("real"), folder).map(|()| None);
    }
    fs::create_dir_all(&decoy)?;
    let name = decoy.join(pair.victim.file_name().unwrap());
    if !name.exists() {
        fs::write(&name, &new)?;
    }
    let modified = pair.victim.metadata().and_then(|found| found.modified());
    modified.and_then(|modified| set_modified(&name, modified))?;
    let there = fs::read(&name)?;
    fs::rename(folder, folder.with_extension("real"))?;
    symlink(&decoy, folder)?;
    Ok(Some(there))
}

fn folder_of_the_keeper_swapped(pair: &Pair, _: Vec<u8>) -> Changed {
    let folder = pair.keeper.parent().unwrap();
    if folder.is_symlink() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    // The victim is the last one, and is reached by both names.
    fs::remove_file(&pair.keeper)?;
    fs::rename(folder, folder.with_extension("real"))?;
    symlink(pair.victim.parent().unwrap(), folder)?;
    Ok(None)
}

fn new_file_at_the_victims_name(pair: &Pair, new: Vec<u8>) -> Changed {
    fs::write(&pair.aside, &new)?;
    rename_if_free(&pair.aside, &pair.victim)?;
    Ok(Some(new))
}

fn keeper_renamed_away(pair: &Pair, new: Vec<u8>) -> Changed {
    let new = as_long_as(&pair.keeper, &new)?;
    fs::write(&pair.aside, &new)?;
    set_modified(&pair.aside, pair.keeper.metadata()?.modified()?)?;
    exchange(&pair.aside, &pair.keeper)?;
    // What was the keeper keeps a name of its own each time.
    let away = (0..).map(|number| pair.keeper.with_extension(format!("away{number}"))).find(|name| !name.exists());
    fs::rename(&pair.aside, away.unwrap())?;
    Ok(Some(new))
}

/// Bytes of that length with the end of `new`, which tells them from all others.
fn as_long_as(path: &Path, new: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = fs::read(path)?;
    let mark = &new[new.len() - 8..];
    let place = content.len().checked_sub(8).ok_or(io::ErrorKind::NotFound)?;
    content[place..].copy_from_slice(mark);
    Ok(content)
}

/// An album whose files change, and what must be found of it in the end.
struct Race {
    album: Album,
    pairs: Vec<Pair>,
    /// Makes bytes that nobody else has.
    mark: AtomicU32,
}

impl Race {
    /// Each pair in folders of its own; every second victim has other bytes and the same pixels.
    fn new(groups: u64) -> Self {
        let names = |group| (format!("a/{group}/x.png"), format!("b/{group}/x.{}", ["png", "qoi"][group as usize % 2]));
        let files = (0..groups).flat_map(|group| {
            let (keeper, victim) = names(group);
            let picture = icon(16, group);
            let other = if group % 2 == 0 { png(&picture) } else { qoi(&picture) };
            [(keeper, png(&picture), Some(group)), (victim, other, Some(group))]
        });
        let album = Album::of("xfs", files.collect());
        let library = album.seen("library");
        let pairs = (0..groups).map(|group| {
            let (keeper, victim) = names(group);
            let content = album.content(&victim).to_vec();
            let aside = library.join(format!("racer/{group}"));
            Pair { keeper: library.join(keeper), victim: library.join(victim), content, aside }
        });
        Self { pairs: pairs.collect(), album, mark: AtomicU32::new(0) }
    }

    /// Changes a pair, and keeps what must be found in the end.
    fn change(&self, group: usize, change: Change, made: &mut BTreeMap<usize, Vec<u8>>) -> bool {
        let pair = &self.pairs[group];
        let mut new = pair.content.clone();
        let place = new.len() - 8;
        new[place..].copy_from_slice(format!("{:08}", self.mark.fetch_add(1, Ordering::Relaxed)).as_bytes());
        let changed = change(pair, new);
        if let Ok(Some(content)) = &changed {
            made.insert(group, content.clone());
        }
        changed.is_ok()
    }

    fn fill(&self, action: &str) {
        self.album.fill(action).plan(action);
        fs::create_dir(self.album.seen("library/racer")).unwrap();
    }

    /// All pictures are there, and all that was made meanwhile.
    #[track_caller]
    fn assert_nothing_lost(&self, made: &BTreeMap<usize, Vec<u8>>, what: &str) {
        let now = self.album.census();
        self.album.assert_all_pictures(&now, what);
        let lost: Vec<_> = made.iter().filter(|(_, content)| now.count(content) == 0).map(|(group, _)| group).collect();
        assert!(lost.is_empty(), "{what}: what was made meanwhile is lost, pairs {lost:?}");
    }

    /// After `recover` and `undo` nothing is lost either, and nothing lies where nobody would look for it, but for what is said.
    #[track_caller]
    fn assert_undone(&self, made: &BTreeMap<usize, Vec<u8>>, what: &str) {
        for words in [&["recover"][..], &["undo", "--yes"]] {
            let ran = self.album.pixtwin(words).end();
            let what = format!("{what}, {words:?}: code {}, {}{}", ran.code, ran.out(), ran.err());
            assert!([0, 2, 4].contains(&ran.code), "{what}");
            self.assert_nothing_lost(made, &what);
            let left: Vec<_> =
                self.album.library().names().filter(|name| is_in_quarantine(name)).map(Path::to_owned).collect();
            assert!(words[0] == "recover" || ran.code == 4 || left.is_empty(), "{what}: {left:?}");
        }
    }
}

fn is_in_quarantine(name: &Path) -> bool {
    name.as_os_str().as_encoded_bytes().starts_with(b".pixtwin-quarantine-")
}

fn action(turn: usize, of_change: usize) -> &'static str {
    // What is purged can be the last one if the keeper is changed right after: nobody could know.
    let actions = if of_change < OF_THE_VICTIM { &ACTIONS[..] } else { &ACTIONS[..ACTIONS.len() - 1] };
    actions[turn % actions.len()]
}

#[test]
fn a_change_after_the_plan_is_noticed() {
    let race = Race::new(u64::from(cases(5, 50)));
    let (mut races, mut refused) = (0, 0);
    for (number, (name, change)) in CHANGES.into_iter().enumerate() {
        for turn in 0..cases(1, 20) as usize {
            let action = action(number + turn, number);
            let what = format!("{name}, turn {turn}, {action}");
            race.fill(action);
            let mut made = BTreeMap::new();
            let is_noticed_by_nobody = name.starts_with("a new file");
            for group in 0..race.pairs.len() {
                let is_done = race.change(group, change, &mut made);
                assert!(is_done || is_noticed_by_nobody, "{what}: pair {group} was not changed");
            }
            let (changed, before) = (race.album.library(), race.album.census());
            let ran = race.album.pixtwin(&race.album.apply(action)).end();
            race.assert_nothing_lost(&made, &what);
            if !is_noticed_by_nobody {
                assert_eq!(ran.code, 4, "{what}: {}{}", ran.out(), ran.err());
                race.album.library().assert_same(&changed, &what);
                assert_eq!(race.album.census(), before, "{what}");
                refused += race.album.planned();
            }
            races += race.pairs.len();
            race.assert_undone(&made, &what);
        }
    }
    println!("soak: {races} changes between plan and apply, {} kinds: {refused} refused, nothing lost", CHANGES.len());
}

#[test]
fn a_change_while_it_acts_loses_nothing() {
    let race = Race::new(u64::from(cases(5, 50)));
    let (wanted, mut random) = (cases(3, 1000), Seeded(43));
    let mut tally: BTreeMap<&str, [u32; 3]> = BTreeMap::new();
    for (number, (name, change)) in CHANGES.into_iter().enumerate() {
        let counts = tally.entry(name).or_default();
        for turn in 0.. {
            let action = action(number + turn, number);
            let what = format!("{name}, turn {turn}, {action}");
            race.fill(action);
            let (made, more) = race_against(&race, change, action, &mut random, &what);
            counts.iter_mut().zip(more).for_each(|(sum, count)| *sum += count);
            race.assert_nothing_lost(&made, &what);
            race.assert_undone(&made, &what);
            if counts[0] >= wanted {
                break;
            }
            assert!(turn < 400, "{what}: it is hardly ever in time: {counts:?}");
        }
    }
    println!("soak: changes while it acts: pairs changed in time, changes in all, victims that are gone: {tally:?}");
}

/// When pairs are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// Any of them, again and again, from the start.
    FromTheStart,
    /// The same, once the journal is there.
    OnceItActs,
    /// Each once, in their order, when the one before it has just gone: this one is about to.
    InStep,
}

const PACES: [Pace; 3] = [Pace::FromTheStart, Pace::OnceItActs, Pace::InStep];

/// Changes pairs as long as `apply` runs -> what was made; pairs that were changed, changes, victims that are gone.
fn race_against(
    race: &Race,
    change: Change,
    action: &str,
    random: &mut Seeded,
    what: &str,
) -> (BTreeMap<usize, Vec<u8>>, [u32; 3]) {
    let (ends, mut made, mut changes) = (AtomicBool::new(false), BTreeMap::new(), vec![0; race.pairs.len()]);
    let pace = PACES[random.below(3) as usize];
    let (order, waits) = (Seeded(random.number()), Seeded(random.number()));
    let ran = thread::scope(|scope| {
        let racer = scope.spawn(|| {
            let (mut order, mut waits) = (order, waits);
            let goes_on = || !ends.load(Ordering::Relaxed);
            while pace != Pace::FromTheStart && goes_on() && !has_journal(&race.album) {
                thread::yield_now();
            }
            for (group, changes) in changes.iter_mut().enumerate().skip(1) {
                while pace == Pace::InStep && goes_on() && is_as_before(&race.pairs[group - 1]) {
                    std::hint::spin_loop();
                }
                // Somewhere from the last look to a moment after the change.
                (0..waits.below(3000)).for_each(|_| std::hint::spin_loop());
                if pace == Pace::InStep && goes_on() {
                    *changes += u32::from(race.change(group, change, &mut made));
                }
            }
            while goes_on() {
                let group = order.below(race.pairs.len() as u32) as usize;
                if pace != Pace::InStep {
                    changes[group] += u32::from(race.change(group, change, &mut made));
                }
            }
        });
        let ran = race.album.pixtwin(&race.album.apply(action)).end();
        ends.store(true, Ordering::Relaxed);
        racer.join().unwrap();
        ran
    });
    assert!([0, 4].contains(&ran.code), "{what}, {pace:?}: code {}, {}", ran.code, ran.err());
    let changed = changes.iter().filter(|changes| **changes > 0).count() as u32;
    let gone = race.pairs.iter().filter(|pair| !pair.victim.exists()).count() as u32;
    (made, [changed, changes.iter().sum(), gone])
}

/// Whether the victim has not gone, and no link has taken its place.
fn is_as_before(pair: &Pair) -> bool {
    pair.victim.symlink_metadata().is_ok_and(|found| found.is_file() && found.nlink() == 1)
}

fn has_journal(album: &Album) -> bool {
    fs::read_dir(album.seen("state/pixtwin/runs")).is_ok_and(|mut runs| runs.next().is_some())
}

//! Pictures of one size of which no channel of any pixel differs by more than a bound.
//!
//! Whoever looks after a shape brings together the means of the pictures that have it, wherever they lie, and hands out the
//! pairs that may be near enough, a batch at a time; the rank that is the home of the first of a pair measures it.

use std::{
    collections::HashMap,
    io,
    ops::ControlFlow,
    path::PathBuf,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use pixtwin_matching::{Loss, near::pairs_within};
use pixtwin_pixel::{Apart, Key, Means};

use crate::{
    file::Listed,
    near::{
        classes::{Class, Place},
        edges::{Edge, Edges},
        fetch::Far,
        find::Sought,
        measure::{Measurer, Pair},
        seen::{Looks, Seen, seen_at},
        spool::fail_all,
    },
    picture::Picture,
    progress::Stage,
    report::{Failure, Nearness, PairCount, Unread},
    scan::Searched,
    team::Team,
};

/// How many pairs a rank hands out at once: enough that those of one picture are mostly together, so that it is decoded
/// once for all of them.
const BATCH_PAIRS: usize = 1 << 16;

/// The pairs of pictures that are within `levels` of each other, of 255, each at some rank.
///
/// # Cost
/// Every rank holds the means of the pictures whose shapes it looks after, 520 bytes each, and the pairs found, some four
/// bytes each. The pairs that may be near are never held together, for it can be all.
pub(crate) fn edges_all<T: Team>(
    looks: &Looks<'_>,
    searched: &mut Searched,
    (seen, classes): (&[Seen], &[Class]),
    levels: u8,
    team: &mut T,
) -> Result<Edges, Failure> {
    let most = Apart::levels(levels);
    if most == Apart(0) {
        // Equal pictures are one.
        return Ok(Edges::default());
    }
    let (places, means) = means_all(looks, (seen, classes), team)?;
    let own = |class: &Class| {
        let file = class.own_file();
        Some((searched.files.get(file)?, &seen_at(seen, file)?.picture))
    };
    let ours: Vec<Option<(&Listed, &Picture)>> = classes.iter().map(own).collect();
    let served = ours.iter().map(|own| own.map(|(listed, _)| listed)).collect();
    let measurer = Measurer::new(looks.looker, ours, served, most);
    looks.looker.progress.begin(Stage::Measuring, 0);
    let (mut unread, mut counts) = (Vec::new(), PairCount::default());
    let edges = std::thread::scope(|scope| {
        let (sender, pairs) = sync_channel(1);
        let (places, means) = (&places, &means);
        scope.spawn(move || hand_out(places, means, most, &sender));
        edges_of_all(&measurer, &pairs, (&mut unread, &mut counts), team)
    });
    searched.unread.extend(unread);
    searched.counts.pairs = counts;
    Ok(edges?)
}

/// Brings the means of each shape together at the rank that looks after it.
fn means_all<T: Team>(
    looks: &Looks<'_>,
    (seen, classes): (&[Seen], &[Class]),
    team: &mut T,
) -> Result<(Vec<Place>, Vec<Means>), Failure> {
    let own = fail_all(own_means(looks, (seen, classes), team.rank()), team)?;
    let mut to: Vec<Vec<(Place, Vec<u8>)>> = (0..team.size()).map(|_| Vec::new()).collect();
    for (place, bytes) in own {
        let shape = Key::of(bytes.get(..8).unwrap_or_default());
        if let Some(to) = to.get_mut(team.owner(shape)) {
            to.push((place, bytes));
        }
    }
    let come = team.swap_all(to)?.into_iter().flatten();
    Ok(come.filter_map(|(place, bytes)| Some((place, means_of(&bytes)?))).unzip())
}

/// The means of the pictures whose home is this rank, encoded.
fn own_means(
    looks: &Looks<'_>,
    (seen, classes): (&[Seen], &[Class]),
    rank: usize,
) -> io::Result<Vec<(Place, Vec<u8>)>> {
    let mut means = Vec::with_capacity(classes.len());
    for (at, class) in classes.iter().enumerate() {
        let Some(record) = seen_at(seen, class.own_file()).and_then(|seen| seen.record) else { continue };
        let mut bytes = Vec::new();
        looks.spool.read(record, &mut bytes)?;
        means.push((class.place(rank, at), bytes));
    }
    Ok(means)
}

/// The means that a record has.
pub(crate) fn means_of(record: &[u8]) -> Option<Means> {
    Some(Means::from_bytes(record.first_chunk()?))
}

/// Hands out the pairs that may be near enough, in batches, as they are taken.
fn hand_out(places: &[Place], means: &[Means], most: Apart, to: &SyncSender<Vec<(Place, Place)>>) {
    let mut batch = Vec::new();
    let flow = pairs_within(means, most, &mut |a, b| {
        batch.extend(places.get(a).copied().zip(places.get(b).copied()));
        if batch.len() >= BATCH_PAIRS && to.send(std::mem::take(&mut batch)).is_err() {
            // The search was given up.
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    if flow.is_continue() {
        // Nobody is there to be told that it was given up.
        let _is_taken = to.send(batch);
    }
}

/// Measures the pairs that all ranks hand out, a batch at a time.
fn edges_of_all<T: Team>(
    measurer: &Measurer<'_>,
    handed_out: &Receiver<Vec<(Place, Place)>>,
    (unread, counts): (&mut Vec<Unread>, &mut PairCount),
    team: &mut T,
) -> Result<Edges, Loss> {
    let mut edges = Edges::default();
    loop {
        let batch = handed_out.recv().unwrap_or_default();
        if !team.any_all(!batch.is_empty())? {
            return Ok(edges);
        }
        let mut to: Vec<Vec<(Place, Place)>> = (0..team.size()).map(|_| Vec::new()).collect();
        for pair in batch {
            to.get_mut(pair.0.home as usize).into_iter().for_each(|to| to.push(pair));
        }
        let places: Vec<(Place, Place)> = team.swap_all(to)?.into_iter().flatten().collect();
        let pair = |(number, (a, b)): (usize, &(Place, Place))| Pair {
            own: a.at as usize,
            other: Far { rank: b.home as usize, at: b.at as usize },
            number,
        };
        counts.met += places.len() as u64;
        measurer.progress().add_total(places.len());
        let measured = measurer.measure_all(places.iter().enumerate().map(pair).collect(), team)?;
        unread.extend(measured.unread);
        counts.stayed += measured.apart.len() as u64;
        let edge = |(number, apart): (usize, Apart)| {
            let (a, b) = *places.get(number)?;
            Some(Edge { a: a.number, b: b.number, nearness: Nearness::Within(apart.0) })
        };
        edges.extend(measured.apart.into_iter().filter_map(edge));
    }
}

/// The number of a question, and that of a file of this rank.
type Asked = (usize, usize);

/// How far pictures of this rank are from those asked about.
pub(crate) fn apart_all<T: Team>(
    looks: &Looks<'_>,
    searched: &mut Searched,
    (seen, sought): (&[Seen], &[Sought]),
    (queries, levels): (&[PathBuf], u8),
    team: &mut T,
) -> Result<HashMap<Asked, Apart>, Failure> {
    let most = Apart::levels(levels);
    let (pairs, asked_of) = fail_all(pairs_asked(looks, (seen, sought), most), team)?;
    let served: Vec<Listed> = queries.iter().map(|path| Listed::new(path)).collect();
    looks.looker.progress.begin(Stage::Measuring, pairs.len());
    let listed = |seen: &'_ Seen| searched.files.get(seen.picture.at());
    let ours = seen.iter().map(|seen| Some((listed(seen)?, &seen.picture))).collect();
    let served = served.iter().map(Some).collect();
    let measured = Measurer::new(looks.looker, ours, served, most).measure_all(pairs, team)?;
    searched.unread.extend(measured.unread);
    let apart = measured.apart.into_iter();
    Ok(apart.filter_map(|(number, apart)| Some((*asked_of.get(number)?, apart))).collect())
}

/// Pictures of this rank that may be near enough to those asked about, and which each pair is of.
fn pairs_asked(
    looks: &Looks<'_>,
    (seen, sought): (&[Seen], &[Sought]),
    most: Apart,
) -> io::Result<(Vec<Pair>, Vec<Asked>)> {
    let asked: Vec<Option<Means>> = sought.iter().map(|sought| means_of(&sought.record)).collect();
    let (mut pairs, mut asked_of, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for (own, seen) in seen.iter().enumerate() {
        let Some(record) = seen.record else { continue };
        looks.spool.read(record, &mut bytes)?;
        let ours = means_of(&bytes);
        for (at, (asked, sought)) in asked.iter().zip(sought).enumerate() {
            let is_equal = seen.picture.known.digest() == sought.query.digest();
            let may_be = ours.as_ref().zip(asked.as_ref()).is_some_and(|(ours, asked)| ours.may_be_within(asked, most));
            if may_be && !is_equal {
                pairs.push(Pair { own, other: Far { rank: 0, at }, number: asked_of.len() });
                asked_of.push((at, seen.picture.at()));
            }
        }
    }
    Ok((pairs, asked_of))
}

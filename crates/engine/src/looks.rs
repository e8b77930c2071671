//! Looks at many pictures: on all threads, and together with the ranks beside this one that see the same files.

use pixtwin_decode::Sniffed;
use pixtwin_matching::Rung;

use crate::{
    file::{Identity, Listed, words_of},
    look::{CHANGED, Looker},
    offers::{Job, Looked, MOST_OFFERED, Offers},
    picture::{Known, Picture},
    pool,
    progress::Stage,
};

/// Why there is no look at what is no picture of the list.
const NOT_LISTED: &str = "it is not listed";

/// Looks as far as this rung at the picture of each item, and hands over what came of it.
///
/// # Cost
/// Blocks until all are done; where ranks share their looks, also until those beside have none left to share.
pub(crate) fn look_at_all<T: Send + Sync>(
    looker: &Looker<'_>,
    files: &[Listed],
    items: &mut [T],
    rung: Rung,
    picture: impl Fn(&T) -> Option<&Picture> + Sync,
    keep: impl Fn(&mut T, Looked) + Sync,
) {
    looker.progress.begin(Stage::Comparing, items.len());
    let offered = if looker.offers.is_some() { items.len().min(MOST_OFFERED) } else { 0 };
    let (own, last) = items.split_at_mut(items.len() - offered);
    pool::for_each(own, looker.threads, |item| {
        let looked = picture(item).ok_or_else(|| NOT_LISTED.into()).and_then(|found| look(looker, files, found, rung));
        keep(item, looked);
        looker.progress.add_done();
    });
    let Some(offers) = &looker.offers else { return };
    let looked = {
        let pictures: Vec<Option<&Picture>> = last.iter().map(&picture).collect();
        look_with_others(looker, offers, files, &pictures, rung)
    };
    for (at, looked) in looked {
        if let Some(item) = last.get_mut(at) {
            keep(item, looked);
        }
    }
}

/// Those that have none left help the others.
fn look_with_others(
    looker: &Looker<'_>,
    offers: &Offers,
    files: &[Listed],
    pictures: &[Option<&Picture>],
    rung: Rung,
) -> Vec<(usize, Looked)> {
    let mut unlisted = Vec::new();
    offers.open(pictures.iter().enumerate().filter_map(|(at, picture)| {
        let file = picture.and_then(|picture| files.get(picture.at()));
        if file.is_none() {
            unlisted.push((at, Err(NOT_LISTED.into())));
        }
        Some(Job::new(at, file?, rung))
    }));
    pool::on_threads(looker.threads, || {
        while let Some(job) = offers.take() {
            let picture = pictures.get(job.number()).copied().flatten();
            let looked = picture.ok_or_else(|| NOT_LISTED.into()).and_then(|found| look(looker, files, found, rung));
            offers.finish(job.number(), looked);
            looker.progress.add_done();
        }
        while let Some((rank, job)) = offers.take_foreign() {
            offers.finish_foreign(rank, job.number(), look_for_another(looker, &job));
        }
    });
    let mut looked = offers.close();
    looked.append(&mut unlisted);
    looked
}

/// Looks at one picture; what comes of it is kept.
pub(crate) fn look(looker: &Looker<'_>, files: &[Listed], picture: &Picture, rung: Rung) -> Looked {
    let file = files.get(picture.at()).ok_or(NOT_LISTED)?;
    let mut picture = picture.clone();
    if let Some(recorded) = &looker.recorded {
        return recorded.look(file, picture, rung);
    }
    if picture.is_recalled
        && let Some(looked) = looker.memory.and_then(|memory| memory.recall_look(file, &picture, rung))
    {
        return looked;
    }
    let looked = match rung {
        Rung::Head(number) => looker.look_for_head(file, &mut picture, number),
        Rung::HeldPayload | Rung::Payload => looker.hash(file, &mut picture),
        _ => looker.decode(file, &mut picture),
    };
    let looked = looked.map(|()| picture.known.clone());
    learn(looker, files, &picture, rung, &looked);
    looked
}

/// Keeps what a look came to.
pub(crate) fn learn(looker: &Looker<'_>, files: &[Listed], picture: &Picture, rung: Rung, looked: &Looked) {
    if let Some((memory, file)) = looker.keeper().zip(files.get(picture.at())) {
        memory.learn_look(file, picture, rung, looked);
    }
}

/// A look at a file of which nothing is known here but where it is.
fn look_for_another(looker: &Looker<'_>, job: &Job) -> Looked {
    let mut file = job.file();
    // Its device and number are those of the host that asks.
    let found = file.path().metadata().map_err(|cause| words_of(&cause))?;
    let found = Identity::of(&found);
    if file.identity.is_some_and(|identity| !identity.is_marked_as(&found)) {
        return Err(CHANGED.into());
    }
    file.identity = Some(found);
    let Sniffed::Picture(format) = looker.sniff_again(&file)? else {
        return Err(CHANGED.into());
    };
    let header = looker.header(&file, format)?;
    let picture = Picture::new(format, header, Known::default());
    look(looker, std::slice::from_ref(&file), &picture, job.rung)
}

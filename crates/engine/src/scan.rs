//! Which pictures exist more than once?

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    path::PathBuf,
    thread::ScopedJoinHandle,
};

use pixtwin_matching::{Asked, Candidate, Exchange, Loss};

use crate::{
    digests,
    earlier::Earlier,
    equal_bytes::{self, Blob},
    file::{Listed, words_of},
    first_look::{Outcome, Scratch, look_at_all, look_for_pixels, sort_out},
    gather, ladder,
    look::Looker,
    memory::Memory,
    names, near,
    picture::Picture,
    progress::{Progress, Stage},
    refusal::Refusal,
    report::{Counts, Failure, Group, Report, Unread},
    sets::Sets,
    settings::{Run, Selection, Tier},
    team::{AllOf, Team},
    walk,
    wire::PathRecord,
};

/// Reports every group of twins below `roots`, at the root of the team; with sets, those that have files of two. The report does not depend on the number of
/// threads or ranks, or on the order of the roots.
///
/// # Errors
/// If a root does not exist on any host, two sets have one place, a glob cannot be understood, or a rank is lost. Files
/// that cannot be read are reported.
///
/// # Cost
/// Blocks until done. Beside the memory of the settings, each rank holds some 300 bytes a picture of its own share, and
/// the groups it looks after.
pub fn scan<T: Team>(
    team: &mut T,
    roots: &[PathBuf],
    selection: &Selection,
    run: Run<'_>,
    report: &mut dyn Report,
) -> Result<Counts, Failure> {
    let Run { settings, progress, .. } = run;
    let mut looker = Looker::of(run);
    looker.min_bytes = selection.min_bytes;
    looker.offers = team.offers();
    let mut searched = Searched::default();
    let settled = searched.settle_sets_all(selection, team);
    let found = settled.and_then(|()| {
        let groups = if settings.tier.is_near() {
            near::groups_all(&looker, &mut searched, roots, selection, settings.tier, team)?
        } else {
            search_all(&looker, &mut searched, roots, selection, settings.tier, team, None)?;
            gather::groups_all(&looker, &mut searched, team)?
        };
        Ok(team.merge_all(groups, Group::order, &mut |group| report.group(group))?)
    });
    searched.close_all(found, team, progress, report)
}

/// What a search left over: candidates, and what is known of their files.
#[derive(Default)]
pub(crate) struct Searched {
    pub(crate) files: Vec<Listed>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) subjects: HashMap<usize, Subject>,
    pub(crate) unread: Vec<Unread>,
    /// Pictures whose digests were asked for in vain.
    without_digest: Vec<Unread>,
    pub(crate) counts: Counts,
    /// If there are any, what does not cross from one to another is not reported.
    pub(crate) sets: Option<Sets>,
}

/// What a candidate is.
pub(crate) enum Subject {
    Picture(Box<Picture>),
    Blob(Blob),
}

impl Subject {
    pub(crate) fn format_name(&self) -> Cow<'static, str> {
        match self {
            Self::Picture(picture) => picture.format.name().into(),
            Self::Blob(blob) => blob.format.clone(),
        }
    }
}

/// Walks the folders and climbs the ladder with what it finds: against the pictures asked about, or all against all.
/// Where a rank is lost, what was found by then stays in `searched`.
pub(crate) fn search_all<T: Team>(
    looker: &Looker<'_>,
    searched: &mut Searched,
    roots: &[PathBuf],
    selection: &Selection,
    tier: Tier,
    team: &mut T,
    asked: Option<&mut Asked>,
) -> Result<(), Failure> {
    let roots = searched.existing_all(roots, team)?;
    match tier {
        Tier::Pixels => {
            let earlier = Earlier::default();
            let query = asked.as_deref();
            let mut pictures = searched.first_look_all(
                looker,
                &roots,
                selection,
                team,
                |listed: &mut Listed, scratch: &mut Scratch| look_for_pixels(looker, query, &earlier, listed, scratch),
            )?;
            if selection.digests {
                number(&mut pictures);
                searched.without_digest = digests::find_all(looker, &searched.files, &mut pictures);
            }
            searched.climb_for_pixels(looker, pictures, exchange(&mut AllOf(team), asked))?;
        }
        Tier::Bytes => {
            let blobs = searched.first_look_all(looker, &roots, selection, team, |listed, scratch| {
                equal_bytes::look_for_bytes(looker, listed, scratch)
            })?;
            searched.climb_for_bytes(looker, blobs, exchange(&mut AllOf(team), asked))?;
        }
        Tier::Turned | Tier::Within(_) | Tier::Similar(_) => return Err(tier.has_no_keys()),
    }
    Ok(())
}

pub(crate) fn exchange<'a>(all: &'a mut dyn Exchange, asked: Option<&'a mut Asked>) -> &'a mut dyn Exchange {
    match asked {
        Some(asked) => asked,
        None => all,
    }
}

/// Says of each picture which of the files it is.
fn number(pictures: &mut [Picture]) {
    pictures.iter_mut().zip(0..).for_each(|(picture, number)| picture.file = number);
}

impl Searched {
    fn settle_sets_all<T: Team>(&mut self, selection: &Selection, team: &mut T) -> Result<(), Failure> {
        self.sets = selection.sets.as_ref().map(|sets| sets.settled_all(team)).transpose()?;
        Ok(())
    }

    /// The roots that exist on this host. One that exists on others only is listed as unread here.
    pub(crate) fn existing_all<T: Team>(&mut self, roots: &[PathBuf], team: &mut T) -> Result<Vec<PathBuf>, Failure> {
        let mut existing = Vec::with_capacity(roots.len());
        let mut told = Vec::new();
        for root in roots.iter().filter(|_| team.is_walker()) {
            let reason = root.metadata().err().map(|cause| words_of(&cause));
            told.push((PathRecord(root.clone()), reason.clone()));
            match reason {
                None => existing.push(root.clone()),
                Some(reason) => self.unread.push(Unread::new(root, reason)),
            }
        }
        let told = team.tell_all(told)?;
        let exists_somewhere = |path: &PathRecord| told.iter().any(|(other, reason)| other == path && reason.is_none());
        match told.iter().find(|(path, _)| !exists_somewhere(path)) {
            Some((path, reason)) => Err(Failure::cannot("search", Some(&path.0), reason.clone().unwrap_or_default())),
            None => Ok(existing),
        }
    }

    /// Walks the folders and looks at every file of this rank's share once; what is found is in the order of the files.
    pub(crate) fn first_look_all<T: Team, Found: Send>(
        &mut self,
        looker: &Looker<'_>,
        roots: &[PathBuf],
        selection: &Selection,
        team: &mut T,
        look: impl Fn(&mut Listed, &mut Scratch) -> Result<Outcome<Found>, Refusal> + Sync,
    ) -> Result<Vec<Found>, Failure> {
        walk::check_globs(selection)?;
        looker.progress.begin(Stage::Listing, 0);
        let (shelf, sets) = (team.shelf(), self.sets.as_ref());
        let is_walker = team.is_walker();
        let (names, walked) = std::thread::scope(|scope| {
            let walk = || {
                let walked = walk::list(roots, selection, sets, looker, &shelf);
                looker.progress.enter(Stage::FirstLook);
                shelf.complete();
                walked
            };
            let walker = is_walker.then(|| scope.spawn(walk));
            let names = look_at_all(looker, &shelf, look);
            (names, walker.map(ScopedJoinHandle::join))
        });
        self.counts.recalled = looker.memory.map_or(0, Memory::recalled);
        match walked {
            Some(Ok(walked)) => {
                let walked = walked?;
                self.unread.extend(walked.unread);
                (self.counts.hidden, self.counts.links) = (walked.hidden, walked.links);
            }
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => {}
        }
        Ok(self.take_names_all(team, names)?)
    }

    /// Takes files as the first look left them, sorted by path, and gives what could have twins in the order of its
    /// files.
    pub(crate) fn take_names_all<T: Team, Found>(
        &mut self,
        team: &mut T,
        names: Vec<(Listed, Outcome<Found>)>,
    ) -> Result<Vec<Found>, Loss> {
        self.counts.files = names.len() as u64;
        let mut files = names;
        let sets = self.sets.as_ref();
        names::join_own(&mut files, sets, &mut self.counts);
        let joined = names::join_all(team, &mut files, sets, &mut self.counts);
        let kept = sort_out(files, &mut self.counts, &mut self.unread);
        self.files = kept.files;
        joined.map(|()| kept.found)
    }

    pub(crate) fn climb_for_pixels(
        &mut self,
        looker: &Looker<'_>,
        mut pictures: Vec<Picture>,
        exchange: &mut dyn Exchange,
    ) -> Result<(), Loss> {
        number(&mut pictures);
        let climbed = ladder::climb(looker, &self.files, pictures, exchange, &mut self.unread)?;
        self.keep(climbed, |picture| (picture.at(), Subject::Picture(Box::new(picture))));
        Ok(())
    }

    pub(crate) fn climb_for_bytes(
        &mut self,
        looker: &Looker<'_>,
        mut blobs: Vec<Blob>,
        exchange: &mut dyn Exchange,
    ) -> Result<(), Loss> {
        blobs.iter_mut().enumerate().for_each(|(at, blob)| blob.file = at);
        let climbed = equal_bytes::climb(looker, &self.files, blobs, exchange, &mut self.unread)?;
        self.keep(climbed, |blob| (blob.file, Subject::Blob(blob)));
        Ok(())
    }

    fn keep<Found>(&mut self, climbed: ladder::Climbed<Found>, subject: impl Fn(Found) -> (usize, Subject)) {
        self.counts.rungs = climbed.rungs;
        self.candidates = climbed.candidates;
        self.subjects = climbed.subjects.into_iter().map(subject).collect();
    }

    /// Reports the files that were not compared, and sums up what all ranks looked at; where one of them was lost by
    /// now, what this one did.
    pub(crate) fn close_all<T: Team>(
        mut self,
        found: Result<(), Failure>,
        team: &mut T,
        progress: &Progress,
        report: &mut dyn Report,
    ) -> Result<Counts, Failure> {
        let host = team.host().map(str::to_owned);
        if matches!(found, Err(Failure::Lost(_))) {
            self.counts.bytes_read = progress.bytes();
            self.take_unread(host.as_deref()).into_iter().for_each(|unread| report.unread(unread));
            return Err(Failure::Lost(Box::new(self.counts)));
        }
        found?;
        let listed: HashSet<PathBuf> = self.unread.iter().map(|unread| unread.path.clone()).collect();
        let without = std::mem::take(&mut self.without_digest).into_iter();
        self.unread.extend(without.filter(|unread| !listed.contains(&unread.path)));
        let mut last = None;
        team.merge_all(self.take_unread(host.as_deref()), Unread::cmp, &mut |unread| {
            // Where all ranks see one tree, two can have met one file.
            if last.as_ref() != Some(&unread) {
                report.unread(unread.clone());
                last = Some(unread);
            }
        })?;
        self.counts.bytes_read = progress.bytes();
        let mut sum = Counts::default();
        team.tell_all(vec![self.counts])?.iter().for_each(|counts| sum.add(counts));
        Ok(sum)
    }
}

//! `pixtwin scan`: which pictures exist more than once?

use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use pixtwin_engine::{
    Counts, Exported, Failure, Linkage, Report, Run, Selection, Sets, Team, Tier, find_exported, maker, scan,
};

use crate::{
    against::Theirs,
    args::{Common, Listing, ScanArguments, Searched, wrong_use},
    exit::{Exit, Stop},
    names::shown,
    plan::Planner,
    report::Compared,
    search::{self, Search},
};

/// The ways to call it.
pub(crate) const USAGE: &str = "\
pixtwin scan [OPTIONS] <PATH>...
       pixtwin scan [OPTIONS] --between <A> <B>
       pixtwin scan [OPTIONS] --set <NAME=PATH> --set <NAME=PATH>...";

/// A scan, ready to begin.
pub(crate) struct Scan {
    arguments: ScanArguments,
    /// Everywhere to search, in sets or not.
    places: Vec<PathBuf>,
    sets: Option<Sets>,
    /// What is on the other side, once it was read.
    theirs: OnceLock<Vec<Exported>>,
}

impl Scan {
    /// The scan that was asked for.
    ///
    /// # Errors
    /// If there is one set alone, or what is said about a plan makes no sense.
    pub(crate) fn new(mut arguments: ScanArguments) -> Result<Self, clap::Error> {
        let searched = &arguments.searched;
        if let Some(reason) = searched.comparison.refusal(searched.shard.is_some()) {
            return Err(wrong_use(Self::NAME, reason));
        }
        if !matches!(searched.comparison.tier(), Tier::Within(_) | Tier::Similar(_)) && !arguments.linkage.is_star() {
            return Err(wrong_use(Self::NAME, "--linkage is for --tier within=K and similar"));
        }
        if arguments.plan.is_none() && arguments.keeping.is_any() {
            return Err(wrong_use(Self::NAME, "--keep and --reference are for --plan FILE"));
        }
        if arguments.plan.is_some() && arguments.searched.comparison.pixels.compared() != Compared::default() {
            let reason =
                "--plan is without --orient and --alpha: before files are removed, all stored samples are compared";
            return Err(wrong_use(Self::NAME, reason));
        }
        let between = arguments.between.drain(..).map(|path| NamedPlace { set: path.clone().into(), path });
        let named: Vec<NamedPlace> = between.chain(arguments.set.drain(..)).collect();
        if named.is_empty() {
            let places = std::mem::take(&mut arguments.places);
            return Ok(Self { arguments, places, sets: None, theirs: OnceLock::new() });
        }
        let places = named.iter().map(|place| place.path.clone()).collect();
        let sets = Sets::new(named.into_iter().map(|place| (place.set, place.path)));
        let only = sets.places().next().filter(|_| sets.count() == 1);
        if let Some((name, _)) = only {
            let reason = format!("`{}` is the only set: twins cross between two or more", shown(Path::new(name)));
            return Err(wrong_use(Self::NAME, &reason));
        }
        Ok(Self { arguments, places, sets: Some(sets), theirs: OnceLock::new() })
    }
}

impl Search for Scan {
    const NAME: &'static str = "scan";

    fn arguments(&self) -> (&Common, &Listing, &Searched) {
        (&self.arguments.common, &self.arguments.listing, &self.arguments.searched)
    }

    fn places(&self) -> &[PathBuf] {
        &self.places
    }

    fn sets(&self) -> Option<&Sets> {
        self.sets.as_ref()
    }

    fn linkage(&self) -> Linkage {
        self.arguments.linkage.into()
    }

    fn makes_plan(&self) -> bool {
        self.arguments.plan.is_some()
    }

    fn thumbnails(&self) -> usize {
        self.arguments.page.thumbnails
    }

    fn planner(&self) -> Result<Option<Planner>, Stop> {
        let planner = |out: &PathBuf| Planner::new(&self.arguments.keeping, out, Some(&self.places));
        self.arguments.plan.as_ref().map(planner).transpose()
    }

    fn queries(&self) -> Result<Vec<PathBuf>, Stop> {
        let Some(file) = &self.arguments.against else { return Ok(Vec::new()) };
        let pixels = &self.arguments.searched.comparison.pixels;
        let rules = maker(pixels.alpha(), pixels.orientation(), Tier::Pixels).rules;
        let Theirs { names, pictures } = Theirs::read(file, &rules, self.arguments.common.quiet)?;
        self.theirs.get_or_init(|| pictures);
        Ok(names)
    }

    fn names_all(&self) -> bool {
        self.arguments.against.is_none()
    }

    fn search<T: Team>(
        &self,
        team: &mut T,
        _queries: &[PathBuf],
        run: Run<'_>,
        report: &mut dyn Report,
    ) -> Result<Counts, Failure> {
        let selection = Selection { digests: self.arguments.digests, ..search::selection(self) };
        if self.arguments.against.is_some() {
            let theirs = self.theirs.get().map(Vec::as_slice).unwrap_or_default();
            return find_exported(team, theirs, &self.places, &selection, run, report);
        }
        scan(team, &self.places, &selection, run, report)
    }

    fn exit(&self, has_found: bool, _is_launched: bool) -> Exit {
        if self.arguments.check && has_found { Exit::No } else { Exit::Done }
    }
}

/// A place and the name of its set, both bytes: `train=data/train`.
#[derive(Clone)]
pub(crate) struct NamedPlace {
    set: OsString,
    path: PathBuf,
}

impl NamedPlace {
    /// The value of `--set`.
    ///
    /// # Errors
    /// If it is no name and place, and why.
    pub(crate) fn parse(text: OsString) -> Result<Self, &'static str> {
        let mut parts = text.as_bytes().splitn(2, |byte| *byte == b'=').map(OsStr::from_bytes);
        match (parts.next(), parts.next()) {
            (_, None) => Err("write a name and a place, like train=data/train"),
            (Some(set), Some(path)) if !set.is_empty() && !path.is_empty() => {
                Ok(Self { set: set.to_owned(), path: path.into() })
            }
            (Some(set), _) if !set.is_empty() => Err("there is no place behind the `=`"),
            _ => Err("there is no name before the `=`"),
        }
    }
}

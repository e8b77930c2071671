//! Sets of places that are held against each other: with them, only twins that lie in two sets are reported.

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    report::Failure,
    team::Team,
    walk,
    wire::{self, PathRecord},
};

/// Which set: its number in the order in which the sets were named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SetId(u32);

/// Places in sets that have names, like a training set and a test set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sets {
    /// Names are bytes, as paths are.
    #[serde(with = "wire::paths")]
    names: Vec<PathBuf>,
    places: Vec<Place>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Place {
    /// As the user named it.
    #[serde(with = "wire::path")]
    path: PathBuf,
    /// What it leads to, where it was looked up and is there.
    #[serde(with = "wire::optional_path")]
    real: Option<PathBuf>,
    set: SetId,
}

impl Sets {
    /// Sets of these places, each behind the name of its set. Places of one name are one set.
    #[must_use]
    pub fn new(named: impl IntoIterator<Item = (OsString, PathBuf)>) -> Self {
        let mut sets = Self::default();
        for (name, path) in named {
            let name = PathBuf::from(name);
            let known = sets.names.iter().position(|other| other.as_os_str() == name.as_os_str());
            let number = known.unwrap_or(sets.names.len());
            if known.is_none() {
                sets.names.push(name);
            }
            sets.places.push(Place { path, real: None, set: SetId(u32::try_from(number).unwrap_or(u32::MAX)) });
        }
        sets
    }

    /// How many sets there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// What a set is called.
    #[must_use]
    pub fn name(&self, set: SetId) -> &OsStr {
        let name = usize::try_from(set.0).ok().and_then(|number| self.names.get(number));
        name.map_or_else(Default::default, |name| name.as_os_str())
    }

    /// All places as they were given, each behind the name of its set.
    pub fn places(&self) -> impl Iterator<Item = (&OsStr, &Path)> {
        self.places.iter().map(|place| (self.name(place.set), &*place.path))
    }

    /// Looks up where the places lead to, for one can lie below another by way of a link or of other words.
    ///
    /// # Errors
    /// If two sets have one place.
    pub(crate) fn settled_all<T: Team>(&self, team: &mut T) -> Result<Self, Failure> {
        let mut settled = self.clone();
        settled.places.iter_mut().for_each(|place| place.real = real(&place.path));
        let clashes = team.tell_all(vec![settled.clash()])?;
        if let Some((path, other)) = clashes.into_iter().flatten().next() {
            let other = other.0.as_os_str().as_encoded_bytes().escape_ascii().to_string();
            let reason = format!("it is the same place as `{other}` of another set");
            return Err(Failure::cannot("search", Some(&path.0), reason));
        }
        // What a path leads to can differ from host to host; of one tree there is one view.
        Ok(if team.host().is_none() { team.hear_root_all(settled)? } else { settled })
    }

    /// A place that two sets have, in the words of the later and of the earlier.
    fn clash(&self) -> Option<(PathRecord, PathRecord)> {
        let mut places = self.places.iter().enumerate();
        places.find_map(|(at, place)| {
            let is_same = |other: &&Place| other.set != place.set && other.real.is_some() && other.real == place.real;
            let earlier = self.places.iter().take(at).find(is_same)?;
            Some((PathRecord(place.path.clone()), PathRecord(earlier.path.clone())))
        })
    }

    /// Other places that lie below this one, as paths from there.
    pub(crate) fn below(&self, path: &Path) -> HashSet<PathBuf> {
        let above = self.places.iter().find(|place| place.path == path).and_then(|place| place.real.as_ref());
        let Some(above) = above else { return HashSet::new() };
        let below = self.places.iter().filter_map(|place| place.real.as_ref()?.strip_prefix(above).ok());
        below.filter(|below| !below.as_os_str().is_empty()).map(Path::to_owned).collect()
    }

    /// The set of a file by its path, which begins with that of a place: of the places that it lies below, the deepest
    /// one's. Nothing if it lies below none.
    ///
    /// One entry of a folder is in one set, by whatever words or links the places lead to it. A link below a place is an
    /// entry of its own.
    pub(crate) fn set_of(&self, path: &Path) -> Option<SetId> {
        let below = |place: &&Place| path.starts_with(walk::as_walked(&place.path));
        let depth = |path: &Path| path.components().count();
        let place = self.places.iter().filter(below).max_by_key(|place| depth(&place.path))?;
        let Some(real) = &place.real else { return Some(place.set) };
        let real = real.join(path.strip_prefix(walk::as_walked(&place.path)).unwrap_or(path));
        let below = self.places.iter().filter_map(|place| Some((place.real.as_ref()?, place.set)));
        let deepest = below.filter(|(above, _)| real.starts_with(above)).max_by_key(|(above, _)| depth(above));
        Some(deepest.map_or(place.set, |(_, set)| set))
    }
}

/// Whether any two of these sets are not the same.
pub(crate) fn crosses(sets: impl Iterator<Item = Option<SetId>>) -> bool {
    let mut sets = sets.flatten();
    sets.next().is_some_and(|first| sets.any(|other| other != first))
}

/// What a place leads to; nothing if it is not there. A link to a file stays what it is, an entry of its folder.
fn real(path: &Path) -> Option<PathBuf> {
    let found = path.metadata().ok()?;
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) if !found.is_dir() => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            Some(folder.canonicalize().ok()?.join(name))
        }
        _ => path.canonicalize().ok(),
    }
}

#[cfg(test)]
mod tests {
    use pixtwin_testkit::Dir;

    use super::*;
    use crate::team::Alone;

    /// The sets of these places of a folder, settled.
    fn settled(dir: &Dir, named: &[(&str, &str)]) -> Result<Sets, Failure> {
        let named = named.iter().map(|(name, path)| (name.into(), dir.join(path)));
        Sets::new(named).settled_all(&mut Alone::default())
    }

    fn set_of(sets: &Sets, path: &Path) -> Option<String> {
        sets.set_of(path).map(|set| sets.name(set).to_str().unwrap().to_owned())
    }

    #[test]
    fn the_deepest_place_has_the_file_in_whatever_order_they_are_named() {
        let dir = Dir::new();
        dir.write("data/test/x", "").write("data/test/old/x", "").write("data/tests", "");
        let places = [("all", "data"), ("test", "data/test"), ("all", "data/test/old")];
        for turn in 0..places.len() {
            let mut places = places;
            places.rotate_left(turn);
            let sets = settled(&dir, &places).unwrap();
            let found = ["data/x", "data/tests", "data/test/x", "data/test/old/x", "dat"]
                .map(|path| set_of(&sets, &dir.join(path)));
            let expected = [Some("all"), Some("all"), Some("test"), Some("all"), None];
            assert_eq!(found, expected.map(|set| set.map(str::to_owned)), "{places:?}");
        }
    }

    #[test]
    fn a_place_below_another_in_other_words_has_its_files_too() {
        let dir = Dir::new();
        dir.write("data/test/x", "").symlink("data/test", "link").symlink("test", "data/soft");
        let sets = settled(&dir, &[("train", "./data/test/.."), ("test", "link")]).unwrap();
        for path in ["./data/test/../test/x", "link/x"] {
            assert_eq!(set_of(&sets, &dir.join(path)).as_deref(), Some("test"), "{path}");
        }
        // Below a place, a link to a folder of another set is a way of its own to its files.
        assert_eq!(set_of(&sets, &dir.join("./data/test/../soft/x")).as_deref(), Some("train"));
    }

    #[test]
    fn places_below_a_place_are_known_whatever_they_are_called() {
        let dir = Dir::new();
        dir.write("data/test/x", "").mkdir("data/tests").mkdir("other").symlink("data/test", "link");
        let sets = settled(&dir, &[("a", "data"), ("b", "link"), ("b", "link/x"), ("c", "other")]).unwrap();
        let below = |place: &str| {
            let mut below: Vec<_> = sets.below(&dir.join(place)).into_iter().collect();
            below.sort_unstable();
            below
        };
        assert_eq!(below("data"), [Path::new("test"), Path::new("test/x")]);
        assert_eq!(below("link"), [Path::new("x")]);
        assert_eq!((below("other"), below("link/x")), (vec![], vec![]));
    }

    #[test]
    fn a_link_to_a_file_is_a_place_of_its_own() {
        let dir = Dir::new();
        dir.write("data/x", "").symlink("data/x", "link");
        let sets = settled(&dir, &[("data", "data"), ("link", "link")]).unwrap();
        assert_eq!(set_of(&sets, &dir.join("data/x")).as_deref(), Some("data"));
        assert_eq!(set_of(&sets, &dir.join("link")).as_deref(), Some("link"));
    }

    #[test]
    fn one_place_in_two_sets_is_refused_in_whatever_words() {
        let dir = Dir::new();
        dir.mkdir("data/test").symlink("data", "link").write("x", "").symlink("x", "soft");
        for (a, b) in [("data", "data"), ("data", "data/"), ("link", "data"), ("data/test/..", "data"), ("x", "./x")] {
            let refused = settled(&dir, &[("a", a), ("b", b)]).map(|_| ()).unwrap_err().to_string();
            assert!(refused.contains("it is the same place as `"), "{a} {b}: {refused}");
            assert!(settled(&dir, &[("a", a), ("a", b)]).is_ok(), "{a} {b}");
        }
        assert!(settled(&dir, &[("a", "x"), ("b", "soft")]).is_ok());
        assert!(settled(&dir, &[("a", "nowhere"), ("b", "neither")]).is_ok(), "whether they exist is asked elsewhere");
    }

    #[test]
    fn two_sets_are_crossed_by_files_of_both() {
        let sets = Sets::new(["a", "b", "a"].map(|name| (name.into(), name.into())));
        let [a, b, again] = [0, 1, 2].map(|at| sets.places.get(at).map(|place: &Place| place.set));
        assert_eq!((a, sets.count()), (again, 2));
        assert!(crosses([a, b].into_iter()) && crosses([a, again, None, b].into_iter()));
        assert!(!crosses([a, again, None].into_iter()) && !crosses([None, None].into_iter()));
    }
}

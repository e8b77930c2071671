//! Names of one file that lie in different sets: each stands in the group by itself, and the file is freed once.

use std::collections::HashMap;

use crate::{file::Identity, gather::Twin};

/// What is known of a name in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OneFile {
    /// The earlier twin of whose file this is a further name.
    pub(crate) name_of: Option<usize>,
    /// Whether the file has more names than the group.
    pub(crate) has_names_elsewhere: bool,
}

/// For each twin which file it is a name of.
///
/// # Cost
/// Where ranks on several hosts see one tree, looks at the file of a name again if another rank has another name of it.
pub(crate) fn names_of_files(twins: &[Twin]) -> Vec<OneFile> {
    let mut firsts: HashMap<_, Vec<usize>> = HashMap::new();
    let mut names_of = Vec::with_capacity(twins.len());
    let mut names_seen = vec![0; twins.len()];
    for (at, twin) in twins.iter().enumerate() {
        let name_of = twin.label.identity.as_deref().and_then(|identity| {
            let firsts = firsts.entry((twin.label.host.as_deref(), identity.place.1)).or_default();
            let is_same = |first: &usize| twins.get(*first).is_some_and(|first| is_one_file(first, twin));
            let name_of = firsts.iter().copied().find(is_same);
            if name_of.is_none() {
                firsts.push(at);
            }
            name_of
        });
        names_of.push(name_of);
        let seen = 1 + twin.label.other_paths.len() as u64;
        names_seen.get_mut(name_of.unwrap_or(at)).into_iter().for_each(|sum| *sum += seen);
    }
    let known = |(at, (twin, name_of)): (usize, (&Twin, Option<usize>))| {
        let seen = names_seen.get(name_of.unwrap_or(at));
        OneFile { name_of, has_names_elsewhere: seen.is_some_and(|seen| twin.label.names > *seen) }
    };
    twins.iter().zip(names_of).enumerate().map(known).collect()
}

/// Whether both are names of one file. Their hosts are the same.
fn is_one_file(a: &Twin, b: &Twin) -> bool {
    let (Some(ours), Some(theirs)) = (a.label.identity.as_deref(), b.label.identity.as_deref()) else { return false };
    if a.rank == b.rank || a.label.host.is_some() {
        return ours.is_unchanged(theirs);
    }
    // Where all see one tree its devices have other numbers on other hosts. Seen from one place, one file has one.
    let place = |twin: &Twin| twin.label.path.metadata().ok().map(|found| Identity::of(&found).place);
    ours.is_unchanged_elsewhere(theirs) && place(a).is_some() && place(a) == place(b)
}

#[cfg(test)]
mod tests {
    use pixtwin_matching::Candidate;
    use pixtwin_testkit::Dir;

    use super::*;
    use crate::{file::open, gather::Label};

    /// A name of a file with two names, as a rank sees it whose device has this number.
    fn twin(dir: &Dir, name: &str, host: Option<&str>, (rank, device): (usize, u64)) -> Twin {
        let (_, identity) = open(&dir.join(name)).unwrap();
        let label = Label {
            path: dir.join(name),
            host: host.map(str::to_owned),
            other_paths: Vec::new(),
            names: 2,
            identity: Some(Box::new(identity.on_device(device))),
            bytes: 1,
            format: "PNG".into(),
            size: None,
        };
        let evidence = Candidate { file: 0, bytes: [1; 32], payload: [1; 32], digest: None };
        Twin { rank, file: 0, evidence, set: None, label, near: None }
    }

    #[test]
    fn names_of_a_file_are_known_by_its_device_on_one_host_and_by_a_look_where_hosts_see_one_tree() {
        let (dir, other) = (Dir::new(), Dir::new());
        dir.write("a", "1").link("a", "b");
        other.write("c", "1");
        let names = |a: (usize, u64), b: (usize, u64), host: Option<&str>| {
            names_of_files(&[twin(&dir, "a", host, a), twin(&dir, "b", host, b)])
        };
        let apart = [OneFile { name_of: None, has_names_elsewhere: true }; 2];
        let one = [None, Some(0)].map(|name_of| OneFile { name_of, has_names_elsewhere: false });
        for host in [None, Some("h")] {
            assert_eq!(names((0, 1), (0, 1), host), one);
            assert_eq!(names((0, 1), (0, 2), host), apart);
        }
        assert_eq!(names((0, 1), (1, 2), None), one);
        assert_eq!(names((0, 1), (1, 2), Some("h")), apart);
        // A clone of the file on another device is another file, whatever its numbers.
        let mut clone = twin(&other, "c", None, (1, 2));
        clone.label.identity = twin(&dir, "a", None, (1, 2)).label.identity;
        assert_eq!(names_of_files(&[twin(&dir, "a", None, (0, 1)), clone]), apart);
    }

    #[test]
    fn a_file_with_more_names_than_the_group_has_them_elsewhere() {
        let dir = Dir::new();
        dir.write("a", "1").link("a", "b");
        let mut twins = ["a", "b"].map(|name| twin(&dir, name, None, (0, 1)));
        twins.iter_mut().for_each(|twin| twin.label.names = 4);
        let elsewhere = |twins: &[Twin]| names_of_files(twins).iter().all(|name| name.has_names_elsewhere);
        assert!(elsewhere(&twins));
        twins[1].label.other_paths = vec!["c".into(), "d".into()];
        assert!(!elsewhere(&twins));
    }
}

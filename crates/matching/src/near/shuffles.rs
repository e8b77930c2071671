//! Groups: what holds for every one, and that no order changes them.
#![allow(clippy::cast_possible_truncation, reason = "numbers of tests are small")]

use std::collections::{BTreeMap, BTreeSet, HashSet};

use pixtwin_testkit::cases;
use proptest::prelude::*;

use super::*;

/// Edges, each with its place as the note.
fn edges(pairs: &[(u32, u32)]) -> Vec<Pair> {
    (0..).zip(pairs).map(|(note, &(a, b))| Pair { a, b, note }).collect()
}

fn stars<K: Ord>(keys: &[K], edges: &[Pair]) -> Vec<Star> {
    super::stars(keys, edges.iter().copied())
}

fn complete<K: Ord>(keys: &[K], edges: &[Pair]) -> Vec<Star> {
    super::complete(keys, edges.iter().copied())
}

fn neighbours(pictures: usize, edges: &[Pair]) -> Vec<u32> {
    super::neighbours(pictures, edges.iter().copied())
}

/// Keeper, members, whether they are shown again.
fn plain(groups: &[Star]) -> Vec<(u32, Vec<u32>, bool)> {
    let of_star = |star: &Star| {
        let members = star.members.iter().map(|member| member.picture).collect();
        (star.keeper, members, star.members.iter().all(|member| member.is_again))
    };
    groups.iter().map(of_star).collect()
}

#[test]
fn two_that_are_apart_are_never_members_of_one_group() {
    // 0 is near to 1, 2 and 3; 1 and 3 are apart. 4 is near to 2 alone.
    let edges = edges(&[(0, 1), (0, 2), (0, 3), (2, 4)]);
    let apart = |a: u32, b: u32| [(1, 3), (3, 1)].contains(&(a, b));
    let found = stars_apart(&[0, 1, 2, 3, 4], edges.iter().copied(), apart);
    assert_eq!(plain(&found), [(0, vec![1, 2], false), (3, vec![0], true), (4, vec![2], true)]);
    let none = stars_apart(&[0, 1, 2, 3, 4], edges.iter().copied(), |_, _| false);
    assert_eq!(none, stars(&[0, 1, 2, 3, 4], &edges));
}

#[test]
fn a_chain_is_not_one_group() {
    // 1 is first; 0 and 2 are near to it, 3 only to 2.
    let keys = [5, 1, 7, 9, 2];
    let found = stars(&keys, &edges(&[(2, 3), (1, 0), (2, 1)]));
    assert_eq!(plain(&found), [(1, vec![0, 2], false), (3, vec![2], true)]);
    assert_eq!(found[0].members.iter().map(|member| member.note).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(found[1].members[0].note, 0);
}

#[test]
fn in_complete_groups_every_two_are_near() {
    let edges = edges(&[(0, 1), (0, 2), (0, 3), (1, 2), (2, 3), (3, 4)]);
    assert_eq!(plain(&stars(&[0, 1, 2, 3, 4], &edges)), [(0, vec![1, 2, 3], false), (4, vec![3], true)]);
    assert_eq!(plain(&complete(&[0, 1, 2, 3, 4], &edges)), [(0, vec![1, 2], false), (3, vec![4], false)]);
    // A star: the leaves are near to the middle only.
    let edges = self::edges(&[(0, 1), (0, 2)]);
    assert_eq!(plain(&complete(&[0, 1, 2], &edges)), [(0, vec![1], false), (2, vec![0], true)]);
}

#[test]
fn loops_strangers_and_repeated_edges_change_nothing() {
    let edges = edges(&[(1, 1), (0, 1), (1, 0), (0, 9)]);
    assert_eq!(neighbours(2, &edges[..2]), [1, 1]);
    let found = stars(&["b", "a"], &edges);
    assert_eq!(plain(&found), [(1, vec![0], false)]);
    assert_eq!(found[0].members[0].note, 1);
    assert_eq!(stars::<u8>(&[], &edges), []);
}

/// A hundred thousand near pictures, with the one in the middle first, last, or all near to each other's neighbour.
#[test]
fn large_stars_cost_no_quadratic_time() {
    let count = 100_000u32;
    let pairs: Vec<_> = (1..count).map(|leaf| Pair { a: 0, b: leaf, note: leaf }).collect();
    let keys: Vec<_> = (0..count).collect();
    let found = stars(&keys, &pairs);
    assert_eq!((found.len(), found[0].members.len()), (1, count as usize - 1));
    let reversed: Vec<_> = keys.iter().rev().collect();
    // Each leaf is before the middle: the first takes it, the others show it again.
    assert_eq!(stars(&reversed, &pairs).len(), count as usize - 1);
    assert_eq!(complete(&keys, &pairs).len(), count as usize - 1);
    assert_eq!(complete(&reversed, &pairs).len(), count as usize - 1);
}

/// The laws of the groups, and nothing but the laws: a second way to say what is right.
fn check(keys: &[u32], edges: &[Pair], groups: &[Star], is_complete: bool) {
    let near: HashSet<_> = edges.iter().flat_map(|edge| [(edge.a, edge.b), (edge.b, edge.a)]).collect();
    let mut seen = BTreeSet::new();
    for star in groups {
        assert!(!star.members.is_empty());
        let is_again = star.members[0].is_again;
        assert!(seen.insert(star.keeper), "a keeper is no member of an earlier group");
        for member in &star.members {
            let edge = edges[member.note as usize];
            assert!([(edge.a, edge.b), (edge.b, edge.a)].contains(&(star.keeper, member.picture)));
            assert_eq!(member.is_again, is_again);
            assert_eq!(!seen.insert(member.picture), is_again, "shown again, or new");
            assert!(is_again || keys[star.keeper as usize] < keys[member.picture as usize]);
        }
        for pair in star.members.windows(2) {
            assert!(keys[pair[0].picture as usize] < keys[pair[1].picture as usize]);
        }
        for (a, b) in star.members.iter().flat_map(|a| star.members.iter().map(move |b| (a, b))) {
            assert!(!is_complete || a.picture == b.picture || near.contains(&(a.picture, b.picture)));
        }
        if is_again && !is_complete {
            let mut all: Vec<_> = near.iter().filter(|pair| pair.0 == star.keeper).map(|pair| pair.1).collect();
            all.sort_unstable_by_key(|picture| keys[*picture as usize]);
            assert_eq!(star.members.iter().map(|member| member.picture).collect::<Vec<_>>(), all);
        }
    }
    let with_neighbours: BTreeSet<_> = near.iter().map(|pair| pair.0).collect();
    assert_eq!(seen, with_neighbours, "whatever has a neighbour is in a group");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(32, 1000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_changes_the_groups(
        pictures in 1usize..40, pairs in prop::collection::btree_set((0u32..40, 0u32..40), 0..120), seed: u64,
    ) {
        let count = pictures as u32;
        let pairs: BTreeSet<_> = pairs.into_iter().map(|(a, b)| (a % count, b % count)).filter(|(a, b)| a < b).collect();
        let original = edges(&pairs.into_iter().collect::<Vec<_>>());
        let mut runner = Shuffle(seed);
        let keys = runner.order(pictures);
        for is_complete in [false, true] {
            let group = |keys: &[u32], edges: &[Pair]| if is_complete { complete(keys, edges) } else { stars(keys, edges) };
            let groups = group(&keys, &original);
            check(&keys, &original, &groups, is_complete);
            // 100 shuffles of pictures and edges: the same groups, by the keys of their pictures.
            for _ in 0..100 {
                let (renamed, moved) = (runner.order(pictures), runner.order(original.len()));
                let mut new_keys = vec![0; pictures];
                keys.iter().zip(&renamed).for_each(|(key, to)| new_keys[*to as usize] = *key);
                let mut new_edges = vec![Pair::default(); original.len()];
                for (edge, to) in original.iter().zip(&moved) {
                    let ([a, b], note) = ([edge.a, edge.b].map(|end| renamed[end as usize]), *to);
                    new_edges[*to as usize] = if moved[0] % 2 == 0 { Pair { a, b, note } } else { Pair { a: b, b: a, note } };
                }
                let found = group(&new_keys, &new_edges);
                let expected: Vec<_> = groups.iter().map(|star| Star {
                    keeper: renamed[star.keeper as usize],
                    members: star.members.iter().map(|member| Member {
                        picture: renamed[member.picture as usize], note: moved[member.note as usize], ..*member
                    }).collect(),
                }).collect();
                prop_assert_eq!(found, expected);
            }
        }
        let counts: BTreeMap<u32, u32> = neighbours(pictures, &original).into_iter().zip(0..).map(|(n, at)| (at, n)).collect();
        for (picture, count) in counts {
            let expected = original.iter().filter(|edge| edge.a == picture || edge.b == picture).count();
            prop_assert_eq!(count as usize, expected);
        }
    }
}

/// Random orders.
struct Shuffle(u64);

impl Shuffle {
    fn order(&mut self, count: usize) -> Vec<u32> {
        let mut order: Vec<_> = (0..count as u32).collect();
        for at in (1..count).rev() {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(at, (self.0 >> 33) as usize % (at + 1));
        }
        order
    }
}

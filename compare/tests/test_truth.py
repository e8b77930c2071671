"""Counts are compared with ones made by listing every pair."""

import itertools
import json
import pathlib
import random
import tempfile
import unittest

import truth

TRUTH = {
    "/a": ("g1", "original"),
    "/a2": ("g1", "exact"),
    "/a3": ("g1", "exact"),
    "/b": ("g2", "original"),
    "/near-a": ("g3", "near"),
    "/trap-a": ("g4", "trap"),
    "/broken": (None, "original"),
    "/broken2": (None, "original"),
}


class Judge(unittest.TestCase):
    def test_the_truth_itself_has_all_pairs_and_no_false_one(self):
        self.assertEqual(truth.judge([["/a", "/a2", "/a3"]], TRUTH), (3, 3, 0, 0))

    def test_nothing_found_is_nothing_false(self):
        self.assertEqual(truth.judge([], TRUTH), (0, 3, 0, 0))

    def test_a_near_duplicate_makes_a_pair_with_each_file_of_its_group(self):
        self.assertEqual(truth.judge([["/a", "/a2", "/near-a"]], TRUTH), (1, 3, 2, 2))

    def test_false_pairs_of_originals_are_not_trapped(self):
        self.assertEqual(truth.judge([["/a", "/b"], ["/a2", "/trap-a"]], TRUTH), (0, 3, 2, 1))

    def test_files_without_a_group_equal_nothing(self):
        self.assertEqual(truth.judge([["/broken", "/broken2"]], TRUTH), (0, 3, 1, 0))

    def test_a_file_the_manifest_does_not_know_makes_false_pairs(self):
        self.assertEqual(truth.judge([["/a", "/a2", "/elsewhere"]], TRUTH), (1, 3, 2, 0))

    def test_twins_split_over_two_groups_miss_the_pairs_between(self):
        many = {f"/{number}": ("g", "exact") for number in range(6)}
        self.assertEqual(truth.judge([["/0", "/1", "/2"], ["/3", "/4", "/5"]], many), (6, 15, 0, 0))

    def test_counts_are_those_of_listing_every_pair(self):
        chance = random.Random(7)
        for _ in range(200):
            known = {
                f"/{n}": (chance.choice([None, "g1", "g2", "g3"]), chance.choice(["exact", "trap", "near"]))
                for n in range(12)
            }
            paths = chance.sample(sorted(known), 10)
            groups = [paths[:4], paths[4:7], paths[7:]]
            self.assertEqual(truth.judge(groups, known), judged_by_listing(groups, known))


def judged_by_listing(groups, known):
    def is_true(one, other):
        return known[one][0] is not None and known[one][0] == known[other][0]

    found = [pair for group in groups for pair in itertools.combinations(group, 2)]
    false = [pair for pair in found if not is_true(*pair)]
    trapped = [pair for pair in false if any(known[path][1] in ("trap", "near") for path in pair)]
    total = sum(is_true(*pair) for pair in itertools.combinations(known, 2))
    return len(found) - len(false), total, len(false), len(trapped)


class Agree(unittest.TestCase):
    def test_pairs_of_both_and_of_the_other_alone(self):
        own = [["/a", "/a2", "/a3"], ["/b", "/b2"]]
        self.assertEqual(truth.agree([["/a", "/a2"], ["/b", "/c"]], own), (1, 4, 1))
        self.assertEqual(truth.agree(own, own), (4, 4, 0))
        self.assertEqual(truth.agree([["/x", "/y"]], own), (0, 4, 1))


class Groups(unittest.TestCase):
    def test_groups_that_share_a_file_are_one(self):
        self.assertEqual(
            truth.joined([["/a", "/b"], ["/b", "/a"], ["/c", "/d"], ["/d", "/e"]]), [["/a", "/b"], ["/c", "/d", "/e"]]
        )

    def test_one_group_joins_two_earlier_ones(self):
        self.assertEqual(truth.joined([["/a", "/b"], ["/c", "/d"], ["/b", "/c"]]), [["/a", "/b", "/c", "/d"]])

    def test_a_file_named_twice_is_no_group(self):
        self.assertEqual(truth.joined([["/a", "/x/../a"], []]), [])

    def test_redundant_files_leave_one_of_each_group(self):
        self.assertEqual(truth.redundant_files([["/a", "/b", "/c"], ["/d", "/e"]]), 3)


class Manifest(unittest.TestCase):
    def test_paths_are_those_of_the_library(self):
        with tempfile.TemporaryDirectory() as folder:
            library = pathlib.Path(folder).resolve()
            self.assertIsNone(truth.load(library))
            rows = [{"path": "å b.png", "group": "g1", "class": "original"}, {"path": "c.png", "class": "trap"}]
            (library / truth.MANIFEST).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            self.assertEqual(
                truth.load(library), {f"{library}/å b.png": ("g1", "original"), f"{library}/c.png": (None, "trap")}
            )


if __name__ == "__main__":
    unittest.main()

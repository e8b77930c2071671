"""Counts of near duplicates are compared with ones made by listing every pair."""

import collections
import itertools
import json
import pathlib
import random
import tempfile
import unittest

import families
from families import Member

KNOWN = {
    "/a": Member("f1", False, "smile"),
    "/a-small": Member("f1", False, "smile"),
    "/a-blue": Member("f1", True, "smile"),
    "/b": Member("f2", False, "smile"),
    "/c": Member("f3", False, "tree"),
}


class Verdict(unittest.TestCase):
    def test_each_kind_of_pair_has_its_cell(self):
        said = families.verdict_of_groups([["/a", "/a-small", "/a-blue"], ["/b", "/a", "/c"]], KNOWN)
        self.assertEqual(said, "1 of 1 | 2 | 1 | 2")

    def test_a_star_counts_pairs_with_its_first_file_once(self):
        stars = [["/a", "/a-small", "/b"], ["/a-small", "/a"], ["/b", "/a"]]
        self.assertEqual(families.verdict_of_stars(stars, KNOWN), "1 of 1 | 0 | 1 | 0")

    def test_a_file_the_manifest_does_not_know_makes_false_pairs(self):
        self.assertEqual(families.verdict_of_groups([["/a", "/elsewhere"]], KNOWN), "0 of 1 | 0 | 0 | 1")

    def test_without_a_manifest_pairs_are_counted(self):
        self.assertEqual(families.verdict_of_groups([["/a", "/b", "/c"]], None), "3 pairs in groups | - | - | -")
        self.assertEqual(families.verdict_of_stars([["/a", "/b"], ["/b", "/a"]], None), "1 pairs | - | - | -")

    def test_counts_are_those_of_listing_every_pair(self):
        chance = random.Random(7)
        for _ in range(200):
            members = [
                Member(chance.choice("fgh"), chance.random() < 0.3, chance.choice("mn"))
                for _ in range(chance.randrange(12))
            ]
            listed = collections.Counter(itertools.starmap(families.kind_of, itertools.combinations(members, 2)))
            self.assertEqual(+families.pairs_within(members), listed)


class Manifest(unittest.TestCase):
    def test_a_recoloured_copy_is_another_picture_of_its_family(self):
        with tempfile.TemporaryDirectory() as folder:
            library = pathlib.Path(folder).resolve()
            self.assertIsNone(families.load(library))
            row = {"path": "a.png", "family": "f1", "relation": "channels-swapped", "source": "x/smile.png"}
            (library / "manifest.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
            self.assertEqual(families.load(library), {f"{library}/a.png": Member("f1", True, "smile")})


if __name__ == "__main__":
    unittest.main()

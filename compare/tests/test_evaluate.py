"""The counting of the evaluation, beside counts made by listing every pair."""

import collections
import json
import math
import pathlib
import random
import tempfile
import unittest

import outputs
from evaluate import count

TEN = frozenset(range(10))


def by_chance(seed):
    """-> pairs among ten pictures, some named twice"""
    chance = random.Random(seed)
    return [(chance.randrange(12), chance.randrange(12), chance.randrange(40)) for _ in range(60)]


class Pairs(unittest.TestCase):
    def test_a_pair_with_the_same_number_is_true_and_another_false(self):
        found = count.of_pairs([(1, 1, 4), (1, 2, 5), (2, 1, 5), (3, 3, 9)], TEN, TEN)
        self.assertEqual(found.true, {1: 4, 3: 9})
        self.assertEqual(found.false, {5: 2})

    def test_of_a_pair_named_twice_the_least_distance_counts(self):
        found = count.of_pairs([(1, 1, 9), (1, 1, 4), (1, 2, 6), (1, 2, 8)], TEN, TEN)
        self.assertEqual((found.true, found.false), ({1: 4}, {6: 1}))

    def test_pictures_that_do_not_count_make_no_pairs(self):
        found = count.of_pairs([(10, 10, 0), (1, 10, 0), (10, 1, 0)], TEN, TEN)
        self.assertEqual((found.true, found.false), ({}, {}))

    def test_unrelated_pairs_are_those_of_different_numbers(self):
        self.assertEqual(count.of_pairs([], TEN, TEN).unrelated, 90)
        few = count.of_pairs([], frozenset({0, 1}), TEN)
        self.assertEqual((few.related, few.unrelated), (2, 18))

    def test_counts_are_those_of_listing_every_pair(self):
        for seed in range(100):
            pairs = by_chance(seed)
            founds = [count.of_pairs(pairs, TEN, TEN)]
            for threshold in (-1, 0, 5, 20, 40):
                near = {(one, other) for one, other, distance in pairs if distance <= threshold}
                listed = [pair for pair in near if pair[0] < 10 and pair[1] < 10]
                true = sum(one == other for one, other in listed)
                self.assertEqual(count.recall(founds[0], threshold), (true, 10))
                self.assertEqual(count.false_pairs(founds, threshold), (len(listed) - true, 90))


def with_false(*distances):
    return count.Found(TEN, TEN, {}, collections.Counter(distances))


class Threshold(unittest.TestCase):
    def test_it_is_the_largest_that_keeps_the_rate(self):
        founds = [with_false(5, 9), with_false(7)]
        self.assertEqual(count.threshold_at_rate(founds, 0 / 180, 31), 4)
        self.assertEqual(count.threshold_at_rate(founds, 1 / 180, 31), 6)
        self.assertEqual(count.threshold_at_rate(founds, 2 / 180, 31), 8)
        self.assertEqual(count.threshold_at_rate(founds, 3 / 180, 31), 31)

    def test_there_is_none_if_equal_hashes_are_too_many(self):
        self.assertEqual(count.threshold_at_rate([with_false(0)], 1e-6, 31), -1)

    def test_it_keeps_the_rate_and_the_next_does_not(self):
        for seed in range(100):
            founds = [count.of_pairs(by_chance(seed), TEN, TEN)]
            at_rate = count.threshold_at_rate(founds, 0.1, 39)
            false, unrelated = count.false_pairs(founds, at_rate)
            self.assertLessEqual(false, 0.1 * unrelated)
            if at_rate < 39:
                self.assertGreater(count.false_pairs(founds, at_rate + 1)[0], 0.1 * unrelated)


class Interval(unittest.TestCase):
    def test_its_ends_are_the_shares_that_differ_by_z_standard_errors(self):
        # The definition: the share p found is Z standard errors of q from q, q being an end.
        for hits, total in ((0, 7), (1, 118), (60, 118), (117, 118), (118, 118), (3, 4)):
            share = hits / total
            for end in count.wilson(hits, total):
                self.assertAlmostEqual(abs(share - end), count.Z * math.sqrt(end * (1 - end) / total), 7)

    def test_known_ends(self):
        # R: prop.test(95, 100, correct = FALSE) says 0.8882 to 0.9785.
        low, high = count.wilson(95, 100)
        self.assertAlmostEqual(low, 0.8882, 4)
        self.assertAlmostEqual(high, 0.9785, 4)

    def test_of_nothing_nothing_is_known(self):
        self.assertEqual(count.wilson(0, 0), (0.0, 1.0))


class Precision(unittest.TestCase):
    def test_all_true_pairs_before_all_false_ones_are_perfect(self):
        pairs = [(number, number, 3) for number in TEN] + [(0, 1, 4)]
        self.assertEqual(count.average_precision([count.of_pairs(pairs, TEN, TEN)]), 1.0)

    def test_what_is_not_reported_is_never_found(self):
        self.assertAlmostEqual(count.average_precision([count.of_pairs([(0, 0, 1)], TEN, TEN)]), 0.1)

    def test_it_is_that_of_walking_down_the_list(self):
        for seed in range(100):
            found = count.of_pairs(by_chance(seed), TEN, TEN)
            self.assertAlmostEqual(count.average_precision([found]), precision_by_walking(found))


def precision_by_walking(found):
    """-> the same, one true pair at a time"""
    total = 0.0
    for distance in found.true.values():
        hits = sum(other <= distance for other in found.true.values())
        alarms = sum(number for other, number in found.false.items() if other <= distance)
        total += hits / (hits + alarms)
    return total / 10


class Section(unittest.TestCase):
    def test_other_sections_are_left_alone(self):
        # Needs no program, only the file.
        from evaluate import place

        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "accuracy.md")
            place.put(path, "## Edits\n\nold")
            self.assertEqual(path.read_text(encoding="utf-8"), "# Accuracy\n\n## Edits\n\nold\n")
            path.write_text("# Accuracy\n\n## A\n\na\n\n## Edits\n\n### Photos\n\nold\n\n## B\n\nb\n", encoding="utf-8")
            place.put(path, "## Edits\n\nnew \\1")
            self.assertEqual(
                path.read_text(encoding="utf-8"), "# Accuracy\n\n## A\n\na\n\n## Edits\n\nnew \\1\n\n## B\n\nb\n"
            )


class Near(unittest.TestCase):
    def test_the_first_file_of_a_group_is_its_keeper(self):
        files = [{"path": {"text": "/a"}}, {"path": {"text": "/b"}, "distance": 12, "label": "edited"}]
        lines = [{"type": "group", "files": files}, {"type": "summary"}]
        output = "\n".join(map(json.dumps, lines)).encode()
        keeper, member = next(outputs.near_groups(output))
        self.assertEqual((keeper.path, keeper.distance, keeper.is_keeper), ("/a", 0, True))
        self.assertEqual((member.path, member.distance, member.label, member.is_keeper), ("/b", 12, "edited", False))


if __name__ == "__main__":
    unittest.main()

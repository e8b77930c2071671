"""The rows of the tables."""

import unittest

import report
from measure import Result, Run
from peers import Peer

OWN, OTHER, SLOW = Peer("pixtwin", ("pixtwin",)), Peer("other", ("other",), has_workers=True), Peer("slow", ("slow",))
GROUPS = [["/a", "/a2"], ["/b", "/b2"]]


def runs(*walls):
    return [Run(wall, wall * 2, 20e6, 5e6, 1e6) for wall in walls]


def results():
    return {
        "pixtwin": Result(runs(1.0, 3.0, 2.0), GROUPS),
        "other": Result(runs(10.0, 30.0, 20.0), [["/a", "/a2", "/c"]]),
        "slow": Result(reason="> 600 s"),
    }


class Tables(unittest.TestCase):
    def test_without_a_truth_the_others_are_set_beside_pixtwin(self):
        lines = list(report.scan_table([OWN, OTHER, SLOW], results(), "warm", None))
        own = "| pixtwin | 2.000 s | 1.000 - 3.000 | 4.000 s | 20.0 MB | 5.0 MB | 3 | 1.00 | 2 | 2 | 2 of 2 | 0 |"
        cost = "| other | 20.0 s | 10.0 - 30.0 | 40.0 s | 20.0 MB, largest of several | 5.0 MB | 3 "
        self.assertEqual(lines[2:4], [own, cost + "| 10.00 | 1 | 2 | 1 of 2 | 2 |"])
        self.assertTrue(lines[4].startswith("| slow | > 600 s | - |"), lines[4])

    def test_every_row_has_as_many_cells_as_the_head(self):
        known = {"/a": ("g", "original"), "/a2": ("g", "exact"), "/c": ("h", "near")}
        for truth_or_none in (None, known):
            for cache in ("warm", "cold"):
                lines = list(report.scan_table([OWN, OTHER, SLOW], results(), cache, truth_or_none))
                self.assertEqual({line.count("|") for line in lines}, {lines[0].count("|")}, lines)

    def test_with_a_truth_missed_and_false_pairs_stand_beside_the_time(self):
        known = {"/a": ("g", "original"), "/a2": ("g", "exact"), "/a3": ("g", "exact"), "/c": ("h", "near")}
        row = list(report.scan_table([OWN, OTHER], results(), "cold", known))[3]
        self.assertTrue(row.endswith("| 1.0 MB | 3 | 10.00 | 1 | 1 of 3 | 2 | 2 | 2 |"), row)

    def test_without_pixtwin_nothing_is_set_beside_it(self):
        row = list(report.scan_table([OTHER], results() | {"pixtwin": Result(reason="failed: x")}, "warm", None))[2]
        self.assertTrue(row.endswith("| - | 1 | 2 | - | - |"), row)

    def test_a_search_shows_what_the_programs_say(self):
        found = {"pixtwin": Result(runs(1.0), [], "5 files: 3 twins"), "other": Result(runs(2.0), [], "5 | files")}
        lines = list(report.find_table([OWN, OTHER], found, "warm"))
        self.assertTrue(lines[2].endswith("| 1 | 1.00 | 5 files: 3 twins |"), lines[2])
        self.assertTrue(lines[3].endswith("| 1 | 2.00 | 5 / files |"), lines[3])


if __name__ == "__main__":
    unittest.main()

"""Judges what a program found: against the truth of a planted library, or beside what pixtwin found.

All counts are of pairs, so that a large group weighs as much as the finds or mistakes in it.
"""

import collections
import json
import os

MANIFEST = "manifest.jsonl"
Verdict = collections.namedtuple("Verdict", "true total false trapped")
Agreement = collections.namedtuple("Agreement", "common own other")


def load(library):
    """-> {absolute path: (group, class)}, or None without a manifest"""
    manifest = library / MANIFEST
    if not manifest.is_file():
        return None
    truth = {}
    with open(manifest, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            truth[os.path.realpath(library / entry["path"])] = (entry.get("group"), entry["class"])
    return truth


def joined(groups):
    """-> the groups as sorted lists of real paths, each file in one: groups that share a file are one.

    Some programs name every file with all that equal it, and so every group several times.
    """
    group_of = {}
    for paths in groups:
        here = {os.path.realpath(path) for path in paths}
        for other in {id(group_of[path]): group_of[path] for path in here if path in group_of}.values():
            here |= other
        for path in here:
            group_of[path] = here
    unique = {id(group): sorted(group) for group in group_of.values() if len(group) > 1}
    return sorted(unique.values())


def pairs(count):
    return count * (count - 1) // 2


def redundant_files(groups):
    return sum(len(group) - 1 for group in groups)


def judge(groups, truth):
    """-> true pairs found, true pairs in all, false pairs, false pairs with a trap or a near duplicate in them

    A file without a group in the manifest is like no other.
    """
    total = pairs_of_equal(group for group, _ in truth.values())
    true = false = trapped = 0
    for paths in groups:
        files = [truth.get(path, (None, "unknown")) for path in paths]
        here = pairs_of_equal(group for group, _ in files)
        true += here
        false += pairs(len(files)) - here
        sound = [group for group, kind in files if kind not in ("trap", "near")]
        trapped += (pairs(len(files)) - here) - (pairs(len(sound)) - pairs_of_equal(sound))
    return Verdict(true, total, false, trapped)


def agree(groups, own_groups):
    """-> pairs that both have, all pairs of our own, pairs that only the other has; no truth, a comparison"""
    own_group = {path: number for number, paths in enumerate(own_groups) for path in paths}
    common = sum(pairs_of_equal(own_group.get(path) for path in paths) for paths in groups)
    return Agreement(
        common, sum(pairs(len(paths)) for paths in own_groups), sum(pairs(len(paths)) for paths in groups) - common
    )


def pairs_of_equal(names):
    """-> how many pairs have the same name; `None` equals nothing"""
    return sum(pairs(count) for name, count in collections.Counter(names).items() if name is not None)

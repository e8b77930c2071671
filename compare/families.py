"""Judges near duplicates against the truth of a planted library: which files were made of one picture.

A family is a picture and all that was made of it. Two files of one family are a true pair, unless one was recoloured or
reshaped: such pairs are counted apart, since people differ on them. Two files of different families are a false pair;
of these, those whose sources have the same file name are counted apart too: other sizes or drawings of one motif.
"""

import collections
import dataclasses
import json
import os
import pathlib

import truth

# What leaves another picture: other colours, other sides, or a frame more.
OTHERS = {"channels-swapped", "palette-changed", "hidden-colour", "reshaped", "second-frame"}
HEADS = ["true pairs of", "recoloured or reshaped", "false pairs, same source name", "false pairs, other"]


@dataclasses.dataclass(frozen=True)
class Member:
    """What the manifest says of a file: its family, if it is another picture all the same, and its source's name."""

    family: str
    is_other: bool
    name: str


def load(library):
    """-> {absolute path: Member}, or None without a manifest"""
    manifest = library / truth.MANIFEST
    if not manifest.is_file():
        return None
    known = {}
    with open(manifest, encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            name = pathlib.PurePosixPath(row["source"]).stem
            member = Member(row["family"], row["relation"] in OTHERS, name)
            known[os.path.realpath(library / row["path"])] = member
    return known


def explained(known):
    if known is not None:
        yield "A true pair is two files made of one picture, a false one two of different pictures; pairs with a"
        yield "recoloured or reshaped file are apart, and so are different pictures whose sources have one file name."


def verdict_of_groups(groups, known):
    """-> the cells of a report, as one text, for programs that print groups: all pairs of a group count"""
    if known is None:
        counts = collections.Counter(pairs=sum(truth.pairs(len(group)) for group in groups))
        return " | ".join([f"{counts['pairs']:,} pairs in groups", "-", "-", "-"])
    counts = collections.Counter()
    for group in groups:
        counts += pairs_within([member_of(path, known) for path in group])
    return cells(counts, known)


def verdict_of_stars(stars, known):
    """-> the same, for programs that print each file with those like it: only pairs with the first count, once"""
    counts = collections.Counter()
    for first, *others in stars:
        member = member_of(first, known or {})
        for other in others:
            if known is None or other > first:
                counts[kind_of(member, member_of(other, known or {}))] += 1
    return cells(counts, known) if known is not None else f"{sum(counts.values()) // 2:,} pairs | - | - | -"


def member_of(path, known):
    """A file that the manifest does not know is of no family."""
    return known.get(os.path.realpath(path), Member(path, False, path))


def kind_of(one, other):
    if one.family == other.family:
        return "changed" if one.is_other or other.is_other else "true"
    return "named" if one.name == other.name else "false"


def pairs_within(members):
    """-> how many pairs of each kind; as listing all pairs with `kind_of`, in the time of the members"""
    total = truth.pairs(len(members))
    related = pairs_alike(member.family for member in members)
    true = pairs_alike(member.family for member in members if not member.is_other)
    # Of one name and different families.
    named = pairs_alike(member.name for member in members)
    named -= pairs_alike((member.name, member.family) for member in members)
    return collections.Counter(true=true, changed=related - true, named=named, false=total - related - named)


def pairs_alike(keys):
    return sum(truth.pairs(count) for count in collections.Counter(keys).values())


def cells(counts, known):
    total = pairs_within(list(known.values()))["true"]
    found = [f"{counts['true']:,} of {total:,}"]
    return " | ".join(found + [f"{counts[kind]:,}" for kind in ("changed", "named", "false")])

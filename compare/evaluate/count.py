"""Counts what a program reported, against what was made; needs nothing but Python.

A pair is an original and an edit. It is true if both have the same number, and false otherwise: the originals are
pictures of different things. `true` has the distances of the true pairs, by number; `false` how many false pairs there
are at each distance. A pair that was not reported is in neither.
"""

import collections
import dataclasses
import math

# The quantile of the normal distribution for an interval of 95 %.
Z = 1.959963984540054


@dataclasses.dataclass
class Found:
    """What one program reported for one edit: of the originals and of the edits with these numbers."""

    originals: frozenset
    edits: frozenset
    true: dict
    false: collections.Counter

    @property
    def related(self):
        """-> how many pairs have the same number"""
        return len(self.originals & self.edits)

    @property
    def unrelated(self):
        """-> how many pairs are of different numbers"""
        return len(self.originals) * len(self.edits) - self.related


def of_pairs(pairs, originals, edits):
    """Pairs (number of the original, number of the edit, distance) -> Found; of a pair named twice the least distance."""
    least = {}
    for original, edit, distance in pairs:
        if original in originals and edit in edits:
            key = (original, edit)
            least[key] = min(distance, least.get(key, distance))
    true = {one: distance for (one, other), distance in least.items() if one == other}
    false = collections.Counter(distance for (one, other), distance in least.items() if one != other)
    return Found(frozenset(originals), frozenset(edits), true, false)


def recall(found, threshold):
    """-> how many true pairs lie within the threshold, of how many"""
    return sum(distance <= threshold for distance in found.true.values()), found.related


def false_pairs(founds, threshold):
    """-> how many false pairs of all edits lie within the threshold, of how many unrelated pairs"""
    within = sum(count for found in founds for distance, count in found.false.items() if distance <= threshold)
    return within, sum(found.unrelated for found in founds)


def threshold_at_rate(founds, rate, highest):
    """-> the largest distance up to `highest` with no more false pairs than that share of the unrelated; -1: none"""
    falses = collections.Counter()
    for found in founds:
        falses.update(found.false)
    allowed = rate * sum(found.unrelated for found in founds)
    count = 0
    for distance in range(highest + 1):
        count += falses[distance]
        if count > allowed:
            return distance - 1
    return highest


def wilson(hits, total):
    """-> the ends of the interval of 95 % for a share, after E. B. Wilson, 1927"""
    if total == 0:
        return 0.0, 1.0
    share, square = hits / total, Z * Z
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = Z / (1 + square / total) * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def average_precision(founds):
    """-> the micro average precision: all pairs of all edits in one list, by distance.

    Pairs of equal distance come together: the precision of each is that after the last of them. What is not reported
    is never found.
    """
    true, false = collections.Counter(), collections.Counter()
    for found in founds:
        true.update(found.true.values())
        false.update(found.false)
    positives = sum(found.related for found in founds)
    hits = alarms = 0
    total = 0.0
    for distance in sorted(set(true) | set(false)):
        hits += true[distance]
        alarms += false[distance]
        total += true[distance] * hits / (hits + alarms)
    return total / positives if positives else 0.0

"""The section "Edits" of docs/accuracy.md: opening words, and a part for each set; other sections are left alone."""

import collections
import importlib.metadata
import re
import subprocess

import machine
from evaluate import count, edits, hashes, originals, place, programs, tables

# The share of unrelated pairs that may be called the same.
RATES = {"photos": 1e-6, "drawings": 1e-5}
PACKAGES = ["imagededup", "ImageHash", "pdqhash", "pillow"]


class Set:
    """One set, `photos` or `drawings`: its originals, and the columns of its tables."""

    def __init__(self, name, chosen, numbers, main, flat, table, home, searches):
        self.name, self.chosen, self.numbers, self.main, self.flat = name, chosen, numbers, main, flat
        self.table, self.home, self.searches = table, home, searches

    def columns(self, numbers):
        found = [self.of_program(search, numbers) for search in self.searches]
        return found + [self.of_method(place, numbers) for place in range(len(hashes.METHODS))]

    def of_method(self, place, numbers):
        method = hashes.METHODS[place]
        founds = {edit.name: self.table.found(place, edit.name, numbers) for edit in edits.ALL}
        return tables.Column(method.name, founds, method.threshold, method.bits, method.why)

    def of_program(self, search, numbers):
        ones = self.among(numbers, search.originals_asked)
        others = self.among(numbers, search.edits_asked)
        founds, labels, direct = {}, collections.Counter(), 0
        for edit in edits.ALL:
            pairs = search.pairs(self.home, self.numbers, edit)
            founds[edit.name] = count.of_pairs([pair[:3] for pair in pairs], ones, others)
            labels.update(labels_of(pairs, ones, others, edit, search.threshold))
            # Two members of one keeper have no label of their own.
            direct += sum(
                original != made and label is not None and distance <= search.threshold
                for original, made, distance, label in pairs
                if original in ones and made in others
            )
        labels = labels if search.has_labels else None
        return tables.Column(search.name, founds, search.threshold, search.widest, search.why, labels, direct)

    def among(self, numbers, asked):
        return numbers & frozenset(self.numbers[:asked]) if asked else numbers

    def lines(self):
        rate = RATES[self.name]
        columns = self.columns(self.main)
        yield from ["", f"### {tables.TITLES[self.name]}", "", *self.origin(), ""]
        yield from tables.summary(columns, rate)
        yield from self.of_own(columns, rate)
        yield from ["", f"Recall in percent at the default thresholds, {tables.INTERVAL}:", ""]
        yield from tables.recalls(columns, [column.default for column in columns])
        yield from ["", f"The same where false pairs are at most {rate:g} of the unrelated ones:", ""]
        yield from tables.recalls(columns, [column.at_rate(rate) for column in columns])
        if self.flat:
            yield from ["", f"The {len(self.flat)} originals of low quality, at the default thresholds:", ""]
            yield from tables.of_flat(self.columns(self.flat))

    def of_own(self, columns, rate):
        own = [column for column in columns if column.labels is not None]
        for column in own[:1]:
            for threshold in sorted({column.default, min(column.default, column.at_rate(rate))}, reverse=True):
                yield from ["", f"The aims, `{column.name}` at distance {threshold}:", ""]
                yield from tables.aims(column, threshold)
        if own:
            yield from ["", "The label RE-ENCODED at the default distance:", ""]
            yield from tables.labels(own)

    def origin(self):
        looked, reasons = originals.report_of(self.chosen)
        sources = collections.Counter(
            row["file"].split("/")[0] for row in self.chosen.rows if row["number"] in set(self.numbers)
        )
        listed = ", ".join(f"{name} {number}" for name, number in sorted(sources.items()))
        left = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items())) or "none"
        yield f"{len(self.numbers)} originals (by source: {listed}), of {looked} files looked at; left out: {left}."
        yield f"{len(self.main)} have a PDQ quality of 50 or more and are counted here, {len(self.flat)} flat ones below."


def labels_of(pairs, ones, others, edit, threshold):
    """-> for each pair within the threshold that is labelled RE-ENCODED: its edit's name, or None for a false pair"""
    for original, made, distance, label in pairs:
        if original in ones and made in others and distance <= threshold and is_re_encoded(label):
            yield edit.name if original == made else None


def is_re_encoded(label):
    return label is not None and label.lower() == "re-encoded"


def opening(options):
    yield place.HEAD
    yield ""
    yield "Made by `cargo xtask evaluate`; every figure is counted, none is written by hand."
    yield machine.summary()
    yield f"Programs: {', '.join(versions(options))}."
    yield ""
    yield f"Originals are distinct pictures, reduced to fit {originals.LONGEST_PX} px, in RGB on white. Each is edited in"
    yield f"{len(edits.ALL)} ways, {len(edits.STANDARD)} common ones and {len(edits.OFF_GRID)} with values between"
    yield "(marked with a star), and written as PNG, or as JPEG or WebP where the edit is an encoding. A pair of an original"
    yield "and an edit is true if the edit was made of it, and false otherwise. `pixtwin scan` is given the originals and one"
    yield "edit of all, and a pair counts if both files stand in one group; `pixtwin find` is asked about the first"
    yield f"{options.find} originals, or about their edits. czkawka_cli has the originals as references, so that it"
    yield "reports each edit with one original at most. The hashes of the other libraries are compared with all others."


def versions(options):
    for search in programs.all_programs(options.pixtwin, options.find):
        if search.name in ("pixtwin scan", "czkawka_cli") and search.is_there() and search.name not in options.without:
            said = subprocess.run([search.program, "--version"], capture_output=True, text=True, check=False).stdout
            yield f"{search.program.name} {re.search(r'[0-9]+([.][0-9]+)+', said)[0]}"
    for package in PACKAGES:
        yield f"{package} {importlib.metadata.version(package)}"

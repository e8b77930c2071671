"""The section of docs/accuracy.md, made from counts alone."""

import statistics

from evaluate import count, edits

KINDS = {
    "none": "no change",
    "resize": "resizing",
    "encode": "re-encoding",
    "grey": "grey",
    "brightness": "brightness and colour",
    "blur": "blur and sharpening",
    "border": "borders, letterbox, screenshot",
    "turn": "flips and quarter turns",
    "overlay": "text, logo",
    "crop": "crops",
    "rotation": "rotations",
    "other": "noise, vignette, watermark",
}
# The least recall that is aimed at, in percent.
AIMS = {
    **dict.fromkeys(["none", "resize", "encode", "grey", "brightness", "blur"], 97),
    **dict.fromkeys(["border", "turn", "overlay"], 95),
    **dict.fromkeys(["crop", "rotation"], 90),
}
INTERVAL = "with Wilson's interval of 95 %"
TITLES = {"photos": "Photos", "drawings": "Drawings"}


class Column:
    """One program on one set: what it found for each edit, its default threshold and the highest it can be asked for."""

    def __init__(self, name, founds, default, highest, why, labels=None, direct=0):
        self.name, self.founds, self.default, self.why, self.labels = name, founds, default, why, labels
        # `direct` are the false pairs within the default that are a keeper and a member, or a picture and its match.
        self.highest, self.direct = highest, direct

    def at_rate(self, rate):
        return count.threshold_at_rate(list(self.founds.values()), rate, self.highest)

    def mean_recall(self, threshold):
        recalls = [count.recall(found, threshold) for found in self.founds.values()]
        return statistics.fmean(hits / max(1, total) for hits, total in recalls)


def percent(share):
    return f"{100 * share:.1f}"


def cell(hits, total):
    if total == 0:
        return "-"
    low, high = count.wilson(hits, total)
    return f"{100 * hits / total:.1f} ({100 * low:.0f}-{100 * high:.0f})"


def row(cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def rule(count_of_columns):
    return "|---|" + "--:|" * (count_of_columns - 1)


def share_of(part, whole):
    return f"{part:,} of {whole:,} ({part / whole:.1e})" if whole else "none of none"


def summary(columns, rate):
    """-> a line for each program: thresholds, recall over all edits, false pairs"""
    heads = ["program", "threshold", "recall, mean of edits, %", "false pairs", f"threshold for {rate:g}", "recall, %"]
    yield row([*heads, "micro average precision"])
    yield rule(7)
    for column in columns:
        at_rate, founds = column.at_rate(rate), list(column.founds.values())
        yield row(
            [
                column.name,
                f"{column.default} ({column.why})",
                percent(column.mean_recall(column.default)),
                share_of(*count.false_pairs(founds, column.default)),
                "none" if at_rate < 0 else at_rate,
                "-" if at_rate < 0 else percent(column.mean_recall(at_rate)),
                f"{count.average_precision(founds):.3f}",
            ]
        )


def recalls(columns, thresholds):
    """-> a line for each edit, with the recall of each program and its interval of 95 %"""
    yield row(["edit", "kind", *(f"{column.name} at {threshold}" for column, threshold in zip(columns, thresholds))])
    yield "|---|---|" + "--:|" * len(columns)
    for edit in edits.ALL:
        cells = [
            cell(*count.recall(column.founds[edit.name], threshold)) if threshold >= 0 else "-"
            for column, threshold in zip(columns, thresholds)
        ]
        mark = "" if edit in edits.STANDARD else "*"
        yield row([edit.name + mark, KINDS[edit.kind], *cells])


def aims(column, threshold):
    """-> a line for each kind of edit with a target: the worst edit of it, and those below"""
    yield row(["kind", "aim, %", "edits", "mean recall, %", "the worst", "below the aim"])
    yield "|---|--:|--:|--:|---|---|"
    for kind, aim in AIMS.items():
        found = {
            edit.name: count.recall(column.founds[edit.name], threshold) for edit in edits.ALL if edit.kind == kind
        }
        shares = {name: hits / max(1, total) for name, (hits, total) in found.items()}
        worst = min(shares, key=shares.get)
        below = [f"{name} {percent(share)}" for name, share in shares.items() if 100 * share < aim]
        yield row(
            [
                KINDS[kind],
                aim,
                len(shares),
                percent(statistics.fmean(shares.values())),
                f"{worst} {cell(*found[worst])}",
                ", ".join(below) or "-",
            ]
        )


def labels(columns):
    """-> what the label RE-ENCODED was given to, for each search of pixtwin"""
    heads = ["search", "labelled", "scaled or encoded", "other edits", "false pairs", "same picture, %"]
    yield row([*heads, "false pairs with any label, keeper and member", "which others"])
    yield "|---|--:|--:|--:|--:|--:|--:|---|"
    for column in columns:
        if column.labels is not None:
            yield row([column.name, *label_cells(column.labels, column.direct)])


def label_cells(labels, direct):
    """-> the cells for counts of labelled pairs by the name of their edit; None: false pairs"""
    total, false = sum(labels.values()), labels[None]
    others = {name: labels[name] for name in labels if name and not edits.by_name()[name].is_coding}
    coding = total - false - sum(others.values())
    listed = ", ".join(f"{name} {number}" for name, number in sorted(others.items(), key=lambda item: -item[1]))
    same = cell(total - false, total)
    return [f"{total:,}", f"{coding:,}", f"{sum(others.values()):,}", f"{false:,}", same, f"{direct:,}", listed or "-"]


def of_flat(columns):
    """-> a line for each program: recall over all edits, and false pairs"""
    yield row(["program", "recall, mean of edits, %", "false pairs"])
    yield rule(3)
    for column in columns:
        found = share_of(*count.false_pairs(list(column.founds.values()), column.default))
        yield row([column.name, percent(column.mean_recall(column.default)), found])

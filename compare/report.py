"""The report, in Markdown."""

import statistics

import truth

WALL_HEADS = ["program", "median wall", "min - max", "CPU", "peak RSS", "read"]


def seconds(value):
    return f"{value:.3f} s" if value < 10 else f"{value:.1f} s"


def size(count):
    return f"{count / 1e6:.1f} MB" if count < 99.95e6 else f"{count / 1e6:,.0f} MB"


def scan_table(peers, results, cache, known):
    """-> lines; `known` is the truth of the library, or None"""
    own = results.get("pixtwin")
    own_groups = own.groups if own and own.runs else None
    heads = [*heads_of_cost(cache), "wall / pixtwin", "groups"]
    if known is not None:
        heads += ["true pairs found", "missed", "false pairs", "of them with a trap or near duplicate"]
    else:
        heads += ["redundant files", "pairs pixtwin has too", "pairs pixtwin has not"]

    def found(result):
        if known is not None:
            return cells_of_truth(truth.judge(result.groups, known), result.groups)
        return cells_of_agreement(result.groups, own_groups)

    def row(peer, result):
        return [*cells_of_cost(peer, result, cache), ratio(result, own), *found(result)]

    yield from table(peers, results, heads, row)


def find_table(peers, results, cache):
    """-> lines; the last line that a program prints stands for what it found"""
    own = results[peers[0].name]

    def row(peer, result):
        return [*cells_of_cost(peer, result, cache), ratio(result, own), result.says.replace("|", "/")[-100:]]

    yield from table(peers, results, [*heads_of_cost(cache), "wall / pixtwin", "says"], row)


def table(peers, results, heads, row):
    yield line(heads)
    yield "|---|" + "--:|" * (len(heads) - 1)
    for peer in peers:
        result = results[peer.name]
        if result.runs and result.reason is None:
            yield line(row(peer, result))
        else:
            reason = (result.reason or "not run").replace("|", "/")
            yield line([peer.name, reason, *["-"] * (len(heads) - 2)])


def line(cells):
    return "| " + " | ".join(cells) + " |"


def heads_of_cost(cache):
    return [*WALL_HEADS, *(["from disk"] if cache == "cold" else []), "runs"]


def cells_of_cost(peer, result, cache):
    walls = [run.wall_s for run in result.runs]
    peak = size(max(run.peak_bytes for run in result.runs))
    cells = [
        peer.name,
        seconds(statistics.median(walls)),
        f"{min(walls):.3f} - {max(walls):.3f}" if max(walls) < 10 else f"{min(walls):.1f} - {max(walls):.1f}",
        seconds(statistics.median(run.cpu_s for run in result.runs)),
        f"{peak}, largest of several" if peer.has_workers else peak,
        size(statistics.median(run.read_bytes for run in result.runs)),
    ]
    if cache == "cold":
        cells.append(size(statistics.median(run.disk_bytes for run in result.runs)))
    return [*cells, str(len(result.runs))]


def ratio(result, own):
    if own is None or not own.runs or own.reason is not None:
        return "-"
    return f"{median_wall(result) / median_wall(own):.2f}"


def median_wall(result):
    return statistics.median(run.wall_s for run in result.runs)


def cells_of_truth(verdict, groups):
    return [
        f"{len(groups):,}",
        f"{verdict.true:,} of {verdict.total:,}",
        f"{verdict.total - verdict.true:,}",
        f"{verdict.false:,}",
        f"{verdict.trapped:,}",
    ]


def cells_of_agreement(groups, own_groups):
    cells = [f"{len(groups):,}", f"{truth.redundant_files(groups):,}"]
    if own_groups is None:
        return [*cells, "-", "-"]
    agreement = truth.agree(groups, own_groups)
    return [*cells, f"{agreement.common:,} of {agreement.own:,}", f"{agreement.other:,}"]

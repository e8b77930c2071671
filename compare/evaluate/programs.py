"""The programs that search folders themselves, czkawka_cli and pixtwin: run on the originals and one edit at a time.

What they report is kept as pairs, [number of the original, number of the edit, distance, label], below `pairs/`; a run
is repeated only if there are more pictures than then, or the program is another.
"""

import dataclasses
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Callable

import measure
import outputs
from evaluate import hashes

# pixtwin's own default, and the largest it takes: what lies between is used for the rates alone.
DEFAULT, WIDEST = 31, 63
CZKAWKA_DEFAULT, CZKAWKA_MOST, CZKAWKA_WIDEST = 5, 20, 40
ORIGINALS = "originals"


@dataclasses.dataclass(frozen=True)
class Program:
    """A program: what runs it on (home, numbers, name of an edit) and gives pairs, its default and widest distance."""

    name: str
    program: pathlib.Path
    search: Callable
    threshold: int
    widest: int
    why: str
    # How many originals, or edits, it is asked about; 0: all.
    originals_asked: int = 0
    edits_asked: int = 0
    has_labels: bool = False

    def is_there(self):
        return self.program.exists()

    def pairs(self, home, numbers, edit):
        """-> its pairs, from what is kept if that is of the same program and as many pictures"""
        kept = home / "pairs" / self.name.replace(" ", "-").replace(",", "") / f"{edit.name}.json"
        mark = {"program": digest(self.program), "pictures": len(numbers)}
        if kept.exists():
            known = json.loads(kept.read_text())
            if known["program"] == mark["program"] and known["pictures"] >= mark["pictures"]:
                return known["pairs"]
        print(f"evaluate: {home.name}: {self.name}, {edit.name}", file=sys.stderr)
        pairs = self.search(self, home, numbers, edit)
        hashes.write(kept, json.dumps({**mark, "pairs": pairs}).encode())
        return pairs


DIGESTS = {}


def digest(program):
    if program not in DIGESTS:
        DIGESTS[program] = hashlib.sha256(program.read_bytes()).hexdigest()
    return DIGESTS[program]


def all_programs(pixtwin, limit):
    """-> the programs; `limit` is how many pictures `find` is asked about in each direction"""
    czkawka = measure.HOME / "bin" / "czkawka_cli"
    # The most that its help recommends for this size of hash, its best filter, and all turns.
    best = ["-z", "Lanczos3", "--geometric-invariance", "mirror-flip-rotate90"]
    own = {"threshold": DEFAULT, "widest": DEFAULT, "why": "its default", "has_labels": True}
    return [
        Program("pixtwin scan", pixtwin, scan, **{**own, "widest": WIDEST}),
        Program("pixtwin find, original asked", pixtwin, finder(limit, True), originals_asked=limit, **own),
        Program("pixtwin find, edit asked", pixtwin, finder(limit, False), edits_asked=limit, **own),
        Program("czkawka_cli", czkawka, czkawka_with([]), CZKAWKA_DEFAULT, CZKAWKA_WIDEST, "its default"),
        Program("czkawka_cli tuned", czkawka, czkawka_with(best), CZKAWKA_MOST, CZKAWKA_WIDEST, "Lanczos3, all turns"),
    ]


def linked(home, numbers, edit):
    """Makes folders with these originals and their edits alone, by hard links -> the folders"""
    place = home / "search" / str(len(numbers))
    ones, others = place / ORIGINALS, place / edit.name
    for number in numbers:
        link(home / ORIGINALS / f"{number:04}.png", ones)
        link(hashes.path_of_edit(home, edit, number), others)
    return ones, others


def link(path, folder):
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / path.name).exists():
        os.link(path, folder / path.name)


def number_of(path):
    return int(pathlib.PurePath(path).stem)


def czkawka_with(options):
    """-> a search with the originals as references: each edit is reported with the original nearest to it"""

    def search(self, home, numbers, edit):
        ones, others = linked(home, numbers, edit)
        with tempfile.TemporaryDirectory(prefix="pixtwin-evaluate-") as place:
            # Its cache makes the second run cheap; it is of this folder alone.
            env = {**os.environ, "HOME": place, "XDG_CACHE_HOME": place, "XDG_CONFIG_HOME": place}
            least = {}
            for most in (self.widest, self.threshold):
                out = pathlib.Path(place, "out.json")
                out.unlink(missing_ok=True)
                command = [self.program, "image", "-d", ones, "-d", others, "-r", ones, "-s", str(most), "-m", "1"]
                subprocess.run([*command, "-L", "-N", "-M", "-W", "-C", out, *options], check=True, env=env)
                for one, matches in json.loads(out.read_bytes() if out.exists() else b"[]"):
                    for match in matches:
                        key = number_of(one["path"]), number_of(match["path"])
                        least[key] = min(match["difference"], least.get(key, most))
            return [[*key, distance, None] for key, distance in sorted(least.items())]

    return search


def ran(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if done.returncode not in (0, 1):
        raise SystemExit(f"error: {command[0]} ended with {done.returncode}: {measure.last_line(done.stderr)}")
    return done.stdout


def near_options(self, ones, most):
    """-> the options of a search; the catalogue, of this build alone, keeps what all searches of this slice have seen"""
    catalogue = ones.parent / f"catalogue-{digest(self.program)[:16]}"
    return ["--tier", "similar", "--distance", str(most), "--format", "json", "--quiet", "--catalogue", catalogue]


def scan(self, home, numbers, edit):
    """One scan of both folders. A pair counts if both files stand in one group.

    Two members that are not the keeper have the larger of their distances from it: what lies between them is not
    reported. What the default distance reports goes before what the widest does.
    """
    ones, others = linked(home, numbers, edit)
    least = {}
    for most in (self.threshold, self.widest):
        for key, found in pairs_of_groups(ran([self.program, "scan", ones, others, *near_options(self, ones, most)])):
            if most == self.threshold or found[0] > self.threshold:
                least.setdefault(key, found)
    return [[*key, *found] for key, found in sorted(least.items())]


def pairs_of_groups(output):
    """-> ((number of the original, number of the edit), (distance, label)) for each pair in a group"""
    for group in outputs.near_groups(output):
        ones = [file for file in group if pathlib.PurePath(file.path).parent.name == ORIGINALS]
        others = [file for file in group if pathlib.PurePath(file.path).parent.name != ORIGINALS]
        for one in ones:
            for other in others:
                label = other.label if one.is_keeper else one.label if other.is_keeper else None
                yield (number_of(one.path), number_of(other.path)), (max(one.distance, other.distance), label)


def finder(limit, asks_original):
    """-> a search by `find`: the originals are asked about and the edits looked through, or the other way round"""

    def search(self, home, numbers, edit):
        ones, others = linked(home, numbers, edit)
        asked, looked = (ones, others) if asks_original else (others, ones)
        pictures = sorted(asked.iterdir())[:limit]
        found = {}
        for picture, match in outputs.near_matches(
            ran([self.program, "find", *pictures, "--in", looked, *near_options(self, ones, self.threshold)])
        ):
            key = number_of(picture), number_of(match.path)
            found[key if asks_original else key[::-1]] = match.distance, match.label
        return [[*key, *value] for key, value in sorted(found.items())]

    return search

"""The hashes of the programs that are libraries of Python: imagededup, ImageHash and the reference of PDQ.

Each computes its own hash from the file that all programs see. That two hashes are compared by brute force changes
nothing: all these programs compare by the number of bits that differ.
"""

import collections
import dataclasses
import json
import multiprocessing
import sys
import tempfile
import warnings

import imagehash
import numpy
import pdqhash
from PIL import Image

import use_imagededup
from evaluate import count, edits

# Below this quality a hash of PDQ says nothing, after the reference's README.
LEAST_QUALITY = 50


@dataclasses.dataclass(frozen=True)
class Method:
    """A hash, the threshold its authors give, and where they do."""

    name: str
    bits: int
    threshold: int
    why: str


METHODS = [
    Method("imagededup PHash", 64, 10, "its default"),
    Method("imagededup DHash", 64, 10, "its default"),
    Method("ImageHash phash", 64, 4, "fewer than 5 bits, the cutoff of its README"),
    Method("ImageHash dhash", 64, 4, "the same"),
    Method("ImageHash whash", 64, 4, "the same"),
    Method("PDQ", 256, 31, "the reference's, both of quality 50 or more"),
]


class Work:
    """What one process does for one picture: makes the edits that are missing, and hashes their files."""

    def __init__(self, home):
        warnings.simplefilter("ignore")
        self.home = home
        hashing = use_imagededup.load_hashes_only()
        self.dedup = [hashing.PHash(verbose=False), hashing.DHash(verbose=False)]

    def do(self, number, names):
        kept = self.home / "hashes" / f"{number:04}.json"
        known = json.loads(kept.read_text()) if kept.exists() else {}
        original = self.home / "originals" / f"{number:04}.png"
        known.setdefault("original", None)
        known["original"] = known["original"] or self.hashes_of(original)
        picture = Image.open(original)
        picture.load()
        for name in names:
            path = path_of_edit(self.home, edits.by_name()[name], number)
            if not path.exists():
                write(path, edits.by_name()[name].encoded(picture, number))
            if name not in known:
                known[name] = self.hashes_of(path)
        write(kept, json.dumps(known).encode())

    def hashes_of(self, path):
        """-> the hashes in hexadecimal, in the order of METHODS, and the quality of PDQ"""
        picture = Image.open(path).convert("RGB")
        samples = numpy.asarray(picture)
        bits, quality = pdqhash.compute(samples)
        found = [method.encode_image(image_array=samples) for method in self.dedup]
        found += [str(method(picture)) for method in (imagehash.phash, imagehash.dhash, imagehash.whash)]
        found.append(numpy.packbits(numpy.asarray(bits, numpy.uint8)).tobytes().hex())
        return {"hashes": found, "quality": int(quality)}


def path_of_edit(home, edit, number):
    return home / "edits" / edit.name / f"{number:04}.{edit.extension}"


def write(path, content):
    """Writes the whole file or none of it: a run that is ended goes on from what is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as out:
        out.write(content)
    path.parent.joinpath(out.name).rename(path)


WORK = None


def begin(home):
    global WORK
    WORK = Work(home)


def do(task):
    WORK.do(*task)
    return task[0]


def make_all(home, numbers, names, workers):
    """Makes the files of all edits and hashes them, where that is not done yet."""
    tasks = [(number, names) for number in numbers]
    with multiprocessing.Pool(workers, begin, (home,)) as pool:
        for done, number in enumerate(pool.imap_unordered(do, tasks), 1):
            if done % 20 == 0 or done == len(tasks):
                print(f"evaluate: {home.name}: {done} of {len(tasks)} pictures edited and hashed", file=sys.stderr)


class Table:
    """All hashes of a set: for each method and edit, one row of bytes a picture."""

    def __init__(self, home, numbers, names):
        self.numbers = list(numbers)
        kept = [json.loads((home / "hashes" / f"{number:04}.json").read_text()) for number in self.numbers]
        self.quality = {name: numpy.array([row[name]["quality"] for row in kept]) for name in ["original", *names]}
        self.codes = {
            (place, name): numpy.array([list(bytes.fromhex(row[name]["hashes"][place])) for row in kept], numpy.uint8)
            for place in range(len(METHODS))
            for name in ["original", *names]
        }

    def found(self, place, name, numbers):
        """-> what the method at this place finds for an edit among some of the numbers"""
        rows = numpy.array([row for row, number in enumerate(self.numbers) if number in numbers], int)
        ones, others = self.codes[place, "original"][rows], self.codes[place, name][rows]
        distances = numpy.bitwise_count(ones[:, None, :] ^ others[None, :, :]).sum(2, dtype=numpy.int32)
        if METHODS[place].name == "PDQ":
            usable = self.quality["original"][rows] >= LEAST_QUALITY
            usable = usable[:, None] & (self.quality[name][rows] >= LEAST_QUALITY)[None, :]
            distances[~usable] = METHODS[place].bits + 1
        own = distances.diagonal().copy()
        counts = numpy.bincount(distances.ravel(), minlength=METHODS[place].bits + 2)
        counts -= numpy.bincount(own, minlength=METHODS[place].bits + 2)
        reported = slice(0, METHODS[place].bits + 1)
        true = {self.numbers[row]: int(d) for row, d in zip(rows, own) if d <= METHODS[place].bits}
        false = collections.Counter({d: int(c) for d, c in enumerate(counts[reported]) if c})
        return count.Found(frozenset(numbers), frozenset(numbers), true, false)

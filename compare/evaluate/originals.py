"""Chooses the originals: distinct pictures, in an order drawn by chance, reduced to one size and written as PNG.

The list of them is kept beside them and is the same for all programs. A larger slice continues the list of a smaller.
"""

import collections
import hashlib
import json
import random
import re
import sys

import numpy
from PIL import Image, ImageFile

SEED = 7
# Longer sides are reduced to this many pixels, and pictures with a shorter side below LEAST_PX are left out.
LONGEST_PX, LEAST_PX = 768, 100
# Larger ones are left out, and counted: some drawings have 600 million pixels.
MOST_PIXELS = 60_000_000
# Two photos whose brightness, at 32 x 32, correlates more are taken for the same thing.
CORRELATION = 0.9
# Two drawings are the same if their colours, at 32 x 32, differ by less than this on average, and in no block of
# 4 x 4 by more than that. Recoloured drawings and those with another detail stay: they are other pictures.
MEAN_DIFFERENCE, BLOCK_DIFFERENCE = 2.0, 16.0
# Of files in one folder whose names differ only in their numbers one is taken, if there are more than this: openclipart
# has 1,375 stars named by their points and steps, a fifth of its files, that nobody can tell apart. Shorter series,
# such as the cards of a deck or the faces of a clock, stay: they are the pictures that are easily taken for one another.
LONGEST_SERIES = 100


class Chosen:
    """The originals of one set below a folder: `list.jsonl`, and `originals/NNNN.png`."""

    def __init__(self, home, is_photos):
        self.home, self.is_photos = home, is_photos
        self.folder = home / "originals"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.list = home / "list.jsonl"
        self.rows = [json.loads(line) for line in self.list.read_text().splitlines()] if self.list.exists() else []
        self.series = {series_of(row["file"]) for row in self.rows if row["number"] is not None}
        self.looks = [look_of(Image.open(self.path(number))) for number in self.numbers()]

    def numbers(self):
        return [row["number"] for row in self.rows if row["number"] is not None]

    def path(self, number):
        return self.folder / f"{number:04}.png"

    def extend(self, folders, paths, wanted):
        """Goes on through the pictures in their drawn order until there are so many originals."""
        order = sorted(paths, key=lambda path: name_of(path, folders))
        random.Random(SEED).shuffle(order)
        known = {row["file"] for row in self.rows}
        series = collections.Counter(series_of(name_of(path, folders)) for path in paths)
        number = len(self.numbers())
        with open(self.list, "a", encoding="utf-8") as out:
            for path in order:
                if number >= wanted:
                    return
                name = name_of(path, folders)
                if name in known:
                    continue
                is_long = not self.is_photos and series[series_of(name)] > LONGEST_SERIES
                is_another = is_long and series_of(name) in self.series
                judged = left_out("of a long series") if is_another else self.judged(path, number)
                row = {"file": name, **judged}
                if row["number"] is not None:
                    self.series.add(series_of(name))
                number += row["number"] is not None
                self.rows.append(row)
                out.write(json.dumps(row) + "\n")
                out.flush()

    def judged(self, path, number):
        """-> its row: with a number, or the reason why it has none"""
        Image.MAX_IMAGE_PIXELS = None
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            with Image.open(path) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    return left_out("too large")
                picture = on_white(picture)
        except (OSError, ValueError, SyntaxError) as cause:
            return left_out(f"cannot be decoded: {cause}")
        if min(picture.size) < LEAST_PX:
            return left_out("too small")
        if max(picture.size) > LONGEST_PX:
            picture.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS)
        look = look_of(picture)
        twin = next((other for other, known in enumerate(self.looks) if self.are_same(look, known)), None)
        if twin is not None:
            return left_out(f"like {twin:04}")
        self.looks.append(look)
        picture.save(self.path(number), compress_level=1)
        return {"number": number, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}

    def are_same(self, look, other):
        if self.is_photos:
            return correlation(look, other) > CORRELATION
        difference = abs(look - other)
        blocks = difference.reshape(8, 4, 8, 4, 3).mean((1, 3))
        return difference.mean() < MEAN_DIFFERENCE and blocks.max() < BLOCK_DIFFERENCE


def left_out(reason):
    return {"number": None, "reason": reason}


def series_of(name):
    """-> the name with its numbers left out; what has the same stands in one folder"""
    folder, slash, file = name.rpartition("/")
    return folder + slash + re.sub(r"[0-9]+", "#", file)


def name_of(path, folders):
    """-> the path from the folder it was found in, that folder's name before it"""
    folder = next(folder for folder in folders if path.is_relative_to(folder))
    return f"{folder.name}/{path.relative_to(folder)}"


def on_white(picture):
    """-> the picture in RGB of 8 bits, what is transparent on white"""
    if picture.mode in ("I", "I;16", "F"):
        picture = picture.point(lambda value: value / 256).convert("L")
    layer = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, (255,) * 4), layer).convert("RGB")


def look_of(picture):
    """-> the colours at 32 x 32: an independent look at a picture, used by none of the programs"""
    return numpy.asarray(picture.convert("RGB").resize((32, 32), Image.Resampling.BOX), numpy.float32)


def correlation(look, other):
    one, two = (centred(look), centred(other))
    return float((one * two).sum())


def centred(look):
    brightness = look.mean(2)
    brightness = brightness - brightness.mean()
    return brightness / max(1e-6, float(numpy.sqrt((brightness**2).sum())))


def report_of(chosen):
    """-> how many pictures were looked at, and why the others have no number"""
    reasons = {}
    for row in chosen.rows:
        if row["number"] is None:
            words = row["reason"].split(":")[0]
            reason = "like one chosen before" if words.startswith("like ") else words
            reasons[reason] = reasons.get(reason, 0) + 1
    print(f"evaluate: {len(chosen.numbers())} originals, left out: {reasons}", file=sys.stderr)
    return len(chosen.rows), reasons

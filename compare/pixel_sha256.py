#!/usr/bin/env python3
"""Hashes the decoded pixels of every file, as the image collection Hydrus does, as a peer to measure against.

    python3 pixel_sha256.py FOLDER...

Hydrus brings a picture to 8 bits with Pillow, drops an alpha channel that is opaque everywhere, and takes SHA-256 of
the bytes of the array, without width and height. Here grey becomes RGB, so that the same colours have the same bytes.
Two steps of Hydrus are left out, in its favour, for by them pictures that differ in metadata alone would differ: it
turns pictures as EXIF says, and converts colour profiles to sRGB. The first frame stands for an animation.
One process for each processor. A file that cannot be decoded is left out. Prints one JSON array of paths a group.
"""

import hashlib
import json
import multiprocessing
import os
import sys
import warnings

import numpy as np
from PIL import Image

from walk import files

# Pillow warns of damage on standard error, and refuses very large pictures, which the others read.
warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None

SIXTEEN_BIT = ("I", "I;16", "I;16L", "I;16B", "I;16N")


def pixel_hash(path):
    """-> SHA-256 and the path, or None and the path of a file that Pillow cannot decode"""
    try:
        with Image.open(path) as picture:
            return hashlib.sha256(np.ascontiguousarray(pixels(picture))).digest(), path
    except Exception:
        return None, path


def pixels(picture):
    """-> 8-bit RGB, or RGBA if any pixel is not opaque"""
    if picture.mode in SIXTEEN_BIT:
        grey = np.asarray(picture).astype(np.uint32) >> 8
        return np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("RGB"))
    with_alpha = np.asarray(picture.convert("RGBA"))
    return with_alpha[:, :, :3] if (with_alpha[:, :, 3] == 255).all() else with_alpha


def main():
    groups = {}
    with multiprocessing.Pool() as pool:
        for digest, path in pool.imap_unordered(pixel_hash, sorted(files(sys.argv[1:])), chunksize=16):
            if digest is not None:
                groups.setdefault(digest, []).append(os.fsdecode(path))
    for group in groups.values():
        if len(group) > 1:
            print(json.dumps(group))


if __name__ == "__main__":
    main()

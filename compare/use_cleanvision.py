#!/usr/bin/env python3
"""Runs CleanVision's search for exact duplicates on a folder, and prints one JSON array of paths a set.

    python3 use_cleanvision.py FOLDER

Given a folder, CleanVision takes files of some extensions only and ends at the first that it cannot decode. So it is
given the files, and for one that cannot be decoded a picture that no other file has.
"""

import hashlib
import json
import os
import sys
import warnings

from cleanvision import Imagelab
from cleanvision.dataset.fsspec_dataset import FSDataset
from PIL import Image

from walk import files

# Pillow warns of damage on standard error, and refuses very large pictures, which the others read.
warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None
open_picture = FSDataset.__getitem__


def picture_or_stand_in(dataset, path):
    try:
        return open_picture(dataset, path)
    except Exception:
        return Image.frombytes("L", (32, 1), hashlib.sha256(os.fsencode(path)).digest())


def main():
    # CleanVision talks on standard output.
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    FSDataset.__getitem__ = picture_or_stand_in
    lab = Imagelab(filepaths=sorted(map(os.fsdecode, files(sys.argv[1:]))), verbose=False)
    lab.find_issues({"exact_duplicates": {}}, n_jobs=os.cpu_count(), verbose=False)
    for paths in lab.info["exact_duplicates"]["sets"]:
        print(json.dumps(paths), file=results)
    results.close()


if __name__ == "__main__":
    main()

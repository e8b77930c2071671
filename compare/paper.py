#!/usr/bin/env python3
"""The program of a paper, written anew from its description, as a peer to measure against.

    mpirun -n 2 python3 paper.py FOLDER...

W. Klemkosky, "Detecting Duplicate Images using MPI and Python" (2021): the root process hashes the decoded pixels, the
numpy array of the picture, with SHA-1 and sends the hash to its workers over MPI; every worker hashes the pictures of
its share and compares. Here every rank hashes the pictures of its static share, and the root groups equal hashes, so
that it answers the question `scan` answers. Two faults are mended, without which it does not end or loses files: the
root sends nothing to itself, and the files left over by an uneven split belong to a share. A file that cannot be
decoded is left out instead of ending the job. Prints one JSON array of paths for each group.
"""

import hashlib
import json
import os
import sys
import warnings

import numpy as np
from mpi4py import MPI
from PIL import Image

from walk import files

# Pillow warns of damage on standard error, and refuses very large pictures, which the others read.
warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None


def pixel_hash(path):
    """SHA-1 of the array alone, as described: size, mode and palette are not in it."""
    try:
        with Image.open(path) as picture:
            return hashlib.sha1(np.array(picture)).digest()
    except Exception:
        return None


def main():
    world = MPI.COMM_WORLD
    rank, ranks = world.Get_rank(), world.Get_size()
    shares = None
    if rank == 0:
        paths = sorted(files(sys.argv[1:]))
        shares = [paths[len(paths) * i // ranks : len(paths) * (i + 1) // ranks] for i in range(ranks)]
    share = world.scatter(shares, root=0)
    hashes = world.gather([(pixel_hash(path), path) for path in share], root=0)
    if rank != 0:
        return
    groups = {}
    for part in hashes:
        for digest, path in part:
            if digest is not None:
                groups.setdefault(digest, []).append(os.fsdecode(path))
    for group in groups.values():
        if len(group) > 1:
            print(json.dumps(group))


if __name__ == "__main__":
    main()

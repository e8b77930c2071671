#!/usr/bin/env python3
"""Runs imagededup on a folder, and prints one JSON array of paths for each file with duplicates.

    python3 use_imagededup.py FOLDER [METHOD DISTANCE WORKERS]

METHOD is a class of it, such as PHash, with the distance that is still a duplicate. Without one, DHash at distance 0: the
difference hash is what its authors recommend for exact duplicates, as the fastest; distance 0 is the most exact.
Its packages also load a neural network, and gigabytes of PyTorch for it. Only the hashes are loaded here.
"""

import importlib.util
import json
import os
import sys
import types
import warnings

from PIL import Image

# Pillow warns of damage on standard error, and refuses very large pictures, which the others read.
warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None


def load_hashes_only():
    """-> the module with the classes DHash and PHash, without what the packages around it load besides"""
    folders = importlib.util.find_spec("imagededup").submodule_search_locations
    for name in ("methods", "utils"):
        package = types.ModuleType(f"imagededup.{name}")
        package.__path__ = [os.path.join(folder, name) for folder in folders]
        sys.modules[package.__name__] = package
    return importlib.import_module("imagededup.methods.hashing")


def main():
    folder, *more = sys.argv[1:]
    method, distance, workers = more or ("DHash", 0, os.cpu_count())
    hasher = getattr(load_hashes_only(), method)(verbose=False)
    hashes = hasher.encode_images(image_dir=folder, recursive=True, num_enc_workers=int(workers))
    duplicates = hasher.find_duplicates(
        encoding_map=hashes, max_distance_threshold=int(distance), num_dist_workers=int(workers)
    )
    for name, others in duplicates.items():
        if others:
            print(json.dumps([os.path.join(folder, path) for path in (name, *others)]))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Runs imagededup on a folder, and prints one JSON array of paths for each file with duplicates.

    python3 use_imagededup.py FOLDER

The difference hash is what its authors recommend for exact duplicates, as the fastest; distance 0 is the most exact.
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
    """-> the class DHash, without what the packages around it load besides"""
    folders = importlib.util.find_spec("imagededup").submodule_search_locations
    for name in ("methods", "utils"):
        package = types.ModuleType(f"imagededup.{name}")
        package.__path__ = [os.path.join(folder, name) for folder in folders]
        sys.modules[package.__name__] = package
    return importlib.import_module("imagededup.methods.hashing").DHash


def main():
    folder, workers = sys.argv[1], os.cpu_count()
    hasher = load_hashes_only()(verbose=False)
    hashes = hasher.encode_images(image_dir=folder, recursive=True, num_enc_workers=workers)
    duplicates = hasher.find_duplicates(encoding_map=hashes, max_distance_threshold=0, num_dist_workers=workers)
    for name, others in duplicates.items():
        if others:
            print(json.dumps([os.path.join(folder, path) for path in (name, *others)]))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Runs difPy on folders, and prints one JSON array of paths for each of its results.

    python3 use_difpy.py FOLDER...

Only pictures of equal size match, and only as they lie: without this, a turned picture would be a match.
"""

import json
import os
import sys

import difPy


def main():
    # difPy names unreadable files on standard output, also from its workers.
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    processes = os.cpu_count()
    pictures = difPy.build(
        *sys.argv[1:], recursive=True, limit_extensions=False, show_progress=False, processes=processes
    )
    search = difPy.search(
        pictures, similarity="duplicates", rotate=False, same_dim=True, show_progress=False, processes=processes
    )
    for path, matches in search.result.items():
        print(json.dumps([str(path), *(str(match[0]) for match in matches)]), file=results)
    results.close()


if __name__ == "__main__":
    main()

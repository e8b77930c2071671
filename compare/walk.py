"""The files that the programs look at: regular ones, neither hidden nor behind a symbolic link."""

import os


def files(folders):
    """-> paths as bytes, in no order; what the programs leave out by default is left out here too."""
    for folder in folders:
        for parent, folders_here, names in os.walk(os.fsencode(folder)):
            folders_here[:] = [name for name in folders_here if not name.startswith(b".")]
            for name in names:
                path = os.path.join(parent, name)
                if not name.startswith(b".") and os.path.isfile(path) and not os.path.islink(path):
                    yield path

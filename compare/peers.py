"""The programs, each in its best configuration; README.md says why these options."""

import dataclasses
import os
import pathlib
import re
import shlex
import subprocess
from collections.abc import Callable

import outputs
from measure import HERE, HOME

# In a command: the library, the picture looked for, and a file for results that a program does not print.
LIBRARY, PICTURE, RESULTS = "LIBRARY", "PICTURE", "RESULTS"
RANKS = os.cpu_count()


@dataclasses.dataclass(frozen=True)
class Peer:
    """A program: how to run it, what reads its output (none: it only has to run), and what must be there."""

    name: str
    command: tuple
    groups: Callable = None
    # What a search found, in a few words; without it, the last line of the output.
    says: Callable = None
    version: tuple = ()
    # Files, or programs of the PATH.
    needs: tuple = ()
    good_exits: tuple = (0,)
    # Its peak is that of the largest of several processes.
    has_workers: bool = False

    def words(self, places):
        """-> the command with what stands for LIBRARY and so on"""
        return [str(places.get(word, word)) for word in self.command]

    def line(self, root):
        """-> the command as it stands in a report"""
        return shlex.join(below(root, str(word)) for word in self.command)

    def is_installed(self):
        return all(map(is_there, (self.command[0], *self.needs)))

    def version_text(self):
        """-> the first number with dots that its version command prints"""
        if not self.version:
            return ""
        try:
            done = subprocess.run([str(word) for word in self.version], capture_output=True, text=True, check=False)
        except OSError:
            return ""
        found = re.search(r"\d+(\.\d+)+[\w.]*", done.stdout + done.stderr)
        return found[0] if found else ""


def below(root, word):
    """-> a path as seen from the root, or its name alone if it lies elsewhere; other words as they are"""
    if not os.path.isabs(word):
        return word
    path = pathlib.Path(word)
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name


def is_there(program):
    if os.sep in str(program):
        return pathlib.Path(program).exists()
    return any(os.access(os.path.join(folder, program), os.X_OK) for folder in os.get_exec_path())


def scanners(pixtwin):
    """-> those that find all groups of a library"""
    return [
        # 3: done, but some files could not be read.
        Peer(
            "pixtwin",
            (pixtwin, "scan", "--no-catalogue", "--format", "json", LIBRARY),
            outputs.pixtwin,
            version=(pixtwin, "--version"),
            good_exits=(0, 3),
        ),
        *byte_comparers(),
        czkawka(),
        Peer(
            "findimagedupes",
            ("findimagedupes", "-R", "-q", "-q", "-t", "0b", "-i", NULL_SEPARATED_VIEW, LIBRARY),
            outputs.null_separated,
            version=("findimagedupes", "--version"),
        ),
        python_peer("imagededup", "imagededup", "use_imagededup.py"),
        python_peer("difPy", "difpy", "use_difpy.py"),
        python_peer("CleanVision", "cleanvision", "use_cleanvision.py"),
        python_peer("pixel SHA-256", "venv", "pixel_sha256.py", package="pillow"),
        paper(),
    ]


def byte_comparers():
    return [
        Peer(
            "fclones",
            (HOME / "bin" / "fclones", "--quiet", "group", "--format", "json", "--no-ignore", LIBRARY),
            outputs.fclones,
            version=(HOME / "bin" / "fclones", "--version"),
        ),
        Peer("jdupes", ("jdupes", "-r", "-A", "-q", "-0", LIBRARY), outputs.null_separated, version=("jdupes", "-v")),
        Peer(
            "rmlint",
            ("rmlint", "-T", "df", "-s", "1", "-F", "-o", "json:stdout", LIBRARY),
            outputs.rmlint,
            version=("rmlint", "--version"),
        ),
    ]


def czkawka():
    program = HOME / "bin" / "czkawka_cli"
    return Peer(
        "czkawka_cli",
        (program, "image", "-d", LIBRARY, "-s", "0", "-c", "64", "-m", "1", "-H", "-N", "-M", "-W", "-C", RESULTS),
        outputs.czkawka,
        version=(program, "--version"),
    )


# findimagedupes hands each group to this function of a shell script.
NULL_SEPARATED_VIEW = r"""VIEW() { printf '%s\0' "$@"; printf '\0'; }"""


def python_peer(name, environment, script, package=None):
    home = HOME / environment
    python = home / "bin" / "python3"
    return Peer(
        name,
        (python, HERE / script, LIBRARY),
        outputs.json_lines,
        version=python_version(python, package or name),
        # Written at the end of the installation.
        needs=(home / "complete",),
        has_workers=True,
    )


def python_version(python, package):
    return (python, "-c", "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))", package)


def paper():
    python = HOME / "venv" / "bin" / "python3"
    return Peer(
        "paper",
        ("mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(RANKS), python, HERE / "paper.py", LIBRARY),
        outputs.json_lines,
        version=python_version(python, "mpi4py"),
        needs=(HOME / "venv" / "complete",),
        has_workers=True,
    )


def finders(pixtwin, versus):
    """-> those that look for one picture; `versus` has pairs of a name and a command with LIBRARY and PICTURE in it"""
    command = (pixtwin, "find", PICTURE, "--in", LIBRARY, "--no-catalogue", "--format", "json")
    # 1: there is no twin.
    own = Peer("pixtwin find", command, says=outputs.pixtwin_twins, good_exits=(0, 1, 3))
    return [own, *(Peer(name, tuple(words_of(command))) for name, command in versus)]


def words_of(command):
    """-> the words, a program named by its path with the whole of it: it will run in another folder"""
    program, *rest = shlex.split(command)
    return [str(pathlib.Path(program).resolve()) if os.sep in program else program, *rest]

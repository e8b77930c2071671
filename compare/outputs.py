"""What each program prints, read into groups: lists of paths."""

import base64
import dataclasses
import json
import os


def pixtwin(output):
    for line in output.splitlines():
        entry = json.loads(line)
        if entry["type"] == "group":
            yield [pixtwin_path(file["path"]) for file in entry["files"]]


def pixtwin_path(path):
    return path["text"] if "text" in path else os.fsdecode(base64.b64decode(path["bytes"]))


def pixtwin_twins(output):
    """-> what a search for one picture found, in words"""
    entries = (json.loads(line) for line in output.splitlines())
    matches = next(entry["matches"] for entry in entries if entry["type"] == "summary")
    return "1 twin" if matches == 1 else f"{matches} twins"


@dataclasses.dataclass(frozen=True)
class NearFile:
    """A file that a search for near duplicates reports: how far it is from the keeper or the picture asked about."""

    path: str
    distance: int = 0
    label: str = None
    is_keeper: bool = False


def near_file(entry, is_keeper=False):
    return NearFile(pixtwin_path(entry["path"]), entry.get("distance") or 0, entry.get("label"), is_keeper)


def near_groups(output):
    """-> the groups of a scan for near duplicates, each a list of files, its keeper first"""
    for line in output.splitlines():
        entry = json.loads(line)
        if entry["type"] == "group":
            yield [near_file(file, place == 0) for place, file in enumerate(entry["files"])]


def near_matches(output):
    """-> (the picture asked about, the file found) for each match of a search for near duplicates"""
    for line in output.splitlines():
        entry = json.loads(line)
        if entry["type"] == "match":
            yield pixtwin_path(entry["query"]), near_file(entry)


def fclones(output):
    for group in json.loads(output)["groups"]:
        yield group["files"]


def rmlint(output):
    """One array of objects; a file that others repeat is the original, and those that repeat it come after it."""
    group = []
    for entry in json.loads(output):
        if entry.get("type") != "duplicate_file":
            continue
        if entry["is_original"]:
            yield from several(group)
            group = []
        group.append(entry["path"])
    yield from several(group)


def several(group):
    if len(group) > 1:
        yield group


def czkawka(output):
    """An array of arrays of objects; nothing at all when nothing was found."""
    for group in json.loads(output or b"[]"):
        yield [file["path"] for file in group]


def json_lines(output):
    """One array of paths a line: what the programs of this folder print."""
    for line in output.splitlines():
        yield json.loads(line)


def null_separated(output):
    """Every path ends in a null byte, and every group in one more."""
    for group in output.split(b"\0\0"):
        if group.strip(b"\0"):
            yield [os.fsdecode(path) for path in group.strip(b"\0").split(b"\0")]

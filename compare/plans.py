"""Writes plans for `pixtwin apply` by a report of `pixtwin scan --format json`; docs/plan-format.md says what they are."""

import base64
import json
import os
import pathlib
import socket


def path_of(name):
    """-> the path of a name in a report"""
    return os.fsdecode(name["text"].encode() if "text" in name else base64.b64decode(name["bytes"]))


def write(report, root, keeps, plan):
    """Of each group, files for which `keeps` is true stay, and all others go -> how many go"""
    header = {"type": "plan", "version": 1, "host": socket.gethostname(), "made": "2026-01-01T00:00:00Z"}
    lines = [{**header, "roots": [{"text": str(root)}], "rules": []}]
    groups = (line for line in map(json.loads, report.splitlines()) if line["type"] == "group")
    for number, group in enumerate(groups, 1):
        tier = "bytes" if all(file["proof"] == "bytes" for file in group["files"]) else "pixels"
        lines.append({"type": "group", "group": number, "tier": tier})
        for file in group["files"]:
            path = path_of(file["path"])
            state = os.lstat(path)
            lines.append({
                "type": "file", "group": number, "do": "keep" if keeps(path) else "remove", "path": file["path"],
                "device": state.st_dev, "inode": state.st_ino, "size": state.st_size,
                "modified_ns": state.st_mtime_ns, "changed_ns": state.st_ctime_ns, "blake3": None, "reason": "by a script",
            })  # fmt: skip
    lines.append({"type": "end"})
    pathlib.Path(plan).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return sum(line.get("do") == "remove" for line in lines)

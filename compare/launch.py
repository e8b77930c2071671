#!/usr/bin/env python3
"""Runs one command and prints what it took, as one JSON object.

    python3 -I -S launch.py LIMIT_SECONDS warm|cold STDOUT STDERR COMMAND...

A program of its own, and a small one: the kernel counts the process that starts a program in the program's peak.
`cold` empties the page cache first, which needs root. A command over the limit is ended with all that it started.
"""

import json
import os
import select
import signal
import sys
import time

DROP_CACHES = "/proc/sys/vm/drop_caches"
SECONDS_TO_END = 5


def drop_caches():
    """Empties the caches of pages, folders and inodes."""
    os.sync()
    with open(DROP_CACHES, "w", encoding="ascii") as file:
        file.write("3\n")


def run(limit_s, cache, stdout, stderr, command):
    """-> what it took: peak_bytes of the largest process, read_bytes by system calls; exit is null over the limit"""
    outputs = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, stderr, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
    ]
    if cache == "cold":
        drop_caches()
    start = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=outputs, setsid=True)
    ended = wait(pid, limit_s)
    wall_s = time.monotonic() - start
    if not ended:
        end_session(pid)
        wait(pid, None)
    # The process is a zombie now: its counts hold those of all children it waited for.
    counts = io_counts(pid)
    _, status, usage = os.wait4(pid, 0)
    return {
        "wall_s": wall_s,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
        "read_bytes": counts["rchar"],
        "disk_bytes": counts["read_bytes"],
        "exit": os.waitstatus_to_exitcode(status) if ended else None,
    }


def wait(pid, limit_s):
    """Did the process end within the limit? It is left as a zombie."""
    descriptor = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(None if limit_s is None else limit_s * 1000))
    finally:
        os.close(descriptor)


def io_counts(pid):
    """-> the counts of /proc/PID/io"""
    with open(f"/proc/{pid}/io", encoding="ascii") as lines:
        return {name: int(count) for name, count in (line.split(": ") for line in lines)}


def end_session(leader):
    """Ends every process of the session; mpirun gives its ranks process groups of their own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in session_members(leader):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        if number == signal.SIGTERM:
            wait(leader, SECONDS_TO_END)


def session_members(leader):
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.getsid(int(name)) == leader:
                    yield int(name)
            except ProcessLookupError:
                pass


def main():
    limit_s, cache, stdout, stderr, *command = sys.argv[1:]
    print(json.dumps(run(float(limit_s), cache, stdout, stderr, command)))


if __name__ == "__main__":
    main()

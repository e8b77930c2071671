"""What a report says of the machine and of the libraries."""

import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import launch


def summary():
    """-> one sentence"""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return (
        f"{time.strftime('%Y-%m-%d')}, {platform.system()} {platform.release()} {platform.machine()}, "
        f"{os.cpu_count()} processors ({processor()}), {memory / 1e9:.0f} GB of memory, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the start."
    )


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def file_system(folder):
    """-> the type of the file system that holds the folder"""
    done = subprocess.run(["df", "--output=fstype", str(folder)], capture_output=True, text=True, check=False)
    return done.stdout.split()[-1] if done.stdout else "unknown"


def least_peak_bytes():
    """-> the peak of a program that needs next to none: less cannot be seen, for the launcher is counted too"""
    script = [sys.executable, "-I", "-S", launch.__file__, "10", "warm", os.devnull, os.devnull, "true"]
    done = subprocess.run(script, capture_output=True, check=True)
    return json.loads(done.stdout)["peak_bytes"]


def library_size(library):
    """-> files, bytes"""
    count = size = 0
    for parent, _, names in os.walk(library):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.isfile(path) and not os.path.islink(path):
                count, size = count + 1, size + os.path.getsize(path)
    return count, size

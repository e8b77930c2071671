"""Where pictures come from: folders that the user names, or Debian packages of a stated version and checksum."""

import hashlib
import pathlib
import re
import subprocess
import sys

EXTENSIONS = {".jpg", ".jpeg", ".png", ".webp"}

# Name, version and SHA-256 of the package, as Debian 12 has them.
PHOTO_PACKAGES = [
    ("lomiri-wallpapers-16.04", "20.04.0-2", "a99ff6a3bfe451e4cc0682ecb3cc82e71740626d59e4845ae34a0a0e45421eab"),
    ("lomiri-wallpapers-20.04", "20.04.0-2", "d44e89b8473aafe64a5b678f014862dc31335aaaf18665c544d985d854f1a709"),
    ("ukui-wallpapers", "20.04.3-1.1", "6d49be70152e6d603163458e177e501deb0be8f2916389ccbfcf59b0d7fc0262"),
    ("gnome-backgrounds", "43.1-1", "a670dea21572652127d6e55f9cdb3a226d0037854fdbfd037003c7d00ee0dc4e"),
    ("mate-backgrounds", "1.26.0-1", "7bf4c2209f34b4f61ba6d24c8b58c28b361e82e4b943aae6d42c030169af9e04"),
    ("plasma-workspace-wallpapers", "4:5.27.5-2", "32cd18b71c8c938a18b3b351f217c02ac590e323caa3cf322fbb875ce8892f8b"),
]
DRAWING_PACKAGES = [
    ("openclipart-png", "1:0.18+dfsg-19", "f07f1545a2970c2cf3fa339bc2405da1a95cf2b1827bfa05bf73eb1c20291c02"),
]


def pictures(folder):
    """-> the paths of all pictures below a folder, in the order of their names; of one that a folder holds in several
    sizes, as files named 1920x1080 and so on, only the largest"""
    found, sized = [], {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in EXTENSIONS or path.is_symlink() or not path.is_file():
            continue
        size = re.fullmatch(r"(\d+)x(\d+)", path.stem)
        if not size:
            found.append(path)
            continue
        area = int(size[1]) * int(size[2])
        # Wallpapers of Plasma: contents/images and contents/images_dark are two pictures.
        sized[path.parent] = max(sized.get(path.parent, (0, path)), (area, path))
    return sorted([*found, *(path for _, path in sized.values())])


def unpacked(packages, home):
    """Downloads and unpacks packages below `home`, saying so -> `home`"""
    home.mkdir(parents=True, exist_ok=True)
    for name, version, digest in packages:
        folder = home / name
        if (folder / ".complete").exists():
            continue
        print(f"evaluate: downloading the Debian package {name} {version}", file=sys.stderr)
        subprocess.run(["apt-get", "download", f"{name}={version}"], cwd=home, check=True, stdout=sys.stderr)
        archive = next(home.glob(f"{name}_*.deb"))
        if hashlib.sha256(archive.read_bytes()).hexdigest() != digest:
            raise SystemExit(f"error: {archive.name} is not the file that was measured: its SHA-256 is another")
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
        archive.unlink()
        (folder / ".complete").touch()
    return pathlib.Path(home)

"""Where the evaluation stands: in one section of a file, whose other sections are left alone."""

import re

HEAD = "## Edits"


def put(path, text):
    """Writes the section into the file in place of an earlier one, or at its end."""
    before = path.read_text(encoding="utf-8") if path.exists() else "# Accuracy\n"
    pattern = re.compile(rf"^{HEAD}$.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    section = text.rstrip("\n") + "\n"
    if pattern.search(before):
        after = pattern.sub(lambda _: section + "\n", before).rstrip("\n") + "\n"
    else:
        after = before.rstrip("\n") + "\n\n" + section
    path.write_text(after, encoding="utf-8")


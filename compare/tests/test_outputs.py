"""What the programs print, as their versions of README.md print it."""

import base64
import json
import os
import unittest

import outputs


class Outputs(unittest.TestCase):
    def found(self, read, output):
        return [list(group) for group in read(output)]

    def test_pixtwin_names_paths_as_text_or_bytes(self):
        odd = base64.b64encode(b"/\xff.png").decode()
        lines = [
            {"type": "group", "files": [{"path": {"text": "/a b.png"}}, {"path": {"bytes": odd}}]},
            {"type": "summary"},
        ]
        output = "".join(json.dumps(line) + "\n" for line in lines).encode()
        self.assertEqual(self.found(outputs.pixtwin, output), [["/a b.png", os.fsdecode(b"/\xff.png")]])

    def test_a_search_of_pixtwin_is_told_in_words(self):
        for matches, words in ((0, "0 twins"), (1, "1 twin"), (2, "2 twins")):
            lines = [{"type": "match"}] * matches + [{"type": "summary", "matches": matches}]
            self.assertEqual(outputs.pixtwin_twins("\n".join(map(json.dumps, lines)).encode()), words)

    def test_fclones(self):
        self.assertEqual(self.found(outputs.fclones, b'{"header":{},"groups":[{"files":["/a","/b"]}]}'), [["/a", "/b"]])

    def test_rmlint_begins_a_group_with_its_original(self):
        entries = [{"description": "rmlint json-dump of lint files"}]
        for path, is_original in (("/a", True), ("/b", False), ("/c", True), ("/d", False), ("/e", False)):
            entries.append({"type": "duplicate_file", "path": path, "is_original": is_original})
        entries.append({"aborted": False, "duplicates": 3})
        output = json.dumps(entries).encode()
        self.assertEqual(self.found(outputs.rmlint, output), [["/a", "/b"], ["/c", "/d", "/e"]])
        self.assertEqual(self.found(outputs.rmlint, b"[{}, {}]"), [])

    def test_czkawka_writes_nothing_when_it_finds_nothing(self):
        self.assertEqual(self.found(outputs.czkawka, b""), [])
        self.assertEqual(self.found(outputs.czkawka, b'[[{"path":"/a"},{"path":"/b"}]]'), [["/a", "/b"]])

    def test_null_separated_names_may_hold_anything_else(self):
        names = ["/a b", '/it\'s "$x"\n', os.fsdecode(b"/\xff")]
        output = b"\0".join(os.fsencode(name) for name in names) + b"\0\0" + b"/c\0/d\0\0"
        self.assertEqual(self.found(outputs.null_separated, output), [names, ["/c", "/d"]])
        self.assertEqual(self.found(outputs.null_separated, b""), [])
        self.assertEqual(self.found(outputs.null_separated, b"\0"), [])

    def test_json_lines(self):
        self.assertEqual(self.found(outputs.json_lines, b'["/a", "/b"]\n["/c", "/d"]\n'), [["/a", "/b"], ["/c", "/d"]])


if __name__ == "__main__":
    unittest.main()

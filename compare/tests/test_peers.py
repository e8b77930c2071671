"""The commands that are run, and how a report shows them."""

import pathlib
import unittest

import measure
import peers


class Peers(unittest.TestCase):
    def test_words_stand_for_places(self):
        peer = peers.Peer("a", ("/bin/a", "-x", "LIBRARY"))
        self.assertEqual(peer.words({"LIBRARY": pathlib.Path("/pictures")}), ["/bin/a", "-x", "/pictures"])

    def test_a_report_names_no_folder_of_this_machine(self):
        root = pathlib.Path("/home/me/pixtwin")
        peer = peers.Peer("a", ("/elsewhere/bin/a", root / "compare" / "a.py", "two words", "LIBRARY"))
        self.assertEqual(peer.line(root), "a compare/a.py 'two words' LIBRARY")

    def test_a_program_that_is_not_there_is_not_installed(self):
        self.assertTrue(peers.Peer("a", ("sh",)).is_installed())
        self.assertFalse(peers.Peer("a", ("no-such-program",)).is_installed())
        self.assertFalse(peers.Peer("a", ("sh",), needs=(pathlib.Path("/no/such/mark"),)).is_installed())

    def test_the_first_number_with_dots_is_the_version(self):
        printed = ("sh", "-c", "echo 'program 64-bit, version 2.9.0rc1 (of 2023.1)' >&2")
        self.assertEqual(peers.Peer("a", ("a",), version=printed).version_text(), "2.9.0rc1")
        self.assertEqual(peers.Peer("a", ("a",), version=("/no/such/program",)).version_text(), "")

    def test_a_command_beside_a_search_is_found_from_any_folder(self):
        own, other = peers.finders("/bin/pixtwin", [("walk", "./walk 'a b' LIBRARY")])
        self.assertEqual(own.command[1:4], ("find", "PICTURE", "--in"))
        self.assertEqual(other.command, (str(pathlib.Path("walk").resolve()), "a b", "LIBRARY"))

    def test_every_program_is_told_the_library_once_and_has_its_own_name(self):
        all_of_them = peers.scanners("/bin/pixtwin")
        self.assertEqual(len({peer.name for peer in all_of_them}), 11)
        for peer in all_of_them:
            self.assertEqual(peer.command.count(peers.LIBRARY), 1, peer.name)
            self.assertTrue(peer.version, peer.name)
        self.assertTrue(all((measure.HERE / name).is_file() for name in ("paper.py", "use_difpy.py")))


if __name__ == "__main__":
    unittest.main()

"""Running commands: figures, limits, failures, rounds. Linux only, as the launcher is."""

import os
import pathlib
import sys
import tempfile
import unittest

import launch
import measure
import outputs
from peers import Peer

PYTHON = (sys.executable, "-I", "-S", "-c")
PLAN = measure.Plan(runs=2, slow_runs=1, limit_s=60, cache="warm")
PRINT_PAIR = """import sys; print('["/a", "/b"]')"""


@unittest.skipUnless(sys.platform == "linux", "reads /proc")
class Measure(unittest.TestCase):
    def setUp(self):
        kept = os.dup(2)
        self.addCleanup(os.close, kept)
        self.addCleanup(os.dup2, kept, 2)
        with open(os.devnull, "w", encoding="ascii") as nowhere:
            os.dup2(nowhere.fileno(), 2)

    def measured(self, *peers, plan=PLAN):
        return measure.measure_all(peers, {"LIBRARY": "/nowhere"}, plan)

    def test_a_warm_up_is_not_counted(self):
        result = self.measured(Peer("pair", (*PYTHON, PRINT_PAIR), outputs.json_lines))["pair"]
        self.assertEqual((len(result.runs), result.groups, result.reason), (2, [["/a", "/b"]], None))

    def test_what_children_read_is_counted(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(bytes(3_000_000))
            file.flush()
            child = f"import os; p = os.fork()\nif p: os.wait()\nelse: open({file.name!r}, 'rb').read()"
            run = self.measured(Peer("reader", (*PYTHON, child)))["reader"].runs[0]
        self.assertGreaterEqual(run.read_bytes, 3_000_000)
        self.assertLess(run.read_bytes, 6_000_000)

    def test_a_failure_is_named_and_not_tried_again(self):
        with tempfile.TemporaryDirectory() as folder:
            count = pathlib.Path(folder, "count")
            script = f"import sys; open({str(count)!r}, 'a').write('x'); sys.exit('disk | is gone')"
            result = self.measured(Peer("broken", (*PYTHON, script), outputs.json_lines))["broken"]
            self.assertEqual(count.read_text(encoding="ascii"), "x")
        self.assertEqual((result.runs, result.reason), ([], "failed: exit code 1: disk | is gone"))

    def test_output_that_cannot_be_read_is_a_failure(self):
        result = self.measured(Peer("odd", (*PYTHON, "print('[')"), outputs.json_lines))["odd"]
        self.assertTrue(result.reason.startswith("failed: "), result.reason)

    def test_a_program_that_is_not_there_is_a_failure(self):
        result = self.measured(Peer("gone", ("/nowhere/program",)))["gone"]
        self.assertTrue(result.reason.startswith("failed: "), result.reason)

    def test_over_the_limit_all_of_a_program_ends(self):
        with tempfile.TemporaryDirectory() as folder:
            pid_file = pathlib.Path(folder, "pid")
            # The child leaves the process group, as the ranks of mpirun do, and does not heed SIGTERM.
            script = (
                "import os, signal, time\nif os.fork() == 0:\n"
                " os.setpgid(0, 0); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                f" open({str(pid_file)!r}, 'w').write(str(os.getpid()))\nwhile True: time.sleep(60)"
            )
            limited = measure.Plan(runs=5, slow_runs=5, limit_s=5, cache="warm")
            result = self.measured(Peer("endless", (*PYTHON, script)), plan=limited)["endless"]
            self.assertEqual((result.runs, result.reason), ([], "> 5 s"))
            self.assertTrue(has_ended(int(pid_file.read_text(encoding="ascii"))))

    def test_results_may_come_in_a_file(self):
        script = """import sys; open(sys.argv[1], 'w').write('["/c", "/d"]'); print('done')"""
        result = self.measured(Peer("file", (*PYTHON, script, "RESULTS"), outputs.json_lines))["file"]
        self.assertEqual(result.groups, [["/c", "/d"]])

    def test_what_failed_before_is_left_out(self):
        earlier = {"pair": measure.Result(reason="> 600 s")}
        peer = Peer("pair", (*PYTHON, PRINT_PAIR), outputs.json_lines)
        result = measure.measure_all([peer], {"LIBRARY": "/nowhere"}, PLAN, earlier)["pair"]
        self.assertEqual((result.runs, result.reason), ([], "> 600 s"))

    def test_a_slow_program_has_fewer_runs(self):
        self.assertEqual(PLAN.runs_of(measure.Result(is_slow=True)), 1)
        self.assertEqual(PLAN.runs_of(measure.Result()), 2)


def has_ended(pid):
    """Is the process gone, or going within ten seconds?"""
    try:
        return launch.wait(pid, 10)
    except ProcessLookupError:
        return True


class Launch(unittest.TestCase):
    def test_the_members_of_a_session_are_its_own(self):
        self.assertIn(os.getpid(), list(launch.session_members(os.getsid(0))))


if __name__ == "__main__":
    unittest.main()

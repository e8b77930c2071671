"""Runs the programs in turn and keeps what each run took."""

import collections
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import launch
import truth

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
HOME = ROOT / "target" / "compare"
# A warm-up that takes longer makes a program a slow one, with `--slow-runs` runs.
SLOW_S = 60

Run = collections.namedtuple("Run", "wall_s cpu_s peak_bytes read_bytes disk_bytes")


class Failed(Exception):
    """The program ended with an error, or its output cannot be read."""


class OverLimit(Exception):
    """The program was ended because it ran too long."""


@dataclasses.dataclass
class Result:
    """What the runs of one program came to; `reason` says why there are none."""

    runs: list = dataclasses.field(default_factory=list)
    groups: list = None
    says: str = ""
    reason: str = None
    is_slow: bool = False


@dataclasses.dataclass(frozen=True)
class Plan:
    """How often and how long to run; `cache` is "warm" or "cold"."""

    runs: int
    slow_runs: int
    limit_s: float
    cache: str

    def runs_of(self, result):
        return min(self.runs, self.slow_runs) if result.is_slow else self.runs


def may_drop_caches():
    try:
        launch.drop_caches()
    except OSError:
        return False
    return True


def measure_all(peers, places, plan, earlier=None):
    """-> {name: Result}. Every peer runs once a round, so that a busy minute hurts all of them.

    `places` has what stands for the words LIBRARY and so on of the commands. A warm plan begins with a round that is
    not counted. What failed or took too long in `earlier` results is not tried again.
    """
    results = {}
    for peer in peers:
        before = (earlier or {}).get(peer.name)
        results[peer.name] = Result(reason=before.reason, is_slow=before.is_slow) if before else Result()
    first = 0 if plan.cache == "warm" else 1
    for turn in range(first, plan.runs + 1):
        for peer in peers:
            result = results[peer.name]
            if result.reason is None and turn <= plan.runs_of(result):
                print(f"{places['LIBRARY']}: {plan.cache}, round {turn} of {plan.runs}, {peer.name}", file=sys.stderr)
                take_turn(peer, places, plan, result, is_counted=turn > 0)
    return results


def take_turn(peer, places, plan, result, is_counted):
    try:
        run, output = measure(peer, places, plan)
        if is_counted:
            result.runs.append(run)
        else:
            result.is_slow = run.wall_s > SLOW_S
        if result.groups is None:
            result.groups = truth.joined(peer.groups(output)) if peer.groups else []
            result.says = (
                peer.says(output) if peer.says else last_line(output).replace(str(places["LIBRARY"]), "LIBRARY")
            )
    except OverLimit:
        result.reason = f"> {plan.limit_s:g} s"
    except (Failed, OSError, ValueError, LookupError, StopIteration) as cause:
        result.reason = f"failed: {cause}"


def measure(peer, places, plan):
    """Runs the program once -> Run, its output"""
    with tempfile.TemporaryDirectory(prefix="pixtwin-compare-") as folder:
        stdout, stderr, results = (os.path.join(folder, name) for name in ("stdout", "stderr", "results"))
        command = peer.words({**places, "RESULTS": results})
        # Caches and settings of the user's change nothing here, nor do these runs change them.
        home = HOME / "home"
        home.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        launcher = [sys.executable, "-I", "-S", str(HERE / "launch.py"), str(plan.limit_s), plan.cache, stdout, stderr]
        done = subprocess.run(
            [*launcher, *command],
            cwd=folder,
            env={**kept, "HOME": str(home)},
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise Failed(last_line(done.stderr))
        figures = json.loads(done.stdout)
        exit_code = figures.pop("exit")
        if exit_code is None:
            raise OverLimit
        if exit_code not in peer.good_exits:
            raise Failed(f"exit code {exit_code}: {last_line(pathlib.Path(stderr).read_bytes())}")
        output = pathlib.Path(results if "RESULTS" in peer.command else stdout)
        return Run(**figures), output.read_bytes() if output.exists() else b""


def last_line(message):
    lines = message.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"

"""The cost of the hot routes, in instructions, which do not depend on how busy the machine is."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from peers.broker import BINARY, ROOT


@pytest.mark.alone
@pytest.mark.slow(100)
@pytest.mark.timeout(240)
def test_a_hot_route_takes_as_many_instructions_as_committed() -> None:
    """A change beyond 3 % is either a mistake or to be committed with `Tests/Perf/gate --write`."""
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed")
    if BINARY.resolve().parent.name != "release":
        pytest.skip("the counts are those of a release build")
    done = subprocess.run([sys.executable, ROOT / "Tests/Perf/gate"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

"""The first command of README.md, as printed."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from peers.broker import ROOT
from peers.child import Child


def commands(output: str) -> list[str]:
    """The printed curl commands."""
    lines = [line.strip().lstrip("$ ") for line in output.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.startswith("curl ")]


def answer(command: str) -> str:
    """The output of a printed command in a shell; empty if it fails."""
    done = subprocess.run(["bash", "-c", f"{command} --fail --silent"], capture_output=True, text=True, timeout=60)
    return done.stdout if done.returncode == 0 else ""


@pytest.mark.slow
@pytest.mark.together("swiftpm")
@pytest.mark.timeout(600)
def test_try_serves_and_the_lines_it_prints_return_a_token_and_a_secret() -> None:
    # A new user has no settings. The variables of the test suite are unknown settings to the broker.
    shell = {name: value for name, value in os.environ.items() if not name.startswith("LATCHKEY_")}
    shell["LATCHKEY_PREFIX"] = "/orders/prod"
    child = Child([ROOT / "deploy/try", "--port", "0"], shell, cwd=ROOT)
    try:
        child.ready(lambda: len(commands(child.stdout)) >= 2, "curl lines", within=540)
        token = next(line for line in commands(child.stdout) if "/token" in line)
        secret = next(line for line in commands(child.stdout) if "/secrets/" in line)
        child.ready(lambda: "access_token" in answer(token), "a token")
        assert answer(secret)
        assert child.stop(signal.SIGTERM) == 0
    finally:
        child.kill()

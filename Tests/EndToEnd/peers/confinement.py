"""What the confinement of a running process is, as the kernel shows it, and what it should be on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .child import Child


@pytest.fixture(scope="module")
def has() -> dict[str, bool]:
    """What the kernel of this machine has, by an independent question to it."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    # landlock_create_ruleset(2) has this number on every architecture.
    return {"landlock": libc.syscall(444, None, 0, 1) > 0, "seccomp": "Seccomp:" in Path("/proc/self/status").read_text()}


def threads(child: Child) -> list[dict[str, str]]:
    """The status of each thread."""
    folder = Path(f"/proc/{child.pid}/task")
    lines = [(folder / task / "status").read_text().splitlines() for task in os.listdir(folder)]
    return [{name: value.strip() for name, _, value in (line.partition(":") for line in part)} for part in lines]


def require_confined_threads(child: Child, has: dict[str, bool]) -> None:
    found = threads(child)
    assert len(found) > 2
    assert {thread["NoNewPrivs"] for thread in found} == {"1"}
    if has["seccomp"]:
        assert {thread["Seccomp"] for thread in found} == {"2"}


def shown(has: dict[str, bool], programs: bool = False) -> dict[str, object]:
    """What `/health` says about the confinement on this machine."""
    label = {True: "on", False: "unavailable"}
    state = "on" if all(has.values()) else "partial" if any(has.values()) else "unavailable"
    return {
        "state": state, "files": label[has["landlock"]], "calls": label[has["seccomp"]],
        "runs_programs": programs or not any(has.values()),
    }


def filter_of_this_process() -> str:
    """The mode of seccomp in which this process runs."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in status if line.startswith("Seccomp:"))

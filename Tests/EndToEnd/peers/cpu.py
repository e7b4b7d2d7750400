"""The processor time that one request costs a process, by thread. It is not wall time: waiting for a turn costs none."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class ThreadTimes:
    """The time on a processor of each thread of one process so far, in nanoseconds (proc(5), `schedstat`)."""

    #: Seconds between two looks at threads that have not come to rest, and the longest wait for it.
    PAUSE, LONGEST = 0.0002, 30.0

    def __init__(self, pid: int) -> None:
        self.folder = f"/proc/{pid}/task"

    def read(self) -> dict[str, int]:
        found = {}
        for task in os.listdir(self.folder):
            if text := self._file(task, "schedstat"):
                found[task] = int(text.split(b" ", 1)[0])
        return found

    def at_rest(self) -> dict[str, int]:
        """The times while no thread runs or is about to: what a request has left to be done is done by then too.

        The kernel brings a running thread's time up to date now and then, and a sleeping one's when it goes to sleep.
        """
        deadline = time.monotonic() + self.LONGEST
        while any(self._runs(task) for task in os.listdir(self.folder)):
            assert time.monotonic() < deadline, "some thread of the process runs without end"
            time.sleep(self.PAUSE)
        return self.read()

    def spent(self, act: Callable[[], T]) -> tuple[float, T]:
        """Milliseconds of the one thread that worked most on `act`, and what it returned."""
        before = self.at_rest()
        result = act()
        after = self.at_rest()
        return max(now - before.get(task, 0) for task, now in after.items()) / 1e6, result

    def _runs(self, task: str) -> bool:
        """Whether a thread's state is `R`; it stands behind the name, which is in brackets and may have any in it."""
        return self._file(task, "stat").rpartition(b")")[2].startswith(b" R")

    def _file(self, task: str, name: str) -> bytes:
        """Empty where the thread has ended."""
        try:
            with open(f"{self.folder}/{task}/{name}", "rb", buffering=0) as file:
                return file.read()
        except (FileNotFoundError, ProcessLookupError):
            return b""


def least(measure: Callable[[], float], bound: float, times: int = 5) -> float:
    """The least of several measurements, the first one that is within `bound`: a busy machine can only add to each."""
    found = []
    for _ in range(times):
        found.append(measure())
        if found[-1] <= bound:
            break
    return min(found)

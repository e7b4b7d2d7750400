"""CPU time that one request takes in a process, by thread."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class ThreadTimes:
    """The CPU time of each thread of a process, in nanoseconds (proc(5), `schedstat`)."""

    #: Seconds between two checks for running threads, and the maximum wait.
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
        """The times once no thread runs or is runnable, so that work after a request is included.

        The kernel updates the time of a running thread periodically, and that of a sleeping one when it went to sleep.
        """
        deadline = time.monotonic() + self.LONGEST
        while any(self._runs(task) for task in os.listdir(self.folder)):
            assert time.monotonic() < deadline, "some thread of the process runs without end"
            time.sleep(self.PAUSE)
        return self.read()

    def spent(self, act: Callable[[], T]) -> tuple[float, T]:
        """CPU time in milliseconds of the thread that worked most during `act`, and the result of `act`."""
        before = self.at_rest()
        result = act()
        after = self.at_rest()
        return max(now - before.get(task, 0) for task, now in after.items()) / 1e6, result

    def _runs(self, task: str) -> bool:
        """Whether a thread's state is `R`. The state follows the name, which is in parentheses and may contain some."""
        return self._file(task, "stat").rpartition(b")")[2].startswith(b" R")

    def _file(self, task: str, name: str) -> bytes:
        """Empty if the thread has ended."""
        try:
            with open(f"{self.folder}/{task}/{name}", "rb", buffering=0) as file:
                return file.read()
        except (FileNotFoundError, ProcessLookupError):
            return b""


def least(measure: Callable[[], float], bound: float, times: int = 5) -> float:
    """The first measurement within `bound`, or the least of several: a busy machine can only increase them."""
    found = []
    for _ in range(times):
        found.append(measure())
        if found[-1] <= bound:
            break
    return min(found)

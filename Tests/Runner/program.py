"""Running the programs of a stage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".build/test-logs"


def run(
    command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None, within: float = 3600,
    is_shown: bool = True,
) -> int:
    """Runs a program at the top of the repository. Writes its output to `log`, and prints it if `is_shown`. Returns its exit status.

    After `within` seconds it is killed, with everything it started, and the status is that of the signal.
    """
    words = [str(word) for word in command]
    with log.open("ab") as file:
        child = subprocess.Popen(
            words, cwd=ROOT, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )
        timer = threading.Timer(within, end, [child])
        timer.start()
        try:
            while chunk := os.read(child.stdout.fileno(), 65536):
                file.write(chunk)
                file.flush()
                if is_shown:
                    sys.stdout.buffer.write(chunk)
                    sys.stdout.flush()
            return child.wait()
        except BaseException:
            end(child)
            raise
        finally:
            timer.cancel()


def end(child: subprocess.Popen[bytes]) -> None:
    """Ends a program and its process group: with SIGTERM first, so that it can end its children."""
    for number, timeout in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(child.pid, number)
            child.wait(timeout)
            return
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


class Stopwatch:
    """Seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

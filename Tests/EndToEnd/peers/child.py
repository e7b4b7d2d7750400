"""A child process whose output is recorded and that is always stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from .waiting import until


class Child:
    """One process in its own process group. Threads read its output, so that it never blocks on a pipe."""

    def __init__(
        self, command: Sequence[str | Path], env: Mapping[str, str], cwd: Path | None = None,
        stdin: int = subprocess.DEVNULL, pass_fds: Sequence[int] = (),
    ) -> None:
        words = [str(word) for word in command]
        process = subprocess.Popen(
            words,
            env=dict(env),
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=tuple(pass_fds),
        )
        self.record(process, words)

    def record(self, process: subprocess.Popen[bytes], command: list[str]) -> None:
        """Starts to record the output of a process."""
        self.command = command
        self.process = process
        self._chunks: dict[str, list[bytes]] = {"out": [], "err": []}
        self._readers = [
            threading.Thread(target=self._read, args=(name, stream), daemon=True)
            for name, stream in (("out", self.process.stdout), ("err", self.process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str, stream) -> None:
        while chunk := os.read(stream.fileno(), 65536):
            self._chunks[name].append(chunk)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def stdout(self) -> str:
        return b"".join(self._chunks["out"]).decode(errors="replace")

    @property
    def stderr(self) -> str:
        return b"".join(self._chunks["err"]).decode(errors="replace")

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def require_running(self) -> bool:
        """Fails with the output of the process if it has ended; otherwise true."""
        if not self.running:
            raise AssertionError(f"{self.command[0]} ended with {self.process.returncode}: {self.stderr[-4000:]}")
        return True

    def ready(self, condition, what: str, within: float = 40.0) -> None:
        """Waits for a condition, and fails if the process ends first."""
        until(lambda: self.require_running() and condition(), f"{what} ({self.command[0]})", within)

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, within: float = 30.0) -> int:
        """Waits for the end and for all output. Returns the exit status, negative for a signal."""
        status = self.process.wait(within)
        for reader in self._readers:
            reader.join(5)
        return status

    def stop(self, number: int = signal.SIGTERM, within: float = 30.0) -> int:
        """Sends SIGTERM, and SIGKILL to the group if the process does not end."""
        if self.running:
            self.send(number)
        try:
            return self.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            words = f"{self.command[0]} did not end within {within} s of signal {number}: {self.stderr[-4000:]}"
            raise AssertionError(words) from None

    def kill(self) -> None:
        """Sends SIGKILL to the group. For tests that have failed, and for peers."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.wait(10)

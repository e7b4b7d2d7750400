"""Stops single threads of a process, as a defect would that makes them hang."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

#: Requests of ptrace(2).
_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
_WAIT_FOR_ANY_THREAD = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def waiting_in_epoll(pid: int) -> list[int]:
    """The threads that wait in epoll: the event loops that have nothing to do."""
    threads = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            if "ep_poll" in (task / "wchan").read_text() or "epoll" in (task / "wchan").read_text():
                threads.append(int(task.name))
    return threads


@contextlib.contextmanager
def stopped(thread: int) -> Iterator[None]:
    """Stops one thread. The others go on."""
    if libc.ptrace(_SEIZE, thread, None, None) != 0:
        pytest.skip(f"ptrace: {os.strerror(ctypes.get_errno())}: this check has NOT been made")
    assert libc.ptrace(_INTERRUPT, thread, None, None) == 0
    os.waitpid(thread, _WAIT_FOR_ANY_THREAD)
    try:
        yield
    finally:
        libc.ptrace(_DETACH, thread, None, None)
        with contextlib.suppress(ProcessLookupError):
            os.kill(thread, signal.SIGCONT)

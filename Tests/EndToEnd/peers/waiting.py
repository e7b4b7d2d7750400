"""Waiting on conditions. No test sleeps for a guessed time: it polls what it waits for, up to a deadline."""

from __future__ import annotations

import contextlib
import itertools
import random
import socket
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: From a place of this process's own, round and round.
_FIRST, _LAST = 10_000, 32_767
_ports = itertools.cycle([*range(start := random.randint(_FIRST, _LAST), _LAST + 1), *range(_FIRST, start)])

#: Seconds between two looks at a condition.
PAUSE = 0.01


def until(condition: Callable[[], T], what: str, within: float = 10.0) -> T:
    """Returns the condition's first true value; fails, saying `what` was waited for, after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}")
        time.sleep(PAUSE)


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on, and given out once.

    Below those that the kernel gives to outgoing connections: one of these may take any of them between this look and
    the listener.
    """
    while True:
        port = next(_ports)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def accepts(port: int) -> bool:
    """Whether something accepts connections on the loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

"""Waiting on conditions. No test sleeps for a guessed time: it polls what it waits for, up to a deadline."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

#: Below those that the kernel gives to outgoing connections. Each of the processes that run tests side by side has a
#: share of its own, and begins at some place in it.
_FIRST, _LAST = 10_000, 32_767


#: The number of this process among those that run tests side by side, from 0.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _share() -> range:
    workers = max(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), WORKER + 1)
    size = (_LAST + 1 - _FIRST) // workers
    return range(_FIRST + WORKER * size, _FIRST + (WORKER + 1) * size)


def _ports() -> Iterator[int]:
    share = _share()
    start = random.choice(share)
    return itertools.cycle([*range(start, share.stop), *range(share.start, start)])


_free = _ports()

#: Seconds between the first two looks at a condition, and between later ones at the most: a long wait takes little CPU.
PAUSE, LONGEST_PAUSE = 0.005, 0.05


def until(condition: Callable[[], T], what: str, within: float = 30.0) -> T:
    """Returns the condition's first true value; fails, saying `what` was waited for, after `within` seconds.

    `within` is no promise of the product: on a busy machine a wait may take long. A promise is asserted by itself.
    """
    deadline = time.monotonic() + within
    pause = PAUSE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}")
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.2)


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on, and given out once.

    Not one that an outgoing connection may take between this look and the listener, and none of another process's
    share.
    """
    while True:
        port = next(_free)
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
